package portal

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/i18n"
	"postern/views/portal"
)

var (
	stopsProduction = policies.Permission{Resource: "production", Action: "stop"}

	errNoGrant = errs.New(errs.NotFound, "no_grant", "There is no such grant.")
)

func grantPath(id string) string { return homePath + "/grants/" + web.PathPart(id) }

// mayGive reports whether a reader may give back what an application holds.
func mayGive(v *entrance.Visit, a models.Application) bool {
	if a.Environment == models.Sandbox {
		return v.Rights.May(makesApplications)
	}
	return v.Rights.May(stopsProduction)
}

// ownGrant is the grant of the reader's partner that the address names and that is not
// over, for whoever may give it back.
func (p *Portal) ownGrant(c *gin.Context) (g partners.Grant, a partners.Application, err error) {
	id := web.FromPathPart(c.Param("grant"))
	err = p.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		r, err := partners.Read(b, partners.Names{Partners: []string{}, Applications: []string{}, Credentials: []string{}, Grants: []string{id}})
		if err != nil {
			return err
		}
		g, _ = r.Grants.Current(id)
		found := false
		if a, found = r.Applications.Current(g.Application); !found || a.Partner != entrance.VisitOf(c).Who.Partner.ID {
			return errNoGrant
		}
		return nil
	})
	if err != nil {
		return g, a, err
	}
	if _, over := p.GrantState(c.Request.Context(), g); over {
		return g, a, errNoGrant
	}
	if !mayGive(entrance.VisitOf(c), models.Application{Environment: a.Environment}) {
		return g, a, entrance.ErrForbidden.Because("production:stop")
	}
	return g, a, nil
}

// GrantEnding asks whether a scope is to be given back.
func (p *Portal) GrantEnding(c *gin.Context) error {
	g, a, err := p.ownGrant(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	text := i18n.PortalGiveTextSandbox
	if a.Environment == models.Production {
		text = i18n.PortalGiveText
	}
	return web.Render(c, http.StatusOK, portal.GrantEnding(portal.GrantEndingPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.PortalGiveTitle, g.Scope), scopesPath, a.Environment), Lead: a.Name + " · " + g.Purpose, Text: i18n.T(ctx, text, a.Name, g.Scope),
		Action: grantPath(g.ID) + "/end", Back: worldPath(scopePath(g.Scope), a.Environment),
	}))
}

// GrantEnd gives it back. Nobody is asked for a proof: it stops.
func (p *Portal) GrantEnd(c *gin.Context) error {
	g, a, err := p.ownGrant(c)
	if err != nil {
		return err
	}
	if err := p.o.SelfService.GiveBack(c.Request.Context(), user(c), g); err != nil {
		return err
	}
	return entrance.Done(c, worldPath(scopePath(g.Scope), a.Environment), "given-back")
}
