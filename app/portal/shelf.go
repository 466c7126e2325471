package portal

import (
	"context"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/catalog"
	"postern/app/entrance"
	"postern/app/partners"
	"postern/app/store"
	"postern/models"
)

const (
	// maxOffered is how many scopes a catalogue lists: a bank has tens.
	maxOffered = 500
	// unusedFor is after how long what was not used is pointed out.
	unusedFor = 90 * 24 * time.Hour
)

// holding is a grant of the partner's, with its application and when it was last used.
type holding struct {
	grant       partners.Grant
	application models.Application
	last        int64 // Unix ms, to the day; 0 for not in unusedFor
}

// unused reports whether a grant has held for all of unusedFor and was not used in it.
func (h holding) unused(now time.Time) bool {
	return h.last == 0 && !h.grant.StartsAt.IsZero() && h.grant.StartsAt.Before(now.Add(-unusedFor))
}

// shelf is what a partner's users see of scopes: what the bank offers, and what the
// partner's applications hold beside it.
type shelf struct {
	catalog      *catalog.Catalog
	applications []models.Application
	holdings     []holding
}

// shelfPart is which of a shelf is read: one scope, what one application holds, or all of it.
type shelfPart struct{ scope, application string }

// shelf reads it for the reader's partner.
func (p *Portal) shelf(c *gin.Context, of shelfPart) (s shelf, err error) {
	ctx := c.Request.Context()
	err = p.o.Store.Business(ctx, func(b store.Business) error {
		if s.applications, err = b.ApplicationsOf([]string{entrance.VisitOf(c).Who.Partner.ID}); err != nil {
			return err
		}
		if err := s.hold(b, of); err != nil {
			return err
		}
		return s.see(b, of)
	})
	if err != nil {
		return s, err
	}
	return s, p.lastUses(ctx, &s)
}

// hold reads the grants that are not over for good.
func (s *shelf) hold(b store.Business, of shelfPart) error {
	applications := map[string]models.Application{}
	for _, a := range s.applications {
		if a.Status != models.Closed && (of.application == "" || of.application == a.ID) {
			applications[a.ID] = a
		}
	}
	registry, err := partners.Read(b, partners.Names{Partners: []string{}, Applications: keysOf(applications), Credentials: []string{}, Grants: []string{}})
	if err != nil {
		return err
	}
	for _, g := range registry.Grants.All() {
		if a, own := applications[g.Application]; own && !g.Ended && (of.scope == "" || of.scope == g.Scope) {
			s.holdings = append(s.holdings, holding{grant: g, application: a})
		}
	}
	return nil
}

// see reads the scopes that are offered or held.
func (s *shelf) see(b store.Business, of shelfPart) (err error) {
	ids := []string{}
	if of == (shelfPart{}) {
		offered, err := b.OfferedScopes(maxOffered)
		if err != nil {
			return err
		}
		for _, row := range offered {
			ids = append(ids, row.ID)
		}
	}
	if of.scope != "" {
		ids = append(ids, of.scope)
	}
	for _, h := range s.holdings {
		ids = append(ids, h.grant.Scope)
	}
	slices.Sort(ids)
	s.catalog, err = catalog.Read(b, []string{}, slices.Compact(ids))
	return err
}

// lastUses fills in when what is held was last used: when one of the routes that the
// scope opens was last called by the application.
func (p *Portal) lastUses(ctx context.Context, s *shelf) error {
	if len(s.holdings) == 0 {
		return nil
	}
	now := p.o.Now()
	ids := map[string]models.Application{}
	for _, h := range s.holdings {
		ids[h.application.ID] = h.application
	}
	uses, err := p.o.Store.RouteUses(ctx, keysOf(ids), now.Add(-unusedFor).UnixMilli(), now.UnixMilli())
	if err != nil {
		return err
	}
	type opened struct{ application, permission string }
	last := map[opened]int64{}
	for _, u := range uses {
		service, _ := s.catalog.Services.Current(u.ServiceID)
		for _, r := range service.Routes {
			if r.ID == u.RouteID {
				key := opened{u.ApplicationID, r.Resource + ":" + r.Action}
				last[key] = max(last[key], u.Day)
			}
		}
	}
	for i, h := range s.holdings {
		scope, _ := s.catalog.Scopes.Current(h.grant.Scope)
		for _, permission := range scope.Permissions {
			if !permission.Deny {
				s.holdings[i].last = max(s.holdings[i].last, last[opened{h.application.ID, permission.Resource + ":" + permission.Action}])
			}
		}
	}
	return nil
}

// keysOf are the keys in their order, and never nil: for who reads by ids nil is all.
func keysOf[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
