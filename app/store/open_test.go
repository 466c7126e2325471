package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/app/store"
	"postern/app/store/storetest"
)

func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	c := storetest.EmptyPostgresConfig(t)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			s, err := store.Open(context.Background(), c)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	all.Wait()
}

func TestReopeningKeepsWhatWasWritten(t *testing.T) {
	t.Parallel()
	// Characters that mean something in a URI.
	c := storetest.SQLiteConfig(t)
	c.Path = filepath.Join(filepath.Dir(c.Path), "a b?c#d%20&e.db")
	for range 2 {
		s, err := store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(c.Path); err != nil {
		t.Errorf("the database is not where it was asked for: %v", err)
	}
}

func TestOpenRefusesWhatItCannotServe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		config store.Config
		want   string
	}{
		{"an unknown driver", store.Config{Driver: "mysql"}, "unknown driver"},
		{"no path", store.Config{Driver: "sqlite"}, "no path"},
		{"a path that cannot be made", store.Config{Driver: "sqlite", Path: filepath.Join(file, "x.db")}, "not a directory"},
		{"a DSN that cannot be read", store.Config{Driver: "postgres", DSN: "postgres://u:s3cret@h:port/x"}, "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), c.config)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to say %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestSlowTransactionIsLogged(t *testing.T) {
	t.Parallel()
	var ticks atomic.Int64
	step := 50 * time.Millisecond
	var lines bytes.Buffer
	c := storetest.SQLiteConfig(t)
	c.Now = func() time.Time { return time.Unix(0, 0).Add(time.Duration(ticks.Add(1)) * step) }
	c.Log = slog.New(slog.NewTextHandler(&lines, nil))
	s := storetest.Open(t, c)
	nothing := func(*store.Tx) error { return nil }

	if err := s.Write(t.Context(), nothing); err != nil {
		t.Fatal(err)
	}
	if lines.Len() > 0 {
		t.Errorf("50 ms were logged: %s", lines.String())
	}
	step += time.Microsecond
	if err := s.Write(t.Context(), nothing); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(lines.String(), "transaction was slow") {
		t.Errorf("over 50 ms were not logged: %q", lines.String())
	}
}

func TestContextEndsTheWaitForTheWriter(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	inside, leave := make(chan struct{}), make(chan struct{})
	var outer sync.WaitGroup
	outer.Go(func() {
		if err := s.Write(context.Background(), func(*store.Tx) error { close(inside); <-leave; return nil }); err != nil {
			t.Errorf("outer write: %v", err)
		}
	})
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := s.Write(ctx, func(*store.Tx) error { return nil }); err == nil {
		t.Error("a write went past the one that runs")
	}
	close(leave)
	outer.Wait()
	if err := s.Write(t.Context(), func(*store.Tx) error { return nil }); err != nil {
		t.Errorf("the next write: %v", err)
	}
}

// noticedContext tells when somebody begins to wait with it.
type noticedContext struct {
	context.Context
	once    sync.Once
	noticed chan struct{}
}

func (c *noticedContext) Done() <-chan struct{} {
	c.once.Do(func() { close(c.noticed) })
	return c.Context.Done()
}

func TestAWaitForAConnectionDoesNotStopReadyStatements(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	c.MaxConns = 1
	s := storetest.Open(t, c)
	const ready = "SELECT id FROM partners"
	stmt, err := s.ReadStmt(t.Context(), ready)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := stmt.QueryContext(t.Context()) // takes the only connection
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := &noticedContext{Context: ctx, noticed: make(chan struct{})}
	var other sync.WaitGroup
	other.Go(func() {
		if _, err := s.ReadStmt(waiting, "SELECT id FROM applications"); err == nil {
			t.Error("a statement was prepared without a connection")
		}
	})
	<-waiting.noticed
	again := make(chan struct{})
	go func() {
		defer close(again)
		if got, err := s.ReadStmt(t.Context(), ready); got != stmt || err != nil {
			t.Errorf("the ready statement: %p, %v, want %p", got, err, stmt)
		}
	}()
	select {
	case <-again:
	case <-time.After(3 * time.Second):
		t.Error("a ready statement waits for another caller's connection")
	}
	cancel()
	other.Wait()
	<-again
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
}

func TestCallersThatPrepareOneQueryTogetherGetOneStatement(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var got [8]*sql.Stmt
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() {
				var err error
				if got[i], err = s.ReadStmt(context.Background(), "SELECT id FROM partners"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, stmt := range got {
			if stmt != got[0] {
				t.Error("callers hold different statements: one of them is closed")
			}
		}
		var id string
		if err := got[0].QueryRowContext(t.Context()).Scan(&id); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("the statement that was kept: %v", err)
		}
	})
}

func TestWhoOnlyLooksChangesNoSchema(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLiteConfig, "postgres": storetest.EmptyPostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config(t)
			looking := c
			looking.NoMigrate = true
			if s, err := store.Open(t.Context(), looking); err == nil {
				t.Errorf("a database without a schema was opened: %v", s.Close())
			}
			if _, err := os.Stat(c.Path); c.Path != "" && err == nil {
				t.Error("a look made a file")
			}

			s := storetest.Open(t, c) // migrates
			tables := func() (n int) {
				t.Helper()
				query := map[string]string{"sqlite": "SELECT count(*) FROM sqlite_schema", "postgres": "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"}
				stmt, err := s.ReadStmt(t.Context(), query[name])
				if err != nil {
					t.Fatal(err)
				}
				if err := stmt.QueryRowContext(t.Context()).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			if err := storetest.Open(t, looking).Ping(t.Context()); err != nil {
				t.Errorf("a database of this release: %v", err)
			}
			for _, change := range []struct{ name, statement string }{
				{"a newer schema", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)"},
				{"an older schema", "DELETE FROM goose_db_version WHERE version_id > 0"},
				{"a database that is not the gateway's", "DROP TABLE goose_db_version"},
			} {
				alter(t, s, change.statement)
				before := tables()
				if got, err := store.Open(t.Context(), looking); !errors.Is(err, store.ErrSchema) {
					t.Errorf("%s: got %v, %v, want ErrSchema", change.name, got, err)
				}
				if after := tables(); after != before {
					t.Errorf("%s: a look made %d tables of %d", change.name, after, before)
				}
			}
		})
	}
}

func alter(t *testing.T, s *store.Store, statement string) {
	t.Helper()
	err := s.WriteGroup(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), statement)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAGatewayIsAloneOnItsFile(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	c.Alone = true
	first, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), c); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a second gateway: %v", err)
	}
	linked := c
	linked.Path = filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(c.Path, linked.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), linked); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a second gateway by another name: %v", err)
	}
	beside := c
	beside.Alone, beside.NoMigrate = false, true
	if s, err := store.Open(t.Context(), beside); err != nil {
		t.Errorf("a command beside it: %v", err)
	} else if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("after the first one: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatALaterReleaseHasMadeIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) store.Config{"SQLite": storetest.SQLiteConfig, "PostgreSQL": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			s, err := store.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			err = s.WriteGroup(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
				return err
			})
			if err = errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
			for _, looks := range []bool{false, true} {
				c.NoMigrate = looks
				if _, err := store.Open(t.Context(), c); !errors.Is(err, store.ErrSchema) || !strings.Contains(err.Error(), "a later release") {
					t.Errorf("opened with NoMigrate %v: %v", looks, err)
				}
			}
		})
	}
}
