package bank_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postern/app/demo/bank"
	"postern/app/seal"
)

const (
	service = "urn:h5:loan"
	visit   = "AAAAAAAAAAAAAAAAAAAAAA"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// gateway is the part of the gateway that the bank talks to: its published keys.
type gateway struct {
	*httptest.Server
	key     *seal.PrivateKey
	fetches atomic.Int32
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{key: newKey(t, "sig-1")}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		g.fetches.Add(1)
		set, err := seal.MarshalPublicJWKSet([]*seal.PublicKey{g.key.Public()})
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(set)
	}))
	t.Cleanup(g.Close)
	return g
}

func newKey(t *testing.T, kid string) *seal.PrivateKey {
	t.Helper()
	key, err := seal.Generate(seal.A256, seal.Signing, kid, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newBank(g *gateway) *bank.Bank {
	return bank.New(bank.Options{
		Issuer: g.URL, Service: service, Now: func() time.Time { return now },
		Log: slog.New(slog.DiscardHandler),
	})
}

func (g *gateway) claims() map[string]any {
	return map[string]any{
		"iss": g.URL, "aud": service, "client_id": "lianhe", "partner_id": "p1", "sub": "lianhe:u1", "sub_by": "partner",
		"scope": "loan.offer:read", "vid": visit, "env": "production", "iat": now.Unix(), "exp": now.Unix() + 60,
	}
}

func sign(t *testing.T, key *seal.PrivateKey, typ string, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := seal.Sign(key, typ, payload, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(compact)
}

type ask struct {
	method, path, body, assertion, key, language string
}

func answer(t *testing.T, b *bank.Bank, a ask) *http.Response {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), a.method, a.path, strings.NewReader(a.body))
	request.Header.Set("Postern-Assertion", a.assertion)
	request.Header.Set("Idempotency-Key", a.key)
	request.Header.Set("Accept-Language", a.language)
	recorder := httptest.NewRecorder()
	b.Handler().ServeHTTP(recorder, request)
	return recorder.Result()
}

func TestOnlyTheGatewayIsBelieved(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	b := newBank(g)
	with := func(change func(map[string]any)) string {
		claims := g.claims()
		change(claims)
		return sign(t, g.key, "assertion+jwt", claims)
	}
	good := with(func(map[string]any) {})
	for _, tc := range []struct {
		name, assertion string
		want            int
	}{
		{"a good assertion", good, http.StatusOK},
		{"none", "", http.StatusUnauthorized},
		{"another type", sign(t, g.key, "at+jwt", g.claims()), http.StatusUnauthorized},
		{"another key under the same kid", sign(t, newKey(t, "sig-1"), "assertion+jwt", g.claims()), http.StatusUnauthorized},
		{"an unknown kid", sign(t, newKey(t, "sig-9"), "assertion+jwt", g.claims()), http.StatusUnauthorized},
		{"another issuer", with(func(c map[string]any) { c["iss"] = "https://elsewhere.example" }), http.StatusUnauthorized},
		{"another service", with(func(c map[string]any) { c["aud"] = "urn:h5:card" }), http.StatusUnauthorized},
		{"expired", with(func(c map[string]any) { c["exp"] = now.Unix() }), http.StatusUnauthorized},
		{"from the future", with(func(c map[string]any) { c["iat"] = now.Unix() + 11 }), http.StatusUnauthorized},
		{"no visit", with(func(c map[string]any) { c["vid"] = "" }), http.StatusUnauthorized},
		{"a changed payload", good[:len(good)-10] + "AAAAAAAAAA", http.StatusUnauthorized},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := answer(t, b, ask{method: http.MethodGet, path: "/loans/offers", assertion: tc.assertion})
			if got.StatusCode != tc.want {
				t.Errorf("status %d, want %d", got.StatusCode, tc.want)
			}
		})
	}
}

func TestUnknownKeysAreNotAskedForInAStream(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	b := newBank(g)
	for i := range 20 {
		assertion := sign(t, newKey(t, fmt.Sprintf("sig-x%d", i)), "assertion+jwt", g.claims())
		answer(t, b, ask{method: http.MethodGet, path: "/loans/offers", assertion: assertion})
	}
	if n := g.fetches.Load(); n != 1 {
		t.Errorf("the gateway was asked %d times for its keys, want once", n)
	}
}

func TestAnOfferSpeaksTheReadersLanguageAndIsRemembered(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	b := newBank(g)
	assertion := sign(t, g.key, "assertion+jwt", g.claims())
	got := answer(t, b, ask{method: http.MethodGet, path: "/loans/offers", assertion: assertion, language: "zh-CN"})
	body := read(t, got)
	if !strings.Contains(body, "周一帆") || !strings.Contains(body, `"ends_on":"2026-12-20"`) {
		t.Errorf("offer: %s", body)
	}
	seen := b.Seen(visit)
	if len(seen) != 1 || string(seen[0].Reply) != body || seen[0].By.ClientID != "lianhe" {
		t.Errorf("the visit's calls are %+v", seen)
	}
	if other := b.Seen("BBBBBBBBBBBBBBBBBBBBBB"); other != nil {
		t.Errorf("another visit's calls are %+v", other)
	}
}

func TestAnApplicationCountsOnce(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	b := newBank(g)
	assertion := sign(t, g.key, "assertion+jwt", g.claims())
	post := func(key, body string) (int, string) {
		got := answer(t, b, ask{method: http.MethodPost, path: "/loans/applications", assertion: assertion, key: key, body: body})
		return got.StatusCode, read(t, got)
	}
	status, first := post("k1", `{"term":24}`)
	if status != http.StatusCreated {
		t.Fatalf("status %d: %s", status, first)
	}
	if _, again := post("k1", `{"term":24}`); again != first {
		t.Errorf("the repeat was answered %s, the first %s", again, first)
	}
	if _, other := post("k2", `{"term":24}`); other == first {
		t.Error("another key got the same application")
	}
	if status, _ := post("", `{"term":24}`); status != http.StatusBadRequest {
		t.Errorf("without a key: status %d", status)
	}
	if status, _ := post("k3", `{"term":25}`); status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong term: status %d", status)
	}
}

func TestACustomerIsNamedBySignInAlone(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	b := newBank(g)
	visitor := sign(t, g.key, "assertion+jwt", g.claims())
	wrong := answer(t, b, ask{method: http.MethodPost, path: "/session/sign-in", assertion: visitor, body: `{"code":"000000"}`})
	if wrong.StatusCode != http.StatusUnauthorized || wrong.Header.Get("Postern-Customer") != "" {
		t.Errorf("a wrong code: status %d, customer %q", wrong.StatusCode, wrong.Header.Get("Postern-Customer"))
	}
	right := answer(t, b, ask{method: http.MethodPost, path: "/session/sign-in", assertion: visitor, body: `{"code":"246810"}`})
	customer := right.Header.Get("Postern-Customer")
	if right.StatusCode != http.StatusOK || customer == "" {
		t.Fatalf("the right code: status %d, customer %q", right.StatusCode, customer)
	}
	if got := answer(t, b, ask{method: http.MethodGet, path: "/me/accounts", assertion: visitor}); got.StatusCode != http.StatusForbidden {
		t.Errorf("accounts without a customer: status %d", got.StatusCode)
	}
	claims := g.claims()
	claims["customer"] = customer
	signedIn := sign(t, g.key, "assertion+jwt", claims)
	if got := answer(t, b, ask{method: http.MethodGet, path: "/me/accounts", assertion: signedIn}); got.StatusCode != http.StatusOK {
		t.Errorf("accounts of the customer: status %d", got.StatusCode)
	}
}

func TestABalanceIsOfAKnownAccountInItsCurrency(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	b := newBank(g)
	assertion := sign(t, g.key, "assertion+jwt", g.claims())
	for path, want := range map[string]int{
		"/accounts/6228480402564890018/balance?currency=CNY": http.StatusOK,
		"/accounts/6228480402564890018/balance":              http.StatusOK,
		"/accounts/6228480402564890018/balance?currency=USD": http.StatusUnprocessableEntity,
		"/accounts/1/balance?currency=CNY":                   http.StatusNotFound,
	} {
		if got := answer(t, b, ask{method: http.MethodGet, path: path, assertion: assertion}); got.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, got.StatusCode, want)
		}
	}
}

func read(t *testing.T, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
