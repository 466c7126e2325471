package jobs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"postern/app/jobs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// fold runs the job as of a time.
func fold(t testing.TB, s *store.Store, now time.Time) {
	t.Helper()
	if _, err := (jobs.History{Store: s, Zone: halfPast, Now: func() time.Time { return now }}).Job().Do(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// callsAt records calls of the given ages.
func callsAt(t testing.TB, s *store.Store, now time.Time, c models.Call, ages ...time.Duration) {
	t.Helper()
	l := openLedger(t, s, "a", func() time.Time { return now }, func(o *ledger.Options) { o.MaxGroup = 256 })
	for _, age := range ages {
		c.At = now.Add(-age).UnixMilli()
		if err := l.Record(c, nil); err != nil {
			t.Fatal(err)
		}
	}
	closeLedger(t, l)
}

func TestCallsAreCountedOnceByWhatTheyHaveInCommon(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		insert(t, s, `INSERT INTO visits (vid, at_hash, partner_id, application_id, service_id, environment, scope, auth_time, opened_at, dead_after)
			VALUES ('v', '', 'p', 'travel', 'loans', 'production', 'b:read a:read', 0, 0, 0)`)
		call := models.Call{VID: "v", ApplicationID: "travel", ServiceID: "loans", RouteID: "offers", ShapeID: "x"}
		callsAt(t, s, testTime, call, 36*day, 30*time.Hour, 30*time.Hour, 5*time.Hour, time.Minute)
		call.Code, call.Reason = "scope_denied", "no_rule"
		callsAt(t, s, testTime, call, time.Hour)

		tail := func() (n int64) {
			t.Helper()
			err := s.Business(t.Context(), func(b store.Business) error {
				tail, err := b.CallTail([]string{"loans"}, testTime.AddDate(0, 0, -7), 1000)
				for _, x := range tail.Tuples {
					n += x.Count
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := tail(); n != 5 {
			t.Errorf("before the job, %d calls are found at look time, want 5", n)
		}
		fold(t, s, testTime)
		fold(t, s, testTime)
		// What began four minutes ago may have an older sister that is not on disk yet.
		if n := tail(); n != 1 {
			t.Errorf("behind the job, %d calls are found at look time, want 1", n)
		}
		wantTuples(t, s, testTime.AddDate(0, 0, -7), map[string]int64{"a:read b:read ok": 3, "a:read b:read denied": 1})
		wantTuples(t, s, store.DayOf(testTime.In(halfPast)), map[string]int64{"a:read b:read ok": 1, "a:read b:read denied": 1})
		fold(t, s, testTime.Add(5*time.Minute))
		wantTuples(t, s, testTime.AddDate(0, 0, -7), map[string]int64{"a:read b:read ok": 4, "a:read b:read denied": 1})

		// The job itself would not believe this clock.
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			for _, kind := range []store.Old{store.OldTupleDays, store.OldTuples} {
				if _, err := tx.DeleteOld(kind, testTime.Add(day), 500); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := number(t, s, "SELECT count(*) FROM call_tuples") + number(t, s, "SELECT count(*) FROM call_tuple_days"); n != 0 {
			t.Errorf("%d rows are left when they are old", n)
		}
	})
}

// wantTuples looks at what was counted since a day.
func wantTuples(t testing.TB, s *store.Store, since time.Time, want map[string]int64) {
	t.Helper()
	got := map[string]int64{}
	err := s.Business(context.Background(), func(b store.Business) error {
		list, err := b.CallTuples("loans", since.UnixMilli(), store.TuplePlace{}, 100)
		for _, x := range list {
			if x.Count > 0 {
				got[strings.Join([]string{x.Scopes, string(x.Outcome)}, " ")] += x.Count
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for key, n := range want {
		if got[key] != n {
			t.Errorf("since %s: %d calls of %q, want %d", since, got[key], key, n)
		}
	}
}

// Folding 10,000 calls reads each with its visit and writes the few rows they come to.
func BenchmarkFold(b *testing.B) {
	s := storetest.SQLite(b)
	for b.Loop() {
		b.StopTimer()
		insert(b, s, "DELETE FROM call_tuple_days", "DELETE FROM call_tuples", "UPDATE call_fold SET position = ''", "DELETE FROM calls",
			`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
			INSERT INTO calls (id, at, vid, request_id, partner_id, application_id, service_id, route_id, shape_id)
			SELECT printf('01a44a96-a000-7000-8000-%012d', i), 1794000000000, 'v', '', 'p', 'a' || (i % 20), 's', 'r' || (i % 10), 'x' FROM n`)
		b.StartTimer()
		folded := int64(0)
		for n := int64(1); n > 0; folded += n {
			var err error
			n, err = s.FoldCalls(b.Context(), time.UnixMilli(0), time.UnixMilli(2_000_000_000_000), halfPast)
			if err != nil {
				b.Fatal(err)
			}
		}
		if folded != 10_000 {
			b.Fatalf("folded %d calls", folded)
		}
	}
}
