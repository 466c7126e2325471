package console

import (
	"fmt"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"postern/app/entrance"
	"postern/app/recordview"
	"postern/app/store"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// What the overview's parts ask for.
var (
	readsLogRight      = policies.Permission{Resource: "log", Action: "read"}
	readsBusinessRight = policies.Permission{Resource: "business", Action: "read"}
)

func (o overview) may(p policies.Permission) bool { return entrance.VisitOf(o.c).Rights.May(p) }

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// liveTiles is the tiles in the frame that asks for them again.
func (s *Console) liveTiles(o overview) templ.Component {
	if !o.may(readsLogRight) {
		return nil
	}
	return console.OverviewLive(console.OverviewLivePart{
		ID: "now-tiles", Address: overviewAddress(overviewPath+"/now/tiles", o.span.Name, o.partner), Body: s.tilesPart(o),
	})
}

// tilesPart is five numbers.
func (s *Console) tilesPart(o overview) templ.Component {
	return s.part(o, i18n.ConsoleOverview, func() (templ.Component, error) {
		live, more, err := s.liveNow(o.ctx)
		if err != nil {
			return nil, err
		}
		all, err := o.series()
		if err != nil {
			return nil, err
		}
		_, earlier := o.span.Counts(o.apps)
		list, err := s.trafficByTime(o, earlier)
		if err != nil {
			return nil, err
		}
		before := map[models.RollupKind]*recordview.Tally{}
		for _, t := range list {
			if before[t.Kind] == nil {
				before[t.Kind] = &recordview.Tally{}
			}
			before[t.Kind].Add(t)
		}
		by, err := o.parties()
		if err != nil {
			return nil, err
		}
		calls := by.calls()
		return ui.Tiles(ui.TilesView{Tiles: o.tiles(all, before, calls, o.liveTile(live, more))}), nil
	})
}

// calls is how long calls took, all together.
func (p parties) calls() (sum store.Traffic) {
	for _, t := range p {
		if t.Kind == models.RollupCall {
			sum = together(sum, t)
		}
	}
	return sum
}

// together adds up counts of calls.
func together(a, b store.Traffic) store.Traffic {
	a.Count, a.UpstreamSum, a.DurationMax = a.Count+b.Count, a.UpstreamSum+b.UpstreamSum, max(a.DurationMax, b.DurationMax)
	a.Took = a.Took.Plus(b.Took)
	return a
}

func (o overview) liveTile(kinds []store.LiveKind, more bool) ui.Tile {
	var total int64
	applications := map[string]bool{}
	for _, k := range kinds {
		if o.partner == "" || k.PartnerID == o.partner {
			total += k.Visits
			applications[k.ApplicationID] = true
		}
	}
	number := liveNumber(o.ctx, total, more)
	return ui.Tile{Label: i18n.T(o.ctx, i18n.OverviewLive), Number: number, Note: i18n.T(o.ctx, i18n.OverviewLiveOf, len(applications)), Href: livePath}
}

func (o overview) tiles(all recordview.Series, before map[models.RollupKind]*recordview.Tally, calls store.Traffic, live ui.Tile) []ui.Tile {
	buckets := o.span.Buckets()
	over := buckets[:len(buckets)-1]
	kind := func(label i18n.Key, k models.RollupKind, event string) ui.Tile {
		q := spanLog(o.span, o.partner)
		q.Event = event
		was := recordview.Tally{}
		if b := before[k]; b != nil {
			was = *b
		}
		return ui.Tile{
			Label: i18n.T(o.ctx, label), Number: i18n.Number(o.ctx, all.Sum(buckets, k).OK()), Href: q.Address(logPath),
			Note:  o.compared(all.Sum(over, k).OK(), was.OK()),
			Spark: all.Line(buckets, func(b int64) int64 { return all.Sum([]int64{b}, k).OK() }),
		}
	}
	issued := kind(i18n.OverviewIssued, models.RollupAT, "at_issued")
	opened := kind(i18n.OverviewOpened, models.RollupVT, "vt_issued")
	if n := all.Sum(buckets, models.RollupAT).OK(); n > 0 {
		opened.Note = i18n.T(o.ctx, i18n.OverviewRedeemed, percentOf(all.Sum(buckets, models.RollupVT).OK(), n))
	}
	sealed := kind(i18n.OverviewCalls, models.RollupCall, "")
	sealed.Href = callQuery{from: whole(o.span.From.UnixMilli()), partner: o.partner}.address()
	sealed.Note = i18n.T(o.ctx, i18n.OverviewNoTimes)
	if p95, known := calls.Took.Percentile(95, calls.DurationMax); known {
		upstream := time.Duration(calls.UpstreamSum/max(1, calls.Count)) * time.Microsecond
		sealed.Note = i18n.T(o.ctx, i18n.OverviewTook, i18n.Duration(o.ctx, p95), i18n.Duration(o.ctx, upstream))
	}
	return []ui.Tile{live, issued, opened, sealed, o.refusedTile(all, before, buckets, over)}
}

func (o overview) refusedTile(all recordview.Series, before map[models.RollupKind]*recordview.Tally, buckets, over []int64) ui.Tile {
	was := recordview.Tally{}
	for _, b := range before {
		was.All, was.Refused = was.All+b.All, was.Refused+b.Refused
	}
	sum, past := all.Sum(buckets), all.Sum(over)
	tile := ui.Tile{
		// Calls are in no list with the others: the reasons lead to one or the other.
		Label: i18n.T(o.ctx, i18n.OverviewRefused), Number: percentOf(sum.Refused, sum.All), Href: overviewAddress(overviewPath, o.span.Name, o.partner) + "#why",
		Note:  i18n.T(o.ctx, i18n.OverviewTimes, i18n.Number(o.ctx, sum.Refused)),
		Spark: all.Line(buckets, func(b int64) int64 { return all.Sum([]int64{b}).Refused }),
	}
	if past.All > 0 && was.All > 0 {
		points := 100 * (float64(past.Refused)/float64(past.All) - float64(was.Refused)/float64(was.All))
		tile.Note = i18n.T(o.ctx, i18n.OverviewPoints, i18n.Number(o.ctx, sum.Refused), fmt.Sprintf("%+.1f", points))
	}
	if sum.All >= alarmingFrom && sum.Refused*100 >= sum.All*alarmingShare {
		tile.Tone = ui.Bad
	}
	return tile
}

// From how many answers on, and from which share of them, refusals call for action.
const (
	alarmingFrom  = 50
	alarmingShare = 10 // percent
	nearlyAll     = 90 // percent; from one answer on
)

// compared says how much more there was than before, of what is over.
func (o overview) compared(now, before int64) string {
	if before == 0 {
		return i18n.T(o.ctx, i18n.OverviewNone)
	}
	change := fmt.Sprintf("%+.1f%%", 100*(float64(now)/float64(before)-1))
	if o.span.Name == recordview.TimeToday {
		return i18n.T(o.ctx, i18n.OverviewMore, change, i18n.Weekday(o.ctx, o.span.Before), o.span.Last.Format("15:04"))
	}
	return i18n.T(o.ctx, i18n.OverviewMoreOn, change, i18n.T(o.ctx, o.span.Word))
}

// percentOf is a share to a tenth; of nothing it is 0.
func percentOf(part, of int64) string {
	if of == 0 || part == 0 {
		return "0%"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(of))
}
