package records

import (
	"context"
	"slices"
	"strings"
	"time"

	"postern/app/directory"
	"postern/app/store"
	"postern/models"
)

// replay is one preview on its way.
type replay struct {
	b         store.Business
	directory *directory.Directory
	draft     Draft
	now       time.Time
	preview   Preview

	affected map[Affected]*AffectedCalls
	shapes   map[string]shapeOf
	fields   map[fieldKey][]fieldEffect
	callers  map[string]*caller
	looked   int // at tuples
	moments  []moment
}

// moment is a service before and after at one time: now, or when a grant of the
// draft begins or ends.
type moment struct {
	from          int64 // Unix ms; 0 is now
	before, after *directory.Drafted
}

// caller is an application as it is and as it would be.
type caller struct {
	partner            string
	active, willActive bool
	grants, willGrants []models.Grant
}

// service replays what was called of one service.
func (p *replay) service(ctx context.Context, s DraftService, tail []store.CountedTuple) error {
	if err := p.prepare(s); err != nil {
		return err
	}
	p.notice(s)
	id := s.Before.Service.ID
	wanted := func(t store.CountedTuple) bool {
		return t.ServiceID == id && (s.Applications == nil || slices.Contains(s.Applications, t.ApplicationID))
	}
	for some := range slices.Chunk(slices.DeleteFunc(slices.Clone(tail), func(t store.CountedTuple) bool { return !wanted(t) }), tuplesAtOnce) {
		if err := p.tuples(some); err != nil {
			return err
		}
	}
	since := p.preview.Since.UnixMilli()
	if s.Applications == nil {
		return p.walk(ctx, func(after store.TuplePlace) ([]store.CountedTuple, error) {
			return p.b.CallTuples(id, since, after, tuplesAtOnce)
		})
	}
	applications := slices.Compact(slices.Sorted(slices.Values(s.Applications)))
	for _, application := range applications {
		err := p.walk(ctx, func(after store.TuplePlace) ([]store.CountedTuple, error) {
			return p.b.CallTuplesOf(id, application, since, after.ID, tuplesAtOnce)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the service at each moment at which something is different.
func (p *replay) prepare(s DraftService) error {
	times := []time.Time{p.now}
	for _, t := range slices.SortedFunc(slices.Values(p.draft.Moments), time.Time.Compare) {
		if t.After(times[len(times)-1]) && len(times) < maxMoments {
			times = append(times, t)
		}
	}
	p.moments = nil
	for i, t := range times {
		m := moment{}
		if i > 0 {
			m.from = t.UnixMilli()
		}
		var err error
		if m.before, err = p.directory.Drafted(s.Before, t); err != nil {
			return err
		}
		if m.after, err = p.directory.Drafted(s.After, t); err != nil {
			return err
		}
		p.moments = append(p.moments, m)
	}
	return nil
}

// notice notes what no record can tell.
func (p *replay) notice(s DraftService) {
	for _, profile := range []store.ServiceProfile{s.Before, s.After} {
		p.preview.Consent = p.preview.Consent || len(profile.Consents) > 0
	}
	after := map[string]models.Route{}
	for _, r := range s.After.Routes {
		after[r.ID] = r
	}
	for _, was := range s.Before.Routes {
		is, stays := after[was.ID]
		if !stays {
			continue
		}
		for name, target := range is.Bindings {
			p.preview.Checks = p.preview.Checks || was.Bindings[name] != target
		}
		for _, name := range was.QueryNames {
			p.preview.Checks = p.preview.Checks || !slices.Contains(is.QueryNames, name)
		}
	}
}

// walk goes through tuples page by page.
func (p *replay) walk(ctx context.Context, page func(store.TuplePlace) ([]store.CountedTuple, error)) error {
	for place := (store.TuplePlace{}); ; {
		list, err := page(place)
		if err != nil {
			return err
		}
		if err := p.tuples(list); err != nil {
			return err
		}
		if len(list) < tuplesAtOnce {
			return nil
		}
		if p.looked >= maxTuples {
			p.preview.Cut = true
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		last := list[len(list)-1]
		place = store.TuplePlace{Application: last.ApplicationID, ID: last.ID}
	}
}

func (p *replay) tuples(list []store.CountedTuple) error {
	if err := p.readCallers(list); err != nil {
		return err
	}
	if err := p.readShapes(list); err != nil {
		return err
	}
	for _, t := range list {
		p.looked++
		if t.Count == 0 {
			continue
		}
		if err := p.tuple(t); err != nil {
			return err
		}
	}
	return nil
}

// readCallers reads the applications of some tuples, which come in their order.
func (p *replay) readCallers(list []store.CountedTuple) error {
	var ids []string
	for _, t := range list {
		if p.callers[t.ApplicationID] == nil {
			ids = append(ids, t.ApplicationID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if len(p.callers) > tuplesAtOnce {
		clear(p.callers)
		for _, t := range list {
			ids = append(ids, t.ApplicationID)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	applications, err := p.b.Applications(ids)
	if err != nil {
		return err
	}
	var owners []string
	for _, a := range applications {
		owners = append(owners, a.PartnerID)
	}
	partners, err := p.b.Partners(append([]string{}, owners...))
	if err != nil {
		return err
	}
	grants, err := p.b.GrantsOf(ids)
	if err != nil {
		return err
	}
	states := map[string]models.Status{}
	for _, one := range partners {
		states[one.ID] = one.Status
	}
	for _, a := range applications {
		p.callers[a.ID] = p.caller(a, states[a.PartnerID])
	}
	for _, id := range ids {
		if p.callers[id] == nil {
			p.callers[id] = &caller{}
		}
	}
	for _, g := range grants {
		c := p.callers[g.ApplicationID]
		c.grants = append(c.grants, g)
		if !slices.ContainsFunc(p.draft.Grants, func(x models.Grant) bool { return x.ID == g.ID }) {
			c.willGrants = append(c.willGrants, g)
		}
	}
	return nil
}

// caller begins with the grants that the draft gives or changes.
func (p *replay) caller(a models.Application, partner models.Status) *caller {
	will := func(now models.Status, changed map[string]models.Status, id string) models.Status {
		if s, ok := changed[id]; ok {
			return s
		}
		return now
	}
	c := &caller{partner: a.PartnerID, active: a.Status == models.Active && partner == models.Active}
	c.willActive = will(a.Status, p.draft.Applications, a.ID) == models.Active && will(partner, p.draft.Partners, a.PartnerID) == models.Active
	for _, g := range p.draft.Grants {
		if g.ApplicationID == a.ID {
			c.willGrants = append(c.willGrants, g)
		}
	}
	return c
}

// answer is what becomes of a call on one side.
type answer struct {
	passes             bool
	code, reason, rule string
	route              *directory.Route
	access             *directory.Access
	scopes             []string
}

// decide asks one side about a call.
func decide(side *directory.Drafted, active bool, grants []models.Grant, route *directory.Route, t store.CountedTuple) (answer, error) {
	a := answer{route: route}
	switch {
	case !active || side.Service.Status != models.Active:
		a.code = "not_active"
		return a, nil
	case route == nil:
		a.code = "no_route"
		return a, nil
	}
	var err error
	if a.access, err = side.Access(grants); err != nil {
		return a, err
	}
	admitted := a.access.Admit(route, strings.Fields(t.Scopes), t.Customer)
	a.passes, a.rule, a.scopes = admitted.Open(), admitted.Rule, admitted.Scopes
	switch {
	case !admitted.Allowed:
		a.code, a.reason = "scope_denied", string(admitted.Reason)
	case admitted.NeedsCustomer:
		a.code, a.reason = "customer_required", "customer"
	case needsBound(route) && !t.Customer:
		a.passes, a.code, a.reason = false, "customer_required", "bound_customer"
	}
	return a, nil
}

// needsBound reports whether the route holds a parameter against the customer.
func needsBound(route *directory.Route) bool {
	for _, to := range route.Bindings {
		if to == "{customer}" {
			return true
		}
	}
	return false
}

// tuple replays calls that are alike.
func (p *replay) tuple(t store.CountedTuple) error {
	p.preview.Calls += t.Count
	switch {
	case t.Outcome == models.CallNoRoute:
		p.preview.Unrouted += t.Count
		return nil
	case t.Outcome == models.CallRefused: // whatever the policy says
		return nil
	case t.Scopes == "":
		p.preview.Forgotten += t.Count
		return nil
	case t.Outcome == models.CallEcho:
		p.preview.Echoed += t.Count
	}
	c, told := p.callers[t.ApplicationID], map[Affected]bool{}
	var first bool
	for i, m := range p.moments {
		was := m.before.Service.ByID(t.RouteID)
		will := m.after.Service.ByID(t.RouteID)
		if was != nil {
			will = m.after.Service.Taking(was)
		}
		before, err := decide(m.before, c.active, c.grants, was, t)
		if err != nil {
			return err
		}
		after, err := decide(m.after, c.willActive, c.willGrants, will, t)
		if err != nil {
			return err
		}
		if !first { // at the first moment at which it is so
			first = p.passing(t, m, before, after)
		}
		if err := p.disclosed(t, m, before, after, told, i == 0); err != nil {
			return err
		}
	}
	return nil
}

// passing tells of calls that pass on one side alone.
func (p *replay) passing(t store.CountedTuple, m moment, before, after answer) bool {
	if before.passes == after.passes {
		return false
	}
	a := p.about(t, before, after)
	if before.passes {
		a.Effect, a.Code, a.Reason, a.Rule = Fails, after.code, after.reason, after.rule
		p.preview.Failing += t.Count
	} else {
		a.Effect, a.Code, a.Reason, a.Rule = Passes, before.code, before.reason, after.rule
		p.preview.Passing += t.Count
	}
	p.tell(a, t, m, true)
	return true
}

// about is what an effect on these calls is about.
func (p *replay) about(t store.CountedTuple, before, after answer) Affected {
	a := Affected{Application: t.ApplicationID, Partner: p.callers[t.ApplicationID].partner, Service: t.ServiceID, Route: t.RouteID}
	route := before.route
	if route == nil {
		route = after.route
	}
	if route != nil {
		a.Method, a.Pattern, a.Permission = route.Method, route.Pattern, route.Route.Permission()
	}
	return a
}

func (p *replay) tell(a Affected, t store.CountedTuple, m moment, sure bool) {
	row := p.affected[a]
	if row == nil {
		if len(p.affected) == maxAffected {
			p.preview.Cut = true
			return
		}
		row = &AffectedCalls{Affected: a, Sure: true, From: m.from}
		p.affected[a] = row
	}
	row.Calls, row.LastAt, row.Sure = row.Calls+t.Count, max(row.LastAt, t.LastAt), row.Sure && sure
	row.From = min(row.From, m.from)
}
