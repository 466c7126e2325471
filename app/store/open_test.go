package store_test

import (
	"bytes"
	"context"
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
	c := storetest.PostgresConfig(t)
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
