package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/models"
)

func TestARaisedEpochIsNotUndoneByTheSameExchange(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		setApplication(w, apptest.Travel, func(a *models.Application) { a.Epoch = 1 })
		expect(t, p.Get("/loans/offers"), 401, "invalid_vt", sealed)
		expect(t, p.TryOpen(), 409, "at_spent", sealed)
		expect(t, p.Get("/loans/offers"), 401, "invalid_vt", sealed)
	})
}

func TestFreezingNewVTsStopsRenewalsAndNothingElse(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		for _, target := range []struct {
			kind models.FreezeTarget
			id   string
		}{
			{"partner", "p_travel"}, {"application", apptest.Travel}, {"service", apptest.Service},
		} {
			t.Run(string(target.kind), func(t *testing.T) {
				p, at := w.NewVisit(apptest.Travel, nil), w.AT(apptest.Travel, nil)
				thaw := freeze(w, target.kind, target.id, models.FreezeVT)
				expect(t, w.NewPage(at).TryOpen(), 403, "not_active", sealed)
				expect(t, p.Send(renewals, "renew+jwe", p.ExchangePlain()), 403, "not_active", sealed)
				if a := p.Get("/loans/offers"); a.HTTP != http.StatusOK {
					t.Errorf("a call of an open visit: %d %s", a.HTTP, a.Plain)
				}
				thaw()
				w.NewPage(at).Open()
			})
		}
	})
}

func TestAScopeFrozenForVTsIsNotInThem(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		both, one := w.AT(apptest.Travel, withScope(w, "loan.offer:read me:read")), w.AT(apptest.Travel, withScope(w, "loan.offer:read"))
		freeze(w, "scope", "loan.offer:read", models.FreezeVT)
		p := w.NewPage(both).Open()
		if p.Visit.Scope != "me:read" {
			t.Errorf("scope %q, want me:read", p.Visit.Scope)
		}
		expect(t, p.Get("/loans/offers"), 403, "scope_denied", sealed)
		expect(t, w.NewPage(one).TryOpen(), 403, "not_active", sealed)
	})
}

func TestAScopeFrozenMeanwhileIsNotInTheRenewedVT(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, withScope(w, "loan.offer:read me:read account.balance:read"))
		thaw := freeze(w, "scope", "loan.offer:read", models.FreezeVT)
		fresh := renewed(t, p)
		if fresh.Visit.Scope != "me:read account.balance:read" {
			t.Errorf("scope %q, want it without loan.offer:read", fresh.Visit.Scope)
		}
		if got := wantActive(t, w, fresh.Visit.VT)["scope"]; got != "me:read account.balance:read" {
			t.Errorf("the VT itself has the scope %q", got)
		}
		expect(t, fresh.Get("/loans/offers"), 403, "scope_denied", sealed)
		expect(t, fresh.Get("/accounts/1/balance"), 200, "", sealed)
		expect(t, p.Get("/loans/offers"), 200, "", sealed) // calls were not stopped

		freeze(w, "scope", "me:read", models.FreezeVT)
		freeze(w, "scope", "account.balance:read", models.FreezeVT)
		expect(t, renew(p), 403, "not_active", sealed) // a VT for nothing is none
		thaw()
		if got := renewed(t, p).Visit.Scope; got != "loan.offer:read" {
			t.Errorf("scope %q after the thaw", got)
		}
		expect(t, renew(fresh), 403, "not_active", sealed) // what a ticket has lost it does not get back
	})
}

func TestAClockSetBackRevivesNothing(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p, at := w.NewVisit(apptest.Travel, nil), w.AT(apptest.Travel, nil)
		w.Later(10 * time.Minute)
		w.NewVisit(apptest.Travel, nil) // the ledger has seen this moment
		w.Later(-9*time.Minute - 30*time.Second)
		expect(t, w.NewPage(at).TryOpen(), 503, "unavailable", sealed)
		expect(t, p.Get("/loans/offers"), 503, "unavailable", sealed)
	})
}

func TestScopesThatNoVTCouldCarryAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(func(s *apptest.Seed) {
		for i := range 70 {
			id := fmt.Sprintf("loan.%s.%02d:read", strings.Repeat("long", 6), i)
			s.Scopes = append(s.Scopes, models.Scope{ID: id, ServiceID: apptest.Service, Title: id})
			s.Grants = append(s.Grants, apptest.Grant("many-"+id, apptest.Travel, id))
		}
	}))
	expectError(t, w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)), 400, "invalid_scope")
	w.NewVisit(apptest.Travel, withScope(w, "loan.offer:read"))
}

// TestAfterForwardingNothingIsUnavailable: unavailable says that nothing was
// done, and a page would do it again.
func TestAfterForwardingNothingIsUnavailable(t *testing.T) {
	t.Parallel()
	each(t, seeded(func(s *apptest.Seed) { s.Services[0].DurableCalls = true }), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		w.Exec("ALTER TABLE calls RENAME TO calls_gone")
		expect(t, p.Call(p.Plain(http.MethodPost, "/loans/applications")), 502, "upstream_unavailable", sealed)
		if n := len(w.Bank.Seen()); n != 1 {
			t.Errorf("the bank was asked %d times", n)
		}
		w.Exec("ALTER TABLE calls_gone RENAME TO calls") // the end would wait for it
	})
}
