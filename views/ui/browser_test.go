package ui_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"postern/static"
	"postern/views/i18n"
)

// policy is the consoles' content security policy, to the letter.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// serve shows the gallery: /page?theme=dark&lang=zh-CN, without the policy
// where unlocked is set.
func serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("GET "+static.Prefix, static.Handler())
	mux.HandleFunc("GET /{page}", func(w http.ResponseWriter, r *http.Request) {
		page, ok := gallery(r.FormValue("theme"))[r.PathValue("page")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		lang, _ := i18n.Parse(r.FormValue("lang"))
		if r.FormValue("unlocked") == "" { // axe-core works with styles of its own
			w.Header().Set("Content-Security-Policy", policy)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := page.Render(i18n.WithLang(r.Context(), lang), w); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections() // who waits for a slow answer waits no longer
		server.Close()
	})
	return server.URL
}

// browser is a tab that keeps what went wrong in it.
type browser struct {
	t      *testing.T
	ctx    context.Context
	mutex  sync.Mutex
	faults []string
}

func newBrowser(t *testing.T) *browser {
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
	)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(tab, 3*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, b.hear)
	b.run(log.Enable())
	return b
}

func (b *browser) hear(event any) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			b.faults = append(b.faults, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, e.ExceptionDetails.Error())
	}
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) eval(script string) (value string) {
	b.t.Helper()
	b.run(chromedp.Evaluate(`String(`+script+`)`, &value))
	return value
}

// calm fails the test with what the browser complained about since the last call.
func (b *browser) calm(where string) {
	b.t.Helper()
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, fault := range b.faults {
		b.t.Errorf("%s: %s", where, fault)
	}
	b.faults = nil
}

// violation is one finding of axe-core.
type violation struct {
	ID, Help string
	Nodes    []struct{ HTML, FailureSummary string }
}

func (b *browser) axe(where string) {
	b.t.Helper()
	source, err := os.ReadFile("../../static/testdata/axe-core/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	var found string
	b.run(
		chromedp.Evaluate(string(source)+";true", nil),
		chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`, &found,
			func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
	)
	var list []violation
	if err := json.Unmarshal([]byte(found), &list); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range list {
		for _, node := range v.Nodes {
			b.t.Errorf("%s: %s (%s)\n\t%s\n\t%s", where, v.ID, v.Help, node.HTML, node.FailureSummary)
		}
	}
}

type look struct {
	theme, lang   string
	width, height int64
}

// looks are both themes, both languages, and the two ends of the widths.
var looks = []look{{"light", "en", 1440, 900}, {"dark", "zh-CN", 390, 844}}

// TestTheGalleryIsForEverybody opens every page in every look: nothing is
// reported under the policy, axe-core finds nothing, and nothing but tables and
// code scrolls sideways. With POSTERN_UI_SHOTS naming a folder it leaves
// pictures there, of more looks.
func TestTheGalleryIsForEverybody(t *testing.T) {
	address := serve(t)
	b := newBrowser(t)
	folder := os.Getenv("POSTERN_UI_SHOTS")
	seen := looks
	if folder != "" {
		seen = append(seen, look{"dark", "zh-CN", 1440, 900}, look{"light", "zh-CN", 390, 844}, look{"dark", "en", 900, 900})
	}
	for name := range gallery("light") {
		for _, look := range seen {
			where := fmt.Sprintf("%s-%s-%s-%d", name, look.theme, look.lang, look.width)
			b.run(
				chromedp.EmulateViewport(look.width, look.height),
				chromedp.Navigate(address+"/"+name+"?theme="+look.theme+"&lang="+look.lang),
				chromedp.Poll(`document.readyState === "complete"`, nil),
			)
			if folder != "" {
				b.shot(filepath.Join(folder, where+".png"))
			}
			if wide := b.eval(`document.documentElement.scrollWidth > innerWidth`); wide == "true" {
				t.Errorf("%s scrolls sideways", where)
			}
			b.calm(where)
			if folder == "" {
				b.run(chromedp.Navigate(address + "/" + name + "?unlocked=1&theme=" + look.theme + "&lang=" + look.lang))
				b.axe(where)
			}
		}
	}
}

func (b *browser) shot(path string) {
	b.t.Helper()
	var picture []byte
	b.run(chromedp.FullScreenshot(&picture, 100))
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
