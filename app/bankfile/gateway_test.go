package bankfile_test

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/bankfile"
	"postern/app/store"
	"postern/app/store/storetest"
)

// configs are a fresh database of each dialect, for a gateway and for somebody
// else who opens it.
func configs(t *testing.T, test func(t *testing.T, c store.Config)) {
	t.Helper()
	for name, config := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLiteConfig, "postgres": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, config(t))
		})
	}
}

func TestARunningGatewayTakesUpWhatAnotherProcessApplies(t *testing.T) {
	t.Parallel()
	configs(t, func(t *testing.T, c store.Config) {
		w := apptest.New(t, c, apptest.Options{})
		other := storetest.Open(t, c)
		ask := func() int {
			t.Helper()
			return w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)).Code
		}
		if code := ask(); code != http.StatusOK {
			t.Fatalf("a token before: %d", code)
		}
		for _, step := range []struct {
			text string
			want int
		}{
			{"partners: [{id: p_travel, status: suspended}]", http.StatusUnauthorized},
			{"partners: [{id: p_travel, status: active}]", http.StatusOK},
			{"credentials: [{id: app_travel-sig, revoked: true}]", http.StatusUnauthorized},
		} {
			document := read(t, step.text)
			if _, err := document.Apply(t.Context(), other, bankfile.Options{Now: w.Clock.Now()}, rand.Reader); err != nil {
				t.Fatal(err)
			}
			w.Clock.Add(time.Second)
			w.Refresh() // what it does by itself four times a second
			if code := ask(); code != step.want {
				t.Errorf("after %s: %d, want %d", step.text, code, step.want)
			}
		}
	})
}

func TestAGatewaysDatabaseIsExportedAndServedFromAnother(t *testing.T) {
	t.Parallel()
	configs(t, func(t *testing.T, c store.Config) {
		w := apptest.New(t, c, apptest.Options{})
		file := export(t, w.App.Store())
		if plan := applied(t, w.App.Store(), file); len(plan.Things) != 0 {
			t.Errorf("its own export changes\n%s", plan)
		}
		// The seed's services have no API id, which a new one needs.
		file = strings.ReplaceAll(file, `api_id: ""`, "api_id: OP10972302H5000100000001")
		other := storetest.SQLite(t)
		applied(t, other, file)
		if again := export(t, other); again != file {
			t.Errorf("an empty database gives back\n%s\nwant\n%s", again, file)
		}
	})
}
