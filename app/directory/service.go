package directory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/app/disclosure"
	"postern/app/hours"
	"postern/app/store"
	"postern/models"
	"postern/policies"
)

// Defaults of a service (protocol sections 5 and 6), seconds and octets.
const (
	DefaultVTLifetime  = 900
	DefaultRenewWindow = 900
	DefaultMaxAge      = 7200
	DefaultMaxBody     = 1 << 20
)

// MaxMaxAge is how long any visit may live, seconds. The keys of its tickets
// are kept for three hours after they sealed the last one: a visit that could
// live longer would end with its key, as if it had been forged.
const MaxMaxAge = 9000

// Service is one H5 service with its routes and scopes; immutable.
type Service struct {
	models.Service
	Origins   map[string]bool
	Upstreams map[models.Environment]models.Upstream
	Scopes    map[string]*Scope
	Router    *Router
	Hours     hours.Plan

	rules []policies.Rule       // what its scopes allow and deny
	asked []policies.Permission // what its routes need
}

// Scope is one scope with its permissions and the fields under each.
type Scope struct {
	models.Scope
	Permissions []models.ScopePermission
	Fields      map[policies.Permission][]disclosure.Field
	Consent     *models.ConsentText // that it demands; nil when it demands none

	reachesC3 bool // a field of class C3 leaves, masked, or a reply whose classes nobody knows
}

// Raw reports whether the scope lets replies that are not JSON leave whole.
func (s *Scope) Raw(p policies.Permission) bool {
	for _, sp := range s.Permissions {
		if sp.Resource == p.Resource && sp.Action == p.Action {
			return sp.Raw
		}
	}
	return false
}

// Withholds reports whether something under p waits for a person's consent: a
// field of class C2 or C3, or a reply that leaves whole.
func (s *Scope) Withholds(p policies.Permission) bool {
	return s.Consent != nil && (s.Raw(p) || slices.ContainsFunc(s.Fields[p], disclosure.Field.Guarded))
}

// DemandConsent reports whether one of the scopes demands consent.
func (s *Service) DemandConsent(scopes []string) bool {
	return slices.ContainsFunc(scopes, func(id string) bool { return s.Scopes[id] != nil && s.Scopes[id].Consent != nil })
}

// Echoes reports whether calls of an environment are answered from the routes'
// sample replies: in the sandbox only, where the service has no upstream there.
func (s *Service) Echoes(e models.Environment) bool {
	_, has := s.Upstreams[e]
	return e == models.Sandbox && !has
}

// maxAgeC3 is how long a visit may live that reaches C3 data, seconds
// (protocol section 6).
const maxAgeC3 = 1800

// MaxAgeOf is how long a visit with the given scopes (separated by spaces) may
// live, seconds.
func (s *Service) MaxAgeOf(scope string) int64 {
	for _, id := range strings.Fields(scope) {
		if sc := s.Scopes[id]; sc != nil && sc.reachesC3 {
			return min(s.MaxAge, maxAgeC3)
		}
	}
	return s.MaxAge
}

func newService(p store.ServiceProfile) (*Service, error) {
	s := &Service{
		Service:   withDefaults(p.Service),
		Upstreams: map[models.Environment]models.Upstream{}, Scopes: map[string]*Scope{},
	}
	s.Origins = originSet(p.Origins)
	for _, u := range p.Upstreams {
		s.Upstreams[u.Environment] = u
	}
	for _, sc := range p.Scopes {
		s.Scopes[sc.ID] = &Scope{Scope: sc, Fields: map[policies.Permission][]disclosure.Field{}}
	}
	for _, sp := range p.Permissions {
		s.addPermission(sp)
	}
	for _, f := range p.Fields {
		if err := s.addField(f); err != nil {
			return nil, err
		}
	}
	if err := s.addConsents(p.Consents); err != nil {
		return nil, err
	}
	router, err := newRouter(p.Routes)
	if err != nil {
		return nil, err
	}
	s.Router = router
	if s.Hours, err = PlanOf(p.Hours, p.Stops); err != nil {
		return nil, fmt.Errorf("hours of %s: %w", s.ID, err)
	}
	s.asked = permissionsOf(p.Routes)
	return s, nil
}

func (s *Service) addPermission(sp models.ScopePermission) {
	scope := s.Scopes[sp.ScopeID]
	scope.Permissions = append(scope.Permissions, sp)
	if sp.Raw && !sp.Deny { // nobody knows what is in a reply that leaves whole
		scope.reachesC3 = true
	}
	s.rules = append(s.rules, policies.Rule{
		ID:    sp.ScopeID + "/" + sp.Resource + ":" + sp.Action,
		Scope: sp.ScopeID, Resource: sp.Resource, Action: sp.Action, Deny: sp.Deny,
	})
}

// addConsents refuses a service with a scope whose text is gone: nothing may
// leave on the word that nobody asked for.
func (s *Service) addConsents(texts []models.ConsentText) error {
	for i, t := range texts {
		s.Scopes[t.ScopeID].Consent = &texts[i]
	}
	for id, sc := range s.Scopes {
		if sc.ConsentVersion != 0 && sc.Consent == nil {
			return fmt.Errorf("scope %s: version %d of its consent is not there", id, sc.ConsentVersion)
		}
	}
	return nil
}

// PlanOf reads when a service is open. What cannot be read opens nothing: the
// service is as if it could not be read itself.
func PlanOf(weekly []models.ServiceHours, stops []models.ServiceStop) (hours.Plan, error) {
	var plan hours.Plan
	for _, h := range weekly {
		s, faults := hours.ParseSpan(strings.Fields(h.Days), h.Opens, h.Closes)
		if !faults.None() {
			return hours.Plan{}, errors.Join(faults.Days, faults.From, faults.To)
		}
		plan.Spans = append(plan.Spans, s)
	}
	for _, s := range stops {
		plan.Stops = append(plan.Stops, hours.Stop{
			From: time.UnixMilli(s.StartsAt), To: time.UnixMilli(s.EndsAt), ReasonEN: s.ReasonEN, ReasonZH: s.ReasonZH,
		})
	}
	return plan, nil
}

// addField refuses a rule that no reply could be reduced by, before the bank is
// asked for one.
func (s *Service) addField(f models.ScopeField) error {
	field := disclosure.Field{
		Path: f.Path, Class: disclosure.Class(f.Class),
		Treatment: disclosure.Treatment(f.Treatment), Mask: disclosure.Mask(f.Mask),
	}
	if err := field.Validate(); err != nil {
		return fmt.Errorf("scope %s: %w", f.ScopeID, err)
	}
	scope := s.Scopes[f.ScopeID]
	if field.Treatment != disclosure.Drop && field.Class != disclosure.C1 && field.Class != disclosure.C2 {
		scope.reachesC3 = true
	}
	perm := policies.Permission{Resource: f.Resource, Action: f.Action}
	scope.Fields[perm] = append(scope.Fields[perm], field)
	return nil
}

func permissionsOf(routes []models.Route) []policies.Permission {
	seen := map[policies.Permission]bool{}
	var list []policies.Permission
	for _, r := range routes {
		p := policies.Permission{Resource: r.Resource, Action: r.Action}
		if !seen[p] {
			seen[p] = true
			list = append(list, p)
		}
	}
	return list
}

func withDefaults(s models.Service) models.Service {
	for _, d := range []struct {
		field *int64
		value int64
	}{
		{&s.VTLifetime, DefaultVTLifetime}, {&s.RenewWindow, DefaultRenewWindow},
		{&s.MaxAge, DefaultMaxAge}, {&s.MaxBody, DefaultMaxBody},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	for _, seconds := range []*int64{&s.MaxAge, &s.VTLifetime, &s.RenewWindow} {
		*seconds = min(*seconds, MaxMaxAge)
	}
	return s
}

// originSet leaves out "null": that is no origin but what browsers send for all
// that have none, a page in a sandboxed frame of anybody's for one.
func originSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, o := range list {
		if o != "null" {
			set[o] = true
		}
	}
	return set
}
