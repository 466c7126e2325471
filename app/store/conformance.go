package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"postern/models"
)

// ConformanceRunsOn lists the conformance runs that go on, at most limit: those first that have
// been at their stage for longest, so that all have their turn.
func (s *Store) ConformanceRunsOn(ctx context.Context, limit int) ([]models.ConformanceRun, error) {
	var list []models.ConformanceRun
	if err := s.read(ctx).Where("ended_at = 0").Order("stage_at, id").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read conformance runs: %w", err)
	}
	return list, nil
}

// ConformanceRuns lists conformance runs of an application, the newest first, at most limit.
func (s *Store) ConformanceRuns(ctx context.Context, application string, limit int) ([]models.ConformanceRun, error) {
	if unstorable(application) {
		return nil, nil
	}
	var list []models.ConformanceRun
	if err := s.read(ctx).Where("application_id = ?", application).Order("id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read conformance runs: %w", err)
	}
	return list, nil
}

// ConformanceRun reads a conformance run.
func (s *Store) ConformanceRun(ctx context.Context, id string) (models.ConformanceRun, bool, error) {
	return one[models.ConformanceRun](s.read(ctx), "id = ?", id)
}

// ConformanceRunOn reads the conformance run of an application that goes on.
func (s *Store) ConformanceRunOn(ctx context.Context, application string) (models.ConformanceRun, bool, error) {
	return runOn(s.read(ctx), application)
}

// ConformanceRunOn is the same in the transaction.
func (tx *Tx) ConformanceRunOn(application string) (models.ConformanceRun, bool, error) {
	return runOn(tx.db, application)
}

func runOn(db *gorm.DB, application string) (models.ConformanceRun, bool, error) {
	return one[models.ConformanceRun](db, "application_id = ? AND ended_at = 0", application)
}

// BeginConformanceRun writes a new conformance run, and deletes of the application's as many as
// are not kept with it: the oldest, but those first that were not played to their end, so that
// no number of them pushes out what others came to.
func (tx *Tx) BeginConformanceRun(r models.ConformanceRun, kept int) error {
	stay := tx.db.Session(&gorm.Session{NewDB: true}).Model(&models.ConformanceRun{}).Select("id").
		Where("application_id = ?", r.ApplicationID).Order("ended <> 'finished', id DESC").Limit(kept - 1)
	err := tx.db.Delete(&models.ConformanceRun{}, "application_id = ? AND ended_at > 0 AND id NOT IN (?)", r.ApplicationID, stay).Error
	if err == nil {
		err = tx.db.Create(&r).Error
	}
	if err != nil {
		return fmt.Errorf("begin conformance run: %w", err)
	}
	return nil
}

// MoveConformanceRun writes where a conformance run has come to, if it is still at the stage that it
// was at since then; false if somebody else has moved it.
func (tx *Tx) MoveConformanceRun(from, to models.ConformanceRun) (bool, error) {
	return tx.claimed(tx.db.Model(&models.ConformanceRun{}).Where("id = ? AND stage = ? AND stage_at = ? AND ended_at = 0", from.ID, from.Stage, from.StageAt).
		Select("stage", "stage_at", "observed", "ended_at", "ended", "result").Updates(&to))
}
