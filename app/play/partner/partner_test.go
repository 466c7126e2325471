package partner_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"postern/app/play/partner"
	"postern/app/seal"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func newKey(t *testing.T, use seal.Use, kid string) *seal.PrivateKey {
	t.Helper()
	key, err := seal.Generate(seal.A256, use, kid, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// gateway is a token endpoint that answers with what a test says and keeps
// what it was asked.
type gateway struct {
	*httptest.Server
	asked  url.Values
	answer func() (int, any)
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/oauth/token" || r.ParseForm() != nil {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		g.asked = r.PostForm
		status, document := g.answer()
		w.Header().Set("X-Request-Id", "req-1")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(document)
	}))
	t.Cleanup(g.Close)
	return g
}

func newBackend(t *testing.T, g *gateway) (b *partner.Backend, signing, encryption *seal.PrivateKey) {
	t.Helper()
	signing, encryption = newKey(t, seal.Signing, "p-sig"), newKey(t, seal.Encryption, "p-enc")
	b = partner.New(partner.Options{
		Gateway: g.URL, ClientID: "lianhe", Signing: signing, Encryption: encryption,
		Now: func() time.Time { return now }, Rand: rand.Reader,
	})
	return b, signing, encryption
}

// accessToken is an AT sealed to the partner, as the gateway would.
func accessToken(t *testing.T, to *seal.PrivateKey, typ string) string {
	t.Helper()
	at, err := seal.Sign(newKey(t, seal.Signing, "gw"), "at+jwt", []byte(`{"iss":"g"}`), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	recipient, err := seal.NewRecipient(to.Public())
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := recipient.Seal(seal.SealHeader{Typ: typ, Cty: "at+jwt", Suite: seal.A256}, nil, at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(sealed)
}

func TestAskOpensTheEnvelopeAndMakesTheAddress(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	b, signing, encryption := newBackend(t, g)
	g.answer = func() (int, any) {
		return http.StatusOK, map[string]any{
			"access_token": accessToken(t, encryption, "at+jwe"), "scope": "loan.offer:read", "h5_url": "http://localhost:8090/h5",
		}
	}
	ticket, exchange, err := b.Ask(t.Context(), partner.Ask{Resource: "urn:h5:loan", Subject: "lh-33", ReturnTo: "lianhe://home"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "http://localhost:8090/h5#at=" + ticket.AT; ticket.Address() != want || string(ticket.Claims) != `{"iss":"g"}` {
		t.Errorf("address %q, claims %s", ticket.Address(), ticket.Claims)
	}
	if exchange.Status != http.StatusOK || exchange.RequestID != "req-1" {
		t.Errorf("exchange: %+v", exchange)
	}
	if _, there := g.asked["scope"]; there {
		t.Error("an empty scope was sent")
	}
	checkAssertion(t, g, signing)
}

func checkAssertion(t *testing.T, g *gateway, key *seal.PrivateKey) {
	t.Helper()
	signed, err := seal.ParseSigned([]byte(g.asked.Get("client_assertion")), 4096)
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.Verify(key.Public()); err != nil {
		t.Error("the assertion is not signed by the partner's key")
	}
	var claims struct {
		Iss, Sub, Aud, JTI string
		Iat, Exp           int64
	}
	if err := json.Unmarshal(signed.Payload(), &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Iss != "lianhe" || claims.Sub != "lianhe" || claims.Aud != g.URL || len(claims.JTI) != 22 || claims.Exp != now.Unix()+60 {
		t.Errorf("claims %+v", claims)
	}
}

func TestAskTellsARefusalFromAFault(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		answer  func(t *testing.T, encryption *seal.PrivateKey) (int, any)
		refused string
	}{
		{"a refusal", func(*testing.T, *seal.PrivateKey) (int, any) {
			return http.StatusUnauthorized, map[string]any{"error": "invalid_client", "request_id": "r7"}
		}, "invalid_client"},
		{"an envelope for somebody else", func(t *testing.T, _ *seal.PrivateKey) (int, any) {
			return http.StatusOK, map[string]any{"access_token": accessToken(t, newKey(t, seal.Encryption, "p-enc"), "at+jwe")}
		}, ""},
		{"an envelope of another type", func(t *testing.T, k *seal.PrivateKey) (int, any) {
			return http.StatusOK, map[string]any{"access_token": accessToken(t, k, "vt-resp+jwe")}
		}, ""},
		{"no envelope", func(*testing.T, *seal.PrivateKey) (int, any) {
			return http.StatusOK, map[string]any{"access_token": "a.b.c"}
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t)
			b, _, encryption := newBackend(t, g)
			g.answer = func() (int, any) { return tc.answer(t, encryption) }
			_, _, err := b.Ask(t.Context(), partner.Ask{Resource: "urn:h5:loan"})
			var refusal *partner.Refusal
			if err == nil || errors.As(err, &refusal) != (tc.refused != "") {
				t.Fatalf("error %v", err)
			}
			if refusal != nil && (refusal.Code != tc.refused || refusal.RequestID != "r7") {
				t.Errorf("refusal %+v", refusal)
			}
		})
	}
}
