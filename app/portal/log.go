package portal

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/limit"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/i18n"
	"postern/views/portal"
	viewed "postern/views/recordview"
	"postern/views/ui"
)

const (
	logPath    = homePath + "/log"
	callsPath  = homePath + "/calls"
	usagePath  = homePath + "/usage"
	visitsPath = homePath + "/visits"
)

var exportsLog = policies.Permission{Resource: "log", Action: "export"}

// reading is what a reader of the log is shown of: one world of their partner's.
type reading struct {
	query  recordview.Query
	world  models.Environment
	filter records.Filter
	names  records.Names
	own    records.Own
}

// read finds out what a query is about.
func (p *Portal) read(c *gin.Context, q recordview.Query) (r reading, err error) {
	who := entrance.VisitOf(c).Who
	r.query, r.world = q, models.Sandbox
	if models.Environment(q.World) == models.Production {
		r.world = models.Production
	}
	r.query.World = string(r.world)
	if r.filter, err = q.Filter(p.o.Now().In(p.o.Zone)); err != nil {
		return r, err
	}
	if r.names, err = p.o.Records.OwnNames(c.Request.Context(), who.Partner); err != nil {
		return r, err
	}
	r.own = p.o.Records.Own(who.Partner.ID, applicationsIn(r.names, r.world))
	for id, a := range r.names.Applications {
		if a.Environment != r.world { // filters offer what this world has
			delete(r.names.Applications, id)
		}
	}
	return r, nil
}

// applicationsIn are the ids of a partner's applications in one of the worlds.
func applicationsIn(n records.Names, world models.Environment) (ids []string) {
	for id, a := range n.Applications {
		if a.Environment == world {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// all is what the partner of whoever asks has in both worlds.
func (p *Portal) all(c *gin.Context) (records.Own, records.Names, error) {
	who := entrance.VisitOf(c).Who
	names, err := p.o.Records.OwnNames(c.Request.Context(), who.Partner)
	return p.o.Records.Own(who.Partner.ID, slices.Concat(applicationsIn(names, models.Sandbox), applicationsIn(names, models.Production))), names, err
}

// recordTabs leads from what is on record to the rest of it.
func recordTabs(ctx context.Context, world models.Environment, current string) ui.TabsView {
	v := ui.TabsView{Label: i18n.T(ctx, i18n.OwnLog)}
	for _, t := range []struct {
		word i18n.Key
		path string
	}{{i18n.OwnEvents, logPath}, {i18n.OwnCalls, callsPath}, {i18n.OwnUsage, usagePath}} {
		v.Tabs = append(v.Tabs, ui.Tab{Text: i18n.T(ctx, t.word), Href: worldPath(t.path, world), Current: t.path == current})
	}
	return v
}

func (p *Portal) logPage(c *gin.Context, r reading, path string, lead i18n.Key) portal.LogPage {
	ctx := c.Request.Context()
	page := portal.LogPage{
		Frame:  p.inWorld(c, i18n.T(ctx, i18n.OwnLog), path, r.world),
		Header: ui.HeaderView{Title: i18n.T(ctx, i18n.OwnLog), Lead: ui.Text(i18n.T(ctx, lead))}, Tabs: recordTabs(ctx, r.world, path),
	}
	page.Header.Actions = []ui.ButtonView{{Text: i18n.T(ctx, i18n.ExplainTitle), Icon: "alert-circle", Href: explainPath}}
	if entrance.VisitOf(c).Rights.May(exportsLog) && r.query.Search == "" {
		page.Header.Actions = append(page.Header.Actions, ui.ButtonView{
			Text: i18n.T(ctx, i18n.LogExport), Icon: "download", Href: r.query.But(func(*recordview.Query) {}).Address(path + "/export"),
		})
	}
	return page
}

// LogList shows what is on record of the partner's applications in one world.
func (p *Portal) LogList(c *gin.Context) error {
	return p.showLog(c, recordview.QueryOf(c), nil)
}

// LogShow shows it with one line's drawer, in the line's own world.
func (p *Portal) LogShow(c *gin.Context) error {
	own, names, err := p.all(c)
	if err != nil {
		return err
	}
	e, err := own.Line(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	q := recordview.QueryOf(c)
	q.World = string(names.Applications[e.ApplicationID].Environment)
	return p.showLog(c, q, &e)
}

func (p *Portal) showLog(c *gin.Context, q recordview.Query, chosen *models.Event) error {
	ctx := c.Request.Context()
	r, err := p.read(c, q)
	if err != nil {
		return err
	}
	list, err := p.events.Load(ctx, r.own, r.query, r.filter, r.names)
	if err != nil {
		return err
	}
	page := p.logPage(c, r, logPath, i18n.OwnLogLead)
	if page.Log, err = p.events.Show(ctx, r.own, list, chosen); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, portal.Log(page))
}

// LogStream sends the partner's new lines as they come.
func (p *Portal) LogStream(c *gin.Context) error {
	ctx := c.Request.Context()
	r, err := p.read(c, recordview.QueryOf(c))
	if err != nil {
		return err
	}
	if !r.filter.Followed() {
		return records.ErrFilter
	}
	follower, err := r.own.Follow(ctx, p.o.Tail, r.filter, max(c.Query("after"), c.GetHeader("Last-Event-ID")))
	if err != nil {
		return err
	}
	recordview.Follow(c, follower, func() bool { return p.StillIn(ctx, c) }, func(b records.Batch) ([]byte, error) {
		return p.events.Rows(ctx, r.query, r.names, r.own.Seen(b).Rows)
	})
	return nil
}

// Calls lists the business calls of the partner's visits in one world.
func (p *Portal) Calls(c *gin.Context) error {
	ctx := c.Request.Context()
	r, err := p.read(c, recordview.QueryOf(c))
	if err != nil {
		return err
	}
	found, err := p.loadCalls(c, r)
	if err != nil {
		return err
	}
	page := p.logPage(c, r, callsPath, i18n.OwnCallsLead)
	page.Log = viewed.LogView{
		Filters: p.calls.Filters(ctx, recordview.List{Query: r.query, Filter: r.filter, Names: r.names}),
		Table:   p.callTable(ctx, r, found.Rows), Paging: recordview.Foot(ctx, len(found.Rows), r.query.Place == "", found.Older != (store.CallPlace{})),
	}
	if found.Older != (store.CallPlace{}) {
		older := r.query
		older.Place = p.o.Cursors.Make(callsPath, strconv.FormatInt(found.Older.At, 10), found.Older.ID)
		page.Log.Paging.Older = older.Address(callsPath)
	}
	if found.Until != 0 {
		page.Log.Note = &ui.NoteView{
			Tone: ui.Accent, Text: i18n.T(ctx, i18n.LogSearched, p.calls.Clock(ctx, found.Until)),
			Links: []ui.LinkView{{Text: i18n.T(ctx, i18n.LogGoOn), Href: page.Log.Paging.Older}},
		}
	}
	return web.Render(c, http.StatusOK, portal.Log(page))
}

func (p *Portal) loadCalls(c *gin.Context, r reading) (page records.Calls, err error) {
	ctx := c.Request.Context()
	if r.query.Search != "" {
		call, err := r.own.CallOf(ctx, r.query.Search)
		if errs.KindOf(err) == errs.NotFound {
			return page, nil
		}
		return records.Calls{Rows: []models.Call{call}}, err
	}
	from := store.CallPlace{}
	if r.query.Place != "" {
		at, err := p.o.Cursors.Open(callsPath, r.query.Place, 2)
		if err != nil {
			return page, err
		}
		from.At, _ = strconv.ParseInt(at[0], 10, 64) // it was written here
		from.ID = at[1]
	}
	return r.own.Calls(ctx, r.callFilter(), r.query.App, from)
}

func (r reading) callFilter() store.CallFilter {
	return store.CallFilter{From: r.filter.From, Until: r.filter.Until, Service: r.query.Service, Code: r.query.Code, Refused: r.query.Refused}
}

func (p *Portal) callTable(ctx context.Context, r reading, rows []models.Call) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.OwnCalls), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.LogTime, p.o.Now().In(p.o.Zone).Format("-07:00"))}, {Text: i18n.T(ctx, i18n.LogApp)}, {Text: i18n.T(ctx, i18n.OwnRoute)},
		{Text: i18n.T(ctx, i18n.OwnStatus)}, {Text: i18n.T(ctx, i18n.OwnTook), Number: true}, {Text: i18n.T(ctx, i18n.LogRequest)},
	}}
	for _, k := range rows {
		answer := ui.Cell{Part: ui.Dot(ui.DotView{Tone: ui.Ok, Text: strconv.Itoa(k.Status)})}
		if k.Code != "" {
			answer = ui.Cell{Part: ui.Badge(ui.BadgeView{Tone: ui.Bad, Text: k.Code})}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: p.calls.Clock(ctx, k.At), Mono: true, Href: p.calls.XRayAddress(records.Found{VID: k.VID})},
			{Text: r.names.Application(k.ApplicationID), Second: r.names.Service(k.ServiceID)},
			{Text: recordview.Shown(k.Method), Second: k.RouteID, Coded: true}, answer,
			{Text: i18n.Duration(ctx, time.Duration(k.Duration)*time.Microsecond)}, {Part: ui.ID(ui.IDView{ID: k.RequestID})},
		}})
	}
	t.Empty = ui.Empty(ui.EmptyView{
		Title: i18n.T(ctx, i18n.CallsEmpty), Text: i18n.T(ctx, i18n.LogEmptyText),
		Action: &ui.ButtonView{Text: i18n.T(ctx, i18n.LogClear), Href: worldPath(callsPath, r.world)},
	})
	return t
}

// How often the people of a partner may take rows along, each time up to records.MaxAlone.
var exportRate = limit.Rate{PerSecond: 1.0 / 60, Burst: 20}

var errExportOften = errs.New(errs.RateLimited, "too_many", "Your company has taken many files in a short time.")

// LogExport asks in which form the log is to be taken along.
func (p *Portal) LogExport(c *gin.Context) error {
	return p.showExport(c, http.StatusOK, recordview.QueryOf(c), p.events, false)
}

// CallsExport asks in which form the calls are to be taken along.
func (p *Portal) CallsExport(c *gin.Context) error {
	return p.showExport(c, http.StatusOK, recordview.QueryOf(c), p.calls, false)
}

func (p *Portal) showExport(c *gin.Context, status int, q recordview.Query, of recordview.View, many bool) error {
	ctx := c.Request.Context()
	r, err := p.read(c, q)
	if err != nil {
		return err
	}
	page := portal.ExportPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.ExportTitle), of.Log, r.world), Action: of.Log + "/export", Back: r.query.Address(of.Log),
		Filters: of.Said(ctx, recordview.List{Query: r.query, Filter: r.filter, Names: r.names}), Most: i18n.Number(ctx, records.MaxAlone), Many: many,
		Formats: []ui.Option{
			{Value: string(records.CSV), Text: i18n.T(ctx, i18n.ExportCSV)}, {Value: string(records.Excel), Text: i18n.T(ctx, i18n.ExportExcel)},
			{Value: string(records.Lines), Text: i18n.T(ctx, i18n.OwnLines)},
		},
		Hidden: recordview.Hidden(r.query.Values()),
	}
	return web.Render(c, status, portal.Export(page))
}

// LogExportSubmit answers with the log as a file.
func (p *Portal) LogExportSubmit(c *gin.Context) error {
	return p.export(c, p.events, "log", func(r reading, t records.Taking, begin func(records.Format) io.Writer) error {
		return r.own.Export(c.Request.Context(), t, r.names, entrance.VisitOf(c).Who.Account.ID, func() io.Writer { return begin(t.Format) })
	})
}

// CallsExportSubmit answers with the calls as a file.
func (p *Portal) CallsExportSubmit(c *gin.Context) error {
	return p.export(c, p.calls, "calls", func(r reading, t records.Taking, begin func(records.Format) io.Writer) error {
		return r.own.ExportCalls(c.Request.Context(), t, r.names, entrance.VisitOf(c).Who.Account.ID, func() io.Writer { return begin(t.Format) })
	})
}

func (p *Portal) export(c *gin.Context, of recordview.View, name string, write func(reading, records.Taking, func(records.Format) io.Writer) error) error {
	if ok, retry := p.exported.Take(entrance.VisitOf(c).Who.Partner.ID, exportRate, p.o.Now()); !ok {
		return errExportOften.With(errs.Help{RetryAfter: retry})
	}
	q := recordview.ReadQuery(c.PostForm)
	r, err := p.read(c, q)
	if err != nil {
		return err
	}
	t := records.Taking{Filter: r.filter, Format: records.Format(c.PostForm("format"))}
	err = recordview.Sending{Name: name + "-" + string(r.world), Now: p.o.Now().In(p.o.Zone), Log: p.o.Log}.Send(c, func(begin func(records.Format) io.Writer) error {
		return write(r, t, begin)
	})
	if errors.Is(err, records.ErrMany) {
		return p.showExport(c, http.StatusConflict, q, of, true)
	}
	return err
}

// Visit shows one of the partner's visits from tap to data.
func (p *Portal) Visit(c *gin.Context) error {
	return p.showVisit(c, records.Found{VID: c.Param("id")})
}

// VisitOfAT shows what became of an AT that opened no visit.
func (p *Portal) VisitOfAT(c *gin.Context) error {
	return p.showVisit(c, records.Found{JTI: c.Param("id")})
}

// VisitOfRequest shows an attempt that was refused.
func (p *Portal) VisitOfRequest(c *gin.Context) error {
	return p.showVisit(c, records.Found{Request: c.Param("id")})
}

func (p *Portal) showVisit(c *gin.Context, of records.Found) error {
	ctx := c.Request.Context()
	own, names, err := p.all(c)
	if err != nil {
		return err
	}
	x, err := own.XRay(ctx, of)
	if err != nil {
		return err
	}
	world := x.Environment
	if world == "" {
		world = names.Applications[x.ApplicationID].Environment
		x.Environment = world
	}
	page := portal.VisitPage{Frame: p.inWorld(c, i18n.T(ctx, i18n.OwnVisit), logPath, world)}
	if page.XRay, err = p.events.XRay(ctx, own, x, names); err != nil {
		return err
	}
	if world == models.Sandbox && names.Applications[x.ApplicationID].Status != models.Closed && entrance.VisitOf(c).Rights.May(makesApplications) {
		page.XRay.More = []ui.ButtonView{{Text: i18n.T(ctx, i18n.PortalTry), Icon: "player-play", Href: tryPathOf(x.ApplicationID)}}
	}
	return web.Render(c, http.StatusOK, portal.Visit(page))
}
