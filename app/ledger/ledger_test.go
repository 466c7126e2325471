package ledger_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// patience turns a deadlock into a failed test; nothing waits for it otherwise.
const patience = 20 * time.Second

// testTime is the clock of tests that do not move it.
var testTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// open starts a ledger on s and closes it when the test ends. change may alter
// the options.
func open(t testing.TB, s *store.Store, change ...func(*ledger.Options)) *ledger.Ledger {
	t.Helper()
	o := ledger.Options{
		Node:      "a",
		Now:       func() time.Time { return testTime },
		Rand:      rand.Reader,
		CallDelay: time.Millisecond,
	}
	for _, f := range change {
		f(&o)
	}
	l, err := ledger.Open(context.Background(), s, o)
	if err != nil {
		t.Fatalf("open ledger: %v", err)
	}
	t.Cleanup(func() { closeLedger(t, l) })
	return l
}

func closeLedger(t testing.TB, l *ledger.Ledger) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Errorf("close ledger: %v", err)
	}
}

// newIssue is an AT of application "app" that lives for two minutes.
func newIssue() ledger.Issue {
	return ledger.Issue{
		Row: models.ATRow{
			ATHash: rand.Text(), JTI: rand.Text(), PartnerID: "partner", ApplicationID: "app", ServiceID: "service",
			Environment: models.Sandbox, Suite: "A256", Scope: "balance:read", AKKID: "ak-1",
			IssuedAt: testTime.UnixMilli(), ExpiresAt: testTime.Add(2 * time.Minute).UnixMilli(),
		},
		Event: ledger.Event{Kind: "at.issued", Outcome: "ok", ApplicationID: "app"},
	}
}

func withAssertion(i ledger.Issue, jti string) ledger.Issue {
	i.AssertionJTI, i.AssertionExpires = jti, testTime.Add(time.Minute)
	return i
}

// visits counts the visits of all tests: a vid begins with its time.
var visits atomic.Int64

// newSpend is an attempt on an AT with an R and a visit of its own.
func newSpend(atHash string) ledger.Spend {
	vid := fmt.Sprintf("%08x", visits.Add(1)) + rand.Text()
	return ledger.Spend{
		ATHash: atHash, RHash: rand.Text(), Now: testTime.UnixMilli(),
		Visit: models.Visit{
			VID: vid, PartnerID: "partner", ApplicationID: "app", ServiceID: "service", Environment: models.Sandbox,
			Scope: "balance:read", OpenedAt: testTime.UnixMilli(), DeadAfter: testTime.Add(2 * time.Hour).UnixMilli(),
		},
		Event: ledger.Event{Kind: "vt.issued", Outcome: "ok", ApplicationID: "app", VID: vid},
	}
}

// issued puts a new AT on record and returns its hash.
func issued(t testing.TB, l *ledger.Ledger) string {
	t.Helper()
	i := newIssue()
	if err := l.Issue(context.Background(), i); err != nil {
		t.Errorf("issue: %v", err)
	}
	return i.Row.ATHash
}

func spend(t testing.TB, l *ledger.Ledger, s ledger.Spend) ledger.Spent {
	t.Helper()
	spent, err := l.Spend(context.Background(), s)
	if err != nil {
		t.Fatalf("spend: %v", err)
	}
	return spent
}

// count reads one number from the database.
func count(t testing.TB, s *store.Store, query string, args ...any) (n int) {
	t.Helper()
	stmt, err := s.ReadStmt(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	if err := stmt.QueryRow(args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func wantCount(t testing.TB, s *store.Store, want int, query string, args ...any) {
	t.Helper()
	if got := count(t, s, query, args...); got != want {
		t.Errorf("%s %v: got %d, want %d", query, args, got, want)
	}
}

// execute runs SQL on the store's writer, past the ledger.
func execute(t testing.TB, s *store.Store, statements ...string) {
	t.Helper()
	err := s.WriteGroup(context.Background(), func(tx *sql.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAppendInsideAWriteIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		e := ledger.Event{Kind: "test", Outcome: "ok"}
		calls := map[string]func() error{
			"Issue":        func() error { return l.Issue(ctx, newIssue()) },
			"Spend":        func() error { _, err := l.Spend(ctx, newSpend("x")); return err },
			"BeginWrite":   func() error { _, _, err := l.BeginWrite(ctx, models.WriteCall{}, time.Minute); return err },
			"EndWrite":     func() error { return l.EndWrite(models.WriteCall{}, models.WriteDone) },
			"Append":       func() error { return l.Append(ctx, e) },
			"EndVisit":     func() error { _, err := l.EndVisit(ctx, "v", "closed", 1, e); return err },
			"BindCustomer": func() error { return l.BindCustomer(ctx, "v", ledger.Customer{Sealed: "c", AuthTime: 1}, e) },
			"RevokeAT":     func() error { _, err := l.RevokeAT(ctx, "x", 1, e); return err },
			"Record":       func() error { return l.Record(models.Call{}, nil) },
			"RecordNow":    func() error { return l.RecordNow(ctx, models.Call{}, nil) },
			"Refuse":       func() error { return l.Refuse(e) },
		}
		err := s.Write(ctx, func(*store.Tx) error {
			for name, call := range calls {
				if err := call(); !errors.Is(err, store.ErrNested) {
					t.Errorf("%s inside a write: got %v, want ErrNested", name, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestEventOfABusinessChangeGoesWithIt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		event, err := l.Make(ledger.Event{Kind: "partner.suspended", Outcome: "ok"})
		if err != nil {
			t.Fatal(err)
		}
		abort := errors.New("abort")
		for _, end := range []error{abort, nil} {
			err := s.Write(t.Context(), func(tx *store.Tx) error { return errors.Join(tx.AppendEvent(event), end) })
			if !errors.Is(err, end) {
				t.Errorf("got %v, want %v", err, end)
			}
		}
		wantCount(t, s, 1, "SELECT count(*) FROM events WHERE kind = ?", "partner.suspended")
	})
}
