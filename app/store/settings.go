package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"postern/models"
)

// Settings lists what was set in the console, by key.
func (s *Store) Settings(ctx context.Context) ([]models.Setting, error) {
	return allSettings(s.read(ctx))
}

// Settings lists what was set in the console, by key. In a change's transaction
// it stays as it is until that ends.
func (b Business) Settings() ([]models.Setting, error) { return allSettings(b.db) }

// allSettings reads a table that has a row a changeable setting at most.
func allSettings(db *gorm.DB) ([]models.Setting, error) {
	var list []models.Setting
	if err := db.Order("key").Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return list, nil
}

// SaveSetting sets a setting and tells the nodes.
func (tx *Tx) SaveSetting(row models.Setting) error {
	err := tx.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "key"}}, UpdateAll: true}).Create(&row).Error
	if err != nil {
		return fmt.Errorf("save setting: %w", err)
	}
	return tx.AppendChange(models.Change{At: row.ChangedAt, Kind: models.ChangeSettings})
}

// DeleteSetting leaves a setting to its default again, at a time (Unix ms), and
// tells the nodes.
func (tx *Tx) DeleteSetting(key string, at int64) error {
	if err := tx.db.Delete(&models.Setting{}, "key = ?", key).Error; err != nil {
		return fmt.Errorf("delete setting: %w", err)
	}
	return tx.AppendChange(models.Change{At: at, Kind: models.ChangeSettings})
}
