package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

func TestLiveVisitsAreCountedByApplicationAndService(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		plantPartners(t, s, models.Partner{ID: "p", Name: "P", Status: models.Active})
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			for _, a := range []models.Application{{ID: "a", Epoch: 2}, {ID: "b"}} {
				a.PartnerID, a.Name, a.Environment, a.Status = "p", a.ID, models.Sandbox, models.Active
				if err := tx.SaveApplication(a); err != nil {
					return err
				}
			}
			return tx.SaveService(models.Service{ID: "stopped", Name: "S", Class: "A2", Status: models.Active, VisitsAfter: 55})
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range []models.Visit{
			{ApplicationID: "a", ServiceID: "x", Epoch: 2, DeadAfter: 200},
			{ApplicationID: "a", ServiceID: "x", Epoch: 2, DeadAfter: 101},
			{ApplicationID: "a", ServiceID: "x", Epoch: 2, DeadAfter: 100}, // over
			{ApplicationID: "a", ServiceID: "x", Epoch: 1, DeadAfter: 200}, // ended with the application's others
			{ApplicationID: "a", ServiceID: "x", Epoch: 2, DeadAfter: 200, EndedAt: 60},
			{ApplicationID: "a", ServiceID: "stopped", Epoch: 2, DeadAfter: 200}, // ended with the service's others
			{ApplicationID: "a", ServiceID: "stopped", Epoch: 2, DeadAfter: 200, OpenedAt: 56},
			{ApplicationID: "b", ServiceID: "stopped", DeadAfter: 200, OpenedAt: 55},
			{ApplicationID: "b", ServiceID: "x", DeadAfter: 200},
			{ApplicationID: "gone", ServiceID: "x", DeadAfter: 200},
		} {
			v.VID, v.PartnerID, v.Environment = fmt.Sprint("v", i), "p", models.Sandbox
			if v.OpenedAt == 0 {
				v.OpenedAt = 50
			}
			s.PlantVisit(t.Context(), t, v)
		}
		want := []store.LiveKind{{"p", "a", "stopped", models.Sandbox, 1}, {"p", "a", "x", models.Sandbox, 2}, {"p", "b", "x", models.Sandbox, 1}}
		if got, more, err := s.LiveKinds(t.Context(), 100); err != nil || more || !slices.Equal(got, want) {
			t.Errorf("live %v, more %t, %v; want %v", got, more, err, want)
		}
		var n int64
		got, more, err := s.LiveKindsOf(t.Context(), 100, 3)
		for _, k := range got {
			n += k.Visits
		}
		if err != nil || !more || n > 3 {
			t.Errorf("of more than are counted: %v, more %t, %v", got, more, err)
		}
	})
}

// What measurements are made on is what a gateway would have counted: the same by
// hours as by days, and not twice on one database.
func TestFilledCountsAgree(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		fill := filled(t, s)
		sums := map[string]map[models.RollupKind]int64{}
		for _, span := range []string{models.SpanHour, models.SpanDay} {
			list, err := s.TrafficByTime(t.Context(), store.TrafficSpan{
				Span: span, From: store.DayOf(fill.Now).AddDate(0, 0, -fill.Days).UnixMilli(), Until: fill.Now.UnixMilli(),
			})
			if err != nil {
				t.Fatal(err)
			}
			sums[span] = map[models.RollupKind]int64{}
			for _, l := range list {
				sums[span][l.Kind] += l.Count
			}
		}
		// Two days of 24 hours that are over, and two nodes' ten hours of today; 0 + 1 are added to three outcomes of two applications.
		if got, want := sums[models.SpanHour][models.RollupVT], int64((2*24+2*10)*(2*40+3*(0+1))); got != want {
			t.Errorf("%d visits opened or refused, want %d", got, want)
		}
		for kind, n := range sums[models.SpanHour] {
			if sums[models.SpanDay][kind] != n {
				t.Errorf("%s: %d by days and %d by hours", kind, sums[models.SpanDay][kind], n)
			}
		}
		if kinds, more, err := s.LiveKinds(t.Context(), fill.Now.UnixMilli()); err != nil || more || len(kinds) != 2 || kinds[0].Visits+kinds[1].Visits != 5 {
			t.Errorf("live %v, more %t, %v", kinds, more, err)
		}
		if _, err := s.FillCounts(t.Context(), fill, func(time.Time) {}); err == nil {
			t.Error("a database that has counted is filled again")
		}
	})
}

// filled fills a database with two days and ten hours of two applications.
func filled(t *testing.T, s *store.Store) store.FillOfCounts {
	t.Helper()
	fill := store.FillOfCounts{Days: 2, Applications: 2, Each: 2, Nodes: 2, Live: 5, Alerts: 3, Now: time.Date(2026, 11, 20, 9, 40, 0, 0, time.UTC)}
	plantPartners(t, s, models.Partner{ID: "partner-0", Name: "P", Status: models.Active})
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		for i := range fill.Applications {
			id := fmt.Sprintf("app-%d", i)
			if err := tx.SaveApplication(models.Application{ID: id, PartnerID: "partner-0", Name: id, Environment: models.Production, Status: models.Active}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	days := 0
	rows, err := s.FillCounts(t.Context(), fill, func(time.Time) { days++ })
	if want := int64(13 * fill.Applications * (2*24 + 2 + 2*10)); err != nil || rows != want || days != 3 {
		t.Fatalf("%d counts of %d days, %v; want %d of 3", rows, days, err, want)
	}
	return fill
}

// What several applications opened in one millisecond comes in one order, however
// the database compares texts: no page leaves one out or has one twice.
func TestLiveVisitsOfAPartnerAreReadPageByPage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		plantPartners(t, s, models.Partner{ID: "p", Name: "P", Status: models.Active})
		applications := []string{"a", "b", "c"}
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			for _, id := range applications {
				a := models.Application{ID: id, PartnerID: "p", Name: id, Environment: models.Sandbox, Status: models.Active}
				if err := tx.SaveApplication(a); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, vid := range []string{"a_", "A-", "B0", "b9", "a9", "Zz", "zA", "-x", "_x"} {
			s.PlantVisit(t.Context(), t, models.Visit{
				VID: vid, PartnerID: "p", ApplicationID: applications[i%3], ServiceID: "x", Environment: models.Sandbox, OpenedAt: 50 + int64(i/8), DeadAfter: 200,
			})
		}
		var got []string
		q := store.LiveQuery{Applications: applications, Now: 100, Limit: 2}
		for range 10 {
			list, err := s.LiveVisitsOf(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range list {
				got = append(got, v.VID)
				q.BelowAt, q.BelowVID = v.OpenedAt, v.VID
			}
		}
		if want := []string{"_x", "zA", "b9", "a_", "a9", "Zz", "B0", "A-", "-x"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
