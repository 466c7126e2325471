package console

import (
	"cmp"
	"slices"
	"time"

	"github.com/a-h/templ"

	"postern/app/recordview"
	"postern/app/store"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const (
	partnersLookedAt = 5
	// slowFrom is from which p95 on calls are slow, and slowCalls of how many at least.
	slowFrom  = 300 * time.Millisecond
	slowCalls = 20
	// eightHours is how far back a partner's line goes.
	eightHours = 8
)

// party is how a partner does.
type party struct {
	id             string
	visits         int64
	all, refused   int64
	refusedCalls   int64 // of those refused
	calls          store.Traffic
	codes          map[reason]int64
	often          reason // its most frequent refusal
	p95            time.Duration
	timed          bool
	refuses, lates bool
}

// partners adds up what was counted by partner.
func (p parties) partners(o overview) []*party {
	all := map[string]*party{}
	for _, t := range p {
		id := o.names.Applications[t.ApplicationID].PartnerID
		if id == "" {
			continue // callers who proved to be nobody
		}
		if all[id] == nil {
			all[id] = &party{id: id, codes: map[reason]int64{}}
		}
		all[id].add(t)
	}
	list := make([]*party, 0, len(all))
	for _, x := range all {
		x.judge()
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b *party) int {
		return cmp.Or(cmp.Compare(b.worry(), a.worry()), cmp.Compare(b.visits, a.visits), cmp.Compare(a.id, b.id))
	})
	return list
}

func (x *party) add(t store.Traffic) {
	x.all += t.Count
	switch {
	case t.Outcome != "ok":
		x.refused += t.Count
		if t.Kind == models.RollupCall {
			x.refusedCalls += t.Count
		}
		x.codes[reason{code: t.Outcome, call: t.Kind == models.RollupCall}] += t.Count
	case t.Kind == models.RollupVT:
		x.visits += t.Count
	}
	if t.Kind == models.RollupCall {
		x.calls = together(x.calls, t)
	}
}

// judge finds out what stands out.
func (x *party) judge() {
	for r, n := range x.codes {
		if n > x.often.count || n == x.often.count && r.code < x.often.code {
			x.often = reason{r.code, r.call, n}
		}
	}
	x.p95, x.timed = x.calls.Took.Percentile(95, x.calls.DurationMax)
	x.refuses = x.all >= alarmingFrom && x.refused*100 >= x.all*alarmingShare || x.fails()
	x.lates = x.timed && x.p95 >= slowFrom && x.calls.Count >= slowCalls
}

// fails tells whether nearly nothing goes well: this few requests show as well as many.
func (x *party) fails() bool { return x.refused > 0 && x.refused*100 >= x.all*nearlyAll }

// worry orders partners: who is refused most first, then who is slow.
func (x *party) worry() int64 {
	switch {
	case x.refuses:
		return 2_000 + x.refused*1000/x.all
	case x.lates:
		return min(1_999, 1_000+x.p95.Milliseconds()/10)
	}
	return 0
}

// partnersPart is the partners that stand out, and after them the busiest.
func (s *Console) partnersPart(o overview) (templ.Component, error) {
	by, err := o.parties()
	if err != nil {
		return nil, err
	}
	all := by.partners(o)
	shown := all[:min(len(all), partnersLookedAt)]
	lines, err := s.eightHourLines(o, shown)
	if err != nil {
		return nil, err
	}
	t := ui.TableView{Caption: i18n.T(o.ctx, i18n.OverviewLookAt), Head: []ui.Column{
		{Text: i18n.T(o.ctx, i18n.KindPartner)}, {Text: i18n.T(o.ctx, i18n.OverviewVisits), Number: true}, {Text: i18n.T(o.ctx, i18n.OverviewShare), Number: true},
		{Text: i18n.T(o.ctx, i18n.OverviewP95), Number: true}, {Text: i18n.T(o.ctx, i18n.OverviewLastEight), Number: true}, {Text: i18n.T(o.ctx, i18n.OverviewStandsOut)},
	}}
	for _, x := range shown {
		t.Rows = append(t.Rows, s.partyRow(o, x, lines[x.id]))
	}
	t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(o.ctx, i18n.OverviewQuiet), Text: i18n.T(o.ctx, i18n.OverviewQuietDo)})
	card := ui.CardView{Title: i18n.T(o.ctx, i18n.OverviewLookAt), Action: ui.Link(ui.LinkView{Text: i18n.T(o.ctx, i18n.OverviewAll), Href: partnersPath})}
	if len(all) > 0 {
		card.Aside = i18n.T(o.ctx, i18n.OverviewLookAtOf, len(shown), len(all))
	}
	return console.OverviewTable(card, t), nil
}

func (s *Console) partyRow(o overview, x *party, line []float64) ui.Row {
	visits := spanLog(o.span, x.id)
	visits.Event = "vt_issued"
	p95 := ui.Cell{Text: "–", Tone: ui.Quiet}
	if x.timed {
		p95 = number(i18n.Duration(o.ctx, x.p95), callQuery{from: whole(o.span.From.UnixMilli()), partner: x.id}.address(), x.lates, ui.Warn)
	}
	return ui.Row{Cells: []ui.Cell{
		{Text: o.names.Partner(x.id), Href: partnerPath(x.id)},
		number(i18n.Number(o.ctx, x.visits), visits.Address(logPath), false, ""),
		s.refusedShare(o, x),
		p95, {Part: ui.Spark(ui.SparkView{Values: line})}, s.standsOut(o, x),
	}}
}

// refusedShare leads to where the refusals stand: the log has no calls.
func (s *Console) refusedShare(o overview, x *party) ui.Cell {
	share := percentOf(x.refused, x.all)
	if x.refused == 0 {
		return ui.Cell{Text: share}
	}
	return number(share, s.refusedHref(o, x.refusedCalls == x.refused, "", x.id), x.refuses, ui.Bad)
}

// number is a cell that leads to the list behind it.
func number(text, href string, loud bool, tone ui.Tone) ui.Cell {
	v := console.OverviewNumber{Text: text, Href: href}
	if loud {
		v.Tone = tone
	}
	return ui.Cell{Part: console.NumberLink(v)}
}

func (s *Console) standsOut(o overview, x *party) ui.Cell {
	switch {
	case x.refuses:
		words := i18n.OverviewMostly
		switch {
		case x.refused == x.all:
			words = i18n.OverviewAllRefused
		case x.fails():
			words = i18n.OverviewNearlyAll
		}
		text := i18n.T(o.ctx, words, i18n.Number(o.ctx, x.often.count), x.often.code)
		return number(text, s.refusedHref(o, x.often.call, x.often.code, x.id), true, ui.Bad)
	case x.lates:
		return ui.Cell{Text: i18n.T(o.ctx, i18n.OverviewSlow), Tone: ui.Warn}
	}
	return ui.Cell{Text: i18n.T(o.ctx, i18n.OverviewSteady)}
}

// eightHourLines counts the visits of partners by hour, the one that is not over
// left out.
func (s *Console) eightHourLines(o overview, shown []*party) (map[string][]float64, error) {
	ids := []string{}
	for id, a := range o.names.Applications {
		if slices.ContainsFunc(shown, func(x *party) bool { return x.id == a.PartnerID }) {
			ids = append(ids, id)
		}
	}
	until := recordview.HourOf(o.span.Now)
	from := until.Add(-eightHours * time.Hour)
	counts, err := s.o.Store.HourlyVisits(o.ctx, ids, from.UnixMilli(), until.UnixMilli())
	if err != nil {
		return nil, err
	}
	lines := map[string][]float64{}
	for _, x := range shown {
		lines[x.id] = make([]float64, eightHours)
	}
	for id, byHour := range counts {
		for start, n := range byHour {
			lines[o.names.Applications[id].PartnerID][(start-from.UnixMilli())/time.Hour.Milliseconds()] += float64(n)
		}
	}
	return lines, nil
}
