package recordview

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"postern/app/errs"
	"postern/app/records"
	"postern/models"
	"postern/views/i18n"
	"postern/views/recordview"
	"postern/views/ui"
)

// List is a page of the log on its way to the screen.
type List struct {
	Query  Query
	Filter records.Filter
	Page   records.Page
	Names  records.Names
	Found  bool // an id was looked for
}

// Load reads the page that a query asks for. f is the query's filter.
func (v View) Load(ctx context.Context, from Source, q Query, f records.Filter, names records.Names) (List, error) {
	l := List{Query: q, Filter: f, Names: names}
	var err error
	if q.Search != "" {
		l.Found = true
		l.Page.Rows, err = from.Lookup(ctx, q.Search)
		if errs.KindOf(err) == errs.NotFound {
			err = nil
		}
		return l, err
	}
	at, err := v.placeOf(q)
	if err != nil {
		return l, err
	}
	l.Page, err = from.Page(ctx, f, at)
	return l, err
}

// Show makes the page's view, with the drawer of one of its lines; nil for none.
func (v View) Show(ctx context.Context, from Source, l List, chosen *models.Event) (view recordview.LogView, err error) {
	view = recordview.LogView{Filters: v.Filters(ctx, l), Table: v.table(ctx, l, chosen), Live: v.live(ctx, l), Note: v.searched(ctx, l)}
	if view.Paging, err = v.paging(ctx, from, l); err != nil {
		return view, err
	}
	if chosen != nil {
		view.Drawer, err = v.drawer(ctx, from, l, *chosen)
	}
	return view, err
}

func (v View) head(ctx context.Context) []ui.Column {
	return []ui.Column{
		{Text: i18n.T(ctx, i18n.LogTime, v.Now().In(v.Zone).Format("-07:00"))}, {Text: i18n.T(ctx, i18n.LogEvent)},
		{Text: i18n.T(ctx, v.partyWord())}, {Text: i18n.T(ctx, i18n.LogService)}, {Text: i18n.T(ctx, i18n.LogCode)}, {Text: i18n.T(ctx, i18n.LogRequest)},
	}
}

func (v View) table(ctx context.Context, l List, chosen *models.Event) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.LogTitle), Head: v.head(ctx)}
	for _, e := range l.Page.Rows {
		t.Rows = append(t.Rows, v.row(ctx, l.Query, l.Names, e, chosen != nil && chosen.ID == e.ID))
	}
	text := i18n.LogEmptyText
	if l.Found {
		text = i18n.LogNotFound
	}
	t.Empty = ui.Empty(ui.EmptyView{
		Title: i18n.T(ctx, i18n.LogEmpty), Text: i18n.T(ctx, text), Action: &ui.ButtonView{Text: i18n.T(ctx, i18n.LogClear), Href: v.fresh(l.Query)},
	})
	return t
}

func (v View) row(ctx context.Context, q Query, n records.Names, e models.Event, chosen bool) ui.Row {
	party := ui.Cell{Text: i18n.T(ctx, i18n.LogNobody), Tone: ui.Quiet}
	if e.ApplicationID != "" {
		party = v.party(n, e.PartnerID, e.ApplicationID)
	}
	code := i18n.T(ctx, i18n.LogNone)
	if e.Outcome != "ok" {
		code = e.Outcome
	}
	return ui.Row{ID: "row-" + e.ID, Chosen: chosen, Cells: []ui.Cell{
		{Text: v.Clock(ctx, e.At), Href: q.Address(v.Log + "/" + url.PathEscape(e.ID)), Mono: true},
		EventCell(ctx, e), party, {Text: cmp.Or(n.Service(e.ServiceID), i18n.T(ctx, i18n.LogNone))}, {Text: code, Mono: true}, {Part: ui.Mono(ShortID(e.RequestID))},
	}}
}

// partyWord is over the rows' parties.
func (v View) partyWord() i18n.Key {
	if v.Own {
		return i18n.LogApp
	}
	return i18n.LogParty
}

// party is whose a row is.
func (v View) party(n records.Names, partner, application string) ui.Cell {
	if v.Own {
		return ui.Cell{Text: n.Application(application)}
	}
	return ui.Cell{Text: n.Partner(partner), Second: n.Application(application)}
}

// ShortID is an id in a row: its end tells ids of one moment apart.
func ShortID(id string) string {
	if len(id) <= 12 {
		return id
	}
	return id[:4] + "…" + id[len(id)-4:]
}

// Filters are the bar: what is set, and what may be.
func (v View) Filters(ctx context.Context, l List) ui.FiltersView {
	f := ui.FiltersView{Action: v.Log, Name: "q", Value: l.Query.Search, Search: i18n.T(ctx, v.searchWord()), Clear: v.fresh(l.Query)}
	if v.Own {
		f.Kept = []ui.Hidden{{Name: "world", Value: l.Query.World}}
	}
	f.Span = v.SpanInput(v.Log, l.Query.But(func(q *Query) { q.Time, q.From, q.Until = "", "", "" }).Values(), l.Query.From, l.Query.Until)
	for _, part := range v.parts(ctx, l) {
		if part.value != "" {
			f.Set = append(f.Set, ui.FilterChip{Label: part.label, Value: part.value, Icon: part.icon, Options: part.others, Remove: l.Query.But(part.clear).Address(v.Log)})
		} else if len(part.options) > 0 {
			f.Offered = append(f.Offered, ui.FilterMenu{Label: part.label, Options: part.options})
		}
	}
	return f
}

// Said are a list's filters in words.
func (v View) Said(ctx context.Context, l List) []ui.KeyValue {
	rows := []ui.KeyValue{{Key: i18n.T(ctx, i18n.LogFilterTime), Value: ui.Text(v.Span(ctx, l.Filter.From, l.Filter.Until))}}
	for _, part := range v.parts(ctx, l)[1:] {
		if part.value != "" {
			rows = append(rows, ui.KeyValue{Key: part.label, Value: ui.Text(part.value)})
		}
	}
	return rows
}

// fresh is the log without a filter.
func (v View) fresh(q Query) string { return Query{World: q.World}.Address(v.Log) }

// searchWord says which ids may be looked for.
func (v View) searchWord() i18n.Key {
	switch {
	case v.Calls:
		return i18n.OwnCallSearch
	case v.Own:
		return i18n.OwnSearch
	}
	return i18n.LogSearch
}

// filterPart is one filter: set to value, or with what it may be set to.
type filterPart struct {
	label, value, icon string
	clear              func(*Query)
	options            []ui.LinkView
	others             []ui.LinkView // values that a set one is changed for
}

func (v View) parts(ctx context.Context, l List) []filterPart {
	q := l.Query
	set := func(text string, change func(*Query)) ui.LinkView {
		return ui.LinkView{Text: text, Href: q.But(change).Address(v.Log)}
	}
	word := func(k i18n.Key) string { return i18n.T(ctx, k) }

	times := filterPart{
		label: word(i18n.LogFilterTime), icon: "clock",
		clear: func(q *Query) { q.Time, q.From, q.Until = TimeAll, "", "" },
	}
	for _, t := range []struct {
		name string
		word i18n.Key
	}{{"1h", i18n.LogHour}, {TimeToday, i18n.LogToday}, {"24h", i18n.LogDay}, {"7d", i18n.LogWeek}, {TimeAll, i18n.LogAll}} {
		if cmp.Or(q.Time, TimeToday) == t.name && t.name != TimeAll {
			times.value = word(t.word)
		}
		times.options = append(times.options, set(word(t.word), func(q *Query) { q.Time, q.From, q.Until = t.name, "", "" }))
	}
	times.others = times.options
	if q.From != "" || q.Until != "" {
		times.value = v.Span(ctx, l.Filter.From, l.Filter.Until)
	}
	event := filterPart{label: word(i18n.LogFilterEvent), value: word(GroupWords[records.Group(q.Event)]), clear: func(q *Query) { q.Event = "" }}
	for _, g := range v.groups() {
		event.options = append(event.options, set(word(GroupWords[g]), func(q *Query) { q.Event = string(g) }))
	}
	env := filterPart{label: word(i18n.LogFilterEnv), clear: func(q *Query) { q.Env = "" }}
	for _, e := range []struct {
		env  models.Environment
		word i18n.Key
	}{{models.Production, i18n.UIProduction}, {models.Sandbox, i18n.UISandbox}} {
		if q.Env == string(e.env) {
			env.value = word(e.word)
		}
		env.options = append(env.options, set(word(e.word), func(q *Query) { q.Env = string(e.env) }))
	}
	outcome := filterPart{label: word(i18n.LogFilterOutcome), clear: func(q *Query) { q.Refused = false },
		options: []ui.LinkView{set(word(i18n.LogRefusedOnly), func(q *Query) { q.Refused = true })}}
	if q.Refused {
		outcome.value = word(i18n.LogRefusedOnly)
	}
	first := []filterPart{times}
	if !v.Calls {
		first = append(first, event)
	}
	if !v.Own {
		first = append(first, env)
	}
	return append(first, append(v.partyParts(ctx, l, set), outcome,
		filterPart{label: word(i18n.LogFilterCode), value: q.Code, clear: func(q *Query) { q.Code = "" }},
		filterPart{label: word(i18n.LogFilterWhy), value: q.Why, clear: func(q *Query) { q.Why = "" }},
	)...)
}

// groups are the kinds of lines that are there to be filtered by.
func (v View) groups() []records.Group {
	if v.Own {
		return records.OwnGroups
	}
	return records.Groups
}

// MaxOptions bounds a filter's list; what is not in it has a link elsewhere.
const MaxOptions = 40

// partyParts are the filters by partner, application and service.
func (v View) partyParts(ctx context.Context, l List, set func(string, func(*Query)) ui.LinkView) []filterPart {
	partner := filterPart{label: i18n.T(ctx, i18n.LogFilterPartner), clear: func(q *Query) { q.Partner = "" }}
	if name, not := strings.CutPrefix(l.Query.Partner, "!"); not {
		partner.value = i18n.T(ctx, i18n.LogFilterNot, l.Names.Partner(name))
	} else if name != "" {
		partner.value = l.Names.Partner(name)
	}
	for _, id := range ByName(l.Names.Partners, func(p models.Partner) string { return p.Name }) {
		partner.options = append(partner.options, set(l.Names.Partner(id), func(q *Query) { q.Partner = id }))
	}
	app := filterPart{label: i18n.T(ctx, i18n.LogFilterApp), clear: func(q *Query) { q.App = "" }}
	if l.Query.App != "" {
		app.value = l.Names.Application(l.Query.App)
	}
	for _, id := range ByName(l.Names.Applications, func(a models.Application) string { return a.Name }) {
		app.options = append(app.options, set(l.Names.Application(id), func(q *Query) { q.App = id }))
	}
	service := filterPart{label: i18n.T(ctx, i18n.LogFilterService), clear: func(q *Query) { q.Service = "" }}
	if l.Query.Service != "" {
		service.value = l.Names.Service(l.Query.Service)
	}
	for _, id := range ByName(l.Names.Services, func(x models.Service) string { return x.Name }) {
		service.options = append(service.options, set(l.Names.Service(id), func(q *Query) { q.Service = id }))
	}
	if v.Own {
		return []filterPart{app, service}
	}
	return []filterPart{partner, app, service}
}

// ByName lists ids by the names of what they are of, MaxOptions at most.
func ByName[T any](all map[string]T, name func(T) string) []string {
	ids := make([]string, 0, len(all))
	for id := range all {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(name(all[a]), name(all[b])), cmp.Compare(a, b)) })
	return ids[:min(len(ids), MaxOptions)]
}

// Span says a window of time, [from, until), Unix ms; an until of 0 is now.
func (v View) Span(ctx context.Context, from, until int64) string {
	if until == 0 {
		until = v.Now().UnixMilli()
	}
	return i18n.T(ctx, i18n.LogSpan, i18n.Stamp(ctx, v.inZone(from)), i18n.Stamp(ctx, v.inZone(until)))
}

// SpanInput asks for a window of one's own: from and until are those of the
// address, and kept are its other filters.
func (v View) SpanInput(action string, kept url.Values, from, until string) *ui.SpanView {
	local := func(text string) string {
		ms, err := Moment(text, v.Zone)
		if err != nil || ms == 0 {
			return ""
		}
		return v.inZone(ms).Format("2006-01-02T15:04")
	}
	return &ui.SpanView{Action: action, Kept: Hidden(kept), From: local(from), Until: local(until)}
}

// Foot is the foot of a list of n rows that nobody counts: first says that it is the
// list's first page, more that there are rows after it.
func Foot(ctx context.Context, n int, first, more bool) ui.PagingView {
	switch {
	case n == 0: // the list says so itself
		return ui.PagingView{}
	case first && !more:
		return ui.PagingView{Words: i18n.T(ctx, i18n.LogFound, n)}
	case first:
		return ui.PagingView{First: "1", Last: i18n.Number(ctx, int64(n))}
	}
	return ui.PagingView{Words: " "}
}

// paging is the foot. Rows are numbered on the first page only: nobody counts
// those before a later one.
func (v View) paging(ctx context.Context, from Source, l List) (ui.PagingView, error) {
	rows := l.Page.Rows
	if l.Found {
		return Foot(ctx, len(rows), true, false), nil
	}
	p := ui.PagingView{Newer: v.goOn(l.Query, Newer, l.Page.Newer), Older: v.goOn(l.Query, Older, l.Page.Older)}
	total, known, err := from.Total(ctx, l.Filter)
	if err != nil || len(rows) == 0 {
		if p != (ui.PagingView{}) {
			p.Words = " "
		}
		return p, err
	}
	known = known && total >= int64(len(rows))
	switch first, last := v.Clock(ctx, rows[0].At), v.Clock(ctx, rows[len(rows)-1].At); {
	case l.Page.Newer == "":
		p.First, p.Last = "1", i18n.Number(ctx, int64(len(rows)))
		if known && l.Page.Older != "" {
			p.About, p.Total = true, i18n.Number(ctx, total)
		}
	case known:
		p.Words = i18n.T(ctx, i18n.LogSpanOf, first, last, i18n.Number(ctx, total))
	default:
		p.Words = i18n.T(ctx, i18n.LogSpan, first, last)
	}
	return p, nil
}

// searched says how far it was looked where the page did not get full.
func (v View) searched(ctx context.Context, l List) *ui.NoteView {
	if l.Page.SearchedTo == 0 {
		return nil
	}
	words, on := i18n.LogSearched, v.goOn(l.Query, Older, l.Page.Older)
	if at, err := v.placeOf(l.Query); err == nil && at.Newer {
		words, on = i18n.LogSearchedNew, v.goOn(l.Query, Newer, l.Page.Newer)
	}
	return &ui.NoteView{
		Tone: ui.Accent, Text: i18n.T(ctx, words, v.Clock(ctx, l.Page.SearchedTo)), Links: []ui.LinkView{{Text: i18n.T(ctx, i18n.LogGoOn), Href: on}},
	}
}

func (v View) live(ctx context.Context, l List) *recordview.LogLive {
	if l.Found || l.Query.Place != "" || !l.Filter.Followed() {
		return nil
	}
	after := ""
	if len(l.Page.Rows) > 0 {
		after = l.Page.Rows[0].ID
	}
	values := l.Query.Values()
	values.Set("after", after)
	pause, goOn := l.Query, l.Query
	pause.Paused, goOn.Paused = true, false
	rate := i18n.T(ctx, i18n.LogRate, "0")
	return &recordview.LogLive{
		Stream: v.Log + "/stream?" + values.Encode(), Pause: pause.Address(v.Log), Go: goOn.Address(v.Log), Paused: l.Query.Paused,
		Words: i18n.T(ctx, i18n.LogRate, "%s"), Follow: rate, One: i18n.T(ctx, i18n.UINewRows, 1), Many: i18n.T(ctx, i18n.UINewRows, 0),
		Rush: i18n.T(ctx, i18n.LogRush),
	}
}
