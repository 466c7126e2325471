// Package migrations holds the schema as forward SQL, one folder for each
// dialect with the same file names. Nothing else ever changes the schema.
//
// Times are BIGINT Unix milliseconds. Hot tables (at_rows, visits, write_calls,
// calls, events) carry no foreign keys: retention deletes them in batches.
package migrations

import "embed"

// SQLite and Postgres are the migration files, in folders named after the dialect.
var (
	//go:embed sqlite/*.sql
	SQLite embed.FS
	//go:embed postgres/*.sql
	Postgres embed.FS
)
