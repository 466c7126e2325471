package catalog

import (
	"slices"

	"postern/app/store"
	"postern/models"
)

// Touched lists the services of which something was staged that is different or
// new, by id: the service itself or one of its scopes.
func (c *Catalog) Touched() []string {
	var ids []string
	for _, x := range c.Services.Changes() {
		ids = append(ids, x.After.ID)
	}
	for _, x := range c.Scopes.Changes() {
		ids = append(ids, x.After.Service)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Overlay returns a service's rows as they would be with what was staged. The
// rows that are given stay as they are.
func (c *Catalog) Overlay(p store.ServiceProfile) store.ServiceProfile {
	for _, x := range c.Services.Changes() {
		if s := x.After; s.ID == p.Service.ID {
			p.Service = s.row(p.Service, p.Service.UpdatedAt)
			p.Origins, p.Upstreams = s.Origins, s.upstreamRows()
			p.Hours, p.Stops = hourRows(s.ID, s.Hours), stopRows(s.ID, s.Stops)
			p.Routes = nil
			for _, r := range s.Routes {
				p.Routes = append(p.Routes, r.row(s.ID))
			}
		}
	}
	for _, x := range c.Scopes.Changes() {
		if x.After.Service == p.Service.ID {
			p = overlayScope(p, x.After)
		}
	}
	return p
}

func overlayScope(p store.ServiceProfile, s Scope) store.ServiceProfile {
	row, permissions, fields := s.rows()
	p.Scopes = append(slices.DeleteFunc(slices.Clone(p.Scopes), func(m models.Scope) bool { return m.ID == s.ID }), row)
	p.Permissions = append(slices.DeleteFunc(slices.Clone(p.Permissions), func(m models.ScopePermission) bool { return m.ScopeID == s.ID }), permissions...)
	p.Fields = append(slices.DeleteFunc(slices.Clone(p.Fields), func(m models.ScopeField) bool { return m.ScopeID == s.ID }), fields...)
	p.Consents = slices.DeleteFunc(slices.Clone(p.Consents), func(m models.ConsentText) bool { return m.ScopeID == s.ID })
	if s.Consent.demanded() {
		p.Consents = append(p.Consents, s.Consent.row(s.ID, 0))
	}
	return p
}
