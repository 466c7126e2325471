package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

// sqliteOptions hold for every connection. FULL: a commit that was answered
// survives the loss of power. The driver keeps prepared statements itself.
const sqliteOptions = "_journal_mode=WAL&_busy_timeout=5000&_foreign_keys=on&_synchronous=FULL&_cache_size=-16000&_stmt_cache_size=128"

// sqliteReaders is how many read-only connections there are by default.
const sqliteReaders = 4

func (s *Store) openSQLite(ctx context.Context, c Config) error {
	if c.Path == "" {
		return errors.New("no path given")
	}
	s.dialect, s.lock = SQLite, &writeLock{}
	// url.PathEscape keeps ? # and % of a file name out of the query.
	file := "file:" + (&url.URL{Path: c.Path}).EscapedPath()

	// BEGIN IMMEDIATE: a transaction that reads and then writes would else get
	// SQLITE_BUSY at once, whatever the busy timeout.
	var err error
	if s.writer, err = sql.Open(sqlite.DriverName, file+"?"+sqliteOptions+"&_txlock=immediate"); err != nil {
		return fmt.Errorf("open writer: %w", err)
	}
	s.writer.SetMaxOpenConns(1)
	s.writer.SetMaxIdleConns(1)
	if err := migrate(ctx, s.writer, SQLite); err != nil {
		return err
	}

	// After the writer: a read-only connection can make neither file nor WAL.
	if s.reader, err = sql.Open(sqlite.DriverName, file+"?"+sqliteOptions+"&mode=ro&_query_only=true"); err != nil {
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
