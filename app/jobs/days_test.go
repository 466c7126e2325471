package jobs_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"postern/app/jobs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// halfPast is a zone whose hours and days begin at half past of UTC.
var halfPast = time.FixedZone("half past", int((5*time.Hour + 30*time.Minute).Seconds()))

var testTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// openLedger starts a node whose clock tells a time of its own.
func openLedger(t testing.TB, s *store.Store, node string, now func() time.Time, change ...func(*ledger.Options)) *ledger.Ledger {
	t.Helper()
	o := ledger.Options{Node: node, Now: now, Rand: rand.Reader, Zone: halfPast, CallDelay: time.Millisecond, MaxGroup: 8}
	for _, f := range change {
		f(&o)
	}
	l, err := ledger.Open(context.Background(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closeLedger(t testing.TB, l *ledger.Ledger) {
	t.Helper()
	if err := l.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// act is one thing that a node writes.
type act struct {
	kind                      int
	app, service, route, code string
	duration                  int64
	age                       time.Duration // how long before the clock a call began
	fields                    int64         // that left in its reply
}

func drawAct(rt *rapid.T) act {
	word := func(label string, words ...string) string { return rapid.SampledFrom(words).Draw(rt, label) }
	return act{
		kind: rapid.IntRange(0, 4).Draw(rt, "kind"),
		app:  word("app", "travel", "food", ""), service: word("service", "loans", "cards"),
		route: word("route", "", "r1", "r2"), code: word("code", "", "scope_denied", "bad_envelope"),
		duration: rapid.Int64Range(0, 5_000_000).Draw(rt, "duration"), fields: rapid.Int64Range(0, 3).Draw(rt, "fields"),
		age: time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(rt, "age")),
	}
}

// do writes what it says; a node whose clock is behind may be refused.
func (a act) do(l *ledger.Ledger, now time.Time) {
	ctx := context.Background()
	event := ledger.Event{Kind: "at.issued", Outcome: "ok", ApplicationID: a.app, ServiceID: a.service}
	row := models.ATRow{ATHash: rand.Text(), ApplicationID: a.app, ServiceID: a.service, ExpiresAt: now.Add(time.Hour).UnixMilli()}
	switch a.kind {
	case 0:
		_ = l.Issue(ctx, ledger.Issue{Row: row, Event: event})
	case 1:
		_ = l.Issue(ctx, ledger.Issue{Row: row, Event: event})
		for range 2 { // the second one has another R: an alarm
			event.Kind = "vt.issued"
			_, _ = l.Spend(ctx, ledger.Spend{ATHash: row.ATHash, RHash: rand.Text(), Now: now.UnixMilli(), Event: event,
				Visit: models.Visit{VID: rand.Text(), ApplicationID: a.app, ServiceID: a.service, DeadAfter: math.MaxInt64}})
		}
	case 2:
		event.Kind, event.Outcome = "vt.refused", "invalid_at"
		_ = l.Refuse(event)
	case 3:
		_ = l.Record(models.Call{At: now.Add(-a.age).UnixMilli(), VID: "v", ApplicationID: a.app, ServiceID: a.service,
			RouteID: a.route, Code: a.code, Duration: a.duration, UpstreamTime: a.duration / 2,
			ShapeID: fmt.Sprintf("s%d", a.fields), Fields: a.fields}, nil)
	case 4:
		for kind, outcome := range map[string]string{"vt.reissued": "ok", "vt.renewed": "ok", "vt.renewal_refused": "invalid_vt", "visit.closed": "ok", "visit.ended": "ok"} {
			event.Kind, event.Outcome = kind, outcome
			_ = l.Append(ctx, event)
		}
	}
}

// naive counts rows as anybody would, by hours or days of the zone, with SQL.
func naive(t testing.TB, s *store.Store, span string, length time.Duration) []models.Rollup {
	t.Helper()
	const offset = 19_800_000 // of halfPast, ms
	took, low := "", int64(-1)
	for _, high := range []int64{5, 10, 20, 35, 50, 75, 100, 200, 500, 1000, 3000, 1 << 40} {
		took += fmt.Sprintf(", sum(CASE WHEN duration > %d AND duration <= %d THEN 1 ELSE 0 END)", low, high*1000)
		low = high * 1000
	}
	const fields = "CAST(substr(shape_id, 2) AS INTEGER)"
	query := fmt.Sprintf(`SELECT CASE WHEN kind IN ('at.issued', 'at.refused') THEN 'at' WHEN kind = 'vt.reissued' THEN 'again'
		WHEN kind LIKE 'vt.renew%%' THEN 'renew' WHEN kind LIKE '%%close%%' THEN 'close' ELSE 'vt' END AS what,
		application_id, service_id, '' AS route_id, outcome, (at + %[1]d) / %[2]d AS unit, count(*), 0, 0, 0, 0`+strings.Repeat(", 0", 14)+`
		FROM events WHERE kind IN ('at.issued', 'at.refused', 'vt.issued', 'vt.reissued', 'vt.refused', 'at.reused', 'vt.renewed', 'vt.renewal_refused', 'visit.closed')
		GROUP BY what, application_id, service_id, outcome, (at + %[1]d) / %[2]d
		UNION ALL SELECT 'call', application_id, service_id, route_id, CASE code WHEN '' THEN 'ok' ELSE code END,
		(at + %[1]d) / %[2]d, count(*), sum(duration), max(duration), sum(upstream_time), max(upstream_time)`+took+`,
		sum(CASE WHEN `+fields+` > 0 THEN 1 ELSE 0 END), sum(`+fields+`)
		FROM calls GROUP BY application_id, service_id, route_id, code, (at + %[1]d) / %[2]d`, offset, length.Milliseconds())
	stmt, err := s.ReadStmt(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := stmt.Query()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []models.Rollup
	for rows.Next() {
		r := models.Rollup{Span: span}
		if err := rows.Scan(&r.Kind, &r.ApplicationID, &r.ServiceID, &r.RouteID, &r.Outcome, &r.Start, &r.Count,
			&r.DurationSum, &r.DurationMax, &r.UpstreamSum, &r.UpstreamMax, &r.Took.Took5, &r.Took.Took10, &r.Took.Took20, &r.Took.Took35,
			&r.Took.Took50, &r.Took.Took75, &r.Took.Took100, &r.Took.Took200, &r.Took.Took500, &r.Took.Took1000, &r.Took.Took3000, &r.Took.TookMore,
			&r.Disclosed, &r.Fields); err != nil {
			t.Fatal(err)
		}
		r.Start = r.Start*length.Milliseconds() - offset
		list = append(list, r)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return list
}

// wantInStep holds what is counted against what is there.
func wantInStep(t testing.TB, s *store.Store) {
	t.Helper()
	hours, err := s.HourlyRollups(context.Background(), 0, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	days, err := s.DailyRollups(context.Background(), 0, math.MaxInt64, halfPast)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want []models.Rollup }{
		{hours, naive(t, s, "hour", time.Hour)}, {days, naive(t, s, "day", 24*time.Hour)},
	} {
		if diff := cmp.Diff(byText(c.want), byText(c.got)); diff != "" {
			t.Fatalf("the rows (-) and the counts (+) differ:\n%s", diff)
		}
	}
}

func byText(list []models.Rollup) []string {
	lines := map[string]bool{}
	for _, r := range list {
		lines[fmt.Sprintf("%+v", r)] = true
	}
	return slices.Sorted(maps.Keys(lines))
}

// addUp runs the job as of a time.
func addUp(t testing.TB, s *store.Store, now time.Time) {
	t.Helper()
	d := jobs.Days{Store: s, Zone: halfPast, Now: func() time.Time { return now }}
	if _, err := d.Job().Do(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestCountsAreThoseOfTheRows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := testTime
		rapid.Check(t, func(rt *rapid.T) {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(10*time.Hour)).Draw(rt, "later")))
			var all sync.WaitGroup
			for _, node := range []string{"a", "b"} { // each dies with the check, and its name comes back
				off := time.Duration(rapid.Int64Range(-int64(50*time.Second), int64(50*time.Second)).Draw(rt, "off"))
				clock := now.Add(off)
				l := openLedger(t, s, node, func() time.Time { return clock })
				acts := rapid.SliceOfN(rapid.Custom(drawAct), 0, 12).Draw(rt, node)
				all.Go(func() {
					var each sync.WaitGroup
					for _, a := range acts {
						each.Go(func() { a.do(l, clock) })
					}
					each.Wait()
					closeLedger(t, l)
				})
			}
			for range rapid.IntRange(0, 2).Draw(rt, "runs") {
				ahead := time.Duration(rapid.Int64Range(-int64(30*time.Hour), int64(30*time.Hour)).Draw(rt, "ahead"))
				all.Go(func() { addUp(t, s, now.Add(ahead)) })
			}
			all.Wait()
			wantInStep(t, s)
		})
		addUp(t, s, now.Add(48*time.Hour))
		wantInStep(t, s)
		if n := number(t, s, "SELECT count(*) FROM rollups WHERE node <> ''"); n != 0 {
			t.Errorf("%d counts were not added up", n)
		}
		if n := number(t, s, "SELECT count(*) FROM rollups WHERE span = 'day'"); n == 0 {
			t.Error("no day was counted")
		}
	})
}

// A group may commit long after a later one, and after its day was added up.
func TestALateGroupIsCounted(t *testing.T) {
	t.Parallel()
	s := storetest.Postgres(t) // on SQLite there is one group at a time
	clock := func() time.Time { return testTime }
	writing, proceed := make(chan struct{}), make(chan struct{})
	slow := openLedger(t, s, "a", clock, func(o *ledger.Options) {
		o.BeforeCommit = func() { writing <- struct{}{}; <-proceed }
	})
	call := act{kind: 3, app: "travel", service: "loans", route: "r1", duration: 7}
	call.do(slow, testTime)
	<-writing
	fast := openLedger(t, s, "b", clock)
	call.do(fast, testTime)
	closeLedger(t, fast)
	addUp(t, s, testTime.Add(48*time.Hour))
	close(proceed)
	go func() {
		for range writing { // whatever it still commits
		}
	}()
	closeLedger(t, slow)
	close(writing)
	wantInStep(t, s)
	addUp(t, s, testTime.Add(48*time.Hour))
	wantInStep(t, s)
	if n := number(t, s, "SELECT sum(count) FROM rollups WHERE span = 'day'"); n != 2 {
		t.Errorf("the day has %d calls, want 2", n)
	}
}

// number reads one number.
func number(t testing.TB, s *store.Store, query string) (n int) {
	t.Helper()
	stmt, err := s.ReadStmt(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	if err := stmt.QueryRow().Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
