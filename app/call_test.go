package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

const calls = "/gateway/v1/calls"

// call is a request of step G that breakers change.
type call struct {
	w     *apptest.World
	p     *apptest.Page
	typ   string
	plain map[string]any
}

func (c *call) send() apptest.Answer { return c.p.Send(calls, c.typ, c.plain) }

// callSeed adds a route whose permission nobody grants.
func callSeed(s *apptest.Seed) {
	s.Routes = append(s.Routes,
		models.Route{ID: "vault", ServiceID: apptest.Service, Method: "GET", Pattern: "/vault", Resource: "vault", Action: "open"},
		models.Route{ID: "account", ServiceID: apptest.Service, Method: "GET", Pattern: "/customers/{who}/account", Resource: "loan.offer", Action: "read",
			Bindings: map[string]string{"who": "{customer}"}},
		models.Route{ID: "search", ServiceID: apptest.Service, Method: "GET", Pattern: "/search", Resource: "loan.offer", Action: "read",
			QueryNames: []string{"user", "q"}, Bindings: map[string]string{"user": "{sub}"}},
		models.Route{ID: "change", ServiceID: apptest.Service, Method: "PUT", Pattern: "/loans/applications", Resource: "loan", Action: "apply"},
		models.Route{ID: "secret-offer", ServiceID: apptest.Service, Method: "GET", Pattern: "/secret-offers", Resource: "offer", Action: "secret"},
	)
	s.Scopes = append(s.Scopes, models.Scope{ID: "offer.secret:read", ServiceID: apptest.Service, Title: "for known customers", RequiresCustomer: true})
	s.Permissions = append(s.Permissions, models.ScopePermission{ScopeID: "offer.secret:read", Resource: "offer", Action: "secret"})
	s.Fields = append(s.Fields, models.ScopeField{ScopeID: "offer.secret:read", Resource: "offer", Action: "secret", Path: "balance", Class: "C2", Treatment: "keep"})
	s.Grants = append(s.Grants, apptest.Grant("g-secret", apptest.Travel, "offer.secret:read"))
}

// callBreakers stand in the order in which step G refuses (protocol section 6).
var callBreakers = []breaker[*call]{
	{"too long", 413, "too_large", inClear, func(c *call) func() { c.plain["pad"] = strings.Repeat("p", 1<<20); return nil }, ""},
	{"with a broken VT", 401, "invalid_vt", inClear, func(c *call) func() { c.p.Visit.VT = c.p.Visit.VT[:len(c.p.Visit.VT)-1]; return nil }, ""},
	{"of another typ", 400, "bad_envelope", inClear, func(c *call) func() { c.typ = "renew+jwe"; return nil }, ""},
	{"from a foreign origin", 403, "origin_denied", sealed, func(c *call) func() { c.p.Origin = "https://evil.example"; return nil }, ""},
	{"of a closed visit", 401, "invalid_vt", sealed, closeVisit, "dead"},
	{"of an application whose epoch rose", 401, "invalid_vt", sealed, func(c *call) func() {
		setApplication(c.w, apptest.Travel, func(a *models.Application) { a.Epoch = 1 })
		return func() { setApplication(c.w, apptest.Travel, func(*models.Application) {}) }
	}, "application"},
	{"of a suspended partner", 403, "not_active", sealed, func(c *call) func() {
		setPartner(c.w, "p_travel", models.Suspended)
		return func() { setPartner(c.w, "p_travel", models.Active) }
	}, ""},
	{"with an old iat", 400, "stale_request", sealed, func(c *call) func() { c.plain["iat"] = c.w.Clock.Now().Unix() - 61; return nil }, "iat"},
	{"with an iat ahead", 400, "stale_request", sealed, func(c *call) func() { c.plain["iat"] = c.w.Clock.Now().Unix() + 61; return nil }, "iat"},
	{"over the rate", 429, "rate_limited", sealed, drainCalls, "application"},
	{"for a route that is not there", 404, "no_route", sealed, func(c *call) func() { c.plain["path"] = "/nothing"; return nil }, "path"},
	{"for a route without a grant", 403, "scope_denied", sealed, func(c *call) func() { c.plain["path"] = "/vault"; return nil }, "path"},
	{"for a route that needs a customer", 403, "customer_required", sealed, func(c *call) func() { c.plain["path"] = "/me/accounts"; return nil }, "path"},
	{"with a jti that was used", 409, "replayed", sealed, func(c *call) func() {
		used := c.p.Plain("GET", "/loans/offers")
		used["jti"] = c.plain["jti"]
		c.p.Call(used)
		return nil
	}, ""},
}

// closeVisit ends the call's visit, from where it was opened and with what it had.
func closeVisit(c *call) func() {
	origin, vt := c.p.Origin, c.p.Visit.VT
	c.p.Origin = apptest.Origin
	if a := c.p.Send("/gateway/v1/visit-tokens/close", "close+jwe", c.p.ExchangePlain()); a.HTTP != 200 {
		c.w.T.Fatalf("close: %d %s", a.HTTP, a.Plain)
	}
	c.p.Origin, c.p.Visit.VT = origin, vt
	return nil
}

// drainCalls uses up what the application may call; it fills again with time.
func drainCalls(c *call) func() {
	setApplication(c.w, apptest.Travel, func(a *models.Application) { a.CallRate = 1 })
	other := c.w.NewVisit(apptest.Travel, nil)
	for range 3 {
		other.Get("/loans/offers")
	}
	return func() {
		setApplication(c.w, apptest.Travel, func(*models.Application) {})
		c.w.Later(10 * time.Second)
	}
}

func TestCallRefusesInOrder(t *testing.T) {
	t.Parallel()
	each(t, seeded(callSeed), func(t *testing.T, w *apptest.World) {
		inOrder(t, callBreakers, func() (*call, func() apptest.Answer) {
			c := &call{w: w, p: w.NewVisit(apptest.Travel, nil), typ: "call+jwe"}
			c.plain = c.p.Plain("GET", "/loans/offers")
			return c, c.send
		})
	})
}

func TestCallPlaintexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(callSeed))
	p := w.NewVisit(apptest.Travel, nil)
	for _, tc := range []struct {
		name     string
		change   func(plain map[string]any)
		wantHTTP int
		wantCode string
	}{
		{"as it should be", func(map[string]any) {}, 200, ""},
		{"iat 60 s behind passes", func(c map[string]any) { c["iat"] = w.Clock.Now().Unix() - 60 }, 200, ""},
		{"iat 60 s ahead passes", func(c map[string]any) { c["iat"] = w.Clock.Now().Unix() + 60 }, 200, ""},
		{"the largest iat is stale", func(c map[string]any) { c["iat"] = int64(1<<53 - 1) }, 400, "stale_request"},
		{"the smallest iat is stale", func(c map[string]any) { c["iat"] = -int64(1<<53 - 1) }, 400, "stale_request"},
		{"an iat that a double can't hold is refused", func(c map[string]any) { c["iat"] = int64(1<<63 - 1) }, 400, "bad_envelope"},
		{"an iat beyond 64 bits is refused", func(c map[string]any) { c["iat"] = json.RawMessage("99999999999999999999") }, 400, "bad_envelope"},
		{"no iat is refused", func(c map[string]any) { delete(c, "iat") }, 400, "bad_envelope"},
		{"iat null is refused", func(c map[string]any) { c["iat"] = nil }, 400, "bad_envelope"},
		{"no jti is refused", func(c map[string]any) { delete(c, "jti") }, 400, "bad_envelope"},
		{"no method is refused", func(c map[string]any) { delete(c, "method") }, 400, "bad_envelope"},
		{"a method in lower case is refused", func(c map[string]any) { c["method"] = "get" }, 400, "bad_envelope"},
		{"a method with a space is refused", func(c map[string]any) { c["method"] = "GET /x" }, 400, "bad_envelope"},
		{"no path has no route", func(c map[string]any) { delete(c, "path") }, 404, "no_route"},
		{"headers that are not an object are refused", func(c map[string]any) { c["headers"] = []string{"accept"} }, 400, "bad_envelope"},
		{"a header name in upper case is refused", func(c map[string]any) { c["headers"] = map[string]string{"Accept": "x"} }, 400, "bad_envelope"},
		{"a header name with an underscore is refused", func(c map[string]any) { c["headers"] = map[string]string{"x_user": "1"} }, 400, "bad_envelope"},
		{"an empty header name is refused", func(c map[string]any) { c["headers"] = map[string]string{"": "1"} }, 400, "bad_envelope"},
		{"a header value with a line feed is refused", func(c map[string]any) { c["headers"] = map[string]string{"accept": "a\r\nx-user: 1"} }, 400, "bad_envelope"},
		{"a header value with DEL is refused", func(c map[string]any) { c["headers"] = map[string]string{"accept": "\x7f"} }, 400, "bad_envelope"},
		{"a header value that is a list is refused", func(c map[string]any) { c["headers"] = map[string]any{"accept": []string{"a"}} }, 400, "bad_envelope"},
		{"a header twice is refused", func(c map[string]any) { c["headers"] = json.RawMessage(`{"accept":"a","accept":"b"}`) }, 400, "bad_envelope"},
		{"body and body_b64 together are refused", func(c map[string]any) {
			c["body"], c["body_b64"] = 1, "AA=="
			c["headers"] = map[string]string{"content-type": "application/pdf"}
		}, 400, "bad_envelope"},
		{"body_b64 without a type is refused", func(c map[string]any) { c["body_b64"] = "AA==" }, 400, "bad_envelope"},
		{"body_b64 without padding is refused", func(c map[string]any) {
			c["body_b64"], c["headers"] = "AA", map[string]string{"content-type": "application/pdf"}
		}, 400, "bad_envelope"},
		{"body_b64 of the other alphabet is refused", func(c map[string]any) {
			c["body_b64"], c["headers"] = "-_8=", map[string]string{"content-type": "application/pdf"}
		}, 400, "bad_envelope"},
		{"body_b64 with trailing bits is refused", func(c map[string]any) {
			c["body_b64"], c["headers"] = "AB==", map[string]string{"content-type": "application/pdf"}
		}, 400, "bad_envelope"},
		{"body_b64 with a line break is refused", func(c map[string]any) {
			c["body_b64"], c["headers"] = "AA\n==", map[string]string{"content-type": "application/pdf"}
		}, 400, "bad_envelope"},
		{"an unknown name is ignored", func(c map[string]any) { c["x"] = 1 }, 200, ""},
		{"body null is none", func(c map[string]any) { c["body"] = nil }, 200, ""},
		{"body_b64 null is none", func(c map[string]any) { c["body_b64"] = nil }, 200, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen := len(w.Bank.Seen())
			plain := p.Plain("GET", "/loans/offers")
			tc.change(plain)
			a := p.Call(plain)
			expect(t, a, tc.wantHTTP, tc.wantCode, sealed)
			if jti, ok := plain["jti"]; ok && tc.name != "a header twice is refused" && jti != readProblem(t, a.Plain).JTI {
				t.Errorf("the answer does not repeat the jti: %s", a.Plain)
			}
			if n := len(w.Bank.Seen()) - seen; n != 0 && tc.wantCode != "" {
				t.Errorf("the bank saw %d requests", n)
			}
			// What was refused before it was forwarded did not use its jti up.
			if tc.wantCode == "bad_envelope" && plain["jti"] != nil {
				retry := p.Plain("GET", "/loans/offers")
				retry["jti"] = plain["jti"]
				expect(t, p.Call(retry), 200, "", sealed)
			}
		})
	}
}

func TestRoutesCannotBeEscaped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(callSeed))
	p := w.NewVisit(apptest.Travel, nil)
	for _, path := range []string{
		"", "loans/offers", "//loans/offers", "/loans//offers", "/loans/offers/", "/loans/./offers", "/loans/x/../offers",
		"/loans/../loans/offers", "/..", "/.", "/loans/%6Fffers", "/loans/%2e%2e/offers", "/loans%2Foffers", "/loans%2foffers",
		"/loans/offers;x=1", "/loans;x/offers", "/loans\\offers", "/loans/offers?x=1", "/loans/offers#x", "/loans/offers%00",
		"/loans/offers ", "/loans/offers\r\nX-User: 1", "/Loans/offers", "/LOANS/OFFERS", "/loans／offers", "/loans/offers%EF%BC%8F",
		"http://127.0.0.1/loans/offers", "//127.0.0.1/loans/offers", "/accounts/a%2Fb/balance", "/accounts/a%2e/balance", "/accounts/%C3/balance",
		"/accounts/%e4%bd%a0/balance", "/accounts/%41/balance", "/accounts//balance", "/accounts/../balance", "/accounts/a/b/balance",
		"/accounts/%/balance", "/accounts/%4/balance", "/accounts/%C0%AF/balance", "/accounts/" + strings.Repeat("9", 5000) + "/balance",
	} {
		if a := p.Get(path); a.Code() != "no_route" || a.HTTP != 404 || a.Typ != "error+jwe" {
			t.Errorf("path %q: %d %s", path, a.HTTP, a.Plain)
		}
	}
	for _, header := range []string{"x-http-method-override", "x-original-url", "x-forwarded-uri"} {
		plain := p.Plain("DELETE", "/loans/offers")
		plain["headers"] = map[string]string{header: "GET"}
		expect(t, p.Call(plain), 404, "no_route", sealed)
	}
	if seen := w.Bank.Seen(); len(seen) != 0 {
		t.Errorf("the bank saw %v", seen)
	}

	expect(t, p.Get("/accounts/%E4%BD%A0:@!$&'()*+,=~-._/balance"), 200, "", sealed)
	if uri := w.Bank.Seen()[0].URI; uri != "/accounts/%E4%BD%A0:@!$&'()*+,=~-._/balance" {
		t.Errorf("the bank saw %q", uri)
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(callSeed))
	p := w.NewVisit(apptest.Travel, nil)
	for query, want := range map[string]string{
		"currency=CNY": "", "": "", "currency": "", "currency=": "", "currency=%E4%BD%A0+x": "", "currency=a;b": "no_route",
		"currency=CNY&currency=USD": "no_route", "x=1": "no_route", "currency=CNY&x=1": "no_route", "Currency=CNY": "no_route",
		"currenc%79=CNY": "no_route", "currency=CNY&": "no_route", "&currency=CNY": "no_route", "currency=a b": "no_route",
		"currency=a#b": "no_route", "currency=a?b": "no_route", "currency=a\nb": "no_route", "currency=\x00": "no_route",
		"currency=你": "no_route", "currency[]=1": "no_route", "currency=" + strings.Repeat("x", 5000): "no_route",
	} {
		before := len(w.Bank.Seen())
		plain := p.Plain("GET", "/accounts/1/balance")
		plain["query"] = query
		if a := p.Call(plain); a.Code() != want {
			t.Errorf("query %q: %d %s", query, a.HTTP, a.Plain)
			continue
		}
		seen := w.Bank.Seen()[before:]
		if want != "" && len(seen) != 0 {
			t.Errorf("query %q reached the bank", query)
		}
		wantURI := "/accounts/1/balance"
		if query != "" {
			wantURI += "?" + query
		}
		if want == "" && (len(seen) != 1 || seen[0].URI != wantURI) {
			t.Errorf("query %q: the bank saw %v", query, seen)
		}
	}
}

func TestBindings(t *testing.T) {
	t.Parallel()
	each(t, seeded(callSeed), func(t *testing.T, w *apptest.World) {
		known := w.NewVisit(apptest.Travel, map[string][]string{"subject": {"user 77"}})
		nobody := w.NewVisit(apptest.Travel, nil)
		plain := w.NewVisit(apptest.Travel, map[string][]string{"subject": {"user-7781"}})
		for _, tc := range []struct {
			name        string
			p           *apptest.Page
			path, query string
			want        string
		}{
			{"one's own name passes", plain, "/users/user-7781/profile", "", ""},
			{"somebody else's name is denied", plain, "/users/user-7782/profile", "", "scope_denied"},
			{"one's own name in other case is denied", plain, "/users/USER-7781/profile", "", "scope_denied"},
			{"one's own name with more behind is denied", plain, "/users/user-7781*/profile", "", "scope_denied"},
			{"the placeholder itself is denied", plain, "/users/(sub)/profile", "", "scope_denied"},
			{"without a subject nothing is one's own", nobody, "/users/user-7781/profile", "", "scope_denied"},
			{"nor is the client's name", nobody, "/users/" + apptest.Travel + "/profile", "", "scope_denied"},
			{"one's own name in the query passes", plain, "/search", "user=user-7781&q=x", ""},
			{"one's own name escaped in the query passes", plain, "/search", "user=user%2D7781", ""},
			{"one's own name with a space as plus passes", known, "/search", "user=user+77", ""},
			{"one's own name with a space escaped passes", known, "/search", "user=user%2077", ""},
			{"somebody else's name in the query is denied", plain, "/search", "user=user-1", "scope_denied"},
			{"no name in the query is denied", plain, "/search", "q=x", "scope_denied"},
			{"an empty name in the query is denied", plain, "/search", "user=", "scope_denied"},
			{"an empty name is denied without a subject too", nobody, "/search", "user=", "scope_denied"},
			{"two names are no route", plain, "/search", "user=user-7781&user=user-1", "no_route"},
			{"a second name behind a semicolon is no route", plain, "/search", "user=user-7781;user=user-1", "no_route"},
			{"a customer's route before the sign-in", plain, "/customers/c-81/account", "", "customer_required"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				before := len(w.Bank.Seen())
				c := tc.p.Plain("GET", tc.path)
				c["query"] = tc.query
				a := tc.p.Call(c)
				if a.Code() != tc.want {
					t.Errorf("%d %s, want %q", a.HTTP, a.Plain, tc.want)
				}
				if n := len(w.Bank.Seen()) - before; (n == 1) != (tc.want == "") {
					t.Errorf("the bank saw %d requests", n)
				}
				if tc.want == "scope_denied" && readProblem(t, a.Plain).Permission != "loan.offer:read" {
					t.Errorf("permission is not named: %s", a.Plain)
				}
			})
		}
	})
}

func TestScopeDeniedNamesThePermission(t *testing.T) {
	t.Parallel()
	each(t, seeded(callSeed), func(t *testing.T, w *apptest.World) {
		narrow := w.NewVisit(apptest.Travel, map[string][]string{"scope": {"me:read"}})
		for path, want := range map[string]string{
			"/loans/offers":       "loan.offer:read",      // granted to the application, not in this visit's scope
			"/accounts/1/balance": "account.balance:read", // the same
			"/vault":              "vault:open",           // granted to nobody
		} {
			a := narrow.Get(path)
			expect(t, a, 403, "scope_denied", sealed)
			if p := readProblem(t, a.Plain); p.Permission != want || p.JTI == "" {
				t.Errorf("%s: %s", path, a.Plain)
			}
		}
		rent := w.NewVisit(apptest.Rent, nil)
		expect(t, rent.Get("/accounts/1/balance"), 403, "scope_denied", sealed)
		expect(t, rent.Get("/loans/letter"), 403, "scope_denied", sealed)
		if seen := w.Bank.Seen(); len(seen) != 0 {
			t.Errorf("the bank saw %v", seen)
		}
	})
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	each(t, seeded(callSeed), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, map[string][]string{"subject": {"user-7781"}})
		for _, path := range []string{"/me/accounts", "/customers/c-81/account", "/secret-offers"} {
			expect(t, p.Get(path), 403, "customer_required", sealed)
		}
		before := *p
		w.Later(30 * time.Second)
		a := p.Call(p.Plain("POST", "/session/sign-in"))
		expect(t, a, 200, "", sealed)
		var fresh struct {
			VT, SID   string
			ExpiresIn int64             `json:"expires_in"`
			Body      map[string]any    `json:"body"`
			Headers   map[string]string `json:"headers"`
		}
		a.Into(p, &fresh)
		if fresh.VT == "" || fresh.SID == "" || fresh.SID == p.Visit.SID || fresh.ExpiresIn != 900 || fresh.Body["signed_in"] != true || len(fresh.Headers) != 1 {
			t.Fatalf("the reply to the sign-in: %s", a.Plain)
		}
		if strings.Contains(string(a.Plain), "c-81") {
			t.Error("the customer's id left the bank")
		}
		p.Take(apptest.Visit{VT: fresh.VT, SID: fresh.SID, VID: p.Visit.VID})

		for _, path := range []string{"/me/accounts", "/customers/c-81/account", "/secret-offers"} {
			expect(t, p.Get(path), 200, "", sealed)
		}
		expect(t, p.Get("/customers/c-82/account"), 403, "scope_denied", sealed)
		seen := w.Bank.Seen()
		c := w.ReadAssertion(seen[len(seen)-1].Header.Get("Postern-Assertion"))
		if c.Customer != "c-81" || c.AuthTime != w.Clock.Now().Unix() || c.VID != p.Visit.VID {
			t.Errorf("assertion %+v", c)
		}
		expect(t, before.Get("/me/accounts"), 403, "customer_required", sealed) // the old ticket knows nobody
		expect(t, before.Get("/loans/offers"), 200, "", sealed)                 // and lives on beside the new one
		if n := w.Count("visits WHERE customer_sealed <> '' AND customer_mac <> '' AND auth_time > 0"); n != 1 {
			t.Errorf("%d visits are bound", n)
		}
		renewed := p.Send("/gateway/v1/visit-tokens/renew", "renew+jwe", p.ExchangePlain())
		var v apptest.Visit
		renewed.Into(p, &v)
		p.Take(v)
		expect(t, p.Get("/me/accounts"), 200, "", sealed) // a renewed ticket keeps the customer
	})
}

func TestOnlyTheSignInRouteBindsACustomer(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		w.Bank.Answer(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Postern-Customer", "c-99")
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(http.StatusOK)
			_, _ = rw.Write([]byte(`{"signed_in":true}`))
		})
		a := p.Get("/loans/offers")
		expect(t, a, 200, "", sealed)
		if strings.Contains(string(a.Plain), `"vt"`) || strings.Contains(string(a.Plain), "c-99") {
			t.Errorf("reply %s", a.Plain)
		}
		w.Bank.Answer(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Postern-Customer", "c-99")
			rw.WriteHeader(http.StatusUnauthorized)
		})
		if a := p.Call(p.Plain("POST", "/session/sign-in")); a.HTTP != 200 || strings.Contains(string(a.Plain), `"vt"`) {
			t.Errorf("a failed sign-in gave %s", a.Plain)
		}
		expect(t, p.Get("/me/accounts"), 403, "customer_required", sealed)
	})
}

func TestAGrantThatEndsEndsWithItsSecond(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		end := w.Clock.Now().Add(100 * time.Second)
		w.Write(func(tx *store.Tx, now int64) error {
			g := apptest.Grant("g1", apptest.Travel, "loan.offer:read")
			g.CreatedAt, g.EndsAt = now, end.UnixMilli()
			return tx.SaveGrant(g, now)
		})
		p := w.NewVisit(apptest.Travel, nil)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		w.Later(end.Sub(w.Clock.Now()) - time.Millisecond)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		w.Later(time.Millisecond)
		expect(t, p.Get("/loans/offers"), 403, "scope_denied", sealed)
		expect(t, p.Get("/accounts/1/balance"), 200, "", sealed) // the others hold
		expectError(t, w.PostForm("/oauth/token", withScope(w, "loan.offer:read")), 400, "invalid_scope")
	})
}

func withScope(w *apptest.World, scope string) map[string][]string {
	form := w.TokenForm(apptest.Travel)
	form.Set("scope", scope)
	return form
}

func TestAGrantThatBegins(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		begin := w.Clock.Now().Add(50 * time.Second)
		w.Write(func(tx *store.Tx, now int64) error {
			g := apptest.Grant("g-later", apptest.Rent, "account.balance:read")
			g.CreatedAt, g.StartsAt = now, begin.UnixMilli()
			return tx.SaveGrant(g, now)
		})
		early := w.NewVisit(apptest.Rent, nil)
		expect(t, early.Get("/accounts/1/balance"), 403, "scope_denied", sealed)
		w.Later(50 * time.Second)
		expect(t, early.Get("/accounts/1/balance"), 403, "scope_denied", sealed) // not in its VT
		expect(t, w.NewVisit(apptest.Rent, nil).Get("/accounts/1/balance"), 200, "", sealed)
	})
}

func TestWhatStopsAnOpenVisit(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		restore := func() {
			setApplication(w, apptest.Travel, func(*models.Application) {})
			setService(w, func(*models.Service) {})
			setPartner(w, "p_travel", models.Active)
		}
		for _, tc := range []struct {
			name     string
			stop     func() (undo func())
			wantHTTP int
			want     string
		}{
			{"partner suspended", func() func() { setPartner(w, "p_travel", models.Suspended); return restore }, 403, "not_active"},
			{"partner frozen", func() func() { return freeze(w, "partner", "p_travel", models.FreezeCall) }, 403, "not_active"},
			{"application suspended", func() func() {
				setApplication(w, apptest.Travel, func(a *models.Application) { a.Status = models.Suspended })
				return restore
			}, 403, "not_active"},
			{"application frozen", func() func() { return freeze(w, "application", apptest.Travel, models.FreezeAll) }, 403, "not_active"},
			{"service suspended", func() func() {
				setService(w, func(s *models.Service) { s.Status = models.Suspended })
				return restore
			}, 403, "not_active"},
			{"service frozen", func() func() { return freeze(w, "service", apptest.Service, models.FreezeCall) }, 403, "not_active"},
			{"scope frozen", func() func() { return freeze(w, "scope", "loan.offer:read", models.FreezeCall) }, 403, "scope_denied"},
			{"scope frozen for ATs alone", func() func() { return freeze(w, "scope", "loan.offer:read", models.FreezeAT) }, 200, ""},
			{"freeze of ATs and VTs alone", func() func() { return freeze(w, "service", apptest.Service, models.FreezeVT) }, 200, ""},
			{"grant ended", func() func() {
				endGrant(w, "g1", "loan.offer:read", w.Clock.Now().UnixMilli())
				return func() { endGrant(w, "g1", "loan.offer:read", 0) }
			}, 403, "scope_denied"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				p := w.NewVisit(apptest.Travel, nil)
				expect(t, p.Get("/loans/offers"), 200, "", sealed)
				undo := tc.stop()
				expect(t, p.Get("/loans/offers"), tc.wantHTTP, tc.want, sealed)
				undo()
				expect(t, p.Get("/loans/offers"), 200, "", sealed)
			})
		}
	})
}

func TestVTsThatAreNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	good, other := w.NewVisit(apptest.Travel, nil), w.NewVisit(apptest.Travel, nil)
	vt := good.Visit.VT
	for name, header := range map[string]string{
		"nothing":                 "",
		"no scheme":               vt,
		"another scheme":          "Bearer " + vt,
		"truncated":               "Visit " + vt[:len(vt)-1],
		"extended":                "Visit " + vt + "A",
		"changed":                 "Visit " + flip(vt, len(vt)/2),
		"another key's id":        "Visit " + flip(vt, 5),
		"another version":         "Visit " + "B" + vt[1:],
		"with padding":            "Visit " + vt + "=",
		"with a space":            "Visit " + vt + " ",
		"two spaces":              "Visit  " + vt,
		"an AT":                   "Visit " + good.AT,
		"longer than 4096":        "Visit " + strings.Repeat("A", 5000),
		"a VT of another gateway": "Visit " + newWorld(t, apptest.Options{}).NewVisit(apptest.Travel, nil).Visit.VT,
	} {
		t.Run(name, func(t *testing.T) {
			p := *good
			r := p.Request(calls, p.Seal("call+jwe", p.Plain("GET", "/loans/offers")))
			r.Header.Del("Authorization")
			if header != "" {
				r.Header.Set("Authorization", header)
			}
			a := p.OpenReply(w.Do(r))
			expect(t, a, 401, "invalid_vt", inClear)
			if a.Head.Get("WWW-Authenticate") != "Visit" {
				t.Errorf("WWW-Authenticate is %q", a.Head.Get("WWW-Authenticate"))
			}
		})
	}
	t.Run("the scheme is in any case", func(t *testing.T) {
		r := good.Request(calls, good.Seal("call+jwe", good.Plain("GET", "/loans/offers")))
		r.Header.Set("Authorization", "vIsIt "+vt)
		expect(t, good.OpenReply(w.Do(r)), 200, "", sealed)
	})
	t.Run("a VT without its R opens nothing", func(t *testing.T) {
		thief := *other
		thief.Visit.VT = vt
		expect(t, thief.Get("/loans/offers"), 400, "bad_envelope", inClear)
	})
	t.Run("K_down is not K_up", func(t *testing.T) {
		_, down := good.Keys()
		body := good.SealUnder(down, "call+jwe", good.Plain("GET", "/loans/offers"))
		expect(t, good.OpenReply(good.Post(calls, body)), 400, "bad_envelope", inClear)
	})
	t.Run("nor is R", func(t *testing.T) {
		body := good.SealUnder(good.R, "call+jwe", good.Plain("GET", "/loans/offers"))
		expect(t, good.OpenReply(good.Post(calls, body)), 400, "bad_envelope", inClear)
	})
}

// flip changes one character of base64url.
func flip(s string, at int) string {
	c := byte('A')
	if s[at] == c {
		c = 'B'
	}
	return s[:at] + string(c) + s[at+1:]
}

func TestATicketEndsToTheSecond(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		w.Later(900*time.Second - time.Millisecond)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		w.Later(time.Millisecond)
		a := p.Get("/loans/offers")
		expect(t, a, 401, "invalid_vt", sealed)
		if a.Head.Get("WWW-Authenticate") != "Visit" {
			t.Error("401 without WWW-Authenticate")
		}
	})
}

func TestAnEpochEndsEveryVisitOfAnApplication(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		travel, rent := w.NewVisit(apptest.Travel, nil), w.NewVisit(apptest.Rent, nil)
		setApplication(w, apptest.Travel, func(a *models.Application) { a.Epoch = 1 })
		expect(t, travel.Get("/loans/offers"), 401, "invalid_vt", sealed)
		expect(t, travel.Send("/gateway/v1/visit-tokens/renew", "renew+jwe", travel.ExchangePlain()), 401, "invalid_vt", sealed)
		expect(t, rent.Get("/loans/offers"), 200, "", sealed)
		expect(t, w.NewVisit(apptest.Travel, nil).Get("/loans/offers"), 200, "", sealed)
	})
}
