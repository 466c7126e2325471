package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"postern/models"
)

// Trial reads the trial of an account with an application.
func (s *Store) Trial(ctx context.Context, account, application string) (models.Trial, bool, error) {
	return one[models.Trial](s.read(ctx), "account_id = ? AND application_id = ?", account, application)
}

// PutTrial begins a trial in the place of any that was.
func (tx *Tx) PutTrial(t models.Trial) error { return tx.put(&t) }

// TakeTurn takes the next turn of a trial; false if another has taken it, or begun anew.
func (tx *Tx) TakeTurn(t models.Trial) (bool, error) {
	return tx.claimed(tx.trial(t).Where("turn = ?", t.Turn).Update("turn", t.Turn+1))
}

// SaveTrial writes what became of a turn that was taken; false if the trial was begun anew
// meanwhile.
func (tx *Tx) SaveTrial(t models.Trial) (bool, error) {
	return tx.claimed(tx.trial(t).Where("turn = ?", t.Turn).Update("state", t.State))
}

func (tx *Tx) trial(t models.Trial) *gorm.DB {
	return tx.db.Model(&models.Trial{}).Where("account_id = ? AND application_id = ? AND id = ?", t.AccountID, t.ApplicationID, t.ID)
}

// oldTrialKeysSQL finds credentials of trials that ended long ago.
const oldTrialKeysSQL = "SELECT id FROM credentials WHERE substr(id, 1, 7) = '" + models.TrialPrefix + "' AND not_after > 0 AND not_after < ? ORDER BY not_after LIMIT ?"

// DeleteOldTrials deletes up to limit trials, and credentials of trials with what is kept
// of their last use, that ended before a time, and returns how many.
func (tx *Tx) DeleteOldTrials(before time.Time, limit int) (int64, error) {
	var keys []string
	if err := tx.db.Raw(oldTrialKeysSQL, before.UnixMilli(), limit).Scan(&keys).Error; err != nil {
		return 0, fmt.Errorf("find old trials: %w", err)
	}
	if len(keys) > 0 {
		for _, row := range []any{&models.CredentialLastUse{}, &models.Credential{}} {
			key := "id IN ?"
			if _, use := row.(*models.CredentialLastUse); use {
				key = "credential_id IN ?"
			}
			if err := tx.db.Delete(row, key, keys).Error; err != nil {
				return 0, fmt.Errorf("delete old trials: %w", err)
			}
		}
	}
	n, err := tx.DeleteOld(oldTrials, before, limit)
	return n + int64(len(keys)), err
}

// EndTrial deletes a trial.
func (tx *Tx) EndTrial(t models.Trial) error {
	err := tx.db.Delete(&models.Trial{}, "account_id = ? AND application_id = ? AND id = ?", t.AccountID, t.ApplicationID, t.ID).Error
	if err != nil {
		return fmt.Errorf("end trial: %w", err)
	}
	return nil
}

// LatestTrial is the application of the trial that an account began last and that is on at
// now (Unix ms); "" for none.
func (s *Store) LatestTrial(ctx context.Context, account string, now int64) (application string, err error) {
	err = s.read(ctx).Model(&models.Trial{}).Where("account_id = ? AND ends_at > ?", account, now).
		Order("ends_at DESC").Limit(1).Pluck("application_id", &application).Error
	if err != nil {
		return "", fmt.Errorf("read trials: %w", err)
	}
	return application, nil
}
