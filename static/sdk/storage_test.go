package sdk_test

import (
	"strconv"
	"strings"

	"github.com/chromedp/chromedp"
)

// What a page keeps, what it forgets, and what a webView must offer for it.

// storage is what a page's script can read of both stores.
func (s *stage) storage() string {
	s.Helper()
	return s.eval("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)").Value.(string)
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

func closes(s *stage) {
	at := s.newAT()
	s.load("#at=" + at)
	s.want("open().then(() => 1)", 1)
	s.want("new Promise((resolve) => { visit.onEnd(resolve); visit.close().then((done) => { window.done = done; }); })", "closed")
	s.run(chromedp.Poll("window.done === true", nil))
	s.wantCode(writeCall, "visit_closed")
	s.wantCount("calls", 0)
	s.wantCount("close", 1)
	s.want(countVisits, 0)
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
