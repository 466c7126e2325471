package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

// What changes while a visit, or one of its calls, is under way.

func TestNoReplyLeavesThatWasForbiddenWhileTheBankWorkedOnIt(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		for _, tc := range []struct {
			name, reason string
			stop         func(p *apptest.Page) (undo func())
		}{
			{"the AT was revoked", "visit_ended", func(p *apptest.Page) func() {
				expectError(t, revoke(w, apptest.Travel, p.AT), 200, "")
				return func() {}
			}},
			{"the partner was suspended", "application_not_active", func(*apptest.Page) func() {
				setPartner(w, "p_travel", models.Suspended)
				return func() { setPartner(w, "p_travel", models.Active) }
			}},
			{"calls were frozen", "frozen", func(*apptest.Page) func() {
				return freeze(w, "application", apptest.Travel, models.FreezeCall)
			}},
			{"the grant ended", "no_rule", func(*apptest.Page) func() {
				endGrant(w, "g1", "loan.offer:read", w.Clock.Now().UnixMilli())
				return func() { endGrant(w, "g1", "loan.offer:read", 0) }
			}},
			{"the feed fell silent", "feed_stale", func(*apptest.Page) func() { return stale(w) }},
			{"the epoch was raised", "epoch", func(*apptest.Page) func() {
				setApplication(w, apptest.Travel, func(a *models.Application) { a.Epoch++ })
				return func() {}
			}},
		} {
			t.Run(tc.name, func(t *testing.T) {
				p := w.NewVisit(apptest.Travel, nil)
				undo := func() {}
				w.Bank.Answer(func(rw http.ResponseWriter, _ *http.Request) {
					undo = tc.stop(p)
					rw.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(rw, apptest.Offers)
				})
				a := p.Get("/loans/offers")
				undo()
				expect(t, a, 502, "upstream_unavailable", sealed)
				if strings.Contains(string(a.Plain), "186000") {
					t.Errorf("the answer holds the bank's data: %s", a.Plain)
				}
				w.Restart()
				if n := w.Count("calls WHERE vid = '" + p.Visit.VID + "' AND code = 'upstream_unavailable' AND reason = '" + tc.reason + "'"); n != 1 {
					t.Errorf("%d calls on record with reason %s", n, tc.reason)
				}
			})
		}
	})
}

func TestAScopeFrozenMeanwhileIsNotInAVTThatIsAnsweredAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewPage(w.AT(apptest.Travel, nil))
	body := p.Exchange(nil)
	if a := p.TryExchange(body); a.HTTP != 200 || !strings.Contains(string(a.Plain), "loan:apply") {
		t.Fatalf("the first answer: %d %s", a.HTTP, a.Plain)
	}
	freeze(w, "scope", "loan:apply", models.FreezeVT)
	if a := p.TryExchange(body); a.HTTP != 200 || strings.Contains(string(a.Plain), "loan:apply") {
		t.Errorf("the second answer: %d %s", a.HTTP, a.Plain)
	}
}

func TestAScopeWhoseGrantEndedIsNotToldToTheBank(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		unspent := w.AT(apptest.Travel, nil)
		told := func() string {
			expect(t, p.Get("/loans/offers"), 200, "", sealed)
			seen := w.Bank.Seen()
			return w.ReadAssertion(seen[len(seen)-1].Header.Get("Postern-Assertion")).Scope
		}
		if scope := told(); !strings.Contains(scope, "loan:apply") {
			t.Fatalf("before: %q", scope)
		}
		endGrant(w, "g3", "loan:apply", w.Clock.Now().UnixMilli())
		if scope := told(); strings.Contains(scope, "loan:apply") || !strings.Contains(scope, "loan.offer:read") {
			t.Errorf("the assertion names %q", scope)
		}
		for name, token := range map[string]string{"VT": p.Visit.VT, "AT": unspent} {
			rec := introspect(w, apptest.Service, apptest.Secret, token)
			if body := rec.Body.String(); !strings.Contains(body, `"active":true`) || strings.Contains(body, "loan:apply") {
				t.Errorf("introspection of the %s: %s", name, body)
			}
		}
	})
}

func TestAJTIOfAReadIsNoneOfAWriteAndTheOtherWayRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	for _, order := range [][2][2]string{
		{{"POST", "/loans/applications"}, {"GET", "/loans/offers"}},
		{{"GET", "/loans/offers"}, {"POST", "/loans/applications"}},
	} {
		first, second := p.Plain(order[0][0], order[0][1]), p.Plain(order[1][0], order[1][1])
		second["jti"] = first["jti"]
		expect(t, p.Call(first), 200, "", sealed)
		expect(t, p.Call(second), 409, "replayed", sealed)
	}
	write := p.Plain("POST", "/loans/applications")
	expect(t, p.Call(write), 200, "", sealed)
	renewal := p.ExchangePlain()
	renewal["jti"] = write["jti"]
	expect(t, p.Send("/gateway/v1/visit-tokens/renew", "renew+jwe", renewal), 409, "replayed", sealed)
	if n := len(w.Bank.Seen()); n != 3 {
		t.Errorf("the bank was asked %d times, want 3", n)
	}
}

func TestWhatNoSignInWouldHelpIsSaidFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(func(s *apptest.Seed) {
		s.Routes = append(s.Routes, models.Route{
			ID: "both", ServiceID: apptest.Service, Method: "GET", Pattern: "/users/{user}/customers/{customer}",
			Resource: "loan.offer", Action: "read", Bindings: map[string]string{"user": "{sub}", "customer": "{customer}"},
		})
	}))
	p := w.NewVisit(apptest.Travel, url.Values{"subject": {"u1"}})
	for range 20 { // a map has no order
		expect(t, p.Get("/users/other/customers/x"), 403, "scope_denied", sealed)
		expect(t, p.Get("/users/u1/customers/x"), 403, "customer_required", sealed)
		w.Later(time.Second)
	}
}

func TestAReplyThatItsMasksLengthenLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(func(s *apptest.Seed) {
		for _, mask := range []string{"amount", "phone", "id_number", "name", "card", "email", "address"} {
			s.Fields = append(s.Fields, models.ScopeField{
				ScopeID: "loan.offer:read", Resource: "loan.offer", Action: "read",
				Path: mask + ".*", Class: "C2", Treatment: "mask", Mask: mask,
			})
		}
	}))
	p := w.NewVisit(apptest.Travel, nil)
	for _, mask := range []string{"amount", "phone", "id_number", "name", "card", "email", "address"} {
		for _, value := range []string{`0`, `""`, `"x"`} {
			w.Bank.Answer(answering(200, "application/json", `{"`+mask+`":[`+value+strings.Repeat(","+value, 9999)+`]}`))
			expect(t, p.Get("/loans/offers"), 200, "", sealed)
			w.Later(time.Second)
		}
	}
}

func TestAServiceWithAFieldRuleThatNobodyCouldApplyAsksTheBankNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	w.Write(func(tx *store.Tx, now int64) error {
		scope := models.Scope{ID: "loan:apply", ServiceID: apptest.Service}
		return tx.SetScopeFields(scope, []models.ScopeField{
			{ScopeID: "loan:apply", Resource: "loan", Action: "apply", Path: "x", Treatment: "mask", Mask: "no-such-mask"},
		}, now)
	})
	expect(t, p.Call(p.Plain("POST", "/loans/applications")), 503, "unavailable", sealed)
	if n := len(w.Bank.Seen()); n != 0 {
		t.Errorf("the bank was asked %d times", n)
	}
}

func TestARefusedRevocationUsesTheAssertionUp(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		for name, token := range map[string][]string{"a JWE": {"a.b.c.d.e"}, "no token": nil} {
			t.Run(name, func(t *testing.T) {
				form := w.TokenForm(apptest.Travel)
				refused := url.Values{"client_assertion_type": form["client_assertion_type"], "client_assertion": form["client_assertion"], "token": token}
				if rec := w.PostForm("/oauth/revoke", refused); rec.Code != 400 {
					t.Fatalf("the revocation: %d %s", rec.Code, rec.Body)
				}
				expectError(t, w.PostForm("/oauth/token", form), 401, "invalid_client")
			})
		}
	})
}

func TestSeveralOriginsAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	r := p.Request(calls, p.Seal("call+jwe", p.Plain("GET", "/loans/offers")))
	r.Header["Origin"] = []string{apptest.Origin, "https://evil.example"}
	rec := w.Do(r)
	expect(t, p.OpenReply(rec), 403, "origin_denied", sealed)
	if got := rec.Header().Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("Access-Control-Allow-Origin %q", got)
	}
}

func TestMediaTypesIgnoreCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	r := p.Request(calls, p.Seal("call+jwe", p.Plain("GET", "/loans/offers")))
	r.Header.Set("Content-Type", "Application/JOSE; charset=utf-8")
	expect(t, p.OpenReply(w.Do(r)), 200, "", sealed)
}

func TestUnfinishedCallsOfOneVTKeepNobodyElseOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	slow, other := w.NewVisit(apptest.Travel, nil), w.NewVisit(apptest.Travel, nil)
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	statuses := make(chan int, 20)
	var open []*io.PipeWriter
	for range 20 { // one VT's share is 16 MiB
		body, writer := io.Pipe()
		open = append(open, writer)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+calls, body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = 1 << 20
		r.Header = slow.Request(calls, nil).Header
		go func() {
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				statuses <- 0
				return
			}
			res.Body.Close()
			statuses <- res.StatusCode
		}()
	}
	for range 4 {
		if status := <-statuses; status != 503 {
			t.Errorf("a call beyond the share got %d", status)
		}
	}
	expect(t, other.Get("/loans/offers"), 200, "", sealed)
	expect(t, slow.Get("/loans/offers"), 503, "unavailable", inClear)
	for _, writer := range open {
		_ = writer.CloseWithError(io.ErrUnexpectedEOF)
	}
}
