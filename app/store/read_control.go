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

// ChangesSince lists the changes of at (Unix ms) and later, oldest first.
func (s *Store) ChangesSince(ctx context.Context, at int64) ([]models.Change, error) {
	var list []models.Change
	if err := s.read(ctx).Order("seq").Find(&list, "at >= ?", at).Error; err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	return list, nil
}

// EndedVisits lists the visits that ended early and whose tickets might still
// be within their time at now (Unix ms).
func (s *Store) EndedVisits(ctx context.Context, now int64) ([]models.Change, error) {
	var list []models.Change
	if err := s.read(ctx).Find(&list, "until > 0 AND until >= ? AND kind = ?", now, models.ChangeVisitEnded).Error; err != nil {
		return nil, fmt.Errorf("read ended visits: %w", err)
	}
	return list, nil
}

// LiveFreezes lists the freezes in force.
func (s *Store) LiveFreezes(ctx context.Context) ([]models.Freeze, error) {
	var list []models.Freeze
	if err := s.read(ctx).Find(&list, "ended_at = 0").Error; err != nil {
		return nil, fmt.Errorf("read freezes: %w", err)
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
