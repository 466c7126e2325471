package directory_test

import (
	"testing"

	"postern/models"
)

func TestQueriesOfWhichSystemsDisagreeMatchNoRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.routes = append(w.routes, models.Route{
			ID: "search", Method: "GET", Pattern: "/search", Resource: "offer", Action: "read",
			QueryNames: []string{"user", "q"}, Bindings: map[string]string{"user": "{sub}"},
		})
	})
	_, svc := w.parties(t)
	for query, want := range map[string]bool{
		"":                  true,
		"user=a":            true,
		"user=a&q=b":        true,
		"user=a&q=%3B":      true,
		"q=1;user=other":    false,
		"user=a;q=b":        false,
		"user=a&user=other": false,
		"user=a&other=b":    false,
		"user=a#q":          false,
		"user=a?q":          false,
		"user=a b":          false,
	} {
		if _, got := svc.Router.Find("GET", "/search", query); got != want {
			t.Errorf("query %q: found = %v, want %v", query, got, want)
		}
	}
}
