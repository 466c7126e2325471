package demo_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestAVisitInABrowser plays the demo as a person would, against the real
// gateway.
func TestAVisitInABrowser(t *testing.T) {
	t.Parallel()
	first := newBrowser(t)
	d := start(t, t.TempDir())
	for _, tc := range []struct {
		name string
		play func(b *browser, shell string)
	}{
		{"a wide partner shows the offer, and an application is sent", playWide},
		{"a narrow partner shows the same page with fields masked and missing", playNarrow},
		{"a suspended partner gets no page and offers the way back", playSuspended},
		{"a copied link meets a page that says so and offers the way back", playStolen},
		{"further calls leave the drawer its place under the phones", playOften},
		{"a page opened without an AT names no request", playNoAT},
		{"the bank asks once, remembers the answer and takes it back", playConsent},
		{"language and theme are the reader's, and the bank's page follows the language", playPreferences},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newTab(t, first.ctx)
			tc.play(b, d.URL())
		})
	}
}

func (b *browser) tap(shell, partner string) {
	b.t.Helper()
	b.run(
		chromedp.EmulateViewport(1440, 950),
		chromedp.Navigate(shell+"partners/"+partner),
		chromedp.Click(`[data-open] button`, chromedp.ByQuery),
	)
}

// waitSteps waits until the drawer shows these steps as reached.
func (b *browser) waitSteps(letters string) {
	b.t.Helper()
	reached := `[...document.querySelectorAll("a[data-step] .letter")].map(e => e.textContent).join("")`
	b.run(chromedp.Poll(reached+` === "`+letters+`"`, nil))
}

func (b *browser) want(what, got, part string) {
	b.t.Helper()
	if !strings.Contains(got, part) {
		b.t.Errorf("%s reads %q, want %q in it", what, got, part)
	}
}

// oneLine wants each of these elements on one line.
func (b *browser) oneLine(what, elements string) {
	b.t.Helper()
	if broken := b.eval(elements + `.filter(e => e.getClientRects().length > 1).map(e => e.textContent)`); broken != "" {
		b.t.Errorf("%s is broken into lines: %s", what, broken)
	}
}

const pageText = `document.body.innerText.replaceAll("\u00a0", " ")`

func playWide(b *browser, shell string) {
	b.tap(shell, "lianhe")
	b.waitPage(`document.querySelector("#offer")?.hidden === false`)
	text := b.inPage(pageText)
	for _, part := range []string{"CNY 186,000", "3.85%", "From Lianhe Travel, user lh****33", "138••••6027", "Z••• Y••••", "••0018", "CNY 8,064.62"} {
		b.want("the offer", text, part)
	}
	b.waitSteps("ABCDEFG")
	b.want("the receipt", b.eval(`document.querySelector("#happened").innerText`), "4 more dropped")
	b.want("step G", b.eval(`document.querySelectorAll(".step")[6].innerText`), "3 kept, 3 masked, 6 dropped")
	b.run(chromedp.Click(`.more summary`, chromedp.ByQuery))
	columns := `new Set([...document.querySelectorAll(".receipt .class")].map(e => Math.round(e.getBoundingClientRect().left))).size`
	if n := b.eval(columns); n != "2" {
		b.t.Errorf("the receipt's badges stand in %s columns, want both lists' in the same two", n)
	}
	if at := b.inPage("location.hash"); at != "" {
		b.t.Errorf("the page's address still holds %q", at)
	}
	walkSteps(b)
	b.run(chromedp.Click(`[data-replay]`, chromedp.ByQuery))
	b.run(chromedp.Poll(`document.querySelector("a[data-step][aria-current] .letter").textContent === "A"`, nil))
	b.run(chromedp.Click(`[data-replay]`, chromedp.ByQuery))
	b.want("the replay's button", b.eval(`document.querySelector("[data-replay]").textContent`), "Replay slowly")
	b.inPage(`document.querySelector("input[value='36']").click()`)
	b.want("36 months", b.inPage(pageText), "CNY 5,479.06")
	b.inPage(`document.querySelector("#apply .primary").click()`)
	b.waitPage(`document.querySelector("#done")?.hidden === false`)
	b.want("the end", b.inPage(pageText), "We have your application")
	b.waitSteps("ABCDEFGG")
	b.want("the hood's header", b.eval(`document.querySelector(".hood-head").innerText`), "7 steps, 2 calls")
	b.inPage(`document.querySelector("#done a").click()`)
	b.run(chromedp.WaitVisible(".web-empty", chromedp.ByQuery))
	b.run(chromedp.Poll(`document.querySelector("#announce").textContent === "The visitor is back in Lianhe Travel."`, nil))
	b.checkQuiet()
}

// walkSteps goes through the drawer by keyboard.
func walkSteps(b *browser) {
	title := `document.querySelector("#happened .card-head h2").textContent`
	b.want("the message first shown", b.eval(title), "The page trades its AT for a VT")
	b.run(chromedp.Focus(`a[data-step][aria-current]`, chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight))
	b.run(chromedp.Poll(title+` === "The gateway answers with a VT"`, nil))
	b.want("the opened VT", b.eval(`document.querySelector("#happened").innerText`), `"client_name"`)
	b.run(chromedp.Click(`a.card-action`, chromedp.ByQuery))
	b.run(chromedp.Poll(`!document.querySelector("#happened .card-body").innerText.includes("client_name")`, nil))
	b.want("the sealed VT", b.eval(`document.querySelector("#happened .card-body").innerText`), "eyJ")
}

func playNarrow(b *browser, shell string) {
	b.tap(shell, "chengzi")
	b.waitPage(`document.querySelector("#offer")?.hidden === false`)
	text := b.inPage(pageText)
	for _, part := range []string{"CNY •••", "3.85%", "Z••• Y••••", "Chengzi Rent may not show the amount", "Back to Chengzi Rent"} {
		b.want("the narrow offer", text, part)
	}
	for _, part := range []string{"186,000", "Phone", "Paid from", "Continue\n", "6027", "undefined"} {
		if strings.Contains(text, part) {
			b.t.Errorf("the narrow offer shows %q: %s", part, text)
		}
	}
	b.waitSteps("ABCDEFG")
	b.want("step G", b.eval(`document.querySelectorAll(".step")[6].innerText`), "2 kept, 2 masked, 8 dropped")
	b.checkQuiet()
}

func playConsent(b *browser, shell string) {
	const offer, question = `document.querySelector("#offer")?.hidden === false`, `document.querySelector("#consent").hidden === false`
	const idNo, answered = "ID number", `document.querySelector("#offer [data-consent=withdraw]").closest("section").hidden === false && document.querySelector("#offer").hidden === false`
	press := func(decision string) {
		b.inPage(`document.querySelector("#offer:not([hidden]) [data-consent=` + decision + `], #consent:not([hidden]) [data-consent=` + decision + `]").click()`)
	}
	b.tap(shell, "lianhe")
	b.waitPage(offer)
	b.waitSteps("ABCDEFG")
	b.keep("consent-asked")
	press("read")
	b.waitPage(question)
	for _, part := range []string{"Fill in your ID number and address", "You can take your consent back at any time", "after 180 days", "From Lianhe Travel"} {
		b.want("the question", b.inPage(pageText), part)
	}
	b.keep("consent-question")
	press("leave")
	b.waitPage(offer)
	if text := b.inPage(pageText); strings.Contains(text, idNo+"\n") {
		b.t.Errorf("without consent the page shows the %s: %s", idNo, text)
	}
	press("read")
	b.waitPage(question)
	press("give")
	b.waitPage(answered)
	for _, part := range []string{idNo, "330••••204X", "Address", "CNY 186,000"} {
		b.want("the offer with consent", b.inPage(pageText), part)
	}
	b.keep("consent-given")

	b.tap(shell, "lianhe") // another visit of the same person
	b.waitPage(answered)
	b.want("the next visit", b.inPage(pageText), "330••••204X")
	press("withdraw")
	b.waitPage(offer + ` && document.querySelector("#offer [data-consent=read]").closest("section").hidden === false`)
	if text := b.inPage(pageText); strings.Contains(text, "204X") || strings.Contains(text, "Address") {
		b.t.Errorf("what was taken back is shown: %s", text)
	}
	b.checkQuiet()
}

func playSuspended(b *browser, shell string) {
	b.tap(shell, "nanfeng")
	b.run(chromedp.WaitVisible(".failure", chromedp.ByQuery))
	b.waitSteps("AB")
	text := b.eval(`document.querySelector(".failure").innerText`)
	b.want("the partner's error page", text, "Back to Nanfeng")
	b.want("the partner's error page", text, "invalid_client")
	b.want("step B", b.eval(`document.querySelector(".step.is-bad").innerText`), "stopped here")
	for _, part := range []string{"not_active. The partner or its application is not active.", `"at.refused"`, `"nanfeng-app"`} {
		b.want("the bank's side of it", b.eval(`document.querySelector(".is-inside").innerText`), part)
	}
	b.oneLine("code of the failing page", `[...document.querySelectorAll(".failure-foot code")]`)
	b.run(chromedp.Evaluate("void setTimeout(() => history.back())", nil), chromedp.WaitVisible(".web-empty", chromedp.ByQuery))
	b.want("the address after going back", b.eval("location.pathname"), "/partners/nanfeng")
	b.run(chromedp.Evaluate("void setTimeout(() => history.forward())", nil), chromedp.WaitVisible(".failure", chromedp.ByQuery))
	b.run(chromedp.Click(".failure-back", chromedp.ByQuery), chromedp.WaitVisible(".web-empty", chromedp.ByQuery))
	b.checkQuiet()
}

func playStolen(b *browser, shell string) {
	b.run(chromedp.EmulateViewport(1440, 950), chromedp.Navigate(shell), chromedp.Click(`.turn input`, chromedp.ByQuery))
	b.run(chromedp.Click(`[data-open] button`, chromedp.ByQuery))
	b.waitPage(`document.querySelector("#error")?.hidden === false`)
	text := b.inPage(pageText)
	b.want("the error page", text, "This page was opened before")
	b.want("the error page", text, "at_spent")
	if id := b.inPage(`document.querySelector("[data-fill=request]").textContent`); len(id) < 20 {
		b.t.Errorf("the request id is %q", id)
	}
	if way := b.inPage(`document.querySelector("#error a[data-return]").href`); way != "lianhetravel://home" {
		b.t.Errorf("the way back leads to %q", way)
	}
	b.waitSteps("ABCDE")
	b.want("step E", b.eval(`document.querySelector(".step.is-bad").innerText`), "refused: at_spent")
	for _, part := range []string{"they had a visit", "alarm at.reused raised, that visit ended", "loan.application:create"} {
		b.want("whoever was first", b.eval(`document.querySelector(".first").innerText`), part)
	}
	b.want("the lead", b.eval(`document.querySelector(".lead").textContent`), "This page got no VT")
	b.want("the bank's side of it", b.eval(`document.querySelector(".is-inside").innerText`), `"alarm": true`)
	b.checkQuiet("status of 409")
}

// playOften makes a visit of nine steps: an application, and the offer once more.
func playOften(b *browser, shell string) {
	b.tap(shell, "lianhe")
	b.waitSteps("ABCDEFG")
	b.inPage(`document.querySelector("#apply .primary").click()`)
	b.waitSteps("ABCDEFGG")
	b.run(chromedp.Reload())
	b.waitSteps("ABCDEFGGG")
	b.want("the hood's header", b.eval(`document.querySelector(".hood-head").innerText`), "7 steps, 3 calls")
	for _, lang := range []string{"en", "zh-CN"} {
		if lang == "zh-CN" {
			b.run(chromedp.Click(`button[name=lang]`, chromedp.ByQuery), chromedp.WaitVisible(`button[value=en]`, chromedp.ByQuery))
		}
		if aside := b.eval(`(s => s.scrollWidth - s.clientWidth)(document.querySelector(".steps"))`); aside != "0" {
			b.t.Errorf("nine steps in %s must be scrolled sideways by %s px", lang, aside)
		}
		over := b.eval(`Math.max(0, document.querySelector("#phone-page .phone").getBoundingClientRect().bottom - document.querySelector("#hood").getBoundingClientRect().top)`)
		if over != "0" {
			b.t.Errorf("nine steps in %s cover %s px of the phones", lang, over)
		}
		b.keep("nine-steps-" + lang)
	}
	// Tabs share their cookies, and the next test reads English.
	b.run(chromedp.Click(`button[name=lang]`, chromedp.ByQuery), chromedp.WaitVisible(`button[value=zh-CN]`, chromedp.ByQuery))
}

func playNoAT(b *browser, shell string) {
	b.tap(shell, "lianhe")
	b.waitSteps("ABCDEFG")
	src := b.eval(`document.querySelector("iframe.web-view").src.split("#")[0]`)
	b = newTab(b.t, b.ctx) // a tab that holds no visit to go on with
	b.run(chromedp.Navigate(src), chromedp.WaitVisible("#error", chromedp.ByQuery))
	text := b.eval(pageText)
	b.keep("no-at")
	b.want("the error page", text, "no_fragment")
	b.want("the error page", text, "say the error code")
	if strings.Contains(strings.ToLower(text), "request id") {
		b.t.Errorf("the error page names a request that never was: %s", text)
	}
	b.checkQuiet()
}

func playPreferences(b *browser, shell string) {
	b.run(chromedp.EmulateViewport(390, 844), chromedp.Navigate(shell))
	b.run(chromedp.Click(`button[name=lang]`, chromedp.ByQuery), chromedp.WaitVisible(`button[value=en]`, chromedp.ByQuery))
	b.run(chromedp.Click(`button[name=theme]`, chromedp.ByQuery), chromedp.WaitVisible(`button[value=light]`, chromedp.ByQuery))
	b.want("the language and theme", b.eval(`document.documentElement.lang + " " + document.documentElement.dataset.bsTheme`), "zh-CN dark")
	b.run(chromedp.Click(`[data-open] button`, chromedp.ByQuery))
	b.waitPage(`document.querySelector("#offer")?.hidden === false`)
	text := b.inPage(pageText)
	for _, part := range []string{"186,000.00", "来自联合出行，用户 lh****33", "周••", "储蓄卡 尾号 0018", "8,064.62 元"} {
		b.want("the Chinese offer", text, part)
	}
	b.waitSteps("ABCDEFG")
	b.run(chromedp.Click(`button[name=theme]`, chromedp.ByQuery), chromedp.WaitVisible(`button[value=dark]`, chromedp.ByQuery))
	b.want("the address after a switch", b.eval("location.pathname"), "/visits/")
	b.waitSteps("ABCDEFGG")
	b.run(chromedp.Click(`.step:nth-child(2) a`, chromedp.ByQuery))
	inSight := `(top => top >= 0 && top < innerHeight / 2)(document.querySelector("#happened .card").getBoundingClientRect().top)`
	b.run(chromedp.Poll(`document.querySelector("#happened .card .letter").textContent === "B" && `+inSight, nil))
	b.want("the hood's header", b.eval(`document.querySelector(".hood-head").innerText`), "7 步，2 次调用")
	if wide := b.eval(`document.documentElement.scrollWidth > innerWidth`); wide != "false" {
		b.t.Error("a phone must scroll sideways")
	}
	b.checkQuiet()
}
