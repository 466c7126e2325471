package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// refuseBad makes the database refuse the AT whose jti is "bad".
func refuseBad(t *testing.T, s *store.Store) {
	t.Helper()
	if s.Dialect() == store.SQLite {
		execute(t, s, `CREATE TRIGGER refuse_bad BEFORE INSERT ON at_rows WHEN NEW.jti = 'bad'
			BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`)
		return
	}
	execute(t, s, `CREATE FUNCTION refuse_bad() RETURNS trigger AS
			$$ BEGIN IF NEW.jti = 'bad' THEN RAISE EXCEPTION 'refused by the test'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql`,
		`CREATE TRIGGER refuse_bad BEFORE INSERT ON at_rows FOR EACH ROW EXECUTE FUNCTION refuse_bad()`)
}

func TestABadRowFailsAlone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const n = 100
		refuseBad(t, s)
		// Everybody is in the queue before the first group is taken.
		held, hold := make(chan struct{}), make(chan struct{})
		var first sync.Once
		l := open(t, s, func(o *ledger.Options) {
			o.BeforeCommit = func() { first.Do(func() { close(held); <-hold }) }
		})
		var all sync.WaitGroup
		all.Go(func() { _ = l.Append(context.Background(), ledger.Event{Kind: "first", Outcome: "ok"}) })
		<-held
		for i := range n {
			all.Go(func() {
				issue := withAssertion(newIssue(), fmt.Sprint("assertion-", i))
				if i == n/2 {
					issue.Row.JTI = "bad"
				}
				err := l.Issue(context.Background(), issue)
				if i != n/2 && err != nil {
					t.Errorf("a neighbour: %v", err)
				}
				if i == n/2 && (errs.KindOf(err) != errs.Internal || errs.Of(err).Reason != "ledger_row_refused") {
					t.Errorf("the bad row: got %v", err)
				}
			})
		}
		wait := pause(t)
		for queued := 0; queued < n; queued, _ = l.Depth() {
			wait()
		}
		close(hold)
		all.Wait()
		wantCount(t, s, n-1, "SELECT count(*) FROM at_rows WHERE application_id = ?", "app")
		wantCount(t, s, n-1, "SELECT count(*) FROM events WHERE kind = ?", "at.issued")
		wantCount(t, s, n-1, "SELECT count(*) FROM assertion_jtis WHERE application_id = ?", "app")
	})
}

// pause returns what a loop calls while it waits for others; once the test's
// patience is at its end, so is the test.
func pause(t *testing.T) (wait func()) {
	t.Helper()
	end := time.After(patience)
	return func() {
		t.Helper()
		select {
		case <-end:
			t.Fatal("waited in vain")
		case <-time.After(time.Millisecond):
		}
	}
}

// failAndReturn issues until the store fails, checks that everybody is told so
// and nothing is half there, and that the ledger goes on by itself once the
// store is back.
func failAndReturn(t *testing.T, s *store.Store, l *ledger.Ledger, breakStore, mend func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	good := issued(t, l)
	breakStore()

	var refused []string
	for len(refused) < 3 {
		issue := newIssue()
		err := l.Issue(ctx, issue)
		if ctx.Err() != nil {
			t.Fatal("the store did not fail")
		}
		if err == nil { // free pages are left
			continue
		}
		if !errors.Is(err, ledger.ErrUnavailable) {
			t.Fatalf("issue: got %v, want unavailable", err)
		}
		refused = append(refused, issue.Row.ATHash)
	}
	failed := newSpend(good)
	if _, err := l.Spend(ctx, failed); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("spend: got %v, want unavailable", err)
	}
	if !l.Failing() {
		t.Error("a ledger that cannot write does not say so")
	}
	for !errors.Is(l.Probe(ctx), ledger.ErrUnavailable) { // one event may have found room
		if _ = l.Issue(ctx, newIssue()); ctx.Err() != nil {
			t.Fatal("a probe succeeds on a store that fails")
		}
	}
	if err := l.Record(models.Call{ID: "kept", At: 1, VID: "v"}, nil); err != nil {
		t.Errorf("a record is queued while the store fails: %v", err)
	}

	mend()
	for {
		err := l.Probe(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("the ledger did not come back: %v", err)
		}
	}
	if l.Failing() {
		t.Error("a ledger that has written again says that it cannot")
	}
	for _, at := range refused {
		if _, err := l.ATRow(ctx, at); errs.KindOf(err) != errs.NotFound {
			t.Errorf("an AT that was refused: got %v, want not found", err)
		}
	}
	again := newSpend(good)
	wantSpent(t, spend(t, l, again), ledger.Spent{Outcome: ledger.SpendFirst, VID: again.Visit.VID})
	wait := pause(t)
	for count(t, s, "SELECT count(*) FROM calls WHERE id = ?", "kept") == 0 {
		wait()
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	l := open(t, s)
	failAndReturn(t, s, l,
		func() { execute(t, s, "PRAGMA max_page_count = 1") }, // the smallest there can be: what it has now
		func() { execute(t, s, "PRAGMA max_page_count = 1073741823") })
}

func TestPostgresGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	c := storetest.PostgresConfig(t)
	s := storetest.Open(t, c)
	l := open(t, s)
	dsn, err := url.Parse(c.DSN)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(dsn.Path, "/")
	failAndReturn(t, s, l,
		func() {
			storetest.Administer(t, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
			storetest.Administer(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
		},
		func() { storetest.Administer(t, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true") })
}

func TestTerminatedConnectionsLoseNothingThatWasAnswered(t *testing.T) {
	t.Parallel()
	c := storetest.PostgresConfig(t)
	s := storetest.Open(t, c)
	l := open(t, s)
	dsn, err := url.Parse(c.DSN)
	if err != nil {
		t.Fatal(err)
	}

	var mu sync.Mutex
	var acknowledged []string
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				i := newIssue()
				switch err := l.Issue(context.Background(), i); {
				case err == nil:
					mu.Lock()
					acknowledged = append(acknowledged, i.Row.ATHash)
					mu.Unlock()
				case !errors.Is(err, ledger.ErrUnavailable):
					t.Errorf("issue: got %v, want unavailable", err)
				}
			}
		})
	}
	for range 5 {
		storetest.Administer(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+
			strings.TrimPrefix(dsn.Path, "/")+"'")
	}
	close(stop)
	all.Wait()
	for _, at := range acknowledged {
		if err := rowAfterCuts(t, l, at); err != nil {
			t.Errorf("an acknowledged AT: %v", err)
		}
	}
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged between the cuts")
	}
}

// rowAfterCuts reads an AT's row. A reading connection that was cut says so to
// whoever uses it next, once: that is unavailable, and no row lost.
func rowAfterCuts(t *testing.T, l *ledger.Ledger, atHash string) (err error) {
	t.Helper()
	for range storetest.Conns + 1 {
		if _, err = l.ATRow(t.Context(), atHash); !errors.Is(err, ledger.ErrUnavailable) {
			return err
		}
	}
	return err
}

func TestCloseGivesUpOnAStoreThatStaysBroken(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	l, err := ledger.Open(t.Context(), s, ledger.Options{
		Node: "a", Now: func() time.Time { return testTime }, Rand: zeros{}, CallDelay: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, s, "PRAGMA query_only = 1")
	if err := l.Record(models.Call{ID: "lost", At: 1, VID: "v"}, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 queued records") {
		t.Errorf("close: got %v, want it to tell of one lost record", err)
	}
}
