package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"postern/models"
)

// calm leaves out of a query by application_id those over which a partner had put bad
// weather since a time (Unix ms): what is refused then was asked for.
const calm = "application_id NOT IN (SELECT application_id FROM weather WHERE until > ?)"

// SetWeather puts a kind of bad weather over an application until a time (Unix ms); 0
// ends it now: that it was there is kept, and with it what it is to blame for.
func (tx *Tx) SetWeather(s models.WeatherSpell, at int64) error {
	if s.Until == 0 {
		err := tx.db.Model(&models.WeatherSpell{}).Where("application_id = ? AND kind = ? AND until > ?", s.ApplicationID, s.Kind, at).Update("until", at).Error
		if err != nil {
			return fmt.Errorf("end weather: %w", err)
		}
		return tx.AppendChange(models.Change{At: at, Kind: models.ChangeApplication, Subject: s.ApplicationID})
	}
	return tx.saved(&s, models.ChangeApplication, s.ApplicationID, at)
}

// Weather lists the bad weather over an application, past spells included.
func (s *Store) Weather(ctx context.Context, application string) (list []models.WeatherSpell, err error) {
	if err := weatherOf(s.read(ctx), &list, application).Error; err != nil {
		return nil, fmt.Errorf("read weather: %w", err)
	}
	return list, nil
}

// WeatherOver lists, in the transaction, what of it is there at now (Unix ms).
func (tx *Tx) WeatherOver(application string, now int64) (list []models.WeatherSpell, err error) {
	if err := weatherOf(tx.db.Where("until > ?", now), &list, application).Error; err != nil {
		return nil, fmt.Errorf("read weather: %w", err)
	}
	return list, nil
}

func weatherOf(db *gorm.DB, list *[]models.WeatherSpell, application string) *gorm.DB {
	return db.Order("kind").Find(list, "application_id = ?", application)
}
