package visitor_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"postern/app/play/visitor"
	"postern/app/seal"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

const service = "urn:h5:loan"

// peer is a gateway that answers D as a test wants.
type peer struct {
	*httptest.Server
	sig, ak *seal.PrivateKey
	// answer makes the reply to a request with this jti; key is R.
	answer func(jti string, key []byte) (typ string, plaintext map[string]any)
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{sig: newKey(t, seal.Signing, "sig"), ak: newKey(t, seal.Encryption, "ak")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		set, err := seal.MarshalPublicJWKSet([]*seal.PublicKey{p.sig.Public()})
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(set)
	})
	mux.HandleFunc("POST /gateway/v1/visit-tokens", func(w http.ResponseWriter, r *http.Request) { p.exchange(t, w, r) })
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *peer) exchange(t *testing.T, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	envelope, err := seal.ParseEnvelope(body, 1<<16)
	if err != nil {
		t.Error(err)
		return
	}
	plaintext, key, err := envelope.OpenWith(p.ak, "vt-req+jwe")
	if err != nil {
		t.Error(err)
		return
	}
	var asked struct{ JTI string }
	if err := json.Unmarshal(plaintext, &asked); err != nil {
		t.Error(err)
	}
	typ, reply := p.answer(asked.JTI, key)
	text, err := json.Marshal(reply)
	if err != nil {
		t.Error(err)
	}
	sealed, err := seal.SealDirect(seal.A256, typ, key, text, rand.Reader)
	if err != nil {
		t.Error(err)
	}
	w.Header().Set("Content-Type", "application/jose")
	_, _ = w.Write(sealed)
}

func newKey(t *testing.T, use seal.Use, kid string) *seal.PrivateKey {
	t.Helper()
	key, err := seal.Generate(seal.A256, use, kid, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// token signs an AT with key, for this audience.
func (p *peer) token(t *testing.T, key *seal.PrivateKey, audience string) string {
	t.Helper()
	claims, err := json.Marshal(map[string]any{"iss": p.URL, "aud": audience, "ak": p.ak.Public()})
	if err != nil {
		t.Fatal(err)
	}
	at, err := seal.Sign(key, "at+jwt", claims, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(at)
}

func (p *peer) page() *visitor.Page {
	return visitor.New(visitor.Options{Gateway: p.URL, Service: service, Origin: "http://localhost", Now: func() time.Time { return now }, Rand: rand.Reader})
}

const id = "AAAAAAAAAAAAAAAAAAAAAA"

func TestOpenBelievesTheGatewayAlone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		answer func(jti string, key []byte) (string, map[string]any)
		want   error // nil: the visit opens
		code   string
	}{
		{"an answer to this request", func(jti string, _ []byte) (string, map[string]any) {
			return "vt-resp+jwe", map[string]any{"jti": jti, "vt": "v", "vid": id, "sid": id}
		}, nil, ""},
		{"a refusal of this request", func(jti string, _ []byte) (string, map[string]any) {
			return "error+jwe", map[string]any{"jti": jti, "code": "at_spent", "status": 409}
		}, nil, "at_spent"},
		{"an answer to another request", func(string, []byte) (string, map[string]any) {
			return "vt-resp+jwe", map[string]any{"jti": id, "vt": "v", "vid": id, "sid": id}
		}, seal.ErrEnvelope, ""},
		{"a refusal of another request", func(string, []byte) (string, map[string]any) {
			return "error+jwe", map[string]any{"jti": id, "code": "at_spent", "status": 409}
		}, seal.ErrEnvelope, ""},
		{"an answer of another type", func(jti string, _ []byte) (string, map[string]any) {
			return "reply+jwe", map[string]any{"jti": jti, "vt": "v", "vid": id, "sid": id}
		}, seal.ErrEnvelope, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			p.answer = tc.answer
			visit, err := p.page().Open(t.Context(), p.token(t, p.sig, service))
			var problem *visitor.Problem
			switch {
			case tc.code != "":
				if !errors.As(err, &problem) || problem.Code != tc.code || !problem.Sealed {
					t.Errorf("error %v, want a sealed %s", err, tc.code)
				}
			case tc.want != nil:
				if !errors.Is(err, tc.want) || errors.As(err, &problem) {
					t.Errorf("error %v, want %v", err, tc.want)
				}
			case err != nil || visit.ID != id:
				t.Errorf("visit %+v, error %v", visit, err)
			}
		})
	}
}

func TestOpenVerifiesTheATBeforeItSendsAnything(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.answer = func(string, []byte) (string, map[string]any) {
		t.Error("an AT that does not hold was sent")
		return "error+jwe", map[string]any{}
	}
	for name, at := range map[string]string{
		"another key under the same kid": p.token(t, newKey(t, seal.Signing, "sig"), service),
		"an unknown kid":                 p.token(t, newKey(t, seal.Signing, "sig-2"), service),
		"another service":                p.token(t, p.sig, "urn:h5:card"),
		"no token":                       "",
	} {
		if _, err := p.page().Open(t.Context(), at); !errors.Is(err, visitor.ErrUnverified) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
