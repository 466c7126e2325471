package sdk_test

import (
	"context"
	"fmt"
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
	// Once the evaluation has answered: a document that leaves at once may take its answer along.
	s.run(chromedp.Evaluate("void setTimeout(() => { "+script+" })", nil))
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
	reloaded := false
	s.with(func() { s.gate["visit-tokens"] = func() bool { return reloaded } })
	s.load("#at=" + s.newAT())
	s.run(chromedp.Evaluate(fmt.Sprintf("void Postern.open({gateway: %q, service: %q}).catch(() => 0)", s.gateway, service), nil))
	s.await(s.tab, "visit-tokens")
	s.run(chromedp.Reload())
	s.with(func() {
		reloaded = true
		s.changed.Broadcast()
	})
	s.want("open().then(() => 1)", 1)
	s.want(readCall, 200)
	s.wantCount("visit-tokens", 2)
	s.wantTally(0, 0)
}

func reloadAfterLostExchange(s *stage) {
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

func lostRenewal(s *stage) {
	s.open()
	s.with(func() { s.lose["renew"] = 1 })
	s.want("visit.renew().then(() => 1)", 1)
	if sent := s.messages("renew"); len(sent) != 2 || sent[0]["jti"] == sent[1]["jti"] {
		s.Fatalf("a renewal was sent as %v", sent)
	}
	s.want(readCall, 200)
}

func lostClosing(s *stage) {
	s.open()
	id := s.eval("visit.id").Value.(string)
	s.with(func() { s.lose["close"] = 1 })
	// The second one finds the visit dead, and that is as good as the first one's answer.
	s.want("visit.close()", true)
	s.wantCount("close", 2)
	s.with(func() {
		if !s.dead[id] {
			s.Errorf("%s lives on", id)
		}
	})
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
	// Whoever has the forged AK's private key opens D, and answers it under R as the gateway would.
	s.with(func() { s.ak, s.trusted = forged, forger })
	s.load("#at=" + s.issue(s.T, forger, map[string]any{"ak": forged.Public(), "return_to": "https://evil.example/"}))
	got := s.wantCode("open()", "at_unverified")
	if got.Detail != "signature" || got.ReturnTo != "" {
		s.Fatalf("forged AT: %+v", got)
	}
	s.want(`failure.goBack()`, false)
	if kept := s.storage(); strings.Contains(kept, "pending") || strings.Contains(kept, "handle") {
		s.Fatalf("kept after a forged AT: %s", kept)
	}
	s.want(countVisits, 0)
	s.wantCode("open()", "no_fragment")
	s.with(func() {
		if len(s.spent) != 1 {
			s.Errorf("the forger answered %d exchanges with a visit, want 1", len(s.spent))
		}
	})
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

func closedService(s *stage) {
	s.open()
	s.with(func() { s.lose["calls"] = 1 })
	s.wantCode(writeCall, "network")
	s.with(func() { s.closed = 3600 })
	// The write was sent before it closed: what refuses its second sending says nothing of the first.
	again := s.wantCode("failure.retry()", "unavailable")
	if !again.Sealed || again.RetryAfter != 3600 || again.First != "unknown" || !again.CanRetry {
		s.Fatalf("second sending: %+v", again)
	}
	if got := s.wantCode(readCall, "unavailable"); got.RetryAfter != 3600 || got.ReturnTo != "https://partner.example/back" {
		s.Fatalf("a read: %+v", got)
	}
	if got := s.wantCode(writeCall, "unavailable"); got.First != "" || got.CanRetry {
		s.Fatalf("a write that was never forwarded: %+v", got)
	}
	s.wantCode("visit.renew()", "unavailable")
	s.with(func() { s.closed = 0 })
	s.want(readCall, 200) // the visit has not ended
	s.with(func() { s.closed = 60 })
	s.load("#at=" + s.newAT())
	if got := s.wantCode("open()", "unavailable"); !got.Sealed || got.RetryAfter != 60 || got.ReturnTo != "https://partner.example/back" {
		s.Fatalf("a visit: %+v", got)
	}
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
