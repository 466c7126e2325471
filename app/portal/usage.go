package portal

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
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
	calls  map[int64]store.Traffic // by bucket
	by     []store.Traffic         // by kind, application and outcome
	issued map[string]int64        // today, of the quota
}

// Usage says how much the partner's applications did, and how it went. It is added up from
// counts, whatever the traffic.
func (p *Portal) Usage(c *gin.Context) error {
	ctx := c.Request.Context()
	u, err := p.readUsage(c)
	if err != nil {
		return err
	}
	traffic, err := p.trafficChart(ctx, u)
	if err != nil {
		return err
	}
	took, err := p.tookChart(ctx, u)
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
		Tabs:   recordTabs(ctx, u.world, usagePath), Charts: []ui.ChartView{traffic, took}, Applications: p.usageTable(ctx, u), Reasons: p.usageReasons(ctx, u),
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
	u.ids, u.series, u.calls = u.own.Applications, recordview.Series{}, map[int64]store.Traffic{}
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
	calls, err := p.o.Store.CallsByTime(ctx, counts)
	if err != nil {
		return u, err
	}
	for _, t := range calls {
		b := u.span.BucketOf(t.Start)
		one := u.calls[b]
		one.Count, one.DurationMax, one.Took = one.Count+t.Count, max(one.DurationMax, t.DurationMax), one.Took.Plus(t.Took)
		u.calls[b] = one
	}
	if u.by, err = p.o.Store.TrafficByParty(ctx, counts); err != nil {
		return u, err
	}
	u.issued, err = p.o.Store.IssuedOn(ctx, u.ids, now.Format(time.DateOnly))
	return u, err
}

// trafficChart is what was issued and refused over time.
func (p *Portal) trafficChart(ctx context.Context, u usage) (ui.ChartView, error) {
	buckets := u.span.Buckets()
	v := ui.ChartView{
		ID: "usage", Title: i18n.T(ctx, i18n.OverviewChart),
		Series: []ui.Series{{Name: i18n.T(ctx, i18n.OverviewOpened), Colour: 1}, {Name: i18n.T(ctx, i18n.OverviewRefused), Colour: 3}},
	}
	for _, word := range []i18n.Key{i18n.OverviewIssued, i18n.OverviewOpened, i18n.OverviewCalls, i18n.OverviewRefused} {
		v.Table.Head = append(v.Table.Head, ui.Column{Text: i18n.T(ctx, word), Number: true})
	}
	return p.usageChart(ctx, u, v, func(b int64) []string {
		one, texts := []int64{b}, []string(nil)
		for _, n := range []int64{u.series.Sum(one, models.RollupAT).OK(), u.series.Sum(one, models.RollupVT).OK(), u.series.Sum(one, models.RollupCall).OK(), u.series.Sum(one).Refused} {
			texts = append(texts, i18n.Number(ctx, n))
		}
		return texts
	}, [][]float64{
		u.series.Line(buckets, func(b int64) int64 { return u.series.Sum([]int64{b}, models.RollupVT).OK() }),
		u.series.Line(buckets, func(b int64) int64 { return u.series.Sum([]int64{b}).Refused }),
	})
}

// tookChart is how long calls took over time, where there were any.
func (p *Portal) tookChart(ctx context.Context, u usage) (ui.ChartView, error) {
	v := ui.ChartView{ID: "took", Title: i18n.T(ctx, i18n.OwnCallsTook), Table: ui.TableView{Head: []ui.Column{{Text: i18n.T(ctx, i18n.OverviewCalls), Number: true}}}}
	percents := []int64{95, 50}
	lines := make([][]*float64, len(percents))
	for i, word := range []i18n.Key{i18n.OwnSlow, i18n.OwnMedian} {
		v.Series = append(v.Series, ui.Series{Name: i18n.T(ctx, word), Colour: i + 1})
		v.Table.Head = append(v.Table.Head, ui.Column{Text: i18n.T(ctx, word), Number: true})
		for _, b := range u.span.Buckets() {
			var ms *float64
			if d, known := u.calls[b].Took.Percentile(percents[i], u.calls[b].DurationMax); known {
				ms = new(float64(d.Microseconds()) / 1000)
			}
			lines[i] = append(lines[i], ms)
		}
	}
	return p.usageChart(ctx, u, v, func(b int64) []string {
		texts := []string{i18n.Number(ctx, u.calls[b].Count)}
		for _, percent := range percents {
			texts = append(texts, tookWords(ctx, u.calls[b].Took, percent, u.calls[b].DurationMax))
		}
		return texts
	}, lines)
}

// tookWords is how long all but the slowest calls took.
func tookWords(ctx context.Context, t models.Took, percent, longest int64) string {
	if d, known := t.Percentile(percent, longest); known {
		return i18n.Duration(ctx, d)
	}
	return "–"
}

// usageChart completes a chart: lines over the range's hours or days, and the same in words
// as a table, each of whose rows leads to its lines in the log.
func (p *Portal) usageChart(ctx context.Context, u usage, v ui.ChartView, row func(bucket int64) []string, lines any) (ui.ChartView, error) {
	buckets := u.span.Buckets()
	drawn, err := json.Marshal(map[string]any{"times": recordview.Times(buckets), "series": lines})
	head, unit := i18n.OverviewHour, i18n.OverviewByHour
	if u.span.Days {
		head, unit = i18n.OverviewDate, i18n.OverviewByDay
	}
	v.Unit, v.Drawn, v.Zone, v.Days, v.Open = i18n.T(ctx, unit), string(drawn), p.o.Zone.String(), u.span.Days, true
	v.Table.Caption, v.Table.Head = v.Title, append([]ui.Column{{Text: i18n.T(ctx, head)}}, v.Table.Head...)
	for i, b := range slices.Backward(buckets) {
		q := recordview.Query{World: string(u.world), From: strconv.FormatInt(b, 10), Until: strconv.FormatInt(u.span.End(buckets, i), 10)}
		cells := []ui.Cell{{Text: u.span.BucketWords(ctx, b), Href: q.Address(logPath)}}
		for _, text := range row(b) {
			cells = append(cells, ui.Cell{Text: text})
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: cells})
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
		named := ui.Cell{Text: u.names.Application(id), Second: id, Coded: true, Href: applicationPath(id)}
		if strings.Contains(named.Text, id) { // of two of one name the name has it
			named.Second = ""
		}
		row := []ui.Cell{named}
		for _, n := range []int64{counts[models.RollupAT], counts[models.RollupVT], counts[models.RollupCall], refused} {
			row = append(row, ui.Cell{Text: i18n.Number(ctx, n)})
		}
		for _, percent := range []int64{50, 95} {
			row = append(row, ui.Cell{Text: tookWords(ctx, took, percent, longest)})
		}
		left := ui.Cell{Text: i18n.T(ctx, i18n.LimitUnlimited)}
		if quota := u.names.Applications[id].DailyQuota; quota > 0 {
			rest := max(0, quota-u.issued[id])
			left = ui.Cell{Part: portal.QuotaLeft(i18n.T(ctx, i18n.OwnQuotaLeft, i18n.Number(ctx, rest), i18n.Number(ctx, quota)), rest, quota)}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: append(row, left)})
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
		cause, _ := recordview.ExplainToPartner(ctx, r.code, "", "")
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: r.code, Mono: true, Href: q.Address(path)}, {Text: cause}, {Text: i18n.Number(ctx, counts[r])}}})
	}
	t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.OwnNoRefusals), Text: i18n.T(ctx, i18n.OwnNoRefusalsText)})
	return t
}
