package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/sqlite"

	"postern/models"
)

// ErrInUse says that another process, or this one, has a SQLite file open.
var ErrInUse = errors.New("the database is in use")

// ErrDamaged says that a SQLite file is not what was written.
var ErrDamaged = errors.New("the file is damaged, cut off, or no database")

// damaged reports whether SQLite found no whole database.
func damaged(err error) bool {
	var lite sqlite3.Error
	return errors.As(err, &lite) && (lite.Code == sqlite3.ErrNotADB || lite.Code == sqlite3.ErrCorrupt)
}

// CopySQLite writes what a SQLite database holds at one moment into a new file
// for its owner alone, and returns when it is on disk. It may run beside a
// gateway: readers and the writer go on, only the WAL is not written back before
// the copy is done. Free pages stay behind, and with them what was deleted. It
// fails if to exists; after a fault nothing is left of it.
func CopySQLite(ctx context.Context, from, to string) (err error) {
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	f, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	db, err := sql.Open(sqlite.DriverName, fileURI(from)+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	if err := f.Sync(); err != nil { // SQLite does not for VACUUM INTO
		return fmt.Errorf("copy database: %w", err)
	}
	return nil
}

// LockOut makes sure that nobody has a SQLite database open and gathers it in
// its one file: no WAL is left beside it. It fails with ErrInUse. Of what is no
// database any more nothing can be told: its files stay as they are.
func LockOut(ctx context.Context, path string) error {
	db, err := sql.Open(sqlite.DriverName, fileURI(path)+"?mode=rw&_busy_timeout=500")
	if err != nil {
		return fmt.Errorf("lock out: %w", err)
	}
	defer db.Close()
	// To leave WAL mode SQLite needs the file for itself.
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode = DELETE")
	var lite sqlite3.Error
	switch {
	case damaged(err):
		return nil
	case errors.As(err, &lite) && (lite.Code == sqlite3.ErrBusy || lite.Code == sqlite3.ErrLocked):
		return ErrInUse
	case err != nil:
		return fmt.Errorf("lock out: %w", err)
	}
	return nil
}

// CheckIntegrity reads a SQLite database whole and fails with what is damaged;
// thorough compares indexes with their tables, too, which takes several times as
// long. PostgreSQL looks after itself.
func (s *Store) CheckIntegrity(ctx context.Context, thorough bool) error {
	if s.dialect != SQLite {
		return nil
	}
	check := "PRAGMA quick_check(1)"
	if thorough {
		check = "PRAGMA integrity_check(1)"
	}
	var found string
	err := s.reader.QueryRowContext(ctx, check).Scan(&found)
	switch {
	case damaged(err):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case err != nil:
		return fmt.Errorf("check integrity: %w", err)
	case found != "ok":
		return fmt.Errorf("%w: %s", ErrDamaged, found)
	}
	return nil
}

// NewestEvent is the time of the newest event, Unix ms; 0 when there is none.
func (s *Store) NewestEvent(ctx context.Context) (int64, error) {
	var at int64
	if err := s.read(ctx).Model(&models.Event{}).Select("coalesce(max(at), 0)").Scan(&at).Error; err != nil {
		return 0, fmt.Errorf("read newest event: %w", err)
	}
	return at, nil
}
