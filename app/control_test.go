package app_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/keyring"
	"postern/app/limit"
	"postern/models"
)

func TestASigningKeyIsPublishedBeforeItsUse(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		oldAT := w.AT(apptest.Travel, nil)
		old, _ := w.Header(oldAT)["kid"].(string)
		fresh := w.Rotate(models.SigningKey)
		rotated := w.Clock.Now()
		steps := []struct {
			name       string
			at         time.Duration
			signs      string
			publishOld bool
		}{
			{"at once the new key is published and the old one signs", 0, old, true},
			{"so it is after 300 s", 300 * time.Second, old, true},
			{"when every page can know it the new key signs", keyring.PublishBefore, fresh, true},
			{"the old key is published 660 s longer", keyring.PublishBefore + 660*time.Second, fresh, true},
			{"and not much after that", keyring.PublishBefore + keyring.PublishAfter, fresh, false},
		}
		for _, step := range steps {
			t.Run(step.name, func(t *testing.T) {
				w.Later(rotated.Add(step.at).Sub(w.Clock.Now()))
				if kid := w.Header(w.AT(apptest.Travel, nil))["kid"]; kid != step.signs {
					t.Errorf("%v signs, want %s", kid, step.signs)
				}
				kids := w.KeyIDs(apptest.SignatureUse)
				if !slices.Contains(kids, fresh) || slices.Contains(kids, old) != step.publishOld {
					t.Errorf("published %v; old %s, new %s", kids, old, fresh)
				}
				if _, err := w.ReadAT(oldAT); (err == nil) != step.publishOld {
					t.Errorf("an AT of the old key: %v", err)
				}
			})
		}
	})
}

func TestAnAKOpensUntilItsATsAreGone(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		setApplication(w, apptest.Travel, func(a *models.Application) { a.ATLifetime = 600 })
		fresh := w.Rotate(models.ApplicationKey)
		w.Later(keyring.PublishBefore - time.Second)
		last := w.NewPage(w.AT(apptest.Travel, nil)) // the last one for the old AK
		body := last.Exchange(nil)
		if !slices.Contains(w.KeyIDs(apptest.EncryptionUse), fresh) || strings.Contains(string(w.Claims(last.AT).AK), fresh) {
			t.Error("the new AK is not published, or used already")
		}
		w.Later(time.Second)
		if !strings.Contains(string(w.Claims(w.AT(apptest.Travel, nil)).AK), fresh) {
			t.Error("the new AK is not used when its time has come")
		}
		w.Later(598 * time.Second)
		expect(t, last.TryExchange(body), 200, "", sealed)
		expect(t, last.TryExchange(body), 200, "", sealed)
		w.Later(keyring.PublishAfter - 598*time.Second) // after the old AK's last use
		expect(t, last.TryExchange(body), 400, "bad_envelope", inClear)
	})
}

func TestWhatACompromisedKeySignedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	signer := func() any {
		t.Helper()
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		seen := w.Bank.Seen()
		return w.Header(seen[len(seen)-1].Header.Get("Postern-Assertion"))["kid"]
	}
	old := signer()
	if signer() != old {
		t.Fatal("the key moved by itself")
	}
	fresh, err := w.Ring().Replace(t.Context(), keyring.KindOf(models.SigningKey, models.Production))
	if err != nil {
		t.Fatal(err)
	}
	w.Refresh()
	if got := signer(); got != fresh.KID {
		t.Errorf("the assertion is signed by %v, want %s", got, fresh.KID)
	}
}

func TestATicketKeyIsRotatedUnderOpenVisits(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		w.Rotate(models.TicketKey)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		w.Later(keyring.PublishBefore)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		fresh := renewed(t, p)
		if fresh.Visit.VT[:13] == p.Visit.VT[:13] {
			t.Error("the new ticket is under the old key")
		}
		expect(t, fresh.Get("/loans/offers"), 200, "", sealed)
	})
}

// stale makes the node's feed of changes older than it may be, while the rest
// of the database works; heal ends it.
func stale(w *apptest.World) (heal func()) {
	w.Exec("ALTER TABLE changes RENAME TO changes_away")
	w.Clock.Add(5*time.Second + time.Millisecond)
	return func() {
		w.Exec("ALTER TABLE changes_away RENAME TO changes")
		w.Refresh()
	}
}

func TestANodeWithAStaleFeedDecidesNothing(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p, page := w.NewVisit(apptest.Travel, nil), w.NewPage(w.AT(apptest.Travel, nil))
		heal := stale(w)
		expect(t, page.TryOpen(), 503, "unavailable", sealed)
		form := w.TokenForm(apptest.Travel)
		expectError(t, w.PostForm("/oauth/token", form), 503, "temporarily_unavailable")
		plain := p.Plain("POST", "/loans/applications")
		expect(t, p.Call(plain), 503, "unavailable", sealed)
		expect(t, renew(p), 503, "unavailable", sealed)
		expectError(t, introspect(w, apptest.Service, apptest.Secret, p.Visit.VT), 503, "temporarily_unavailable")
		if rec := w.Internal(httptest.NewRequest(http.MethodGet, "/readyz", nil)); rec.Code != 503 {
			t.Errorf("/readyz says %d", rec.Code)
		}
		if n := len(w.Bank.Seen()); n != 0 {
			t.Errorf("the bank was asked %d times", n)
		}
		heal()
		expect(t, page.TryOpen(), 200, "", sealed) // nothing was spent
		expectError(t, w.PostForm("/oauth/token", form), 200, "")
		expect(t, p.Call(plain), 200, "", sealed) // nor used up
		if rec := w.Internal(httptest.NewRequest(http.MethodGet, "/readyz", nil)); rec.Code != 200 {
			t.Errorf("/readyz says %d", rec.Code)
		}
	})
}

func TestAFeedOfFiveSecondsIsFresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	heal := stale(w)
	w.Clock.Add(-time.Millisecond)
	expect(t, p.Get("/loans/offers"), 200, "", sealed)
	heal()
}

func TestALedgerThatCannotWrite(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		broken := func(table string, test func()) {
			w.Exec("ALTER TABLE " + table + " RENAME TO " + table + "_away")
			test()
			w.Exec("ALTER TABLE " + table + "_away RENAME TO " + table)
		}
		p, page := w.NewVisit(apptest.Travel, nil), w.NewPage(w.AT(apptest.Travel, nil))
		form, write, closing := w.TokenForm(apptest.Travel), p.Plain("POST", "/loans/applications"), p.ExchangePlain()
		issued := w.Count("at_rows")
		broken("at_rows", func() {
			rec := w.PostForm("/oauth/token", form)
			expectError(t, rec, 503, "temporarily_unavailable")
			if strings.Contains(rec.Body.String(), "access_token") || strings.Contains(rec.Body.String(), "at_rows") {
				t.Errorf("the answer was %s", rec.Body)
			}
			expect(t, page.TryOpen(), 503, "unavailable", sealed)
		})
		broken("visits", func() {
			expect(t, page.TryOpen(), 503, "unavailable", sealed)
			expect(t, p.Send(closings, "close+jwe", closing), 503, "unavailable", sealed)
		})
		broken("write_calls", func() { expect(t, p.Call(write), 503, "unavailable", sealed) })
		broken("events", func() {
			expectError(t, w.PostForm("/oauth/token", form), 503, "temporarily_unavailable")
			expect(t, page.TryOpen(), 503, "unavailable", sealed)
			expect(t, renew(p), 503, "unavailable", sealed)
		})
		if w.Count("at_rows") != issued || w.Count("visits") != 1 || len(w.Bank.Seen()) != 0 {
			t.Error("something was issued or forwarded")
		}
		expectError(t, w.PostForm("/oauth/token", form), 200, "") // the assertion was not used up
		expect(t, page.TryOpen(), 200, "", sealed)
		expect(t, p.Call(write), 200, "", sealed)
	})
}

func TestAStoreThatIsGone(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p, page := w.NewVisit(apptest.Travel, nil), w.NewPage(w.AT(apptest.Travel, nil))
		body, form := page.Exchange(nil), w.TokenForm(apptest.Travel)
		if err := w.App.Store().Close(); err != nil {
			t.Fatal(err)
		}
		expectError(t, w.PostForm("/oauth/token", form), 503, "temporarily_unavailable")
		expect(t, page.TryExchange(body), 503, "unavailable", sealed)
		expect(t, p.Call(p.Plain("POST", "/loans/applications")), 503, "unavailable", sealed)
		expectError(t, introspect(w, apptest.Service, apptest.Secret, page.AT), 503, "temporarily_unavailable")
		expectError(t, revokeWith(w, form, page.AT), 503, "temporarily_unavailable")
		if rec := w.Internal(httptest.NewRequest(http.MethodGet, "/readyz", nil)); rec.Code != 503 {
			t.Errorf("/readyz says %d", rec.Code)
		}
		if n := len(w.Bank.Seen()); n != 0 {
			t.Errorf("the bank was asked %d times", n)
		}
		w.Abandon()
		w.Open()
		expect(t, page.TryExchange(body), 200, "", sealed)
	})
}

func revokeWith(w *apptest.World, form map[string][]string, token string) *httptest.ResponseRecorder {
	form["token"] = []string{token}
	return w.PostForm("/oauth/revoke", form)
}

func TestAClockSetBackIssuesNothing(t *testing.T) {
	t.Parallel()
	// Without a rate of ATs: a bucket counts as empty when time goes back.
	each(t, apptest.Options{Config: func(c *app.Config) { c.Rates.Call = limit.Rate{PerSecond: 1, Burst: 1} }}, func(t *testing.T, w *apptest.World) {
		w.Later(time.Hour)
		w.AT(apptest.Travel, nil)
		w.Later(-60 * time.Second)
		w.AT(apptest.Travel, nil)
		w.Later(-time.Second)
		expectError(t, w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)), 503, "temporarily_unavailable")
		w.Restart() // the ledger remembers
		expectError(t, w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)), 503, "temporarily_unavailable")
		w.Later(time.Second)
		w.AT(apptest.Travel, nil)
	})
}

func TestFreezesOfStepB(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		ask := func(scope string) *httptest.ResponseRecorder {
			return w.PostForm("/oauth/token", withScope(w, scope))
		}
		for _, tc := range []struct {
			name      string
			kind      models.FreezeTarget
			id, scope string
			what      models.FreezeScope
			wantHTTP  int
			wantCode  string
		}{
			{"a frozen partner", "partner", "p_travel", "", models.FreezeAT, 401, "invalid_client"},
			{"a wholly frozen application", "application", apptest.Travel, "", models.FreezeAll, 401, "invalid_client"},
			{"a frozen service", "service", apptest.Service, "", models.FreezeAT, 400, "invalid_target"},
			{"a frozen scope that is asked for", "scope", "me:read", "me:read", models.FreezeAT, 400, "invalid_scope"},
			{"a frozen scope that is not", "scope", "me:read", "loan:apply", models.FreezeAT, 200, ""},
			{"a freeze of calls alone", "partner", "p_travel", "", models.FreezeCall, 200, ""},
			{"somebody else's freeze", "partner", "p_rent", "", models.FreezeAll, 200, ""},
		} {
			t.Run(tc.name, func(t *testing.T) {
				thaw := freeze(w, tc.kind, tc.id, tc.what)
				rec := ask(tc.scope)
				thaw()
				expectError(t, rec, tc.wantHTTP, tc.wantCode)
				expectError(t, ask(tc.scope), 200, "")
			})
		}
		t.Run("a frozen scope is not among the defaults", func(t *testing.T) {
			defer freeze(w, "scope", "me:read", models.FreezeAT)()
			if s := w.Claims(w.AT(apptest.Travel, nil)).Scope; strings.Contains(s, "me:read") {
				t.Errorf("scope %q", s)
			}
		})
		t.Run("a suspended service is no target", func(t *testing.T) {
			setService(w, func(s *models.Service) { s.Status = models.Suspended })
			expectError(t, ask(""), 400, "invalid_target")
		})
	})
}

func TestChangesReachOtherNodesThroughTheDatabase(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		other := w.Node()
		p := w.NewVisit(apptest.Travel, nil)
		elsewhere := *p
		elsewhere.W = other
		expect(t, elsewhere.Get("/loans/offers"), 200, "", sealed)
		for _, tc := range []struct {
			name string
			stop func()
			http int
			code string
		}{
			{"a suspension", func() { setPartner(w, "p_travel", models.Suspended) }, 403, "not_active"},
			{"its end", func() { setPartner(w, "p_travel", models.Active) }, 200, ""},
			{"a grant's end", func() { endGrant(w, "g1", "loan.offer:read", w.Clock.Now().UnixMilli()) }, 403, "scope_denied"},
			{"an epoch", func() { setApplication(w, apptest.Travel, func(a *models.Application) { a.Epoch = 1 }) }, 401, "invalid_vt"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				tc.stop()
				other.Refresh()
				expect(t, elsewhere.Get("/loans/offers"), tc.http, tc.code, sealed)
			})
		}
	})
}

func TestWhatAnotherNodeDidToAnATIsSaidBeforeWhatRefusesItHere(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		other := w.Node()
		page := w.NewPage(w.AT(apptest.Travel, nil)) // the issuing node remembers the AT
		page.Origin = "https://evil.example"
		expect(t, page.TryOpen(), 403, "origin_denied", sealed)
		expectError(t, revoke(other, apptest.Travel, page.AT), 200, "")
		expect(t, page.TryOpen(), 401, "invalid_at", sealed)
		page.Origin = apptest.Origin
		expect(t, page.TryOpen(), 401, "invalid_at", sealed)
	})
}

func TestACallSaysWhatTheNodeKnewWhenItDecided(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		setApplication(w, apptest.Travel, func(a *models.Application) { a.DailyQuota = 7 })
		expect(t, p.Get("/nothing"), 404, "no_route", sealed) // decided by no policy
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		w.Restart()
		if n := w.Count("calls WHERE status = 200 AND policy_version = (SELECT max(seq) FROM changes)"); n != 1 {
			t.Errorf("%d calls know of the change, want the last", n)
		}
		if n := w.Count("calls WHERE status = 200 AND policy_version > 0 AND policy_version < (SELECT max(seq) FROM changes)"); n != 1 {
			t.Errorf("%d calls were decided before the change, want the first", n)
		}
	})
}
