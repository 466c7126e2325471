package app_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"postern/app"
	"postern/app/apptest"
	"postern/app/store/storetest"
	"postern/models"
)

// listener is a partner's program: it keeps what it is told, and answers as it is told to.
type listener struct {
	*httptest.Server
	mu       sync.Mutex
	status   int
	location string
	got      []*http.Request
	bodies   []string
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{status: http.StatusNoContent}
	l.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body) // what is cut off fails the test below
		l.mu.Lock()
		defer l.mu.Unlock()
		l.got, l.bodies = append(l.got, r), append(l.bodies, string(text))
		if l.location != "" {
			rw.Header().Set("Location", l.location)
		}
		rw.WriteHeader(l.status)
		_, _ = io.WriteString(rw, "said <b>so</b>\n")
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) answers(status int, location string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status, l.location = status, location
}

// heard is what it was told since the last time.
func (l *listener) heard() (got []*http.Request, bodies []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	got, bodies, l.got, l.bodies = l.got, l.bodies, nil, nil
	return got, bodies
}

// numbered gives every event its number, and brings what is due.
func (b bank) tellsPartners() {
	b.t.Helper()
	b.Later(time.Second) // of one moment there is one run
	runJob(b.t, b.World, "evidence")
	runJob(b.t, b.World, "webhooks")
}

func newHookedBank(t *testing.T, private bool) bank {
	t.Helper()
	w := apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{Config: func(c *app.Config) { c.Portal.PrivateWebhooks = private }})
	return bank{office: newOffice(t, w)}
}

// Partners' programs are told what becomes of what is theirs, signed by a key of the
// gateway, in order, again where nobody took it, and never of another partner's.
func TestPartnersProgramsAreTold(t *testing.T) {
	t.Parallel()
	b := newHookedBank(t, true)
	l, foreign := listen(t), listen(t)
	b.tellsPartners() // what was before is not told
	topics := []string{}
	for _, topic := range models.Topics {
		topics = append(topics, string(topic))
	}
	hook := b.ledTo("developer", "/portal/webhooks", url.Values{"url": {l.URL + "/hook?token=partners-own"}, "topics": topics})
	b.ledTo("other", "/portal/webhooks", url.Values{"url": {foreign.URL}, "topics": topics})

	made := b.ledTo("developer", "/portal/applications", newApplication("Coupons"))
	b.tellsPartners()
	got, bodies := l.heard()
	if len(got) != 1 {
		t.Fatalf("told %d times: %v", len(got), bodies)
	}
	var m struct {
		ID, Iss, Webhook, Topic, Event string
		At                             int64
		Data                           map[string]string
	}
	if err := json.Unmarshal([]byte(bodies[0]), &m); err != nil || m.Topic != "application.changed" || m.Data["state"] != "active" || "/portal/applications/"+m.Data["application"] != made || "/portal/webhooks/"+m.Webhook != hook || m.Iss != apptest.Issuer {
		t.Errorf("told %s (%v)", bodies[0], err)
	}
	b.verifies(got[0].Header.Get("Postern-Signature"), bodies[0], true)
	b.verifies(got[0].Header.Get("Postern-Signature"), strings.Replace(bodies[0], "application.changed", "application.Changed", 1), false)
	if _, others := foreign.heard(); len(others) != 0 {
		t.Errorf("another partner's program was told %v", others)
	}

	// Nobody takes it: again, later each time, and what comes behind waits.
	l.answers(http.StatusServiceUnavailable, "")
	b.ledTo("developer", made+"/close", url.Values{})
	b.ledTo("developer", hook+"/test", url.Values{})
	b.tellsPartners()
	if _, bodies := l.heard(); len(bodies) != 1 {
		t.Errorf("while it takes nothing it was told %d times", len(bodies))
	}
	b.tellsPartners()
	if _, bodies := l.heard(); len(bodies) != 0 { // the test neither: it is behind
		t.Errorf("before its time it was told %v", bodies)
	}
	if page := b.as("viewer", hook, nil).Body.String(); !strings.Contains(page, "503") || !strings.Contains(page, "said &lt;b&gt;so&lt;/b&gt;") || strings.Contains(page, "/again") {
		t.Error("the page does not say what was answered, or lets a viewer send again")
	}
	l.answers(http.StatusOK, "")
	b.Later(2 * time.Minute)
	b.tellsPartners()
	if _, bodies := l.heard(); len(bodies) != 2 || !strings.Contains(strings.Join(bodies, ""), `"state":"closed"`) {
		t.Fatalf("once it takes them it was told %v", bodies)
	}

	// By hand once more, the same message.
	page := b.as("developer", hook, nil).Body.String()
	at := strings.Index(page, hook+"/deliveries/")
	again, _, _ := strings.Cut(page[at:], `"`)
	b.ledTo("developer", again, url.Values{})
	b.tellsPartners()
	if _, bodies := l.heard(); len(bodies) != 1 || !strings.Contains(bodies[0], strings.Split(again, "/")[5]) {
		t.Errorf("sent again: %v", bodies)
	}

	// A redirect is an answer like another, and leads nowhere.
	l.answers(http.StatusFound, foreign.URL)
	b.ledTo("developer", hook+"/test", url.Values{})
	b.tellsPartners()
	if got, _ := foreign.heard(); len(got) != 0 {
		t.Error("a redirect was followed")
	}
	if page := b.as("developer", hook, nil).Body.String(); !strings.Contains(page, "A redirect, which is not followed") {
		t.Error("the page does not say what a redirect comes to")
	}

	// It rests: what happens meanwhile is not told.
	l.answers(http.StatusOK, "")
	b.Later(2 * time.Minute)
	b.tellsPartners()
	l.heard()
	b.ledTo("developer", hook+"/edit", url.Values{"url": {l.URL}, "topics": topics, "paused": {"yes"}})
	b.ledTo("developer", "/portal/applications", newApplication("Another"))
	b.tellsPartners()
	if _, bodies := l.heard(); len(bodies) != 0 {
		t.Errorf("while it rests it was told %v", bodies)
	}
	b.ledTo("developer", hook+"/remove", url.Values{})
	if b.Count("webhook_deliveries") != 0 {
		t.Error("messages of a webhook that is gone are kept")
	}
}

// A webhook that takes nothing keeps nobody else waiting, however much waits for it; one
// that rests is told nothing, and nor is one of a partner that is not active.
func TestEveryWebhookHasATurnOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newHookedBank(t, true)
	dead, alive := listen(t), listen(t)
	dead.answers(http.StatusServiceUnavailable, "")
	form := func(l *listener) url.Values { return url.Values{"url": {l.URL}, "topics": {"credential.ending"}} }
	hook := b.ledTo("developer", "/portal/webhooks", form(dead))
	b.Exec("UPDATE partners SET status = 'active'")
	other := b.ledTo("other", "/portal/webhooks", form(alive))
	for range 3 { // asked for three times it is one
		b.ledTo("developer", hook+"/test", url.Values{})
	}
	if n := b.Count("webhook_deliveries"); n != 1 {
		t.Errorf("%d tests wait", n)
	}
	b.Exec("INSERT INTO webhook_deliveries (id, webhook_id, topic, body, due_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) " +
		"SELECT '0-' || i, '" + strings.TrimPrefix(hook, "/portal/webhooks/") + "', 'test', '{}', 1 FROM n")
	b.ledTo("other", other+"/test", url.Values{})
	b.tellsPartners()
	if _, bodies := dead.heard(); len(bodies) != 1 {
		t.Errorf("what takes nothing was told %d times", len(bodies))
	}
	if _, bodies := alive.heard(); len(bodies) != 1 {
		t.Errorf("the other was told %d times", len(bodies))
	}

	quiet := func(why string) {
		t.Helper()
		b.Later(time.Hour)
		b.tellsPartners()
		if _, bodies := dead.heard(); len(bodies) != 0 {
			t.Errorf("%s it was told %d times", why, len(bodies))
		}
	}
	b.Exec("UPDATE webhooks SET paused = TRUE")
	quiet("while it rests")
	b.Exec("UPDATE webhooks SET paused = FALSE")
	b.Exec("UPDATE partners SET status = 'suspended'")
	quiet("while its partner is suspended")
	b.Exec("UPDATE partners SET status = 'active'")
	dead.answers(http.StatusOK, "")
	b.Later(time.Hour)
	b.tellsPartners()
	if _, bodies := dead.heard(); len(bodies) == 0 || len(bodies) > 100 {
		t.Errorf("once it takes them it was told %d times in one turn", len(bodies))
	}
}

// verifies holds a signature without its payload to another library and the published keys.
func (b bank) verifies(signature, body string, want bool) {
	b.t.Helper()
	rec := b.Do(httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", http.NoBody))
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(rec.Body.Bytes(), &keys); err != nil {
		b.t.Fatal(err)
	}
	whole := strings.Replace(signature, "..", "."+base64.RawURLEncoding.EncodeToString([]byte(body))+".", 1)
	signed, err := jose.ParseSignedCompact(whole, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || signed.Signatures[0].Protected.ExtraHeaders["typ"] != "webhook+json" {
		b.t.Fatalf("%s: %v", signature, err)
	}
	held := false
	for _, k := range keys.Key(signed.Signatures[0].Protected.KeyID) {
		_, err := signed.Verify(k)
		held = held || err == nil && k.Use == "sig"
	}
	if held != want {
		b.t.Errorf("the signature holds: %v, want %v", held, want)
	}
}

// Where partners choose addresses, the gateway knocks at no door but public ones; another
// partner's webhooks are not there.
func TestAPartnersWebhookLeadsToThePublicInternetAlone(t *testing.T) {
	t.Parallel()
	b := newHookedBank(t, false)
	l := listen(t)
	form := func(address string) url.Values { return url.Values{"url": {address}, "topics": {"credential.ending"}} }
	for _, address := range []string{l.URL, strings.Replace(l.URL, "http:", "https:", 1), "https://169.254.169.254/latest", "https://localhost/", "https://[::ffff:127.0.0.1]/", "https://2130706433/"} {
		rec := b.as("developer", "/portal/webhooks", form(address))
		if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `id="url-error"`) {
			t.Errorf("%s: %d\n%.300s", address, rec.Code, rec.Body)
		}
	}
	if rec := b.as("developer", "/portal/webhooks", url.Values{"url": {"https://hooks.example.com/"}, "topics": {"everything"}}); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("a topic that there is not: %d", rec.Code)
	}
	if rec := b.as("viewer", "/portal/webhooks", form("https://hooks.example.com/")); rec.Code != http.StatusForbidden {
		t.Errorf("made by a viewer: %d", rec.Code)
	}
	hook := b.ledTo("developer", "/portal/webhooks", form("https://hooks.example.com/x"))
	// As if the name had come to mean this machine: the address is looked at when the
	// connection is made.
	b.Exec("UPDATE webhooks SET url = '" + l.URL + "'")
	b.ledTo("developer", hook+"/test", url.Values{})
	b.tellsPartners()
	if got, _ := l.heard(); len(got) != 0 {
		t.Error("a message went to this machine")
	}
	if page := b.as("developer", hook, nil).Body.String(); !strings.Contains(page, "not taken") || !strings.Contains(page, "it is not on the public internet") || strings.Contains(page, "dial tcp") {
		t.Errorf("the page does not say why nothing was sent: %.900s", page[strings.Index(page, "<tbody"):])
	}
	for _, action := range []string{"", "/edit", "/test", "/remove", "/deliveries/x/again"} {
		var form url.Values
		if action != "" && action != "/edit" {
			form = url.Values{}
		}
		foreign, unknown := b.as("other", hook+action, form), b.as("other", "/portal/webhooks/nothing"+action, form)
		if foreign.Code != http.StatusNotFound || unpathed(foreign, hook) != unpathed(unknown, "/portal/webhooks/nothing") {
			t.Errorf("%s of another partner: %d", action, foreign.Code)
		}
	}
	for range 4 {
		b.ledTo("developer", "/portal/webhooks", form("https://hooks.example.com/x"))
	}
	if rec := b.as("developer", "/portal/webhooks", form("https://hooks.example.com/x")); rec.Code != http.StatusConflict {
		t.Errorf("the sixth: %d", rec.Code)
	}
}

// Why there was no answer is said in the reader's words, not in a program's.
func TestWhyAWebhookDidNotAnswerIsSaid(t *testing.T) {
	t.Parallel()
	b := newHookedBank(t, true)
	l := listen(t)
	hook := b.ledTo("developer", "/portal/webhooks", url.Values{"url": {l.URL}, "topics": {"credential.ending"}})
	if page := b.as("developer", "/portal/webhooks/new", nil).Body.String(); !strings.Contains(page, "https or http") {
		t.Error("the form does not say what is allowed here")
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	unknown := httptest.NewTLSServer(nil)
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(unknown.Close)
	for address, want := range map[string]string{
		gone.URL: "The connection was refused", unknown.URL: "TLS failed", strings.Replace(l.URL, "http:", "https:", 1): "TLS failed", "http://nowhere.invalid/": "There is no such host",
	} {
		b.Exec("UPDATE webhooks SET url = '" + address + "'")
		b.Exec("DELETE FROM webhook_deliveries")
		b.ledTo("developer", hook+"/test", url.Values{})
		b.tellsPartners()
		if page := b.as("developer", hook, nil).Body.String(); !strings.Contains(page, want) {
			t.Errorf("%s: the page does not say %q", address, want)
		}
	}
}
