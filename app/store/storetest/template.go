package storetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"postern/app/store"
	"postern/migrations"
)

// templates are the databases that this process knows to be there, by server.
var templates = struct {
	sync.Mutex
	of map[string]string
}{of: map[string]string{}}

// template is the name of a migrated database on a server, which each test
// copies: a quarter of the time that migrating takes. It is made by whoever
// needs it first, and stays; its name tells the migrations that made it.
func template(t testing.TB, server string) string {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	if name := templates.of[server]; name != "" {
		return name
	}
	name := "postern_template_" + migrationsHash(t)
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatalf("open server: %v", err)
	}
	defer db.Close()
	// Packages are tested side by side: the others wait, as long as one migration takes.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := makeTemplate(ctx, t, db, server, name); err != nil {
		t.Fatalf("make the database that tests copy: %v", err)
	}
	templates.of[server] = name
	return name
}

func makeTemplate(ctx context.Context, t testing.TB, db *sql.DB, server, name string) error {
	t.Helper()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close() // and with it its lock
	if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
		return err
	}
	var there bool
	if err := c.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	// Under another name until it is whole: a test that is killed here leaves no half of one.
	raw := name + "_raw"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + raw, "CREATE DATABASE " + raw} {
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	s, err := store.Open(ctx, postgresConfig(t, server, raw))
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "ALTER DATABASE "+raw+" RENAME TO "+name)
	return err
}

func migrationsHash(t testing.TB) string {
	t.Helper()
	h := sha256.New()
	err := fs.WalkDir(migrations.Postgres, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations.Postgres, path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(text), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
