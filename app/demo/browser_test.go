package demo_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a tab that remembers what its consoles complained about.
type browser struct {
	ctx context.Context
	t   *testing.T

	mu         sync.Mutex
	complaints []string
}

// newBrowser starts a browser with a fresh profile, or skips the test where
// there is none.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if strings.Contains(os.Getenv("POSTERN_TEST_REQUIRE"), "chromium") {
			t.Fatal("chromium is required and not installed")
		}
		t.Skip("chromium is not installed")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("lang", "en"), chromedp.Flag("accept-lang", "en"),
	)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	return newTab(t, allocator)
}

// newTab opens a tab, in b's browser if parent is a tab's context.
func newTab(t *testing.T, parent context.Context) *browser {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(parent)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx, t: t}
	chromedp.ListenTarget(ctx, b.hear)
	if err := chromedp.Run(ctx, log.Enable()); err != nil {
		t.Fatal("browser did not start:", err)
	}
	return b
}

// hear keeps errors and warnings, violations of a content security policy
// among them.
func (b *browser) hear(event any) {
	var text string
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			text = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Error()
	}
	if text == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = append(b.complaints, text)
}

// checkQuiet fails the test if a console complained, except about what holds
// one of allowed: an HTTP status that the visit was meant to meet.
func (b *browser) checkQuiet(allowed ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, complaint := range b.complaints {
		expected := false
		for _, part := range allowed {
			expected = expected || strings.Contains(complaint, part)
		}
		if !expected {
			b.t.Error("console:", complaint)
		}
	}
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval runs an expression in the shell and returns its text.
func (b *browser) eval(expression string) string {
	b.t.Helper()
	var text string
	b.run(chromedp.Evaluate(fmt.Sprintf("String(%s)", expression), &text))
	return text
}

// inPage is an expression over doc, the bank's page in the second phone: the
// frame is of another origin, so the test must look from within it.
func (b *browser) inPage(expression string) string {
	b.t.Helper()
	text, err := b.look(expression)
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

func (b *browser) look(expression string) (text string, err error) {
	err = chromedp.Run(b.ctx, chromedp.Poll(`document.querySelector("iframe.web-view") !== null`, nil),
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			text, err = evalInFrame(ctx, "String("+expression+")")
			return err
		}))
	return text, err
}

// waitPage waits until an expression holds in the bank's page. A look fails while
// the shell or the page makes way for another.
func (b *browser) waitPage(expression string) {
	b.t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		select {
		case <-tick.C:
			text, err := b.look(expression)
			if err == nil && text == "true" {
				return
			}
			last = err
		case <-deadline:
			b.t.Fatalf("the bank's page never came to %s (%v); it reads %s", expression, last, b.inPage("document.body.innerText"))
		}
	}
}
