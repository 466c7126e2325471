package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"postern/app/backup"
	"postern/app/keyring"
	"postern/app/store"
)

type backupCommand struct {
	settings
	File string `arg:"" help:"File to write; it must not be there yet."`
}

// errPostgresBackup is what to do where this program has nothing to do.
var errPostgresBackup = errors.New(`PostgreSQL copies itself; with the configured address in POSTERN_DATABASE_DSN:
  pg_dump --format=custom --file=FILE --dbname="$POSTERN_DATABASE_DSN"`)

// errPostgresRestore tells the whole way, of which the last step is this program's.
var errPostgresRestore = errors.New(`PostgreSQL restores itself; with every gateway stopped, into an empty database of the configured name:
  pg_restore --single-transaction --no-owner --dbname="$POSTERN_DATABASE_DSN" FILE
  postern restore --after-pg-restore
(docs/operations.md has the whole way)`)

func (c backupCommand) Run(i invocation) error {
	configured, faults := c.load(i)
	if err := faults.Of("database").Err(); err != nil { // it asks nothing else
		return err
	}
	where := storeConfig(configured.Database)
	if where.Driver == string(store.Postgres) {
		return errPostgresBackup
	}
	contents, err := backup.Write(i.ctx, where.Path, c.File, i.Rand)
	if err != nil {
		return err
	}
	printContents(i.Out, c.File, contents, configured.Zone)
	// The configuration may be another's, or have none: the copy is good all the same.
	if master, err := masterKey(configured.MasterKey); err == nil && master != nil && !contents.Opens(keyring.Masters{master}) {
		fmt.Fprintf(i.Out, "\nWARNING: the configured master key is not the one that is named above, or not of all of them; a restore needs that one.\n")
	}
	return nil
}

func printContents(out io.Writer, file string, c backup.Contents, zone *time.Location) {
	keys := strings.Join(c.MasterKeys, ", ")
	if keys == "" {
		keys = "none; the database has no keys yet"
	}
	fmt.Fprintf(out, "copy          %s\n", file)
	fmt.Fprintf(out, "size          %d octets\n", c.Size)
	fmt.Fprintf(out, "newest event  %s\n", moment(c.NewestEvent, zone))
	fmt.Fprintf(out, "schema        %d\n", c.Schema)
	fmt.Fprintf(out, "master key    %s\n", keys)
	fmt.Fprintf(out, "\nThe master key is not in it. Keep it apart from the copy: without it nobody can use the copy, you included.\n")
}

// moment is a time as commands tell it: on the bank's clock, with what that
// clock is ahead of UTC. Files, and what quotes them, have UTC.
func moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "none"
	}
	return t.In(zone).Format(time.RFC3339)
}
