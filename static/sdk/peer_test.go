package sdk_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app/seal"
)

// service is the one H5 service of the peer.
const service = "urn:h5:loan"

// peer is the server's side of protocol sections 4 to 7, as small as the page's tests allow: one service, one
// partner, everything in memory. Tests bend it: they lose its answers, move its clock, forge what it says.
type peer struct {
	*httptest.Server
	signing, ak *seal.PrivateKey
	trusted     *seal.PrivateKey // whose ATs it takes: signing, unless a forger plays the gateway

	mu       sync.Mutex
	changed  *sync.Cond             // signalled after every request
	gate     map[string]func() bool // path → whether its answers may leave
	skew     time.Duration
	lifetime int64
	closed   int64                        // seconds until the service opens; 0 while it is open
	lose     map[string]int               // path → answers to lose after the work is done
	clear    map[string]string            // path → code to answer in the clear instead
	forge    func(message map[string]any) // changes a message before it is sealed
	spent    map[string]spend             // AT → what it opened
	tickets  map[string]*ticket           // VT → ticket
	dead     map[string]bool              // vid
	seen     map[string]bool              // vid and jti of writes
	requests map[string][]string          // path → bodies, in order
	opened   map[string][]map[string]any  // path → plaintexts, in order
	executed int                          // writes that reached the upstream
	vts      []string                     // VT of every request, in order
	alarms   int                          // an AT under a second R
}

type spend struct {
	r   string
	vid string
}

type ticket struct {
	vid, r   string
	up, down []byte
	ends     int64
}

// answer is one answer of the peer: sealed under key, or in the clear when key is nil.
type answer struct {
	status  int
	typ     string
	key     []byte
	message map[string]any
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{
		lifetime: 900,
		lose:     map[string]int{}, clear: map[string]string{},
		spent: map[string]spend{}, tickets: map[string]*ticket{},
		dead: map[string]bool{}, seen: map[string]bool{},
		requests: map[string][]string{}, opened: map[string][]map[string]any{},
	}
	p.changed = sync.NewCond(&p.mu)
	p.gate = map[string]func() bool{}
	p.signing = generate(t, seal.Signing, "sig-1")
	p.trusted = p.signing
	p.ak = generate(t, seal.Encryption, "ak-1")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/jwks.json", p.keys)
	mux.HandleFunc("POST /gateway/v1/visit-tokens", p.door("visit-tokens", p.exchange))
	mux.HandleFunc("POST /gateway/v1/calls", p.door("calls", p.sealedCall))
	mux.HandleFunc("POST /gateway/v1/visit-tokens/renew", p.door("renew", p.renew))
	mux.HandleFunc("POST /gateway/v1/visit-tokens/close", p.door("close", p.end))
	mux.HandleFunc("OPTIONS /", func(http.ResponseWriter, *http.Request) {})
	p.Server = httptest.NewServer(cors(mux))
	t.Cleanup(p.Close)
	return p
}

func generate(t *testing.T, use seal.Use, kid string) *seal.PrivateKey {
	t.Helper()
	key, err := seal.Generate(seal.A256, use, kid, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		header.Set("Access-Control-Allow-Methods", "POST")
		header.Set("Access-Control-Allow-Headers", "authorization, content-type")
		header.Set("Access-Control-Expose-Headers", "Retry-After")
		header.Set("Vary", "Origin")
		next.ServeHTTP(w, r)
	})
}

// issue mints an AT for the service, signed by key.
func (p *peer) issue(t *testing.T, key *seal.PrivateKey, changes map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": p.URL, "aud": service, "sub": "user-7781", "client_id": "app_demo", "scope": "account.balance:read",
		"jti": newID(), "iat": p.now(), "exp": p.now() + 120, "env": "sandbox", "ak": p.ak.Public(),
		"return_to": "https://partner.example/back",
	}
	for name, value := range changes {
		claims[name] = value
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	at, err := seal.Sign(key, "at+jwt", payload, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(at)
}

func (p *peer) now() int64 { return time.Now().Add(p.skew).Unix() }

// with runs f under the peer's lock.
func (p *peer) with(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// count returns how many requests a path has had.
func (p *peer) count(path string) (n int) {
	p.with(func() { n = len(p.requests[path]) })
	return n
}

// await waits until a path has been asked.
func (p *peer) await(ctx context.Context, path string) {
	defer context.AfterFunc(ctx, func() { p.with(p.changed.Broadcast) })()
	p.with(func() {
		for len(p.requests[path]) == 0 && ctx.Err() == nil {
			p.changed.Wait()
		}
	})
}

// messages returns the plaintexts that arrived at a path.
func (p *peer) messages(path string) (all []map[string]any) {
	p.with(func() { all = slices.Clone(p.opened[path]) })
	return all
}

func (p *peer) keys(w http.ResponseWriter, _ *http.Request) {
	set, err := seal.MarshalPublicJWKSet([]*seal.PublicKey{p.signing.Public(), p.ak.Public()})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(set)
}

// door reads the envelope, lets work answer it, and then answers, lies or hangs up as the test asked.
func (p *peer) door(path string, work func(*http.Request, *seal.Envelope) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.requests[path] = append(p.requests[path], string(body))
		p.changed.Broadcast()
		reply := clear(http.StatusBadRequest, "bad_envelope")
		if envelope, err := seal.ParseEnvelope(body, 1<<20); err == nil && r.Header.Get("Content-Type") == "application/jose" {
			reply = work(r, envelope)
		}
		if code := p.clear[path]; code != "" {
			reply = clear(http.StatusServiceUnavailable, code)
		}
		for gate := p.gate[path]; gate != nil && !gate() && r.Context().Err() == nil; {
			p.changed.Wait()
		}
		if p.lose[path] > 0 {
			p.lose[path]--
			// A connection that just closes makes browsers send the POST again by themselves.
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		p.send(w, reply)
	}
}

func (p *peer) send(w http.ResponseWriter, a answer) {
	a.message["server_time"] = p.now()
	if p.forge != nil {
		p.forge(a.message)
	}
	content, _ := json.Marshal(a.message)
	w.Header().Set("Content-Type", "application/problem+json")
	if a.key != nil {
		w.Header().Set("Content-Type", "application/jose")
		content, _ = seal.SealDirect(seal.A256, a.typ, a.key, content, rand.Reader)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(content)
}

func clear(status int, code string) answer {
	return answer{status: status, message: map[string]any{"status": status, "code": code, "title": code, "request_id": "r-clear"}}
}

func refuse(status int, code string, key []byte, jti any) answer {
	a := clear(status, code)
	a.typ, a.key = "error+jwe", key
	a.message["jti"], a.message["request_id"] = jti, "r-sealed"
	return a
}

// shut refuses for a service that is closed by plan.
func (p *peer) shut(key []byte, jti any) answer {
	a := refuse(http.StatusServiceUnavailable, "unavailable", key, jti)
	a.message["retry_after"] = p.closed
	return a
}

// exchange is step D. An AT opens one visit; under the same R it is answered again, under another it ends it.
func (p *peer) exchange(_ *http.Request, envelope *seal.Envelope) answer {
	plaintext, r, err := envelope.OpenWith(p.ak, "vt-req+jwe")
	if err != nil {
		return clear(http.StatusBadRequest, "bad_envelope")
	}
	message := p.record("visit-tokens", plaintext)
	at, _ := message["at"].(string)
	signed, err := seal.ParseSigned([]byte(at), 1<<14)
	if err != nil || signed.Verify(p.trusted.Public()) != nil {
		return refuse(http.StatusUnauthorized, "invalid_at", r, message["jti"])
	}
	if p.closed > 0 {
		return p.shut(r, message["jti"])
	}
	before, again := p.spent[at]
	if again && (before.r != string(r) || p.dead[before.vid]) {
		p.alarms++
		p.dead[before.vid] = true
		return refuse(http.StatusConflict, "at_spent", r, message["jti"])
	}
	if !again {
		before = spend{r: string(r), vid: newID()}
		p.spent[at] = before
	}
	granted := p.grant(before.vid, before.r)
	granted["jti"], granted["client_name"], granted["subject_hint"] = message["jti"], "Lianhe Travel", "us****81"
	granted["scope"] = "account.balance:read loan.offer:read"
	return answer{status: http.StatusOK, typ: "vt-resp+jwe", key: r, message: granted}
}

func (p *peer) grant(vid, r string) map[string]any {
	sid, vt := newID(), "vt."+newID()
	up, down, _ := seal.DeriveKeys(seal.A256, []byte(r), sid)
	p.tickets[vt] = &ticket{vid: vid, r: r, up: up, down: down, ends: p.now() + p.lifetime}
	return map[string]any{"vt": vt, "vid": vid, "sid": sid, "expires_in": p.lifetime, "renew_until": p.now() + p.lifetime + 900}
}

// admit opens a request of a visit; refusal.message is nil when it may go on.
func (p *peer) admit(r *http.Request, envelope *seal.Envelope, path, typ string) (held *ticket, message map[string]any, refusal answer) {
	vt := strings.TrimPrefix(r.Header.Get("Authorization"), "Visit ")
	p.vts = append(p.vts, vt)
	held = p.tickets[vt]
	if held == nil {
		return nil, nil, clear(http.StatusUnauthorized, "invalid_vt")
	}
	plaintext, err := envelope.OpenDirect(seal.A256, typ, held.up)
	if err != nil {
		return nil, nil, clear(http.StatusBadRequest, "bad_envelope")
	}
	message = p.record(path, plaintext)
	late := p.now() - int64(message["iat"].(float64))
	switch {
	case p.dead[held.vid], path == "calls" && p.now() >= held.ends:
		return nil, nil, refuse(http.StatusUnauthorized, "invalid_vt", held.down, message["jti"])
	case p.closed > 0:
		return nil, nil, p.shut(held.down, message["jti"])
	case late > 60 || late < -60:
		return nil, nil, refuse(http.StatusBadRequest, "stale_request", held.down, message["jti"])
	}
	return held, message, answer{}
}

func (p *peer) sealedCall(r *http.Request, envelope *seal.Envelope) answer {
	held, message, refusal := p.admit(r, envelope, "calls", "call+jwe")
	if refusal.message != nil {
		return refusal
	}
	reply := map[string]any{"jti": message["jti"], "status": 200, "headers": map[string]any{"content-type": "application/json"}}
	if message["method"] != "GET" {
		key := held.vid + message["jti"].(string)
		if p.seen[key] {
			again := refuse(http.StatusConflict, "replayed", held.down, message["jti"])
			again.message["first"] = "done"
			return again
		}
		p.seen[key] = true
		p.executed++
	}
	reply["body"] = map[string]any{"path": message["path"], "amount": json.RawMessage("12345678901234567890.10")}
	switch message["path"] {
	case "/sign-in":
		for name, value := range p.grant(held.vid, held.r) {
			if name != "vid" && name != "renew_until" {
				reply[name] = value
			}
		}
	case "/denied":
		denied := refuse(http.StatusForbidden, "scope_denied", held.down, message["jti"])
		denied.message["permission"] = "loan.offer:write"
		return denied
	}
	return answer{status: http.StatusOK, typ: "reply+jwe", key: held.down, message: reply}
}

func (p *peer) renew(r *http.Request, envelope *seal.Envelope) answer {
	held, message, refusal := p.admit(r, envelope, "renew", "renew+jwe")
	if refusal.message != nil {
		return refusal
	}
	granted := p.grant(held.vid, held.r)
	granted["jti"] = message["jti"]
	return answer{status: http.StatusOK, typ: "vt-resp+jwe", key: held.down, message: granted}
}

func (p *peer) end(r *http.Request, envelope *seal.Envelope) answer {
	held, message, refusal := p.admit(r, envelope, "close", "close+jwe")
	if refusal.message != nil {
		return refusal
	}
	p.dead[held.vid] = true
	return answer{status: http.StatusOK, typ: "reply+jwe", key: held.down, message: map[string]any{"jti": message["jti"], "status": 204}}
}

// record decodes a plaintext by the protocol's strict rules and keeps it for the test to look at.
func (p *peer) record(path string, plaintext []byte) map[string]any {
	var form struct {
		JTI string       `json:"jti"`
		IAT seal.Integer `json:"iat"`
	}
	message := map[string]any{}
	if seal.DecodeObject(plaintext, &form) == nil && seal.ValidID(form.JTI) {
		_ = json.Unmarshal(plaintext, &message)
	}
	p.opened[path] = append(p.opened[path], message)
	return message
}

func newID() string {
	var octets [16]byte
	_, _ = rand.Read(octets[:])
	return base64.RawURLEncoding.EncodeToString(octets[:])
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
