package app_test

import (
	"net/http"
	"net/url"
	"testing"

	"postern/app/apptest"
	"postern/app/store"
	"postern/app/store/storetest"
)

// databases are those on which scenarios run, as tests name them. In short one is enough: what
// the race detector looks at is the same on both.
func databases() map[string]func(testing.TB) store.Config {
	all := map[string]func(testing.TB) store.Config{"SQLite": storetest.SQLiteConfig, "PostgreSQL": storetest.PostgresConfig}
	if testing.Short() {
		delete(all, "PostgreSQL")
	}
	return all
}

// each runs a scenario in a world of its own on both databases.
func each(t *testing.T, o apptest.Options, test func(t *testing.T, w *apptest.World)) {
	t.Helper()
	for name, config := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, apptest.New(t, config(t), o))
		})
	}
}

func TestVisit(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, url.Values{"subject": {"user-7781"}})
		if p.Visit.ClientName != "Lianhe Travel" || p.Visit.SubjectHint != "us****81" || p.Visit.ExpiresIn != 900 {
			t.Errorf("step E told %+v", p.Visit)
		}

		a := p.Get("/loans/offers")
		if a.HTTP != http.StatusOK || a.Typ != "reply+jwe" {
			t.Fatalf("step G: %d %s %s", a.HTTP, a.Typ, a.Plain)
		}
		var reply struct {
			Status int            `json:"status"`
			Body   map[string]any `json:"body"`
		}
		a.Into(p, &reply)
		t.Logf("%s", a.Plain)
		holder, _ := reply.Body["holder"].(map[string]any)
		if reply.Status != 200 || holder["phone"] != "138****6027" || holder["id_no"] != nil || reply.Body["internal"] != nil {
			t.Errorf("body %s", a.Plain)
		}
	})
}
