package killswitch

import (
	"fmt"
	"strconv"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// FreezeKind is the name of a change that freezes something, or of a drill.
const FreezeKind = "freeze"

// Order says what to freeze, and how far. ID is the freeze's own.
type Order struct {
	ID     string             `json:"freeze"`
	Target Target             `json:"target"`
	Stops  models.FreezeScope `json:"stops"`
}

// Content is the order as a change holds it.
func (o Order) Content() (string, error) { return compose(o) }

// stopsWords are how far a freeze can go, as changes say it.
var stopsWords = map[models.FreezeScope]string{
	models.FreezeAT: "no new ATs", models.FreezeVT: "no new visits", models.FreezeCall: "no calls",
	models.FreezeAll: "no ATs, no visits, no calls", models.FreezeNothing: "nothing is stopped: a drill",
}

func (o Order) validate(b store.Business) error {
	var f errs.Fields
	f.Check(stopsWords[o.Stops] != "", "stops", "freeze.stops", "Say how far it goes.")
	f.Check(o.Stops != models.FreezeNothing || o.Target.Kind == models.FreezeEverything, "stops", "freeze.stops", "Say how far it goes.")
	f.Check(o.ID != "", "freeze", "freeze.id", "The freeze has no name.")
	if err := f.Invalid(); err != nil {
		return err
	}
	return o.Target.Find(b)
}

// Freezes makes freezes. They narrow, so that one person's word is enough.
type Freezes struct{}

// Describe says what would stop; nothing if a freeze of that name has been.
func (Freezes) Describe(b store.Business, content string, _ time.Time) (change.Plan, error) {
	_, plan, err := ordered(b, content)
	return plan, err
}

func ordered(b store.Business, content string) (o Order, plan change.Plan, err error) {
	if err := read(content, &o); err != nil {
		return o, plan, err
	}
	if err := o.validate(b); err != nil {
		return o, plan, err
	}
	been, err := b.Freezes([]string{o.ID})
	if err != nil || len(been) > 0 {
		return o, plan, err
	}
	var d change.Comparison
	effect := change.Narrows
	if o.Stops == models.FreezeNothing {
		effect = change.Neutral
	}
	d.Text("frozen", "", stopsWords[o.Stops], effect)
	if o.ends() {
		d.Note(change.Narrows, "its live visits end, and do not come back with the thaw")
	}
	plan.Things = []change.Planned{{Kind: string(o.Target.Kind), ID: o.Target.ID, Differences: d.List}}
	return o, plan, nil
}

// ends reports whether live visits end with the freeze. Those of a scope go on
// with their other scopes.
func (o Order) ends() bool {
	return o.Stops == models.FreezeAll && o.Target.Kind != models.FreezeDataScope
}

// Apply freezes.
func (Freezes) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	o, plan, err := ordered(b, content)
	if err != nil || len(plan.Things) == 0 {
		return plan, err
	}
	f := models.Freeze{
		ID: o.ID, TargetKind: o.Target.Kind, TargetID: o.Target.ID, Stops: o.Stops, Reason: w.Because, StartedAt: w.At(), StartedBy: w.Actor,
	}
	if f.Drill() {
		f.EndedAt = w.At()
	}
	if o.ends() {
		if f.Visits, err = endVisits(b, w, o.Target); err != nil {
			return plan, err
		}
	}
	if err := w.SaveFreeze(f, w.At()); err != nil {
		return plan, err
	}
	kind := "freeze.started"
	if f.Drill() {
		kind = "freeze.drilled"
	}
	return plan, told(b, w, kind, f)
}

// told is the event of a freeze; it stands in the history of what it is about.
func told(b store.Business, w change.Writer, kind string, f models.Freeze) error {
	e := ledger.Event{Kind: kind}
	switch f.TargetKind {
	case models.FreezePartner:
		e.PartnerID = f.TargetID
	case models.FreezeApplication:
		e.ApplicationID = f.TargetID
		list, err := b.Applications([]string{f.TargetID})
		if err != nil {
			return err
		}
		if len(list) == 1 {
			e.PartnerID = list[0].PartnerID
		}
	case models.FreezeService:
		e.ServiceID = f.TargetID
	case models.FreezeDataScope:
		list, err := b.Scopes([]string{f.TargetID})
		if err != nil {
			return err
		}
		if len(list) == 1 {
			e.ServiceID = list[0].ServiceID
		}
	}
	return w.Event(e, map[string]string{
		"id": f.ID, "target": Target{f.TargetKind, f.TargetID}.Subject(), "stops": string(f.Stops), "visits": strconv.FormatInt(f.Visits, 10),
	})
}

// ThawKind is the name of a change request that ends a freeze.
const ThawKind = "thaw"

// Thaw says which freeze to end.
type Thaw struct {
	Freeze string `json:"freeze"`
}

// Content is the thaw as a change holds it.
func (t Thaw) Content() (string, error) { return compose(t) }

// Thaws ends freezes. Nobody does that alone.
type Thaws struct{}

// Describe says what would flow again; nothing if the freeze is over.
func (Thaws) Describe(b store.Business, content string, _ time.Time) (change.Plan, error) {
	_, plan, err := thawed(b, content)
	return plan, err
}

func thawed(b store.Business, content string) (f models.Freeze, plan change.Plan, err error) {
	var t Thaw
	if err := read(content, &t); err != nil {
		return f, plan, err
	}
	list, err := b.Freezes([]string{t.Freeze})
	if err != nil {
		return f, plan, err
	}
	if len(list) != 1 {
		return f, plan, errs.New(errs.NotFound, "no_freeze", fmt.Sprintf("There is no freeze %q.", t.Freeze))
	}
	f = list[0]
	if !f.Live() {
		return f, plan, nil
	}
	var d change.Comparison
	d.Note(change.Widens, "no longer frozen (%s)", stopsWords[f.Stops])
	plan.Things = []change.Planned{{Kind: string(f.TargetKind), ID: f.TargetID, Differences: d.List}}
	return f, plan, nil
}

// Apply ends the freeze.
func (Thaws) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	f, plan, err := thawed(b, content)
	if err != nil || len(plan.Things) == 0 {
		return plan, err
	}
	f.EndedAt, f.EndedBy = w.At(), w.Actor
	if err := w.SaveFreeze(f, w.At()); err != nil {
		return plan, err
	}
	return plan, told(b, w, "freeze.ended", f)
}
