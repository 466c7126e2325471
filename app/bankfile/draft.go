package bankfile

import (
	"time"

	"postern/app/records"
	"postern/app/store"
	"postern/models"
)

// Draft is the rows that a file is about, as they are and as they would be, for a
// preview. Nothing is written. The error is an Invalid one around a Refusal when
// the file breaks a rule.
func Draft(b store.Business, content string, now time.Time) (records.Draft, error) {
	d, err := Read(requestName, []byte(content), nil)
	if err != nil {
		return records.Draft{}, invalid(err)
	}
	w, _, err := d.plan(b, Options{Now: now})
	if err != nil {
		return records.Draft{}, invalid(err)
	}
	return w.draft(b, now)
}

func (w world) draft(b store.Business, now time.Time) (records.Draft, error) {
	draft := records.Draft{Grants: w.registry.GrantRows(now.UnixMilli()), Partners: map[string]models.Status{}, Applications: map[string]models.Status{}}
	for _, x := range w.registry.Partners.Changes() {
		draft.Partners[x.After.ID] = x.After.Status
	}
	for _, x := range w.registry.Applications.Changes() {
		draft.Applications[x.After.ID] = x.After.Status
	}
	whole := map[string]bool{}
	for _, id := range w.catalog.Touched() {
		whole[id] = true
	}
	services := map[string][]string{} // with the applications whose grants move
	for id := range whole {
		services[id] = nil
	}
	for _, x := range w.registry.Grants.Changes() {
		scope, _ := w.catalog.Scopes.Find(x.After.Scope)
		services[scope.Service] = append(services[scope.Service], x.After.Application)
		draft.Moments = append(draft.Moments, x.Before.EndsAt, x.After.EndsAt, x.After.StartsAt)
	}
	for id, applications := range services {
		p, found, err := b.ServiceProfile(id)
		if err != nil {
			return draft, err
		}
		if !found { // a new one was never called
			continue
		}
		one := records.DraftService{Before: p, After: w.catalog.Overlay(p)}
		if !whole[id] {
			one.Applications = applications
		}
		draft.Services = append(draft.Services, one)
	}
	return draft, nil
}

// Decides reports whether a plan changes what becomes of calls: whether it is
// about services, scopes or grants.
func Decides(kind string) bool { return kind == "service" || kind == "scope" || kind == "grant" }
