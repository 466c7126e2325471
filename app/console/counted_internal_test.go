package console

import (
	"context"
	"slices"
	"testing"
	"time"

	"postern/app/recordview"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// counter is a store that counts one thing each hour or day, and what it is asked.
type counter struct{ asked []store.TrafficSpan }

func (n *counter) add(_ context.Context, t store.TrafficSpan) ([]store.Traffic, error) {
	n.asked = append(n.asked, t)
	return []store.Traffic{{Start: t.From, Count: t.Until - t.From}}, nil
}

func TestOnlyWhatMayStillChangeIsAddedUpAgain(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("half past", 5*3600+1800)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, zone) }
	for _, c := range []struct {
		name, span            string
		from, now, settledTil time.Time
	}{
		{"hours, but for the last two", models.SpanHour, at(20, 0, 0), at(20, 9, 40), at(20, 8, 0)},
		{"a range that is all over", models.SpanHour, at(18, 0, 0), at(20, 9, 40), at(20, 8, 0)},
		{"nothing, in the day's first hours", models.SpanHour, at(20, 0, 0), at(20, 1, 50), at(20, 0, 0)},
		{"days, but for today's last two hours", models.SpanDay, at(1, 0, 0), at(20, 9, 40), at(20, 8, 0)},
		// Yesterday's last hour may be in its day or not.
		{"days, but for yesterday, in the day's first hour", models.SpanDay, at(1, 0, 0), at(20, 0, 40), at(19, 0, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n, k := &counter{}, counted{}
			read := func(now time.Time) (total int64) {
				t.Helper()
				list, err := k.traffic(t.Context(), "x", n.add, store.TrafficSpan{Span: c.span, From: c.from.UnixMilli(), Until: now.UnixMilli()}, now)
				if err != nil {
					t.Fatal(err)
				}
				for _, one := range list {
					total += one.Count
				}
				return total
			}
			for _, now := range []time.Time{c.now, c.now.Add(time.Minute)} {
				if got, want := read(now), now.Sub(c.from).Milliseconds(); got != want {
					t.Errorf("counts of %d ms are in it, want those of %d", got, want)
				}
			}
			last := n.asked[len(n.asked)-1]
			if from := time.UnixMilli(last.From).In(zone); !from.Equal(c.settledTil) {
				t.Errorf("added up again from %s on, want %s", from, c.settledTil)
			}
			before := slices.ContainsFunc(n.asked[1:], func(t store.TrafficSpan) bool { return t.From < c.settledTil.UnixMilli() })
			if before {
				t.Errorf("what is settled was added up twice: %+v", n.asked)
			}
			asked := len(n.asked)
			if read(c.now.Add(time.Hour)); c.from.Before(c.settledTil) && len(n.asked) != asked+2 {
				t.Error("an hour later what is settled is not added up anew")
			}
		})
	}
}

func TestSumsAreKeptApart(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 9, 40, 0, 0, time.UTC)
	n, k := &counter{}, counted{}
	day := store.TrafficSpan{Span: models.SpanHour, From: now.Add(-9 * time.Hour).UnixMilli(), Until: now.Add(-3 * time.Hour).UnixMilli()}
	longer, of, nobody := day, day, day
	longer.From, of.Applications, nobody.Applications = day.From-1, []string{"a"}, []string{}
	for range 2 {
		for _, ask := range []struct {
			name string
			span store.TrafficSpan
		}{{"a", day}, {"b", day}, {"a", longer}, {"a", of}, {"a", nobody}} {
			if _, err := k.traffic(t.Context(), ask.name, n.add, ask.span, now); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(n.asked) != 5 {
		t.Errorf("the store was asked %d times for five things: %+v", len(n.asked), n.asked)
	}
}

// Who opens a page in an hour's first minutes waits for no sum but the last hours'.
func TestTheNextHoursSumsAreThereBeforeIt(t *testing.T) {
	t.Parallel()
	prepared := time.Date(2026, 11, 20, 9, 40, 0, 0, time.UTC)
	n, k := &counter{}, counted{}
	read := func(now time.Time) {
		t.Helper()
		span := store.TrafficSpan{Span: models.SpanHour, From: recordview.HourOf(now).Add(-23 * time.Hour).UnixMilli(), Until: now.UnixMilli()}
		if _, err := k.traffic(t.Context(), "x", n.add, span, now); err != nil {
			t.Fatal(err)
		}
	}
	read(prepared)
	read(prepared.Add(settling))
	asked := len(n.asked)
	for _, now := range []time.Time{prepared.Add(time.Minute), prepared.Add(21 * time.Minute)} {
		read(now)
	}
	for _, a := range n.asked[asked:] {
		if a.Until-a.From > 2*time.Hour.Milliseconds() {
			t.Errorf("asked for %+v, which was prepared", a)
		}
	}
}

func TestLiveVisitsAreKeptForSeconds(t *testing.T) {
	t.Parallel()
	db, now := storetest.SQLite(t), time.Date(2026, 11, 20, 9, 40, 0, 0, time.UTC)
	s := &Console{o: Options{Store: db, Zone: time.UTC, Now: func() time.Time { return now }}}
	total := func() (n int64) {
		t.Helper()
		kinds, more, err := s.liveNow(t.Context())
		if err != nil || more {
			t.Fatalf("more %t, %v", more, err)
		}
		for _, k := range kinds {
			n += k.Visits
		}
		return n
	}
	if n := total(); n != 0 {
		t.Fatalf("%d are live on an empty database", n)
	}
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.SavePartner(models.Partner{ID: "partner-0", Name: "P", Status: models.Active}); err != nil {
			return err
		}
		return tx.SaveApplication(models.Application{ID: "app-0", PartnerID: "partner-0", Name: "A", Environment: models.Production, Status: models.Active})
	})
	if err == nil {
		_, err = db.FillCounts(t.Context(), store.FillOfCounts{Days: 40, Applications: 1, Each: 1, Nodes: 1, Live: 5, Now: now}, func(time.Time) {})
	}
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(liveFor - 1)
	if n := total(); n != 0 {
		t.Errorf("%d are counted anew within seconds", n)
	}
	s.live.forget()
	if n := total(); n != 5 {
		t.Errorf("%d after some were ended here, want 5", n)
	}
	now = now.Add(time.Hour)
	if n := total(); n != 0 {
		t.Errorf("%d are counted of those that are over", n)
	}
	if err := s.Prepare(t.Context()); err != nil || len(s.counted.sums) == 0 {
		t.Errorf("%d sums are prepared, %v", len(s.counted.sums), err)
	}
}
