package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

var pageEndpoints = []string{"/gateway/v1/visit-tokens", renewals, closings, calls}

func corsHeaders(h http.Header) string {
	var list []string
	for _, name := range []string{"Allow-Origin", "Allow-Methods", "Allow-Headers", "Max-Age", "Expose-Headers", "Allow-Credentials"} {
		if v := h.Get("Access-Control-" + name); v != "" {
			list = append(list, name+": "+v)
		}
	}
	return strings.Join(list, "; ")
}

func TestPreflights(t *testing.T) {
	t.Parallel()
	const listed = "Allow-Origin: " + apptest.Origin + "; Allow-Methods: POST; Allow-Headers: authorization, content-type; Max-Age: 7200; Expose-Headers: Retry-After"
	w := newWorld(t, seeded(func(s *apptest.Seed) {
		s.Services = append(s.Services, models.Service{ID: "urn:h5:gone", Name: "gone", H5URL: "https://gone.bank.example/", Class: "A1", Status: models.Suspended})
		s.Origins["urn:h5:gone"] = []string{"https://gone.bank.example"}
	}))
	foreign := 0
	for _, path := range pageEndpoints {
		for origin, want := range map[string]string{
			apptest.Origin: listed, "https://evil.example": "", "null": "", "": "", apptest.Origin + ".evil.example": "",
			"http://loan.bank.example": "", apptest.Origin + "/": "", "https://gone.bank.example": "", "*": "",
		} {
			r := httptest.NewRequest(http.MethodOptions, path, nil)
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			r.Header.Set("Access-Control-Request-Method", "POST")
			r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,x-evil")
			rec := w.Do(r)
			got := corsHeaders(rec.Header())
			if want != "" {
				if rec.Code != 204 || rec.Header().Get("Vary") != "Origin" || !strings.HasPrefix(got, strings.Split(want, "; Expose")[0]) || strings.Contains(got, "Credentials") {
					t.Errorf("%s from %q: %d %s", path, origin, rec.Code, got)
				}
				continue
			}
			foreign++
			if rec.Code != 204 || got != "" || rec.Header().Get("Vary") != "Origin" {
				t.Errorf("%s from %q: %d %s", path, origin, rec.Code, got)
			}
		}
	}
	metrics := w.Internal(httptest.NewRequest(http.MethodGet, "/metrics", nil)).Body.String()
	if !strings.Contains(metrics, "postern_foreign_preflights_total 32") || foreign != 32 {
		t.Errorf("%d preflights from foreign origins are not where staff can see them", foreign)
	}
}

func TestAnswersCarryCORS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	good := w.NewVisit(apptest.Travel, nil)
	for _, tc := range []struct {
		name string
		send func(p *apptest.Page) http.Header
	}{
		{"a sealed answer", func(p *apptest.Page) http.Header { return p.Get("/loans/offers").Head }},
		{"a sealed refusal", func(p *apptest.Page) http.Header { return p.Get("/nothing").Head }},
		{"a refusal in the clear", func(p *apptest.Page) http.Header { return p.Post(calls, []byte("x")).Header() }},
		{"a refusal for its size", func(p *apptest.Page) http.Header { return p.Post(renewals, make([]byte, 17<<10)).Header() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := *good
			h := tc.send(&p)
			if got := corsHeaders(h); got != "Allow-Origin: "+apptest.Origin+"; Expose-Headers: Retry-After" || h.Get("Vary") != "Origin" {
				t.Errorf("%s, Vary %q", got, h.Get("Vary"))
			}
			p.Origin = "https://evil.example"
			if h := tc.send(&p); corsHeaders(h) != "" || h.Get("Vary") != "Origin" {
				t.Errorf("to a foreign origin: %s", corsHeaders(h))
			}
		})
	}
}

func TestAnotherServicesOriginGetsItsRefusalReadably(t *testing.T) {
	t.Parallel()
	const other = "https://other.bank.example"
	w := newWorld(t, seeded(func(s *apptest.Seed) {
		s.Services = append(s.Services, models.Service{ID: "urn:h5:other", Name: "other", H5URL: other + "/", Class: "A1", Status: models.Active})
		s.Origins["urn:h5:other"] = []string{other}
	}))
	p := w.NewVisit(apptest.Travel, nil)
	p.Origin = other
	a := p.Get("/loans/offers")
	expect(t, a, 403, "origin_denied", sealed)
	if a.Head.Get("Access-Control-Allow-Origin") != other {
		t.Error("the page can't read why it was refused")
	}
	w.Write(func(tx *store.Tx, now int64) error { return tx.SetOrigins("urn:h5:other", nil, now) })
	if a := p.Get("/loans/offers"); a.Head.Get("Access-Control-Allow-Origin") != "" {
		t.Error("an origin that was taken off the list is still answered")
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	r := httptest.NewRequest(http.MethodGet, "/.well-known/oauth-authorization-server", nil)
	r.Host = "evil.example" // links are made from the issuer alone
	r.Header.Set("X-Forwarded-Host", "evil.example")
	r.Header.Set("Origin", "https://anybody.example")
	rec := w.Do(r)
	var m map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &m); err != nil || rec.Code != 200 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	for name, want := range map[string]any{
		"issuer": apptest.Issuer, "token_endpoint": apptest.Issuer + "/oauth/token", "jwks_uri": apptest.Issuer + "/.well-known/jwks.json",
		"jwks_gm_uri": apptest.Issuer + "/.well-known/jwks-gm.json", "visit_token_endpoint": apptest.Issuer + "/gateway/v1/visit-tokens",
		"call_endpoint": apptest.Issuer + calls, "introspection_endpoint": apptest.Issuer + "/oauth/introspect", "revocation_endpoint": apptest.Issuer + "/oauth/revoke",
	} {
		if m[name] != want {
			t.Errorf("%s is %v, want %v", name, m[name], want)
		}
	}
	if rec.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(rec.Header().Get("Cache-Control"), "max-age=300") {
		t.Errorf("headers %v", rec.Header())
	}
}

func TestKeySetsForEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	for _, path := range []string{"/.well-known/jwks.json", "/.well-known/jwks-gm.json"} {
		rec := w.Do(httptest.NewRequest(http.MethodGet, path, nil))
		var set struct{ Keys []map[string]any }
		if err := json.Unmarshal(rec.Body.Bytes(), &set); err != nil || rec.Code != 200 || set.Keys == nil {
			t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
		}
		for _, k := range set.Keys {
			if k["kid"] == "" || k["use"] == nil || k["alg"] == nil || k["d"] != nil || k["k"] != nil {
				t.Errorf("%s: key %v", path, k)
			}
		}
		if rec.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(rec.Header().Get("Cache-Control"), "max-age=300") {
			t.Errorf("%s: headers %v", path, rec.Header())
		}
	}
}

func TestTheSDKsAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	rec := w.Do(httptest.NewRequest(http.MethodGet, "/sdk/1/postern.js", nil))
	if rec.Code != 200 || rec.Header().Get("Access-Control-Allow-Origin") != "*" || rec.Header().Get("Cross-Origin-Resource-Policy") != "cross-origin" ||
		!strings.HasPrefix(rec.Header().Get("Content-Type"), "text/javascript") || rec.Body.Len() == 0 || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
	for _, path := range []string{"/sdk/1/", "/sdk/1/nothing.js", "/sdk/1/..%2fsdk.go", "/sdk/1/../../go.mod", "/sdk/2/postern.js", "/sdk/1/postern.js/x"} {
		if rec := w.Do(httptest.NewRequest(http.MethodGet, path, nil)); rec.Code != 404 {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	for _, path := range []string{
		"/", "/metrics", "/readyz", "/debug/pprof/", "/console", "/oauth", "/oauth/token/", "/oauth/authorize", "/OAUTH/TOKEN", "//oauth/token",
		"/gateway/v1/calls/", "/gateway/v2/calls", "/gateway/v1/visit-tokens/x", "/.well-known/openid-configuration", "/.git/config", "/swagger",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			rec := w.Do(httptest.NewRequest(method, path, nil))
			if rec.Code != 404 || rec.Body.String() != "not found\n" {
				t.Errorf("%s %s: %d %s", method, path, rec.Code, rec.Body)
			}
		}
	}
	for path, allowed := range map[string]string{"/oauth/token": "POST", calls: "POST", renewals: "POST", "/.well-known/jwks.json": "GET"} {
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW"} {
			if method == allowed {
				continue
			}
			r := httptest.NewRequest(method, "/", nil)
			r.URL.Path = path
			if rec := w.Do(r); rec.Code != 405 || !strings.Contains(rec.Header().Get("Allow"), allowed) {
				t.Errorf("%s %s: %d, Allow %q", method, path, rec.Code, rec.Header().Get("Allow"))
			}
		}
	}
}
