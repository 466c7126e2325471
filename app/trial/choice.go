package trial

import (
	"cmp"
	"context"
	"slices"

	"postern/app/directory"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// Service is one that an application may try, as of now.
type Service struct {
	ID, Name string
	Origin   bool     // its page's origin is registered, so step D can come from it
	Scopes   []string // that are granted
	Routes   []Route
}

// Route is one that these scopes open.
type Route struct {
	ID, Method, Pattern string
	Queries             []string // names that the page may send
	Sample              bool     // a sandbox without an upstream has something to answer
}

// Choices lists the services of which an application is granted something, and what it can
// call there.
func (t *Trials) Choices(ctx context.Context, application string) (list []Service, err error) {
	app, err := t.o.Directory.Application(ctx, application)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = nil // it was made a moment ago, and nothing is granted to it
		}
		return nil, err
	}
	var ids []string
	for _, g := range app.Grants {
		ids = append(ids, g.ScopeID)
	}
	services := map[string]bool{}
	err = t.o.Store.Business(ctx, func(b store.Business) error {
		scopes, err := b.Scopes(ids)
		for _, s := range scopes {
			services[s.ServiceID] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for id := range services {
		svc, err := t.o.Directory.Service(ctx, id)
		if err != nil {
			return nil, err
		}
		one, err := t.choice(app, svc)
		if err != nil {
			return nil, err
		}
		if svc.Status == models.Active && len(one.Scopes) > 0 {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b Service) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

func (t *Trials) choice(app *directory.Application, svc *directory.Service) (s Service, err error) {
	access, err := t.o.Directory.Access(app, svc, t.o.Now())
	if err != nil {
		return s, err
	}
	s = Service{ID: svc.ID, Name: svc.Name, Origin: len(svc.Origins) > 0, Scopes: slices.Sorted(slices.Values(access.Scopes()))}
	for _, r := range svc.Router.Routes() {
		if !access.Admit(r, s.Scopes, true).Allowed {
			continue
		}
		s.Routes = append(s.Routes, Route{
			ID: r.ID, Method: r.Method, Pattern: r.Pattern, Queries: r.QueryNames, Sample: r.SampleReply != "" || !svc.Echoes(app.Environment),
		})
	}
	return s, nil
}
