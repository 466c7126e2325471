package apptest

import (
	"encoding/json"

	"postern/app/clients"
	"postern/app/seal"
	"postern/app/store"
	"postern/models"
)

// The names of the default seed.
const (
	Service = "urn:h5:loan"
	Origin  = "https://loan.bank.example"
	H5URL   = Origin + "/h5"
	Travel  = "app_travel" // wide scopes
	Rent    = "app_rent"   // narrow scopes
	Nanfeng = "app_nanfeng"
	Secret  = "introspection-secret"
	Back    = "https://app.lianhe.example/back"
)

// Seed is what a world's store holds at the start.
type Seed struct {
	Partners     []models.Partner
	Applications []models.Application
	Credentials  []models.Credential // beside the pair of keys that every application gets
	Addresses    map[string][]string // of applications, CIDR
	Returns      map[string][]string
	Services     []models.Service
	Origins      map[string][]string
	Upstreams    []models.Upstream
	Routes       []models.Route
	Scopes       []models.Scope
	Permissions  []models.ScopePermission
	Fields       []models.ScopeField
	Consents     []models.ConsentText // that scopes demand by their ConsentVersion
	Grants       []models.Grant
}

// DefaultSeed is a loan service with two active partners and a suspended one.
func DefaultSeed(bankURL string) Seed {
	return Seed{
		Partners: []models.Partner{
			{ID: "p_travel", Name: "Lianhe Travel", Status: models.Active},
			{ID: "p_rent", Name: "Chengzi Rent", Status: models.Active},
			{ID: "p_nanfeng", Name: "Nanfeng", Status: models.Suspended},
		},
		Applications: []models.Application{
			Application(Travel, "p_travel"), Application(Rent, "p_rent"), Application(Nanfeng, "p_nanfeng"),
		},
		Returns:   map[string][]string{Travel: {Back, "lianhe://home"}},
		Services:  []models.Service{{ID: Service, Name: "Car instalments", H5URL: H5URL, Class: "A2", Status: models.Active}},
		Origins:   map[string][]string{Service: {Origin}},
		Upstreams: []models.Upstream{{ServiceID: Service, Environment: models.Production, BaseURL: bankURL, IntrospectionHash: clients.HashSecret(Secret)}},
		Routes:    routes(), Scopes: scopes(), Permissions: permissions(), Fields: fields(),
		Grants: []models.Grant{
			Grant("g1", Travel, "loan.offer:read"), Grant("g2", Travel, "account.balance:read"),
			Grant("g3", Travel, "loan:apply"), Grant("g4", Travel, "me:read"), Grant("g5", Travel, "session:open"),
			Grant("g6", Rent, "loan.basic:read"),
			Grant("g7", Nanfeng, "loan.basic:read"),
		},
	}
}

// Application is an active application of production in the suite A256, known
// by its assertions.
func Application(id, partner string) models.Application {
	return models.Application{
		ID: id, PartnerID: partner, Name: id, Environment: models.Production, Suite: string(seal.A256),
		AuthMethod: models.PrivateKeyJWT, Status: models.Active, AddressMode: models.AddressOff,
	}
}

// Grant is a grant without an end.
func Grant(id, app, scope string) models.Grant {
	return models.Grant{ID: id, ApplicationID: app, ScopeID: scope, Purpose: "loan offers", ApprovedBy: "bootstrap"}
}

func routes() []models.Route {
	return []models.Route{
		{ID: "offers", ServiceID: Service, Method: "GET", Pattern: "/loans/offers", Resource: "loan.offer", Action: "read", ErrorFields: []string{"code"}},
		{ID: "balance", ServiceID: Service, Method: "GET", Pattern: "/accounts/{id}/balance", Resource: "account.balance", Action: "read",
			QueryNames: []string{"currency"}, OwnerCheck: "upstream", ErrorFields: []string{"code"}},
		{ID: "mine", ServiceID: Service, Method: "GET", Pattern: "/users/{user}/profile", Resource: "loan.offer", Action: "read",
			Bindings: map[string]string{"user": "{sub}"}},
		{ID: "apply", ServiceID: Service, Method: "POST", Pattern: "/loans/applications", Resource: "loan", Action: "apply"},
		{ID: "signin", ServiceID: Service, Method: "POST", Pattern: "/session/sign-in", Resource: "session", Action: "open", SignIn: true},
		{ID: "me", ServiceID: Service, Method: "GET", Pattern: "/me/accounts", Resource: "me", Action: "read", RequiresCustomer: true},
		{ID: "letter", ServiceID: Service, Method: "GET", Pattern: "/loans/letter", Resource: "loan.letter", Action: "read", ReplyTypes: []string{"application/pdf"}},
	}
}

func scopes() []models.Scope {
	var list []models.Scope
	for _, id := range []string{"loan.offer:read", "loan.basic:read", "account.balance:read", "loan:apply", "me:read", "session:open"} {
		list = append(list, models.Scope{ID: id, ServiceID: Service, Title: id})
	}
	return list
}

func permissions() []models.ScopePermission {
	return []models.ScopePermission{
		{ScopeID: "loan.offer:read", Resource: "loan.offer", Action: "read"},
		{ScopeID: "loan.offer:read", Resource: "loan.letter", Action: "read", Raw: true},
		{ScopeID: "loan.basic:read", Resource: "loan.offer", Action: "read"},
		{ScopeID: "account.balance:read", Resource: "account.balance", Action: "read"},
		{ScopeID: "loan:apply", Resource: "loan", Action: "apply"},
		{ScopeID: "me:read", Resource: "me", Action: "read"},
		{ScopeID: "session:open", Resource: "session", Action: "open"},
	}
}

func fields() []models.ScopeField {
	f := func(scope, resource, action, path, class, treatment, mask string) models.ScopeField {
		return models.ScopeField{ScopeID: scope, Resource: resource, Action: action, Path: path, Class: class, Treatment: treatment, Mask: mask}
	}
	return []models.ScopeField{
		f("loan.offer:read", "loan.offer", "read", "offer.limit", "C2", "keep", ""),
		f("loan.offer:read", "loan.offer", "read", "offer.rate", "C1", "keep", ""),
		f("loan.offer:read", "loan.offer", "read", "holder.name", "C2", "mask", "name"),
		f("loan.offer:read", "loan.offer", "read", "holder.phone", "C2", "mask", "phone"),
		f("loan.offer:read", "loan.offer", "read", "holder.id_no", "C3", "drop", ""),
		f("loan.basic:read", "loan.offer", "read", "offer.rate", "C1", "keep", ""),
		f("loan.basic:read", "loan.offer", "read", "offer.limit", "C2", "mask", "amount"),
		f("account.balance:read", "account.balance", "read", "balance", "C2", "keep", ""),
		f("loan:apply", "loan", "apply", "application_id", "C1", "keep", ""),
		f("me:read", "me", "read", "accounts.*.no", "C2", "mask", "card"),
		f("session:open", "session", "open", "signed_in", "C1", "keep", ""),
	}
}

// Plant writes a seed.
func (w *World) Plant(s Seed) {
	w.T.Helper()
	w.Write(func(tx *store.Tx, now int64) error {
		p := planter{tx: tx, now: now}
		p.partners(w, s)
		p.services(s)
		for _, g := range s.Grants {
			g.CreatedAt = now
			p.do(tx.SaveGrant(g, now))
		}
		return p.err
	})
}

// planter keeps the first fault.
type planter struct {
	tx  *store.Tx
	now int64
	err error
}

func (p *planter) do(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *planter) partners(w *World, s Seed) {
	for _, x := range s.Partners {
		x.CreatedAt, x.UpdatedAt = p.now, p.now
		p.do(p.tx.SavePartner(x))
	}
	for _, x := range s.Applications {
		x.CreatedAt, x.UpdatedAt = p.now, p.now
		p.do(p.tx.SaveApplication(x))
		w.suites.Store(x.ID, seal.Suite(x.Suite))
		p.do(p.tx.SetAddresses(x.ID, s.Addresses[x.ID], p.now))
		for _, use := range []seal.Use{seal.Signing, seal.Encryption} {
			public, err := json.Marshal(w.key(x.ID, use).Public())
			p.do(err)
			p.do(p.tx.SaveCredential(models.Credential{
				ID: x.ID + "-" + string(use), ApplicationID: x.ID, Use: models.CredentialUse(use),
				KID: x.ID + "-" + string(use), PublicJWK: string(public), CreatedAt: p.now,
			}, p.now))
		}
		p.do(p.tx.SetReturnAddresses(x.ID, s.Returns[x.ID], p.now))
	}
	for _, x := range s.Credentials {
		x.CreatedAt = p.now
		p.do(p.tx.SaveCredential(x, p.now))
	}
}

func (p *planter) services(s Seed) {
	for _, x := range s.Services {
		x.CreatedAt, x.UpdatedAt = p.now, p.now
		p.do(p.tx.SaveService(x))
		p.do(p.tx.SetOrigins(x.ID, s.Origins[x.ID], p.now))
	}
	for _, x := range s.Upstreams {
		p.do(p.tx.SaveUpstream(x, p.now))
	}
	for _, x := range s.Routes {
		p.do(p.tx.SaveRoute(x, p.now))
	}
	for _, x := range s.Scopes {
		p.do(p.tx.SaveScope(x, p.now))
		for _, t := range of(s.Consents, x.ID, func(r models.ConsentText) string { return r.ScopeID }) {
			p.do(p.tx.KeepConsentText(t))
		}
		p.do(p.tx.SetScopePermissions(x, of(s.Permissions, x.ID, func(r models.ScopePermission) string { return r.ScopeID }), p.now))
		p.do(p.tx.SetScopeFields(x, of(s.Fields, x.ID, func(r models.ScopeField) string { return r.ScopeID }), p.now))
	}
}

func of[T any](all []T, id string, owner func(T) string) []T {
	var list []T
	for _, x := range all {
		if owner(x) == id {
			list = append(list, x)
		}
	}
	return list
}
