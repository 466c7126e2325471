package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Restorer puts old copies back.
type Restorer struct {
	Database store.Config // of the gateway
	Masters  keyring.Masters
	Now      func() time.Time
	Rand     io.Reader
}

// Restored tells what a restore has done.
type Restored struct {
	At          time.Time // what was issued before is dead
	NewestEvent time.Time // of the copy: what happened after it is lost; zero when it has no event
}

// EventRestored is the kind of the alarm that a restore leaves.
const EventRestored = "database.restored"

// FromFile puts a copy in the place of the gateway's SQLite database. A database
// that is there is renamed to aside, never deleted; without aside it refuses.
// It fails with store.ErrInUse while a gateway has the database open, with
// keyring.ErrMasterKey if the copy's keys are sealed under another master key,
// and leaves everything as it was.
func (r Restorer) FromFile(ctx context.Context, file, aside string) (Restored, error) {
	target := r.Database.Path
	if err := r.check(ctx, file, aside); err != nil {
		return Restored{}, fmt.Errorf("restore: %w", err)
	}
	fresh, err := partialName(target, r.Rand)
	if err != nil {
		return Restored{}, fmt.Errorf("restore: %w", err)
	}
	done, err := r.prepare(ctx, file, fresh)
	if err == nil {
		err = swap(ctx, fresh, target, aside)
	}
	if err != nil {
		return Restored{}, errors.Join(fmt.Errorf("restore: %w", err), removeDatabase(fresh))
	}
	return done, nil
}

// Finish does for PostgreSQL what must follow pg_restore, before a gateway
// starts. It fails with store.ErrInUse while anybody else is connected.
func (r Restorer) Finish(ctx context.Context) (done Restored, err error) {
	c := r.Database
	c.MaxConns = 1 // or its own would count as another's
	looking := c
	looking.ReadOnly = true
	if err := look(ctx, looking, r.Masters); err != nil {
		return Restored{}, fmt.Errorf("finish restore: %w", err)
	}
	s, err := store.Open(ctx, c)
	if err != nil {
		return Restored{}, fmt.Errorf("finish restore: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if done, err = r.beginAnew(ctx, s); err != nil {
		return Restored{}, fmt.Errorf("finish restore: %w", err)
	}
	return done, nil
}

// look refuses a restored database before anything in it is changed.
func look(ctx context.Context, c store.Config, masters keyring.Masters) (err error) {
	s, err := store.Open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	others, err := s.OtherSessions(ctx)
	if err != nil {
		return err
	}
	if others > 0 {
		return fmt.Errorf("%w by %d others", store.ErrInUse, others)
	}
	if _, err := knownSchema(ctx, s); err != nil {
		return err
	}
	keys, err := s.LiveKeys(ctx)
	if err != nil {
		return err
	}
	return masters.Opens(keys)
}

// check refuses what can be refused before anything is written.
func (r Restorer) check(ctx context.Context, file, aside string) error {
	c, err := Read(ctx, file)
	if err != nil {
		return err
	}
	if err := r.Masters.Opens(c.keys); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	target := r.Database.Path
	there, err := os.Stat(target)
	if errors.Is(err, os.ErrNotExist) {
		for _, end := range besides {
			if err := absent(target + end); err != nil {
				return fmt.Errorf("%w and belongs to another database; move it away", err)
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	if copied, err := os.Stat(file); err == nil && os.SameFile(there, copied) {
		return fmt.Errorf("%s is the database itself", file)
	}
	if aside == "" {
		return fmt.Errorf("%s %w; say where it goes", target, ErrExists)
	}
	for _, end := range append(besides, "") {
		if err := absent(aside + end); err != nil {
			return err
		}
	}
	return store.LockOut(ctx, target)
}

// besides are the ends of the files that SQLite keeps beside a database.
var besides = []string{"-wal", "-shm"}

// prepare makes the new database beside the old one: the copy, brought to this
// release's schema and begun anew, in one file.
func (r Restorer) prepare(ctx context.Context, file, fresh string) (done Restored, err error) {
	if err := store.CopySQLite(ctx, file, fresh); err != nil {
		return Restored{}, err
	}
	s, err := store.Open(ctx, store.Config{Driver: string(store.SQLite), Path: fresh})
	if err != nil {
		return Restored{}, err
	}
	done, err = r.beginAnew(ctx, s)
	if err = errors.Join(err, s.Close()); err != nil {
		return Restored{}, err
	}
	return done, store.LockOut(ctx, fresh)
}

// beginAnew ends what the copy still holds, and puts the restore on record.
func (r Restorer) beginAnew(ctx context.Context, s *store.Store) (done Restored, err error) {
	newest, err := s.NewestEvent(ctx)
	if err != nil {
		return Restored{}, err
	}
	now := r.Now()
	if now.Add(ledger.MaxClockLag).Before(time.UnixMilli(newest)) {
		return Restored{}, fmt.Errorf("this machine's clock stands behind the copy's newest event, %s: set it right first",
			time.UnixMilli(newest).UTC().Format(time.RFC3339))
	}
	row := models.Restore{At: max(now.UnixMilli(), newest+1), NewestEvent: newest}
	done.At = time.UnixMilli(row.At)
	detail := map[string]string{"newest_event": "none"}
	if newest > 0 {
		done.NewestEvent = time.UnixMilli(newest)
		detail["newest_event"] = done.NewestEvent.UTC().Format(time.RFC3339Nano)
	}
	event, err := ledger.Make(ledger.Event{Kind: EventRestored, Outcome: "ok", Alarm: true, Detail: detail}, done.At, r.Rand)
	if err != nil {
		return Restored{}, err
	}
	return done, s.Write(ctx, func(tx *store.Tx) error {
		if err := tx.BeginAnew(row); err != nil {
			return err
		}
		return tx.AppendEvent(event)
	})
}

// swap puts the fresh database in the target's place in one step: there is no
// moment in which a gateway that starts would find none and make an empty one.
func swap(ctx context.Context, fresh, target, aside string) error {
	switch _, err := os.Stat(target); {
	case err == nil:
		// It may have been opened since it was looked at.
		if err := store.LockOut(ctx, target); err != nil {
			return err
		}
		if err := os.Link(target, aside); err != nil {
			return fmt.Errorf("keep the old database: %w", err)
		}
		for _, end := range besides { // only of a file that is no database any more
			if err := os.Rename(target+end, aside+end); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("keep the old database: %w", err)
			}
		}
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := os.Rename(fresh, target); err != nil {
		return err
	}
	return syncFolder(target)
}

// removeDatabase removes a database that did not come to be, with what SQLite
// keeps beside it.
func removeDatabase(path string) error {
	var faults []error
	for _, end := range append(besides, "") {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}
