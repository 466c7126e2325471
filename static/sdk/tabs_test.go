package sdk_test

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// What a visitor does with tabs and addresses: back and forward, another AT, a duplicated tab.

func goesBackAndForward(s *stage) {
	// A page that watches its unloading is kept out of the back/forward cache, so both ways load it anew.
	s.before(`addEventListener("unload", () => undefined)`)
	s.open()
	id := s.eval("visit.id").Value
	s.run(chromedp.Navigate(s.page + "/elsewhere"))
	waitFor[*page.EventLoadEventFired](s, "history.back()")
	s.checkResumed(id)
	s.checkDuplicate()
	waitFor[*page.EventLoadEventFired](s, "history.back()")
	s.want("location.pathname", "/elsewhere")
	waitFor[*page.EventLoadEventFired](s, "history.forward()")
	s.checkResumed(id)
	s.wantCount("visit-tokens", 1)
}

// checkResumed fails unless the page has been loaded anew without an AT and opens the visit id.
func (s *stage) checkResumed(id any) {
	s.Helper()
	s.want("location.href + window.visit", s.page+"/h5undefined")
	s.want("open().then(() => visit.id)", id)
	s.want(readCall, 200)
}

func comesBack(s *stage) {
	s.open()
	s.run(chromedp.Navigate(s.page + "/elsewhere"))
	waitFor[*page.EventFrameNavigated](s, "history.back()")
	s.want("open().then((again) => again === visit)", true)
	s.want(readCall, 200)
	s.checkDuplicate()
}

func comesBackTooLate(s *stage) {
	s.open()
	id := s.eval("visit.id").Value
	s.run(chromedp.Navigate(s.page + "/elsewhere"))
	second := s.duplicate()
	if got := s.evalIn(second, "open().then(() => visit.id)"); got.Value != id {
		s.Fatalf("second tab: %+v, want the visit %v", got, id)
	}
	waitFor[*page.EventFrameNavigated](s, "history.back()")
	s.want("new Promise((resolve) => visit.onEnd(resolve))", "elsewhere")
	s.wantCode(readCall, "visit_closed")
	// Nothing was told to the gateway, and nothing taken from the tab that has it now.
	s.runIn(second, chromedp.Reload())
	if got := s.evalIn(second, "open().then(() => "+readCall+")"); fmt.Sprint(got.Value) != "200" {
		s.Fatalf("second tab after a reload: %+v", got)
	}
	s.wantCount("close", 0)
	s.wantCount("visit-tokens", 1)
}

func sameATResumes(s *stage) {
	at := s.newAT()
	s.load("#at=" + at)
	s.want("open().then(() => 1)", 1)
	s.load("#at=" + at)
	s.want("open().then(() => location.hash)", "")
	s.want(readCall, 200)
	s.wantCount("visit-tokens", 1)
}

func secondATInPlace(s *stage) {
	s.open()
	first := s.eval("visit.id").Value
	// For the browser this is a step inside the document; the SDK must make it a load.
	waitFor[*page.EventLoadEventFired](s, `location.hash = "at=`+s.newAT()+`"`)
	s.checkReplaced(first)
}

func secondATOnLoad(s *stage) {
	s.open()
	first := s.eval("visit.id").Value
	s.load("#at=" + s.newAT())
	s.checkReplaced(first)
}

func secondATDuringExchange(s *stage) {
	first, second := s.newAT(), s.newAT()
	s.with(func() { s.lose["visit-tokens"] = 3 })
	s.load("#at=" + first)
	s.wantCode("open()", "network")
	s.load("#at=" + second)
	s.want("open().then(() => 1)", 1)
	s.want(readCall, 200)
	s.wantCount("visit-tokens", 4)
	s.with(func() {
		if one, other := s.spent[first].r, s.spent[second].r; other == "" || one == other {
			s.Errorf("R of the first AT is %x, of the second %x", one, other)
		}
	})
	if kept := s.storage(); strings.Contains(kept, first) {
		s.Fatalf("the first AT is kept: %s", kept)
	}
	s.wantTally(0, 0)
}

func (s *stage) checkReplaced(first any) {
	s.Helper()
	if second := s.eval("open().then(() => visit.id)").Value; second == first || second == nil {
		s.Fatalf("second visit is %v, the first was %v", second, first)
	}
	s.want(readCall, 200)
	s.await(s.tab, "close")
	s.wantCount("close", 1)
	s.with(func() {
		if !s.dead[first.(string)] {
			s.Errorf("the gateway was not told that %v is over", first)
		}
	})
	s.want(countVisits, 1)
}

func duplicates(s *stage) {
	s.open()
	s.checkDuplicate()
}

func duplicatesWithoutLocks(s *stage) {
	s.before(`Object.defineProperty(Navigator.prototype, "locks", {value: undefined})`)
	s.open()
	s.checkDuplicate()
}

func (s *stage) checkDuplicate() {
	s.Helper()
	second := s.duplicate()
	if strings.Contains(s.Name(), "without_Web_Locks") {
		s.runIn(second, chromedp.Evaluate(`Object.defineProperty(Navigator.prototype, "locks", {value: undefined}); 1`, nil))
	}
	if kept := s.evalIn(second, "sessionStorage.length").Value; kept != float64(1) {
		s.Fatalf("the second tab inherited %v entries, want 1", kept)
	}
	if got := s.evalIn(second, "open()"); got.Code != "visit_elsewhere" {
		s.Fatalf("second tab: %+v, want visit_elsewhere", got)
	}
	if got := s.evalIn(second, "open()"); got.Code != "no_fragment" {
		s.Fatalf("second tab asked again: %+v, want no_fragment", got)
	}
	s.want(readCall, 200)
	s.run(chromedp.Reload())
	s.want("open().then(() => 1)", 1)
	s.wantCount("visit-tokens", 1)
}

func duplicatesDuringExchange(s *stage) {
	s.with(func() { s.lose["visit-tokens"] = 3 })
	s.load("#at=" + s.newAT())
	s.wantCode("open()", "network")
	second := s.duplicate()
	if got := s.evalIn(second, "open()"); got.Code != "visit_elsewhere" {
		s.Fatalf("second tab: %+v, want visit_elsewhere", got)
	}
	if kept := s.evalIn(second, "JSON.stringify(sessionStorage)").Value.(string); strings.Contains(kept, "pending") {
		s.Fatalf("the second tab keeps AT and R: %s", kept)
	}
	s.want("open().then(() => 1)", 1)
	s.want(readCall, 200)
	s.wantTally(0, 0)
}
