package demo_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"postern/app/demo"
	"postern/app/demo/traffic"
	"postern/models"
)

// signIn gets somebody of the demo's staff into the console.
func (b *browser) signIn(d *demo.Demo, role models.StaffRole) {
	b.t.Helper()
	login, password, code := d.SignIn(role, time.Now())
	b.run(
		chromedp.Navigate(d.ConsoleURL()+"/sign-in"),
		chromedp.SendKeys(`input[name="login"]`, login), chromedp.SendKeys(`input[name="password"]`, password+kb.Enter),
		chromedp.WaitVisible(`input[name="code"]`), chromedp.SendKeys(`input[name="code"]`, code+kb.Enter),
		chromedp.WaitVisible(`.p-me`),
	)
}

// checkAccess holds the page to WCAG 2.2 AA, as far as axe-core can see it.
func (b *browser) checkAccess(name string) {
	b.t.Helper()
	b.checkQuiet()
	defer b.forget() // axe-core tries inline styles of its own
	source, err := os.ReadFile("../../static/testdata/axe-core/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	var found string
	b.run(chromedp.Evaluate(string(source)+`;0`, nil), chromedp.Evaluate(
		`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
			.then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 160)).join(" | "))))`,
		&found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	var list []string
	if err := json.Unmarshal([]byte(found), &list); err != nil {
		b.t.Fatal(err)
	}
	for _, fault := range list {
		b.t.Errorf("%s: %s", name, fault)
	}
}

// forget drops what the consoles complained about.
func (b *browser) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = nil
}

// The log and an X-ray as support uses them, with the demo's own traffic.
func TestStaffFollowTheLogAndSeeThroughAVisit(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	d, err := demo.Start(t.Context(), demo.Options{
		Data: t.TempDir(), Traffic: true, Now: time.Now, Rand: rand.Reader,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error("the demo did not stop cleanly beside an open log:", err)
		}
	})
	b.run(chromedp.EmulateViewport(1440, 950))
	b.signIn(d, models.SupportRole)
	b.run(chromedp.Navigate(d.ConsoleURL()+"/log"), chromedp.Poll(`document.querySelectorAll("tr.is-fresh").length > 3`, nil))
	b.checkAccess("log")

	// Space holds new rows back; the button says how many wait, and shows them.
	b.run(chromedp.Evaluate(`document.activeElement.blur()`, nil), chromedp.KeyEvent(" "),
		chromedp.WaitVisible(`[data-live-off]`), chromedp.Poll(`/^[1-9]\d* new rows?$/.test(document.querySelector("[data-live-off] .p-live-act > .btn").textContent)`, nil))
	before := b.eval(`document.querySelectorAll("[data-rows] > tr").length`)
	b.checkAccess("log, paused")
	b.run(chromedp.Click(`[data-live-off] .p-live-act > .btn`), chromedp.WaitVisible(`[data-live-on]`))
	if after := b.eval(`document.querySelectorAll("[data-rows] > tr").length`); after == before {
		t.Errorf("%s rows before and after showing those that waited", after)
	}
	// So does scrolling, in a window that shows few rows.
	b.run(chromedp.EmulateViewport(1440, 400), chromedp.Evaluate(`scrollTo(0, 400)`, nil), chromedp.WaitVisible(`[data-live-off]`),
		chromedp.Evaluate(`scrollTo(0, 0)`, nil), chromedp.WaitVisible(`[data-live-on]`), chromedp.EmulateViewport(1440, 950))

	// A filter, its row, the drawer; j leads on and Escape back.
	b.run(chromedp.Navigate(d.ConsoleURL()+"/log?refused=1"), chromedp.Poll(`document.querySelector("[data-live-ready]") !== null && document.querySelectorAll("[data-rows] > tr").length > 1`, nil),
		chromedp.KeyEvent("j"), chromedp.Poll(`document.activeElement.matches("tr.is-at a")`, nil), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`.p-drawer`))
	b.checkAccess("drawer")
	b.run(chromedp.Poll(`document.querySelector("[data-live-ready]") !== null`, nil))
	next := b.eval(`new URL(document.querySelector('[data-key="j"]').href).pathname.split("/").at(-1)`)
	b.run(chromedp.KeyEvent("j"), chromedp.WaitVisible(`tr.is-chosen[id="row-`+next+`"]`), chromedp.WaitVisible(`.p-drawer`),
		chromedp.Poll(`document.querySelector("[data-live-ready]") !== null`, nil),
		chromedp.KeyEvent(kb.Escape), chromedp.WaitNotPresent(`.p-drawer`))

	// Somebody opened the same AT under another R: support sees where it stopped.
	theft := slices.IndexFunc(traffic.Cases, func(c traffic.Case) bool { return c.Want == "at_spent" })
	if err := traffic.New(d.TrafficOptions()).Play(t.Context(), traffic.Cases[theft]); err != nil {
		t.Fatal(err)
	}
	b.run(chromedp.Poll(`[...document.querySelectorAll("[data-rows] > tr")].some(r => r.textContent.includes("at_spent"))`, nil),
		chromedp.Evaluate(`[...document.querySelectorAll("[data-rows] > tr")].find(r => r.textContent.includes("at_spent")).querySelector("a").click()`, nil),
		chromedp.WaitVisible(`.p-drawer .btn.is-large`), chromedp.Click(`.p-drawer .btn.is-large`), chromedp.WaitVisible(`.p-timeline`))
	if text := b.eval(`document.querySelector("main").innerText`); !strings.Contains(text, "Stopped at step D: at_spent") || !strings.Contains(text, "No data left the bank") {
		t.Errorf("the X-ray of a visit that never came to be reads\n%s", text)
	}
	b.checkAccess("X-ray, failed")
	b.run(chromedp.SendKeys(`#show-reason`, "The customer called, case 17"+kb.Enter), chromedp.WaitNotPresent(`#show-reason`), chromedp.WaitVisible(`.p-timeline`))
	if text := b.eval(`document.querySelector("main").innerText`); !strings.Contains(text, "Shown to you once") {
		t.Errorf("after the reason the page reads\n%s", text)
	}
	b.checkAccess("X-ray, shown")
	b.run(chromedp.Navigate(d.ConsoleURL()+"/visits"), chromedp.WaitVisible(`#q`))
	b.checkAccess("finding a visit")
	// The log stays open while the demo stops.
	b.run(chromedp.Navigate(d.ConsoleURL()+"/log"), chromedp.Poll(`document.querySelectorAll("tr.is-fresh").length > 0`, nil))
	b.checkQuiet()
}
