package killswitch

import (
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// VisitKind is the name of a change that ends one visit.
const VisitKind = "visit.end"

// EndVisit says which visit ends.
type EndVisit struct {
	Visit string `json:"visit"`
}

// Content is the order as a change holds it.
func (e EndVisit) Content() (string, error) { return compose(e) }

// ErrVisitOver refuses to end a visit that is over already, or never was.
var ErrVisitOver = errs.New(errs.Conflict, "visit_over", "This visit is over already.")

// endedByStaff stands in visits.end_reason.
const endedByStaff = "ended_by_bank"

// EndVisits ends single visits, each on its own.
type EndVisits struct{}

// Describe says whose visit would end; nothing where it is over already.
func (EndVisits) Describe(b store.Business, content string, now time.Time) (change.Plan, error) {
	_, plan, err := endingOne(b, content, now)
	return plan, err
}

func endingOne(b store.Business, content string, now time.Time) (v models.Visit, plan change.Plan, err error) {
	var e EndVisit
	if err := read(content, &e); err != nil {
		return v, plan, err
	}
	v, live, err := b.LiveVisit(e.Visit, now.UnixMilli())
	if err != nil {
		return v, plan, err
	}
	if !live {
		return v, plan, nil
	}
	var d change.Comparison
	d.Note(change.Narrows, "one visit of %s ends", v.ApplicationID)
	plan.Things = []change.Planned{{Kind: "visit", ID: v.VID, Differences: d.List}}
	return v, plan, nil
}

// Apply ends it.
func (EndVisits) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	v, plan, err := endingOne(b, content, w.Now)
	if err != nil || len(plan.Things) == 0 {
		return plan, err
	}
	ok, err := w.EndVisit(v, endedByStaff, w.At())
	if err != nil {
		return plan, err
	}
	if !ok {
		return plan, ErrVisitOver
	}
	return plan, w.Event(ledger.Event{
		Kind: "visit.ended", PartnerID: v.PartnerID, ApplicationID: v.ApplicationID, ServiceID: v.ServiceID, VID: v.VID,
	}, map[string]string{})
}
