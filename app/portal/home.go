package portal

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

// Home shows what the partner has in one of the two worlds.
func (p *Portal) Home(c *gin.Context) error {
	who, ctx := entrance.VisitOf(c).Who, c.Request.Context()
	var applications []models.Application
	err := p.o.Store.Business(ctx, func(b store.Business) (err error) {
		applications, err = b.ApplicationsOf([]string{who.Partner.ID})
		return err
	})
	if err != nil {
		return err
	}
	environment := worldOf(c, applications)
	page := portal.HomePage{
		Frame: p.frame(c, i18n.T(ctx, i18n.PortalHome)), Name: who.Account.Name, Role: entrance.PortalRole(c.Request.Context(), who.Member.Role), MayChange: who.Member.Production,
	}
	page.Frame.Production, page.Frame.Sandbox, page.Frame.Live = environment == models.Production, inWorld(models.Sandbox), inWorld(models.Production)
	if who.Partner.Status == models.Suspended {
		page.Stopped = who.Partner.Name
	}
	for _, a := range applications {
		if a.Environment == environment {
			page.Applications = append(page.Applications, portal.ApplicationRow{
				Name: a.Name, ID: a.ID, State: ui.StatusView{State: ui.State(a.Status)}, Since: p.At(a.CreatedAt),
			})
		}
	}
	return web.Render(c, http.StatusOK, portal.Home(page))
}

func inWorld(e models.Environment) string { return homePath + "?world=" + string(e) }

// worldOf is the world that the address names; else the sandbox, where one begins,
// or production for who has nothing but that.
func worldOf(c *gin.Context, applications []models.Application) models.Environment {
	switch named := models.Environment(c.Query("world")); named {
	case models.Sandbox, models.Production:
		return named
	}
	begun := func(a models.Application) bool { return a.Environment == models.Sandbox }
	if len(applications) > 0 && !slices.ContainsFunc(applications, begun) {
		return models.Production
	}
	return models.Sandbox
}
