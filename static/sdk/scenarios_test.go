package sdk_test

import (
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

const readCall = `visit.call("GET", "/accounts/1/balance").then((reply) => reply.status)`
const writeCall = `visit.call("POST", "/transfers", {amount: "1.00"}).then((reply) => reply.status)`

// visitSays is what a page knows of its visit.
const visitSays = `JSON.stringify(["id", "clientName", "subjectHint", "env", "returnTo", "scope", "expiresAt"].map((name) => visit[name]))`

// countVisits gives how many visits IndexedDB holds.
const countVisits = `new Promise((resolve) => { indexedDB.open("postern").onsuccess = (event) => {
	event.target.result.transaction("visits").objectStore("visits").count().onsuccess = (count) => resolve(count.target.result);
}; })`

// scenarios are named as sentences about the page.
func scenarios() map[string]func(*stage) {
	return map[string]func(*stage){
		"a visit opens and leaves no trace of the AT":                opensCleanly,
		"a call carries body and digits both ways":                   callsThrough,
		"a reload resumes the visit":                                 reloads,
		"back and forward resume the visit":                          goesBackAndForward,
		"a page out of the browser's cache goes on in its visit":     comesBack,
		"a page that comes back ends when another tab has the visit": comesBackTooLate,
		"the address of the stored visit resumes it":                 sameATResumes,
		"another AT in the same document starts anew":                secondATInPlace,
		"another AT on a new load starts anew":                       secondATOnLoad,
		"another AT takes the place of an exchange under way":        secondATDuringExchange,
		"a duplicated tab starts without a visit":                    duplicates,
		"a duplicated tab is told without Web Locks too":             duplicatesWithoutLocks,
		"a tab duplicated during the exchange starts without it":     duplicatesDuringExchange,
		"a visitor's wrong clock does not matter":                    wrongClock,
		"a clock that is set between two loads is corrected":         clockSetBetweenLoads,
		"a gateway's clock that jumps is followed once":              staleRequest,
		"a lost E is asked for again under the same R":               lostExchange,
		"a reload in the middle of D goes on under the same R":       reloadDuringExchange,
		"a reload after D was lost goes on under the same R":         reloadAfterLostExchange,
		"an exchange is forgotten when its time has passed":          forgetsPending,
		"a lost reply of a read is asked for anew":                   lostRead,
		"a lost reply of a write is never repeated by itself":        lostWrite,
		"a call that is no plain JSON never leaves the page":         sendsNothing,
		"a lost reply of a renewal is asked for anew":                lostRenewal,
		"a lost reply to the end is asked for again":                 lostClosing,
		"an AT with a foreign AK opens nothing":                      foreignAK,
		"an AT that was spent names the way back":                    spentAT,
		"an answer to another request is refused":                    foreignAnswer,
		"a clear problem concludes nothing about a write":            clearProblem,
		"a service that is closed says for how long":                 closedService,
		"a refusal says what is missing":                             scopeDenied,
		"a ticket is renewed once for calls made at once":            renewsOnce,
		"an expired ticket is renewed when the gateway says so":      renewsAfterExpiry,
		"a visit past its renewal ends":                              endsForGood,
		"a visit that is dead at the gateway ends":                   deadVisit,
		"a slow renewal does not undo a sign-in":                     slowRenewal,
		"a sign-in's ticket is taken over":                           signIn,
		"closing ends the visit on both sides":                       closes,
		"closing ends the visit where storage is full":               closesWhenFull,
		"without IndexedDB the visit lives in memory":                memoryOnly,
		"where the service allows it sessionStorage serves":          sessionOnly,
		"storage that the page forbids is not written":               nothingStored,
		"each missing precondition has its name":                     preconditions,
		"an insecure page is told so":                                insecure,
		"the way back is followed on a tap and not without one":      tapsBack,
	}
}

func (s *stage) open() {
	s.Helper()
	s.load("#at=" + s.newAT())
	s.want("open().then(() => 1)", 1)
}

func opensCleanly(s *stage) {
	at := s.newAT()
	s.load("#at=" + at)
	s.want("location.href", s.page+"/h5")
	s.want("open().then((visit) => [visit.clientName, visit.subjectHint, visit.env, visit.returnTo, visit.scope.join()].join('|'))",
		"Lianhe Travel|us****81|sandbox|https://partner.example/back|account.balance:read,loan.offer:read")
	s.want("Math.abs(visit.expiresAt - Date.now() - 900000) < 5000", true)
	s.wantCount("visit-tokens", 1)

	kept := s.storage()
	if strings.Contains(kept, at) || strings.Contains(kept, `"r"`) || strings.Contains(kept, "pending") {
		s.Fatalf("storage after E: %s", kept)
	}
	s.want(`new Promise((resolve) => { indexedDB.open("postern").onsuccess = (event) => {
		event.target.result.transaction("visits").objectStore("visits").getAll().onsuccess = (all) => {
			const record = all.target.result[0];
			resolve([all.target.result.length, record.key.extractable, record.key.algorithm.name, record.r, record.atHash,
				JSON.stringify(record).includes(`+strconv.Quote(at)+`)].join());
		};
	}; })`, "1,false,HKDF,,"+hashOf(at)+",false")
	s.want("open().then((again) => again === visit)", true)
}

func callsThrough(s *stage) {
	s.open()
	s.want(`visit.call("get", "/accounts/账户", undefined, {query: {currency: "C N"}, headers: {Accept: "application/json"}})
		.then((reply) => [reply.status, reply.text, reply.headers["content-type"]].join(" "))`,
		`200 {"amount":12345678901234567890.10,"path":"/accounts/%E8%B4%A6%E6%88%B7"} application/json`)
	sent := s.messages("calls")[0]
	if sent["method"] != "GET" || sent["query"] != "currency=C%20N" || sent["headers"].(map[string]any)["accept"] != "application/json" {
		s.Fatalf("call arrived as %v", sent)
	}
}

func reloads(s *stage) {
	s.open()
	said := s.eval(visitSays).Value
	s.run(chromedp.Reload())
	s.want("open().then(() => "+visitSays+")", said)
	s.want(readCall, 200)
	// The ticket renews after a reload too: R is still there, though no script can read it.
	s.want("visit.renew().then(() => 1)", 1)
	s.want(readCall, 200)
	s.wantCount("visit-tokens", 1)
}

func wrongClock(s *stage) {
	s.before(`{ const right = Date.now; Date.now = () => right() + 3 * 86400000; }`)
	s.open()
	s.want(readCall, 200)
	s.run(chromedp.Reload())
	s.want("open().then(() => 1)", 1)
	s.want(readCall, 200)
	// Set while the page is open, it is not asked at all.
	s.run(chromedp.Evaluate("Date.now = () => 0; 1", nil))
	s.want(readCall, 200)
	s.wantCount("calls", 3)
	s.wantCount("renew", 0)
}

func clockSetBetweenLoads(s *stage) {
	s.open()
	s.before(`{ const right = Date.now; Date.now = () => right() - 600000; }`)
	s.run(chromedp.Reload())
	s.want("open().then(() => 1)", 1)
	s.want(writeCall, 200)
	s.want(writeCall, 200)
	if sent := s.messages("calls"); len(sent) != 3 || sent[0]["jti"] != sent[1]["jti"] {
		s.Fatalf("sent as %v", sent)
	}
	s.wantTally(2, 0)
}

func staleRequest(s *stage) {
	s.open()
	s.with(func() { s.skew = 5 * time.Minute })
	s.want(writeCall, 200)
	s.wantCount("calls", 2)
	if sent := s.messages("calls"); sent[0]["jti"] != sent[1]["jti"] {
		s.Fatalf("sent as %v", sent)
	}
	s.wantTally(1, 0)
}

func tapsBack(s *stage) {
	s.open()
	s.want("visit.goBack()", false)
	s.run(chromedp.Evaluate(`document.querySelector("button").addEventListener("click", () => { window.went = visit.goBack(); }); 1`, nil))
	leaving := make(chan string, 1)
	chromedp.ListenTarget(s.tab, func(event any) {
		if asked, ok := event.(*page.EventFrameRequestedNavigation); ok {
			select {
			case leaving <- asked.URL:
			default:
			}
		}
	})
	s.run(chromedp.Click("button"))
	select {
	case address := <-leaving:
		if address != "https://partner.example/back" {
			s.Fatalf("left for %s", address)
		}
	case <-s.tab.Done():
		s.Fatal("the tap led nowhere")
	}
}
