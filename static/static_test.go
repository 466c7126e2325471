package static_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"postern/static"
)

func TestHandler(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, path string
		want       int
		wantType   string
	}{
		{"a style sheet", static.URL("demo/shell.css"), http.StatusOK, "text/css"},
		{"a script", static.URL("demo/shell.js"), http.StatusOK, "javascript"},
		{"a file that does not exist", static.URL("demo/nothing.css"), http.StatusNotFound, ""},
		{"a font", static.URL("vendor/inter.woff2"), http.StatusOK, "font/woff2"},
		{"a file for tests only", static.URL("testdata/axe-core/axe.min.js"), http.StatusNotFound, ""},
		{"a folder", static.URL("demo/"), http.StatusNotFound, ""},
		{"another release's hash", "/static/demo/000000000000/shell.css", http.StatusNotFound, ""},
		{"no hash", "/static/demo/shell.css", http.StatusNotFound, ""},
		{"an unknown folder with an empty hash", "/static/secret//x", http.StatusNotFound, ""},
		{"a way out of the folder", static.URL("demo/../static.go"), http.StatusNotFound, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			answer := httptest.NewRecorder()
			static.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, tc.path, nil))
			if answer.Code != tc.want {
				t.Fatalf("%s: status %d, want %d", tc.path, answer.Code, tc.want)
			}
			if tc.want != http.StatusOK {
				return
			}
			if got := answer.Header().Get("Content-Type"); !strings.Contains(got, tc.wantType) {
				t.Errorf("content type %q", got)
			}
			if !strings.Contains(answer.Header().Get("Cache-Control"), "immutable") {
				t.Error("the answer may not be cached for ever")
			}
		})
	}
}

func TestHandlerPacksText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, file, method, accept string
		wantPacked, wantVary       bool
	}{
		{"a style sheet for a browser", "vendor/tabler.min.css", http.MethodGet, "gzip, deflate, br", true, true},
		{"a caller that takes nothing", "vendor/tabler.min.css", http.MethodGet, "", false, true},
		{"a caller that refuses gzip", "ui/icons.svg", http.MethodGet, "br, gzip;q=0", false, true},
		{"a caller that likes gzip less", "ui/icons.svg", http.MethodGet, "br, gzip;q=0.5", true, true},
		{"only the head", "ui/tokens.css", http.MethodHead, "gzip", true, true},
		{"a font, which is compressed already", "vendor/inter.woff2", http.MethodGet, "gzip", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			plain, packed := ask(t, tc.method, tc.file, ""), ask(t, tc.method, tc.file, tc.accept)
			if got := packed.Header().Get("Content-Encoding") == "gzip"; packed.Code != http.StatusOK || got != tc.wantPacked {
				t.Fatalf("status %d, packed %t, want %t", packed.Code, got, tc.wantPacked)
			}
			if got := packed.Header().Get("Vary") == "Accept-Encoding"; got != tc.wantVary {
				t.Errorf("Vary is %q", packed.Header().Get("Vary"))
			}
			if tc.wantPacked && tc.method == http.MethodGet && unpack(t, packed.Body) != plain.Body.String() {
				t.Error("unpacked, it is another file")
			}
			if tc.method == http.MethodHead && packed.Body.Len() > 0 {
				t.Error("a HEAD was answered with a body")
			}
		})
	}
}

func ask(t *testing.T, method, file, accept string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, static.URL(file), nil)
	r.Header.Set("Accept-Encoding", accept)
	answer := httptest.NewRecorder()
	static.Handler().ServeHTTP(answer, r)
	return answer
}

func unpack(t *testing.T, packed io.Reader) string {
	t.Helper()
	r, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
