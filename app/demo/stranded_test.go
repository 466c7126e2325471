package demo_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestAShellWithoutItsDemoSaysSo(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	d := start(t, t.TempDir())
	b.tap(d.URL(), "lianhe")
	b.waitSteps("ABCDEFG")
	if said := b.eval(`document.querySelector("#trouble").textContent`); said != "" {
		t.Errorf("a demo that runs is said to have trouble: %s", said)
	}
	if err := d.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	b.run(chromedp.Click(`.step:nth-child(5) a`, chromedp.ByQuery), chromedp.WaitVisible("#trouble", chromedp.ByQuery))
	b.want("the notice", b.eval(`document.querySelector("#trouble").innerText`), "The demo has stopped. To start it again: go run . demo")
	if over := b.eval(`document.querySelector("#trouble").getBoundingClientRect().top >= document.querySelector(".top").getBoundingClientRect().bottom`); over != "true" {
		t.Error("the notice covers the header")
	}
	b.keep("stopped")
	b.run(chromedp.Click(`[data-open] button`, chromedp.ByQuery))
	b.run(chromedp.Poll(`!document.querySelector("[data-open] button").disabled`, nil))
	b.checkQuiet("ERR_CONNECTION")
}

func TestAVisitOfAnEarlierRunLeadsToTheStartInABrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	d := start(t, t.TempDir())
	b.run(chromedp.EmulateViewport(1440, 950), chromedp.Navigate(d.URL()+"visits/AAAAAAAAAAAAAAAAAAAAAA"))
	b.keep("gone")
	b.want("the page", b.eval(`document.querySelector("h1").textContent`), "That visit is gone")
	b.run(chromedp.Click("main a.button", chromedp.ByQuery), chromedp.WaitVisible("[data-open]", chromedp.ByQuery))
	b.checkQuiet("status of 404")
}

func TestNothingToShowIsAPageThatLeadsToTheStart(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir())
	for _, tc := range []struct{ name, path, title string }{
		{"a visit of an earlier run", "visits/AAAAAAAAAAAAAAAAAAAAAA", "That visit is gone"},
		{"a partner that does not exist", "partners/nobody", "There is no such page"},
		{"a page that does not exist", "elsewhere", "There is no such page"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL()+tc.path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = answer.Body.Close() }()
			body, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != http.StatusNotFound {
				t.Errorf("status %d, want 404", answer.StatusCode)
			}
			for _, part := range []string{"<h1>" + tc.title + "</h1>", `href="/"`, "shell.css"} {
				if !strings.Contains(string(body), part) {
					t.Errorf("the page lacks %q: %s", part, body)
				}
			}
		})
	}
}
