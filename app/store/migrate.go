package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"postern/migrations"
)

// Two minutes for a node to wait for another node's migration, asked every second.
const (
	migrationLockPeriod = 1
	migrationLockTries  = 120
)

// ErrSchema says that a database that was to be left alone has another
// release's schema, or none.
var ErrSchema = errors.New("the database's schema is not the one of this release")

// bringUp migrates the database or, where c says so, looks only.
func bringUp(ctx context.Context, db *sql.DB, dialect Dialect, c Config) error {
	if c.NoMigrate {
		return checkSchema(ctx, db, dialect)
	}
	return migrate(ctx, db, dialect)
}

// checkSchema refuses another release's schema.
func checkSchema(ctx context.Context, db *sql.DB, dialect Dialect) error {
	v, err := schemaOf(ctx, db, dialect)
	if err != nil {
		return err
	}
	return v.Fits()
}

// Fits fails with ErrSchema if the schema is not this release's.
func (v Schema) Fits() error {
	if v.Have < v.Known {
		return fmt.Errorf("%w: it has version %d, this release brings %d; serve brings it up when it starts", ErrSchema, v.Have, v.Known)
	}
	return v.NotNewer()
}

// Schema is the version that a database has, and the newest that this release
// knows.
type Schema struct{ Have, Known int64 }

// NotNewer fails with ErrSchema if a later release has made the schema.
func (v Schema) NotNewer() error {
	if v.Have > v.Known {
		return fmt.Errorf("%w: a later release has brought it to version %d, this one knows %d; use that release, or a copy from before it",
			ErrSchema, v.Have, v.Known)
	}
	return nil
}

// Schema tells which schema the database has; ErrSchema where there is none.
func (s *Store) Schema(ctx context.Context) (Schema, error) {
	return schemaOf(ctx, s.reader, s.dialect)
}

// schemaOf reads the version by a query of its own: goose would make its table
// where there is none.
func schemaOf(ctx context.Context, db *sql.DB, dialect Dialect) (Schema, error) {
	files, gooseDialect, options, err := migrationSource(dialect)
	if err != nil {
		return Schema{}, err
	}
	provider, err := goose.NewProvider(gooseDialect, db, files, options...)
	if err != nil {
		return Schema{}, fmt.Errorf("read migrations: %w", err)
	}
	sources := provider.ListSources() // ascending
	v := Schema{Known: sources[len(sources)-1].Version}
	query := "SELECT coalesce(max(version_id), 0) FROM " + goose.DefaultTablename + " WHERE is_applied"
	if err := db.QueryRowContext(ctx, query).Scan(&v.Have); err != nil {
		return Schema{}, fmt.Errorf("%w: no version of it can be read: %w", ErrSchema, err)
	}
	return v, nil
}

// migrate brings the schema up to date, or fails with ErrSchema on what a later
// release has made: this one would misread it, and write what that one would.
// A migration is one transaction, so a process killed half way leaves either
// none or all of it.
func migrate(ctx context.Context, db *sql.DB, dialect Dialect) error {
	files, gooseDialect, options, err := migrationSource(dialect)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(gooseDialect, db, files, options...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	// After it and not before: before there may be no version to read, and of
	// what is newer nothing was changed.
	v, err := schemaOf(ctx, db, dialect)
	if err != nil {
		return err
	}
	return v.NotNewer()
}

func migrationSource(dialect Dialect) (fs.FS, goose.Dialect, []goose.ProviderOption, error) {
	if dialect == SQLite {
		// One process holds a SQLite file; its writer connection is the lock.
		files, err := fs.Sub(migrations.SQLite, "sqlite")
		return files, goose.DialectSQLite3, nil, err
	}
	files, err := fs.Sub(migrations.Postgres, "postgres")
	if err != nil {
		return nil, "", nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(migrationLockPeriod, migrationLockTries))
	if err != nil {
		return nil, "", nil, fmt.Errorf("make migration lock: %w", err)
	}
	return files, goose.DialectPostgres, []goose.ProviderOption{goose.WithSessionLocker(locker)}, nil
}
