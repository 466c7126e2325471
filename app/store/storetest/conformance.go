package storetest

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"postern/app/store"
	"postern/models"
)

// Run holds a store to what every caller relies on. open returns a fresh, empty store.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for _, c := range []struct {
		name  string
		check func(*testing.T, *store.Store)
	}{
		{"a committed write is there for readers", committedWriteIsRead},
		{"a write that returns an error leaves nothing", failedWriteLeavesNothing},
		{"a write that panics leaves nothing and frees the writer", panickedWriteLeavesNothing},
		{"a group that returns an error leaves nothing", failedGroupLeavesNothing},
		{"a write inside a write is refused at once", writeInWrite},
		{"a group inside a write is refused at once", groupInWrite},
		{"a write inside a group is refused at once", writeInGroup},
		{"another goroutine is not nested", otherGoroutineIsNotNested},
		{"a context that has ended writes nothing", endedContextWritesNothing},
		{"a prepared read is kept and sees every commit", preparedRead},
		{"a unique violation is a row fault", uniqueViolationIsRowFault},
		{"a request's events are those of that request, oldest first", eventsOfARequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, open(t))
		})
	}
}

var errOwn = errors.New("own error")

// event is a line of the ledger that satisfies the schema.
func event(id string) models.Event {
	return models.Event{ID: id, At: 1, Kind: "test", Outcome: "ok", Body: "{}", LeafHash: "-"}
}

func append1(id string) func(*store.Tx) error {
	return func(tx *store.Tx) error { return tx.AppendEvent(event(id)) }
}

func count(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	stmt, err := s.ReadStmt(t.Context(), "SELECT count(*) FROM events WHERE kind = ?")
	if err != nil {
		t.Fatal(err)
	}
	if err := stmt.QueryRowContext(t.Context(), "test").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func wantCount(t *testing.T, s *store.Store, want int) {
	t.Helper()
	if got := count(t, s); got != want {
		t.Errorf("events in the store: got %d, want %d", got, want)
	}
}

func committedWriteIsRead(t *testing.T, s *store.Store) {
	if err := s.Write(t.Context(), append1("a")); err != nil {
		t.Fatal(err)
	}
	wantCount(t, s, 1)
}

func failedWriteLeavesNothing(t *testing.T, s *store.Store) {
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.AppendEvent(event("a")), errOwn)
	})
	if !errors.Is(err, errOwn) {
		t.Errorf("got %v, want the callback's error", err)
	}
	wantCount(t, s, 0)
}

func eventsOfARequest(t *testing.T, s *store.Store) {
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		for id, request := range map[string]string{"b": "r1", "a": "r1", "c": "r2", "d": ""} {
			e := event(id)
			e.RequestID = request
			if err := tx.AppendEvent(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]string{"r1": "ab", "r2": "c", "r3": "", "": ""} {
		list, err := s.EventsOf(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, e := range list {
			got += e.ID
		}
		if got != want {
			t.Errorf("events of request %q: %q, want %q", request, got, want)
		}
	}
}

func panickedWriteLeavesNothing(t *testing.T, s *store.Store) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		_ = s.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.AppendEvent(event("a")); err != nil {
				return err
			}
			panic("in the callback")
		})
	}()
	wantCount(t, s, 0)
	if err := s.Write(t.Context(), append1("b")); err != nil {
		t.Fatalf("the next write: %v", err)
	}
	wantCount(t, s, 1)
}

func failedGroupLeavesNothing(t *testing.T, s *store.Store) {
	err := s.WriteGroup(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), s.Rebind(`INSERT INTO events (id, at, kind, outcome, body, leaf_hash) VALUES (?, 1, 'test', 'ok', '{}', '-')`), "a")
		return errors.Join(err, errOwn)
	})
	if !errors.Is(err, errOwn) {
		t.Errorf("got %v, want the callback's error", err)
	}
	wantCount(t, s, 0)
}

// nested runs inner inside outer and wants ErrNested from it well before any timeout.
func nested(t *testing.T, s *store.Store, outer, inner func(context.Context, *store.Store, func() error) error) {
	t.Helper()
	// The deadline only turns a deadlock into a failure; it is never waited for.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var inside error
	err := outer(ctx, s, func() error {
		// The inner call gets a context of its own, as a careless caller would.
		inside = inner(ctx, s, func() error { return nil })
		return nil
	})
	if err != nil {
		t.Errorf("the outer write: %v", err)
	}
	if !errors.Is(inside, store.ErrNested) {
		t.Errorf("the inner write: got %v, want ErrNested", inside)
	}
	if err := s.Nested(); err != nil {
		t.Errorf("after the write: %v", err)
	}
}

func write(ctx context.Context, s *store.Store, f func() error) error {
	return s.Write(ctx, func(*store.Tx) error { return f() })
}

func group(ctx context.Context, s *store.Store, f func() error) error {
	return s.WriteGroup(ctx, func(*sql.Tx) error { return f() })
}

func writeInWrite(t *testing.T, s *store.Store) { nested(t, s, write, write) }
func groupInWrite(t *testing.T, s *store.Store) { nested(t, s, write, group) }
func writeInGroup(t *testing.T, s *store.Store) { nested(t, s, group, write) }

func otherGoroutineIsNotNested(t *testing.T, s *store.Store) {
	err := s.Write(t.Context(), func(*store.Tx) error {
		other := make(chan error)
		go func() { other <- s.Nested() }()
		return errors.Join(<-other, wantErr(s.Nested(), store.ErrNested))
	})
	if err != nil {
		t.Error(err)
	}
}

func wantErr(got, want error) error {
	if errors.Is(got, want) {
		return nil
	}
	return errors.New("a nested caller was not told so")
}

func endedContextWritesNothing(t *testing.T, s *store.Store) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if err := s.Write(ctx, append1("a")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("write: got %v, want the context's error", err)
	}
	if err := s.WriteGroup(ctx, func(*sql.Tx) error { t.Error("the group ran"); return nil }); err == nil {
		t.Error("the group did not tell of the ended context")
	}
	wantCount(t, s, 0)
}

func preparedRead(t *testing.T, s *store.Store) {
	const query = "SELECT count(*) FROM events WHERE kind = ?"
	first, err := s.ReadStmt(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.ReadStmt(t.Context(), query)
	if err != nil || first != second {
		t.Errorf("second use: got %p, %v, want the statement %p", second, err, first)
	}
	wantCount(t, s, 0)
	if err := s.Write(t.Context(), append1("a")); err != nil {
		t.Fatal(err)
	}
	wantCount(t, s, 1)
}

func uniqueViolationIsRowFault(t *testing.T, s *store.Store) {
	insert := func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), s.Rebind(`INSERT INTO shapes (id, canonical, first_seen) VALUES (?, '', 1)`), "a")
		return err
	}
	if err := s.WriteGroup(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteGroup(t.Context(), insert); !store.RowFault(err) {
		t.Errorf("got %v, want a row fault", err)
	}
	broken := s.WriteGroup(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "SELECT nothing FROM nowhere")
		return err
	})
	if broken == nil || store.RowFault(broken) {
		t.Errorf("got %v, want a fault that is not the row's", broken)
	}
}
