package portal

import (
	"context"
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

// Home shows how far the partner is on its way to production, the two worlds, and what the
// bank waits for.
func (p *Portal) Home(c *gin.Context) error {
	who, ctx := entrance.VisitOf(c).Who, c.Request.Context()
	requests, err := p.o.Store.PartnerRequests(ctx, who.Partner.ID, 0, newest)
	if err != nil {
		return err
	}
	l, err := p.launched(c, requests)
	if err != nil {
		return err
	}
	page := portal.HomePage{
		Frame: p.frame(c, i18n.T(ctx, i18n.PortalHome)), Launch: p.checklist(c, l),
		Role: entrance.PortalRole(ctx, who.Member.Role), MayChange: who.Member.Production, Explain: explainPath,
	}
	if a, found := l.of(models.Sandbox); found {
		page.Conformance = conformancePathOf(a.ID)
	}
	if page.Sandbox, err = p.world(ctx, models.Sandbox, l.applications); err != nil {
		return err
	}
	if page.Production, err = p.world(ctx, models.Production, l.applications); err != nil {
		return err
	}
	if who.Partner.Status == models.Suspended {
		page.Stopped = who.Partner.Name
	}
	if page.News, err = p.banners(c); err != nil {
		return err
	}
	if page.Ending, err = p.ending(c, l.applications); err != nil {
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

// world is one of the two as the first page has it, with what went well there today.
func (p *Portal) world(ctx context.Context, e models.Environment, rows []models.Application) (portal.World, error) {
	w := portal.World{Gateway: p.o.Issuer, Prefix: selfservice.Prefix(e), Href: worldPath(applicationsPath, e), Log: worldPath(logPath, e)}
	ids := []string{}
	for _, a := range rows {
		if a.Environment == e {
			ids = append(ids, a.ID)
		}
	}
	if w.Applications = len(ids); len(ids) == 0 {
		return w, nil
	}
	now := p.o.Now().In(p.o.Zone)
	today, err := p.o.Store.TrafficByTime(ctx, store.TrafficSpan{Span: models.SpanHour, From: store.DayOf(now).UnixMilli(), Until: now.UnixMilli() + 1, Applications: ids})
	count := map[models.RollupKind]int64{}
	for _, t := range today {
		count[t.Kind] += t.Count - t.Refused
	}
	w.Today = i18n.T(ctx, i18n.LaunchToday, i18n.Number(ctx, count[models.RollupAT]), i18n.Number(ctx, count[models.RollupVT]), i18n.Number(ctx, count[models.RollupCall]))
	return w, err
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
