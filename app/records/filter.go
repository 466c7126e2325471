package records

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"postern/app/store"
	"postern/models"
)

// Filter says which part of the log is wanted. Empty members ask for nothing. Its
// JSON is what change requests hold (Taking).
type Filter struct {
	From        int64              `json:"from"`            // with Until: [From, Until), Unix ms
	Until       int64              `json:"until,omitempty"` // 0 is now, and later
	Group       Group              `json:"event,omitempty"`
	Environment models.Environment `json:"environment,omitempty"`
	Partner     string             `json:"partner,omitempty"`
	NotPartner  string             `json:"not_partner,omitempty"`
	Application string             `json:"application,omitempty"`
	Service     string             `json:"service,omitempty"`
	Code        string             `json:"code,omitempty"`
	Reason      string             `json:"why,omitempty"`
	Refused     bool               `json:"refused,omitempty"`

	own *Own // whose lines these are, where a partner reads; nil for the bank
}

// check refuses what the log cannot be asked for.
func (f Filter) check() error {
	_, known := kinds[f.Group]
	environment := slices.Contains([]models.Environment{"", models.Sandbox, models.Production}, f.Environment)
	for _, id := range []string{f.Partner, f.NotPartner, f.Application, f.Service, f.Code, f.Reason} {
		if id != "" && !models.PrintableID(id) {
			return ErrFilter
		}
	}
	if f.Group != "" && !known || !environment || f.From < 0 || f.Until != 0 && f.Until < f.From {
		return ErrFilter
	}
	return nil
}

// wanted are the kinds that a filter lets through.
func (f Filter) wanted() []string {
	switch {
	case f.Group != "":
		return kinds[f.Group]
	case f.own != nil:
		return ownKinds
	}
	return allKinds
}

// Followed reports whether the newest lines, and those to come, are in the window.
func (f Filter) Followed() bool { return f.Until == 0 }

// row is the filter as the store takes it. An environment is its applications.
func (r *Records) row(ctx context.Context, f Filter) (store.LogFilter, error) {
	if err := f.check(); err != nil {
		return store.LogFilter{}, err
	}
	s := store.LogFilter{
		Kinds: f.wanted(), Application: f.Application, Partner: f.Partner, NotPartner: f.NotPartner, Service: f.Service,
		Outcome: f.Code, Reason: f.Reason, Refused: f.Refused,
	}
	if f.own != nil {
		f.own.narrow(&s)
		return s, nil
	}
	if f.Environment == "" {
		return s, nil
	}
	names, err := r.Names(ctx)
	if err != nil {
		return s, err
	}
	s.Applications = []string{} // none is none, and not any
	for id, a := range names.Applications {
		if a.Environment == f.Environment {
			s.Applications = append(s.Applications, id)
		}
	}
	slices.Sort(s.Applications)
	return s, nil
}

// matches is what the store's filter asks for, of a line at hand.
func matches(s store.LogFilter, e models.Event) bool {
	same := func(wanted, is string) bool { return wanted == "" || wanted == is }
	return slices.Contains(s.Kinds, e.Kind) && same(s.Application, e.ApplicationID) && same(s.Partner, e.PartnerID) &&
		same(s.Service, e.ServiceID) && same(s.Outcome, e.Outcome) && same(s.Reason, e.Reason) &&
		(s.NotPartner == "" || s.NotPartner != e.PartnerID) && (!s.Refused || e.Outcome != "ok") &&
		(s.Applications == nil || slices.Contains(s.Applications, e.ApplicationID)) &&
		(s.Each == nil || slices.Contains(s.Each, e.ApplicationID)) && !slices.Contains(s.Besides, e.Outcome)
}

// Names are what the ids in the log are called.
type Names struct {
	Partners     map[string]models.Partner
	Applications map[string]models.Application
	Services     map[string]models.Service
}

// Names reads the names of all partners, applications and services: there are
// hundreds, and a log's row needs three.
func (r *Records) Names(ctx context.Context) (Names, error) {
	n := Names{map[string]models.Partner{}, map[string]models.Application{}, map[string]models.Service{}}
	err := r.o.Store.Business(ctx, func(b store.Business) error {
		partners, err := b.Partners(nil)
		if err != nil {
			return err
		}
		applications, err := b.Applications(nil)
		if err != nil {
			return err
		}
		services, err := b.Services(nil)
		for _, p := range partners {
			n.Partners[p.ID] = p
		}
		n.name(applications)
		for _, s := range services {
			n.Services[s.ID] = s
		}
		return err
	})
	return n, err
}

// name takes applications in.
func (n Names) name(applications []models.Application) {
	same := map[string]int{}
	for _, a := range applications {
		same[a.Name]++
	}
	for _, a := range applications {
		if same[a.Name] > 1 { // whoever stops one must not take it for the other
			a.Name = fmt.Sprintf("%s (%s)", cmp.Or(a.Name, a.ID), a.ID)
		}
		n.Applications[a.ID] = a
	}
}

// OwnNames are the names that a partner knows: its own, its applications', and those of
// the services for which it has, or had, a grant.
func (r *Records) OwnNames(ctx context.Context, p models.Partner) (Names, error) {
	n := Names{map[string]models.Partner{p.ID: p}, map[string]models.Application{}, map[string]models.Service{}}
	err := r.o.Store.Business(ctx, func(b store.Business) error {
		applications, err := b.ApplicationsOf([]string{p.ID})
		if err != nil || len(applications) == 0 {
			return err
		}
		n.name(applications)
		grants, err := b.GrantsOf(slices.Sorted(maps.Keys(n.Applications)))
		if err != nil || len(grants) == 0 {
			return err
		}
		scopes, err := b.Scopes(each(grants, func(g models.Grant) string { return g.ScopeID }))
		if err != nil || len(scopes) == 0 {
			return err
		}
		services, err := b.Services(each(scopes, func(s models.Scope) string { return s.ServiceID }))
		for _, s := range services {
			n.Services[s.ID] = s
		}
		return err
	})
	return n, err
}

// each lists one id of each, none twice.
func each[T any](all []T, id func(T) string) []string {
	ids := make([]string, len(all))
	for i, one := range all {
		ids[i] = id(one)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Partner is what a partner is called: its name, else its id.
func (n Names) Partner(id string) string { return cmp.Or(n.Partners[id].Name, id) }

// Application is what an application is called.
func (n Names) Application(id string) string { return cmp.Or(n.Applications[id].Name, id) }

// Service is what a service is called.
func (n Names) Service(id string) string { return cmp.Or(n.Services[id].Name, id) }
