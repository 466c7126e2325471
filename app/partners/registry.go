package partners

import (
	"fmt"
	"slices"
	"time"

	"postern/app/change"
	"postern/app/clients"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// Registry is partners and what is theirs, as they are and as they shall be.
type Registry struct {
	Partners     *change.Set[Partner]
	Applications *change.Set[Application]
	Credentials  *change.Set[Credential]
	Grants       *change.Set[Grant]

	partners     map[string]models.Partner // the rows, as they are
	applications map[string]models.Application
	credentials  map[string]models.Credential
	grants       map[string]models.Grant
	officers     map[string]string // accounts by login, of those that were checked
	read         store.Business
	clean        bool // Check found no fault
}

// Names says what to read, by id; nil lists read all.
type Names struct{ Partners, Applications, Credentials, Grants []string }

// Scopes knows a scope's service and its class, as they shall be, empty when there is no
// such scope; and whether partners may take it in their sandbox.
type Scopes interface {
	Class(scope string) (service, class string)
	Offered(scope string) bool
}

// Read reads what n names, what that belongs to, and the grants of the
// applications.
func Read(b store.Business, n Names) (*Registry, error) {
	r := &Registry{read: b}
	// From what belongs to what it belongs to: each adds names to the next.
	for _, step := range []func(*Names) error{r.readCredentials, r.readGrants, r.readApplications, r.readPartners} {
		if err := step(&n); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Registry) readCredentials(n *Names) error {
	rows, err := r.read.Credentials(n.Credentials)
	if err != nil {
		return err
	}
	r.credentials = byID(rows, func(c models.Credential) string { return c.ID })
	r.Credentials = change.NewSet(mapped(rows, credentialOf))
	extend(&n.Applications, rows, func(c models.Credential) string { return c.ApplicationID })
	return nil
}

// readGrants reads those of the applications as well: how an application may
// prove itself depends on what it was granted.
func (r *Registry) readGrants(n *Names) error {
	rows, err := r.read.Grants(n.Grants)
	if err != nil {
		return err
	}
	if n.Applications != nil {
		more, err := r.read.GrantsOf(n.Applications)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	r.grants = byID(rows, func(g models.Grant) string { return g.ID })
	r.Grants = change.NewSet(mapped(rows, grantOf))
	extend(&n.Applications, rows, func(g models.Grant) string { return g.ApplicationID })
	return nil
}

func (r *Registry) readApplications(n *Names) error {
	rows, err := r.read.Applications(n.Applications)
	if err != nil {
		return err
	}
	addresses, err := r.read.Addresses(n.Applications)
	if err != nil {
		return err
	}
	returns, err := r.read.ReturnAddresses(n.Applications)
	if err != nil {
		return err
	}
	lists, places := map[string][]string{}, map[string][]string{}
	for _, x := range addresses {
		lists[x.ApplicationID] = append(lists[x.ApplicationID], x.Prefix)
	}
	for _, x := range returns {
		places[x.ApplicationID] = append(places[x.ApplicationID], x.Address)
	}
	r.applications = byID(rows, func(a models.Application) string { return a.ID })
	r.Applications = change.NewSet(mapped(rows, func(a models.Application) Application {
		return applicationOf(a, lists[a.ID], places[a.ID])
	}))
	extend(&n.Partners, rows, func(a models.Application) string { return a.PartnerID })
	return nil
}

func (r *Registry) readPartners(n *Names) error {
	rows, err := r.read.Partners(n.Partners)
	if err != nil {
		return err
	}
	contacts, err := r.read.Contacts(n.Partners)
	if err != nil {
		return err
	}
	lists := map[string][]Contact{}
	for _, c := range contacts {
		lists[c.PartnerID] = append(lists[c.PartnerID], Contact{Kind: c.Kind, Name: c.Name, Phone: c.Phone, Email: c.Email})
	}
	logins, err := r.officersOf(rows)
	if err != nil {
		return err
	}
	r.partners = byID(rows, func(p models.Partner) string { return p.ID })
	r.Partners = change.NewSet(mapped(rows, func(p models.Partner) Partner { return partnerOf(p, logins[p.OfficerID], lists[p.ID]) }))
	return nil
}

// ReadApplication reads an application alone, as it is.
func ReadApplication(b store.Business, id string) (a Application, found bool, err error) {
	r, err := Read(b, Names{Partners: []string{}, Applications: []string{id}, Credentials: []string{}, Grants: []string{}})
	if err != nil {
		return a, false, err
	}
	a, found = r.Applications.Current(id)
	return a, found, nil
}

// Of reads a partner and everything that is its own.
func Of(b store.Business, partner string) (*Registry, error) {
	applications, err := b.ApplicationsOf([]string{partner})
	if err != nil {
		return nil, err
	}
	n := Names{Partners: []string{partner}, Applications: mapped(applications, func(a models.Application) string { return a.ID }), Grants: []string{}}
	credentials, err := b.CredentialsOf(n.Applications)
	if err != nil {
		return nil, err
	}
	n.Credentials = mapped(credentials, func(c models.Credential) string { return c.ID })
	return Read(b, n)
}

// extend adds what rows belong to; nil is all anyway.
func extend[T any](ids *[]string, rows []T, owner func(T) string) {
	if *ids == nil {
		return
	}
	for _, x := range rows {
		*ids = append(*ids, owner(x))
	}
}

func byID[T any](rows []T, id func(T) string) map[string]T {
	m := make(map[string]T, len(rows))
	for _, x := range rows {
		m[id(x)] = x
	}
	return m
}

func mapped[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i, x := range list {
		out[i] = f(x)
	}
	return out
}

// Report tells of a fault of one field of one thing.
type Report func(kind, id, field string, m errs.Message)

// Check holds what was staged against everything else at now: names that lead
// nowhere, keys that another application has, grants that the class of a
// service forbids. Save wants it done.
func (r *Registry) Check(scopes Scopes, now time.Time, report Report) error {
	r.clean = !r.Partners.Faulty() && !r.Applications.Faulty() && !r.Credentials.Faulty() && !r.Grants.Faulty()
	noted := func(kind, id, field string, m errs.Message) {
		r.clean = false
		report(kind, id, field, m)
	}
	err := r.check(scopes, now, noted)
	r.clean = r.clean && err == nil
	return err
}

func (r *Registry) check(scopes Scopes, now time.Time, report Report) error {
	for _, x := range r.Applications.Staged() {
		if _, ok := r.Partners.Find(x.After.Partner); !ok && x.After.Partner != "" {
			report("application", x.After.ID, "partner", nowhere("partner", x.After.Partner))
		}
	}
	if err := r.checkCredentials(report); err != nil {
		return err
	}
	if err := r.checkOfficers(report); err != nil {
		return err
	}
	if err := r.checkCreditCodes(report); err != nil {
		return err
	}
	r.checkGrants(scopes, now, report)
	return nil
}

func nowhere(kind, id string) errs.Message {
	return errs.Message{ID: "rule.no_" + kind, Text: fmt.Sprintf("there is no %s %s, neither here nor in the database", kind, id)}
}

func (r *Registry) checkGrants(scopes Scopes, now time.Time, report Report) {
	for _, x := range r.Grants.Staged() {
		if _, ok := r.Applications.Find(x.After.Application); !ok && x.After.Application != "" {
			report("grant", x.After.ID, "application", nowhere("application", x.After.Application))
		}
		if service, _ := scopes.Class(x.After.Scope); service == "" && x.After.Scope != "" {
			report("grant", x.After.ID, "scope", nowhere("scope", x.After.Scope))
		}
	}
	// Also grants that stay as they are: their application or service may not.
	for _, g := range r.Grants.All() {
		a, ok := r.Applications.Find(g.Application)
		if !ok || g.over(now) {
			continue
		}
		service, class := scopes.Class(g.Scope)
		for field, m := range g.suits(a, class) {
			if r.Grants.IsStaged(g.ID) {
				report("grant", g.ID, field, m)
				continue
			}
			m.Text = "grant " + g.ID + " is there: " + m.Text
			if r.Applications.IsStaged(a.ID) {
				report("application", a.ID, "auth_method", m)
			} else {
				report("service", service, "class", m)
			}
		}
	}
}

// checkCredentials: a key that two applications hold would let each speak for
// the other, one that is registered twice is lost twice, and within one application a kid
// names one key of a use.
func (r *Registry) checkCredentials(report Report) error {
	keys := map[string]clients.Key{}
	for _, x := range r.Credentials.Staged() {
		c := x.After
		a, ok := r.Applications.Find(c.Application)
		if !ok {
			if c.Application != "" {
				report("credential", c.ID, "application", nowhere("application", c.Application))
			}
			continue
		}
		for field, m := range c.fits(a) {
			report("credential", c.ID, field, m)
		}
		if key, err := clients.ReadKey(c.JWK); err == nil && x.New {
			keys[c.ID] = key
		}
	}
	return r.checkKeys(keys, report)
}

// checkKeys holds new keys, by credential, against those of the database and
// against each other.
func (r *Registry) checkKeys(keys map[string]clients.Key, report Report) error {
	holders, err := r.holders(keys)
	if err != nil {
		return err
	}
	for _, x := range r.Credentials.Staged() {
		key, ok := keys[x.After.ID]
		if !ok {
			continue
		}
		for _, h := range holders[key.Thumbprint] {
			switch {
			case h.application != x.After.Application:
				report("credential", x.After.ID, "jwk", errs.Message{ID: "rule.key_shared",
					Text: fmt.Sprintf("application %s has registered the same key: each application has keys of its own", h.application)})
			case h.credential != x.After.ID:
				report("credential", x.After.ID, "jwk", errs.Message{ID: "rule.key_again",
					Text: fmt.Sprintf("credential %s of the application is the same key: each credential has a key of its own, and each use", h.credential)})
			}
		}
		kid := x.After.Application + " " + string(key.Use) + " " + key.KID
		for _, h := range holders[kid] {
			if h.credential != x.After.ID {
				report("credential", x.After.ID, "jwk", errs.Message{ID: "rule.kid_taken",
					Text: fmt.Sprintf("credential %s of the application has the kid %s already", h.credential, key.KID)})
			}
		}
	}
	return nil
}

// holder is an application that has a key.
type holder struct{ application, credential string }

// holders finds who has the keys, and who has their kids in one application.
func (r *Registry) holders(keys map[string]clients.Key) (map[string][]holder, error) {
	found := map[string][]holder{}
	var thumbprints, applications []string
	for id, key := range keys {
		c, _ := r.Credentials.Find(id)
		h := holder{c.Application, id}
		for _, name := range []string{key.Thumbprint, c.Application + " " + string(key.Use) + " " + key.KID} {
			found[name] = append(found[name], h)
		}
		thumbprints, applications = append(thumbprints, key.Thumbprint), append(applications, c.Application)
	}
	if len(keys) == 0 {
		return found, nil
	}
	same, err := r.read.CredentialsByKey(thumbprints)
	if err != nil {
		return nil, err
	}
	beside, err := r.read.CredentialsOf(applications)
	if err != nil {
		return nil, err
	}
	for _, c := range same {
		found[c.Thumbprint] = append(found[c.Thumbprint], holder{c.ApplicationID, c.ID})
	}
	for _, c := range beside {
		name := c.ApplicationID + " " + string(c.Use) + " " + c.KID
		if !slices.Contains(found[name], holder{c.ApplicationID, c.ID}) {
			found[name] = append(found[name], holder{c.ApplicationID, c.ID})
		}
	}
	return found, nil
}
