package portal

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/catalog"
	"postern/app/entrance"
	"postern/app/ledger"
	"postern/app/partners"
	"postern/app/sample"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

const scopesPath = homePath + "/scopes"

func scopePath(id string) string { return scopesPath + "/" + web.PathPart(id) }

// Scopes lists what the bank offers, and what the partner's applications hold of it in one
// of the two worlds.
func (p *Portal) Scopes(c *gin.Context) error {
	ctx, world := c.Request.Context(), worldOf(c)
	s, err := p.shelf(c, shelfPart{})
	if err != nil {
		return err
	}
	page := portal.ScopesPage{Frame: p.inWorld(c, i18n.T(ctx, i18n.PortalScopes), scopesPath, world)}
	for _, scope := range s.catalog.Scopes.All() {
		service, _ := s.catalog.Services.Current(scope.Service)
		row := portal.ScopeRow{
			Title: scope.Title, ID: scope.ID, Href: worldPath(scopePath(scope.ID), world), Service: service.Name, Class: scope.HighestClass(),
			Consent: scope.Consent.Version > 0, Customer: scope.RequiresCustomer,
		}
		for _, h := range s.holdings {
			if h.grant.Scope == scope.ID && h.application.Environment == world {
				if _, over := p.GrantState(ctx, h.grant); !over {
					row.Held = append(row.Held, h.application.Name)
					row.Unused = row.Unused || h.unused(p.o.Now())
				}
			}
		}
		page.Rows = append(page.Rows, row)
	}
	return web.Render(c, http.StatusOK, portal.Scopes(page))
}

// scope is the one that the address names, if the reader's partner may know of it.
func (p *Portal) scope(c *gin.Context) (v catalog.Scope, s shelf, err error) {
	id := web.FromPathPart(c.Param("scope"))
	if id == "" {
		return v, s, selfservice.ErrNotOffered
	}
	if s, err = p.shelf(c, shelfPart{scope: id}); err != nil {
		return v, s, err
	}
	v, found := s.catalog.Scopes.Current(id)
	if !found || !v.Offered && len(s.holdings) == 0 {
		err = selfservice.ErrNotOffered
	}
	return v, s, err
}

// Scope shows one: what it reveals, who of the partner holds it, and how to get it.
func (p *Portal) Scope(c *gin.Context) error {
	return p.showScope(c, http.StatusOK, portal.ScopeForm{})
}

func (p *Portal) showScope(c *gin.Context, status int, f portal.ScopeForm) error {
	v, s, err := p.scope(c)
	if err != nil {
		return err
	}
	ctx, visit, world := c.Request.Context(), entrance.VisitOf(c), worldOf(c)
	service, _ := s.catalog.Services.Current(v.Service)
	page := portal.ScopePage{
		Frame: p.inWorld(c, v.Title, scopePath(v.ID), world), ID: v.ID, Title: v.Title, Service: service.Name, Class: v.HighestClass(), ServiceClass: service.Class,
		Customer: v.RequiresCustomer, Back: worldPath(scopesPath, world), Not: !v.Offered,
	}
	if v.Consent.Version > 0 {
		page.Consent = i18n.Either(ctx, v.Consent.PurposeEN, v.Consent.PurposeZH)
	}
	for _, permission := range v.Permissions {
		if !permission.Deny {
			page.Opens = append(page.Opens, opens(ctx, permission, service))
		}
	}
	for _, q := range questions(v, service) {
		page.Questions = append(page.Questions, i18n.T(ctx, q))
	}
	free := map[string]bool{}
	for _, a := range s.applications {
		free[a.ID] = a.Environment == world && a.Status == models.Active
	}
	for _, h := range s.holdings {
		if _, over := p.GrantState(ctx, h.grant); !over {
			free[h.application.ID] = false
		}
		if h.application.Environment == world {
			page.Held = append(page.Held, p.giving(c, h))
			if world == models.Sandbox && visit.Rights.May(makesApplications) && h.application.Status == models.Active {
				page.Try = tryPathOf(h.application.ID)
			}
		}
	}
	may := visit.Rights.May(makesApplications)
	if world == models.Production {
		may = visit.Rights.May(asksProduction)
	}
	if page.May = may && v.Offered && service.Status == models.Active; page.May {
		f.Action, f.Asks = worldPath(scopePath(v.ID), world), world == models.Production
		for _, a := range s.applications {
			if free[a.ID] {
				f.Applications = append(f.Applications, ui.Option{Value: a.ID, Text: a.Name + " · " + a.ID, Chosen: a.ID == f.Application})
			}
		}
		page.Form = f
	}
	return web.Render(c, status, portal.Scope(page))
}

// opens are the words about one permission.
func opens(ctx context.Context, permission catalog.Permission, service catalog.Service) (o portal.Opens) {
	reply := ""
	for _, r := range service.Routes {
		if r.Resource == permission.Resource && r.Action == permission.Action {
			o.Routes = append(o.Routes, r.Method+" "+r.Pattern)
			if reply == "" {
				reply = r.SampleReply
			}
		}
	}
	o.Raw = permission.Raw
	for _, f := range permission.Fields {
		if f.Treatment != "drop" {
			o.Fields = append(o.Fields, portal.FieldRow{Path: f.Path, Class: f.Class, Treatment: f.Treatment, Words: i18n.MaskWord(ctx, f.Mask)})
		}
	}
	plan, err := permission.Plan()
	if reply == "" || err != nil {
		return o
	}
	if leaves, err := sample.Of(reply, plan); err == nil { // of what an earlier release has kept there may be nothing to show
		shown := leaves.After()
		o.Sample = &shown
	}
	return o
}

// questions are what a reviewer at the bank asks about a scope before it is approved.
func questions(v catalog.Scope, service catalog.Service) []i18n.Key {
	list := []i18n.Key{i18n.PortalAskWhat}
	switch v.HighestClass() {
	case "C3":
		list = append(list, i18n.PortalAskC2, i18n.PortalAskC3)
	case "C2":
		list = append(list, i18n.PortalAskC2)
	}
	if service.Class == "A2" {
		list = append(list, i18n.PortalAskA2)
	}
	if v.Consent.Version > 0 {
		list = append(list, i18n.PortalAskConsent)
	}
	if v.RequiresCustomer {
		list = append(list, i18n.PortalAskCustomer)
	}
	return append(list, i18n.PortalAskUntil)
}

// holdingRow is a grant as it is listed.
func (p *Portal) holdingRow(ctx context.Context, h holding) (row portal.HoldingRow, over bool) {
	row = portal.HoldingRow{Application: h.application.Name, ApplicationHref: applicationPath(h.application.ID), Scope: h.grant.Scope, ScopeHref: worldPath(scopePath(h.grant.Scope), h.application.Environment), Purpose: h.grant.Purpose, Ends: p.EndCell(ctx, h.grant.EndsAt)}
	if row.State, over = p.GrantState(ctx, h.grant); over {
		return row, over
	}
	switch {
	case h.last != 0:
		row.Used = i18n.T(ctx, i18n.PortalLastUsed) + " " + i18n.Date(ctx, p.InZone(h.last)) // stacked rows have no heads
	case h.unused(p.o.Now()):
		row.Used, row.Idle = i18n.T(ctx, i18n.PortalScopeIdle), true
	default:
		row.Used = i18n.T(ctx, i18n.PortalScopeNotYet)
	}
	return row, over
}

// heldBy are the scopes that an application holds.
func (p *Portal) heldBy(c *gin.Context, a partners.Application) (rows []portal.HoldingRow, err error) {
	s, err := p.shelf(c, shelfPart{application: a.ID})
	if err != nil {
		return nil, err
	}
	for _, h := range s.holdings {
		rows = append(rows, p.giving(c, h))
	}
	return rows, nil
}

// giving is a holding as it is listed for a reader who may give it back or not.
func (p *Portal) giving(c *gin.Context, h holding) portal.HoldingRow {
	row, over := p.holdingRow(c.Request.Context(), h)
	if !over && mayGive(entrance.VisitOf(c), h.application) {
		row.Give = grantPath(h.grant.ID) + "/end"
	}
	return row
}

// ScopeGet takes a scope in the sandbox, at once; of production it asks the bank.
func (p *Portal) ScopeGet(c *gin.Context) error {
	v, _, err := p.scope(c)
	if err != nil {
		return err
	}
	f := portal.ScopeForm{
		Application: c.PostForm("application"), Purpose: strings.TrimSpace(c.PostForm("purpose")),
		Starts: c.PostForm("starts"), Ends: c.PostForm("ends"), Reason: strings.TrimSpace(c.PostForm("reason")),
	}
	if worldOf(c) == models.Production {
		return p.askScope(c, v, f)
	}
	if !entrance.VisitOf(c).Rights.May(makesApplications) {
		return entrance.ErrForbidden.Because("applications:make")
	}
	g, err := p.grantFor(c, v, f, models.Sandbox)
	if err == nil {
		err = p.o.SelfService.TakeScope(c.Request.Context(), user(c), g)
	}
	if err == nil {
		return entrance.Done(c, worldPath(scopePath(v.ID), models.Sandbox), "taken-scope")
	}
	return p.scopeFaulted(c, err, g.ID, f)
}

func (p *Portal) askScope(c *gin.Context, v catalog.Scope, f portal.ScopeForm) error {
	if !entrance.VisitOf(c).Rights.May(asksProduction) {
		return entrance.ErrForbidden.Because("production:ask")
	}
	g, err := p.grantFor(c, v, f, models.Production)
	if err != nil {
		return p.scopeFaulted(c, err, g.ID, f)
	}
	r, err := p.o.SelfService.AskScope(c.Request.Context(), user(c), g, f.Reason)
	if err == nil {
		return entrance.Done(c, requestPath(r.ID), "asked")
	}
	return p.scopeFaulted(c, err, g.ID, f)
}

// grantFor is the grant that a form asks for, of an application of the reader's partner.
func (p *Portal) grantFor(c *gin.Context, v catalog.Scope, f portal.ScopeForm, world models.Environment) (g partners.Grant, err error) {
	from, until, faults := p.Days(f.Starts, f.Ends)
	err = p.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		a, found, err := partners.ReadApplication(b, f.Application)
		if err != nil {
			return err
		}
		own := found && a.Partner == entrance.VisitOf(c).Who.Partner.ID && a.Environment == world && a.Status == models.Active
		faults.Check(own, "application", "rule.no_application", "choose one of your own applications")
		return nil
	})
	if err == nil {
		err = faults.Invalid()
	}
	if err != nil {
		return g, err
	}
	g = partners.Grant{Application: f.Application, Scope: v.ID, Purpose: f.Purpose, StartsAt: from, EndsAt: until}
	g.ID, err = ledger.NewID(p.o.Now(), p.o.Rand)
	return g, err
}

// scopeFaulted shows the form again with what is wrong beside its fields.
func (p *Portal) scopeFaulted(c *gin.Context, err error, grant string, f portal.ScopeForm) error {
	var form portal.ApplicationForm
	status, ok := p.faulted(c, err, "grant", grant, &form)
	if !ok {
		return err
	}
	f.Faults, f.Others = form.Faults, form.Others
	for from, to := range map[string]string{"starts_at": "starts", "ends_at": "ends"} {
		if text, wrong := f.Faults[from]; wrong {
			f.Faults[to] = text
			delete(f.Faults, from)
		}
	}
	return p.showScope(c, status, f)
}
