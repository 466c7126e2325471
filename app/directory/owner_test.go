package directory_test

import (
	"strings"
	"testing"

	"postern/models"
)

func TestServiceIsRefusedWhoseRouteLetsAPageAskForAnybodys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		route models.Route
		want  string // of the fault; empty when it is loaded
	}{
		{"a parameter bound to the subject", models.Route{Pattern: "/a/{id}", Bindings: map[string]string{"id": "{sub}"}}, ""},
		{"a parameter bound to the customer", models.Route{Pattern: "/a/{id}", Bindings: map[string]string{"id": "{customer}"}}, ""},
		{"a parameter that the upstream checks", models.Route{Pattern: "/a/{id}", OwnerCheck: "upstream"}, ""},
		{"one parameter bound, the upstream checks the other",
			models.Route{Pattern: "/u/{user}/a/{id}", OwnerCheck: "upstream", Bindings: map[string]string{"user": "{sub}"}}, ""},
		{"a query name that is bound", models.Route{Pattern: "/a", QueryNames: []string{"user"}, Bindings: map[string]string{"user": "{sub}"}}, ""},
		{"no parameter", models.Route{Pattern: "/"}, ""},
		{"a parameter that nobody checks", models.Route{Pattern: "/a/{id}"}, "nobody checks whose {id}"},
		{"a second parameter that nobody checks",
			models.Route{Pattern: "/u/{user}/a/{id}", Bindings: map[string]string{"user": "{sub}"}}, "nobody checks whose {id}"},
		{"a binding to something else", models.Route{Pattern: "/a/{id}", Bindings: map[string]string{"id": "{subject}"}}, "not known"},
		{"an empty binding", models.Route{Pattern: "/a/{id}", Bindings: map[string]string{"id": ""}}, "nobody checks"},
		{"a check that nobody knows", models.Route{Pattern: "/a/{id}", OwnerCheck: "gateway"}, "not known"},
		{"a binding of a name that is not there",
			models.Route{Pattern: "/a/{id}", OwnerCheck: "upstream", Bindings: map[string]string{"user": "{sub}"}}, "neither in path nor query"},
		{"two parameters of one name, of which the last would be checked",
			models.Route{Pattern: "/a/{id}/b/{id}", Bindings: map[string]string{"id": "{sub}"}}, "one name"},
		{"a name in path and query, of which the path's would be checked",
			models.Route{Pattern: "/a/{id}", QueryNames: []string{"id"}, Bindings: map[string]string{"id": "{sub}"}}, "path and query"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) {
				c.route.ID, c.route.Method, c.route.Resource, c.route.Action = "under-test", "GET", "x", "read"
				w.routes = append(w.routes, c.route)
			})
			_, err := w.Service(t.Context(), serviceID)
			if c.want == "" && err != nil {
				t.Errorf("got %v, want the service", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "under-test")) {
				t.Errorf("got %v, want a fault of the route under test with %q", err, c.want)
			}
		})
	}
}
