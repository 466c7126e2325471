package clients_test

import (
	"net/netip"
	"testing"
	"time"

	"postern/app/clients"
	"postern/app/store"
	"postern/app/store/storetest"
)

func TestUsesAreCountedByAddressAndWrittenInBatches(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		u, now := clients.NewUses(s), time.Date(2026, 11, 27, 10, 5, 0, 0, time.UTC)
		note := func(credential, address string, at time.Time) { u.Note(credential, netip.MustParseAddr(address), at) }
		note("old", "203.0.113.7", now)
		note("old", "203.0.113.7", now.Add(time.Minute))
		note("old", "2001:db8::1", now)
		note("old", "2001:db8::2", now)
		note("new", "::ffff:203.0.113.9", now)
		if err := u.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		note("old", "203.0.113.7", now.Add(2*time.Minute))
		note("old", "203.0.113.8", now.Add(20*time.Minute))
		for range 2 { // the second has nothing to write
			if err := u.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		places, err := s.UsesByAddress(t.Context(), "old", now.Truncate(10*time.Minute).UnixMilli(), 10)
		if err != nil || len(places) != 3 || places[0].Address != "203.0.113.7" || places[0].Uses != 3 || places[0].LastAt != now.Add(2*time.Minute).UnixMilli() || places[1].Address != "2001:db8::/64" || places[1].Uses != 2 {
			t.Errorf("%v %+v", err, places)
		}
		spans, err := s.UsesOverTime(t.Context(), "old", 0, 10)
		if err != nil || len(spans) != 2 || spans[0].Uses != 5 || spans[1].Uses != 1 {
			t.Errorf("%v %+v", err, spans)
		}
		if err := s.Business(t.Context(), func(b store.Business) error {
			last, err := b.LastUses([]string{"old", "new", "none"})
			if len(last) != 2 || last["old"].Address != "203.0.113.8" || last["new"].Address != "203.0.113.9" {
				t.Errorf("%+v", last)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	})
}
