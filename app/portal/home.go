package portal

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

// Home shows what the partner has in one of the two worlds; the sandbox first.
func (p *Portal) Home(c *gin.Context) error {
	who, ctx := entrance.VisitOf(c).Who, c.Request.Context()
	environment := models.Sandbox
	if c.Query("world") == string(models.Production) {
		environment = models.Production
	}
	var applications []models.Application
	err := p.o.Store.Business(ctx, func(b store.Business) (err error) {
		applications, err = b.ApplicationsOf([]string{who.Partner.ID})
		return err
	})
	if err != nil {
		return err
	}
	page := portal.HomePage{
		Frame: p.frame(c, i18n.T(ctx, i18n.PortalHome)), Name: who.Account.Name, Role: roleName(c, who.Member.Role), MayChange: who.Member.Production,
	}
	page.Frame.Production, page.Frame.Sandbox, page.Frame.Live = environment == models.Production, homePath, homePath+"?world="+string(models.Production)
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
