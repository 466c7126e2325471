package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
)

func readiness(w *apptest.World, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/readyz", nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	return w.Internal(r)
}

func TestReadinessSaysWhyNot(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		spoil func(t *testing.T, w *apptest.World)
		want  string // the check that fails; empty: none
	}{
		{"nothing is wrong", func(*testing.T, *apptest.World) {}, ""},
		{"changes cannot be followed", func(_ *testing.T, w *apptest.World) { stale(w) }, "feed"},
		{"the database is gone", func(t *testing.T, w *apptest.World) {
			if err := w.App.Store().Close(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(w.Abandon)
		}, "database"},
		{"the clock is set back", func(_ *testing.T, w *apptest.World) {
			w.AT(apptest.Travel, nil)
			w.Later(-61 * time.Second)
		}, "clock"},
		{"the node is about to stop", func(_ *testing.T, w *apptest.World) { w.App.Leave() }, "stopping"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, apptest.Options{})
			tc.spoil(t, w)
			status, first := http.StatusOK, "ready\n"
			if tc.want != "" {
				status, first = http.StatusServiceUnavailable, "not ready\n"+tc.want+": "
			}
			text := readiness(w, "")
			if text.Code != status || !strings.HasPrefix(text.Body.String(), first) || !strings.HasPrefix(text.Header().Get("Content-Type"), "text/plain") {
				t.Errorf("as text: %d %v %s", text.Code, text.Header(), text.Body)
			}
			var answer struct {
				Ready  bool
				Checks []struct {
					Name, Detail string
					OK           bool
				}
			}
			rec := readiness(w, "application/json")
			if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
				t.Fatalf("%v in %s", err, rec.Body)
			}
			if rec.Code != status || answer.Ready != (tc.want == "") || len(answer.Checks) != 5 {
				t.Errorf("as JSON: %d %s", rec.Code, rec.Body)
			}
			for _, k := range answer.Checks {
				if k.OK != (k.Name != tc.want) || k.Detail == "" {
					t.Errorf("check %+v", k)
				}
			}
		})
	}
}

// TestReadinessComesBackByItself: nobody sends requests to a node that is not
// ready, so readiness itself finds out that the ledger can write again.
func TestReadinessComesBackByItself(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		w.Exec("ALTER TABLE events RENAME TO events_away")
		if rec := readiness(w, ""); rec.Code != http.StatusOK {
			t.Errorf("before anything was to be written: %d %s", rec.Code, rec.Body)
		}
		expectError(t, w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)), 503, "temporarily_unavailable")
		for range 2 {
			if rec := readiness(w, ""); rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), "ledger: cannot write") {
				t.Errorf("while nothing can be written: %d %s", rec.Code, rec.Body)
			}
		}
		w.Exec("ALTER TABLE events_away RENAME TO events")
		for range 2 {
			if rec := readiness(w, ""); rec.Code != http.StatusOK {
				t.Errorf("once it can: %d %s", rec.Code, rec.Body)
			}
		}
		if n := len(w.Events("ledger.probed")); n > 1 {
			t.Errorf("%d probes were written, want one while nothing else was", n)
		}
	})
}

func TestHealthIsOneWordWhateverTheStateIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	w.App.Leave()
	for name, do := range map[string]func(*http.Request) *httptest.ResponseRecorder{"gateway": w.Do, "internal": w.Internal} {
		if rec := do(httptest.NewRequest(http.MethodGet, "/healthz", nil)); rec.Code != http.StatusOK || rec.Body.String() != "ok\n" {
			t.Errorf("%s: %d %q", name, rec.Code, rec.Body)
		}
	}
}
