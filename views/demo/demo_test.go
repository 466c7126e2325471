package demo_test

import (
	"bytes"
	"context"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"postern/static"
	"postern/views/demo"
	"postern/views/i18n"
)

var update = flag.Bool("update", false, "write the golden files anew")

var app = demo.AppView{Brand: "lianhe", Clock: "10:05", Hello: "Good morning", Button: "Check my loan offer", Action: "/partners/lianhe/visits"}

func shell(page demo.PageView, story demo.Story) demo.ShellPage {
	page.Clock, page.Partner, page.Again = "10:05", "Lianhe Travel", "/partners/lianhe"
	return demo.ShellPage{
		Theme: "light", Here: "/", Preferences: "/preferences", Command: "go run . demo", App: app, Page: page, Story: story,
		Partners: []demo.PartnerTab{{Label: "Lianhe Travel", Href: "/partners/lianhe", Current: true}, {Label: "Nanfeng", Href: "/partners/nanfeng"}},
	}
}

var opened = demo.Story{
	Lead:  "The AT is spent.",
	First: &demo.OpeningCard{Opened: "+30 ms", Ended: "+0.56 s", Visit: "Yc5Vt7Lw2kRApQ3zX0n1m8", Scopes: "loan.offer:read", Could: "For 0.53 s they could do what this page may do:"},
	Message: &demo.MessageCard{
		Letter: "D", State: "outside", Title: "The page trades its AT for a VT", Note: "AT spent once.",
		Toggle: &demo.Link{Label: "Seal", Icon: "open", Href: "/visits/t1?step=D&sealed=1"},
		Panes: []demo.Pane{{
			Parts:  []demo.Part{{Class: "header", Text: "eyJ0."}, {Class: "tag", Text: "9hH0"}},
			Legend: []demo.Part{{Class: "header", Text: "header"}, {Class: "tag", Text: "tag"}},
			Lines:  []demo.Line{{{Class: "mark", Text: "{ "}, {Class: "key", Text: `"at"`}, {Class: "mark", Text: ": "}, {Class: "string", Text: `"<b>"`}, {Class: "mark", Text: " }"}}},
		}, {Label: "Bank side only", Inside: true, Lines: []demo.Line{{{Class: "string", Text: `"not_active"`}}}}},
	},
	Receipt: &demo.ReceiptCard{
		Scope: "loan.offer:read", MoreLabel: "1 more dropped",
		Rows: []demo.ReceiptRow{{Path: "offer.limit", Class: "C2", Fate: "kept", Words: "kept"}, {Path: "holder.phone", Class: "C3", Fate: "masked", Words: "phone mask"}},
		More: []demo.ReceiptRow{{Path: "offer.model", Class: "C?", Fate: "dropped", Words: "dropped"}},
	},
	Hood: demo.HoodView{
		Facts: "2 steps, 0.61 s", Visit: "pQ3zX0n1m8Yc5Vt7Lw2kRA", Live: true, Post: "/visits/t1/steps?step=", Back: "The visitor is back.",
		Steps: []demo.StepView{
			{Letter: "D", State: "outside", Who: "Bank page to gateway", What: "JWE to AK", Size: "712 B", Took: "+9 ms", Href: "/visits/t1?step=D", Current: true},
			{Letter: "E", State: "bad", Who: "Gateway to bank page", What: "refused: at_spent", Took: "+1 ms", Href: "/visits/t1?step=E"},
			{Letter: "F", State: "idle", Who: "Bank page", What: "opens VT"},
			{Letter: "G", State: "ok", Who: "Bank page to loan system", What: "GET /loans/offers", Left: "3 kept, 3 masked, 6 dropped", Took: "+41 ms", Href: "/visits/t1?step=G"},
		},
	},
}

// screens are the demo's pages in their states.
var screens = map[string]templ.Component{
	"shell-empty":   demo.Shell(shell(demo.PageView{}, demo.Story{Lead: "Nothing yet.", Hood: demo.HoodView{Steps: []demo.StepView{{Letter: "A", State: "idle", Who: "App", What: "tap"}}}})),
	"shell-full":    demo.Shell(shell(demo.PageView{Address: "http://localhost:8090/h5#at=a.b.c"}, opened)),
	"shell-error":   demo.Shell(shell(demo.PageView{Failure: &demo.AppFailure{Text: "No AT.", Code: "invalid_client", RequestID: "01JDC4", At: "22 November 2026, 10:05:11"}}, demo.Story{Lead: "Stopped."})),
	"shell-missing": demo.Missing(demo.MissingPage{Theme: "dark", Title: "That visit is gone", Text: "The demo forgets its visits when it stops."}),
	"h5": demo.H5(demo.H5Page{
		Gateway: "http://localhost:8080", Service: "urn:h5:loan", SDK: "http://localhost:8080/sdk/1/postern.js", Integrity: "sha384-x",
		Shell: "http://localhost:8092", BankApp: "haitangbank://home",
	}),
}

func render(t *testing.T, c templ.Component, l i18n.Lang) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(i18n.WithLang(t.Context(), l), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var hashed = regexp.MustCompile(`(/static/[a-z]+/)[0-9a-f]{12}/`)

func TestScreens(t *testing.T) {
	t.Parallel()
	for name, screen := range screens {
		for _, lang := range []i18n.Lang{i18n.English, i18n.Chinese} {
			t.Run(name+" in "+lang.Tag(), func(t *testing.T) {
				t.Parallel()
				// One tag a line, so that a change reads as a change of lines.
				got := strings.ReplaceAll(hashed.ReplaceAllString(render(t, screen, lang), "${1}hash/"), "><", ">\n<") + "\n"
				path := filepath.Join("testdata", name+"."+lang.Tag()+".html")
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("%s differs; look at the change and run the test with -update:\n%s", path, got)
				}
			})
		}
	}
}

var (
	inline  = regexp.MustCompile(`(?i)\sstyle=|<style|\son[a-z]+=|javascript:`)
	scripts = regexp.MustCompile(`<script[^>]*>[^<]`)
	address = regexp.MustCompile(`"(/static/[^"]+)"`)
)

func TestScreensHoldTheContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	for name, screen := range screens {
		page := render(t, screen, i18n.English)
		if found := inline.FindString(page); found != "" {
			t.Errorf("%s has %q inline", name, found)
		}
		if found := scripts.FindString(page); found != "" {
			t.Errorf("%s has an inline script %q", name, found)
		}
		if n := strings.Count(page, "<h1"); n == 0 {
			t.Errorf("%s has no h1", name)
		}
	}
}

func TestEveryFileThatAScreenNamesIsServed(t *testing.T) {
	t.Parallel()
	for name, screen := range screens {
		found := address.FindAllStringSubmatch(render(t, screen, i18n.English), -1)
		if len(found) < 3 {
			t.Errorf("%s names %d files", name, len(found))
		}
		for _, match := range found {
			answer := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, match[1], nil)
			if static.Handler().ServeHTTP(answer, request); answer.Code != http.StatusOK {
				t.Errorf("%s names %s, which answers %d", name, match[1], answer.Code)
			}
		}
	}
}
