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
	// url.PathEscape keeps ? # and % of a file name out of the query.
	file := "file:" + (&url.URL{Path: c.Path}).EscapedPath()

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
	readers := c.MaxConns
	if readers == 0 {
		readers = sqliteReaders
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	return s.openGorm(
		sqlite.New(sqlite.Config{Conn: s.writer}),
		sqlite.New(sqlite.Config{Conn: s.reader}),
	)
}

// placeFile makes the file if it may; SQLite would make one that others can read.
func placeFile(c Config) error {
	if !c.NoMigrate {
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

func (s *Store) openGorm(writer, reader gorm.Dialector) error {
	var err error
	if s.writing, err = gorm.Open(writer, gormConfig(s.log)); err != nil {
		return fmt.Errorf("open gorm writer: %w", err)
	}
	if s.reading, err = gorm.Open(reader, gormConfig(s.log)); err != nil {
		return fmt.Errorf("open gorm reader: %w", err)
	}
	return nil
}
