package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"postern/app"
	"postern/app/apptest"
	"postern/app/config"
	"postern/app/identity"
	"postern/app/store"
	"postern/app/store/storetest"
)

// tab is a browser's tab before the console, that keeps what went wrong in it.
type tab struct {
	t       *testing.T
	ctx     context.Context
	address string
	mutex   sync.Mutex
	faults  []string
}

func newTab(t *testing.T, address string) *tab {
	t.Helper()
	return newTabFor(t, address, 3*time.Minute)
}

// newTabFor is newTab of a tab that may stay open for longer.
func newTabFor(t *testing.T, address string, life time.Duration) *tab {
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
		chromedp.Flag("accept-lang", "en"), chromedp.Flag("ignore-certificate-errors", true), // the sign-on has an authority of its own
	)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	window, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(window, life)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, address: address}
	chromedp.ListenTarget(ctx, b.hear)
	b.run(log.Enable(), webauthn.Enable())
	return b
}

func (b *tab) hear(event any) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		// A refused form is a page with its status, which the log calls an error.
		planned := e.Entry.Source == log.SourceNetwork && (strings.Contains(e.Entry.Text, "401") || strings.Contains(e.Entry.Text, "422"))
		if !planned && (e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning) {
			b.faults = append(b.faults, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, e.ExceptionDetails.Error())
	}
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.address + path))
}

func (b *tab) eval(script string) (value string) {
	b.t.Helper()
	b.run(chromedp.Evaluate(`String(`+script+`)`, &value))
	return value
}

// until waits for an expression of the page to be true.
func (b *tab) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	for {
		var holds bool
		_ = chromedp.Run(ctx, chromedp.Evaluate(`Boolean(`+expression+`)`, &holds)) // an error is a page that is just being left
		if holds {
			return
		}
		if ctx.Err() != nil {
			var at, text string
			_ = chromedp.Run(b.ctx, chromedp.Location(&at), chromedp.Evaluate(`document.body.innerText`, &text))
			b.t.Fatalf("it does not hold that %s; the page at %s says\n%s", expression, at, text)
		}
	}
}

func (b *tab) at(path string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`location.pathname + location.search === %q && document.readyState === "complete"`, path))
}

// fill writes into the fields and presses the form's button.
func (b *tab) fill(pairs ...string) {
	b.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		b.until(fmt.Sprintf(`document.getElementById(%q)`, pairs[i])) // or a run waits for it as long as the tab lives
		b.run(chromedp.SetValue("#"+pairs[i], pairs[i+1], chromedp.ByQuery))
	}
	b.run(chromedp.Evaluate(fmt.Sprintf(`document.getElementById(%q).form.requestSubmit()`, pairs[0]), nil))
}

func (b *tab) press(selector string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector(%q)?.offsetParent`, selector))
	b.run(chromedp.Click(selector, chromedp.ByQuery))
}

// keepCodes ticks that the recovery codes are kept, and goes on.
func (b *tab) keepCodes() {
	b.t.Helper()
	b.until(`document.querySelector("#recovery-kept") && document.readyState === "complete"`)
	b.run(chromedp.Evaluate(`document.querySelector("#recovery-kept").click(); document.querySelector(".p-secret").requestSubmit()`, nil))
}

// authenticator plugs one in that verifies its user, or does not.
func (b *tab) authenticator(verifies bool) webauthn.AuthenticatorID {
	b.t.Helper()
	var id webauthn.AuthenticatorID
	b.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		id, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: verifies, AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	}))
	return id
}

// forget makes the browser nobody's.
func (b *tab) forget() {
	b.t.Helper()
	b.run(network.ClearBrowserCookies())
}

// accessible has axe-core look at the page, in both themes' widths.
func (b *tab) accessible(where string) {
	b.t.Helper()
	for _, width := range []int64{1440, 390} {
		b.run(chromedp.EmulateViewport(width, 900))
		b.fits(where, width)
		b.axe(fmt.Sprintf("%s at %d", where, width))
	}
	b.run(chromedp.EmulateViewport(1440, 900))
}

// fits holds the page to the window's width.
func (b *tab) fits(where string, width int64) {
	b.t.Helper()
	if b.eval(`document.documentElement.scrollWidth > innerWidth`) == "true" {
		b.t.Errorf("%s scrolls sideways at %d", where, width)
	}
	const aside = `[...document.querySelectorAll(".is-list")].map(x => x.parentElement).filter(x => x.scrollWidth > x.clientWidth).map(x => x.ariaLabel).join("; ")`
	if lists := b.eval(aside); width < 500 && lists != "" {
		b.t.Errorf("%s: lists scroll sideways at %d: %s", where, width, lists)
	}
}

// axe has axe-core look at the page as it is.
func (b *tab) axe(where string) {
	b.t.Helper()
	source, err := os.ReadFile("../static/testdata/axe-core/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	var found string
	b.run(
		chromedp.Evaluate(string(source)+";true", nil),
		chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`, &found,
			func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
	)
	var list []struct {
		ID, Help string
		Nodes    []struct{ HTML, FailureSummary string }
	}
	if err := json.Unmarshal([]byte(found), &list); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range list {
		for _, node := range v.Nodes {
			b.t.Errorf("%s: %s (%s)\n\t%s\n\t%s", where, v.ID, v.Help, node.HTML, node.FailureSummary)
		}
	}
}

// calm fails the test with what the browser complained about.
func (b *tab) calm() {
	b.t.Helper()
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, fault := range b.faults {
		b.t.Error(fault)
	}
}

// served is a console that a browser reaches, at an origin of its own; p is the
// bank's sign-on, or nil.
func served(t *testing.T, p *provider) (*apptest.World, string) {
	t.Helper()
	return servedWith(t, storetest.SQLiteConfig(t), p, nil)
}

// servedWith is served of a world that change, or nil, has told something.
func servedWith(t *testing.T, db store.Config, p *provider, change func(*apptest.Options)) (w *apptest.World, address string) {
	t.Helper()
	address = serving(t, func() http.Handler { return w.InternalHandler() })
	o := apptest.Options{Config: func(c *app.Config) { c.Console = config.Console{Address: address} }}
	if p != nil {
		p.console = address
		o = p.options(nil)
	}
	if change != nil {
		change(&o)
	}
	w = apptest.New(t, db, o)
	if p != nil {
		p.set(func() { p.now = w.Clock.Now })
	}
	return w, address
}

// unlocked lets axe-core work, which adds styles of its own.
func (b *tab) unlocked() { b.run(page.SetBypassCSP(true)) }

// TestABrowserGetsIn is the whole way in a real browser with an authenticator:
// two persons set up, one by code and one by passkey, and come in by each way.
func TestABrowserGetsIn(t *testing.T) {
	w, address := served(t, nil)
	links, err := w.App.Identity().SetUp(t.Context(), "command line")
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t, address)
	b.unlocked()
	code := func(secret string) string {
		t.Helper()
		w.Later(30 * time.Second)
		text, err := identity.TOTPCode(secret, w.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return text
	}

	// The first person: password and code.
	b.open("/console/setup/" + links[0].Token)
	b.accessible("the link")
	b.press(".btn.is-primary")
	b.at("/console/enrol")
	b.accessible("login and password")
	b.fill("login", "lin.tao", "name", "Lin Tao", "password", passphrase, "again", passphrase)
	b.at("/console/enrol/authenticator")
	b.accessible("the authenticator")
	secret := strings.ReplaceAll(b.eval(`document.querySelector(".p-by-hand code").textContent`), " ", "")
	b.fill("code", code(secret))
	b.until(`document.querySelector("#recovery")`)
	b.accessible("the recovery codes")
	b.keepCodes()
	b.at("/console")

	// The second: password and passkey.
	b.forget()
	device := b.authenticator(true)
	b.open("/console/setup/" + links[1].Token)
	b.press(".btn.is-primary")
	b.at("/console/enrol")
	b.fill("login", "he.jing", "name", "He Jing", "password", passphrase, "again", passphrase)
	b.at("/console/enrol/authenticator")
	b.press(`form[data-passkey="create"] button`)
	b.until(`document.querySelector("#recovery")`)
	b.keepCodes()
	b.at("/console")
	b.open("/console/account")
	b.until(`document.body.innerText.includes("Passkey")`)
	b.accessible("the account")

	// In by the passkey alone, back to where one wanted to go.
	b.forget()
	b.open("/console/account/password")
	b.at("/console/sign-in?next=%2Fconsole%2Faccount%2Fpassword")
	b.accessible("sign-in")
	b.press(`form[data-passkey="get"] button`)
	b.at("/console/account/password")
	b.accessible("a new password")

	// In by password, and the passkey for the second factor.
	b.forget()
	b.open("/console/sign-in")
	b.fill("login", "he.jing", "password", passphrase)
	b.at("/console/second?next=%2Fconsole")
	b.accessible("the second factor")
	b.press(`form[data-passkey="get"] button`)
	b.at("/console")

	// The proof of six minutes later, by passkey, in the middle of a form.
	w.Later(6 * time.Minute)
	b.open("/console/account/recovery-codes")
	b.accessible("the proof")
	b.press(`[data-passkey-proof] button`)
	b.until(`document.querySelector("[data-passkey-proved]").offsetParent`)
	b.press("form .btn.is-primary")
	b.until(`document.querySelector("#recovery")`)
	b.keepCodes()
	b.at("/console/account?done=recovery-made")

	// One more on another device; the first one says that it is there already.
	b.open("/console/account/passkeys/new")
	b.accessible("a new passkey")
	b.press(`form[data-passkey="create"] button`)
	b.until(`document.querySelector("[data-passkey-fault]").innerText.includes("already")`)
	b.run(webauthn.RemoveVirtualAuthenticator(device))
	b.authenticator(true)
	b.press(`form[data-passkey="create"] button`)
	b.at("/console/account?done=passkey-added")
	b.open("/console/account/authenticators/new")
	b.accessible("another authenticator")
	b.open("/console/account")
	b.press(`a[href^="/console/account/factors/"]`)
	b.until(`location.pathname.startsWith("/console/account/factors/")`)
	b.accessible("a factor")

	// A device that does not verify its user opens nothing, and nothing is lost.
	b.forget()
	b.open("/console/sign-in")
	b.run(chromedp.Evaluate(`navigator.credentials.get = () => Promise.reject(new DOMException("no", "NotAllowedError"))`, nil))
	b.press(`form[data-passkey="get"] button`)
	b.until(`document.querySelector("[data-passkey-fault]").innerText.includes("called off")`)
	b.fill("login", "lin.tao", "password", "wrong wrong wrong")
	b.until(`document.body.innerText.includes("did not work")`)
	b.fill("password", passphrase)
	b.at("/console/second?next=%2Fconsole")
	if b.eval(`Boolean(document.querySelector("[data-passkey]"))`) != "false" {
		t.Error("a passkey is asked for of somebody who has none")
	}
	b.fill("code", code(secret))
	b.at("/console")
	b.calm()

	// Without script no button is shown that would do nothing.
	b.forget()
	b.run(emulation.SetScriptExecutionDisabled(true))
	b.open("/console/sign-in")
	if b.eval(`[...document.querySelectorAll("[data-passkey], [data-passkey-or]")].filter(e => e.offsetParent).length`) != "0" {
		t.Error("without script a passkey is offered")
	}
}

// TestABrowserSignsOn goes to the bank's sign-on and back, over its redirects and
// under the console's policy: to link it, and then to come in.
func TestABrowserSignsOn(t *testing.T) {
	p := newProvider(t)
	w, address := served(t, p)
	links, err := w.App.Identity().SetUp(t.Context(), "command line")
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t, address)
	b.authenticator(true)
	b.open("/console/setup/" + links[0].Token)
	b.press(".btn.is-primary")
	b.at("/console/enrol")
	b.fill("login", "lin.tao", "name", "Lin Tao", "password", passphrase, "again", passphrase)
	b.at("/console/enrol/authenticator")
	b.press(`form[data-passkey="create"] button`)
	b.keepCodes()
	b.at("/console")

	b.open("/console/account")
	b.press(`form[action="/console/account/sign-on"] button`)
	b.until(`document.querySelector('a.btn.is-primary[href^="https://127.0.0.1"]')`)
	b.calm()
	b.unlocked()
	b.open("/console/account")
	b.press(`form[action="/console/account/sign-on"] button`)
	b.until(`document.querySelector('a.btn.is-primary[href^="https://127.0.0.1"]')`)
	b.accessible("the way to the sign-on")
	b.press(`a.btn.is-primary`)
	b.at("/console/account?done=sign-on-linked")
	b.accessible("an account that is linked")

	b.forget()
	b.open("/console/sign-in")
	b.accessible("sign-in with a sign-on")
	b.press(`a[href^="/console/sign-in/sign-on"]`)
	b.at("/console/second?next=%2Fconsole")
	b.press(`form[data-passkey="get"] button`)
	b.at("/console")
	b.calm()
}
