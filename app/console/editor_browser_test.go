package console_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"postern/app/store/storetest"
	"postern/models"
)

// tab is a browser's tab on a house, and what went wrong in it.
type tab struct {
	t      *testing.T
	ctx    context.Context
	base   string
	faults chan string
}

func newTab(t *testing.T, h *house) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes long to start")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		if strings.Contains(os.Getenv("POSTERN_TEST_REQUIRE"), "chromium") {
			t.Fatal("chromium is required and not installed")
		}
		t.Skip("chromium is not installed")
	}
	server := httptest.NewServer(h.InternalHandler())
	t.Cleanup(server.Close)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU, chromedp.WindowSize(1440, 1000),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))...)
	t.Cleanup(stop)
	inner, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(inner, 2*time.Minute)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, base: server.URL, faults: make(chan string, 100)}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError {
				b.faults <- e.Entry.Text + " " + e.Entry.URL
			}
		case *runtime.EventExceptionThrown:
			b.faults <- e.ExceptionDetails.Error()
		}
	})
	b.run(log.Enable())
	return b
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// as makes the browser somebody's, who reads in a language.
func (b *tab) as(h *house, role models.StaffRole, language string) {
	b.t.Helper()
	for name, value := range map[string]string{"postern-staff": h.cookies[role], "postern-language": language} {
		b.run(network.SetCookie(name, value).WithURL(b.base).WithHTTPOnly(true))
	}
}

// axe holds the page to WCAG 2.2 AA as far as axe-core can see it, and to its
// content security policy.
func (b *tab) axe(where string) {
	b.t.Helper()
	b.calm(where)
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
		b.t.Errorf("%s: %s", where, fault)
	}
	for len(b.faults) > 0 { // axe-core tries inline styles of its own
		<-b.faults
	}
}

func (b *tab) calm(where string) {
	b.t.Helper()
	for len(b.faults) > 0 {
		b.t.Errorf("%s: %s", where, <-b.faults)
	}
}

func (b *tab) text(selector string) (text string) {
	b.t.Helper()
	b.run(chromedp.Text(selector, &text))
	return text
}

// until waits for a condition of the page's script. The page's policy forbids what
// chromedp.Poll does.
func (b *tab) until(condition string) {
	b.t.Helper()
	for range 200 {
		var ok bool
		b.run(chromedp.Evaluate(condition, &ok))
		if ok {
			return
		}
		b.run(chromedp.Sleep(50 * time.Millisecond))
	}
	b.t.Fatalf("never: %s\n%s", condition, b.text(`#preview`))
}

// An officer decides on fields with the keyboard, sees at once what would leave, and
// submits; the reviewer reads it in Chinese.
func TestAnOfficerEditsAScopeWithTheKeyboard(t *testing.T) {
	t.Parallel()
	h := newHouse(t, storetest.SQLiteConfig(t))
	h.sample("offers", offerSample)
	b := newTab(t, h)
	b.as(h, models.OfficerRole, "en")
	b.run(chromedp.Navigate(b.base+offers+"/edit"), chromedp.WaitVisible(`#preview`))
	b.axe("editor")

	// ↓ to the first field, which the sample has as offer.limit: C3 takes Keep away.
	b.run(chromedp.KeyEvent(kb.ArrowDown))
	b.until(`document.querySelector(".p-leaf.is-at code").textContent.includes("limit")`)
	b.run(chromedp.KeyEvent("3"))
	b.until(`document.querySelector(".p-leaf.is-at [data-treat=keep]").disabled && document.querySelector(".p-leaf.is-at [data-treat=drop]").checked`)
	b.until(`!document.querySelector("#preview").textContent.includes("186000.00")`)
	b.run(chromedp.KeyEvent("k")) // not for C3
	b.until(`!document.querySelector(".p-leaf.is-at [data-treat=keep]").checked`)
	b.run(chromedp.KeyEvent("m"))
	b.until(`document.querySelector("#preview").textContent.includes('"limit": "***"')`)
	b.run(chromedp.KeyEvent("2"), chromedp.KeyEvent("k"))
	b.until(`document.querySelector("#preview").textContent.includes("186000.00")`)

	// The last one is trace, on which nobody has decided.
	for range 20 {
		b.run(chromedp.KeyEvent(kb.ArrowDown))
	}
	b.until(`document.querySelector(".p-leaf.is-at code").textContent.includes("trace")`)
	b.run(chromedp.KeyEvent("1"), chromedp.KeyEvent("k"))
	b.until(`document.querySelector("#preview").textContent.includes("core-<b>7</b>") && document.querySelector("#preview").textContent.includes("0 undecided")`)
	b.run(chromedp.KeyEvent(kb.ArrowUp))
	b.until(`document.querySelector(".p-leaf.is-at code").textContent.includes("id_no")`)
	b.calm("editor, edited")

	// Letters that one types are letters.
	b.run(chromedp.SendKeys(`#reason`, "mask kept: 123 days"), chromedp.Click(`.p-actions .is-primary`), chromedp.WaitVisible(`.p-flash`))
	if where := b.text(`h1`); !strings.Contains(where, "loan.offer:read") {
		t.Errorf("after submitting: %q", where)
	}
	b.axe("request")

	b.as(h, models.ReviewerRole, "zh-CN")
	b.run(chromedp.Navigate(b.base+"/console/approvals/1"), chromedp.WaitVisible(`.p-diff`))
	if text := b.text(`main`); !strings.Contains(text, "字段 trace（loan.offer:read）\t无\t原文传出，级别 C1") || !strings.Contains(text, "mask kept: 123 days") {
		t.Errorf("the reviewer reads:\n%s", text)
	}
}
