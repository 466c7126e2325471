package console

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// Visits is where one begins to look for a visit.
func (s *Console) Visits(c *gin.Context) error {
	return s.showVisits(c, http.StatusOK, console.VisitsPage{})
}

func (s *Console) showVisits(c *gin.Context, status int, page console.VisitsPage) error {
	ctx := c.Request.Context()
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	page.Frame = s.frame(c, i18n.T(ctx, i18n.XRayTitle))
	page.MaySubject = mayClear(c)
	page.Applications = []ui.Option{{Value: "", Text: i18n.T(ctx, i18n.XRayAnyApp)}}
	for _, id := range recordview.ByName(names.Applications, func(a models.Application) string { return a.Name }) {
		text := names.Partner(names.Applications[id].PartnerID) + i18n.T(ctx, i18n.CommonComma) + names.Application(id)
		page.Applications = append(page.Applications, ui.Option{Value: id, Text: text, Chosen: id == page.Chosen})
	}
	if page.Moment == "" {
		page.Moment = s.o.Now().In(s.o.Zone).Format("2006-01-02T15:04")
	}
	return web.Render(c, status, console.Visits(page))
}

func mayClear(c *gin.Context) bool {
	return entrance.VisitOf(c).Rights.May(policies.Permission{Resource: "log", Action: "clear"})
}

// VisitFind leads to the X-ray of an id, or lists visits around a time. It takes
// nothing that is personal: addresses are kept in histories and logs.
func (s *Console) VisitFind(c *gin.Context) error {
	ctx := c.Request.Context()
	if app := c.Query("app"); app != "" {
		return s.findByTime(c, app)
	}
	id := c.Query("q")
	found, err := s.o.Records.Find(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return s.showVisits(c, http.StatusNotFound, console.VisitsPage{ID: recordview.Shown(id), Faults: map[string]string{"q": i18n.T(ctx, i18n.LogNotFound)}})
	}
	if err != nil {
		return err
	}
	return web.SeeOther(c, s.view.XRayAddress(found))
}

func (s *Console) findByTime(c *gin.Context, app string) error {
	ctx, text := c.Request.Context(), c.Query("when")
	at, err := recordview.Moment(text, s.o.Zone)
	if err != nil || at == 0 {
		return s.showVisits(c, http.StatusUnprocessableEntity, console.VisitsPage{Chosen: app, Faults: map[string]string{"when": i18n.T(ctx, i18n.XRayNeedTime)}})
	}
	hits, err := s.o.Records.ByTime(ctx, app, at)
	if err != nil {
		return err
	}
	const minutes = int64(5 * time.Minute / time.Millisecond)
	refused := recordview.Query{App: app, Refused: true, From: strconv.FormatInt(at-minutes, 10), Until: strconv.FormatInt(at+minutes, 10)}
	page := console.VisitsPage{Chosen: app, Moment: s.InZone(at).Format("2006-01-02T15:04"), Refused: refused.Address(logPath)}
	return s.showHits(c, page, hits)
}

// VisitFindSubject lists what somebody did. Whom one looks for is personal data:
// it is asked for in a form's body, and stands in no address.
func (s *Console) VisitFindSubject(c *gin.Context) error {
	ctx := c.Request.Context()
	search := records.Search{Application: c.PostForm("app"), Subject: c.PostForm("subject"), Customer: c.PostForm("customer")}
	page := console.VisitsPage{Chosen: search.Application, Reason: c.PostForm("reason")}
	hits, err := s.o.Records.BySubject(ctx, search, entrance.VisitOf(c).Who.Account.ID, page.Reason)
	switch {
	case errors.Is(err, records.ErrReason):
		page.Faults = map[string]string{"reason": i18n.T(ctx, i18n.ExportWhy)}
		return s.showVisits(c, http.StatusUnprocessableEntity, page)
	case errors.Is(err, records.ErrFilter):
		page.Faults = map[string]string{"subject": i18n.T(ctx, i18n.XRayOneOf)}
		return s.showVisits(c, http.StatusUnprocessableEntity, page)
	case err != nil:
		return err
	}
	return s.showHits(c, page, hits)
}

func (s *Console) showHits(c *gin.Context, page console.VisitsPage, hits []records.Hit) error {
	ctx := c.Request.Context()
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	page.Searched, page.Count = true, len(hits)
	page.Hits = ui.TableView{Caption: i18n.T(ctx, i18n.XRayHits, len(hits)), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.XRayOpened)}, {Text: i18n.T(ctx, i18n.XRayApp)}, {Text: i18n.T(ctx, i18n.LogService)}, {Text: i18n.T(ctx, i18n.XRayState)},
	}}
	for _, h := range hits {
		state := ui.Cell{Part: ui.Dot(ui.DotView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.XRayOpenedThen)})}
		if h.Ended != "" {
			state = ui.Cell{Text: recordview.EndWord(ctx, h.Ended)}
		}
		if !h.Opened {
			state = ui.Cell{Part: ui.Badge(ui.BadgeView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.XRayNotOpened)})}
		}
		page.Hits.Rows = append(page.Hits.Rows, ui.Row{Cells: []ui.Cell{
			{Text: i18n.Stamp(ctx, s.InZone(h.At)), Href: s.view.XRayAddress(h.Found), Mono: true, Second: recordview.ShortID(cmp.Or(h.VID, h.JTI))},
			{Text: names.Application(h.ApplicationID)}, {Text: names.Service(h.ServiceID)}, state,
		}})
	}
	page.Hits.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.XRayNoHits), Text: i18n.T(ctx, i18n.XRayNoHitsText)})
	return s.showVisits(c, http.StatusOK, page)
}
