package console

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/a-h/templ"
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

const overviewPath = "/console"

// overview is what its parts are made from.
type overview struct {
	c       *gin.Context
	ctx     context.Context
	span    recordview.Span
	partner string
	apps    []string // of the partner; nil for all
	names   records.Names

	series  func() (recordview.Series, error) // what was counted of the span, read once
	parties func() (parties, error)
}

// Overview shows how the gateway does, and what waits for whoever looks. A part
// that fails says so, and the others stand; a part that somebody may not open is
// not asked for.
func (s *Console) Overview(c *gin.Context) error {
	o, err := s.overviewOf(c)
	if err != nil {
		return err
	}
	page := console.OverviewPage{
		Frame: s.frame(c, i18n.T(o.ctx, i18n.ConsoleOverview)), Header: s.overviewHeader(o),
		Tiles: s.liveTiles(o), Waiting: s.waitingPart(o), Ends: s.endsPart(o), Alerts: s.alertsPart(o), Health: s.liveHealth(o),
	}
	if page.Frozen, err = s.frozenNote(c, anyFreeze); err != nil {
		return err
	}
	if len(o.names.Partners) == 0 {
		page.Begin = s.overviewBegin(o)
		return web.Render(c, http.StatusOK, console.Overview(page))
	}
	if o.may(readsLogRight) {
		page.Chart = s.part(o, i18n.OverviewChart, func() (templ.Component, error) { return s.chartPart(o) })
		page.Reasons = s.part(o, i18n.OverviewWhy, func() (templ.Component, error) { return s.reasonsPart(o) })
		if o.may(readsBusinessRight) {
			page.Partners = s.part(o, i18n.OverviewLookAt, func() (templ.Component, error) { return s.partnersPart(o) })
		}
	}
	return web.Render(c, http.StatusOK, console.Overview(page))
}

// OverviewNow answers with a part that the page asks for again while it is open.
func (s *Console) OverviewNow(c *gin.Context) error {
	o, err := s.overviewOf(c)
	if err != nil {
		return err
	}
	if c.Param("part") == "health" {
		return web.Render(c, http.StatusOK, s.healthPart(o))
	}
	return web.Render(c, http.StatusOK, s.tilesPart(o))
}

func (s *Console) overviewOf(c *gin.Context) (o overview, err error) {
	o = overview{c: c, ctx: c.Request.Context(), partner: c.Query("partner")}
	if o.span, err = recordview.SpanOf(c.Query("time"), s.o.Now().In(s.o.Zone)); err != nil {
		return o, err
	}
	if o.names, err = s.o.Records.Names(o.ctx); err != nil {
		return o, err
	}
	if o.partner != "" {
		if _, known := o.names.Partners[o.partner]; !known {
			return o, errNoPartner
		}
		o.apps = []string{}
		for id, a := range o.names.Applications {
			if a.PartnerID == o.partner {
				o.apps = append(o.apps, id)
			}
		}
		slices.Sort(o.apps)
	}
	counts := o
	o.series = sync.OnceValues(func() (recordview.Series, error) { return s.series(counts) })
	o.parties = sync.OnceValues(func() (parties, error) { return s.partyTraffic(counts) })
	return o, nil
}

// part makes one part; what it cannot read is its own fault alone.
func (s *Console) part(o overview, title i18n.Key, load func() (templ.Component, error)) templ.Component {
	body, err := load()
	if err == nil {
		return body
	}
	id := web.RequestID(o.c)
	s.o.Log.ErrorContext(o.ctx, "part of the overview failed", slog.String("request_id", id), slog.String("part", title.ID()), slog.Any("err", err))
	return console.OverviewFailed(ui.FailedView{
		Title: i18n.T(o.ctx, i18n.OverviewFailed, i18n.T(o.ctx, title)), Text: i18n.T(o.ctx, i18n.OverviewStands),
		Retry: overviewAddress(overviewPath, o.span.Name, o.partner), RequestID: id,
	})
}

func (s *Console) overviewHeader(o overview) ui.HeaderView {
	ranges := ui.TabsView{Label: i18n.T(o.ctx, i18n.OverviewRange)}
	for _, r := range recordview.Spans {
		ranges.Tabs = append(ranges.Tabs, ui.Tab{
			Text: i18n.T(o.ctx, r.Word), Href: overviewAddress(overviewPath, r.Name, o.partner), Current: r.Name == o.span.Name,
		})
	}
	tools := console.OverviewTools{Ranges: ranges}
	if o.may(readsLogRight) && len(o.names.Partners) > 0 {
		menu := ui.MenuView{Text: i18n.T(o.ctx, i18n.OverviewAll), Icon: "adjustments-horizontal"}
		menu.Items = append(menu.Items, ui.LinkView{Text: menu.Text, Href: overviewAddress(overviewPath, o.span.Name, "")})
		for _, id := range recordview.ByName(o.names.Partners, func(p models.Partner) string { return p.Name }) {
			menu.Items = append(menu.Items, ui.LinkView{Text: o.names.Partner(id), Href: overviewAddress(overviewPath, o.span.Name, id)})
		}
		if o.partner != "" {
			menu.Text = o.names.Partner(o.partner)
		}
		tools.Partners = &menu
	}
	return ui.HeaderView{
		Title: i18n.T(o.ctx, i18n.ConsoleOverview), Tools: console.OverviewToolbar(tools),
		Lead: ui.Text(i18n.T(o.ctx, i18n.OverviewLead, i18n.Weekday(o.ctx, o.span.Now), i18n.Date(o.ctx, o.span.Now), o.span.Now.Format("15:04"))),
	}
}

// overviewBegin says what to do first with an empty gateway.
func (s *Console) overviewBegin(o overview) *ui.EmptyView {
	v := &ui.EmptyView{Title: i18n.T(o.ctx, i18n.OverviewBegin), Text: i18n.T(o.ctx, i18n.OverviewBeginDo)}
	if s.mayMake(o.c) {
		v.Action = &ui.ButtonView{Text: i18n.T(o.ctx, i18n.OverviewFirst), Icon: "plus", Kind: ui.Primary, Href: "/console/onboarding/new"}
	}
	if o.may(readsBusinessRight) {
		v.Other = &ui.ButtonView{Text: i18n.T(o.ctx, i18n.OverviewService), Href: servicesPath}
	}
	return v
}

func (s *Console) series(o overview) (recordview.Series, error) {
	span, _ := o.span.Counts(o.apps)
	list, err := s.trafficByTime(o, span)
	if err != nil {
		return nil, err
	}
	all := recordview.Series{}
	for _, t := range list {
		all.At(o.span.BucketOf(t.Start), t.Kind).Add(t)
	}
	return all, nil
}

// chartPart is what was issued and refused over time, drawn and as a table.
func (s *Console) chartPart(o overview) (templ.Component, error) {
	all, err := o.series()
	if err != nil {
		return nil, err
	}
	buckets := o.span.Buckets()
	opened := all.Line(buckets, func(b int64) int64 { return all.Sum([]int64{b}, models.RollupVT).OK() })
	refused := all.Line(buckets, func(b int64) int64 { return all.Sum([]int64{b}).Refused })
	drawn, err := json.Marshal(map[string]any{"times": recordview.Times(buckets), "series": [][]float64{opened, refused}})
	if err != nil {
		return nil, err
	}
	unit := i18n.OverviewByHour
	if o.span.Days {
		unit = i18n.OverviewByDay
	}
	return ui.Chart(ui.ChartView{
		ID: "traffic", Title: i18n.T(o.ctx, i18n.OverviewChart), Unit: i18n.T(o.ctx, unit), Drawn: string(drawn), Zone: s.o.Zone.String(),
		Series: []ui.Series{{Name: i18n.T(o.ctx, i18n.OverviewOpened), Colour: 1}, {Name: i18n.T(o.ctx, i18n.OverviewRefused), Colour: 3}},
		Table:  s.chartTable(o, all, buckets), Range: recordview.Query{Partner: o.partner}.Address(logPath), Days: o.span.Days, Open: true,
	}), nil
}

func (s *Console) chartTable(o overview, all recordview.Series, buckets []int64) ui.TableView {
	head := i18n.OverviewHour
	if o.span.Days {
		head = i18n.OverviewDate
	}
	t := ui.TableView{Caption: i18n.T(o.ctx, i18n.OverviewChart), Head: []ui.Column{
		{Text: i18n.T(o.ctx, head)}, {Text: i18n.T(o.ctx, i18n.OverviewIssued), Number: true}, {Text: i18n.T(o.ctx, i18n.OverviewOpened), Number: true},
		{Text: i18n.T(o.ctx, i18n.OverviewCalls), Number: true}, {Text: i18n.T(o.ctx, i18n.OverviewRefused), Number: true},
	}}
	for i, b := range slices.Backward(buckets) {
		q := recordview.Query{Partner: o.partner, From: whole(b), Until: whole(o.span.End(buckets, i))}
		one := []int64{b}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: o.span.BucketWords(o.ctx, b), Href: q.Address(logPath)}, {Text: i18n.Number(o.ctx, all.Sum(one, models.RollupAT).OK())},
			{Text: i18n.Number(o.ctx, all.Sum(one, models.RollupVT).OK())}, {Text: i18n.Number(o.ctx, all.Sum(one, models.RollupCall).OK())},
			{Text: i18n.Number(o.ctx, all.Sum(one).Refused)},
		}})
	}
	return t
}

// Menu is the list of pages, for phones.
func (s *Console) Menu(c *gin.Context) error {
	return web.Render(c, http.StatusOK, console.Menu(s.frame(c, i18n.T(c.Request.Context(), i18n.ConsoleMenu))))
}

// parties is what was counted by application, kind and outcome.
type parties []store.Traffic

func (s *Console) partyTraffic(o overview) (parties, error) {
	span, _ := o.span.Counts(o.apps)
	return s.trafficByParty(o, span)
}

// maxReasons is how many codes the overview names.
const maxReasons = 6

// reason is how often something was refused with a code: in calls, or before.
type reason struct {
	code  string
	call  bool
	count int64
}

func (p parties) reasons() (list []reason, total int64) {
	counts := map[reason]int64{}
	for _, t := range p {
		if t.Outcome != "ok" {
			counts[reason{code: t.Outcome, call: t.Kind == models.RollupCall}] += t.Count
			total += t.Count
		}
	}
	for r, n := range counts {
		list = append(list, reason{r.code, r.call, n})
	}
	slices.SortFunc(list, func(a, b reason) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.code, b.code))
	})
	return list[:min(len(list), maxReasons)], total
}

func (s *Console) reasonsPart(o overview) (templ.Component, error) {
	by, err := o.parties()
	if err != nil {
		return nil, err
	}
	list, total := by.reasons()
	v := console.OverviewReasons{Title: i18n.T(o.ctx, i18n.OverviewWhy), Aside: i18n.T(o.ctx, o.span.Word) + " · " + i18n.Number(o.ctx, total)}
	for _, r := range list {
		cause, _ := recordview.Explain(o.ctx, r.code, "", "")
		row := console.OverviewReason{Code: r.code, Words: cause, Count: i18n.Number(o.ctx, r.count), Href: s.refusedHref(o, r.call, r.code, o.partner)}
		row.Share, row.Most = int(r.count), int(list[0].count)
		v.Rows = append(v.Rows, row)
		total -= r.count
	}
	if total > 0 {
		rest := console.OverviewReason{Words: i18n.T(o.ctx, i18n.OverviewOtherReasons), Count: i18n.Number(o.ctx, total), Href: s.refusedHref(o, false, "", o.partner)}
		rest.Share, rest.Most = int(total), int(max(total, list[0].count))
		v.Rows = append(v.Rows, rest)
	}
	return console.OverviewWhy(v), nil
}

// refusedHref is the list behind a number of refusals.
func (s *Console) refusedHref(o overview, call bool, code, partner string) string {
	q := spanLog(o.span, partner)
	q.Code, q.Refused = code, true
	if call {
		return callQuery{from: whole(o.span.From.UnixMilli()), partner: partner, code: code, refused: true}.address()
	}
	return q.Address(logPath)
}

// upstreamHours is how far back an upstream's health is counted.
func (o overview) upstreamHours() store.TrafficSpan {
	begun := recordview.HourOf(o.span.Now)
	return store.TrafficSpan{Span: models.SpanHour, From: begun.Add(-time.Hour).UnixMilli(), Until: o.span.Now.UnixMilli() + 1, Applications: o.apps}
}
