package store

import (
	"context"
	"database/sql"
	"fmt"

	"postern/models"
)

// snapshotOptions make a read transaction see one moment. SQLite's WAL readers
// do so by themselves and know no other level.
func (s *Store) snapshotOptions() *sql.TxOptions {
	if s.dialect == SQLite {
		return &sql.TxOptions{}
	}
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// LastChange is the highest number of a change, 0 when there is none.
func (s *Store) LastChange(ctx context.Context) (int64, error) {
	var last int64
	if err := s.read(ctx).Model(&models.Change{}).Select("coalesce(max(seq), 0)").Scan(&last).Error; err != nil {
		return 0, fmt.Errorf("read last change: %w", err)
	}
	return last, nil
}

// Changes lists the changes above a number and those named, lowest first.
func (s *Store) Changes(ctx context.Context, above int64, named []int64) ([]models.Change, error) {
	var list []models.Change
	query := s.read(ctx).Where("seq > ?", above)
	if len(named) > 0 {
		query = query.Or("seq IN ?", named)
	}
	if err := query.Order("seq").Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	return list, nil
}

// EndedEarly lists the visits that ended and the consents that were withdrawn
// before their time, and which tickets that are still within theirs at now (Unix
// ms) may name.
func (s *Store) EndedEarly(ctx context.Context, now int64) ([]models.Change, error) {
	var list []models.Change
	kinds := []models.ChangeKind{models.ChangeVisitEnded, models.ChangeConsent}
	if err := s.read(ctx).Find(&list, "until > 0 AND until >= ? AND kind IN ?", now, kinds).Error; err != nil {
		return nil, fmt.Errorf("read what ended early: %w", err)
	}
	return list, nil
}

// LiveKeys lists the gateway's keys that are not retired, newest first.
func (s *Store) LiveKeys(ctx context.Context) ([]models.Key, error) {
	var list []models.Key
	if err := s.read(ctx).Order("active_from DESC, kid").Find(&list, "retired_at = 0").Error; err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return list, nil
}

// Keys lists all keys that the gateway ever had, retired ones too, newest first.
func (s *Store) Keys(ctx context.Context) ([]models.Key, error) {
	var list []models.Key
	if err := s.read(ctx).Order("active_from DESC, kid").Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return list, nil
}
