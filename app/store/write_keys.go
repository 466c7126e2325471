package store

import (
	"fmt"

	"gorm.io/gorm"

	"postern/models"
)

// AddMissingKeys inserts those of the candidates whose kind (use, suite,
// environment) has no live key yet. Nodes that start together take turns.
func (tx *Tx) AddMissingKeys(candidates []models.Key, at int64) error {
	if err := tx.lockKeys(); err != nil {
		return err
	}
	for _, k := range candidates {
		var n int64
		if err := tx.sameKind(k).Count(&n).Error; err != nil {
			return fmt.Errorf("count keys: %w", err)
		}
		if n > 0 {
			continue
		}
		if err := tx.db.Create(&k).Error; err != nil {
			return fmt.Errorf("insert key: %w", err)
		}
	}
	return tx.AppendChange(models.Change{At: at, Kind: models.ChangeKeys})
}

// RotateKey inserts a key; the newest of its kind falls out of use when the
// new one comes into use.
func (tx *Tx) RotateKey(k models.Key, at int64) error {
	if err := tx.lockKeys(); err != nil {
		return err
	}
	if err := tx.sameKind(k).Where("active_until = 0").Update("active_until", k.ActiveFrom).Error; err != nil {
		return fmt.Errorf("end key: %w", err)
	}
	if err := tx.db.Create(&k).Error; err != nil {
		return fmt.Errorf("insert key: %w", err)
	}
	return tx.AppendChange(models.Change{At: at, Kind: models.ChangeKeys})
}

func (tx *Tx) sameKind(k models.Key) *gorm.DB {
	return tx.db.Model(&models.Key{}).
		Where("use = ? AND suite = ? AND environment = ? AND retired_at = 0", k.Use, k.Suite, k.Environment)
}

// lockKeys makes writers of keys take turns; SQLite has one writer anyway.
func (tx *Tx) lockKeys() error {
	if tx.db.Name() != "postgres" {
		return nil
	}
	if err := tx.db.Exec("LOCK TABLE keys IN EXCLUSIVE MODE").Error; err != nil {
		return fmt.Errorf("lock keys: %w", err)
	}
	return nil
}
