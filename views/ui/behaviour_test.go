package ui_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"postern/views/i18n"
)

// open shows a page of the gallery, in English.
func (b *browser) open(address, page string) {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/"+page+"?theme=light&lang=en"), chromedp.Poll(`document.querySelector(".p-copy:not([hidden]), .p-keys-button:not([hidden]), .p-reveal:not([hidden])")`, nil))
}

// until waits for an expression of the page to be true.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 15*time.Second)
	defer cancel()
	for {
		var holds bool
		err := chromedp.Run(ctx, chromedp.Evaluate(`Boolean(`+expression+`)`, &holds))
		if holds {
			return
		}
		if ctx.Err() != nil { // an error before is a page that is just being left
			b.t.Fatalf("it does not hold that %s (%v)", what, err)
		}
	}
}

// press gives a control the focus and presses the space bar. A click goes to where the
// control was when it was looked for, and on a busy machine the page has time to move it
// away: it draws its charts and takes its size meanwhile.
func (b *browser) press(selector string) {
	b.t.Helper()
	b.run(chromedp.Focus(selector, chromedp.ByQuery), chromedp.KeyEvent(" "))
}

func TestTheKeyboard(t *testing.T) {
	address := serve(t)
	b := newBrowser(t)
	b.open(address, "log")

	b.run(chromedp.KeyEvent("/"))
	b.until("/ leads to the search", `document.activeElement.matches("[data-jump]")`)
	b.run(chromedp.KeyEvent("?gp"))
	b.until("keys are letters while one types", `document.activeElement.value.endsWith("?gp") && !document.querySelector("dialog[open]")`)

	b.open(address, "states")
	b.run(chromedp.KeyEvent("?"))
	b.until("? lists the keys", `document.querySelector("#keys").open`)
	b.run(chromedp.KeyEvent(kb.Escape))
	b.until("Escape closes them", `!document.querySelector("#keys").open`)

	b.open(address, "partner")
	b.run(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"), chromedp.KeyEvent("k"), chromedp.KeyEvent("j"))
	b.until("j and k walk through the rows", `[...document.querySelectorAll("[data-rows] .p-line")].findIndex(r => r.matches(".is-at")) === 1`)
	b.run(chromedp.KeyEvent(kb.Enter))
	b.until("Enter opens the row", `location.pathname === "/a/2"`)

	b.open(address, "partner")
	b.run(chromedp.KeyEvent("g"), chromedp.KeyEvent("k"))
	b.until("g and a letter lead to a page", `location.pathname === "/console/freezes"`)

	b.open(address, "states")
	b.run(chromedp.KeyEvent("?"), chromedp.Click("[data-keys-off]"), chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent("?"))
	b.until("keys that were switched off stay off", `!document.querySelector("#keys").open && localStorage.getItem("postern.keys") === "off"`)
}

func TestTheDrawersKeys(t *testing.T) {
	b := newBrowser(t)
	address := serve(t)
	b.open(address, "log")
	b.run(chromedp.KeyEvent("j"))
	b.until("j opens the next row's drawer", `location.search === "?row=3"`)
	b.open(address, "log")
	b.run(chromedp.KeyEvent(kb.Escape))
	b.until("Escape closes the drawer", `location.pathname === "/console/log"`)
}

func TestButtonsOfTheScript(t *testing.T) {
	b := newBrowser(t)
	address := serve(t)
	b.open(address, "sign-in")
	b.until("the page opens at the password", `document.activeElement.id === "password"`)
	b.press(".p-reveal")
	b.until("the password is shown", `document.querySelector("#password").type === "text" && document.querySelector(".p-reveal").ariaPressed === "true"`)

	// The event alone: a page that is being left answers no questions.
	b.run(chromedp.Evaluate(`(form => form.dispatchEvent(new SubmitEvent("submit", {submitter: form.querySelector(".is-primary"), bubbles: true, cancelable: true})))(document.querySelector("form:has(#password)"))`, nil))
	b.until("a button says that it is busy", `document.querySelector(".btn.is-primary").matches('.is-busy:disabled[aria-busy="true"]')`)
	b.until("and screen readers hear it", `document.querySelector("#announce").textContent === "Submitting…"`)

	b.open(address, "pieces")
	b.until("a form waits for the name", `document.querySelector(".p-confirm .is-danger").disabled`)
	b.run(chromedp.SendKeys("#suspend-name", kb.End+"vel"))
	b.until("the whole name unlocks it", `!document.querySelector(".p-confirm .is-danger").disabled`)
	b.until("Done waits for the tick", `document.querySelector(".p-secret .btn[type=submit]").disabled`)
	b.press("#shown-kept")
	b.until("the box is ticked", `document.querySelector("#shown-kept").checked`)
	b.until("the tick unlocks Done", `!document.querySelector(".p-secret .btn[type=submit]").disabled`)

	b.open(address, "form")
	b.until("a form that was not taken opens at its summary", `document.activeElement.matches(".p-summary")`)
	b.calm("the script's buttons")
}

// TestWithoutScript holds what must work when no script runs: nothing is shown
// that would do nothing, menus open, and forms may be sent.
func TestWithoutScript(t *testing.T) {
	b := newBrowser(t)
	b.run(emulation.SetScriptExecutionDisabled(true), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(serve(t)+"/pieces?theme=light&lang=en"))
	var shown int
	b.run(chromedp.Evaluate(`[...document.querySelectorAll("[data-copy], [data-download], [data-reveal], .p-keys-button")].filter(e => e.offsetParent).length`, &shown))
	if shown != 0 {
		t.Errorf("%d buttons are shown that need the script", shown)
	}
	if got := b.eval(`document.querySelector(".p-confirm .is-danger").disabled || document.querySelector(".p-secret .btn[type=submit]").disabled`); got != "false" {
		t.Error("a form cannot be sent without script")
	}
	b.run(chromedp.Click(".p-menu summary"))
	b.until("a menu opens", `document.querySelector(".p-menu ul").offsetParent`)
}

func TestTheScriptSaysTimesAsTheServerDoes(t *testing.T) {
	b := newBrowser(t)
	b.open(serve(t), "states")
	for _, lang := range []i18n.Lang{i18n.English, i18n.Chinese} {
		for _, d := range []time.Duration{0, time.Second, 59*time.Second + 999*time.Millisecond, time.Minute, 42 * time.Minute, 5 * time.Hour, 24*time.Hour - 1} {
			want := i18n.Ago(i18n.WithLang(t.Context(), lang), moment, moment.Add(d))
			b.run(chromedp.Evaluate(fmt.Sprintf(`window.said = ""; import(document.querySelector('script[type="module"]').src.replace("ui.js", "time.js")).then(m => { window.said = m.ago(%d, %q); })`, d.Milliseconds(), lang.Tag()), nil))
			b.until("the module answers", `window.said !== ""`)
			if got := b.eval(`window.said`); got != want {
				t.Errorf("%s after %s: the script says %q, the server %q", lang.Tag(), d, got, want)
			}
		}
	}
}
