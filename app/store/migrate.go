package store

import (
	"context"
	"database/sql"
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

// migrate brings the schema up to date. A migration is one transaction, so a
// process killed half way leaves either none or all of it.
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
	return nil
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
