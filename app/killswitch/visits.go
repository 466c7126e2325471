package killswitch

import (
	"strconv"
	"time"

	"postern/app/change"
	"postern/app/directory"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// EndKind is the name of a change that ends all live visits of a partner, an
// application, a service, or all there are.
const EndKind = "visits.end"

// End says whose visits end.
type End struct {
	Target Target `json:"target"`
}

// Content is the order as a change holds it.
func (e End) Content() (string, error) { return compose(e) }

// Ends ends visits. New ones may be opened at once: a freeze keeps them out.
type Ends struct{}

// Describe says whose visits would end; not how many: that is another number
// each second.
func (Ends) Describe(b store.Business, content string, _ time.Time) (change.Plan, error) {
	_, plan, err := ending(b, content)
	return plan, err
}

func ending(b store.Business, content string) (e End, plan change.Plan, err error) {
	if err := read(content, &e); err != nil {
		return e, plan, err
	}
	if e.Target.Kind == models.FreezeDataScope {
		return e, plan, errs.Fields{"target": errNoTarget}.Invalid() // a visit has many scopes
	}
	if err := e.Target.Find(b); err != nil {
		return e, plan, err
	}
	var d change.Comparison
	d.Note(change.Narrows, "all live visits end")
	plan.Things = []change.Planned{{Kind: string(e.Target.Kind), ID: e.Target.ID, Differences: d.List}}
	return e, plan, nil
}

// Apply ends them.
func (Ends) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	e, plan, err := ending(b, content)
	if err != nil {
		return plan, err
	}
	n, err := endVisits(b, w, e.Target)
	if err != nil {
		return plan, err
	}
	of := ledger.Event{Kind: "visits.ended"}
	switch e.Target.Kind {
	case models.FreezePartner:
		of.PartnerID = e.Target.ID
	case models.FreezeApplication:
		of.ApplicationID = e.Target.ID
		if list, err := b.Applications([]string{e.Target.ID}); err == nil && len(list) == 1 {
			of.PartnerID = list[0].PartnerID
		}
	case models.FreezeService:
		of.ServiceID = e.Target.ID
	}
	return plan, w.Event(of, map[string]string{"target": e.Target.Subject(), "visits": strconv.FormatInt(n, 10)})
}

// clocksDiffer is how far the clocks of nodes may be apart: a visit that another
// node opens at this moment ends as well.
const clocksDiffer = time.Second

// endVisits ends all live visits of a target and returns how many there were. An
// application's end by its epoch, a service's by the moment.
func endVisits(b store.Business, w change.Writer, t Target) (n int64, err error) {
	if t.Kind == models.FreezeService {
		return endServiceVisits(b, w, t.ID)
	}
	list, err := t.applications(b)
	if err != nil {
		return 0, err
	}
	ids := make([]string, len(list))
	for i, row := range list {
		ids[i] = row.ID
	}
	live, err := b.LiveVisits(ids, liveSince(w), w.At())
	if err != nil {
		return 0, err
	}
	for _, row := range list {
		n += live[row.ID]
		row.Epoch, row.UpdatedAt = row.Epoch+1, w.At()
		if err := w.SaveApplication(row); err != nil {
			return n, err
		}
	}
	return n, nil
}

func endServiceVisits(b store.Business, w change.Writer, id string) (int64, error) {
	list, err := b.Services([]string{id})
	if err != nil || len(list) == 0 {
		return 0, err
	}
	n, err := b.LiveVisitsOfService(id, liveSince(w), w.At())
	if err != nil {
		return 0, err
	}
	row := list[0]
	row.VisitsAfter, row.UpdatedAt = w.Now.Add(clocksDiffer).UnixMilli(), w.At()
	return n, w.SaveService(row)
}

// liveSince is before the opening of any visit that can be live.
func liveSince(w change.Writer) int64 {
	return w.Now.Add(-directory.MaxMaxAge * time.Second).UnixMilli()
}
