package console_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"postern/app/apptest"
	"postern/app/store/storetest"
	"postern/models"
)

// serve puts the internal listener on loopback.
func (d *desk) serve() string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := d.Internal(r)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // the browser may have gone on
	}))
	d.T.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// screenTab is somebody of the staff at a browser.
type screenTab struct {
	t      *testing.T
	ctx    context.Context
	base   string
	mu     sync.Mutex
	faults []string
}

func startBrowser(t *testing.T) context.Context {
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
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("accept-lang", "en"),
	)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal("browser did not start:", err)
	}
	return ctx
}

// tab is somebody of the staff, signed in, in a tab of a browser.
func (d *desk) tab(t *testing.T, browser context.Context, base string, as models.StaffRole) *screenTab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	b := &screenTab{t: t, ctx: ctx, base: base}
	chromedp.ListenTarget(ctx, b.hear)
	b.run(log.Enable(), network.SetCookie("postern-staff", d.cookies[as]).WithURL(base))
	return b
}

func (b *screenTab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			b.faults = append(b.faults, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, e.ExceptionDetails.Error())
	}
}

func (b *screenTab) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *screenTab) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.base + path))
}

// click follows a link or submits a form, and waits for the page that comes.
func (b *screenTab) click(selector string) {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(selector, chromedp.ByQuery)); err != nil {
		b.t.Fatalf("%s: %v", selector, err)
	}
}

// write fills fields in by their ids; "yes" ticks.
func (b *screenTab) write(values map[string]string) {
	b.t.Helper()
	text, err := json.Marshal(values)
	if err != nil {
		b.t.Fatal(err)
	}
	var missing string
	b.run(chromedp.Evaluate(`Object.entries(`+string(text)+`).map(([id, value]) => {
		const field = document.getElementById(id);
		if (!field) return id;
		if (field.type === "checkbox") field.checked = value === "yes"; else field.value = value;
		return "";
	}).filter(id => id).join(" ")`, &missing))
	if missing != "" {
		b.t.Fatalf("there are no fields %s", missing)
	}
}

func (b *screenTab) says(want string) {
	b.t.Helper()
	var text string
	b.run(chromedp.Evaluate(`document.querySelector("main").innerText.replace(/\s+/g, " ")`, &text))
	if !strings.Contains(text, want) {
		b.t.Fatalf("the page does not say %q: %s", want, text)
	}
}

func (b *screenTab) checkQuiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		b.t.Error("console:", fault)
	}
}

const primary = "main form .is-primary"

// The whole story, as two persons live it at their browsers, under the pages' own
// policy: begun, interrupted, resumed, handed in, approved, served, suspended.
func TestThePartnersStoryInBrowsers(t *testing.T) {
	t.Parallel()
	for _, words := range []storyWords{
		{"en", "The draft is kept.", "may use scope loan.offer:read", "You asked for this, so somebody else decides.", "approved", "suspended"},
		{"zh-CN", "草稿已保存。", "可使用数据范围 loan.offer:read", "这是你提交的申请，须由他人复核。", "已批准", "暂停"},
	} {
		t.Run(words.language, func(t *testing.T) {
			t.Parallel()
			onboardInBrowsers(t, words)
		})
	}
}

// storyWords are what the story's pages say in a language.
type storyWords struct{ language, kept, grants, own, approved, suspended string }

func onboardInBrowsers(t *testing.T, words storyWords) {
	t.Helper()
	browser := startBrowser(t)
	d := newDesk(t, apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{}))
	for _, as := range []models.StaffRole{officer, reviewer} {
		d.submit(as, "/console/preferences", url.Values{"lang": {words.language}, "back": {"/console"}})
	}
	base := d.serve()
	maker, checker := d.tab(t, browser, base, officer), d.tab(t, startBrowser(t), base, reviewer)

	maker.open("/console/partners")
	maker.click(".p-header-actions a.is-primary")
	maker.write(map[string]string{
		"id": "qingshan", "name": "Qingshan Mall", "legal_name": "Hangzhou Qingshan Ltd", "credit_code": "91350100M000100Y43", "contract": "QS-1",
		"contract_ends": "2028-09-01", "contacts.2.name": "He Jing", "contacts.2.phone": "+86 138 0000 6027",
	})
	maker.click(primary)
	maker.write(map[string]string{"application.id": newClient, "application.name": "Qingshan Mall H5", "application.environment": "production"})
	maker.click("main form button[value=leave]")
	maker.says(words.kept)

	again := d.tab(t, browser, base, officer) // the browser was closed meanwhile
	again.open("/console/partners")
	again.click(`main a[href$="/application"]`)
	again.write(map[string]string{
		"application.sig": string(d.PublicJWK(newClient, "sig")), "application.enc": string(d.PublicJWK(newClient, "enc")), "application.return_addresses": apptest.Back,
	})
	again.click(primary)
	again.write(map[string]string{"service-0": "yes"})
	again.click(primary)
	scope := "scope." + code("loan.offer:read") + "."
	again.write(map[string]string{scope + "on": "yes", scope + "purpose": "Loan offers at the checkout", scope + "ends": "2028-09-01"})
	again.click(primary)
	again.says(words.grants)
	again.write(map[string]string{"reason": why})
	again.click(primary)
	again.says(words.own)

	checker.open("/console/approvals")
	checker.click("main .p-line a")
	checker.says("Loan offers at the checkout")
	checker.write(map[string]string{"reason": why})
	checker.click("main form .is-primary")
	checker.says(words.approved)
	d.Refresh()
	page := d.NewVisit(newClient, url.Values{"scope": {"loan.offer:read"}})
	if a := page.Get("/loans/offers"); a.HTTP != http.StatusOK {
		t.Fatalf("a call of the new application: %d", a.HTTP)
	}

	checker.open("/console/partners/qingshan")
	checker.click(`main a[href$="/suspend"]`)
	checker.write(map[string]string{"reason": why})
	checker.click("main form .is-danger")
	checker.says(words.suspended)
	d.Refresh()
	if a := page.Get("/loans/offers"); a.HTTP == http.StatusOK {
		t.Error("the visit goes on")
	}
	for _, b := range []*screenTab{maker, again, checker} {
		b.checkQuiet()
	}
}
