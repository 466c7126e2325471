package records

import (
	"context"
	"slices"
	"time"

	"postern/app/store"
	"postern/models"
)

// PageRows is how many rows a page of the log has.
const PageRows = 50

// Bounds of how many rows one request looks at. One application's rows, and what
// persons did, lie far apart: each costs a page of its own.
const (
	maxWalk      = 20_000
	maxWalkApart = 5_000
)

// most is how many rows a request with a filter looks at.
func most(row store.LogFilter) int {
	if row.Application != "" || row.Each != nil || row.Actor != "" || row.Persons {
		return maxWalkApart
	}
	return maxWalk
}

// A walk is made in parts, and none is begun when walkTime is over: lines that
// nobody has looked at for long come from the disk one by one.
const (
	walkParts = 10
	walkTime  = 100 * time.Millisecond
)

// walk looks for a page's lines, and for one more.
func (r *Records) walk(ctx context.Context, span store.LogRange, row store.LogFilter, forward bool) (all store.LogWalk, err error) {
	began := r.o.Now()
	for range walkParts {
		part, err := r.o.Store.WalkLog(ctx, span, row, store.LogSteps{Most: most(row) / walkParts, Limit: PageRows + 1 - len(all.Rows), Forward: forward})
		if err != nil {
			return store.LogWalk{}, err
		}
		all.End = part.End
		if forward {
			all.Rows = append(part.Rows, all.Rows...)
			span.From = part.End
		} else {
			all.Rows = append(all.Rows, part.Rows...)
			span.Until = part.End
		}
		if part.End == "" || len(all.Rows) > PageRows || r.o.Now().Sub(began) > walkTime {
			break
		}
	}
	return all, nil
}

// Place is where a page begins: behind a line on the way to older ones or to
// newer ones. The zero Place is the newest end.
type Place struct {
	ID    string
	Newer bool
}

// Page is a page of the log, newest first.
type Page struct {
	Rows       []models.Event
	Older      string // behind which the older ones go on; "" where there are none
	Newer      string // behind which the newer ones go on
	SearchedTo int64  // where looking stopped before the page was full, Unix ms; else 0
}

// Page reads a page of the log.
func (r *Records) Page(ctx context.Context, f Filter, at Place) (Page, error) {
	row, err := r.row(ctx, f)
	if err != nil {
		return Page{}, err
	}
	return r.page(ctx, window(f.From, f.Until), row, at)
}

// page reads a page of a range.
func (r *Records) page(ctx context.Context, span store.LogRange, row store.LogFilter, at Place) (Page, error) {
	if at.Newer {
		page, full, err := r.newer(ctx, span, row, at)
		if err != nil || full {
			return page, err
		}
		at = Place{} // nothing is newer than what fits on the first page
	}
	return r.older(ctx, span, row, at)
}

// window is [from, until), Unix ms, as a range of ids; an until of 0 is without end.
func window(from, until int64) store.LogRange {
	span := store.LogRange{From: store.FirstEventID(from), Until: store.LastEventID}
	if until != 0 {
		span.Until = store.FirstEventID(until)
	}
	return span
}

func (r *Records) older(ctx context.Context, span store.LogRange, row store.LogFilter, at Place) (Page, error) {
	if at.ID != "" {
		span.Until = min(at.ID, span.Until)
	}
	walk, err := r.walk(ctx, span, row, false)
	if err != nil {
		return Page{}, err
	}
	page := Page{Rows: walk.Rows}
	switch {
	case len(page.Rows) > PageRows:
		page.Rows = page.Rows[:PageRows]
		page.Older = page.Rows[PageRows-1].ID
	case walk.End != "":
		page.Older, page.SearchedTo = walk.End, TimeOf(walk.End)
	}
	if at.ID != "" {
		page.Newer = at.ID
		if len(page.Rows) > 0 {
			page.Newer = page.Rows[0].ID
		}
	}
	return page, nil
}

// newer is full unless the newest end came first.
func (r *Records) newer(ctx context.Context, span store.LogRange, row store.LogFilter, at Place) (page Page, full bool, err error) {
	span.From = max(at.ID, span.From)
	walk, err := r.walk(ctx, span, row, true)
	if err != nil {
		return Page{}, false, err
	}
	page.Rows = walk.Rows
	switch {
	case len(page.Rows) > PageRows:
		page.Rows = slices.Clone(page.Rows[1:])
		page.Newer = page.Rows[0].ID
	case walk.End != "":
		page.Newer, page.SearchedTo = walk.End, TimeOf(walk.End)
	default:
		return Page{}, false, nil
	}
	page.Older = at.ID
	if n := len(page.Rows); n > 0 {
		page.Older = page.Rows[n-1].ID
	}
	return page, true, nil
}

// TimeOf is when a line was made, by its id (RFC 9562 section 5.7); Unix ms.
func TimeOf(id string) int64 {
	var ms int64
	for i, n := 0, 0; i < len(id) && n < 12; i++ {
		digit, ok := hexDigit(id[i])
		if ok {
			ms, n = ms<<4|digit, n+1
		}
	}
	return ms
}

func hexDigit(c byte) (int64, bool) {
	switch {
	case c >= '0' && c <= '9':
		return int64(c - '0'), true
	case c >= 'a' && c <= 'f':
		return int64(c-'a') + 10, true
	}
	return 0, false
}

// Line reads one line of the log; ErrNothing if there is none, or it is none of
// the log's.
func (r *Records) Line(ctx context.Context, id string) (models.Event, error) {
	e, found, err := r.o.Store.Event(ctx, id)
	if err != nil {
		return e, err
	}
	if !found || GroupOf(e.Kind) == "" {
		return e, ErrNothing
	}
	return e, nil
}

// hoursUpTo is up to which window hours are counted.
const hoursUpTo = 48 * time.Hour

func (r *Records) counts(ctx context.Context, f Filter) (store.OutcomeCounts, error) {
	c := store.LogCounts{Kinds: []models.RollupKind{models.RollupAT, models.RollupVT, models.RollupAgain}, Service: f.Service}
	if err := f.check(); err != nil {
		return nil, err
	}
	var err error
	if c.Applications, err = r.applicationsOf(ctx, f); err != nil {
		return nil, err
	}
	now := r.o.Now().In(r.o.Zone)
	until := now
	if f.Until != 0 {
		until = time.UnixMilli(f.Until).In(r.o.Zone)
	}
	from := time.UnixMilli(f.From).In(r.o.Zone)
	if until.Sub(from) <= hoursUpTo {
		return r.o.Store.CountLog(ctx, models.SpanHour, from.Truncate(time.Hour).UnixMilli(), until.UnixMilli(), c)
	}
	days, err := r.o.Store.CountLog(ctx, models.SpanDay, store.DayOf(from).UnixMilli(), until.UnixMilli(), c)
	if err != nil {
		return nil, err
	}
	// The days' hours are added up at night: today's are not in them yet, nor are
	// yesterday's for a while.
	today, err := r.o.Store.CountLog(ctx, models.SpanHour, store.DayOf(now).UnixMilli(), until.UnixMilli(), c)
	return append(days, today...), err
}

// applicationsOf are those that a filter's partner and environment leave; nil is any.
func (r *Records) applicationsOf(ctx context.Context, f Filter) ([]string, error) {
	if f.own != nil {
		return f.own.of(f.Application), nil
	}
	if f.Application != "" {
		return []string{f.Application}, nil
	}
	if f.Partner == "" && f.NotPartner == "" && f.Environment == "" {
		return nil, nil
	}
	names, err := r.Names(ctx)
	if err != nil {
		return nil, err
	}
	list := []string{}
	for id, a := range names.Applications {
		if (f.Partner == "" || a.PartnerID == f.Partner) && (f.NotPartner == "" || a.PartnerID != f.NotPartner) &&
			(f.Environment == "" || a.Environment == f.Environment) {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return list, nil
}

// Alike is how many lines of an application had the same code since the day
// began, about.
func (r *Records) Alike(ctx context.Context, e models.Event) (int64, error) {
	if e.ApplicationID == "" || e.Outcome == "ok" {
		return 0, nil
	}
	day := store.DayOf(time.UnixMilli(e.At).In(r.o.Zone))
	list, err := r.counts(ctx, Filter{From: day.UnixMilli(), Until: day.AddDate(0, 0, 1).UnixMilli(), Application: e.ApplicationID})
	var n int64
	for _, c := range list {
		if c.Outcome == e.Outcome {
			n += c.Count
		}
	}
	return n, err
}

// Lookup lists the lines about a visit, an AT (by its jti) or a request, newest
// first, 500 at most. ErrNothing if there are none.
func (r *Records) Lookup(ctx context.Context, id string) ([]models.Event, error) {
	found, err := r.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	x := XRay{Found: found}
	if found.Request != "" {
		x.Events, err = r.o.Store.EventsOfRequest(ctx, found.Request)
	} else if x, err = r.XRay(ctx, found); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(x.Events, func(e models.Event) bool { return GroupOf(e.Kind) == "" })
	slices.Reverse(rows)
	return rows, err
}

// totals says which counts a group's lines are in, and how they came out.
var totals = map[Group]struct {
	kind    models.RollupKind
	refused bool
}{
	ATIssued: {models.RollupAT, false}, ATRefused: {models.RollupAT, true},
	VTIssued: {models.RollupVT, false}, VTRefused: {models.RollupVT, true},
}

// Total is about how many lines a filter finds; known is false where nobody
// counts what it asks for.
func (r *Records) Total(ctx context.Context, f Filter) (n int64, known bool, err error) {
	group, counted := totals[f.Group]
	if f.Reason != "" || f.Group != "" && !counted || f.From == 0 {
		return 0, false, nil
	}
	list, err := r.counts(ctx, f)
	for _, c := range list {
		refused := c.Outcome != "ok"
		if f.Group != "" && (c.Kind != group.kind || refused != group.refused) || f.Code != "" && c.Outcome != f.Code || f.Refused && !refused {
			continue
		}
		n += c.Count
	}
	return n, true, err
}
