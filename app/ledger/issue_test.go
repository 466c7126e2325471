package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
)

func TestIssuePutsTheWholeRowOnRecord(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		i := withAssertion(newIssue(), "j-1")
		i.Row.SubjectSealed, i.Row.SubjectMAC, i.Row.ReturnTo = "sealed", "mac", "app://back"
		if err := l.Issue(t.Context(), i); err != nil {
			t.Fatal(err)
		}
		row, err := l.ATRow(t.Context(), i.Row.ATHash)
		if err != nil || row != i.Row {
			t.Errorf("row: got %+v, %v, want %+v", row, err, i.Row)
		}
		wantCount(t, s, 1, "SELECT count(*) FROM events WHERE kind = ? AND application_id = 'app'", "at.issued")
		wantCount(t, s, 1, "SELECT count(*) FROM assertion_jtis WHERE jti = ? AND expires_at = ?", "j-1",
			testTime.Add(time.Minute).UnixMilli())

		if _, err := l.ATRow(t.Context(), "no such hash"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("unknown AT: got %v, want not found", err)
		}
		if _, err := l.Visit(t.Context(), "no such visit"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("unknown visit: got %v, want not found", err)
		}
	})
}

func TestAnAssertionIssuesOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const n = 100
		l := open(t, s)
		var ok, replayed atomic.Int32
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				switch err := l.Issue(context.Background(), withAssertion(newIssue(), "same")); {
				case err == nil:
					ok.Add(1)
				case errors.Is(err, ledger.ErrAssertionReplayed):
					replayed.Add(1)
				default:
					t.Errorf("issue: %v", err)
				}
			})
		}
		all.Wait()
		if ok.Load() != 1 || replayed.Load() != n-1 {
			t.Errorf("got %d issued and %d replayed, want 1 and %d", ok.Load(), replayed.Load(), n-1)
		}
		wantCount(t, s, 1, "SELECT count(*) FROM at_rows WHERE application_id = ?", "app")

		other := withAssertion(newIssue(), "same")
		other.Row.ApplicationID = "other"
		if err := l.Issue(t.Context(), other); err != nil {
			t.Errorf("the same jti of another application: %v", err)
		}
		err := l.Issue(t.Context(), withAssertion(newIssue(), "same"))
		if e := errs.Of(err); e.Kind != errs.Unauthenticated || e.Code != "invalid_client" || e.Reason != "assertion_replayed" {
			t.Errorf("a replay later: got %v", err)
		}
	})
}

func TestDailyQuota(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const n, quota = 60, 25
		zone := time.FixedZone("bank", 8*3600)
		var now atomic.Int64 // Unix seconds
		now.Store(testTime.Unix())
		l := open(t, s, func(o *ledger.Options) {
			o.Zone = zone
			o.Now = func() time.Time { return time.Unix(now.Load(), 0) }
		})
		issueWithQuota := func() error {
			i := newIssue()
			i.DailyQuota = quota
			return l.Issue(context.Background(), i)
		}

		var ok, over atomic.Int32
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				switch err := issueWithQuota(); {
				case err == nil:
					ok.Add(1)
				case errors.Is(err, ledger.ErrQuota):
					over.Add(1)
				default:
					t.Errorf("issue: %v", err)
				}
			})
		}
		all.Wait()
		if ok.Load() != quota || over.Load() != n-quota {
			t.Errorf("got %d issued, %d over quota; want %d and %d", ok.Load(), over.Load(), quota, n-quota)
		}
		wantCount(t, s, quota, "SELECT count(*) FROM at_rows WHERE application_id = ?", "app")
		wantCount(t, s, quota, "SELECT issued FROM quota_counts WHERE day = ?", "2026-11-22")

		// It is 18:00 at the bank.
		if e := errs.Of(issueWithQuota()); e.Kind != errs.RateLimited || e.Help.RetryAfter != 6*time.Hour || e.Reason != "daily_quota" {
			t.Errorf("over quota: got %v, retry after %v, want 6h", e, e.Help.RetryAfter)
		}
		now.Add(6*3600 - 1)
		if err := issueWithQuota(); !errors.Is(err, ledger.ErrQuota) {
			t.Errorf("a second before midnight: got %v", err)
		}
		now.Add(1)
		if err := issueWithQuota(); err != nil {
			t.Errorf("at midnight of the bank's zone: %v", err)
		}
	})
}

func TestQuotasOfManyApplicationsInOneGroup(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		var all sync.WaitGroup
		for app := range 8 {
			for range 2 * app {
				all.Go(func() {
					i := newIssue()
					i.Row.ApplicationID, i.DailyQuota = fmt.Sprintf("app-%d", app), int64(app)
					if err := l.Issue(context.Background(), i); err != nil && !errors.Is(err, ledger.ErrQuota) {
						t.Errorf("issue: %v", err)
					}
				})
			}
		}
		all.Wait()
		for app := range 8 {
			wantCount(t, s, app, "SELECT count(*) FROM at_rows WHERE application_id = ?", fmt.Sprintf("app-%d", app))
		}
	})
}

func TestIssuingStopsWhileTheClockIsBehind(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var now atomic.Int64
		now.Store(testTime.UnixMilli())
		clock := func(o *ledger.Options) { o.Now = func() time.Time { return time.UnixMilli(now.Load()) } }
		issue := func(l *ledger.Ledger) error { return l.Issue(context.Background(), newIssue()) }
		first := open(t, s, clock)
		if err := issue(first); err != nil {
			t.Fatal(err)
		}

		now.Store(testTime.Add(-60 * time.Second).UnixMilli())
		if err := issue(first); err != nil {
			t.Errorf("60 s behind: %v", err)
		}
		now.Add(-1)
		if err := issue(first); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("over 60 s behind: got %v, want unavailable", err)
		}
		restarted := open(t, s, clock)
		if err := issue(restarted); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("over 60 s behind after a restart: got %v, want unavailable", err)
		}
		if err := restarted.Append(t.Context(), ledger.Event{Kind: "test", Outcome: "ok"}); err != nil {
			t.Errorf("an event that issues nothing: %v", err)
		}
		now.Add(1)
		if err := issue(restarted); err != nil {
			t.Errorf("60 s behind again: %v", err)
		}
	})
}

func TestAssertionIsUsedUpWithoutAnAT(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		use := withAssertion(newIssue(), "once")
		if err := l.UseAssertion(t.Context(), use); err != nil {
			t.Fatalf("first use: %v", err)
		}
		if err := l.UseAssertion(t.Context(), use); !errors.Is(err, ledger.ErrAssertionReplayed) {
			t.Errorf("second use: %v", err)
		}
		if err := l.Issue(t.Context(), use); !errors.Is(err, ledger.ErrAssertionReplayed) {
			t.Errorf("issue with a used assertion: %v", err)
		}
		if _, err := l.ATRow(t.Context(), use.Row.ATHash); errs.KindOf(err) != errs.NotFound {
			t.Errorf("an AT row was written: %v", err)
		}
	})
}

func TestIssuingStopsWhenAnotherNodeIsAhead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var now atomic.Int64
		now.Store(testTime.UnixMilli())
		slow := open(t, s, func(o *ledger.Options) { o.Now = func() time.Time { return time.UnixMilli(now.Load()) } })
		ahead := open(t, s, func(o *ledger.Options) {
			o.Node, o.Now = "b", func() time.Time { return testTime.Add(2 * time.Minute) }
		})
		if err := ahead.Append(t.Context(), ledger.Event{Kind: "test", Outcome: "ok"}); err != nil {
			t.Fatal(err)
		}
		// The node looks at others' events every ten seconds, after a group.
		now.Add(10_000)
		wait := pause(t)
		for {
			err := slow.Issue(t.Context(), newIssue())
			if e := errs.Of(err); err != nil {
				if e.Kind != errs.Unavailable || e.Reason != "clock_behind" {
					t.Errorf("got %v, want the clock to be behind", err)
				}
				return
			}
			wait()
		}
	})
}
