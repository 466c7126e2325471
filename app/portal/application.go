package portal

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/clients"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/recordview"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

var (
	makesApplications = policies.Permission{Resource: "applications", Action: "make"}
	asksProduction    = policies.Permission{Resource: "production", Action: "ask"}

	// errSandboxOnly is one of the partner's own in production, where only the sandbox has what was asked for.
	errSandboxOnly   = errs.New(errs.NotFound, "sandbox_only", "This is for applications in the sandbox.")
	errNoApplication = errs.New(errs.NotFound, "no_application", "There is no such application.")
)

// worldOf is the world that the address names; else the sandbox, where one begins.
func worldOf(c *gin.Context) models.Environment {
	if models.Environment(c.Query("world")) == models.Production {
		return models.Production
	}
	return models.Sandbox
}

// Applications lists what the partner has in one of the two worlds.
func (p *Portal) Applications(c *gin.Context) error {
	v, ctx, world := entrance.VisitOf(c), c.Request.Context(), worldOf(c)
	var rows []models.Application
	err := p.o.Store.Business(ctx, func(b store.Business) (err error) {
		rows, err = b.ApplicationsOf([]string{v.Who.Partner.ID})
		return err
	})
	if err != nil {
		return err
	}
	page := portal.ApplicationsPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.PortalApplications), applicationsPath, world), Prefix: selfservice.Prefix(world),
		CanMake: world == models.Sandbox && v.Rights.May(makesApplications), CanAsk: world == models.Production && v.Rights.May(asksProduction),
	}
	slices.SortFunc(rows, func(a, b models.Application) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	for _, a := range rows {
		if a.Environment == world {
			page.Rows = append(page.Rows, portal.ApplicationRow{
				Name: a.Name, ID: a.ID, Href: applicationPath(a.ID), State: ui.StatusView{State: ui.State(a.Status)}, Since: p.At(a.CreatedAt),
			})
		}
	}
	return web.Render(c, http.StatusOK, portal.Applications(page))
}

func applicationPath(id string) string { return applicationsPath + "/" + id }

// application is the one of the reader's own partner that the address names.
func (p *Portal) application(c *gin.Context) (a partners.Application, err error) {
	err = p.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		found := false
		if a, found, err = partners.ReadApplication(b, c.Param("application")); err != nil {
			return err
		}
		if !found || a.Partner != entrance.VisitOf(c).Who.Partner.ID {
			return errNoApplication
		}
		return nil
	})
	return a, err
}

// Application shows one application.
func (p *Portal) Application(c *gin.Context) error {
	a, err := p.application(c)
	if err != nil {
		return err
	}
	v, ctx := entrance.VisitOf(c), c.Request.Context()
	page := portal.ApplicationPage{
		Frame: p.inWorld(c, a.Name, applicationsPath, a.Environment), Name: a.Name, ID: a.ID, State: ui.StatusView{State: ui.State(a.Status)},
		Suite: a.Suite, Method: string(a.AuthMethod), Mode: modeName(ctx, a.AddressMode), Addresses: a.Addresses, ReturnAddresses: a.ReturnAddresses,
		Issuer: p.o.Issuer, Code: applicationPath(a.ID) + "/code", Explain: explainPath,
		Log: recordview.Query{World: string(a.Environment), App: a.ID}.Address(logPath),
	}
	if page.Scopes, err = p.heldBy(c, a); err != nil {
		return err
	}
	if a.Status == models.Active {
		page.Catalogue = worldPath(scopesPath, a.Environment)
	}
	if a.Environment == models.Sandbox {
		page.Conformance = conformancePathOf(a.ID)
	}
	if page.Credentials, err = p.credentialRows(c, a); err != nil {
		return err
	}
	if _, widen := maySet(c, a); widen || a.Status != models.Closed && a.Environment == models.Production && v.Rights.May(asksProduction) {
		page.NewCredential = credentialsPath(a.ID) + "/new"
	}
	if a.Status != models.Closed && v.Rights.May(makesApplications) && (a.Environment == models.Sandbox || v.Rights.May(asksProduction)) {
		page.Edit = applicationPath(a.ID) + "/edit"
		if a.Environment == models.Sandbox {
			page.Try = tryPathOf(a.ID)
			page.Close = applicationPath(a.ID) + "/close"
		}
	}
	return web.Render(c, http.StatusOK, portal.Application(page))
}

// ApplicationNew asks what an application in the sandbox is to be.
func (p *Portal) ApplicationNew(c *gin.Context) error {
	return p.showNew(c, http.StatusOK, portal.ApplicationForm{Method: string(models.PrivateKeyJWT), Mode: string(models.AddressOff)})
}

func (p *Portal) showNew(c *gin.Context, status int, f portal.ApplicationForm) error {
	ctx := c.Request.Context()
	f.Action, f.Back, f.Button = applicationsPath, applicationsPath, i18n.T(ctx, i18n.PortalAppMake)
	f.Methods, f.Modes = methods(ctx, f.Method), modes(ctx, f.Mode)
	return web.Render(c, status, portal.ApplicationEdit(portal.ApplicationEditPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.PortalAppNew), applicationsPath, models.Sandbox), Lead: i18n.T(ctx, i18n.PortalAppNewLead), Form: f,
	}))
}

// ApplicationCreate makes it, at once.
func (p *Portal) ApplicationCreate(c *gin.Context) error {
	a, err := p.newApplication(c, models.Sandbox)
	if err != nil {
		return err
	}
	f := typed(c)
	if err = p.o.SelfService.Create(c.Request.Context(), user(c), over(a, f)); err == nil {
		return entrance.Done(c, applicationPath(a.ID), "made")
	}
	status, ok := p.faulted(c, err, "application", a.ID, &f)
	if !ok {
		return err
	}
	return p.showNew(c, status, f)
}

func (p *Portal) newApplication(c *gin.Context, e models.Environment) (partners.Application, error) {
	id, err := p.o.SelfService.NewClientID(e)
	return partners.Application{
		ID: id, Partner: entrance.VisitOf(c).Who.Partner.ID, Environment: e, Suite: clients.Suites()[0], Status: models.Active,
	}, err
}

// changeable is an application that the reader may change, or ask to.
func (p *Portal) changeable(c *gin.Context) (partners.Application, error) {
	a, err := p.application(c)
	switch {
	case err != nil:
		return a, err
	case a.Status == models.Closed:
		return a, errNoApplication
	case a.Environment == models.Production && !entrance.VisitOf(c).Rights.May(asksProduction):
		return a, entrance.ErrForbidden.Because("production:ask")
	}
	return a, nil
}

// ApplicationEdit asks how an application is to be.
func (p *Portal) ApplicationEdit(c *gin.Context) error {
	a, err := p.changeable(c)
	if err != nil {
		return err
	}
	f := fields(a)
	f.Seen = bankfile.Version(a)
	return p.showEdit(c, http.StatusOK, a, f)
}

func (p *Portal) showEdit(c *gin.Context, status int, a partners.Application, f portal.ApplicationForm) error {
	ctx, lead, button := c.Request.Context(), i18n.PortalAppEditLead, i18n.PortalSave
	if a.Environment == models.Production {
		lead, button, f.AsksReason = i18n.PortalAppAskLead, i18n.PortalAsk, true
	}
	f.Action, f.Back, f.Button = applicationPath(a.ID)+"/edit", applicationPath(a.ID), i18n.T(ctx, button)
	f.Methods, f.Modes = methods(ctx, f.Method), modes(ctx, f.Mode)
	var err error
	if f.Callers, err = p.callers(c, a, f.Addresses); err != nil {
		return err
	}
	return web.Render(c, status, portal.ApplicationEdit(portal.ApplicationEditPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.PortalAppEdit, a.Name), applicationsPath, a.Environment), Lead: i18n.T(ctx, lead), Form: f,
	}))
}

// ApplicationUpdate changes it at once in the sandbox, and asks the bank in
// production.
func (p *Portal) ApplicationUpdate(c *gin.Context) error {
	a, err := p.changeable(c)
	if err != nil {
		return err
	}
	ctx, f := c.Request.Context(), typed(c)
	if c.PostForm("try") != "" { // what the list would do, and nothing else
		return p.showEdit(c, http.StatusOK, a, f)
	}
	after, unless := over(a, f), still(a.ID, f.Seen)
	if a.Environment == models.Sandbox {
		if err = p.o.SelfService.Change(ctx, user(c), after, selfservice.ReasonChanged, unless); err == nil {
			return entrance.Done(c, applicationPath(a.ID), "changed")
		}
	} else {
		var r models.PartnerRequest
		if r, err = p.o.SelfService.Ask(ctx, user(c), after, strings.TrimSpace(f.Reason), unless); err == nil {
			return entrance.Done(c, requestPath(r.ID), "asked")
		}
	}
	status, ok := p.faulted(c, err, "application", a.ID, &f)
	if !ok {
		return err
	}
	if status == http.StatusConflict {
		f.Seen = bankfile.Version(a)
	}
	return p.showEdit(c, status, a, f)
}

// ApplicationClosing asks whether an application in the sandbox is to be closed.
func (p *Portal) ApplicationClosing(c *gin.Context) error {
	a, err := p.sandboxed(c)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, portal.ApplicationClosing(portal.ApplicationClosingPage{
		Frame: p.inWorld(c, i18n.T(c.Request.Context(), i18n.PortalAppClose, a.Name), applicationsPath, a.Environment), Name: a.Name, Action: applicationPath(a.ID) + "/close", Back: applicationPath(a.ID),
	}))
}

func (p *Portal) sandboxed(c *gin.Context) (partners.Application, error) {
	a, err := p.application(c)
	if err == nil && a.Environment != models.Sandbox {
		err = errSandboxOnly
	}
	if err != nil {
		return a, err
	}
	return p.changeable(c)
}

// ApplicationClose closes it, for good.
func (p *Portal) ApplicationClose(c *gin.Context) error {
	a, err := p.sandboxed(c)
	if err != nil {
		return err
	}
	seen := bankfile.Version(a)
	a.Status = models.Closed
	if err := p.o.SelfService.Change(c.Request.Context(), user(c), a, selfservice.ReasonClosed, still(a.ID, seen)); err != nil {
		return err
	}
	return entrance.Done(c, applicationsPath, "closed")
}
