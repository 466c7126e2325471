package directory

import (
	"context"
	"fmt"
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
	Scopes      []string // live scopes of the application that allow the call
	Fields      []disclosure.FieldNote
	// Customer says that some bank customer must have signed in first.
	Customer bool
}

// Explain answers for an application with all its live scopes at now. It fails
// with errs.NotFound if the application or a route for method and path among
// its services does not exist.
func (d *Directory) Explain(ctx context.Context, clientID, method, path string, now time.Time) (Explanation, error) {
	app, err := d.Application(ctx, clientID)
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
		m, ok := svc.Router.Find(method, path, "")
		if !ok {
			continue
		}
		x, err := d.explain(app, svc, m.Route, now)
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

func (d *Directory) explain(app *Application, svc *Service, route *Route, now time.Time) (Explanation, error) {
	access, err := d.Access(app, svc, now)
	if err != nil {
		return Explanation{}, err
	}
	live := access.Scopes()
	x := Explanation{
		Application: app, Service: svc, Route: route, Permission: route.Permission,
		Decision: access.Decide(route.Permission, live), Scopes: access.Allowing(route.Permission, live),
	}
	x.Customer = route.RequiresCustomer || allNeedCustomer(svc, x.Scopes)
	if !x.Decision.Allowed || route.SampleReply == "" {
		return x, nil
	}
	plan, err := access.Plan(route.Permission, x.Scopes)
	if err != nil {
		return Explanation{}, err
	}
	if x.Fields, err = plan.Explain([]byte(route.SampleReply)); err != nil {
		return Explanation{}, fmt.Errorf("explain sample reply of %s: %w", route.ID, err)
	}
	return x, nil
}

func allNeedCustomer(svc *Service, scopes []string) bool {
	for _, s := range scopes {
		if !svc.Scopes[s].RequiresCustomer {
			return false
		}
	}
	return len(scopes) > 0
}
