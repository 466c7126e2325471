package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"postern/app/filelock"
)

// sqliteOptions hold for every connection. FULL: a commit that was answered
// survives the loss of power. The driver keeps prepared statements itself.
const sqliteOptions = "_journal_mode=WAL&_busy_timeout=5000&_foreign_keys=on&_synchronous=FULL&_stmt_cache_size=128"

// The pages that the connections keep, KiB. What is written is written where
// something was written lately, so a few megabytes hold it; what readers keep
// is old after the next commit.
const (
	writerCache = "&_cache_size=-8000"
	readerCache = "&_cache_size=-2000"
)

// checkpointLater lets the WAL grow to 16 MiB before it is written back: hashes
// fall on pages at random, and a page that many commits touch is written back
// once. It saves an eighth of the time of an issuance against SQLite's 4 MiB.
const checkpointLater = "PRAGMA wal_autocheckpoint = 4000"

// sqliteReaders is how many read-only connections there are by default.
const sqliteReaders = 4

func (s *Store) openSQLite(ctx context.Context, c Config) error {
	if c.Path == "" {
		return errors.New("no path given")
	}
	s.dialect, s.lock = SQLite, &writeLock{}
	if err := placeFile(c); err != nil {
		return err
	}
	if c.ReadOnly {
		return s.openReadOnly(c)
	}
	if c.Alone {
		if err := s.holdAlone(c.Path); err != nil {
			return err
		}
	}
	file := fileURI(c.Path)

	// BEGIN IMMEDIATE: a transaction that reads and then writes would else get
	// SQLITE_BUSY at once, whatever the busy timeout.
	var err error
	if s.writer, err = sql.Open(sqlite.DriverName, file+"?"+sqliteOptions+writerCache+"&_txlock=immediate"); err != nil {
		return fmt.Errorf("open writer: %w", err)
	}
	s.writer.SetMaxOpenConns(1)
	s.writer.SetMaxIdleConns(1)
	if _, err := s.writer.ExecContext(ctx, checkpointLater); err != nil {
		return fmt.Errorf("set checkpoint: %w", err)
	}
	if err := bringUp(ctx, s.writer, SQLite, c); err != nil {
		return err
	}

	// After the writer: a read-only connection can make neither file nor WAL.
	if s.reader, err = sql.Open(sqlite.DriverName, file+"?"+sqliteOptions+readerCache+"&mode=ro&_query_only=true"); err != nil {
		return fmt.Errorf("open readers: %w", err)
	}
	s.limitReaders(c)
	return s.openGorm(
		sqlite.New(sqlite.Config{Conn: s.writer}),
		sqlite.New(sqlite.Config{Conn: s.reader}),
	)
}

// holdAlone holds a file beside the database while the store is open. It cannot
// be the database itself: closing it would take SQLite's own locks away. It stands
// beside the file that SQLite finds, whatever link leads there.
func (s *Store) holdAlone(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("find database: %w", err)
	}
	held, err := filelock.Hold(path + ".lock")
	if errors.Is(err, filelock.ErrHeld) {
		return fmt.Errorf("%w by another gateway; several nodes need PostgreSQL", ErrInUse)
	}
	s.alone = held
	return err
}

// openReadOnly opens readers alone. Where there is no WAL nobody has the file
// open, and SQLite is told so: it would make a WAL and leave it there.
func (s *Store) openReadOnly(c Config) error {
	options := "?mode=ro&_query_only=true&_busy_timeout=5000" + readerCache
	if _, err := os.Stat(c.Path + "-wal"); errors.Is(err, os.ErrNotExist) {
		options += "&immutable=1"
	}
	var err error
	if s.reader, err = sql.Open(sqlite.DriverName, fileURI(c.Path)+options); err != nil {
		return fmt.Errorf("open readers: %w", err)
	}
	s.limitReaders(c)
	reading := sqlite.New(sqlite.Config{Conn: s.reader})
	return s.openGorm(nil, reading)
}

func (s *Store) limitReaders(c Config) {
	readers := c.MaxConns
	if readers == 0 {
		readers = sqliteReaders
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
}

// fileURI keeps ? # and % of a file name out of the query that follows it.
func fileURI(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// placeFile makes the file if it may; SQLite would make one that others can read.
func placeFile(c Config) error {
	if !c.NoMigrate && !c.ReadOnly {
		return makePrivate(c.Path)
	}
	if _, err := os.Stat(c.Path); err != nil {
		return fmt.Errorf("find database: %w", err)
	}
	return nil
}

// makePrivate makes the file, and the folder it stands in, for their owner
// alone; SQLite gives the WAL the file's mode. What is there stays as it is.
func makePrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make database folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("make database file: %w", err)
	}
	return f.Close()
}

// openGorm opens the two handles; there is no writer where the store is read-only.
func (s *Store) openGorm(writer, reader gorm.Dialector) error {
	var err error
	if writer != nil {
		if s.writing, err = gorm.Open(writer, gormConfig(s.log)); err != nil {
			return fmt.Errorf("open gorm writer: %w", err)
		}
	}
	if s.reading, err = gorm.Open(reader, gormConfig(s.log)); err != nil {
		return fmt.Errorf("open gorm reader: %w", err)
	}
	return nil
}
