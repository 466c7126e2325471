package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/app/store"
	"postern/app/store/storetest"
)

func TestAReadOnlyStoreWritesNothing(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLiteConfig, "postgres": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config(t)
			storetest.Open(t, c)
			c.ReadOnly = true
			s := storetest.Open(t, c)
			if v, err := s.Schema(t.Context()); err != nil || v.Have != v.Known {
				t.Errorf("schema %+v, %v", v, err)
			}
			if err := s.Write(t.Context(), func(*store.Tx) error { return nil }); err == nil || !strings.Contains(err.Error(), "read-only") {
				t.Errorf("a write: got %v", err)
			}
			stmt, err := s.ReadStmt(t.Context(), "INSERT INTO shapes (id, canonical, first_seen) VALUES ('a', '', 1)")
			if err == nil {
				_, err = stmt.Exec()
			}
			if err == nil {
				t.Error("a write through a statement was taken")
			}
		})
	}
}

func TestLockOut(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.LockOut(t.Context(), c.Path); !errors.Is(err, store.ErrInUse) {
		t.Errorf("while it is open: got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.LockOut(t.Context(), c.Path); err != nil {
		t.Errorf("once it is closed: got %v", err)
	}
	if _, err := os.Stat(c.Path + "-wal"); err == nil {
		t.Error("a WAL is left")
	}
	broken := filepath.Join(t.TempDir(), "broken.db")
	if err := os.WriteFile(broken, []byte(strings.Repeat("damaged ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.LockOut(t.Context(), broken); err != nil {
		t.Errorf("of what is no database nothing can be told: got %v", err)
	}
}
