package store

import (
	"context"
	"fmt"

	"postern/models"
)

// jobHistory is how many runs of each job are kept: a week of hourly ones.
const jobHistory = 200

// BeginJob puts a run on record that begins now. A run of the same job that
// this node never ended is lost: its process is gone.
func (tx *Tx) BeginJob(run models.JobRun) error {
	lost := tx.db.Model(&models.JobRun{}).
		Where("name = ? AND node = ? AND result = ?", run.Name, run.Node, models.JobRunning).
		Updates(map[string]any{"result": models.JobLost, "ended_at": run.BeganAt})
	if lost.Error != nil {
		return fmt.Errorf("end lost job: %w", lost.Error)
	}
	if err := tx.db.Create(&run).Error; err != nil {
		return fmt.Errorf("begin job: %w", err)
	}
	err := tx.db.Exec(`DELETE FROM jobs WHERE name = ? AND began_at <
		(SELECT began_at FROM jobs WHERE name = ? ORDER BY began_at DESC LIMIT 1 OFFSET ?)`,
		run.Name, run.Name, jobHistory-1).Error
	if err != nil {
		return fmt.Errorf("shorten history of job: %w", err)
	}
	return nil
}

// LastJobSuccess is when a run of the job last ended well on any node, Unix ms;
// 0 if none did.
func (tx *Tx) LastJobSuccess(name string) (at int64, err error) {
	err = tx.db.Model(&models.JobRun{}).Where("name = ? AND result = ?", name, models.JobOK).
		Select("coalesce(max(ended_at), 0)").Scan(&at).Error
	if err != nil {
		return 0, fmt.Errorf("read last success of job: %w", err)
	}
	return at, nil
}

// EndJob puts on record how a run ended.
func (tx *Tx) EndJob(run models.JobRun) error {
	err := tx.db.Model(&models.JobRun{}).
		Where("name = ? AND began_at = ? AND node = ?", run.Name, run.BeganAt, run.Node).
		Updates(map[string]any{"ended_at": run.EndedAt, "result": run.Result, "note": run.Note, "error": run.Error}).Error
	if err != nil {
		return fmt.Errorf("end job: %w", err)
	}
	return nil
}

// LastJobs lists the newest run of each job on each node, and the newest that
// went well, by name and time.
func (s *Store) LastJobs(ctx context.Context) ([]models.JobRun, error) {
	var list []models.JobRun
	err := s.read(ctx).Raw(`SELECT * FROM jobs j
		WHERE began_at = (SELECT max(began_at) FROM jobs WHERE name = j.name AND node = j.node)
		OR began_at = (SELECT max(began_at) FROM jobs WHERE name = j.name AND node = j.node AND result = ?)
		ORDER BY name, began_at, node`, models.JobOK).Scan(&list).Error
	if err != nil {
		return nil, fmt.Errorf("read last jobs: %w", err)
	}
	return list, nil
}

// TakeLease makes holder the only one who does what name says, until a time
// (Unix ms), unless somebody else may still do it at now. Who has it may take it
// again.
func (tx *Tx) TakeLease(name, holder string, now, until int64) (taken bool, err error) {
	result := tx.db.Exec(`INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE leases.until <= ? OR leases.holder = excluded.holder`, name, holder, until, now)
	if result.Error != nil {
		return false, fmt.Errorf("take lease: %w", result.Error)
	}
	return result.RowsAffected == 1, nil
}

// ReleaseLease gives back a lease that holder has.
func (tx *Tx) ReleaseLease(name, holder string) error {
	if err := tx.db.Exec("DELETE FROM leases WHERE name = ? AND holder = ?", name, holder).Error; err != nil {
		return fmt.Errorf("release lease: %w", err)
	}
	return nil
}
