package directory

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"postern/models"
	"postern/policies"
)

// Access is what one application may do with one service during one stretch
// of time in which no grant begins or ends.
type Access struct {
	*policies.Table
	Service *Service
	plans   plans
}

// accesses are an application's decision tables by service. Who reads never
// waits; who has to make one takes turns, so that each is made once.
type accesses struct {
	ready  atomic.Pointer[map[string]*Access] // replaced whole; nil is empty
	making sync.Mutex
}

func (x *accesses) find(s *Service, ms int64) *Access {
	all := x.ready.Load()
	if all == nil {
		return nil
	}
	if found := (*all)[s.ID]; found != nil && found.Service == s && found.Covers(ms) {
		return found
	}
	return nil
}

// keep puts a table in; x.making is held.
func (x *accesses) keep(a *Access) {
	next := map[string]*Access{}
	if all := x.ready.Load(); all != nil {
		maps.Copy(next, *all)
	}
	next[a.Service.ID] = a
	x.ready.Store(&next)
}

// Access returns the decision table of an application for a service at now,
// made anew when the service moved or a grant began or ended. A table that
// can't be made denies: the error says so.
func (d *Directory) Access(a *Application, s *Service, now time.Time) (*Access, error) {
	ms := now.UnixMilli()
	if x := a.access.find(s, ms); x != nil {
		return x, nil
	}
	a.access.making.Lock()
	defer a.access.making.Unlock()
	if x := a.access.find(s, ms); x != nil {
		return x, nil
	}
	table, err := d.compiler.Compile(a.ID, grantsFor(a.Grants, s), s.rules, s.asked, ms)
	if err != nil {
		return nil, fmt.Errorf("compile access of %s to %s: %w", a.ID, s.ID, err)
	}
	x := &Access{Table: table, Service: s}
	a.access.keep(x)
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

// Raw reports whether one of the scopes lets a reply under p leave whole; those
// in without lack a consent that they demand.
func (x *Access) Raw(p policies.Permission, scopes, without []string) bool {
	for _, s := range scopes {
		if x.Service.Scopes[s].Raw(p) && !slices.Contains(without, s) {
			return true
		}
	}
	return false
}
