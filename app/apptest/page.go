package apptest

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"postern/app/clients"
	"postern/app/seal"
	"postern/app/token"
)

func random(n int) string { return base64.RawURLEncoding.EncodeToString(randomBytes(n)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err) // tests only: without randomness nothing else can be tried
	}
	return b
}

// Assertion is a private_key_jwt assertion with claims that a test may change
// or, by nil, drop.
func (w *World) Assertion(client string, change map[string]any) string {
	w.T.Helper()
	now := w.Clock.Now().Unix()
	claims := map[string]any{"iss": client, "sub": client, "aud": w.Config.Issuer, "jti": NewID(), "iat": now, "exp": now + 60}
	for name, v := range change {
		if v == nil {
			delete(claims, name)
			continue
		}
		claims[name] = v
	}
	return w.Sign(client, "JWT", claims)
}

// Sign signs claims with a client's own key, under any typ.
func (w *World) Sign(client, typ string, claims any) string {
	w.T.Helper()
	compact, err := seal.Sign(w.key(client, seal.Signing), typ, mustJSON(w.T, claims), rand.Reader)
	if err != nil {
		w.T.Fatal(err)
	}
	return string(compact)
}

// TokenForm is a valid form of step B that tests change.
func (w *World) TokenForm(client string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "resource": {Service},
		"client_assertion_type": {clients.AssertionType}, "client_assertion": {w.Assertion(client, nil)},
	}
}

// PostForm posts a form to a path of the gateway.
func (w *World) PostForm(path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.Do(r)
}

// AT runs step B for a client and opens what came back.
func (w *World) AT(client string, change url.Values) string {
	w.T.Helper()
	form := w.TokenForm(client)
	for name, v := range change {
		form[name] = v
	}
	rec := w.PostForm("/oauth/token", form)
	if rec.Code != http.StatusOK {
		w.T.Fatalf("step B: %d %s", rec.Code, rec.Body)
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		w.T.Fatal(err)
	}
	return w.OpenAT(client, answer.AccessToken)
}

// OpenAT opens the envelope of step B with the client's key.
func (w *World) OpenAT(client, envelope string) string {
	w.T.Helper()
	e, err := seal.ParseEnvelope([]byte(envelope), 32<<10)
	if err != nil {
		w.T.Fatal(err)
	}
	at, _, err := e.OpenWith(w.key(client, seal.Encryption), "at+jwe")
	if err != nil {
		w.T.Fatal(err)
	}
	return string(at)
}

// Claims reads an AT without verifying it.
func (w *World) Claims(at string) token.Access {
	w.T.Helper()
	s, err := seal.ParseSigned([]byte(at), 16<<10)
	if err != nil {
		w.T.Fatal(err)
	}
	var a token.Access
	if err := json.Unmarshal(s.Payload(), &a); err != nil {
		w.T.Fatal(err)
	}
	return a
}

// Page plays the bank's page in one visit.
type Page struct {
	W      *World
	AT     string
	R      []byte
	Origin string
	Visit  Visit
	up     []byte
	down   []byte
}

// Visit is what step E gave.
type Visit struct {
	JTI         string `json:"jti"`
	VT          string `json:"vt"`
	VID         string `json:"vid"`
	SID         string `json:"sid"`
	ExpiresIn   int64  `json:"expires_in"`
	RenewUntil  int64  `json:"renew_until"`
	Scope       string `json:"scope"`
	ClientName  string `json:"client_name"`
	SubjectHint string `json:"subject_hint"`
	ServerTime  int64  `json:"server_time"`
}

// NewPage gives an AT to a page that draws its own R.
func (w *World) NewPage(at string) *Page {
	return &Page{W: w, AT: at, R: randomBytes(32), Origin: Origin}
}

// Exchange is the body of step D, sealed to the AK in the page's AT; nil is the
// plaintext that belongs there.
func (p *Page) Exchange(plain map[string]any) []byte {
	p.W.T.Helper()
	if plain == nil {
		plain = p.ExchangePlain()
	}
	return p.SealTo(p.W.Claims(p.AT).AK, "vt-req+jwe", plain)
}

// ExchangePlain is the plaintext of step D that tests change.
func (p *Page) ExchangePlain() map[string]any {
	return map[string]any{"at": p.AT, "jti": NewID(), "iat": p.W.Clock.Now().Unix()}
}

// SealTo seals a plaintext, a value or JSON as it is, to an AK under the page's R.
func (p *Page) SealTo(ak []byte, typ string, plain any) []byte {
	p.W.T.Helper()
	key, err := seal.ParsePublicJWK(ak)
	if err != nil {
		p.W.T.Fatal(err)
	}
	to, err := seal.NewRecipient(key)
	if err != nil {
		p.W.T.Fatal(err)
	}
	body, err := to.Seal(seal.SealHeader{Typ: typ, Suite: seal.A256}, p.R, p.raw(plain), rand.Reader)
	if err != nil {
		p.W.T.Fatal(err)
	}
	return body
}

// raw is a plaintext's octets: JSON as it is, or a value as JSON.
func (p *Page) raw(plain any) []byte {
	p.W.T.Helper()
	if b, ok := plain.([]byte); ok {
		return b
	}
	return mustJSON(p.W.T, plain)
}

// Post sends a sealed body as a page does.
func (p *Page) Post(path string, body []byte) *httptest.ResponseRecorder {
	return p.W.Do(p.Request(path, body))
}

// Request is what Post sends, for tests to change.
func (p *Page) Request(path string, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/jose")
	if p.Origin != "" {
		r.Header.Set("Origin", p.Origin)
	}
	if p.Visit.VT != "" {
		r.Header.Set("Authorization", "Visit "+p.Visit.VT)
	}
	return r
}

// Keys are the visit's K_up and K_down, as the page derived them.
func (p *Page) Keys() (up, down []byte) { return p.up, p.down }

// OpenReply opens an answer to a request of the visit's present ticket.
func (p *Page) OpenReply(rec *httptest.ResponseRecorder) Answer {
	p.W.T.Helper()
	return p.open(rec, p.down)
}

// OpenExchange opens an answer of step E.
func (p *Page) OpenExchange(rec *httptest.ResponseRecorder) Answer {
	p.W.T.Helper()
	return p.open(rec, p.R)
}

// Answer is what came back, opened.
type Answer struct {
	HTTP  int
	Typ   string // of the envelope; "" when the answer came in the clear
	Plain []byte
	Head  http.Header
}

// Code is the answer's problem code; "" for none.
func (a Answer) Code() string {
	var p struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(a.Plain, &p) // not JSON has no code
	return p.Code
}

// Into decodes the plaintext.
func (a Answer) Into(p *Page, v any) {
	p.W.T.Helper()
	if err := json.Unmarshal(a.Plain, v); err != nil {
		p.W.T.Fatalf("%v in %s", err, a.Plain)
	}
}

func (p *Page) open(rec *httptest.ResponseRecorder, key []byte) Answer {
	p.W.T.Helper()
	a := Answer{HTTP: rec.Code, Plain: rec.Body.Bytes(), Head: rec.Header()}
	if rec.Header().Get("Content-Type") != "application/jose" {
		return a
	}
	e, err := seal.ParseEnvelope(rec.Body.Bytes(), 2<<20)
	if err != nil {
		p.W.T.Fatal(err)
	}
	a.Typ = e.Header().Typ
	if a.Plain, err = e.OpenDirect(seal.A256, a.Typ, key); err != nil {
		p.W.T.Fatal(err)
	}
	return a
}

// TryOpen runs step D and gives back the answer, whatever it is.
func (p *Page) TryOpen() Answer {
	p.W.T.Helper()
	return p.TryExchange(p.Exchange(nil))
}

// TryExchange sends a body of step D and opens the answer with R.
func (p *Page) TryExchange(body []byte) Answer {
	p.W.T.Helper()
	return p.open(p.Post("/gateway/v1/visit-tokens", body), p.R)
}

// Open runs steps D to F.
func (p *Page) Open() *Page {
	p.W.T.Helper()
	a := p.TryOpen()
	if a.HTTP != http.StatusOK || a.Typ != "vt-resp+jwe" {
		p.W.T.Fatalf("step D: %d %s %s", a.HTTP, a.Typ, a.Plain)
	}
	var v Visit
	a.Into(p, &v)
	p.Take(v)
	return p
}

// Take makes a ticket the page's own.
func (p *Page) Take(v Visit) {
	p.W.T.Helper()
	p.Visit = v
	var err error
	if p.up, p.down, err = seal.DeriveKeys(seal.A256, p.R, v.SID); err != nil {
		p.W.T.Fatal(err)
	}
}

// Seal seals a plaintext under K_up.
func (p *Page) Seal(typ string, plain any) []byte {
	p.W.T.Helper()
	return p.SealUnder(p.up, typ, plain)
}

// SealUnder seals a plaintext with dir under any key.
func (p *Page) SealUnder(key []byte, typ string, plain any) []byte {
	p.W.T.Helper()
	body, err := seal.SealDirect(seal.A256, typ, key, p.raw(plain), rand.Reader)
	if err != nil {
		p.W.T.Fatal(err)
	}
	return body
}

// Plain is a call's plaintext that tests change.
func (p *Page) Plain(method, path string) map[string]any {
	return map[string]any{"jti": NewID(), "iat": p.W.Clock.Now().Unix(), "method": method, "path": path}
}

// Send seals and sends a plaintext and opens the answer.
func (p *Page) Send(path, typ string, plain any) Answer {
	p.W.T.Helper()
	return p.open(p.Post(path, p.Seal(typ, plain)), p.down)
}

// Call runs step G.
func (p *Page) Call(plain any) Answer {
	p.W.T.Helper()
	return p.Send("/gateway/v1/calls", "call+jwe", plain)
}

// Get calls GET path.
func (p *Page) Get(path string) Answer {
	p.W.T.Helper()
	return p.Call(p.Plain(http.MethodGet, path))
}

// NewVisit runs B to F for a client.
func (w *World) NewVisit(client string, change url.Values) *Page {
	w.T.Helper()
	return w.NewPage(w.AT(client, change)).Open()
}
