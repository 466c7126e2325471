package sdk_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"postern/app/apptest"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// TestAgainstTheGateway holds the page in a browser to the real gateway over TLS, each on its own host name:
// what the peer of the other scenarios only plays, the two sides must agree on here.
func TestAgainstTheGateway(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	require(t, "chromium", "chromium-browser", "google-chrome")
	world := apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{})
	s := &stage{T: t, gateway: apptest.Issuer, page: apptest.Origin}
	var lose atomic.Bool
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if "https://"+r.Host == apptest.Origin {
			s.servePage(w, r)
			return
		}
		if r.URL.Path == "/gateway/v1/calls" && r.Method == http.MethodPost && lose.CompareAndSwap(true, false) {
			world.Handler().ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		world.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	address := strings.TrimPrefix(front.URL, "https://")
	s.openTab(startBrowser(t, "MAP *.bank.example "+address, chromedp.Flag("ignore-certificate-errors", true)))

	newAT := func() string {
		return world.AT(apptest.Travel, url.Values{"subject": {"user-7781"}, "return_to": {apptest.Back}})
	}
	s.load("#at=" + newAT())
	s.want("open().then((visit) => [visit.clientName, visit.subjectHint, visit.env, visit.returnTo].join('|'))",
		"Lianhe Travel|us****81|production|"+apptest.Back)

	offer := `visit.call("GET", "/loans/offers").then((reply) => reply.text)`
	reduced := `{"offer":{"limit":186000.00,"rate":"3.85"},"holder":{"name":"周**","phone":"138****6027"}}`
	s.want(offer, reduced)
	s.want(`visit.call("GET", "/accounts/622848/balance", null, {query: {currency: "CNY"}}).then((reply) => reply.body.balance)`, "1024.50")
	if denied := s.wantCode(`visit.call("GET", "/nowhere")`, "no_route"); !denied.Sealed || denied.RequestID == "" {
		t.Fatalf("no route: %+v", denied)
	}

	s.run(chromedp.Reload())
	s.want("open().then(() => 1)", 1)
	s.want(offer, reduced)

	// The gateway's clock is the one that counts.
	world.Clock.Add(5 * time.Minute)
	world.Refresh()
	s.want(offer, reduced)
	world.Clock.Add(11 * time.Minute)
	world.Refresh()
	s.want(offer, reduced)

	before := writes(world)
	apply := `visit.call("POST", "/loans/applications", {amount: 1}).then((reply) => reply.body.application_id)`
	lose.Store(true)
	if got := s.wantCode(apply, "network"); got.First != "unknown" {
		t.Fatalf("lost write: %+v", got)
	}
	// What became of a write reaches the ledger a moment after the reply: until then it is running.
	s.want(`(async () => {
		for (;;) {
			const again = await failure.retry().catch((error) => error);
			if (again.code !== "replayed" || again.first !== "running") return [again.code, again.first].join();
			window.failure = again;
		}
	})()`, "replayed,done")
	if got := writes(world) - before; got != 1 {
		t.Fatalf("the bank saw %d writes, want 1", got)
	}
	s.want(apply, "A-1")

	s.wantCode(`visit.call("GET", "/me/accounts")`, "customer_required")
	s.want(`visit.call("POST", "/session/sign-in", {code: "246810"}).then((reply) => reply.body.signed_in)`, true)
	s.want(`visit.call("GET", "/me/accounts").then((reply) => reply.body.accounts.length)`, 1)
	s.want("visit.renew().then(() => 1)", 1)
	s.want(`visit.call("GET", "/me/accounts").then((reply) => reply.body.accounts.length)`, 1)

	second := newAT()
	s.load("#at=" + second)
	s.want("open().then(() => 1)", 1)
	s.want(offer, reduced)
	s.want("visit.close()", true)
	s.wantCode(offer, "visit_closed")

	// Somebody else spends the AT first.
	third := newAT()
	world.NewPage(third).Open()
	s.load("#at=" + third)
	if got := s.wantCode("open()", "at_spent"); got.ReturnTo != apptest.Back || !got.Sealed {
		t.Fatalf("spent AT: %+v", got)
	}
}

// TestConsentAgainstTheGateway holds what the page's visit says of consent to the real gateway.
func TestConsentAgainstTheGateway(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	require(t, "chromium", "chromium-browser", "google-chrome")
	world := apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{Seed: func(s *apptest.Seed) {
		s.Scopes[0].ConsentVersion = 2
		s.Consents = []models.ConsentText{{
			ScopeID: s.Scopes[0].ID, Version: 2, PurposeEN: "Your offer", PurposeZH: "您的额度", TextEN: "It is shown.", TextZH: "予以展示。", Days: 30,
		}}
	}})
	s := &stage{T: t, gateway: apptest.Issuer, page: apptest.Origin}
	var lose atomic.Bool
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if "https://"+r.Host == apptest.Origin {
			s.servePage(w, r)
			return
		}
		if r.URL.Path == "/gateway/v1/consents" && r.Method == http.MethodPost && lose.CompareAndSwap(true, false) {
			world.Handler().ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		world.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	s.openTab(startBrowser(t, "MAP *.bank.example "+strings.TrimPrefix(front.URL, "https://"), chromedp.Flag("ignore-certificate-errors", true)))
	newAT := func() string { return world.AT(apptest.Travel, url.Values{"subject": {"user-7781"}}) }
	s.load("#at=" + newAT())
	s.want("open().then(() => 1)", 1)

	offer := `visit.call("GET", "/loans/offers").then((reply) => reply.text + reply.consentRequired)`
	without := `{"offer":{"rate":"3.85"}}loan.offer:read`
	with := `{"offer":{"limit":186000.00,"rate":"3.85"},"holder":{"name":"周**","phone":"138****6027"}}`
	scope := `"loan.offer:read"`
	s.want(offer, without)
	s.wantCode(`visit.consent(`+scope+`)`, "bad_call") // nothing was shown yet
	told := `.then((list) => list.map((c) => [c.scope, c.version, c.purpose.zh, c.text.en, c.days, c.given, (c.until - c.givenAt) / 864e5].join()).join("|"))`
	s.want(`visit.consents()`+told, "loan.offer:read,2,您的额度,It is shown.,30,false,0")
	lose.Store(true)
	s.want(`visit.consent(`+scope+`)`+told, "loan.offer:read,2,您的额度,It is shown.,30,true,30")
	s.want(offer, with)
	if n := world.Count("consents"); n != 1 {
		t.Fatalf("%d consents are on record, want 1: a lost answer is asked for again", n)
	}
	s.run(chromedp.Reload())
	s.want("open().then(() => 1)", 1)
	s.want(offer, with)
	s.want("visit.renew().then(() => 1)", 1)
	s.want(offer, with)
	s.want(`visit.withdrawConsent(`+scope+`).then((list) => list[0].given)`, false)
	s.want(offer, without)
	s.want(`Promise.all([visit.consent(`+scope+`), visit.renew(), visit.consents()]).then(() => 1)`, 1)
	s.want(offer, with)
	// The visitor signs in, and the customer has not agreed to anything.
	s.want(`visit.call("POST", "/session/sign-in", {code: "246810"}).then((reply) => reply.status)`, 200)
	s.want(offer, without)
	s.want(`visit.consent(`+scope+`).then((list) => list[0].given)`, true)
	s.want(offer, with)
	s.load("#at=" + newAT())
	s.want("open().then(() => 1)", 1)
	s.want(offer, with) // the subject's own is there still
	world.Exec("INSERT INTO consent_texts SELECT scope_id, 3, purpose_en, purpose_zh, text_en, text_zh, days, created_at FROM consent_texts")
	s.want(`visit.consents().then((list) => list[0].version)`, 2)
	world.Write(func(tx *store.Tx, now int64) error {
		return tx.SaveScope(models.Scope{ID: "loan.offer:read", ServiceID: apptest.Service, Title: "x", ConsentVersion: 3}, now)
	})
	s.want(offer, without)
	if got := s.wantCode(`visit.consent(`+scope+`)`, "consent_stale"); !got.Sealed {
		t.Fatalf("a stale text: %+v", got)
	}
	s.wantCode(`visit.consent(`+scope+`)`, "bad_call") // the new one was not shown yet
	s.want(`visit.consents().then(() => visit.consent(`+scope+`)).then((list) => list[0].given)`, true)
	s.want(offer, with)
}

// writes counts the writes that reached the bank's system.
func writes(world *apptest.World) int {
	n := 0
	for _, seen := range world.Bank.Seen() {
		if seen.Method == http.MethodPost {
			n++
		}
	}
	return n
}
