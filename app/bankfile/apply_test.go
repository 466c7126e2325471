package bankfile_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"postern/app/bankfile"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

func TestAFileIsAppliedOnceAndExportedAsItIs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if plan := applied(t, s, example(t)); len(plan.Things) != 16 || plan.Widening() != 16 {
			t.Errorf("the example changes %d things, of which %d widen; want 16 new ones", len(plan.Things), plan.Widening())
		}
		events, notices := count(t, s, "SELECT count(*) FROM events WHERE id > ?", ""), len(changes(t, s))
		for name, text := range map[string]string{"the example": example(t), "what was exported": export(t, s)} {
			if plan := applied(t, s, text); len(plan.Things) != 0 {
				t.Errorf("%s, applied to a database that holds it, changes\n%s", name, plan)
			}
		}
		if n := count(t, s, "SELECT count(*) FROM events WHERE id > ?", ""); n != events || len(changes(t, s)) != notices {
			t.Errorf("applying it again left %d events and %d notices", n-events, len(changes(t, s))-notices)
		}

		other := storetest.SQLite(t)
		applied(t, other, export(t, s))
		if first, second := export(t, s), export(t, other); first != second {
			t.Errorf("an empty database gives back\n%s\nwant\n%s", second, first)
		}
	})
}

func TestEveryChangeLeavesItsTraceAndOneNotice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		applied(t, s, example(t))
		for kind, want := range map[string]int{
			"service.created": 2, "scope.created": 4, "partner.created": 1, "application.created": 2,
			"credential.created": 3, "grant.created": 4, "bank_file.applied": 1,
		} {
			if n := count(t, s, `SELECT count(*) FROM events WHERE kind = ? AND outcome = 'ok' AND body LIKE '%"actor":"bootstrap"%'`, kind); n != want {
				t.Errorf("%d events %s by bootstrap, want %d", n, kind, want)
			}
		}
		told := map[string]int{}
		for _, c := range changes(t, s) {
			told[string(c.Kind)+" "+c.Subject]++
		}
		for _, name := range []string{"service urn:h5:loan", "service urn:h5:rates", "partner travel", "application travel-app", "application travel-site"} {
			if told[name] != 1 {
				t.Errorf("%d notices of %s, want 1", told[name], name)
			}
		}
		applied(t, s, "partners: [{id: travel, status: suspended}]")
		const query = `SELECT count(*) FROM events WHERE kind = ? AND partner_id = 'travel' AND body LIKE '%"changes":"status: active -> suspended"%'`
		if count(t, s, query, "partner.changed") != 1 {
			t.Error("no event tells that the partner was suspended")
		}
		// The applications' visits end with it, so nodes hear of them, too.
		if n := len(changes(t, s)); n != 8 {
			t.Errorf("%d notices, want three more than the 5 before", n)
		}
	})
}

func TestWhatAFileDoesNotMentionStays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		applied(t, s, example(t))
		// Somebody ends all visits, and another suspends, before the file that
		// knows of neither.
		p, err := s.ApplicationProfile(t.Context(), "travel-app")
		if err != nil {
			t.Fatal(err)
		}
		p.Application.Epoch, p.Application.Status = 7, models.Suspended
		write(t, s, func(tx *store.Tx) error { return tx.SaveApplication(p.Application) })
		before := export(t, s)
		applied(t, s, "applications: [{id: travel-app, name: Renamed}]\nservices: [{id: 'urn:h5:loan', origins: ['https://loan.bank.example', 'https://loan2.bank.example']}]")

		after, err := s.ApplicationProfile(t.Context(), "travel-app")
		if err != nil {
			t.Fatal(err)
		}
		if after.Application.Epoch != 7 || after.Application.CreatedAt != p.Application.CreatedAt {
			t.Errorf("epoch %d and created %d, want 7 and %d", after.Application.Epoch, after.Application.CreatedAt, p.Application.CreatedAt)
		}
		want := strings.Replace(before, "name: The travel app", "name: Renamed", 1)
		want = strings.Replace(want, "      - https://loan.bank.example\n", "      - https://loan.bank.example\n      - https://loan2.bank.example\n", 1)
		if got := export(t, s); got != want {
			t.Errorf("the database holds\n%s\nwant\n%s", got, want)
		}
	})
}

func TestListsAreTakenAsTheyStand(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		applied(t, s, example(t))
		applied(t, s, `
services:
  - id: urn:h5:loan
    upstreams: [{environment: production, base_url: "https://other.internal.bank.example"}]
    routes: # two change places, one goes
      - {id: loan-offer, method: POST, pattern: /session/sign-in, resource: loan.offer, action: read}
      - {id: sign-in, method: GET, pattern: /loans/offers, resource: session, action: sign-in}
scopes: [{id: "session:sign-in", permissions: []}]
applications: [{id: travel-app, return_addresses: [], addresses: ["2001:db8::1"]}]`)
		p, err := s.ServiceProfile(t.Context(), "urn:h5:loan")
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Routes) != 2 || p.Routes[0].Pattern != "/session/sign-in" || p.Routes[1].Pattern != "/loans/offers" || len(p.Upstreams) != 1 {
			t.Errorf("routes %+v, upstreams %+v", p.Routes, p.Upstreams)
		}
		for _, x := range p.Permissions {
			if x.ScopeID == "session:sign-in" {
				t.Errorf("the scope still has %+v", x)
			}
		}
		a, err := s.ApplicationProfile(t.Context(), "travel-app")
		if err != nil || len(a.ReturnAddresses) != 0 || len(a.Addresses) != 1 || a.Addresses[0] != "2001:db8::1/128" {
			t.Errorf("addresses %v, return addresses %v, error %v", a.Addresses, a.ReturnAddresses, err)
		}
	})
}

func TestAFileIsAppliedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		// The first event's id can be drawn, and no other.
		random := iotest.TimeoutReader(iotest.OneByteReader(rand.Reader))
		if _, err := read(t, example(t)).Apply(t.Context(), s, bankfile.Options{Now: now}, random); !errors.Is(err, iotest.ErrTimeout) {
			t.Fatalf("got %v, want the reader's error", err)
		}
		for _, table := range []string{"services", "service_origins", "partners", "applications", "changes", "events"} {
			if n := count(t, s, "SELECT count(*) FROM "+table); n != 0 {
				t.Errorf("%d rows in %s", n, table)
			}
		}
	})
}

func TestFilesThatAreAppliedAtOnceTakeTurns(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		applied(t, s, example(t))
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				text := fmt.Sprintf("applications: [{id: travel-app, name: name-%d}]\npartners: [{id: p%d, name: P}]", i, i)
				if i == 3 {
					text = "applications: [{id: travel-app, status: suspended, at_lifetime: 30}]"
				}
				if _, err := apply(t, s, text); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		a, err := s.ApplicationProfile(t.Context(), "travel-app")
		if err != nil {
			t.Fatal(err)
		}
		if a.Application.Status != models.Suspended || a.Application.ATLifetime != 30 || !strings.HasPrefix(a.Application.Name, "name-") {
			t.Errorf("one file undid another: %+v", a.Application)
		}
		if n := count(t, s, "SELECT count(*) FROM partners"); n != 8 {
			t.Errorf("%d partners, want 8", n)
		}
	})
}

func TestAPreviewSaysTheSameAndChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		preview, err := read(t, example(t)).Preview(t.Context(), s, bankfile.Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		nowhere, err := read(t, example(t)).Preview(t.Context(), nil, bankfile.Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if len(changes(t, s)) != 0 {
			t.Error("a preview changed something")
		}
		if plan := applied(t, s, example(t)); plan.String() != preview.String() || plan.String() != nowhere.String() {
			t.Errorf("applied:\n%s\npreviewed:\n%s\nwithout a database:\n%s", plan, preview, nowhere)
		}
	})
}

func TestAFileOfTwoThousandApplicationsIsOneTransaction(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var text strings.Builder
		text.WriteString(example(t) + "\n")
		entries := strings.Builder{}
		for i := range 2000 {
			fmt.Fprintf(&entries, "  - {id: app-%d, partner: travel, name: App %d, environment: production, addresses: [203.0.113.7], return_addresses: ['app%d://x']}\n", i, i, i)
		}
		file := strings.Replace(text.String(), "\ncredentials:", "\n"+entries.String()+"\ncredentials:", 1)
		if plan := applied(t, s, file); len(plan.Things) != 2016 {
			t.Errorf("%d things changed", len(plan.Things))
		}
		if plan := applied(t, s, file); len(plan.Things) != 0 {
			t.Errorf("%d things changed the second time", len(plan.Things))
		}
		applied(t, storetest.SQLite(t), export(t, s))
	})
}
