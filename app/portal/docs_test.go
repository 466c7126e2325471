package portal

import (
	"regexp"
	"strings"
	"testing"
)

// The documents lead to what there is, and bring nothing with them that the pages' CSP
// would refuse.
func TestDocumentsAreDrawnForPartners(t *testing.T) {
	t.Parallel()
	all, err := drawnPapers()
	if err != nil || len(all) != len(papers) {
		t.Fatal(len(all), err)
	}
	ids := map[string]map[string]bool{}
	for word, p := range all {
		ids[word] = map[string]bool{}
		for _, found := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(p.html, -1) {
			ids[word][found[1]] = true
		}
	}
	for word, p := range all {
		if len(p.sections) < 2 || !strings.Contains(p.html, "<h1") {
			t.Errorf("%s has %d sections", word, len(p.sections))
		}
		for _, bad := range []string{"style=", "<script", "mermaid", "<img", ".md\"", "raw HTML omitted"} {
			if strings.Contains(p.html, bad) {
				t.Errorf("%s has %s", word, bad)
			}
		}
		for _, s := range p.sections {
			if !ids[word][strings.TrimPrefix(s.Href, "#")] || s.Text == "" {
				t.Errorf("%s: %q leads nowhere", word, s)
			}
		}
		for _, found := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(p.html, -1) {
			file, part, _ := strings.Cut(found[1], "#")
			switch {
			case strings.HasPrefix(file, "https://"):
			case strings.HasPrefix(file, docsPath+"/"):
				if other := strings.TrimPrefix(file, docsPath+"/"); all[other].html == "" || part != "" && !ids[other][part] {
					t.Errorf("%s: %s leads nowhere", word, found[1])
				}
			case file == "" && ids[word][part]:
			default:
				t.Errorf("%s: %s leads nowhere", word, found[1])
			}
		}
	}
}
