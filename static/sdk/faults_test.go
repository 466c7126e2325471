package sdk_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"postern/app/seal"
)

// waitFor evaluates a script and waits for an event of type E that it causes: *page.EventLoadEventFired for a
// load, *page.EventFrameNavigated for a document that comes out of the back/forward cache.
func waitFor[E any](s *stage, script string) {
	s.Helper()
	happened := make(chan struct{}, 1)
	listening, stop := context.WithCancel(s.tab)
	defer stop()
	chromedp.ListenTarget(listening, func(event any) {
		if _, ok := event.(E); ok {
			select {
			case happened <- struct{}{}:
			default:
			}
		}
	})
	s.run(chromedp.Evaluate("void ("+script+")", nil))
	select {
	case <-happened:
	case <-s.tab.Done():
		s.Fatalf("nothing came of %s", script)
	}
}

func lostExchange(s *stage) {
	s.with(func() { s.lose["visit-tokens"] = 1 })
	s.open()
	s.want(readCall, 200)
	if sent := s.messages("visit-tokens"); len(sent) != 2 || sent[0]["jti"] != sent[1]["jti"] {
		s.Fatalf("D was sent as %v", sent)
	}
	s.wantTally(0, 0)
}

func reloadDuringExchange(s *stage) {
	s.with(func() { s.lose["visit-tokens"] = 3 })
	s.load("#at=" + s.newAT())
	failed := s.wantCode("open()", "network")
	if failed.ReturnTo != "https://partner.example/back" {
		s.Fatalf("way back %q after verification", failed.ReturnTo)
	}
	s.run(chromedp.Reload())
	s.want("open().then(() => 1)", 1)
	s.want(readCall, 200)
	s.wantTally(0, 0)
}

func forgetsPending(s *stage) {
	at := s.newAT()
	s.with(func() { s.lose["visit-tokens"] = 3 })
	s.load("#at=" + at)
	s.wantCode("open()", "network")
	s.want("JSON.stringify(sessionStorage).includes("+strconv.Quote(at)+")", true)
	s.run(chromedp.Reload())
	// An AT is good for 600 s and is answered again for 60 s more.
	s.wantCode("open({now: () => Date.now() + 661000})", "no_fragment")
	if kept := s.storage(); strings.Contains(kept, at) || strings.Contains(kept, "pending") {
		s.Fatalf("kept past its time: %s", kept)
	}
	s.wantCount("visit-tokens", 3)
}

// storage is what a page's script can read of both stores.
func (s *stage) storage() string {
	s.Helper()
	return s.eval("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)").Value.(string)
}

func lostRead(s *stage) {
	s.open()
	s.with(func() { s.lose["calls"] = 1 })
	s.want(readCall, 200)
	if sent := s.messages("calls"); len(sent) != 2 || sent[0]["jti"] == sent[1]["jti"] {
		s.Fatalf("a read was sent as %v", sent)
	}
}

func lostWrite(s *stage) {
	s.open()
	s.with(func() { s.lose["calls"] = 1 })
	got := s.wantCode(writeCall, "network")
	if got.First != "unknown" || !got.CanRetry || got.Sealed {
		s.Fatalf("lost write: %+v", got)
	}
	s.wantCount("calls", 1)
	got = s.wantCode("failure.retry()", "replayed")
	if got.First != "done" || !got.Sealed || got.RequestID != "r-sealed" {
		s.Fatalf("second sending: %+v", got)
	}
	if sent := s.messages("calls"); sent[0]["jti"] != sent[1]["jti"] {
		s.Fatalf("a write was sent as %v", sent)
	}
	s.wantTally(1, 0)
}

func sendsNothing(s *stage) {
	s.open()
	for _, body := range []string{"{amount: 1n}", "(() => { const a = {}; a.a = a; return a; })()", "new Blob(['a'])", "new URLSearchParams('a=1')", "() => 1"} {
		got := s.wantCode(`visit.call("POST", "/transfers", `+body+`)`, "bad_call")
		if got.First != "" || got.CanRetry || got.Detail == "" {
			s.Fatalf("%s: %+v", body, got)
		}
	}
	s.wantCode(`visit.call("POST", "/\ud800", null)`, "bad_call")
	s.wantCount("calls", 0)
	s.want(`visit.call("POST", "/documents", new Uint8Array([255, 254]), {headers: {"content-type": "image/png"}}).then((reply) => reply.status)`, 200)
	sent := s.messages("calls")[0]
	if sent["body_b64"] != "//4=" || sent["body"] != nil || sent["headers"].(map[string]any)["content-type"] != "image/png" {
		s.Fatalf("octets arrived as %v", sent)
	}
}

func foreignAK(s *stage) {
	forger := generate(s.T, seal.Signing, "sig-1")
	forged := generate(s.T, seal.Encryption, "ak-1")
	s.load("#at=" + s.issue(s.T, forger, map[string]any{"ak": forged.Public(), "return_to": "https://evil.example/"}))
	got := s.wantCode("open()", "at_unverified")
	if got.Detail != "signature" || got.ReturnTo != "" {
		s.Fatalf("forged AT: %+v", got)
	}
	s.want(`failure.goBack()`, false)
	if kept := s.eval("JSON.stringify(sessionStorage)").Value.(string); strings.Contains(kept, "pending") {
		s.Fatalf("kept after a forged AT: %s", kept)
	}
	s.wantCode("open()", "no_fragment")
}

func spentAT(s *stage) {
	at := s.newAT()
	s.with(func() { s.spent[at] = spend{r: "somebody's", vid: newID()} })
	s.load("#at=" + at)
	got := s.wantCode("open()", "at_spent")
	if got.ReturnTo != "https://partner.example/back" || got.Status != 409 || got.RequestID != "r-sealed" || !got.Sealed {
		s.Fatalf("spent AT: %+v", got)
	}
	// The page knows the answer now; sending the AT under yet another R would be a second alarm.
	s.load("#at=" + at)
	got = s.wantCode("open()", "at_spent")
	if got.ReturnTo != "https://partner.example/back" {
		s.Fatalf("spent AT again: %+v", got)
	}
	s.wantTally(0, 1)
}

func foreignAnswer(s *stage) {
	s.open()
	s.with(func() { s.forge = func(message map[string]any) { message["jti"] = newID() } })
	if got := s.wantCode(writeCall, "foreign_answer"); got.First != "unknown" || got.Detail != "jti" {
		s.Fatalf("answer to another request: %+v", got)
	}
	s.with(func() { s.forge = nil })
	if got := s.wantCode("failure.retry()", "replayed"); got.First != "done" {
		s.Fatalf("second sending: %+v", got)
	}
}

func clearProblem(s *stage) {
	s.open()
	s.with(func() { s.clear["calls"] = "unavailable" })
	got := s.wantCode(writeCall, "unavailable")
	if got.Sealed || got.First != "unknown" || !got.CanRetry {
		s.Fatalf("clear problem: %+v", got)
	}
	s.with(func() { delete(s.clear, "calls") })
	if got := s.wantCode("failure.retry()", "replayed"); got.First != "done" {
		s.Fatalf("second sending: %+v", got)
	}
	s.wantTally(1, 0)
}

func scopeDenied(s *stage) {
	s.open()
	got := s.wantCode(`visit.call("GET", "/denied")`, "scope_denied")
	if got.Perm != "loan.offer:write" || got.Status != 403 || !got.Sealed || got.CanRetry || got.ReturnTo == "" {
		s.Fatalf("refusal: %+v", got)
	}
}

func renewsOnce(s *stage) {
	s.open()
	s.passTime(850 * time.Second)
	s.want(`Promise.all([1, 2, 3].map(() => `+readCall+`)).then(String)`, "200,200,200")
	s.wantCount("renew", 1)
	s.wantCount("calls", 3)
	s.run(chromedp.Reload())
	s.want("open().then(() => 1)", 1)
	s.want(readCall, 200)
	s.wantCount("renew", 1)
}

// passTime lets time pass on both sides: the page's clock follows performance.now.
func (s *stage) passTime(d time.Duration) {
	s.Helper()
	s.with(func() { s.skew += d })
	s.run(chromedp.Evaluate(fmt.Sprintf(`{ const now = performance.now.bind(performance); performance.now = () => now() + %d; }`, d.Milliseconds()), nil))
}

func slowRenewal(s *stage) {
	s.open()
	signedIn := false
	s.with(func() { s.gate["renew"] = func() bool { return signedIn } })
	s.run(chromedp.Evaluate("window.renewed = visit.renew(); 1", nil))
	s.await(s.tab, "renew")
	s.want(`visit.call("POST", "/sign-in", {code: "1"}).then((reply) => reply.status)`, 200)
	s.want(readCall, 200)
	fresh := s.lastTicket()
	s.with(func() {
		signedIn = true
		s.changed.Broadcast()
	})
	s.want("window.renewed.then(() => 1)", 1)
	s.want(readCall, 200)
	if s.lastTicket() != fresh {
		s.Fatal("the renewal that began before the sign-in took its ticket's place")
	}
}

func renewsAfterExpiry(s *stage) {
	s.open()
	// The page slept: its clock stood still while the ticket ran out.
	s.with(func() { s.skew = 16 * time.Minute })
	s.want(writeCall, 200)
	s.wantTally(1, 0)
	s.wantCount("calls", 2)
	s.wantCount("renew", 1)
}

func endsForGood(s *stage) {
	s.open()
	s.passTime(31 * time.Minute)
	s.wantCode(readCall, "invalid_vt")
	s.want("new Promise((resolve) => visit.onEnd(resolve))", "expired")
	s.wantCount("renew", 0)
}

func deadVisit(s *stage) {
	s.open()
	s.run(chromedp.Evaluate(`visit.onEnd((reason) => { window.reason = reason; }); 1`, nil))
	id := s.eval("visit.id").Value.(string)
	s.with(func() { s.dead[id] = true })
	s.wantCode(readCall, "invalid_vt")
	s.want("reason", "invalid_vt")
	s.wantCode(readCall, "visit_closed")
	s.run(chromedp.Reload())
	s.wantCode("open()", "no_fragment")
}

func signIn(s *stage) {
	s.open()
	s.want(`visit.call("POST", "/sign-in", {code: "1"}).then((reply) => reply.status)`, 200)
	old := s.lastTicket()
	s.want(readCall, 200)
	if s.lastTicket() == old {
		s.Fatal("the page did not take the fresh ticket")
	}
}

func (s *stage) lastTicket() string {
	var vt string
	s.with(func() { vt = s.vts[len(s.vts)-1] })
	return vt
}

func closes(s *stage) {
	at := s.newAT()
	s.load("#at=" + at)
	s.want("open().then(() => 1)", 1)
	s.want("new Promise((resolve) => { visit.onEnd(resolve); visit.close().then((done) => { window.done = done; }); })", "closed")
	s.run(chromedp.Poll("window.done === true", nil))
	s.wantCode(writeCall, "visit_closed")
	s.wantCount("calls", 0)
	s.wantCount("close", 1)
	s.load("#at=" + at)
	if got := s.wantCode("open()", "visit_closed"); got.ReturnTo == "" {
		s.Fatalf("closed visit: %+v", got)
	}
	s.wantTally(0, 0)
}

func closesWhenFull(s *stage) {
	s.open()
	s.run(chromedp.Evaluate(`visit.onEnd(() => { throw new Error("a listener's own fault"); }); visit.onEnd((reason) => { window.reason = reason; });
		for (let n = 1 << 22; n > 0; n >>= 1) {
			try { for (let i = 0; ; i++) sessionStorage.setItem("full" + n + "." + i, "x".repeat(n)); } catch { /* no space of this size is left */ }
		} 1`, nil))
	s.wantCode(`(() => { try { sessionStorage.setItem("a", "b".repeat(20)); } catch { throw new Postern.PosternError("full"); } })()`, "full")
	s.want("visit.close()", true)
	s.want("reason", "closed")
	s.wantCode(readCall, "visit_closed")
	s.want(`sessionStorage.getItem("postern:`+service+`")`, nil)
	s.want(countVisits, 0)
	s.want("sessionStorage.clear()", nil)
	s.run(chromedp.Reload())
	s.wantCode("open()", "no_fragment")
	s.wantTally(0, 0)
}

func memoryOnly(s *stage) {
	s.before(`Object.defineProperty(window, "indexedDB", {value: undefined})`)
	at := s.newAT()
	s.load("#at=" + at)
	s.want("open().then(() => 1)", 1)
	s.want(readCall, 200)
	s.run(chromedp.Reload())
	s.wantCode("open()", "no_fragment")
	s.load("#at=" + at)
	s.wantCode("open()", "visit_lost")
	s.wantCount("visit-tokens", 1)
}

func sessionOnly(s *stage) {
	s.before(`Object.defineProperty(window, "indexedDB", {value: undefined})`)
	s.load("#at=" + s.newAT())
	s.want(`open({storage: "session"}).then(() => 1)`, 1)
	s.run(chromedp.Reload())
	s.want(`open({storage: "session"}).then(() => 1)`, 1)
	s.want(readCall, 200)
	s.wantCount("visit-tokens", 1)
	s.want("visit.close()", true)
	if kept := s.eval("JSON.stringify(sessionStorage)").Value.(string); strings.Contains(kept, "vt.") {
		s.Fatalf("kept after closing: %s", kept)
	}
}

func nothingStored(s *stage) {
	s.load("#at=" + s.newAT())
	s.want(`open({storage: "memory"}).then(() => sessionStorage.length + localStorage.length)`, 0)
	s.want(`indexedDB.databases().then((all) => all.length)`, 0)
	s.want(readCall, 200)
}

func preconditions(s *stage) {
	s.load("")
	s.wantCode("open()", "no_fragment")
	s.wantCode(`Postern.open({gateway: "http://gateway.example", service: "x"})`, "bad_options")
	s.wantCode(`open({suite: "GM"})`, "suite_unsupported")
	s.load("#at=" + s.issue(s.T, s.signing, map[string]any{"aud": "urn:h5:cards"}))
	s.wantCode("open()", "at_unverified")
	s.wantCount("visit-tokens", 0)

	s.before(`Object.defineProperty(window, "sessionStorage", {get() { throw new DOMException("off", "SecurityError"); }})`)
	s.load("#at=" + s.newAT())
	s.wantCode("open()", "no_storage")
	s.want(`open({storage: "memory"}).then(() => 1)`, 1)
	s.before(`Object.defineProperty(crypto, "subtle", {value: undefined})`)
	s.load("#at=" + s.newAT())
	s.wantCode("open()", "no_webcrypto")
}

func insecure(s *stage) {
	s.run(chromedp.Navigate(strings.Replace(s.page, "127.0.0.1", "insecure.example", 1) + "/h5#at=" + s.newAT()))
	s.wantCode("open()", "no_secure_context")
	s.want("location.hash", "")
}
