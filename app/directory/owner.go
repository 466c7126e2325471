package directory

import (
	"errors"
	"fmt"
	"slices"

	"postern/models"
)

// ownerUpstream says that the upstream checks who owns what a path names.
const ownerUpstream = "upstream"

// checkOwner refuses a route that would let a page ask for what is anybody's:
// each parameter of its path is bound to the visit, or the upstream has said
// that it checks. It refuses as well what makes a binding empty: a target that
// is not known, a name that the route does not have or has twice.
func checkOwner(m models.Route, segments []string) error {
	if m.OwnerCheck != "" && m.OwnerCheck != ownerUpstream {
		return fmt.Errorf("owner check %q is not known: want upstream, or leave the key away", m.OwnerCheck)
	}
	params, err := paramsOf(segments)
	if err != nil {
		return err
	}
	for _, name := range params {
		if slices.Contains(m.QueryNames, name) {
			return fmt.Errorf("%q stands in path and query", name)
		}
		if m.Bindings[name] == "" && m.OwnerCheck == "" {
			return fmt.Errorf("nobody checks whose {%s} is: bind it to {sub} or {customer}, or let the upstream check (owner_check: upstream)", name)
		}
	}
	for name, target := range m.Bindings {
		if target != "{sub}" && target != "{customer}" {
			return fmt.Errorf("%q is bound to %q, which is not known: want {sub} or {customer}", name, target)
		}
		if !slices.Contains(params, name) && !slices.Contains(m.QueryNames, name) {
			return fmt.Errorf("%q is bound and stands neither in path nor query", name)
		}
	}
	return nil
}

// paramsOf lists the parameters of a pattern, each once.
func paramsOf(segments []string) ([]string, error) {
	var names []string
	for _, s := range segments {
		if !isParam(s) {
			continue
		}
		name := s[1 : len(s)-1]
		if slices.Contains(names, name) {
			return nil, errors.New("two parameters have one name")
		}
		names = append(names, name)
	}
	return names, nil
}
