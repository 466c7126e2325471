package records

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"

	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Own is what one partner reads of the records: the lines, calls and visits of its own
// applications, and of these what is its business (docs/decisions/0041). Whatever else is
// asked for is not there.
type Own struct {
	r            *Records
	Partner      string
	Applications []string // of one of the two worlds, by id
}

// Own is what a partner reads, of some of its applications.
func (r *Records) Own(partner string, applications []string) Own {
	return Own{r: r, Partner: partner, Applications: applications}
}

// unsaid are outcomes whose reasons are the state of the bank's own systems.
var unsaid = []string{"unavailable", "upstream_unavailable", "upstream_timeout"}

// unsaidOf reports whether the reason of a refusal is the bank's alone. Bad weather is no state
// of its systems.
func unsaidOf(code, reason string) bool {
	return slices.Contains(unsaid, code) && !models.ByWeather(reason)
}

// ownDetails are those of a line's details that its partner sees: all of them it sent
// itself, or has got.
var ownDetails = []string{"jti", "scope", "ak", "credential", "origin", "address", "took_us"}

// Its ends that a partner is told of as such; any other is the bank's.
var ownEnds = []string{"", "closed", ledger.EndReasonRevoked, ledger.EndReasonReused}

const endedByBank = "ended_by_bank"

// filter is f narrowed to what is the partner's own.
func (o Own) filter(f Filter) Filter {
	f.Partner, f.NotPartner, f.Environment, f.own = "", "", "", &o
	if f.Group != "" && !slices.Contains(OwnGroups, f.Group) {
		f.Group = Group("none")
	}
	return f
}

// narrow puts the partner's applications in the place of all.
func (o *Own) narrow(s *store.LogFilter) {
	s.Each, s.Application = o.of(s.Application), ""
	s.Kinds = slices.DeleteFunc(slices.Clone(s.Kinds), func(kind string) bool { return !slices.Contains(ownKinds, kind) })
	if s.Reason != "" { // or else who asks for a reason learns what is not said
		s.Besides = unsaid
	}
}

// of is one of the partner's applications, or all for none; empty for any other.
func (o *Own) of(application string) []string {
	switch {
	case application == "":
		return slices.Clip(append([]string{}, o.Applications...))
	case slices.Contains(o.Applications, application):
		return []string{application}
	}
	return []string{}
}

// seen are lines as the partner sees them.
func (o Own) seen(lines []models.Event) []models.Event {
	list := make([]models.Event, 0, len(lines))
	for _, e := range lines {
		if o.has(e) {
			list = append(list, seenEvent(e))
		}
	}
	return list
}

func (o Own) has(e models.Event) bool {
	return e.PartnerID == o.Partner && slices.Contains(ownKinds, e.Kind)
}

// seenEvent is a line without what is the bank's: who of its staff did it and why, the
// reasons that are the state of its systems, what its ledger is proved by.
func seenEvent(e models.Event) models.Event {
	detail := map[string]string{}
	for name, value := range e.Detail() {
		if slices.Contains(ownDetails, name) {
			detail[name] = value
		}
	}
	if e.Actor != "" || unsaidOf(e.Outcome, e.Reason) {
		e.Reason = ""
	}
	body, err := json.Marshal(map[string]any{"detail": detail})
	if err != nil {
		body = nil // strings always can
	}
	e.Actor, e.LeafHash, e.Seq, e.Alarm, e.Body = "", "", nil, false, string(body)
	return e
}

// seenCall is a call without what is the bank's: which rule decided, and what its systems
// took. Which fields left is read by the shape, and forgotten then.
func seenCall(c models.Call) models.Call {
	if unsaidOf(c.Code, c.Reason) {
		c.Reason = ""
	}
	c.Rule, c.PolicyVersion, c.UpstreamTime, c.BytesIn, c.BytesOut = "", 0, 0, 0, 0
	return c
}

// Page reads a page of the partner's log, as Records.Page does.
func (o Own) Page(ctx context.Context, f Filter, at Place) (Page, error) {
	page, err := o.r.Page(ctx, o.filter(f), at)
	page.Rows = o.seen(page.Rows)
	return page, err
}

// Line reads one of the partner's lines; ErrNothing if it has none of this id.
func (o Own) Line(ctx context.Context, id string) (models.Event, error) {
	e, err := o.r.Line(ctx, id)
	if err == nil && !o.has(e) {
		err = ErrNothing
	}
	if err != nil {
		return models.Event{}, err
	}
	return seenEvent(e), nil
}

// Lookup lists the partner's lines about a visit, an AT (by its jti) or a request, newest
// first; ErrNothing if it has none.
func (o Own) Lookup(ctx context.Context, id string) ([]models.Event, error) {
	rows, err := o.r.Lookup(ctx, id)
	if err != nil {
		return nil, err
	}
	if rows = o.seen(rows); len(rows) == 0 {
		return nil, ErrNothing
	}
	return rows, nil
}

// Total is Records.Total of what is the partner's.
func (o Own) Total(ctx context.Context, f Filter) (n int64, known bool, err error) {
	return o.r.Total(ctx, o.filter(f))
}

// Alike is Records.Alike.
func (o Own) Alike(ctx context.Context, e models.Event) (int64, error) {
	if !o.has(e) {
		return 0, nil
	}
	return o.r.Alike(ctx, e)
}

// Follow follows what a filter lets through of the partner's lines; Seen makes of its
// batches what the partner sees.
func (o Own) Follow(ctx context.Context, t *Tail, f Filter, after string) (*Follower, error) {
	return t.Follow(ctx, o.filter(f), after)
}

// Seen is a batch as the partner sees it.
func (o Own) Seen(b Batch) Batch {
	b.Rows = o.seen(b.Rows)
	return b
}

// Find is Records.Find of what is the partner's.
func (o Own) Find(ctx context.Context, id string) (Found, error) {
	found, err := o.r.Find(ctx, id)
	if err != nil {
		return Found{}, err
	}
	if _, err := o.XRay(ctx, found); err != nil {
		return Found{}, err
	}
	return found, nil
}

// XRay reads all about one of the partner's visits, ATs or requests that is its business:
// nothing of its visitor, of the bank's systems or of what they left out. ErrNothing if
// it has none of this id.
func (o Own) XRay(ctx context.Context, of Found) (XRay, error) {
	x, err := o.r.gather(ctx, of)
	if err == nil && x.PartnerID != o.Partner {
		err = ErrNothing
	}
	if err != nil {
		return XRay{}, err
	}
	x.Events = o.seen(x.Events)
	for i, c := range x.Calls {
		x.Calls[i] = seenCall(c)
	}
	x.HasSubject, x.HasCustomer, x.subjectSealed = false, false, ""
	for _, v := range []**models.Visit{&x.Visit, &x.Other} {
		*v = seenVisit(*v)
	}
	if x.AT != nil {
		at := *x.AT
		at.ATHash, at.RHash, at.SubjectSealed, at.SubjectMAC = "", "", "", ""
		x.AT = &at
	}
	x.build()
	if err := o.r.receipts(ctx, &x); err != nil {
		return XRay{}, err
	}
	for i, receipt := range x.Receipts {
		x.Receipts[i].Fields = slices.DeleteFunc(receipt.Fields, func(f Field) bool { return f.Treatment == "drop" || f.Undeclared })
	}
	for i := range x.Calls {
		x.Calls[i].ShapeID = ""
	}
	return x, nil
}

func seenVisit(v *models.Visit) *models.Visit {
	if v == nil {
		return nil
	}
	seen := *v
	seen.ATHash, seen.SubjectSealed, seen.SubjectMAC, seen.CustomerSealed, seen.CustomerMAC = "", "", "", "", ""
	if !slices.Contains(ownEnds, seen.EndReason) {
		seen.EndReason = endedByBank
	}
	return &seen
}

var ownColumns = []string{"time", "unix_ms", "event", "outcome", "reason", "application", "application_id", "service_id", "visit", "jti", "request_id", "id"}

// Export writes what a filter finds of the partner's lines, as Records.Export does; the
// partner need not say why. More than MaxAlone rows are ErrMany, and nobody approves more.
func (o Own) Export(ctx context.Context, t Taking, n Names, actor string, begin func() io.Writer) error {
	t = t.ended(o.r.o.Now())
	if err := t.check(); err != nil {
		return err
	}
	row, err := o.r.row(ctx, o.filter(t.Filter))
	if err != nil {
		return err
	}
	list := listing{span: window(t.Filter.From, t.Filter.Until), row: row, most: MaxAlone, seen: seenEvent}
	if err := o.r.few(ctx, list); err != nil {
		return err
	}
	if err := o.taken(ctx, t, actor, "events"); err != nil {
		return err
	}
	return o.r.writeSheet(ctx, t.Format, begin(), ownColumns, list, func(e models.Event) ([]string, error) {
		return []string{
			o.r.stamp(e.At), number(e.At), e.Kind, e.Outcome, e.Reason, n.Application(e.ApplicationID), e.ApplicationID, e.ServiceID,
			e.VID, e.Detail()["jti"], e.RequestID, e.ID,
		}, nil
	})
}

// taken puts on record that somebody of the partner's takes rows along, before the first
// octet.
func (o Own) taken(ctx context.Context, t Taking, actor, of string) error {
	detail := t.Filter.detail()
	detail["format"], detail["rows_at_most"], detail["of"] = string(t.Format), number(MaxAlone), of
	return o.r.Trace(ctx, actor, ledger.Event{Kind: "log.exported", PartnerID: o.Partner}, detail)
}

// CallRows is how many calls a page lists.
const CallRows = 50

// Calls are a page of the partner's calls.
type Calls struct {
	Rows  []models.Call
	Older store.CallPlace // behind which the older ones go on; zero where there are none
	Until int64           // where looking stopped before the page was full, Unix ms; else 0
}

// Calls lists the partner's calls from a place on, newest first.
func (o Own) Calls(ctx context.Context, f store.CallFilter, application string, from store.CallPlace) (page Calls, err error) {
	f.Applications = o.of(application)
	walk, err := o.r.o.Store.WalkCallsOf(ctx, f, from, maxWalk, CallRows+1)
	if err != nil {
		return page, err
	}
	for _, c := range walk.Rows {
		c.ShapeID = ""
		page.Rows = append(page.Rows, seenCall(c))
	}
	switch {
	case len(page.Rows) > CallRows:
		page.Rows = page.Rows[:CallRows]
		last := page.Rows[CallRows-1]
		page.Older = store.CallPlace{At: last.At, ID: last.ID}
	case walk.End != (store.CallPlace{}):
		page.Older, page.Until = walk.End, walk.End.At
	}
	return page, nil
}

// CallOf is the partner's call that a request was; ErrNothing if it made none.
func (o Own) CallOf(ctx context.Context, request string) (models.Call, error) {
	c, found, err := o.r.o.Store.CallOfRequest(ctx, request)
	if err == nil && (!found || c.PartnerID != o.Partner) {
		err = ErrNothing
	}
	if err != nil {
		return models.Call{}, err
	}
	c.ShapeID = ""
	return seenCall(c), nil
}

var callColumns = []string{"time", "unix_ms", "application", "application_id", "service_id", "route", "method", "status", "code", "reason", "took_us", "visit", "request_id"}

// ExportCalls writes the partner's calls as Export does its lines.
func (o Own) ExportCalls(ctx context.Context, t Taking, n Names, actor string, begin func() io.Writer) error {
	t = t.ended(o.r.o.Now())
	if err := t.check(); err != nil {
		return err
	}
	f := store.CallFilter{From: t.Filter.From, Until: t.Filter.Until, Service: t.Filter.Service, Code: t.Filter.Code, Refused: t.Filter.Refused, Applications: o.of(t.Filter.Application)}
	rows := 0
	if err := o.eachCall(ctx, f, MaxAlone+1, func(models.Call) error { rows++; return nil }); err != nil {
		return err
	}
	if rows > MaxAlone {
		return ErrMany
	}
	if err := o.taken(ctx, t, actor, "calls"); err != nil {
		return err
	}
	sheet, err := newSheet(t.Format, begin(), callColumns)
	if err != nil {
		return err
	}
	err = o.eachCall(ctx, f, MaxAlone, func(c models.Call) error {
		c = seenCall(c)
		return sheet.add([]string{
			o.r.stamp(c.At), number(c.At), n.Application(c.ApplicationID), c.ApplicationID, c.ServiceID, c.RouteID, c.Method,
			number(int64(c.Status)), c.Code, c.Reason, number(c.Duration), c.VID, c.RequestID,
		}, models.Event{At: c.At})
	})
	if err != nil {
		sheet.abandon()
		return err
	}
	return sheet.end()
}

// eachCall walks the whole window, to its given number of calls at most, in short reads.
func (o Own) eachCall(ctx context.Context, f store.CallFilter, atMost int, do func(models.Call) error) error {
	place := store.CallPlace{}
	for n := 0; n < atMost; {
		walk, err := o.r.o.Store.WalkCallsOf(ctx, f, place, maxWalk, exportStep)
		if err != nil {
			return err
		}
		for _, c := range walk.Rows {
			if err := do(c); err != nil {
				return err
			}
			if n++; n == atMost {
				return nil
			}
		}
		if walk.End == (store.CallPlace{}) {
			return nil
		}
		place = walk.End
		if k := len(walk.Rows); k == exportStep {
			place = store.CallPlace{At: walk.Rows[k-1].At, ID: walk.Rows[k-1].ID}
		}
	}
	return nil
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
