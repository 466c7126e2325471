package static_test

import (
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
