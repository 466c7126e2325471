package portal

import (
	"regexp"
	"strings"
	"testing"

	"postern/views/i18n"
)

// The documents lead to what there is, and bring nothing with them that the pages' CSP
// would refuse.
func TestDocumentsAreDrawnForPartners(t *testing.T) {
	t.Parallel()
	all, err := drawnPapers()
	if err != nil || len(all) != len(papers) {
		t.Fatal(len(all), err)
	}
	ids := map[string]map[string]bool{} // of the English pages, which links from elsewhere lead to
	for word, languages := range all {
		ids[word] = idsOf(languages[i18n.English])
	}
	for word, languages := range all {
		for lang, p := range languages {
			holds(t, word+" in "+lang.Tag(), p, ids)
		}
		if chinese, there := languages[i18n.Chinese]; there {
			english := languages[i18n.English]
			for _, tag := range []string{"<h2", "<li>", "<p>", "<pre", "<table"} {
				if one, other := strings.Count(english.html, tag), strings.Count(chinese.html, tag); one != other {
					t.Errorf("%s has %d %s in English and %d in Chinese", word, one, tag, other)
				}
			}
		}
	}
}

func idsOf(p paper) map[string]bool {
	ids := map[string]bool{}
	for _, found := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(p.html, -1) {
		ids[found[1]] = true
	}
	return ids
}

// holds checks a page, whose links may lead to the ids of the others.
func holds(t *testing.T, name string, p paper, others map[string]map[string]bool) {
	t.Helper()
	own := idsOf(p)
	if len(p.sections) < 2 || !strings.Contains(p.html, "<h1") {
		t.Errorf("%s has %d sections", name, len(p.sections))
	}
	for _, bad := range []string{"style=", "<script", "mermaid", "<img", ".md\"", "raw HTML omitted"} {
		if strings.Contains(p.html, bad) {
			t.Errorf("%s has %s", name, bad)
		}
	}
	for _, s := range p.sections {
		if !own[strings.TrimPrefix(s.Href, "#")] || s.Text == "" {
			t.Errorf("%s: %q leads nowhere", name, s)
		}
	}
	for _, found := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(p.html, -1) {
		file, part, _ := strings.Cut(found[1], "#")
		other, there := others[strings.TrimPrefix(file, docsPath+"/")]
		switch {
		case strings.HasPrefix(file, "https://"), file == "" && own[part]:
		case strings.HasPrefix(file, docsPath+"/") && there && (part == "" || other[part]):
		default:
			t.Errorf("%s: %s leads nowhere", name, found[1])
		}
	}
}
