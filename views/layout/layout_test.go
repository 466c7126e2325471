package layout_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"postern/static"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

var update = flag.Bool("update", false, "write the golden files anew")

var preferences = layout.Preferences{Action: "/console/preferences", Here: "/console/partners?state=active", Theme: "light"}

var console = layout.ConsoleLayout{
	Title: "Partners", Bank: "Haitang Bank", Home: "/console", Search: "/console/search", Menu: "/console/menu", Preferences: preferences,
	Nav: []layout.NavGroup{
		{Items: []layout.NavItem{{Text: "Approvals", Href: "/console/approvals", Icon: "clipboard-check", Key: "a", Count: "3"}}},
		{Title: "Directory", Items: []layout.NavItem{{Text: "Partners", Href: "/console/partners", Icon: "building-store", Key: "p", Current: true}, {Text: "Settings", Href: "/console/settings", Icon: "settings"}}},
	},
	Breadcrumb: []layout.Crumb{{Text: "Partners", Href: "/console/partners"}, {Text: "<Acme>"}}, Nodes: layout.Nodes{Words: "3 nodes healthy", Tone: ui.Ok, Href: "/console/nodes"},
	User: layout.User{Name: "Wang Lei", Role: "Onboarding officer", Initial: "WL", Href: "/console/me"}, SignOut: "/console/sign-out",
	Flash: &ui.NoteView{Tone: ui.Ok, Text: "Sent to Zhao Ning for review.", Links: []ui.LinkView{{Text: "CR-2026-1187", Href: "/console/approvals/1187"}}},
}

// pages are the frames in their states.
func pages() map[string]templ.Component {
	bare := layout.ConsoleLayout{Title: "Nothing", Bank: "Haitang Bank", Home: "/console", Preferences: layout.Preferences{Theme: "dark"}, User: layout.User{Name: "Wang Lei"}, Nodes: layout.Nodes{Words: "2 of 3 nodes", Tone: ui.Warn}}
	return map[string]templ.Component{
		"console":      layout.Console(console),
		"console-bare": layout.Console(bare),
		"menu":         layout.ConsoleMenu(console.Nav),
		"signed-out":   layout.SignedOut(layout.SignedOutLayout{Title: "Sign in", Lead: "Staff only.", Bank: "Haitang Bank", Preferences: preferences, Foot: "Five failures lock.", Below: "Cannot sign in?", Flash: &ui.NoteView{Tone: ui.Bad, Text: "Not signed in."}}),
		"portal":       layout.Portal(layout.PortalLayout{Title: "Launch", Partner: "Lianhe Travel", Bank: "Haitang Bank", Home: "/portal", Sandbox: "?e=sandbox", Live: "?e=production", Nav: console.Nav[1].Items, User: layout.User{Name: "He Jing", Role: "Owner", Initial: "HJ"}, SignOut: "/portal/sign-out", Preferences: preferences}),
		"portal-live":  layout.Portal(layout.PortalLayout{Title: "Launch", Partner: "Lianhe Travel", Bank: "Haitang Bank", Production: true, Preferences: preferences}),
	}
}

func render(t *testing.T, lang i18n.Lang, page templ.Component) string {
	t.Helper()
	content := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "<h1>Content</h1>")
		return err
	})
	var b bytes.Buffer
	if err := page.Render(templ.WithChildren(i18n.WithLang(t.Context(), lang), content), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var hashed = regexp.MustCompile(`(/static/[a-z]+/)[0-9a-f]{12}/`)

func TestFrames(t *testing.T) {
	t.Parallel()
	for name, page := range pages() {
		for _, lang := range []i18n.Lang{i18n.English, i18n.Chinese} {
			t.Run(name+" in "+lang.Tag(), func(t *testing.T) {
				t.Parallel()
				got := strings.ReplaceAll(hashed.ReplaceAllString(render(t, lang, page), "${1}hash/"), "><", ">\n<") + "\n"
				path := filepath.Join("testdata", name+"."+lang.Tag()+".golden")
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
	inline  = regexp.MustCompile(`(?i)\sstyle=|<style|\son[a-z]+=|javascript:|<script[^>]*>[^<]`)
	address = regexp.MustCompile(`"(/static/[^"#]+)`)
)

func TestFramesHoldTheContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	for name, page := range pages() {
		if found := inline.FindString(render(t, i18n.English, page)); found != "" {
			t.Errorf("%s has %q inline", name, found)
		}
	}
}

// TestTheHeadNamesWhatIsWeighed holds every file of a page to being served, and
// to what static weighs: all of ui, and of vendor what static/weight_test.go lists.
func TestTheHeadNamesWhatIsWeighed(t *testing.T) {
	t.Parallel()
	weighed, err := os.ReadFile("../../static/weight_test.go")
	if err != nil {
		t.Fatal(err)
	}
	found := address.FindAllStringSubmatch(render(t, i18n.English, layout.Console(console)), -1)
	if len(found) < 9 {
		t.Fatalf("a page names %d files", len(found))
	}
	for _, match := range found {
		answer := httptest.NewRecorder()
		static.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, match[1], nil))
		if answer.Code != http.StatusOK {
			t.Errorf("%s answers %d", match[1], answer.Code)
		}
		name := "vendor/" + filepath.Base(match[1])
		if strings.HasPrefix(match[1], "/static/vendor/") && !bytes.Contains(weighed, []byte(name)) {
			t.Errorf("%s is loaded and not weighed", name)
		}
	}
}
