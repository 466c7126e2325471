package store_test

import (
	"strings"
	"testing"

	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// Lists of what people asked for and did, and of what lives, are read along an
// index, in its order.
func TestListsAreReadAlongAnIndex(t *testing.T) {
	t.Parallel()
	s, ctx := storetest.SQLite(t), t.Context()
	requests := func(f store.RequestFilter, below int64) func() error {
		return func() error { _, err := s.Requests(ctx, f, below, 50); return err }
	}
	activity := func(f store.ActivityFilter) func() error {
		return func() error { _, err := s.Activity(ctx, f, 50); return err }
	}
	asked := func(partner string, below int64) func() error {
		return func() error { _, err := s.PartnerRequests(ctx, partner, below, 50); return err }
	}
	for name, read := range map[string]func() error{
		"requests": requests(store.RequestFilter{}, 0), "requests, further": requests(store.RequestFilter{}, 7),
		"requests that wait":     requests(store.RequestFilter{State: models.RequestSubmitted}, 7),
		"one's own requests":     requests(store.RequestFilter{Maker: "a"}, 7),
		"requests of a subject":  requests(store.RequestFilter{Subject: "partner p"}, 7),
		"activity":               activity(store.ActivityFilter{}),
		"activity, further":      activity(store.ActivityFilter{BeforeAt: 7, BeforeID: "x"}),
		"one's own activity":     activity(store.ActivityFilter{Actor: "a", BeforeAt: 7, BeforeID: "x"}),
		"partners' requests":     asked("", 7),
		"a partner's requests":   asked("p", 7),
		"requests for officers":  func() error { _, err := s.WaitingPartnerRequests(ctx, 100); return err },
		"an application's lives": func() error { _, err := s.LiveVisitsOf(ctx, store.LiveQuery{Application: "a", Limit: 50}); return err },
	} {
		plan := s.Explain(t, read)
		// What happened in one millisecond is put in order, and no more than that.
		sorted := strings.ReplaceAll(plan, "USE TEMP B-TREE FOR LAST TERM OF ORDER BY\n", "")
		if step := wholeScan(sorted); step != "" && step != "SCAN change_requests" && step != "SCAN partner_requests" { // along the key
			t.Errorf("%s: %s\n%s", name, step, plan)
		}
	}
}
