package directory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"

	"postern/app/disclosure"
	"postern/app/errs"
	"postern/policies"
)

// Explanation says what would become of a call of an application, and why.
type Explanation struct {
	Application *Application
	Service     *Service
	Route       *Route
	Permission  policies.Permission
	Decision    policies.Decision
	Scopes      []string               // live scopes of the application that allow the call
	Fields      []disclosure.FieldNote // as with every consent
	Withheld    []disclosure.FieldNote // as without any; nil where that is the same
	Consents    []string               // of Scopes those that wait for consent here
	Frozen      []string               // scopes that would allow it, too
	// Customer says that some bank customer must have signed in first.
	Customer bool
}

// Question is what Explain is asked about a call.
type Question struct {
	ClientID     string
	Method, Path string
	Now          time.Time
	Thawed       func(scopes []string) []string // those that are not frozen
}

// Explain answers for an application with all its scopes that live and are not
// frozen. It fails with errs.NotFound if the application or a route for method
// and path among its services does not exist.
func (d *Directory) Explain(ctx context.Context, q Question) (Explanation, error) {
	app, err := d.Application(ctx, q.ClientID)
	if err != nil {
		return Explanation{}, err
	}
	ids, err := d.store.ServiceIDs(ctx)
	if err != nil {
		return Explanation{}, err
	}
	sort.Strings(ids)
	var found *Explanation
	for _, id := range ids {
		svc, err := d.Service(ctx, id)
		if err != nil {
			return Explanation{}, err
		}
		m, ok := svc.Router.Find(q.Method, q.Path, "")
		if !ok {
			continue
		}
		x, err := d.explain(q, app, svc, m.Route)
		if err != nil {
			return Explanation{}, err
		}
		if x.Decision.Allowed || found == nil {
			found = &x
		}
	}
	if found == nil {
		return Explanation{}, errs.New(errs.NotFound, "no_route", "No service has such a route.")
	}
	return *found, nil
}

// Methods lists the methods for which some service has a route for path, sorted.
func (d *Directory) Methods(ctx context.Context, path string) ([]string, error) {
	if !validPath(path) {
		return nil, nil
	}
	ids, err := d.store.ServiceIDs(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, id := range ids {
		svc, err := d.Service(ctx, id)
		if err != nil {
			return nil, err
		}
		svc.Router.root.methods(split(path), found)
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// decide says what the policy says of a call on a route.
func (d *Directory) decide(q Question, app *Application, svc *Service, route *Route) (Explanation, *Access, error) {
	access, err := d.Access(app, svc, q.Now)
	if err != nil {
		return Explanation{}, nil, err
	}
	all := access.Scopes()
	live := q.Thawed(all)
	x := Explanation{
		Application: app, Service: svc, Route: route, Permission: route.Permission,
		Decision: access.Decide(route.Permission, live), Scopes: access.Allowing(route.Permission, live),
	}
	x.Frozen = slices.DeleteFunc(access.Allowing(route.Permission, all), func(s string) bool { return slices.Contains(live, s) })
	x.Consents = slices.DeleteFunc(slices.Clone(x.Scopes), func(s string) bool { return !svc.Scopes[s].Withholds(route.Permission) })
	x.Customer = route.RequiresCustomer || allNeedCustomer(svc, x.Scopes)
	return x, access, nil
}

func (d *Directory) explain(q Question, app *Application, svc *Service, route *Route) (Explanation, error) {
	x, access, err := d.decide(q, app, svc, route)
	if err != nil || !x.Decision.Allowed || route.SampleReply == "" {
		return x, err
	}
	if x.Fields, err = notes(access, route, x.Scopes, nil); err == nil && len(x.Consents) > 0 {
		x.Withheld, err = notes(access, route, x.Scopes, x.Consents)
	}
	return x, err
}

// notes says what of the route's sample reply leaves.
func notes(access *Access, route *Route, scopes, without []string) ([]disclosure.FieldNote, error) {
	plan, err := access.Plan(route.Permission, scopes, without)
	if err != nil {
		return nil, err
	}
	list, err := plan.Explain([]byte(route.SampleReply))
	if err != nil {
		return nil, fmt.Errorf("explain sample reply of %s: %w", route.ID, err)
	}
	return list, nil
}

func allNeedCustomer(svc *Service, scopes []string) bool {
	for _, s := range scopes {
		if !svc.Scopes[s].RequiresCustomer {
			return false
		}
	}
	return len(scopes) > 0
}
