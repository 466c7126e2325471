package app_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// tries takes the next step of a trial, and waits for the page that offers the one after it.
func (b *tab) tries(step, then string) {
	b.t.Helper()
	b.press(`.p-header-actions [form="next"]`)
	b.until(`document.querySelector(".p-try-steps .is-chosen .p-try-letter")?.textContent === "` + step + `" && document.querySelector('.p-header-actions [form="next"]').textContent.includes("` + then + `")`)
}

// A developer walks a visit from B to G in a browser, and puts bad weather over it.
func TestAVisitIsTriedInABrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	o := newTrier(t, w)
	server := httptest.NewServer(o.PortalHandler())
	t.Cleanup(server.Close)
	b := newTab(t, server.URL)
	b.run(network.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		return network.SetCookie("postern-portal", o.cookies["developer"]).WithURL(server.URL).Do(ctx)
	}))
	look := func(name string) {
		t.Helper()
		for _, width := range []int64{1440, 390} {
			b.run(chromedp.EmulateViewport(width, 900))
			b.fits(name, width)
			if *shotsFolder != "" {
				var picture []byte
				b.run(wholePage(&picture))
				if err := os.WriteFile(filepath.Join(*shotsFolder, fmt.Sprintf("try-%s-%d.png", name, width)), picture, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		b.run(chromedp.EmulateViewport(1440, 900))
	}
	sound := func(where string) {
		t.Helper()
		b.calm()
		b.accessible(where)
		b.drop() // axe-core tries inline styles of its own
	}
	b.open("/portal/try") // there is but one application
	b.at(trying)
	look("before")
	b.tries("B", "Open the page")
	look("B")
	b.tries("C", "Exchange AT for VT")
	look("C")
	b.press(`.p-weather [name="kind"][value="spent_at"] + button`)
	b.until(`document.querySelector('[value="spent_at"] + [aria-checked="true"]')`)
	b.tries("D", "Exchange AT for VT")
	b.until(`document.querySelector(".p-try-head .p-badge").textContent === "409"`)
	look("D-refused")
	sound("an exchange in bad weather")
	b.press(`.p-weather [name="kind"][value="spent_at"] + button`)
	b.until(`document.querySelector('[value="spent_at"] + [aria-checked="false"]')`)
	b.tries("D", "Call the bank")
	look("D")
	b.tries("G", "Call again")
	b.until(`document.querySelector(".p-try-head .p-badge").textContent === "200"`)
	look("G")
	sound("a call")
	if words := b.eval(`document.querySelector("main").textContent`); len(words) < 500 {
		t.Error("the page says nothing")
	}
	if w.Count("visits WHERE application_id = '"+sandboxApp+"'") != 1 {
		t.Error("no visit is on record")
	}
}
