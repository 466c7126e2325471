package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"postern/app"
	"postern/app/apptest"
	"postern/app/config"
	"postern/app/store"
	"postern/models"
)

// provider is a bank's sign-on: a server with an authority of its own, real
// redirects and signed tokens. What is exported makes it an attacker's.
type provider struct {
	t      *testing.T
	server *httptest.Server
	key    *ecdsa.PrivateKey
	client *http.Client
	now    func() time.Time

	mutex    sync.Mutex
	codes    map[string]url.Values // what was asked for, by code
	Subject  string
	Claims   map[string]any // over those of the token; nil drops one
	Sign     func(claims []byte) string
	Down     bool
	Alone    bool // it does not say in its answers who it is
	Metadata map[string]any
	console  string // where it sends browsers back to
	asked    int    // for its metadata
}

const clientSecret = "planted-client-secret"

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, codes: map[string]url.Values{}, Subject: "employee-17", Claims: map[string]any{}, console: consoleAddress}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /bank/.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /bank/authorize", p.authorize)
	mux.HandleFunc("POST /bank/token", p.token)
	mux.HandleFunc("GET /bank/keys", p.keys)
	p.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		if p.Down {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	p.client = p.server.Client()
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.Sign = p.signed
	return p
}

func (p *provider) issuer() string { return p.server.URL + "/bank" }

// set changes the provider between two requests.
func (p *provider) set(change func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	change()
}

// options are of a console that signs on there.
func (p *provider) options(change func(*config.OIDC)) apptest.Options {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw}), 0o600); err != nil {
		p.t.Fatal(err)
	}
	c := config.OIDC{
		Issuer: p.issuer(), ClientID: "postern", ClientSecret: config.NewSecret(clientSecret), Name: "Haitang Pass",
		SecondFactor: config.OurSecondFactor, CA: file,
	}
	if change != nil {
		change(&c)
	}
	return apptest.Options{Config: func(a *app.Config) { a.Console = config.Console{Address: p.console, OIDC: c} }}
}

func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	p.asked++
	m := map[string]any{
		"issuer": p.issuer(), "authorization_endpoint": p.issuer() + "/authorize", "token_endpoint": p.issuer() + "/token",
		"jwks_uri": p.issuer() + "/keys", "response_types_supported": []string{"code"}, "id_token_signing_alg_values_supported": []string{"ES256", "none", "HS256"},
		"authorization_response_iss_parameter_supported": !p.Alone,
	}
	maps.Copy(m, p.Metadata)
	_ = json.NewEncoder(w).Encode(m)
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("client_id") != "postern" || q.Get("redirect_uri") != p.console+"/console/sign-on" ||
		q.Get("response_type") != "code" || q.Get("nonce") == "" || q.Get("scope") != "openid" {
		http.Error(w, "bad request "+r.URL.RawQuery, http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.codes[code] = q
	back := url.Values{"code": {code}, "state": {q.Get("state")}}
	if !p.Alone {
		back.Set("iss", p.issuer())
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	q, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if id != "postern" || secret != clientSecret || !known || q.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) ||
		r.PostFormValue("redirect_uri") != q.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
		return
	}
	now := p.now().Unix()
	claims := map[string]any{
		"iss": p.issuer(), "sub": p.Subject, "aud": "postern", "exp": now + 300, "iat": now, "nonce": q.Get("nonce"), "email": "lin.tao@haitang.example",
	}
	for name, value := range p.Claims {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	text, _ := json.Marshal(claims)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "unused", "token_type": "Bearer", "id_token": p.Sign(text)})
}

func (p *provider) signed(claims []byte) string { return p.signedBy(jose.ES256, p.key, claims) }

func (p *provider) signedBy(alg jose.SignatureAlgorithm, key any, claims []byte) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
	if err != nil {
		panic(err)
	}
	object, err := s.Sign(claims)
	if err != nil {
		panic(err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// away goes to the sign-on and returns where it sends the browser back to.
func (p *provider) away(address string) *url.URL {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	reply, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer reply.Body.Close()
	back, err := reply.Location()
	if err != nil {
		text, _ := io.ReadAll(reply.Body)
		p.t.Fatalf("%v: %d %s", err, reply.StatusCode, text)
	}
	return back
}

// signOn goes there and back; between may change what comes back.
func (b *somebody) signOn(p *provider, between func(*url.URL)) *httptest.ResponseRecorder {
	b.t.Helper()
	left := b.get("/console/sign-in/sign-on?next=%2Fconsole%2Faccount")
	if left.Code != http.StatusSeeOther || !strings.HasPrefix(left.Header().Get("Location"), p.issuer()+"/authorize?") {
		b.t.Fatalf("answer %d to %q\n%s", left.Code, left.Header().Get("Location"), words(left))
	}
	back := p.away(left.Header().Get("Location"))
	if between != nil {
		between(back)
	}
	return b.get(back.RequestURI())
}

var wayOut = regexp.MustCompile(`href="(https://127\.0\.0\.1[^"]*)"`)

// link links the sign-on to b's account.
func (b *somebody) link(p *provider) *httptest.ResponseRecorder {
	b.t.Helper()
	page := b.post("/console/account/sign-on")
	found := wayOut.FindStringSubmatch(page.Body.String())
	if found == nil {
		b.t.Fatalf("no way out: %d\n%s", page.Code, words(page))
	}
	return b.get(p.away(strings.ReplaceAll(found[1], "&amp;", "&")).RequestURI())
}

func TestTheBanksSignOnIsLinkedAndThenLetsIn(t *testing.T) {
	t.Parallel()
	for name, config := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t) // on the clock of its own gateway
			aSignOnIsLinkedAndThenLetsIn(t, p, apptest.New(t, config(t), p.options(nil)))
		})
	}
}

func aSignOnIsLinkedAndThenLetsIn(t *testing.T, p *provider, w *apptest.World) {
	t.Helper()
	p.set(func() { p.now = w.Clock.Now })
	a, other := firstTwo(t, w)

	b := visitor(t, w)
	b.wants(b.get("/console/sign-in"), http.StatusOK, "Sign in with Haitang Pass")
	b.wants(b.signOn(p, nil), http.StatusUnauthorized, "account here is linked to that sign-on")
	if b.jar["__Host-postern-staff"] != "" {
		t.Error("a sign-on that is linked to nobody made a session")
	}
	w.Later(6 * time.Minute)
	a.leads(a.post("/console/account/sign-on"), "/console/verify?next=%2Fconsole%2Faccount")
	a.leads(a.post("/console/verify", "verify_password", passphrase, "verify_code", a.code()), "/console")
	a.leads(a.link(p), "/console/account?done=sign-on-linked")
	a.wants(a.get("/console/account"), http.StatusOK, "The bank&#39;s sign-on")

	// Our second factor follows.
	b.leads(b.signOn(p, nil), "/console/second?next=%2Fconsole%2Faccount")
	b.leads(b.get("/console/account"), "/console/second")
	b.leads(b.post("/console/second", "code", a.code(), "next", "/console/account"), "/console/account")

	// What the token says about factors counts only where that is configured.
	p.set(func() { p.Claims = map[string]any{"amr": []string{"mfa"}} })
	b = visitor(t, w)
	b.leads(b.signOn(p, nil), "/console/second?next=%2Fconsole%2Faccount")
	p.set(func() { p.Claims = map[string]any{} })

	// One sign-on opens one account.
	other.leads(other.post("/console/verify", "verify_password", passphrase, "verify_code", other.code()), "/console")
	other.wants(other.link(p), http.StatusConflict, "linked to an account already")

	w.Write(func(tx *store.Tx, _ int64) error {
		account, err := w.App.Identity().Account(t.Context(), a.account)
		if err != nil {
			return err
		}
		account.Status = models.AccountDisabled
		return tx.SaveAccount(account)
	})
	b = visitor(t, w)
	b.wants(b.signOn(p, nil), http.StatusUnauthorized, "account here is linked to that sign-on")
}

func TestWhatASignOnSaysIsHeldAgainstTheRules(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	foreign := newProvider(t)
	w := newWorld(t, p.options(nil))
	p.set(func() { p.now = w.Clock.Now })
	a, _ := firstTwo(t, w)
	a.leads(a.link(p), "/console/account?done=sign-on-linked")
	now := w.Clock.Now().Unix()
	clear := func() {
		p.set(func() { p.Claims, p.Sign, p.Alone, p.Subject = map[string]any{}, p.signed, false, "employee-17" })
	}
	query := func(name, value string) func(*url.URL) {
		return func(u *url.URL) {
			q := u.Query()
			q.Set(name, value)
			u.RawQuery = q.Encode()
		}
	}
	without := func(name string) func(*url.URL) {
		return func(u *url.URL) {
			q := u.Query()
			q.Del(name)
			u.RawQuery = q.Encode()
		}
	}
	claim := func(name string, value any) func() { return func() { p.Claims = map[string]any{name: value} } }
	sign := func(s func([]byte) string) func() { return func() { p.Sign = s } }
	for _, c := range []struct {
		name    string
		set     func()
		between func(*url.URL)
	}{
		{"another state", nil, query("state", "made-up")},
		{"no state", nil, without("state")},
		{"a code that was made up", nil, query("code", "made-up")},
		{"no code", nil, without("code")},
		{"the sign-on was called off", nil, func(u *url.URL) { without("code")(u); query("error", "access_denied")(u) }},
		{"another provider's answer", nil, query("iss", foreign.issuer())},
		{"an answer without its sender", nil, without("iss")},
		{"another nonce", claim("nonce", "made-up"), nil},
		{"no nonce", claim("nonce", nil), nil},
		{"another issuer", claim("iss", foreign.issuer()), nil},
		{"an issuer that begins alike", claim("iss", p.issuer()+"/"), nil},
		{"for another client", claim("aud", "somebody"), nil},
		{"for another client as well", claim("aud", []string{"postern", "somebody"}), nil},
		{"for nobody", claim("aud", nil), nil},
		{"it is over", claim("exp", now-301), nil},
		{"it never ends", claim("exp", nil), nil},
		{"it was made long ago", claim("iat", now-3600), nil},
		{"it is of tomorrow", claim("iat", now+86400), nil},
		{"nobody's", claim("sub", ""), nil},
		{"a subject without end", claim("sub", strings.Repeat("a", 256)), nil},
		{"not signed", sign(func(text []byte) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(text) + "."
		}), nil},
		{"signed with the client's secret", sign(func(text []byte) string {
			return p.signedBy(jose.HS256, []byte(clientSecret+strings.Repeat(" ", 32)), text)
		}), nil},
		{"signed with a foreign key", sign(func(text []byte) string { return p.signedBy(jose.ES256, foreign.key, text) }), nil},
		{"changed afterwards", sign(func(text []byte) string {
			parts := strings.Split(p.signed(text), ".")
			changed := strings.Replace(string(text), "employee-17", "employee-18", 1)
			return parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(changed)) + "." + parts[2]
		}), nil},
		{"no token", sign(func([]byte) string { return "" }), nil},
		{"another subject with the same e-mail", func() { p.Subject = "employee-18" }, nil},
	} {
		if c.set != nil {
			p.set(c.set)
		}
		b := visitor(t, w)
		rec := b.signOn(p, c.between)
		if rec.Code != http.StatusUnauthorized && rec.Code != http.StatusConflict || b.jar["__Host-postern-staff"] != "" {
			t.Errorf("%s: %d, %v\n%s", c.name, rec.Code, b.jar, words(rec))
		}
		clear()
		w.Later(10 * time.Second) // so many failures are slowed down
	}
	visitor(t, w).leads(visitor(t, w).signOn(p, nil), "/console/second?next=%2Fconsole%2Faccount")

	// A code and a way back are used once, and by the browser that left.
	b := visitor(t, w)
	var back *url.URL
	b.leads(b.signOn(p, func(u *url.URL) { back = u }), "/console/second?next=%2Fconsole%2Faccount")
	if rec := visitor(t, w).get(back.RequestURI()); rec.Code != http.StatusConflict {
		t.Errorf("a way back that was used, in another browser: %d", rec.Code)
	}
	left := visitor(t, w)
	way := p.away(left.get("/console/sign-in/sign-on").Header().Get("Location"))
	thief := visitor(t, w)
	thief.get("/console/sign-in/sign-on")
	if rec := thief.get(way.RequestURI()); rec.Code != http.StatusConflict || thief.jar["__Host-postern-staff"] != "" {
		t.Errorf("another browser's way back: %d", rec.Code)
	}
	left.leads(left.get(way.RequestURI()), "/console/second?next=%2Fconsole")
	late := visitor(t, w)
	way = p.away(late.get("/console/sign-in/sign-on").Header().Get("Location"))
	w.Later(5 * time.Minute)
	if rec := late.get(way.RequestURI()); rec.Code != http.StatusConflict {
		t.Errorf("a way back after five minutes: %d", rec.Code)
	}
}

func TestTwoFactorsElsewhereCountWhereThatIsConfigured(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	w := newWorld(t, p.options(func(c *config.OIDC) { c.SecondFactor, c.ACR = config.TrustedSecondFactor, "urn:bank:two" }))
	p.set(func() { p.now = w.Clock.Now })
	a, _ := firstTwo(t, w)
	a.leads(a.link(p), "/console/account?done=sign-on-linked")
	for _, c := range []struct {
		name   string
		claims map[string]any
		full   bool
	}{
		{"nothing said", map[string]any{}, false},
		{"a password", map[string]any{"amr": []string{"pwd"}}, false},
		{"two that one knows", map[string]any{"amr": []string{"pwd", "pin"}}, false},
		{"words that nobody knows", map[string]any{"amr": []string{"pwd", "magic"}}, false},
		{"another level", map[string]any{"acr": "urn:bank:one"}, false},
		{"no level", map[string]any{"acr": ""}, false},
		{"it says so", map[string]any{"amr": []string{"mfa"}}, true},
		{"one known and one held", map[string]any{"amr": []string{"pwd", "otp"}}, true},
		{"the level that is configured", map[string]any{"acr": "urn:bank:two"}, true},
	} {
		p.set(func() { p.Claims = c.claims })
		b := visitor(t, w)
		to := "/console/second?next=%2Fconsole%2Faccount"
		if c.full {
			to = "/console/account"
		}
		rec := b.signOn(p, nil)
		if rec.Header().Get("Location") != to {
			t.Errorf("%s: %d to %q, want %q", c.name, rec.Code, rec.Header().Get("Location"), to)
		}
	}
}

func TestASignOnThatDoesNotAnswerHoldsNothingUp(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.Down = true
	w := newWorld(t, p.options(nil)) // it opens all the same
	p.set(func() { p.now = w.Clock.Now })
	a, _ := firstTwo(t, w)
	b := visitor(t, w)
	for range 3 {
		b.wants(b.get("/console/sign-in/sign-on"), http.StatusServiceUnavailable, "does not answer at the moment")
	}
	b.leads(b.post("/console/sign-in", "login", a.login, "password", passphrase), "/console/second?next=%2Fconsole")
	w.Later(11 * time.Second)
	p.set(func() { p.Down = false })
	a.leads(a.link(p), "/console/account?done=sign-on-linked")
	if p.asked != 1 {
		t.Errorf("its metadata was read %d times", p.asked)
	}
	// Found once, it is known for an hour, and after that as long as nothing better is.
	p.set(func() { p.Down = true })
	left := visitor(t, w)
	to := left.get("/console/sign-in/sign-on")
	if to.Code != http.StatusSeeOther {
		t.Fatalf("answer %d", to.Code)
	}
	state := regexp.MustCompile(`state=([\w-]+)`).FindStringSubmatch(to.Header().Get("Location"))[1]
	left.wants(left.get("/console/sign-on?code=a&state="+state+"&iss="+url.QueryEscape(p.issuer())), http.StatusServiceUnavailable, "does not answer at the moment")
	for _, screen := range []string{"/console/sign-in", "/console/second"} {
		if rec := left.get(screen); strings.Contains(rec.Body.String(), clientSecret) {
			t.Error("the client's secret is on a page")
		}
	}
}

func TestAMisleadingProviderIsNotFollowed(t *testing.T) {
	t.Parallel()
	for name, metadata := range map[string]map[string]any{
		"another issuer":           {"issuer": "https://evil.example"},
		"a token endpoint by http": {"token_endpoint": "http://127.0.0.1:1/token"},
		"keys by http":             {"jwks_uri": "http://127.0.0.1:1/keys"},
		"no way to go":             {"authorization_endpoint": ""},
	} {
		p := newProvider(t)
		p.Metadata = metadata
		w := newWorld(t, p.options(nil))
		b := visitor(t, w)
		if rec := b.get("/console/sign-in/sign-on"); rec.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", name, rec.Code)
		}
	}
	w := newWorld(t, withConsole())
	b := visitor(t, w)
	for _, path := range []string{"/console/sign-in/sign-on", "/console/sign-on?code=a&state=b"} {
		b.wants(b.get(path), http.StatusNotFound, "nothing here")
	}
}
