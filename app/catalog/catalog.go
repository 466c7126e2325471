package catalog

import (
	"fmt"
	"maps"
	"slices"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// Catalog is services and scopes, as they are and as they shall be.
type Catalog struct {
	Services *change.Set[Service]
	Scopes   *change.Set[Scope]

	rows  map[string]models.Service    // as they are
	texts map[string]map[int64]Consent // all that scopes ever demanded, by version
	read  store.Business
	clean bool // Check found no fault
}

// Read reads services and scopes by id, and the services of those scopes; nil
// reads all. What is not there is left out.
func Read(b store.Business, services, scopes []string) (*Catalog, error) {
	c := &Catalog{rows: map[string]models.Service{}, texts: map[string]map[int64]Consent{}, read: b}
	scopeRows, err := b.Scopes(scopes)
	if err != nil {
		return nil, err
	}
	for _, s := range scopeRows {
		if services != nil {
			services = append(slices.Clip(services), s.ServiceID) // its class decides about grants
		}
	}
	list, err := c.readServices(services)
	if err != nil {
		return nil, err
	}
	c.Services = change.NewSet(list)
	scopeList, err := c.readScopes(scopeRows)
	if err != nil {
		return nil, err
	}
	c.Scopes = change.NewSet(scopeList)
	return c, nil
}

func (c *Catalog) readServices(ids []string) ([]Service, error) {
	rows, err := c.read.Services(ids)
	if err != nil {
		return nil, err
	}
	origins, err := c.read.Origins(ids)
	if err != nil {
		return nil, err
	}
	upstreams, err := c.read.Upstreams(ids)
	if err != nil {
		return nil, err
	}
	routes, err := c.read.Routes(ids)
	if err != nil {
		return nil, err
	}
	list, at := make([]Service, len(rows)), map[string]*Service{}
	for i, r := range rows {
		c.rows[r.ID] = r
		list[i] = serviceOf(r)
		at[r.ID] = &list[i]
	}
	for _, o := range origins {
		at[o.ServiceID].Origins = append(at[o.ServiceID].Origins, o.Origin)
	}
	for _, u := range upstreams {
		at[u.ServiceID].Upstreams = append(at[u.ServiceID].Upstreams, upstreamOf(u))
	}
	for _, r := range routes {
		at[r.ServiceID].Routes = append(at[r.ServiceID].Routes, routeOf(r))
	}
	return list, c.readHours(ids, at)
}

func (c *Catalog) readHours(ids []string, at map[string]*Service) error {
	hours, err := c.read.Hours(ids)
	if err != nil {
		return err
	}
	stops, err := c.read.Stops(ids)
	if err != nil {
		return err
	}
	for _, h := range hours {
		at[h.ServiceID].Hours = append(at[h.ServiceID].Hours, spanOf(h))
	}
	for _, s := range stops {
		at[s.ServiceID].Stops = append(at[s.ServiceID].Stops, stopOf(s))
	}
	return nil
}

func (c *Catalog) readScopes(rows []models.Scope) ([]Scope, error) {
	ids := make([]string, len(rows))
	list, at := make([]Scope, len(rows)), map[string]*Scope{}
	for i, r := range rows {
		ids[i] = r.ID
		list[i] = Scope{ID: r.ID, Service: r.ServiceID, Title: r.Title, RequiresCustomer: r.RequiresCustomer, Offered: r.Offered}
		at[r.ID] = &list[i]
	}
	if err := c.readConsents(rows, ids, at); err != nil {
		return nil, err
	}
	permissions, err := c.read.Permissions(ids)
	if err != nil {
		return nil, err
	}
	fields, err := c.read.Fields(ids)
	if err != nil {
		return nil, err
	}
	type owner struct{ scope, resource, action string }
	below := map[owner][]Field{}
	for _, f := range fields {
		o := owner{f.ScopeID, f.Resource, f.Action}
		below[o] = append(below[o], Field{Path: f.Path, Class: f.Class, Treatment: f.Treatment, Mask: f.Mask})
	}
	for _, p := range permissions {
		at[p.ScopeID].Permissions = append(at[p.ScopeID].Permissions, Permission{
			Resource: p.Resource, Action: p.Action, Deny: p.Deny, Raw: p.Raw, Fields: below[owner{p.ScopeID, p.Resource, p.Action}],
		})
	}
	return list, nil
}

func (c *Catalog) readConsents(rows []models.Scope, ids []string, at map[string]*Scope) error {
	texts, err := c.read.ConsentTexts(ids)
	if err != nil {
		return err
	}
	for _, t := range texts {
		if c.texts[t.ScopeID] == nil {
			c.texts[t.ScopeID] = map[int64]Consent{}
		}
		c.texts[t.ScopeID][t.Version] = consentOf(t)
	}
	for _, r := range rows {
		at[r.ID].Consent = c.texts[r.ID][r.ConsentVersion]
	}
	return nil
}

// Offered reports whether partners may take a scope in their sandbox: the bank has put it
// into their catalogue, and its service is in service, as both shall be.
func (c *Catalog) Offered(scope string) bool {
	sc, _ := c.Scopes.Find(scope)
	s, found := c.Services.Find(sc.Service)
	return found && sc.Offered && s.Status == models.Active
}

// Class is a scope's service and its class, as they shall be; empty when there
// is no such scope or service.
func (c *Catalog) Class(scope string) (service, class string) {
	sc, _ := c.Scopes.Find(scope)
	s, _ := c.Services.Find(sc.Service)
	return s.ID, s.Class
}

// Report tells of a fault of one field of a service or scope.
type Report func(kind, id, field string, m errs.Message)

// Check holds what was staged against everything else: names that lead nowhere,
// origins and routes that another service has. Save wants it done.
func (c *Catalog) Check(report Report) error {
	c.clean = !c.Services.Faulty() && !c.Scopes.Faulty()
	noted := func(kind, id, field string, m errs.Message) {
		c.clean = false
		report(kind, id, field, m)
	}
	for _, x := range c.Scopes.Staged() {
		if _, ok := c.Services.Find(x.After.Service); !ok && x.After.Service != "" {
			noted("scope", x.After.ID, "service", errs.Message{ID: "no_service", Text: fmt.Sprintf("there is no service %s, neither here nor in the database", x.After.Service)})
		}
	}
	c.checkConsents(noted)
	err := c.checkOrigins(noted)
	if err == nil {
		err = c.checkRoutes(noted)
	}
	c.clean = c.clean && err == nil
	return err
}

// checkOrigins: a page's origin says which service it is, so no two that are
// not closed share one.
func (c *Catalog) checkOrigins(report Report) error {
	owners, err := c.originOwners()
	if err != nil {
		return err
	}
	for _, x := range c.Services.Staged() {
		if x.After.Status == models.Closed {
			continue
		}
		for i, o := range x.After.Origins {
			for _, other := range owners[o] {
				if other != x.After.ID {
					report("service", x.After.ID, fmt.Sprintf("origins.%d", i), errs.Message{ID: "origin_taken",
						Text: fmt.Sprintf("%s is an origin of service %s already; each service has origins of its own", o, other)})
				}
			}
		}
	}
	return nil
}

// originOwners lists for each origin that was staged the services that have it
// and are not closed, as they shall be.
func (c *Catalog) originOwners() (map[string][]string, error) {
	owners := map[string][]string{}
	for _, x := range c.Services.Staged() {
		for _, o := range x.After.Origins {
			if x.After.Status != models.Closed {
				owners[o] = append(owners[o], x.After.ID)
			}
		}
	}
	rows, err := c.read.OriginOwners(slices.Collect(maps.Keys(owners)))
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.ServiceID)
	}
	services, err := c.read.Services(append([]string{}, ids...))
	if err != nil {
		return nil, err
	}
	closed := map[string]bool{}
	for _, s := range services {
		closed[s.ID] = s.Status == models.Closed
	}
	for _, r := range rows {
		if !c.Services.IsStaged(r.ServiceID) && !closed[r.ServiceID] {
			owners[r.Origin] = append(owners[r.Origin], r.ServiceID)
		}
	}
	return owners, nil
}

// checkRoutes: calls on record name routes by id alone.
func (c *Catalog) checkRoutes(report Report) error {
	owners, ids := map[string]string{}, []string{}
	for _, x := range c.Services.Staged() {
		for _, r := range x.After.Routes {
			ids = append(ids, r.ID)
		}
	}
	rows, err := c.read.RoutesByID(ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		owners[r.ID] = r.ServiceID
	}
	for _, x := range c.Services.Staged() {
		for i, r := range x.After.Routes {
			if owner := owners[r.ID]; owner != "" && owner != x.After.ID {
				report("service", x.After.ID, fmt.Sprintf("routes.%d.id", i), errs.Message{ID: "route_taken",
					Text: fmt.Sprintf("%s is a route of service %s already; take another id", r.ID, owner)})
			}
			owners[r.ID] = x.After.ID
		}
	}
	return nil
}
