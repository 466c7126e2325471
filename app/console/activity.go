package console

import (
	"cmp"
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/change"
	"postern/app/entrance"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const activityPath = "/console/activity"

// activityAsked is what of activity a request asks for: everybody's for who may read
// it (all), else oneself's, whomever it names.
func (s *Console) activityAsked(c *gin.Context, value func(string) string) (q activityQuery, filter records.ActivityFilter, all bool, err error) {
	v := entrance.VisitOf(c)
	all, q = v.Rights.May(policies.Permission{Resource: "activity", Action: "read"}), readActivityQuery(value)
	if filter, err = q.filter(s.o.Now().In(s.o.Zone)); err != nil {
		return q, filter, all, err
	}
	if !all {
		q.who = "me"
	}
	if q.who == "me" {
		filter.Actor = v.Who.Account.ID
	}
	return q, filter, all, nil
}

// Activity lists what people did: everybody for who may read it, else oneself.
func (s *Console) Activity(c *gin.Context) error {
	ctx, v := c.Request.Context(), entrance.VisitOf(c)
	q, filter, all, err := s.activityAsked(c, c.Query)
	if err != nil {
		return err
	}
	at, err := s.activityPlace(q)
	if err != nil {
		return err
	}
	found, err := s.o.Records.Activity(ctx, filter, at)
	if err != nil {
		return err
	}
	if filter.Actor != v.Who.Account.ID {
		if err := s.o.Records.LookedAtActivity(ctx, v.Who.Account.ID, filter); err != nil {
			return err
		}
	}

	own := filter.Actor == v.Who.Account.ID
	page := console.ActivityPage{
		Frame: s.frame(c, i18n.T(ctx, i18n.ActivityTitle)), All: all, Own: own,
		Export:    q.but(func(*activityQuery) {}).address(activityPath + "/export"),
		Everybody: q.but(func(q *activityQuery) { q.who = "" }).address(activityPath), Mine: q.but(func(q *activityQuery) { q.who = "me" }).address(activityPath),
		Paging: ui.PagingView{Words: " ", Newer: s.activityOn(q, recordview.Newer, found.Newer), Older: s.activityOn(q, recordview.Older, found.Older)},
	}
	if page.Filters, err = s.activityFilters(c, q, all); err != nil {
		return err
	}
	if page.Rows, err = s.activityRows(c, q, found.Rows); err != nil {
		return err
	}
	if found.SearchedTo != 0 {
		page.Note = &ui.NoteView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.LogSearched, i18n.Stamp(ctx, s.InZone(found.SearchedTo)))}
	}
	return web.Render(c, http.StatusOK, console.Activity(page))
}

// people are those whose names stand in an event's details.
var people = []string{"maker", "checker", "account"}

func (s *Console) activityRows(c *gin.Context, q activityQuery, list []models.Event) (rows []console.ActivityRow, err error) {
	ctx := c.Request.Context()
	ids, about := []string{}, make([]map[string]string, len(list))
	for i, e := range list {
		about[i] = detailsOf(e)
		ids = append(ids, e.Actor)
		for _, who := range people {
			ids = append(ids, about[i][who])
		}
	}
	names, err := s.requestNames(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, e := range list {
		for _, who := range people {
			if about[i][who] == e.Actor {
				delete(about[i], who) // it stands beside
			} else if name := names.accounts[about[i][who]]; name != "" {
				about[i][who] = name
			}
		}
		if e.Kind == "alert.acknowledged" {
			about[i]["subject"] = alertAbout(ctx, models.Alert{SubjectKind: about[i]["subject_kind"], SubjectID: about[i]["subject"]})
			delete(about[i], "reason") // it is the rule's name, which stands beside
		} else {
			for _, name := range []string{"subject", "target"} {
				if about[i][name] != "" {
					about[i][name] = subjectWords(ctx, about[i][name], change.Plan{}, names.things)
				}
			}
		}
		from := records.OriginOf(e)
		if from.Address != "" {
			delete(about[i], "address") // of a sign-in: it stands under who
		}
		at := s.At(e.At)
		at.Exactly = true
		who := ui.LinkView{Text: cmp.Or(names.accounts[e.Actor], noAccount(ctx, e.Actor))}
		if q.who == "" {
			who.Href = q.but(func(q *activityQuery) { q.who = e.Actor }).address(activityPath)
		}
		rows = append(rows, console.ActivityRow{
			At: at, Date: i18n.Date(ctx, s.InZone(e.At)), Who: who, From: originWords(ctx, from), What: did(ctx, e.Kind),
			About: aboutEvent(ctx, e, names.things), Alarm: e.Alarm, Details: s.details(ctx, e, about[i], names.things),
		})
	}
	return rows, nil
}
