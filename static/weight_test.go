package static_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// firstPage is what views/layout makes a browser fetch that knows nothing yet.
// TestTheHeadNamesWhatIsWeighed in views/layout holds it to the pages.
var firstPage = []string{
	"vendor/kit.css", "vendor/tabler.min.css", "vendor/uplot.min.css", "vendor/htmx.min.js", "vendor/hx-sse.min.js", "vendor/uplot.min.js",
	"vendor/inter.woff2", "vendor/jetbrains-mono.woff2",
}

// TestTheFirstPageIsLight weighs it as it crosses the wire.
func TestTheFirstPageIsLight(t *testing.T) {
	t.Parallel()
	const most = 300 << 10
	ours, err := filepath.Glob("ui/*.*")
	if err != nil || len(ours) < 5 {
		t.Fatalf("%d files in ui (%v)", len(ours), err)
	}
	total := 0
	for _, name := range append(ours, firstPage...) {
		if _, err := os.Stat(name); err != nil {
			t.Fatal(err)
		}
		answer := ask(t, http.MethodGet, filepath.ToSlash(name), "gzip")
		if answer.Code != http.StatusOK {
			t.Fatalf("%s answers %d", name, answer.Code)
		}
		total += answer.Body.Len()
	}
	if t.Logf("%d bytes", total); total > most {
		t.Errorf("the first page weighs %d bytes, more than %d", total, most)
	}
}
