package app_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/limit"
	"postern/app/store"
	"postern/models"
)

// from sends step B from an address of the test's choice; httptest's own is 192.0.2.1.
func from(w *apptest.World, client, forwarded string) *httptest.ResponseRecorder {
	r := newTokenRequest(w.TokenForm(client))
	if forwarded != "" {
		r.header.Set("X-Forwarded-For", forwarded)
		r.header.Set("X-Real-Ip", forwarded)
		r.header.Set("Forwarded", "for="+forwarded)
	}
	return r.send(w)
}

func TestAddressLists(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		trusted   string
		forwarded string
		want      int
	}{
		{"a peer outside the list is refused", "", "", 401},
		{"what a stranger says of itself is ignored", "", "198.51.100.7", 401},
		{"a trusted proxy is believed", "192.0.2.0/24", "198.51.100.7", 200},
		{"a trusted proxy's IPv6 is believed", "192.0.2.0/24", "2001:db8::7", 200},
		{"a trusted proxy that names an address outside is believed too", "192.0.2.0/24", "203.0.113.9", 401},
		{"what a client put before a trusted proxy's word is ignored", "192.0.2.0/24", "198.51.100.7, 203.0.113.9", 401},
		{"a trusted proxy that names nobody is itself the peer", "192.0.2.0/24", "", 401},
		{"a proxy that is not on the list is not believed", "203.0.113.0/24", "198.51.100.7", 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, apptest.Options{Seed: tokenSeed, Config: func(c *app.Config) {
				if tc.trusted != "" {
					c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(tc.trusted)}
				}
			}})
			if rec := from(w, listedApp, tc.forwarded); rec.Code != tc.want {
				t.Errorf("%d %s, want %d", rec.Code, rec.Body, tc.want)
			}
		})
	}
}

func TestAnAddressListInDryRunIsPutOnRecord(t *testing.T) {
	t.Parallel()
	each(t, seeded(tokenSeed), func(t *testing.T, w *apptest.World) {
		setApplication(w, listedApp, func(a *models.Application) { a.AddressMode = models.AddressDryRun })
		expectError(t, from(w, listedApp, ""), 200, "")
		events := w.Events("at.issued")
		if len(events) != 1 || events[0].Detail["address"] != "outside the list" {
			t.Errorf("events %+v", events)
		}
	})
}

func TestDailyQuota(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		setApplication(w, apptest.Travel, func(a *models.Application) { a.DailyQuota = 2 })
		w.AT(apptest.Travel, nil)
		w.Restart() // the count is not in memory
		w.AT(apptest.Travel, nil)
		issued := w.Count("at_rows")
		rec := w.PostForm("/oauth/token", w.TokenForm(apptest.Travel))
		expectError(t, rec, http.StatusTooManyRequests, "rate_limited")
		// The clock stands at 18:05:11 in Shanghai.
		if wait := rec.Header().Get("Retry-After"); wait != strconv.Itoa(5*3600+54*60+49) {
			t.Errorf("Retry-After is %s, want the time to midnight in the bank's zone", wait)
		}
		if w.Count("at_rows") != issued {
			t.Error("an AT over the quota was put on record")
		}
		w.AT(apptest.Rent, nil) // somebody else's quota is his own

		w.Later(5*time.Hour + 54*time.Minute + 48*time.Second)
		expectError(t, w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)), http.StatusTooManyRequests, "rate_limited")
		w.Later(time.Second)
		w.AT(apptest.Travel, nil)
	})
}

func TestRateOfATs(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		setApplication(w, apptest.Travel, func(a *models.Application) { a.ATRate = 1 })
		w.AT(apptest.Travel, nil)
		w.AT(apptest.Travel, nil)
		rec := w.PostForm("/oauth/token", w.TokenForm(apptest.Travel))
		expectError(t, rec, http.StatusTooManyRequests, "rate_limited")
		if rec.Header().Get("Retry-After") != "1" {
			t.Errorf("Retry-After is %q", rec.Header().Get("Retry-After"))
		}
		w.AT(apptest.Rent, nil) // an application's bucket is its own
		w.Later(time.Second)
		w.AT(apptest.Travel, nil)
	})
}

func TestRateOfVisits(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		setApplication(w, apptest.Travel, func(a *models.Application) { a.VTRate = 1 })
		for range 2 {
			w.NewVisit(apptest.Travel, nil)
		}
		p := w.NewPage(w.AT(apptest.Travel, nil))
		expectWait(t, p.TryOpen(), 1)
		w.Later(time.Second)
		p.Open() // the refusal spent nothing
	})
}

func TestRateOfCalls(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		setApplication(w, apptest.Travel, func(a *models.Application) { a.CallRate = 1 })
		p := w.NewVisit(apptest.Travel, nil)
		for range 2 {
			expect(t, p.Get("/loans/offers"), 200, "", sealed)
		}
		call := p.Plain("GET", "/loans/offers")
		expectWait(t, p.Call(call), 1)
		if n := len(w.Bank.Seen()); n != 2 {
			t.Errorf("the bank saw %d calls", n)
		}
		w.Later(time.Second)
		expect(t, p.Call(call), 200, "", sealed) // the refused jti is not used up
	})
}

// visitRate leaves every rate unlimited but that of one visit.
func visitRate(c *app.Config) { c.Rates.Visit = limit.Rate{PerSecond: 1, Burst: 2} }

func TestRateOfOneVisitsCalls(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{Config: visitRate}, func(t *testing.T, w *apptest.World) {
		p, other := w.NewVisit(apptest.Travel, nil), w.NewVisit(apptest.Travel, nil)
		for range 2 {
			expect(t, p.Get("/loans/offers"), 200, "", sealed)
		}
		call := p.Plain("GET", "/loans/offers")
		expectWait(t, p.Call(call), 1)
		expect(t, other.Get("/loans/offers"), 200, "", sealed) // one visitor takes nothing from the partner's others
		if n := len(w.Bank.Seen()); n != 3 {
			t.Errorf("the bank saw %d calls", n)
		}
		w.Later(time.Second)
		expect(t, p.Call(call), 200, "", sealed) // the refused jti is not used up
		w.Close()
		if n := w.Count("calls WHERE code = 'rate_limited' AND reason = 'rate_visit'"); n != 1 {
			t.Errorf("%d calls over the visit's rate on record", n)
		}
	})
}

func TestRateOfOneVisitsRenewals(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{Config: visitRate}, func(t *testing.T, w *apptest.World) {
		p, other := w.NewVisit(apptest.Travel, nil), w.NewVisit(apptest.Travel, nil)
		fresh := renewed(t, renewed(t, p))
		plain := fresh.ExchangePlain()
		expectWait(t, fresh.Send(renewals, "renew+jwe", plain), 1)
		expectWait(t, renew(p), 1) // a fresh ticket brings no fresh bucket, and the old one has none of its own
		expect(t, renew(other), 200, "", sealed)
		w.Later(time.Second)
		expect(t, fresh.Send(renewals, "renew+jwe", plain), 200, "", sealed)
		if list := w.Events("vt.renewal_refused"); len(list) != 2 || list[0].Reason != "rate_visit" {
			t.Errorf("refusals on record %+v", list)
		}
	})
}

func TestRateOfOneSpentAT(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{Config: visitRate}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil) // the spend itself is the application's to limit
		body := p.Exchange(nil)
		for range 2 {
			expect(t, p.TryExchange(body), 200, "", sealed)
		}
		expectWait(t, p.TryExchange(body), 1)
		w.NewVisit(apptest.Travel, nil)
		w.Later(time.Second)
		expect(t, p.TryExchange(body), 200, "", sealed)
		if list := w.Events("vt.refused"); len(list) != 1 || list[0].Reason != "rate_visit" || list[0].VID != p.Visit.VID {
			t.Errorf("refusals on record %+v", list)
		}
	})
}

// expectWait is a sealed rate_limited with its wait inside and in the header.
func expectWait(t *testing.T, a apptest.Answer, seconds int64) {
	t.Helper()
	expect(t, a, http.StatusTooManyRequests, "rate_limited", sealed)
	if p := readProblem(t, a.Plain); p.RetryAfter != seconds || a.Head.Get("Retry-After") != strconv.FormatInt(seconds, 10) {
		t.Errorf("wait is %d inside and %q outside", p.RetryAfter, a.Head.Get("Retry-After"))
	}
}

func TestAnAddressThatFailsTooOften(t *testing.T) {
	t.Parallel()
	few := apptest.Options{Config: func(c *app.Config) { c.FailureRate = limit.Rate{PerSecond: 1, Burst: 3} }}
	for _, tc := range []struct {
		name string
		fail func(w *apptest.World)
	}{
		{"at the token endpoint", func(w *apptest.World) { w.PostForm("/oauth/token", w.TokenForm("app_nobody")) }},
		{"at introspection", func(w *apptest.World) { w.PostForm("/oauth/introspect", map[string][]string{"token": {"x"}}) }},
		{"at step D", func(w *apptest.World) { (&apptest.Page{W: w, Origin: apptest.Origin}).TryExchange([]byte("x")) }},
		{"at step G", func(w *apptest.World) {
			(&apptest.Page{W: w, Visit: apptest.Visit{VT: "x"}}).Post("/gateway/v1/calls", []byte("x"))
		}},
		{"with ATs that nobody issued", func(w *apptest.World) {
			p := w.NewPage(w.AT(apptest.Travel, nil))
			plain := p.ExchangePlain()
			plain["at"] = p.AT + "x"
			expect(t, p.TryExchange(p.Exchange(plain)), 401, "invalid_at", sealed)
		}},
		{"with ATs that others have spent", func(w *apptest.World) {
			expect(t, w.NewPage(w.NewVisit(apptest.Travel, nil).AT).TryOpen(), 409, "at_spent", sealed)
		}},
		{"from ever new addresses that nobody vouches for", func(w *apptest.World) { from(w, "app_nobody", "198.51.100."+apptest.NewID()[:2]) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, few)
			p := w.NewVisit(apptest.Travel, nil)
			for range 3 {
				tc.fail(w)
			}
			expectError(t, w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)), http.StatusTooManyRequests, "rate_limited")
			a := p.Get("/loans/offers")
			expect(t, a, http.StatusTooManyRequests, "rate_limited", inClear)
			if a.Head.Get("Retry-After") != "1" || readProblem(t, a.Plain).RetryAfter != 1 || readProblem(t, a.Plain).JTI != "" {
				t.Errorf("wait: %v %s", a.Head, a.Plain)
			}
			w.Later(time.Second)
			expect(t, p.Get("/loans/offers"), 200, "", sealed)
		})
	}
}

func TestSuccessCostsAnAddressNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{Config: func(c *app.Config) { c.FailureRate = limit.Rate{PerSecond: 1, Burst: 1} }})
	p := w.NewVisit(apptest.Travel, nil)
	for range 10 {
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
	}
	expect(t, p.Get("/nothing"), 404, "no_route", sealed) // nor does a page that asks for too much
	expect(t, p.Get("/loans/offers"), 200, "", sealed)
}

func TestWhatHappensToHonestPagesCostsTheirAddressNothing(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{Config: func(c *app.Config) { c.FailureRate = limit.Rate{PerSecond: 1e-6, Burst: 1} }}, func(t *testing.T, w *apptest.World) {
		p, late := w.NewVisit(apptest.Travel, nil), w.NewPage(w.AT(apptest.Travel, nil))
		closed := w.NewVisit(apptest.Travel, nil)
		expect(t, closed.Send(closings, "close+jwe", closed.ExchangePlain()), 200, "", sealed)
		expect(t, closed.TryOpen(), 409, "at_spent", sealed) // its own R
		call := p.Plain("GET", "/loans/offers")
		expect(t, p.Call(call), 200, "", sealed)
		expect(t, p.Call(call), 409, "replayed", sealed)
		delete(call, "jti")
		expect(t, p.Call(call), 400, "bad_envelope", sealed) // whoever seals has the key
		w.Later(1000 * time.Second)
		expect(t, late.TryOpen(), 401, "invalid_at", sealed)
		expect(t, p.Get("/loans/offers"), 401, "invalid_vt", sealed)
		expect(t, w.NewVisit(apptest.Travel, nil).Get("/loans/offers"), 200, "", sealed)
	})
}

func TestTheSizeOfACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	padded := func(octets int) map[string]any {
		c := p.Plain("GET", "/loans/offers")
		c["pad"] = strings.Repeat("p", octets)
		return c
	}
	expect(t, p.Call(padded(700<<10)), 200, "", sealed)
	expect(t, p.Call(padded(800<<10)), 413, "too_large", inClear) // a third more when sealed
	setService(w, func(s *models.Service) { s.MaxBody = 4096 })
	expect(t, p.Call(padded(2000)), 200, "", sealed)
	expect(t, p.Call(padded(4000)), 413, "too_large", inClear)
	setService(w, func(s *models.Service) { s.MaxBody = 2 << 20 })
	expect(t, p.Call(padded(1<<20)), 200, "", sealed)

	// A body that does not say how long it is is cut all the same.
	r := httptest.NewRequest(http.MethodPost, "/gateway/v1/visit-tokens", strings.NewReader(strings.Repeat("x", 16<<10+1)))
	r.Header.Set("Content-Type", "application/jose")
	r.ContentLength = -1
	expect(t, p.OpenExchange(w.Do(r)), 413, "too_large", inClear)
}

// held stops the ledger's writer from outside: whoever waits for a record to be
// on disk waits on, and records queue up. release lets it go on.
func held(t *testing.T, w *apptest.World) (release func()) {
	t.Helper()
	db := w.Database()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec := func(statement string) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if w.Config.Store.Driver == string(store.SQLite) {
		exec("BEGIN IMMEDIATE")
	} else {
		exec("BEGIN")
		exec("LOCK TABLE calls, events IN ACCESS EXCLUSIVE MODE")
	}
	return func() {
		t.Helper()
		exec("ROLLBACK")
		_ = conn.Close() // the database below says more
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The ledger's queue, and what its writer may have taken out of it already.
const (
	ledgerQueue = 8192
	ledgerGroup = 256
)

// TestRefusalsFillHalfOfTheLedgersQueueAtMost: the other half is kept for calls
// that are let through, so that no flood of refusals stops them.
func TestRefusalsFillHalfOfTheLedgersQueueAtMost(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, onRecord string
		flood          func(w *apptest.World) (send func() int, status int)
	}{
		{"of calls", "calls WHERE code = 'no_route'", func(w *apptest.World) (func() int, int) {
			p := w.NewVisit(apptest.Travel, nil)
			body := p.Seal("call+jwe", p.Plain("GET", "/nothing")) // no jti is used up for a route that is not there
			return func() int { return p.Post(calls, body).Code }, 404
		}},
		{"of strangers", "events WHERE kind = 'vt.refused'", func(w *apptest.World) (func() int, int) {
			p := &apptest.Page{W: w, Origin: apptest.Origin}
			return func() int { return p.Post("/gateway/v1/visit-tokens", []byte("x")).Code }, 400
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			each(t, apptest.Options{Config: unlimited}, func(t *testing.T, w *apptest.World) {
				p := w.NewVisit(apptest.Travel, nil)
				send, status := tc.flood(w)
				release := held(t, w)
				for range ledgerQueue/2 + 2*ledgerGroup {
					if got := send(); got != status {
						t.Fatalf("status %d, want %d", got, status)
					}
				}
				for range 3 {
					expect(t, p.Get("/loans/offers"), 200, "", sealed)
				}
				w.Bank.Answer(hijack(nobody))
				expect(t, p.Get("/loans/offers"), 502, "upstream_unavailable", sealed) // the bank was asked
				release()
				w.Close()
				if n := w.Count(tc.onRecord); n < ledgerQueue/2 || n > ledgerQueue/2+ledgerGroup {
					t.Errorf("%d refusals on record, want half of the queue's %d", n, ledgerQueue)
				}
				if n := w.Count("calls WHERE status = 200 OR code = 'upstream_unavailable'"); n != 4 {
					t.Errorf("%d calls that were let through on record, want 4", n)
				}
			})
		})
	}
}

// unlimited leaves every rate unlimited but one that no test reaches.
func unlimited(c *app.Config) { c.Rates.AT = limit.Rate{PerSecond: 1000, Burst: 1000} }
