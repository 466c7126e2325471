package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"postern/app/filelock"
)

// Dialect names the database behind a Store.
type Dialect string

// The two databases.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Config says which database to open.
type Config struct {
	Driver   string // "sqlite" or "postgres"
	Path     string // SQLite: the database file
	DSN      string // PostgreSQL: a URL or key=value string
	MaxConns int    // connections of the PostgreSQL pool, of SQLite's readers; 0 means 16 and 4
	// NoMigrate leaves the schema as it is and makes no database: for who only
	// looks. It fails with ErrSchema on a schema that is not this release's.
	NoMigrate bool
	// ReadOnly opens for reading alone whatever schema there is, and leaves nothing
	// beside the file either: for who examines. Ask Schema before relying on tables.
	ReadOnly bool
	// Alone is for who serves: it fails with ErrInUse while another one that is
	// alone has SQLite's file open. Several nodes share PostgreSQL; it says nothing there.
	Alone bool
	Now   func() time.Time // only to time transactions; nil times none
	Log   *slog.Logger     // nil discards
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect Dialect
	writer  *sql.DB // SQLite: exactly one connection; nil where the store is read-only
	reader  *sql.DB // SQLite: read-only connections; PostgreSQL: the same pool as writer
	writing *gorm.DB
	reading *gorm.DB
	lock    *writeLock     // nil on PostgreSQL, where rows are locked instead
	alone   *filelock.Lock // held from open to close; nil where others may serve
	inside  insiders
	now     func() time.Time
	log     *slog.Logger

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// Open opens the database, brings its schema up to date and returns it. Nodes
// that start at the same time on one PostgreSQL database migrate it once. With
// NoMigrate it only looks whether the schema is the one it knows.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{now: c.Now, log: c.Log, prepared: map[string]*sql.Stmt{}}
	if err := s.open(ctx, c); err != nil {
		if damaged(err) {
			err = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return nil, errors.Join(fmt.Errorf("open store%s: %w", c.place(), err), s.Close())
	}
	return s, nil
}

// place names SQLite's file in errors. An address of PostgreSQL may hold a
// password and stays out of them.
func (c Config) place() string {
	if Dialect(c.Driver) == SQLite && c.Path != "" {
		return " " + c.Path
	}
	return ""
}

func (s *Store) open(ctx context.Context, c Config) error {
	switch Dialect(c.Driver) {
	case SQLite:
		return s.openSQLite(ctx, c)
	case Postgres:
		return s.openPostgres(ctx, c)
	}
	return fmt.Errorf("unknown driver %q", c.Driver)
}

// Close closes every connection. It waits for running transactions.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var faults []error
	for _, stmt := range s.prepared {
		faults = append(faults, stmt.Close())
	}
	s.prepared = nil
	if s.reader != nil && s.reader != s.writer {
		faults = append(faults, s.reader.Close())
	}
	if s.writer != nil {
		faults = append(faults, s.writer.Close())
	}
	if s.alone != nil { // last: who comes next finds nobody there
		faults = append(faults, s.alone.Release())
		s.alone = nil
	}
	return errors.Join(faults...)
}

// Dialect tells which database this is.
func (s *Store) Dialect() Dialect { return s.dialect }

// Ping reports whether the database answers a read.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.reader.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ping store: %w", err)
	}
	return nil
}

// prepareTimeout bounds the wait for a connection to prepare on: a caller may
// bring a context that never ends.
const prepareTimeout = 5 * time.Second

var errClosed = errors.New("prepare read: store is closed")

// ReadStmt returns a prepared read, made on first use and kept until Close:
// the caller must not close it. Placeholders are ? on both databases. A write
// through it fails on SQLite. Queries must be constants: each is kept.
func (s *Store) ReadStmt(ctx context.Context, query string) (*sql.Stmt, error) {
	stmt, err := s.kept(query)
	if stmt != nil || err != nil {
		return stmt, err
	}
	// Not under the lock: who waits for a connection must not stop those whose
	// statement is ready.
	ctx, cancel := context.WithTimeout(ctx, prepareTimeout)
	defer cancel()
	stmt, err = s.reader.PrepareContext(ctx, s.Rebind(query))
	if err != nil {
		return nil, fmt.Errorf("prepare read: %w", err)
	}
	return s.keep(query, stmt)
}

// kept returns the statement of a query; nil while there is none.
func (s *Store) kept(query string) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared == nil {
		return nil, errClosed
	}
	return s.prepared[query], nil
}

// keep keeps a statement, unless another caller was faster: then that one's is
// returned.
func (s *Store) keep(query string, stmt *sql.Stmt) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared == nil {
		return nil, errors.Join(errClosed, stmt.Close())
	}
	if faster, ok := s.prepared[query]; ok {
		return faster, stmt.Close()
	}
	s.prepared[query] = stmt
	return stmt, nil
}

// read is the handle for queries outside a transaction; it cannot write on SQLite.
func (s *Store) read(ctx context.Context) *gorm.DB { return s.reading.WithContext(ctx) }

// gormConfig is the same for every handle. Each business change opens its
// transaction itself; prepared statements are kept by the drivers, because
// gorm's own cache leaks and blocks (its issues 7832, 7831 and 7788).
func gormConfig(log *slog.Logger) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		Logger: logger.NewSlogLogger(log, logger.Config{
			SlowThreshold:             slowTransaction,
			LogLevel:                  logger.Warn,
			IgnoreRecordNotFoundError: true,
			ParameterizedQueries:      true, // values may be personal data
		}),
	}
}
