package sdk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"postern/static/sdk"
)

// patience bounds one browser test.
const patience = 40 * time.Second

// stage is one H5 page on an origin of its own, with its peer.
type stage struct {
	*testing.T
	*peer
	// The gateway's and the page's origin.
	gateway, page string
	tab           context.Context
}

// TestInBrowser runs every scenario in a tab of one headless Chromium. Each has an origin of its own, by its port,
// and so storage of its own.
func TestInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	// A name that is not localhost makes an insecure context over http.
	browser := startBrowser(t, "MAP insecure.example 127.0.0.1")
	for name, scenario := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario(newStage(t, browser))
		})
	}
}

// startBrowser starts one headless Chromium that finds hosts by the given rules.
func startBrowser(t *testing.T, hosts string, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(require(t, "chromium", "chromium-browser", "google-chrome")),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", hosts),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	t.Cleanup(stop)
	browser, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	if err := chromedp.Run(browser); err != nil {
		t.Fatal(err)
	}
	return browser
}

func newStage(t *testing.T, browser context.Context) *stage {
	t.Helper()
	s := &stage{T: t, peer: newPeer(t)}
	s.gateway = s.peer.URL
	pages := httptest.NewServer(http.HandlerFunc(s.servePage))
	t.Cleanup(pages.Close)
	s.page = pages.URL
	s.openTab(browser)
	return s
}

func (s *stage) openTab(browser context.Context) {
	s.Helper()
	tab, closeTab := chromedp.NewContext(browser)
	s.Cleanup(closeTab)
	bounded, cancel := context.WithTimeout(tab, patience)
	s.Cleanup(cancel)
	s.tab = bounded
	s.run(chromedp.Navigate("about:blank"))
}

// servePage serves an H5 page under the strictest policy a page can have.
func (s *stage) servePage(w http.ResponseWriter, r *http.Request) {
	if script, ok := sdk.File(strings.TrimPrefix(r.URL.Path, "/")); ok {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(script)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src "+s.gateway+"; base-uri 'none'; require-trusted-types-for 'script'")
	if r.URL.Path != "/h5" {
		_, _ = fmt.Fprint(w, "<!doctype html><title>elsewhere</title>")
		return
	}
	_, _ = fmt.Fprintf(w, `<!doctype html><title>h5</title><script src="/postern.js" integrity="%s"></script><button>back</button>`, sdk.Integrity())
}

func (s *stage) run(actions ...chromedp.Action) {
	s.Helper()
	s.runIn(s.tab, actions...)
}

func (s *stage) runIn(tab context.Context, actions ...chromedp.Action) {
	s.Helper()
	if err := chromedp.Run(tab, actions...); err != nil {
		s.Fatal(err)
	}
}

// before runs script in every document before its own scripts.
func (s *stage) before(script string) {
	s.Helper()
	s.run(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}))
}

// load opens the page's address from another one, as a host does.
func (s *stage) load(fragment string) {
	s.Helper()
	s.run(chromedp.Navigate(s.page+"/elsewhere"), chromedp.Navigate(s.page+"/h5"+fragment))
}

func (s *stage) newAT() string {
	s.Helper()
	return s.issue(s.T, s.signing, nil)
}

// outcome is what a scenario sees of a promise: its value, or a PosternError's fields.
type outcome struct {
	Value     any
	Code      string
	Detail    string
	Sealed    bool
	First     string
	ReturnTo  string
	Status    int
	RequestID string
	Perm      string
	CanRetry  bool

	RetryAfter int64
}

// eval awaits an expression in the page. opening is at hand there as open(options).
func (s *stage) eval(expression string) outcome {
	s.Helper()
	return s.evalIn(s.tab, expression)
}

func (s *stage) evalIn(tab context.Context, expression string) outcome {
	s.Helper()
	script := fmt.Sprintf(`(async () => {
		const open = (more) => Postern.open({gateway: %q, service: %q, ...more}).then((visit) => (window.visit = visit));
		try {
			const value = await (%s);
			return JSON.stringify({Value: value === undefined ? null : value});
		} catch (error) {
			window.failure = error;
			if (!(error instanceof Postern.PosternError)) return JSON.stringify({Code: "stranger", Detail: String(error.stack)});
			return JSON.stringify({Code: error.code, Detail: error.detail, Sealed: error.sealed, First: error.first, ReturnTo: error.returnTo || "",
				Status: error.status, RequestID: error.requestId, Perm: error.permission, RetryAfter: error.retryAfter, CanRetry: !!error.retry});
		}
	})()`, s.gateway, service, expression)
	var text string
	s.runIn(tab, chromedp.Evaluate(script, &text, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true)
	}))
	var result outcome
	if err := json.Unmarshal([]byte(text), &result); err != nil {
		s.Fatal(err)
	}
	return result
}

// want fails unless the expression gives value.
func (s *stage) want(expression string, value any) {
	s.Helper()
	got := s.eval(expression)
	if got.Code != "" {
		s.Fatalf("%s: %s (%s)", expression, got.Code, got.Detail)
	}
	if fmt.Sprint(got.Value) != fmt.Sprint(value) {
		s.Fatalf("%s = %v, want %v", expression, got.Value, value)
	}
}

// wantCode fails unless the expression rejects with code.
func (s *stage) wantCode(expression, code string) outcome {
	s.Helper()
	got := s.eval(expression)
	if got.Code != code {
		s.Fatalf("%s: code %q (%s), value %v; want code %q", expression, got.Code, got.Detail, got.Value, code)
	}
	return got
}

// wantCount fails unless a path of the peer has had so many requests.
func (s *stage) wantCount(path string, count int) {
	s.Helper()
	if got := s.count(path); got != count {
		s.Fatalf("%d requests at %s, want %d", got, path, count)
	}
}

// wantTally fails unless so many writes reached the upstream and so many ATs came under a second R.
func (s *stage) wantTally(executed, alarms int) {
	s.Helper()
	s.with(func() {
		if s.executed != executed || s.alarms != alarms {
			s.Errorf("%d writes executed, want %d; %d alarms, want %d", s.executed, executed, s.alarms, alarms)
		}
	})
}

// duplicate opens the page in a second tab that inherits sessionStorage, as duplicating a tab does.
func (s *stage) duplicate() context.Context {
	s.Helper()
	// A page that comes out of the browser's cache can look like a new target, too; this tab has opened none.
	opener := chromedp.FromContext(s.tab).Target.TargetID
	found := chromedp.WaitNewTarget(s.tab, func(info *target.Info) bool {
		return info.OpenerID == opener && strings.HasSuffix(info.URL, "/h5")
	})
	s.run(chromedp.Evaluate(`void window.open("/h5")`, nil, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithUserGesture(true)
	}))
	select {
	case id := <-found:
		tab, closeTab := chromedp.NewContext(s.tab, chromedp.WithTargetID(id))
		s.Cleanup(closeTab)
		s.runIn(tab, chromedp.WaitReady("button"))
		return tab
	case <-s.tab.Done():
		s.Fatal("no second tab")
		return nil
	}
}
