package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/records"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// logView is a page of the log on its way to the screen.
type logView struct {
	query  logQuery
	filter records.Filter
	page   records.Page
	names  records.Names
	found  bool // an id was looked for
}

// LogList shows the issuance log.
func (s *Console) LogList(c *gin.Context) error { return s.showLog(c, nil) }

// LogShow shows it with one row's drawer.
func (s *Console) LogShow(c *gin.Context) error {
	e, err := s.o.Records.Line(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.showLog(c, &e)
}

func (s *Console) showLog(c *gin.Context, chosen *models.Event) error {
	ctx := c.Request.Context()
	v, err := s.loadLog(c)
	if err != nil {
		return err
	}
	if err := s.traceReading(c, v.filter); err != nil {
		return err
	}
	page := console.LogPage{Frame: s.frame(c, i18n.T(ctx, i18n.LogTitle)), Filters: s.logFilters(ctx, v), Table: s.logTable(ctx, v, chosen)}
	if page.Paging, err = s.logPaging(ctx, v); err != nil {
		return err
	}
	page.Live, page.Note = s.logLive(ctx, v), s.logSearched(ctx, v)
	if entrance.VisitOf(c).Rights.May(policies.Permission{Resource: "log", Action: "export"}) {
		page.Export = v.query.but(func(*logQuery) {}).address(logPath + "/export")
	}
	if chosen != nil {
		page.Frame = s.frame(c, eventWord(ctx, chosen.Kind), layout.Crumb{Text: i18n.T(ctx, i18n.LogTitle), Href: v.query.address(logPath)})
		if page.Drawer, err = s.logDrawer(ctx, v, *chosen); err != nil {
			return err
		}
		if proof := proofLink(c, *chosen); proof != "" {
			page.Drawer.Facts.Rows = append(page.Drawer.Facts.Rows, ui.KeyValue{
				Key: i18n.T(ctx, i18n.EvidenceProof), Value: ui.Link(ui.LinkView{Text: i18n.T(ctx, i18n.EvidenceGetProof), Href: proof, Icon: "download"}),
			})
		}
	}
	return web.Render(c, http.StatusOK, console.Log(page))
}

func (s *Console) loadLog(c *gin.Context) (v logView, err error) {
	ctx := c.Request.Context()
	v.query = logQueryOf(c)
	if v.filter, err = v.query.filter(s.o.Now().In(s.o.Zone)); err != nil {
		return v, err
	}
	if v.names, err = s.o.Records.Names(ctx); err != nil {
		return v, err
	}
	if v.query.search != "" {
		v.found = true
		v.page.Rows, err = s.o.Records.Lookup(ctx, v.query.search)
		if errs.KindOf(err) == errs.NotFound {
			err = nil
		}
		return v, err
	}
	at, err := s.placeOf(v.query)
	if err != nil {
		return v, err
	}
	v.page, err = s.o.Records.Page(ctx, v.filter, at)
	return v, err
}

// traceReading puts on record what somebody reads who watches over the others.
func (s *Console) traceReading(c *gin.Context, f records.Filter) error {
	who := entrance.VisitOf(c).Who
	if !slices.Contains(who.Roles, models.AuditRole) {
		return nil
	}
	return s.o.Records.Looked(c.Request.Context(), who.Account.ID, f)
}

func (s *Console) logHead(ctx context.Context) []ui.Column {
	return []ui.Column{
		{Text: i18n.T(ctx, i18n.LogTime, s.o.Now().In(s.o.Zone).Format("-07:00"))}, {Text: i18n.T(ctx, i18n.LogEvent)},
		{Text: i18n.T(ctx, i18n.LogParty)}, {Text: i18n.T(ctx, i18n.LogService)}, {Text: i18n.T(ctx, i18n.LogCode)}, {Text: i18n.T(ctx, i18n.LogRequest)},
	}
}

func (s *Console) logTable(ctx context.Context, v logView, chosen *models.Event) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.LogTitle), Head: s.logHead(ctx)}
	for _, e := range v.page.Rows {
		t.Rows = append(t.Rows, s.logRow(ctx, v.query, v.names, e, chosen != nil && chosen.ID == e.ID))
	}
	text := i18n.LogEmptyText
	if v.found {
		text = i18n.LogNotFound
	}
	t.Empty = ui.Empty(ui.EmptyView{
		Title: i18n.T(ctx, i18n.LogEmpty), Text: i18n.T(ctx, text), Action: &ui.ButtonView{Text: i18n.T(ctx, i18n.LogClear), Href: logPath},
	})
	return t
}

func (s *Console) logRow(ctx context.Context, q logQuery, n records.Names, e models.Event, chosen bool) ui.Row {
	party := ui.Cell{Text: i18n.T(ctx, i18n.LogNobody), Tone: ui.Quiet}
	if e.ApplicationID != "" {
		party = ui.Cell{Text: n.Partner(e.PartnerID), Second: n.Application(e.ApplicationID)}
	}
	code := i18n.T(ctx, i18n.LogNone)
	if e.Outcome != "ok" {
		code = e.Outcome
	}
	return ui.Row{ID: "row-" + e.ID, Chosen: chosen, Cells: []ui.Cell{
		{Text: s.clock(ctx, e.At), Href: q.address(logPath + "/" + url.PathEscape(e.ID)), Mono: true},
		eventCell(ctx, e), party, {Text: n.Service(e.ServiceID)}, {Text: code, Mono: true}, {Part: ui.Mono(shortID(e.RequestID))},
	}}
}

// shortID is an id in a row: its end tells ids of one moment apart.
func shortID(id string) string {
	if len(id) <= 12 {
		return id
	}
	return id[:4] + "…" + id[len(id)-4:]
}

// logFilters are the bar: what is set, and what may be.
func (s *Console) logFilters(ctx context.Context, v logView) ui.FiltersView {
	f := ui.FiltersView{Action: logPath, Name: "q", Value: v.query.search, Search: i18n.T(ctx, i18n.LogSearch), Clear: logPath}
	f.Span = s.spanInput(logPath, v.query.but(func(q *logQuery) { q.time, q.from, q.until = "", "", "" }).values(), v.query.from, v.query.until)
	for _, part := range s.logFilterParts(ctx, v) {
		if part.value != "" {
			f.Set = append(f.Set, ui.FilterChip{Label: part.label, Value: part.value, Icon: part.icon, Remove: v.query.but(part.clear).address(logPath)})
		}
		if len(part.options) > 0 && (part.value == "" || part.always) {
			f.Offered = append(f.Offered, ui.FilterMenu{Label: part.label, Options: part.options})
		}
	}
	return f
}

// filterPart is one filter: set to value, or with what it may be set to.
type filterPart struct {
	label, value, icon string
	clear              func(*logQuery)
	options            []ui.LinkView
	always             bool // offered though it is set
}

func (s *Console) logFilterParts(ctx context.Context, v logView) []filterPart {
	q := v.query
	set := func(text string, change func(*logQuery)) ui.LinkView {
		return ui.LinkView{Text: text, Href: q.but(change).address(logPath)}
	}
	word := func(k i18n.Key) string { return i18n.T(ctx, k) }

	times := filterPart{
		label: word(i18n.LogFilterTime), icon: "clock", always: true,
		clear: func(q *logQuery) { q.time, q.from, q.until = timeAll, "", "" },
	}
	for _, t := range []struct {
		name string
		word i18n.Key
	}{{"1h", i18n.LogHour}, {timeToday, i18n.LogToday}, {"24h", i18n.LogDay}, {"7d", i18n.LogWeek}, {timeAll, i18n.LogAll}} {
		if cmp.Or(q.time, timeToday) == t.name && t.name != timeAll {
			times.value = word(t.word)
		}
		times.options = append(times.options, set(word(t.word), func(q *logQuery) { q.time, q.from, q.until = t.name, "", "" }))
	}
	if q.from != "" || q.until != "" {
		times.value = s.logSpan(ctx, v.filter)
	}
	event := filterPart{label: word(i18n.LogFilterEvent), value: word(groupWords[records.Group(q.event)]), clear: func(q *logQuery) { q.event = "" }}
	for _, g := range records.Groups {
		event.options = append(event.options, set(word(groupWords[g]), func(q *logQuery) { q.event = string(g) }))
	}
	env := filterPart{label: word(i18n.LogFilterEnv), clear: func(q *logQuery) { q.env = "" }}
	for _, e := range []struct {
		env  models.Environment
		word i18n.Key
	}{{models.Production, i18n.UIProduction}, {models.Sandbox, i18n.UISandbox}} {
		if q.env == string(e.env) {
			env.value = word(e.word)
		}
		env.options = append(env.options, set(word(e.word), func(q *logQuery) { q.env = string(e.env) }))
	}
	outcome := filterPart{label: word(i18n.LogFilterOutcome), clear: func(q *logQuery) { q.refused = false },
		options: []ui.LinkView{set(word(i18n.LogRefusedOnly), func(q *logQuery) { q.refused = true })}}
	if q.refused {
		outcome.value = word(i18n.LogRefusedOnly)
	}
	return append([]filterPart{times, event, env}, append(s.partyParts(ctx, v, set), outcome,
		filterPart{label: word(i18n.LogFilterCode), value: q.code, clear: func(q *logQuery) { q.code = "" }},
		filterPart{label: word(i18n.LogFilterWhy), value: q.why, clear: func(q *logQuery) { q.why = "" }},
	)...)
}

// maxOptions bounds a filter's list; what is not in it has a link elsewhere.
const maxOptions = 40

// partyParts are the filters by partner, application and service.
func (s *Console) partyParts(ctx context.Context, v logView, set func(string, func(*logQuery)) ui.LinkView) []filterPart {
	partner := filterPart{label: i18n.T(ctx, i18n.LogFilterPartner), clear: func(q *logQuery) { q.partner = "" }}
	if name, not := strings.CutPrefix(v.query.partner, "!"); not {
		partner.value = i18n.T(ctx, i18n.LogFilterNot, v.names.Partner(name))
	} else if name != "" {
		partner.value = v.names.Partner(name)
	}
	for _, id := range byName(v.names.Partners, func(p models.Partner) string { return p.Name }) {
		partner.options = append(partner.options, set(v.names.Partner(id), func(q *logQuery) { q.partner = id }))
	}
	app := filterPart{label: i18n.T(ctx, i18n.LogFilterApp), clear: func(q *logQuery) { q.app = "" }}
	if v.query.app != "" {
		app.value = v.names.Application(v.query.app)
	}
	for _, id := range byName(v.names.Applications, func(a models.Application) string { return a.Name }) {
		app.options = append(app.options, set(v.names.Application(id), func(q *logQuery) { q.app = id }))
	}
	service := filterPart{label: i18n.T(ctx, i18n.LogFilterService), clear: func(q *logQuery) { q.service = "" }}
	if v.query.service != "" {
		service.value = v.names.Service(v.query.service)
	}
	for _, id := range byName(v.names.Services, func(x models.Service) string { return x.Name }) {
		service.options = append(service.options, set(v.names.Service(id), func(q *logQuery) { q.service = id }))
	}
	return []filterPart{partner, app, service}
}

// byName lists ids by the names of what they are of, maxOptions at most.
func byName[T any](all map[string]T, name func(T) string) []string {
	ids := make([]string, 0, len(all))
	for id := range all {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(name(all[a]), name(all[b])), cmp.Compare(a, b)) })
	return ids[:min(len(ids), maxOptions)]
}

func (s *Console) logSpan(ctx context.Context, f records.Filter) string {
	until := s.o.Now().UnixMilli()
	if f.Until != 0 {
		until = f.Until
	}
	return i18n.T(ctx, i18n.LogSpan, i18n.Stamp(ctx, s.InZone(f.From)), i18n.Stamp(ctx, s.InZone(until)))
}

// spanInput asks for a window of one's own: from and until are those of the
// address, and kept are its other filters.
func (s *Console) spanInput(action string, kept url.Values, from, until string) *ui.SpanView {
	local := func(text string) string {
		ms, err := moment(text, s.o.Zone)
		if err != nil || ms == 0 {
			return ""
		}
		return s.InZone(ms).Format("2006-01-02T15:04")
	}
	return &ui.SpanView{Action: action, Kept: hidden(kept), From: local(from), Until: local(until)}
}

// logPaging is the foot. Rows are numbered on the first page only: nobody counts
// those before a later one.
func (s *Console) logPaging(ctx context.Context, v logView) (ui.PagingView, error) {
	rows := v.page.Rows
	if v.found {
		return ui.PagingView{Words: i18n.T(ctx, i18n.LogFound, len(rows))}, nil
	}
	p := ui.PagingView{Newer: s.goOn(v.query, newer, v.page.Newer), Older: s.goOn(v.query, older, v.page.Older)}
	total, known, err := s.o.Records.Total(ctx, v.filter)
	if err != nil || len(rows) == 0 {
		p.Words = i18n.T(ctx, i18n.LogFound, 0)
		return p, err
	}
	known = known && total >= int64(len(rows))
	switch first, last := s.clock(ctx, rows[0].At), s.clock(ctx, rows[len(rows)-1].At); {
	case v.page.Newer == "":
		p.First, p.Last = "1", i18n.Number(ctx, int64(len(rows)))
		if known && v.page.Older != "" {
			p.About, p.Total = true, i18n.Number(ctx, total)
		}
	case known:
		p.Words = i18n.T(ctx, i18n.LogSpanOf, first, last, i18n.Number(ctx, total))
	default:
		p.Words = i18n.T(ctx, i18n.LogSpan, first, last)
	}
	return p, nil
}

// logSearched says how far it was looked where the page did not get full.
func (s *Console) logSearched(ctx context.Context, v logView) *ui.NoteView {
	if v.page.SearchedTo == 0 {
		return nil
	}
	words, on := i18n.LogSearched, s.goOn(v.query, older, v.page.Older)
	if at, err := s.placeOf(v.query); err == nil && at.Newer {
		words, on = i18n.LogSearchedNew, s.goOn(v.query, newer, v.page.Newer)
	}
	return &ui.NoteView{
		Tone: ui.Accent, Text: i18n.T(ctx, words, s.clock(ctx, v.page.SearchedTo)), Links: []ui.LinkView{{Text: i18n.T(ctx, i18n.LogGoOn), Href: on}},
	}
}

func (s *Console) logLive(ctx context.Context, v logView) *console.LogLive {
	if v.found || v.query.place != "" || !v.filter.Followed() {
		return nil
	}
	after := ""
	if len(v.page.Rows) > 0 {
		after = v.page.Rows[0].ID
	}
	values := v.query.values()
	values.Set("after", after)
	pause, goOn := v.query, v.query
	pause.paused, goOn.paused = true, false
	rate := i18n.T(ctx, i18n.LogRate, "0")
	return &console.LogLive{
		Stream: logPath + "/stream?" + values.Encode(), Pause: pause.address(logPath), Go: goOn.address(logPath), Paused: v.query.paused,
		Words: i18n.T(ctx, i18n.LogRate, "%s"), Follow: rate, One: i18n.T(ctx, i18n.UINewRows, 1), Many: i18n.T(ctx, i18n.UINewRows, 0),
		Rush: i18n.T(ctx, i18n.LogRush),
	}
}
