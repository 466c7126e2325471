package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"postern/app/store"
)

// DefaultPostgres is where a server is looked for when POSTERN_TEST_POSTGRES is not set.
const DefaultPostgres = "postgres://postgres@127.0.0.1:5432/postgres"

// Conns is the size of a test store's pool: many tests share one server's 100 connections.
const Conns = 6

// patience bounds what a test waits for a database server.
const patience = 10 * time.Second

// Each runs test as a parallel sub-test on a fresh database of each dialect.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	for _, dialect := range []struct {
		name string
		open func(testing.TB) *store.Store
	}{{"sqlite", SQLite}, {"postgres", Postgres}} {
		t.Run(dialect.name, func(t *testing.T) {
			t.Parallel()
			test(t, dialect.open(t))
		})
	}
}

// SQLite opens a fresh database in a file of the test's own; it is closed when the test ends.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, SQLiteConfig(t))
}

// Postgres opens a fresh database on the test server; it is dropped when the
// test ends. Without a server the test is skipped, or fails where
// POSTERN_TEST_REQUIRE holds "postgres".
func Postgres(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, PostgresConfig(t))
}

// Open opens a store as c says and closes it when the test ends.
func Open(t testing.TB, c store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), c)
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return s
}

// SQLiteConfig names a fresh file in the test's own folder.
func SQLiteConfig(t testing.TB) store.Config {
	t.Helper()
	return store.Config{
		Driver: string(store.SQLite),
		Path:   filepath.Join(t.TempDir(), "postern.db"),
		Log:    testLog(t),
	}
}

// PostgresConfig makes a database for the test, migrated and without a row, and
// names it; several stores may be opened on it, as several nodes would.
func PostgresConfig(t testing.TB) store.Config {
	t.Helper()
	server := postgresServer(t)
	return postgresDatabase(t, server, "TEMPLATE "+template(t, server))
}

// EmptyPostgresConfig is PostgresConfig of a database without a table.
func EmptyPostgresConfig(t testing.TB) store.Config {
	t.Helper()
	return postgresDatabase(t, postgresServer(t), "")
}

func postgresDatabase(t testing.TB, server, how string) store.Config {
	t.Helper()
	name := "postern_test_" + strings.ToLower(rand.Text())
	administer(t, server, "CREATE DATABASE "+name+" "+how)
	t.Cleanup(func() { administer(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	return postgresConfig(t, server, name)
}

func postgresConfig(t testing.TB, server, database string) store.Config {
	t.Helper()
	dsn, err := url.Parse(server)
	if err != nil {
		t.Fatalf("POSTERN_TEST_POSTGRES must be a URL: %v", err)
	}
	dsn.Path = "/" + database
	return store.Config{
		Driver:   string(store.Postgres),
		DSN:      dsn.String(),
		MaxConns: Conns,
		Log:      testLog(t),
	}
}

// postgresServer returns the URL of a server that answers, or skips the test.
func postgresServer(t testing.TB) string {
	t.Helper()
	server := os.Getenv("POSTERN_TEST_POSTGRES")
	if server == "" {
		server = DefaultPostgres
	}
	db, err := sql.Open("pgx", server)
	if err == nil {
		defer db.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = db.PingContext(ctx)
	}
	if err == nil {
		return server
	}
	if strings.Contains(os.Getenv("POSTERN_TEST_REQUIRE"), "postgres") {
		t.Fatalf("POSTERN_TEST_REQUIRE asks for PostgreSQL, and none answers: %v", err)
	}
	t.Skipf("no PostgreSQL answers (set POSTERN_TEST_POSTGRES to a URL): %v", err)
	return ""
}

// Administer runs one statement on the test server's own database, such as one
// that ends other sessions.
func Administer(t testing.TB, statement string) {
	t.Helper()
	administer(t, postgresServer(t), statement)
}

func administer(t testing.TB, server, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatalf("open server: %v", err)
	}
	defer db.Close()
	// Not the test's context: that one has ended when clean-up runs.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}

// testLog sends a store's log lines to the test's own output.
func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}
