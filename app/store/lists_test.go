package store_test

import (
	"strings"
	"testing"

	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// along is the one index of several that a list must be read by.
var along = map[string]string{
	"activity": "events_of_persons", "activity of a kind": "events_of_persons", "one's own activity": "events_of_actor", "a partner's history": "events_of_partners",
	"webhooks' turns": "webhook_deliveries_waiting", "a webhook's messages": "webhook_deliveries_waiting",
	"conformance runs that go on": "conformance_runs_due", "conformance runs": "conformance_runs_of",
}

// Lists of what people asked for and did, and of what lives, are read along an
// index, in its order.
func TestListsAreReadAlongAnIndex(t *testing.T) {
	t.Parallel()
	s, ctx := storetest.SQLite(t), t.Context()
	some := models.Event{ID: store.FirstEventID(1 << 40), At: 1 << 40, Kind: "k", Outcome: "ok", Actor: "a", PartnerID: "p"} // so that walks find an end
	if err := s.Write(ctx, func(tx *store.Tx) error { return tx.AppendEvent(some) }); err != nil {
		t.Fatal(err)
	}
	requests := func(f store.RequestFilter, below int64) func() error {
		return func() error { _, err := s.Requests(ctx, f, below, 50); return err }
	}
	activity := func(f store.LogFilter) func() error {
		r := store.LogRange{From: store.FirstEventID(7), Until: store.LastEventID}
		return func() error { _, err := s.WalkLog(ctx, r, f, store.LogSteps{Most: 500, Limit: 50}); return err }
	}
	asked := func(partner string, below int64) func() error {
		return func() error { _, err := s.PartnerRequests(ctx, partner, below, 50); return err }
	}
	for name, read := range map[string]func() error{
		"requests": requests(store.RequestFilter{}, 0), "requests, further": requests(store.RequestFilter{}, 7),
		"requests that wait":          requests(store.RequestFilter{State: models.RequestSubmitted}, 7),
		"one's own requests":          requests(store.RequestFilter{Maker: "a"}, 7),
		"requests of a subject":       requests(store.RequestFilter{Subject: "partner p"}, 7),
		"activity":                    activity(store.LogFilter{Persons: true}),
		"activity of a kind":          activity(store.LogFilter{Persons: true, Kinds: []string{"k"}, Partner: "p"}),
		"one's own activity":          activity(store.LogFilter{Persons: true, Actor: "a", Kinds: []string{"k"}}),
		"a partner's history":         func() error { _, err := s.PartnerEvents(ctx, "p", "x", 50); return err },
		"partners' requests":          asked("", 7),
		"a partner's requests":        asked("p", 7),
		"webhooks' turns":             func() error { _, err := s.DueWebhooks(ctx, 7, 50); return err },
		"a webhook's messages":        func() error { _, err := s.WaitingForWebhook(ctx, "w", 50); return err },
		"conformance runs that go on": func() error { _, err := s.ConformanceRunsOn(ctx, 50); return err },
		"conformance runs":            func() error { _, err := s.ConformanceRuns(ctx, "a", 10); return err },
		"requests for officers":       func() error { _, err := s.WaitingPartnerRequests(ctx, 100); return err },
		"announcements":               func() error { _, err := s.Announcements(ctx, "", 7, "x", 50); return err },
		"announcements now":           func() error { _, err := s.Announcements(ctx, models.AnnouncementNow, 7, "x", 50); return err },
		"a partner's news":            func() error { _, err := s.AnnouncementsFor(ctx, []string{"s"}, "x", 50); return err },
		"an application's lives": func() error {
			_, err := s.LiveVisitsOf(ctx, store.LiveQuery{Applications: []string{"a"}, Limit: 50})
			return err
		},
	} {
		plan := s.Explain(t, read)
		// What happened in one millisecond is put in order, and no more than that.
		sorted := strings.ReplaceAll(plan, "USE TEMP B-TREE FOR LAST TERM OF ORDER BY\n", "")
		if step := wholeScan(sorted); step != "" && step != "SCAN change_requests" && step != "SCAN partner_requests" && step != "SCAN w" && step != "SCAN walked" { // along the key; what was walked
			t.Errorf("%s: %s\n%s", name, step, plan)
		}
		if index := along[name]; !strings.Contains(plan, index) {
			t.Errorf("%s is not read along %s:\n%s", name, index, plan)
		}
	}
}
