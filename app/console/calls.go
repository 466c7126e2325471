package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/records"
	"postern/app/recordview"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const (
	callsPath = "/console/calls"
	callsPage = 50
	// callsLooked is how many records one page looks at.
	callsLooked = 20_000
)

// callQuery is what the list of calls is asked for; all of it is in the address.
type callQuery struct {
	from, until, partner, service, code string
	refused                             bool
	after                               string
}

func (q callQuery) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"from": q.from, "until": q.until, "partner": q.partner, "service": q.service, "code": q.code, "after": q.after} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.refused {
		v.Set("refused", "1")
	}
	return v
}

func (q callQuery) address() string {
	if v := q.values(); len(v) > 0 {
		return callsPath + "?" + v.Encode()
	}
	return callsPath
}

// but is the query changed, from its newest end.
func (q callQuery) but(change func(*callQuery)) string {
	q.after = ""
	change(&q)
	return q.address()
}

func (s *Console) callFilter(c *gin.Context, q callQuery, n records.Names) (f store.CallFilter, err error) {
	f = store.CallFilter{Service: q.service, Code: q.code, Refused: q.refused}
	if f.From, err = recordview.Moment(q.from, s.o.Zone); err != nil {
		return f, err
	}
	if f.Until, err = recordview.Moment(q.until, s.o.Zone); err != nil {
		return f, err
	}
	if q.from == "" {
		f.From = store.DayOf(s.o.Now().In(s.o.Zone)).UnixMilli()
	}
	if q.partner != "" {
		f.Applications = []string{}
		for id, a := range n.Applications {
			if a.PartnerID == q.partner {
				f.Applications = append(f.Applications, id)
			}
		}
		slices.Sort(f.Applications)
	}
	place, err := s.place(c, callsPath, 1)
	if err != nil {
		return f, err
	}
	f.Before = place[0]
	return f, nil
}

// Calls lists the records of business calls, newest first.
func (s *Console) Calls(c *gin.Context) error {
	ctx := c.Request.Context()
	q := callQuery{
		from: c.Query("from"), until: c.Query("until"), partner: c.Query("partner"), service: c.Query("service"), code: c.Query("code"),
		refused: c.Query("refused") == "1", after: c.Query("after"),
	}
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	f, err := s.callFilter(c, q, names)
	if err != nil {
		return err
	}
	walk, err := s.o.Store.WalkCalls(ctx, f, callsLooked, callsPage+1)
	if err != nil {
		return err
	}
	page := console.PartnerPage{
		Frame:   s.frame(c, i18n.T(ctx, i18n.CallsTitle)),
		Header:  ui.HeaderView{Title: i18n.T(ctx, i18n.CallsTitle), Lead: ui.Text(i18n.T(ctx, i18n.CallsLead))},
		Filters: s.callFilters(ctx, q, f, names),
	}
	next := walk.End
	if len(walk.Rows) > callsPage {
		walk.Rows = walk.Rows[:callsPage]
		next = walk.Rows[callsPage-1].ID
	} else if next != "" {
		page.Notes = append(page.Notes, ui.NoteView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.LogSearched, s.view.Clock(ctx, records.TimeOf(next)))})
	}
	t := s.callTable(ctx, walk.Rows, names, q)
	paging := recordview.Foot(ctx, len(walk.Rows), q.after == "", next != "")
	if next != "" {
		paging.Older = q.but(func(q *callQuery) { q.after = s.o.Cursors.Make(callsPath, next) })
	}
	page.Main = []console.Section{{Table: &t, Paging: &paging, Rows: console.LikeLog}}
	return web.Render(c, http.StatusOK, console.Partner(page))
}

func (s *Console) callFilters(ctx context.Context, q callQuery, f store.CallFilter, n records.Names) *ui.FiltersView {
	v := &ui.FiltersView{Action: callsPath, Clear: callsPath}
	chip := func(label i18n.Key, value string, clear func(*callQuery)) {
		if value != "" {
			v.Set = append(v.Set, ui.FilterChip{Label: i18n.T(ctx, label), Value: value, Remove: q.but(clear)})
		}
	}
	if q.from != "" || q.until != "" {
		span := s.view.Span(ctx, f.From, f.Until)
		chip(i18n.LogFilterTime, span, func(q *callQuery) { q.from, q.until = "", "" })
	}
	if q.partner != "" {
		chip(i18n.LogFilterPartner, n.Partner(q.partner), func(q *callQuery) { q.partner = "" })
	}
	if q.service != "" {
		chip(i18n.LogFilterService, n.Service(q.service), func(q *callQuery) { q.service = "" })
	}
	chip(i18n.LogFilterCode, q.code, func(q *callQuery) { q.code = "" })
	if q.refused {
		chip(i18n.LogFilterOutcome, i18n.T(ctx, i18n.LogRefusedOnly), func(q *callQuery) { q.refused = false })
	} else {
		v.Offered = append(v.Offered, ui.FilterMenu{Label: i18n.T(ctx, i18n.LogFilterOutcome), Options: []ui.LinkView{
			{Text: i18n.T(ctx, i18n.LogRefusedOnly), Href: q.but(func(q *callQuery) { q.refused = true })},
		}})
	}
	return v
}

func (s *Console) callTable(ctx context.Context, rows []models.Call, n records.Names, q callQuery) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.CallsTitle), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.LogTime, s.o.Now().In(s.o.Zone).Format("-07:00"))}, {Text: i18n.T(ctx, i18n.LogParty)}, {Text: i18n.T(ctx, i18n.LogService)},
		{Text: i18n.T(ctx, i18n.CallsRoute)}, {Text: i18n.T(ctx, i18n.LogCode)}, {Text: i18n.T(ctx, i18n.CallsTook), Number: true},
	}}
	for _, k := range rows {
		outcome := ui.Cell{Part: ui.Dot(ui.DotView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.CallsOK)})}
		if k.Code != "" {
			outcome = ui.Cell{Part: ui.Badge(ui.BadgeView{Tone: ui.Bad, Text: k.Code})}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: s.view.Clock(ctx, k.At), Mono: true, Href: s.view.XRayAddress(records.Found{VID: k.VID})},
			{Text: n.Partner(k.PartnerID), Second: n.Application(k.ApplicationID)}, {Text: n.Service(k.ServiceID)},
			{Text: cmp.Or(k.RouteID, "–"), Second: k.Method, Coded: true}, outcome,
			{Text: i18n.Duration(ctx, time.Duration(k.Duration)*time.Microsecond)},
		}})
	}
	empty := ui.EmptyView{Title: i18n.T(ctx, i18n.CallsEmpty), Text: i18n.T(ctx, i18n.CallsEmptyText)}
	if len(q.values()) > 0 {
		empty.Action = &ui.ButtonView{Text: i18n.T(ctx, i18n.LogClear), Href: callsPath}
	}
	t.Empty = ui.Empty(empty)
	return t
}
