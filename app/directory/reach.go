package directory

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"postern/app/errs"
)

// maxReach bounds how many routes Reach answers for.
const maxReach = 1000

// Reach says what the policy says of an application on each route of each service
// of which it holds a scope, by service and pattern, the first thousand; Method and
// Path of q are not looked at, and there are no fields. It fails with errs.NotFound
// if there is no such application.
func (d *Directory) Reach(ctx context.Context, q Question) ([]Explanation, error) {
	app, err := d.Application(ctx, q.ClientID)
	if err != nil {
		return nil, err
	}
	ids, err := d.store.ServiceIDs(ctx)
	if err != nil {
		return nil, err
	}
	var list []Explanation
	for _, id := range ids {
		svc, err := d.Service(ctx, id)
		if err != nil {
			return nil, err
		}
		if len(grantsFor(app.Grants, svc)) == 0 {
			continue
		}
		for _, route := range svc.Router.Routes() {
			if len(list) == maxReach {
				return list, nil
			}
			x, _, err := d.decide(q, app, svc, route)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
	}
	return list, nil
}

// On says what the policy says of an application on a route of a service. It fails
// with errs.NotFound if one of the three is not there.
func (d *Directory) On(ctx context.Context, q Question, service, route string) (Explanation, error) {
	svc, err := d.Service(ctx, service)
	if err != nil {
		return Explanation{}, err
	}
	app, err := d.Application(ctx, q.ClientID)
	if err != nil {
		return Explanation{}, err
	}
	for _, r := range svc.Router.Routes() {
		if r.ID == route {
			x, _, err := d.decide(q, app, svc, r)
			return x, err
		}
	}
	return Explanation{}, errs.New(errs.NotFound, "no_route", "The service has no such route.")
}

// Routes lists the routes by pattern and method.
func (r *Router) Routes() []*Route {
	list := r.root.all(nil)
	slices.SortFunc(list, func(a, b *Route) int {
		return cmp.Or(strings.Compare(a.Pattern, b.Pattern), strings.Compare(a.Method, b.Method))
	})
	return list
}

func (n *node) all(list []*Route) []*Route {
	for _, route := range n.routes {
		list = append(list, route)
	}
	for _, child := range n.literal {
		list = child.all(list)
	}
	if n.param != nil {
		list = n.param.all(list)
	}
	return list
}
