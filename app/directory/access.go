package directory

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"postern/app/disclosure"
	"postern/models"
	"postern/policies"
)

// maxPlans bounds the disclosure plans kept for one application and service;
// a page that asks for ever new sets of scopes gets them compiled each time.
const maxPlans = 256

// Access is what one application may do with one service during one stretch
// of time in which no grant begins or ends.
type Access struct {
	*policies.Table
	Service *Service

	mu    sync.RWMutex
	plans map[string]*disclosure.Plan
}

// Access returns the decision table of an application for a service at now,
// made anew when the service moved or a grant began or ended. A table that
// can't be made denies: the error says so.
func (d *Directory) Access(a *Application, s *Service, now time.Time) (*Access, error) {
	ms := now.UnixMilli()
	a.mu.Lock()
	defer a.mu.Unlock()
	if x := a.access[s.ID]; x != nil && x.Service == s && x.Covers(ms) {
		return x, nil
	}
	table, err := d.compiler.Compile(a.ID, grantsFor(a.Grants, s), s.rules, s.asked, ms)
	if err != nil {
		return nil, fmt.Errorf("compile access of %s to %s: %w", a.ID, s.ID, err)
	}
	x := &Access{Table: table, Service: s, plans: map[string]*disclosure.Plan{}}
	a.access[s.ID] = x
	return x, nil
}

func grantsFor(all []models.Grant, s *Service) []policies.Grant {
	var list []policies.Grant
	for _, g := range all {
		if s.Scopes[g.ScopeID] == nil {
			continue
		}
		list = append(list, policies.Grant{ID: g.ID, Scope: g.ScopeID, From: g.StartsAt, Until: g.Until()})
	}
	return list
}

// Plan is how a reply under permission p is reduced for the given scopes,
// which must be ones that Allowing named.
func (x *Access) Plan(p policies.Permission, scopes []string) (*disclosure.Plan, error) {
	key := p.Resource + "\x00" + p.Action + "\x00" + strings.Join(scopes, " ")
	x.mu.RLock()
	plan := x.plans[key]
	x.mu.RUnlock()
	if plan != nil {
		return plan, nil
	}
	var sets [][]disclosure.Field
	for _, s := range scopes {
		sets = append(sets, x.Service.Scopes[s].Fields[p])
	}
	plan, err := disclosure.Compile(sets...)
	if err != nil {
		return nil, fmt.Errorf("compile disclosure of %s:%s: %w", p.Resource, p.Action, err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.plans) < maxPlans {
		x.plans[key] = plan
	}
	return plan, nil
}

// Raw reports whether one of the scopes lets a reply under p leave whole.
func (x *Access) Raw(p policies.Permission, scopes []string) bool {
	for _, s := range scopes {
		if x.Service.Scopes[s].Raw(p) {
			return true
		}
	}
	return false
}
