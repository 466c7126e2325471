package directory

import (
	"slices"
	"strings"
	"time"

	"postern/app/store"
	"postern/models"
	"postern/policies"
)

// Admission is what the policy says of a call of a visit.
type Admission struct {
	policies.Decision
	Scopes        []string // of the visit that allow it, without those that need a customer who is not there
	NeedsCustomer bool     // it is allowed to whom the bank knows, and nobody has signed in
}

// Open reports whether the call may go on.
func (a Admission) Open() bool { return a.Allowed && !a.NeedsCustomer }

// Admit asks the policy about a call of a visit with the given scopes; customer
// says whether one of the bank's customers has signed in.
func (x *Access) Admit(route *Route, scopes []string, customer bool) Admission {
	a := Admission{Decision: x.Decide(route.Permission, scopes)}
	if !a.Allowed {
		return a
	}
	a.Scopes = x.withoutCustomerScopes(x.Allowing(route.Permission, scopes), customer)
	a.NeedsCustomer = len(a.Scopes) == 0 || route.RequiresCustomer && !customer
	return a
}

// withoutCustomerScopes drops the scopes that need a customer while there is none.
func (x *Access) withoutCustomerScopes(list []string, customer bool) []string {
	if customer {
		return list
	}
	kept := make([]string, 0, len(list))
	for _, s := range list {
		if !x.Service.Scopes[s].RequiresCustomer {
			kept = append(kept, s)
		}
	}
	return kept
}

// Drafted decides calls of one service at one moment by rows that need not be the
// database's. It is for one goroutine.
type Drafted struct {
	Service  *Service
	at       int64
	compiler *policies.Compiler
	tables   map[string]*Access // by the scopes that live
}

// Drafted makes a service of rows. The error says what no service can have.
func (d *Directory) Drafted(p store.ServiceProfile, at time.Time) (*Drafted, error) {
	s, err := newService(p)
	if err != nil {
		return nil, err
	}
	return &Drafted{Service: s, at: at.UnixMilli(), compiler: d.compiler, tables: map[string]*Access{}}, nil
}

// maxTables bounds the tables that are kept; there is one for each set of scopes
// that some application holds.
const maxTables = 1000

// Access is what an application with these grants may do with the service. Who
// holds the same scopes may do the same, so they share a table.
func (d *Drafted) Access(grants []models.Grant) (*Access, error) {
	var live []policies.Grant
	var names []string
	for _, g := range grantsFor(grants, d.Service) {
		if g.From <= d.at && (g.Until == 0 || d.at < g.Until) && !slices.Contains(names, g.Scope) {
			names = append(names, g.Scope)
			live = append(live, policies.Grant{ID: g.Scope, Scope: g.Scope})
		}
	}
	slices.Sort(names)
	key := strings.Join(names, " ")
	if x := d.tables[key]; x != nil {
		return x, nil
	}
	table, err := d.compiler.Compile("any", live, d.Service.rules, d.Service.asked, d.at)
	if err != nil {
		return nil, err
	}
	if len(d.tables) == maxTables {
		clear(d.tables)
	}
	x := &Access{Table: table, Service: d.Service}
	d.tables[key] = x
	return x, nil
}

// ByID finds a route by its id; nil when the service has none.
func (s *Service) ByID(id string) *Route {
	for _, r := range s.Router.Routes() {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// Taking finds the route that takes the calls which another one took, another
// version of the service's: by method and pattern. What stood for parameters is
// not known, so it counts as no name that a pattern has.
func (s *Service) Taking(was *Route) *Route {
	steps := slices.Clone(was.segments)
	for i, step := range steps {
		if isParam(step) {
			steps[i] = "{" // no pattern has this literal
		}
	}
	return s.Router.root.find(was.Method, steps)
}
