package app_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"postern/app/apptest"
	"postern/app/clients"
)

// server is the partner's, that asks for ATs with one key.
type server struct {
	s           *story
	client, kid string
	signing     *ecdsa.PrivateKey
	opening     *ecdsa.PrivateKey
}

func (s *story) server(client, keys string) *server {
	s.t.Helper()
	v := &server{s: s, client: client, signing: s.key(keys, "sig"), opening: s.key(keys, "enc")}
	v.kid = kidOfKey(s.t, v.signing)
	return v
}

// kidOfKey is what the page calls a key that it makes: its thumbprint.
func kidOfKey(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	jwk := jose.JSONWebKey{Key: &key.PublicKey}
	print, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(print)
}

// assertion is what the server proves itself with, by the clock of the world.
func (v *server) assertion() (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: v.signing, KeyID: v.kid}}, nil)
	if err != nil {
		return "", err
	}
	now := v.s.Clock.Now()
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: v.client, Subject: v.client, Audience: jwt.Audience{v.s.gateway}, ID: apptest.NewID(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
}

// asks is one token request over the wire.
func (v *server) asks() (status int, answer []byte, err error) {
	assertion, err := v.assertion()
	if err != nil {
		return 0, nil, err
	}
	response, err := http.PostForm(v.s.gateway+"/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "resource": {apptest.Service}, "subject": {"user-7781"},
		"client_assertion_type": {clients.AssertionType}, "client_assertion": {assertion},
	})
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

func (v *server) mustGet() []byte {
	v.s.t.Helper()
	status, answer, err := v.asks()
	if err != nil || status != http.StatusOK {
		v.s.t.Fatalf("a token request is answered %d %s %v", status, answer, err)
	}
	return answer
}

// isRefused asks once, in vain.
func (v *server) isRefused(when string) {
	v.s.t.Helper()
	status, answer, err := v.asks()
	if err != nil || status != http.StatusUnauthorized || !bytes.Contains(answer, []byte(`"invalid_client"`)) {
		v.s.t.Errorf("%s it is answered %d %s %v", when, status, answer, err)
	}
}

// opens is the AT in an answer of step B.
func (v *server) opens(answer []byte) string {
	v.s.t.Helper()
	var b struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &b); err != nil {
		v.s.t.Fatal(err)
	}
	sealed, err := jose.ParseEncryptedCompact(b.AccessToken, []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		v.s.t.Fatal(err)
	}
	at, err := sealed.Decrypt(v.opening)
	if err != nil {
		v.s.t.Fatal(err)
	}
	return string(at)
}

// busy asks without a pause until stop is called, which says how often. A refusal fails
// the test.
func (v *server) busy() (stop func() int) {
	ctx, cancel := context.WithCancel(v.s.t.Context())
	var load sync.WaitGroup
	counts := make([]int, 2)
	for i := range counts {
		load.Go(func() {
			for ctx.Err() == nil {
				status, answer, err := v.asks()
				if err != nil || status != http.StatusOK {
					v.s.t.Errorf("under load a request is answered %d %s %v", status, answer, err)
					return
				}
				counts[i]++
			}
		})
	}
	return func() int {
		cancel()
		load.Wait()
		return counts[0] + counts[1]
	}
}

// rotates is the Friday evening: a further key is registered and the old one set to end
// while the servers ask without a pause; they move over one after the other. In the end
// the key that is left is frozen.
func (s *story) rotates(application string, old *server) {
	b, path := s.partner, "/portal/applications/"+application
	s.Later(friday(s.Clock.Now()).Sub(s.Clock.Now()))
	b.open(path)
	s.comesIn(path)
	before := s.usesOf(path, old.kid)

	stop := old.busy()
	keys := s.t.TempDir()
	b.open(path)
	b.follows(`main a[href$="/credentials/new"]`)
	s.makesAKey(keys, "sig")
	s.proves()
	b.does("form:has(#key) .is-primary", "?done=further")
	s.Refresh()
	fresh := *old
	fresh.signing = s.key(keys, "sig")
	fresh.kid = kidOfKey(s.t, fresh.signing)
	fresh.mustGet() // the first server has the new key
	s.findsKey(path, old.kid)
	b.follows(`.p-header-actions a[href$="/end"]`)
	b.run(chromedp.SetValue("#when", "1h", chromedp.ByQuery))
	if b.eval(`Boolean(document.querySelector("#anyway"))`) == "true" {
		s.t.Error("the old key counts as the last, beside the new one")
	}
	b.does("form:has(#when) .btn.is-danger", "?done=ended")
	s.Refresh()
	asked := stop()
	if asked < 50 {
		s.t.Errorf("only %d requests are no load", asked)
	}
	s.t.Logf("%d token requests while the key was rotated", asked)
	s.uses(path, old.kid, before+asked)
	s.uses(path, fresh.kid, 1)
	s.findsKey(path, old.kid)
	b.says("These servers still use it: change them before.")
	s.sound(b, "a key that ends, and who uses it")

	// Up to its end nobody is refused by the old key, from then on everybody is.
	s.Later(time.Hour - time.Second)
	stop = old.busy()
	for range 20 {
		fresh.mustGet()
	}
	last := stop()
	if last == 0 {
		s.t.Error("nobody asked in the last second")
	}
	s.Later(time.Second)
	old.isRefused("after its end")
	fresh.mustGet()
	b.open(path)
	s.comesIn(path)
	s.uses(path, old.kid, last) // the page counts what runs of ten minutes, and the ten before
	s.uses(path, fresh.kid, 20+1)
	s.refusedInLog("key_ended", "whose end has come", "Put the key that took its place on all of your servers.")
	s.explains(old, "This key has ended: this server still uses the old one.")

	// The new one is frozen, which stops the application, and the page says so before.
	s.findsKey(path, fresh.kid)
	b.follows(`.p-header-actions a[href$="/freeze"]`)
	b.says("no visit can begin")
	b.run(chromedp.Evaluate(`document.querySelector("#anyway").click()`, nil))
	b.does(`form[action$="/freeze"] .btn.is-danger`, "?done=frozen")
	b.says("frozen")
	s.sound(b, "a key that is frozen")
	s.Refresh()
	fresh.isRefused("frozen")
	s.refusedInLog("key_frozen", "a key that is frozen", "thaw this one on its page if your team froze it")
	s.explains(&fresh, "This key is frozen: sign with another, or thaw it on its page.")
	s.heard.lacks(s.t, s.private)
}

// friday is the next Friday, at half past six in the evening by the bank's clock.
func friday(now time.Time) time.Time {
	at := now.In(time.FixedZone("UTC+8", 8*60*60))
	at = time.Date(at.Year(), at.Month(), at.Day()+(int(time.Friday-at.Weekday())+7)%7, 18, 30, 0, 0, at.Location())
	if !at.After(now.Add(time.Hour)) {
		at = at.AddDate(0, 0, 7)
	}
	return at
}

// findsKey opens the page of an application's key, from the application's own.
func (s *story) findsKey(path, kid string) {
	s.t.Helper()
	b := s.partner
	b.open(path)
	b.until(`document.querySelector(".p-credentials a")`)
	to := b.eval(fmt.Sprintf(`[...document.querySelectorAll(".p-credentials .p-line, .p-credentials tr")].find(row => row.textContent.includes(%q))?.querySelector("a").pathname`, kid))
	b.open(to)
	b.at(to)
}

var usedSince = regexp.MustCompile(`([\d,]+) requests? since`)

// usesOf is how often the page says that a key was used of late, in sum and by address,
// which must be the same.
func (s *story) usesOf(path, kid string) (n int) {
	s.t.Helper()
	if err := s.App.FlushUses(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.findsKey(path, kid)
	found := usedSince.FindStringSubmatch(s.partner.eval(`document.querySelector("main").innerText`))
	if found == nil {
		s.t.Fatalf("the page of %s says no number", kid)
	}
	var err error
	if n, err = number(found[1]); err != nil {
		s.t.Fatal(err)
	}
	if rows := s.partner.eval(`[...document.querySelectorAll("main td")].map(c => c.innerText.trim()).filter(t => /^[\d,]+$/.test(t)).join()`); n > 0 && strings.ReplaceAll(rows, ",", "") != fmt.Sprint(n) {
		s.t.Errorf("by address the page counts %s, in sum %d", rows, n)
	}
	return n
}

func number(text string) (n int, err error) {
	_, err = fmt.Sscan(strings.ReplaceAll(text, ",", ""), &n)
	return n, err
}

func (s *story) uses(path, kid string, want int) {
	s.t.Helper()
	if n := s.usesOf(path, kid); n != want {
		s.t.Errorf("the page counts %d uses of %s, which were %d", n, kid, want)
	}
}

// refusedInLog finds a refusal in the partner's own log and reads why it was one.
func (s *story) refusedInLog(reason string, words ...string) {
	s.t.Helper()
	b := s.partner
	row := `main table a[href^="/portal/log/"]`
	for range 20 { // it is on record a moment later
		b.open("/portal/log?world=production&why=" + reason)
		if b.eval(`Boolean(document.querySelector('`+row+`'))`) == "true" {
			break
		}
	}
	b.follows(row)
	for _, want := range words {
		b.says(want)
	}
}

// explains pastes an assertion of a server's.
func (s *story) explains(v *server, words string) {
	s.t.Helper()
	assertion, err := v.assertion()
	if err != nil {
		s.t.Fatal(err)
	}
	s.partner.open("/portal/explain")
	s.explained(assertion, words)
}
