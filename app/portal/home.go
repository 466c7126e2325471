package portal

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
)

// Home shows the two worlds, and what the bank waits for.
func (p *Portal) Home(c *gin.Context) error {
	who, ctx := entrance.VisitOf(c).Who, c.Request.Context()
	var rows []models.Application
	err := p.o.Store.Business(ctx, func(b store.Business) (err error) {
		rows, err = b.ApplicationsOf([]string{who.Partner.ID})
		return err
	})
	if err != nil {
		return err
	}
	page := portal.HomePage{
		Frame: p.frame(c, i18n.T(ctx, i18n.PortalHome)), Name: who.Account.Name, Role: entrance.PortalRole(ctx, who.Member.Role), MayChange: who.Member.Production,
		Sandbox: p.world(models.Sandbox, rows), Production: p.world(models.Production, rows),
	}
	if who.Partner.Status == models.Suspended {
		page.Stopped = who.Partner.Name
	}
	if page.Ending, err = p.ending(c, rows); err != nil {
		return err
	}
	requests, err := p.o.Store.PartnerRequests(ctx, who.Partner.ID, 0, newest)
	if err != nil {
		return err
	}
	for _, r := range requests {
		row, err := p.requestRow(ctx, r)
		if err != nil {
			return err
		}
		page.Requests = append(page.Requests, row)
	}
	return web.Render(c, http.StatusOK, portal.Home(page))
}

// newest is how many requests the first page shows.
const newest = 5

func (p *Portal) world(e models.Environment, rows []models.Application) portal.World {
	w := portal.World{Gateway: p.o.Issuer, Prefix: selfservice.Prefix(e), Href: worldPath(applicationsPath, e)}
	for _, a := range rows {
		if a.Environment == e && a.Status != models.Closed {
			w.Applications++
		}
	}
	return w
}

// maxEnding is how many credentials that end the first page shows; urgently is when that
// is near.
const (
	maxEnding = 5
	urgently  = 7 * 24 * time.Hour
)

// ending are the credentials that end within 60 days, the first five.
func (p *Portal) ending(c *gin.Context, applications []models.Application) (list []portal.EndingView, err error) {
	ctx, now := c.Request.Context(), p.o.Now()
	rows, err := p.o.Store.EndingOf(ctx, entrance.VisitOf(c).Who.Partner.ID, now.UnixMilli(), maxEnding)
	names := map[string]string{}
	for _, a := range applications {
		names[a.ID] = a.Name
	}
	for _, k := range partners.CredentialsOf(rows) {
		kind, _ := entrance.CredentialWords(ctx, k)
		list = append(list, portal.EndingView{
			Text: i18n.T(ctx, i18n.PortalEnding, kind, names[k.Application], i18n.Stamp(ctx, k.NotAfter.In(p.o.Zone))),
			Href: credentialPath(k), Soon: k.NotAfter.Before(now.Add(urgently)),
		})
	}
	return list, err
}
