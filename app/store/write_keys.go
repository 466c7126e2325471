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
// new one comes into use. at is the time of the change, Unix ms.
func (tx *Tx) RotateKey(k models.Key, at int64) error {
	if err := tx.lockKeys(); err != nil {
		return err
	}
	return tx.succeed(k, at)
}

// RotateKeyIfOlder is RotateKey unless the kind has a live key without an end
// that comes into use after limit (Unix ms): of nodes that find a key too old at once, one rotates.
// It reports whether the key was inserted.
func (tx *Tx) RotateKeyIfOlder(k models.Key, limit, at int64) (bool, error) {
	if err := tx.lockKeys(); err != nil {
		return false, err
	}
	var younger int64
	if err := tx.sameKind(k).Where("active_until = 0 AND active_from > ?", limit).Count(&younger).Error; err != nil {
		return false, fmt.Errorf("count keys: %w", err)
	}
	if younger > 0 {
		return false, nil
	}
	return true, tx.succeed(k, at)
}

// ReplaceKey inserts a key and retires those of its kind that are in use at
// that moment (Unix ms) or wait for it, at once: what they made opens no more.
// It returns their kids. Keys that were superseded before are left alone.
func (tx *Tx) ReplaceKey(k models.Key, at int64) ([]string, error) {
	if err := tx.lockKeys(); err != nil {
		return nil, err
	}
	var ended []string
	if err := tx.sameKind(k).Where("active_until = 0 OR active_until > ?", at).Order("active_from, kid").Pluck("kid", &ended).Error; err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	for _, kid := range ended {
		if _, err := tx.RetireKey(kid, at); err != nil {
			return nil, err
		}
	}
	return ended, tx.succeed(k, at)
}

// RetireKey ends a key at a time (Unix ms), and deletes its private part. It
// reports whether the key was there and not retired yet.
func (tx *Tx) RetireKey(kid string, at int64) (bool, error) {
	ended := tx.db.Model(&models.Key{}).Where("kid = ? AND retired_at = 0", kid).Updates(map[string]any{
		"retired_at": at, "sealed_private": "",
		"active_until": gorm.Expr("CASE WHEN active_until = 0 OR active_until > ? THEN ? ELSE active_until END", at, at),
	})
	if ended.Error != nil {
		return false, fmt.Errorf("retire key: %w", ended.Error)
	}
	if ended.RowsAffected == 0 {
		return false, nil
	}
	return true, tx.AppendChange(models.Change{At: at, Kind: models.ChangeKeys})
}

// ResealKeys gives live keys other sealed private parts, and tells the nodes;
// at is Unix ms. A key that was retired meanwhile is left as it is. It returns
// how many live keys are sealed under yet another master key.
func (tx *Tx) ResealKeys(list []models.Key, masterKeyID string, at int64) (others int64, err error) {
	if err := tx.lockKeys(); err != nil {
		return 0, err
	}
	for _, k := range list {
		err := tx.db.Model(&models.Key{}).Where("kid = ? AND retired_at = 0", k.KID).
			Updates(map[string]any{"sealed_private": k.SealedPrivate, "master_key_id": masterKeyID}).Error
		if err != nil {
			return 0, fmt.Errorf("reseal key: %w", err)
		}
	}
	if err := tx.db.Model(&models.Key{}).Where("retired_at = 0 AND master_key_id <> ?", masterKeyID).Count(&others).Error; err != nil {
		return 0, fmt.Errorf("count keys: %w", err)
	}
	return others, tx.AppendChange(models.Change{At: at, Kind: models.ChangeKeys})
}

func (tx *Tx) succeed(k models.Key, at int64) error {
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
