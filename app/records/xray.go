package records

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/app/disclosure"
	"postern/app/store"
	"postern/models"
)

// Bounds of an X-ray.
const (
	maxCalls  = 100              // that are read
	maxShown  = 8                // that stand in the timeline
	firstData = 10 * time.Second // calls that begin later stand beneath it
	atLines   = maxWalkApart     // of the application, among which an AT's are looked for
	atGrace   = 2 * time.Minute  // how long after its end an AT may still be traded in, and be refused
)

// State is how a step of a visit came out.
type State string

// A step is outside the bank, was let through, was refused, or was never reached.
const (
	Outside    State = "outside"
	OK         State = "ok"
	Bad        State = "bad"
	NotReached State = "idle"
)

// Step is one step of a visit (protocol section 1). Times are Unix ms.
type Step struct {
	Letter   string // "A" to "G"
	N        int    // of a call, from 1
	State    State
	From, To int64
	Took     time.Duration // more exact than From and To
	Event    *models.Event // what the ledger says of it; nil of none
	Call     *models.Call  // of G
	Code     string        // of a refusal
	Reason   string
}

// XRay is all that is on record about one visit, or about what was to be one.
type XRay struct {
	Found
	PartnerID, ApplicationID, ServiceID string
	Environment                         models.Environment
	AT                                  *models.ATRow
	Visit                               *models.Visit
	WithOthers                          bool           // ended at once with all of its application's or service's
	Attempt                             bool           // of an AT or a request that opened no visit
	Other                               *models.Visit  // that the same AT had opened
	Events                              []models.Event // all, oldest first
	Calls                               []models.Call  // oldest first
	MoreCalls                           bool           // there are more than were read; the last is in Calls
	Steps                               []Step
	Start, End                          int64 // of the timeline, Unix ms
	Receipts                            []Receipt
	HasSubject, HasCustomer             bool

	subjectSealed string
	runs          []models.ConformanceRun
}

// Receipt is which fields of one call's reply left, and how.
type Receipt struct {
	N      int // the call's
	Route  models.Route
	Fields []Field
}

// Field is one leaf of a reply. Treatment is "keep", "mask" or "drop". Class and
// Mask are what the scopes say now; they may have said something else then.
type Field struct {
	Path, Class, Treatment, Mask string
	Undeclared                   bool // something that no scope names was there, and was dropped
}

// XRay reads all about a visit, an AT or a request. ErrNothing if there is none.
func (r *Records) XRay(ctx context.Context, of Found) (XRay, error) {
	x, err := r.gather(ctx, of)
	if err != nil {
		return XRay{}, err
	}
	x.build()
	return x, r.receipts(ctx, &x)
}

// gather reads the lines and the calls.
func (r *Records) gather(ctx context.Context, of Found) (x XRay, err error) {
	x.Found = of
	switch {
	case of.VID != "":
		err = r.ofVisit(ctx, &x)
	case of.JTI != "":
		err = r.ofAT(ctx, &x)
	default:
		err = r.ofRequest(ctx, &x)
	}
	if err == nil {
		err = r.readRuns(ctx, &x)
	}
	return x, err
}

func (r *Records) ofVisit(ctx context.Context, x *XRay) error {
	v, found, err := r.o.Store.Visit(ctx, x.VID)
	if err != nil {
		return err
	}
	if !found {
		return ErrNothing
	}
	x.Visit = &v
	if x.WithOthers, err = r.o.Store.EndedWithOthers(ctx, v.VID); err != nil {
		return err
	}
	x.PartnerID, x.ApplicationID, x.ServiceID, x.Environment = v.PartnerID, v.ApplicationID, v.ServiceID, v.Environment
	x.subjectSealed, x.HasSubject, x.HasCustomer = v.SubjectSealed, v.SubjectSealed != "", v.CustomerSealed != ""
	at, found, err := r.o.Store.ATByHash(ctx, v.ATHash)
	if err != nil {
		return err
	}
	if found {
		x.take(at)
	}
	if x.Events, err = r.o.Store.EventsOfVisit(ctx, x.VID); err != nil {
		return err
	}
	if err := r.readCalls(ctx, x); err != nil {
		return err
	}
	return r.addATsEvents(ctx, x, v.OpenedAt+1000)
}

func (r *Records) readCalls(ctx context.Context, x *XRay) (err error) {
	if x.Calls, err = r.o.Store.CallsOfVisit(ctx, x.VID, maxCalls); err != nil || len(x.Calls) < maxCalls {
		return err
	}
	last, found, err := r.o.Store.LastCallOfVisit(ctx, x.VID)
	if found && last.ID != x.Calls[maxCalls-1].ID {
		x.MoreCalls = true
		x.Calls = append(x.Calls, last)
	}
	return err
}

func (x *XRay) take(at models.ATRow) {
	x.AT, x.JTI = &at, at.JTI
	x.PartnerID, x.ApplicationID, x.ServiceID, x.Environment = at.PartnerID, at.ApplicationID, at.ServiceID, at.Environment
	x.subjectSealed, x.HasSubject = at.SubjectSealed, at.SubjectSealed != ""
}

// addATsEvents adds the lines that name the AT and no visit: that it was issued,
// and attempts that were refused. They are found among the application's, from
// the AT's time until another (Unix ms).
func (r *Records) addATsEvents(ctx context.Context, x *XRay, until int64) error {
	if x.AT == nil {
		return nil
	}
	more, err := r.o.Store.EventsOfAT(ctx, *x.AT, until, atLines)
	if err != nil {
		return err
	}
	for _, e := range more {
		if !slices.ContainsFunc(x.Events, func(known models.Event) bool { return known.ID == e.ID }) {
			x.Events = append(x.Events, e)
		}
	}
	slices.SortFunc(x.Events, func(a, b models.Event) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return nil
}

func (r *Records) ofAT(ctx context.Context, x *XRay) error {
	at, found, err := r.o.Store.ATByJTI(ctx, x.JTI)
	if err != nil {
		return err
	}
	if !found {
		return ErrNothing
	}
	x.Attempt = true
	x.take(at)
	if err := r.readOther(ctx, x); err != nil {
		return err
	}
	return r.addATsEvents(ctx, x, at.ExpiresAt+atGrace.Milliseconds())
}

// readOther reads the visit that the AT had opened.
func (r *Records) readOther(ctx context.Context, x *XRay) error {
	if x.AT == nil || x.AT.VID == "" {
		return nil
	}
	v, found, err := r.o.Store.Visit(ctx, x.AT.VID)
	if found {
		x.Other = &v
	}
	return err
}

func (r *Records) ofRequest(ctx context.Context, x *XRay) error {
	events, err := r.o.Store.EventsOfRequest(ctx, x.Request)
	if err != nil {
		return err
	}
	events = slices.DeleteFunc(events, func(e models.Event) bool { return GroupOf(e.Kind) == "" })
	if len(events) == 0 {
		return ErrNothing
	}
	e := events[0]
	x.Attempt, x.Events = true, events
	x.PartnerID, x.ApplicationID, x.ServiceID = e.PartnerID, e.ApplicationID, e.ServiceID
	if err := r.atOf(ctx, x, e); err != nil {
		return err
	}
	if err := r.readOther(ctx, x); err != nil {
		return err
	}
	if x.AT == nil {
		return nil
	}
	return r.addATsEvents(ctx, x, x.AT.IssuedAt+3000)
}

// atOf finds the AT of an attempt: by its jti, else by the visit that it opened.
func (r *Records) atOf(ctx context.Context, x *XRay, e models.Event) error {
	if jti := e.Detail()["jti"]; jti != "" {
		at, found, err := r.o.Store.ATByJTI(ctx, jti)
		if found {
			x.take(at)
		}
		if err != nil || found {
			return err
		}
	}
	if e.VID == "" {
		return nil
	}
	v, found, err := r.o.Store.Visit(ctx, e.VID)
	if err != nil || !found {
		return err
	}
	at, found, err := r.o.Store.ATByHash(ctx, v.ATHash)
	if found {
		x.take(at)
	}
	return err
}

// build lays what is known out as the steps of protocol section 1.
func (x *XRay) build() {
	asked, traded := x.asked(), x.traded()
	b := eventStep("B", asked)
	d := eventStep("D", traded)
	x.Start = firstOf(b.From, d.From, firstCall(x.Calls))
	a := Step{Letter: "A", State: Outside, From: x.Start, To: x.Start}
	if asked == nil && traded == nil {
		a.State = NotReached
	}
	c := Step{Letter: "C", State: NotReached}
	if b.State == OK && traded != nil {
		c = between("C", b.To, d.From)
	}
	e := Step{Letter: "E", State: NotReached}
	f := Step{Letter: "F", State: NotReached}
	if d.State == OK {
		e = Step{Letter: "E", State: OK, From: d.To, To: d.To, Event: traded}
		if len(x.Calls) > 0 {
			f = between("F", d.To, x.Calls[0].At)
		}
	}
	x.Steps = append([]Step{a, b, c, d, e, f}, x.callSteps()...)
	for _, s := range x.Steps {
		x.End = max(x.End, s.To)
	}
	x.End = max(x.End, x.Start+1)
}

// asked is the line of step B.
func (x *XRay) asked() *models.Event {
	return x.lineOf(func(e models.Event) bool { return e.Kind == "at.issued" || e.Kind == "at.refused" })
}

// traded is the line of step D that the X-ray is about: of an attempt the one of
// its request, or its last; of a visit the one that opened it.
func (x *XRay) traded() *models.Event {
	if !x.Attempt {
		return x.lineOf(func(e models.Event) bool { return e.Kind == "vt.issued" && e.VID == x.VID })
	}
	var last *models.Event
	for i, e := range x.Events {
		if GroupOf(e.Kind) == VTRefused && (x.Request == "" || e.RequestID == x.Request) {
			last = &x.Events[i]
		}
	}
	return last
}

func (x *XRay) lineOf(is func(models.Event) bool) *models.Event {
	if i := slices.IndexFunc(x.Events, is); i >= 0 {
		return &x.Events[i]
	}
	return nil
}

func eventStep(letter string, e *models.Event) Step {
	s := Step{Letter: letter, State: NotReached}
	if e == nil {
		return s
	}
	if us, err := strconv.ParseInt(e.Detail()["took_us"], 10, 64); err == nil && us > 0 {
		s.Took = time.Duration(us) * time.Microsecond
	}
	s.Event, s.State, s.From, s.To = e, OK, e.At-s.Took.Milliseconds(), e.At
	if e.Outcome != "ok" {
		s.State, s.Code, s.Reason = Bad, e.Outcome, e.Reason
	}
	return s
}

func between(letter string, from, to int64) Step {
	to = max(from, to)
	return Step{Letter: letter, State: Outside, From: from, To: to, Took: time.Duration(to-from) * time.Millisecond}
}

// callSteps are the first calls, a call that could not be opened, or that there
// was none.
func (x *XRay) callSteps() (steps []Step) {
	for i := range x.Calls {
		c := &x.Calls[i]
		if len(steps) == maxShown || c.At > x.Calls[0].At+firstData.Milliseconds() {
			break
		}
		steps = append(steps, callStep(i+1, c))
	}
	if x.Attempt {
		if e := x.lineOf(func(e models.Event) bool { return GroupOf(e.Kind) == Refused && e.RequestID == x.Request }); e != nil {
			steps = append(steps, eventStep("G", e))
		}
	}
	if len(steps) == 0 {
		steps = append(steps, Step{Letter: "G", State: NotReached})
	}
	return steps
}

func callStep(n int, c *models.Call) Step {
	took := time.Duration(c.Duration) * time.Microsecond
	s := Step{Letter: "G", N: n, State: OK, From: c.At, To: c.At + took.Milliseconds(), Took: took, Call: c}
	if c.Code != "" {
		s.State, s.Code, s.Reason = Bad, c.Code, c.Reason
	}
	return s
}

// Later are the calls that stand beneath the timeline, with their numbers.
func (x *XRay) Later() (steps []Step) {
	shown := 0
	for _, s := range x.Steps {
		shown = max(shown, s.N)
	}
	for i := shown; i < len(x.Calls); i++ {
		steps = append(steps, callStep(i+1, &x.Calls[i]))
	}
	return steps
}

// Stopped is the step at which it ended for the visitor: one that was refused, of
// calls the last one. nil where nothing was refused last.
func (x *XRay) Stopped() *Step {
	for i, s := range x.Steps {
		if s.State == Bad && (s.Letter != "G" || s.Call == nil) {
			return &x.Steps[i]
		}
	}
	if n := len(x.Calls); n > 0 && x.Calls[n-1].Code != "" {
		s := callStep(n, &x.Calls[n-1])
		return &s
	}
	return nil
}

// RefusedCalls is how many of the calls that were read were refused.
func (x *XRay) RefusedCalls() (n int) {
	for _, c := range x.Calls {
		if c.Code != "" {
			n++
		}
	}
	return n
}

// FirstData is the call with which the page had data first; nil if it had none.
func (x *XRay) FirstData() *models.Call {
	for i, c := range x.Calls {
		if c.Code == "" {
			return &x.Calls[i]
		}
	}
	return nil
}

func firstOf(times ...int64) int64 {
	var first int64
	for _, t := range times {
		if t > 0 && (first == 0 || t < first) {
			first = t
		}
	}
	return first
}

func firstCall(calls []models.Call) int64 {
	if len(calls) == 0 {
		return 0
	}
	return calls[0].At
}

// receipts reads what became of the fields of the calls in the timeline.
func (r *Records) receipts(ctx context.Context, x *XRay) error {
	var ids, routes []string
	for _, s := range x.Steps {
		if s.Call != nil && s.Call.ShapeID != "" {
			ids, routes = append(ids, s.Call.ShapeID), append(routes, s.Call.RouteID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	shapes, err := r.o.Store.Shapes(ctx, ids)
	if err != nil {
		return err
	}
	var known []models.Route
	var fields []models.ScopeField
	err = r.o.Store.Business(ctx, func(b store.Business) (err error) {
		if known, err = b.RoutesByID(routes); err != nil || x.Visit == nil {
			return err
		}
		fields, err = b.Fields(splitScope(x.Visit.Scope))
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range x.Steps {
		if s.Call == nil {
			continue
		}
		if i := slices.IndexFunc(shapes, func(shape models.Shape) bool { return shape.ID == s.Call.ShapeID }); i >= 0 {
			x.Receipts = append(x.Receipts, receipt(s, shapes[i], known, fields))
		}
	}
	return nil
}

func receipt(s Step, shape models.Shape, routes []models.Route, fields []models.ScopeField) Receipt {
	out := Receipt{N: s.N, Route: models.Route{ID: s.Call.RouteID}}
	if i := slices.IndexFunc(routes, func(route models.Route) bool { return route.ID == s.Call.RouteID }); i >= 0 {
		out.Route = routes[i]
	}
	parsed, err := disclosure.ParseShape([]byte(shape.Canonical))
	if err != nil {
		return out // of a later release; the call stands without a receipt
	}
	for _, list := range []struct {
		treatment string
		paths     []string
	}{{"keep", parsed.Kept}, {"mask", parsed.Masked}, {"drop", parsed.Dropped}} {
		for _, path := range list.paths {
			out.Fields = append(out.Fields, declared(path, list.treatment, out.Route, fields))
		}
	}
	for _, path := range parsed.Unknown {
		out.Fields = append(out.Fields, Field{Path: path, Treatment: "drop", Undeclared: true})
	}
	return out
}

// declared is a field with the class that the route's scopes give it.
func declared(path, treatment string, route models.Route, fields []models.ScopeField) Field {
	f := Field{Path: path, Treatment: treatment}
	for _, s := range fields {
		if s.Path == path && s.Resource == route.Resource && s.Action == route.Action {
			f.Class = max(f.Class, s.Class)
			if s.Treatment == "mask" && treatment == "mask" {
				f.Mask = s.Mask
			}
		}
	}
	return f
}

func splitScope(s string) []string { return strings.Fields(s) }
