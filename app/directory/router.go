package directory

import (
	"fmt"
	"strings"

	"postern/app/disclosure"
	"postern/models"
	"postern/policies"
)

// Router finds the route of a call among a service's routes. Matching is by
// whole segments, case-sensitive; a literal segment wins over a parameter.
type Router struct{ root *node }

// Route is a route ready for matching.
type Route struct {
	models.Route
	Permission policies.Permission
	Query      map[string]bool  // names that the page may send
	ErrorPlan  *disclosure.Plan // what of an error's body may leave
	segments   []string         // of the pattern; parameters as {name}
}

// Match is a call's route with what of its path and query is the page's own.
type Match struct {
	Route  *Route
	params map[string]string // of the path, as they were sent
	path   []string
	query  string
}

// Path is the path to ask the upstream for: rebuilt from the route's template,
// so nothing of the page but the parameters' values gets into it.
func (m Match) Path() string {
	var b strings.Builder
	for i, s := range m.Route.segments {
		b.WriteByte('/')
		if isParam(s) {
			s = m.path[i]
		}
		b.WriteString(s)
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

type node struct {
	literal map[string]*node
	param   *node
	routes  map[string]*Route // by method
}

func isParam(s string) bool { return len(s) > 2 && s[0] == '{' && s[len(s)-1] == '}' }

// NewRouter returns a router without routes.
func NewRouter() *Router { return &Router{root: &node{}} }

// Add adds a route. The error says what is wrong with it: a pattern that is
// none, a place in it that nobody checks, or that another route is there.
func (r *Router) Add(m models.Route) error {
	plan, err := errorPlan(m.ErrorFields)
	if err != nil {
		return err
	}
	if err := checkPattern(m.Pattern); err != nil {
		return err
	}
	route := &Route{
		ErrorPlan: plan,
		Route:     m, Permission: policies.Permission{Resource: m.Resource, Action: m.Action},
		Query: map[string]bool{}, segments: split(m.Pattern),
	}
	if err := checkOwner(m, route.segments); err != nil {
		return err
	}
	for _, q := range m.QueryNames {
		route.Query[q] = true
	}
	n := r.root
	for _, s := range route.segments {
		n = n.child(s)
	}
	if n.routes == nil {
		n.routes = map[string]*Route{}
	}
	if taken := n.routes[m.Method]; taken != nil {
		return fmt.Errorf("%s %s is taken by route %s", m.Method, m.Pattern, taken.ID)
	}
	n.routes[m.Method] = route
	return nil
}

func newRouter(routes []models.Route) (*Router, error) {
	r := NewRouter()
	for _, m := range routes {
		if err := r.Add(m); err != nil {
			return nil, fmt.Errorf("route %s: %w", m.ID, err)
		}
	}
	return r, nil
}

func errorPlan(members []string) (*disclosure.Plan, error) {
	fields := make([]disclosure.Field, len(members))
	for i, m := range members {
		fields[i] = disclosure.Field{Path: m, Class: "C1", Treatment: "keep"}
	}
	return disclosure.Compile(fields)
}

func (n *node) child(segment string) *node {
	if isParam(segment) {
		if n.param == nil {
			n.param = &node{}
		}
		return n.param
	}
	if n.literal == nil {
		n.literal = map[string]*node{}
	}
	if n.literal[segment] == nil {
		n.literal[segment] = &node{}
	}
	return n.literal[segment]
}

// split gives the segments of a path that starts with a slash; none for "/".
func split(path string) []string {
	if path == "/" || path == "" {
		return nil
	}
	return strings.Split(path[1:], "/")
}

// match finds the route for a method and a valid path.
func (r *Router) match(method, path string) (Match, bool) {
	segments := split(path)
	route := r.root.find(method, segments)
	if route == nil {
		return Match{}, false
	}
	m := Match{Route: route, path: segments}
	for i, s := range route.segments {
		if isParam(s) {
			if m.params == nil {
				m.params = map[string]string{}
			}
			m.params[s[1:len(s)-1]] = segments[i]
		}
	}
	return m, true
}

// methods adds the methods that have a route for a valid path.
func (n *node) methods(segments []string, found map[string]bool) {
	if len(segments) == 0 {
		for method := range n.routes {
			found[method] = true
		}
		return
	}
	if next := n.literal[segments[0]]; next != nil {
		next.methods(segments[1:], found)
	}
	if n.param != nil {
		n.param.methods(segments[1:], found)
	}
}

func (n *node) find(method string, segments []string) *Route {
	if len(segments) == 0 {
		return n.routes[method]
	}
	if next := n.literal[segments[0]]; next != nil {
		if r := next.find(method, segments[1:]); r != nil {
			return r
		}
	}
	if n.param == nil {
		return nil
	}
	return n.param.find(method, segments[1:])
}
