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
	"postern/app/store/storetest"
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
