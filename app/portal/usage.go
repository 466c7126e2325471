package portal

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/recordview"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

// usage is what was counted of a partner's applications in one world, in a range of time.
type usage struct {
	reading
	span   recordview.Span
	ids    []string // of the applications
	series recordview.Series
	by     []store.Traffic  // by kind, application and outcome
	issued map[string]int64 // today, of the quota
}

// Usage says how much the partner's applications did, and how it went. It is added up from
// counts, whatever the traffic.
func (p *Portal) Usage(c *gin.Context) error {
	ctx := c.Request.Context()
	u, err := p.readUsage(c)
	if err != nil {
		return err
	}
	chart, err := p.usageChart(ctx, u)
	if err != nil {
		return err
	}
	ranges := ui.TabsView{Label: i18n.T(ctx, i18n.OverviewRange)}
	for _, r := range recordview.Spans {
		ranges.Tabs = append(ranges.Tabs, ui.Tab{Text: i18n.T(ctx, r.Word), Href: usageAddress(u.world, r.Name), Current: r.Name == u.span.Name})
	}
	return web.Render(c, http.StatusOK, portal.Usage(portal.UsagePage{
		Frame:  p.inWorld(c, i18n.T(ctx, i18n.OwnLog), usagePath, u.world),
		Header: ui.HeaderView{Title: i18n.T(ctx, i18n.OwnLog), Lead: ui.Text(i18n.T(ctx, i18n.OwnUsageLead)), Tools: ui.Segments(ranges)},
		Tabs:   recordTabs(ctx, u.world, usagePath), Chart: chart, Applications: p.usageTable(ctx, u), Reasons: p.usageReasons(ctx, u),
	}))
}

func usageAddress(world models.Environment, span string) string {
	return usagePath + "?" + url.Values{"world": {string(world)}, "time": {span}}.Encode()
}

func (p *Portal) readUsage(c *gin.Context) (u usage, err error) {
	ctx, now := c.Request.Context(), p.o.Now().In(p.o.Zone)
	if u.reading, err = p.read(c, recordview.Query{World: c.Query("world")}); err != nil {
		return u, err
	}
	if u.span, err = recordview.SpanOf(c.Query("time"), now); err != nil {
		return u, err
	}
	u.ids, u.series = u.own.Applications, recordview.Series{}
	if len(u.ids) == 0 {
		return u, nil
	}
	counts, _ := u.span.Counts(u.ids)
	list, err := p.o.Store.TrafficByTime(ctx, counts)
	if err != nil {
		return u, err
	}
	for _, t := range list {
		u.series.At(u.span.BucketOf(t.Start), t.Kind).Add(t)
	}
	if u.by, err = p.o.Store.TrafficByParty(ctx, counts); err != nil {
		return u, err
	}
	u.issued, err = p.o.Store.IssuedOn(ctx, u.ids, now.Format(time.DateOnly))
	return u, err
}

func (p *Portal) usageChart(ctx context.Context, u usage) (ui.ChartView, error) {
	buckets := u.span.Buckets()
	times := make([]float64, len(buckets))
	for i, b := range buckets {
		times[i] = float64(b) / 1000
	}
	drawn, err := json.Marshal(map[string]any{"times": times, "series": [][]float64{
		u.series.Line(buckets, func(b int64) int64 { return u.series.Sum([]int64{b}, models.RollupVT).OK() }),
		u.series.Line(buckets, func(b int64) int64 { return u.series.Sum([]int64{b}).Refused }),
	}})
	head, unit := i18n.OverviewHour, i18n.OverviewByHour
	if u.span.Days {
		head, unit = i18n.OverviewDate, i18n.OverviewByDay
	}
	v := ui.ChartView{
		ID: "usage", Title: i18n.T(ctx, i18n.OverviewChart), Unit: i18n.T(ctx, unit), Drawn: string(drawn), Zone: p.o.Zone.String(), Days: u.span.Days, Open: true,
		Series: []ui.Series{{Name: i18n.T(ctx, i18n.OverviewOpened), Colour: 1}, {Name: i18n.T(ctx, i18n.OverviewRefused), Colour: 3}},
		Table: ui.TableView{Caption: i18n.T(ctx, i18n.OverviewChart), Head: []ui.Column{
			{Text: i18n.T(ctx, head)}, {Text: i18n.T(ctx, i18n.OverviewIssued), Number: true}, {Text: i18n.T(ctx, i18n.OverviewOpened), Number: true},
			{Text: i18n.T(ctx, i18n.OverviewCalls), Number: true}, {Text: i18n.T(ctx, i18n.OverviewRefused), Number: true},
		}},
	}
	for i, b := range slices.Backward(buckets) {
		until := u.span.Now.UnixMilli() + 1
		if i+1 < len(buckets) {
			until = buckets[i+1]
		}
		one := []int64{b}
		q := recordview.Query{World: string(u.world), From: strconv.FormatInt(b, 10), Until: strconv.FormatInt(until, 10)}
		row := []ui.Cell{{Text: u.span.BucketWords(ctx, b), Href: q.Address(logPath)}}
		for _, n := range []int64{u.series.Sum(one, models.RollupAT).OK(), u.series.Sum(one, models.RollupVT).OK(), u.series.Sum(one, models.RollupCall).OK(), u.series.Sum(one).Refused} {
			row = append(row, ui.Cell{Text: i18n.Number(ctx, n)})
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: row})
	}
	return v, err
}

// usageTable is each application's share, and what is left of its quota today.
func (p *Portal) usageTable(ctx context.Context, u usage) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.OwnUsageApps), Head: []ui.Column{{Text: i18n.T(ctx, i18n.LogApp)}}}
	for _, word := range []i18n.Key{i18n.OverviewIssued, i18n.OverviewOpened, i18n.OverviewCalls, i18n.OverviewRefused, i18n.OwnMedian, i18n.OwnSlow, i18n.OwnQuota} {
		t.Head = append(t.Head, ui.Column{Text: i18n.T(ctx, word), Number: true})
	}
	for _, id := range u.ids {
		counts, refused, took, longest := map[models.RollupKind]int64{}, int64(0), models.Took{}, int64(0)
		for _, n := range u.by {
			switch {
			case n.ApplicationID != id:
			case n.Outcome != "ok":
				refused += n.Count
			default:
				counts[n.Kind] += n.Count
			}
			if n.ApplicationID == id && n.Kind == models.RollupCall {
				took, longest = took.Plus(n.Took), max(longest, n.DurationMax)
			}
		}
		row := []ui.Cell{{Text: u.names.Application(id), Second: id, Coded: true, Href: applicationPath(id)}}
		for _, n := range []int64{counts[models.RollupAT], counts[models.RollupVT], counts[models.RollupCall], refused} {
			row = append(row, ui.Cell{Text: i18n.Number(ctx, n)})
		}
		for _, percent := range []int64{50, 95} {
			cell := ui.Cell{Text: "–"}
			if d, known := took.Percentile(percent, longest); known {
				cell.Text = i18n.Duration(ctx, d)
			}
			row = append(row, cell)
		}
		left := i18n.T(ctx, i18n.LimitUnlimited)
		if quota := u.names.Applications[id].DailyQuota; quota > 0 {
			left = i18n.T(ctx, i18n.OwnQuotaLeft, i18n.Number(ctx, max(0, quota-u.issued[id])), i18n.Number(ctx, quota))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: append(row, ui.Cell{Text: left})})
	}
	t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PortalNoApps), Text: i18n.T(ctx, i18n.PortalNoAppsTxt)})
	return t
}

// maxUsageReasons is how many codes of refusals are named.
const maxUsageReasons = 12

// usageReasons are the refusals by their codes, the most frequent first.
func (p *Portal) usageReasons(ctx context.Context, u usage) ui.TableView {
	type refusal struct {
		code string
		call bool
	}
	counts := map[refusal]int64{}
	for _, n := range u.by {
		if n.Outcome != "ok" {
			counts[refusal{n.Outcome, n.Kind == models.RollupCall}] += n.Count
		}
	}
	t := ui.TableView{Caption: i18n.T(ctx, i18n.OverviewWhy), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.LogCode)}, {Text: i18n.T(ctx, i18n.OwnMeans)}, {Text: i18n.T(ctx, i18n.OverviewRefused), Number: true},
	}}
	var list []refusal
	for r := range counts {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b refusal) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.code, b.code))
	})
	for _, r := range list[:min(len(list), maxUsageReasons)] {
		q := recordview.Query{World: string(u.world), Code: r.code, From: strconv.FormatInt(u.span.From.UnixMilli(), 10)}
		path := logPath
		if r.call {
			path = callsPath
		}
		cause, _ := recordview.ExplainToPartner(ctx, r.code, "")
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: r.code, Mono: true, Href: q.Address(path)}, {Text: cause}, {Text: i18n.Number(ctx, counts[r])}}})
	}
	t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.OwnNoRefusals), Text: i18n.T(ctx, i18n.OwnNoRefusalsText)})
	return t
}
