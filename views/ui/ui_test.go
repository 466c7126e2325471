package ui_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"postern/views/i18n"
)

var update = flag.Bool("update", false, "write the golden files anew")

func render(t *testing.T, lang i18n.Lang, parts ...templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	for _, part := range parts {
		if err := part.Render(i18n.WithLang(t.Context(), lang), &b); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n")
	}
	return b.String()
}

var hashed = regexp.MustCompile(`(/static/[a-z]+/)[0-9a-f]{12}/`)

func TestPieces(t *testing.T) {
	t.Parallel()
	for name, parts := range samples {
		for _, lang := range []i18n.Lang{i18n.English, i18n.Chinese} {
			t.Run(name+" in "+lang.Tag(), func(t *testing.T) {
				t.Parallel()
				// One tag a line, so that a change reads as a change of lines.
				got := strings.ReplaceAll(hashed.ReplaceAllString(render(t, lang, parts...), "${1}hash/"), "><", ">\n<")
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

var inline = regexp.MustCompile(`(?i)\sstyle=|<style|<script|\son[a-z]+=|javascript:`)

// templ takes "else if" among attributes for an attribute called else.
var slipped = regexp.MustCompile(`<[^<>]*\selse[\s>]`)

func TestPiecesHoldTheContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	for name, parts := range samples {
		if found := inline.FindString(render(t, i18n.English, parts...)); found != "" {
			t.Errorf("%s has %q inline", name, found)
		}
		if found := slipped.FindString(render(t, i18n.English, parts...)); found != "" {
			t.Errorf("%s has %q", name, found)
		}
	}
}

var used = regexp.MustCompile(`icons\.svg#([a-z0-9-]+)"`)

func TestEveryIconIsInTheSprite(t *testing.T) {
	t.Parallel()
	sprite, err := os.ReadFile("../../static/ui/icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, parts := range samples {
		for _, match := range used.FindAllStringSubmatch(render(t, i18n.English, parts...), -1) {
			n++
			if !strings.Contains(string(sprite), `<symbol id="`+match[1]+`"`) {
				t.Errorf("%s draws %q, which is not in static/icons", name, match[1])
			}
		}
	}
	if n < 20 {
		t.Errorf("%d icons were found; the test looks at the wrong thing", n)
	}
}

func TestAPasswordIsNeverSentBack(t *testing.T) {
	t.Parallel()
	if strings.Contains(render(t, i18n.English, samples["field"]...), "never echoed") {
		t.Error("a page repeats a password")
	}
}
