package partners

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"postern/app/change"
	"postern/app/directory"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// CloseKind is the name of a change request that closes a partner.
const CloseKind = "partner.close"

// Closer closes a partner with everything that is its own, in one transaction:
// its applications, their grants, credentials and visits. What happened stays in
// the ledger, and a record of the removal beside it. Such a change is never one
// person's, though it only narrows: nothing of it comes back.
type Closer struct{}

// closing is the content of such a request.
type closing struct {
	Partner string `json:"partner"`
}

// CloseContent is the content of a request that closes a partner.
func CloseContent(partner string) (string, error) {
	text, err := json.Marshal(closing{partner})
	if err != nil {
		return "", fmt.Errorf("write closing: %w", err)
	}
	return string(text), nil
}

// Describe says what would end. How many visits are live is not in it: that is
// another number each second, and a request must be what was asked for.
func (Closer) Describe(b store.Business, content string, now time.Time) (change.Plan, error) {
	_, plan, err := closed(b, content, now)
	return plan, err
}

// Apply ends it all and puts on record what ended.
func (Closer) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	r, plan, err := closed(b, content, w.Now)
	if err != nil || len(plan.Things) == 0 {
		return plan, err
	}
	removal, err := r.removal(b, w)
	if err != nil {
		return plan, err
	}
	if err := r.Save(w); err != nil {
		return plan, err
	}
	if err := w.AddRemoval(removal); err != nil {
		return plan, err
	}
	count := func(n int64) string { return strconv.FormatInt(n, 10) }
	return plan, w.Event(ledger.Event{Kind: "partner.closed", PartnerID: removal.PartnerID}, map[string]string{
		"id": removal.PartnerID, "applications": count(removal.Applications), "grants": count(removal.Grants),
		"credentials": count(removal.Credentials), "visits": count(removal.Visits),
	})
}

// closed stages the end of everything. There is nothing to plan for a partner
// that is closed.
func closed(b store.Business, content string, now time.Time) (*Registry, change.Plan, error) {
	var c closing
	if err := json.Unmarshal([]byte(content), &c); err != nil {
		return nil, change.Plan{}, errs.New(errs.Invalid, "closing", "This does not say which partner to close.")
	}
	r, err := Of(b, c.Partner)
	if err != nil {
		return nil, change.Plan{}, err
	}
	p, known := r.Partners.Current(c.Partner)
	if !known {
		m := nowhere("partner", c.Partner)
		return nil, change.Plan{}, errs.Fields{"partner": m}.Invalid()
	}
	if p.Status == models.Closed {
		return r, change.Plan{}, nil
	}
	r.stageEnd(p, now)
	var plan change.Plan
	change.Add(&plan, "partner", r.Partners)
	change.Add(&plan, "application", r.Applications)
	change.Add(&plan, "credential", r.Credentials)
	change.Add(&plan, "grant", r.Grants)
	fault := errs.Fields{}
	err = r.Check(anyScope{}, now, func(kind, id, field string, m errs.Message) { fault.Check(false, kind+"."+id+"."+field, m.ID, m.Text) })
	if err != nil {
		return nil, plan, err
	}
	return r, plan, fault.Invalid()
}

func (r *Registry) stageEnd(p Partner, now time.Time) {
	p.Status = models.Closed
	r.Partners.Stage(p)
	for _, a := range r.Applications.All() {
		a.Status = models.Closed
		r.Applications.Stage(a)
	}
	for _, c := range r.Credentials.All() {
		c.Revoked = true
		r.Credentials.Stage(c)
	}
	for _, g := range r.Grants.All() {
		if !g.over(now) {
			g.Ended = true
			r.Grants.Stage(g)
		}
	}
}

// anyScope takes every scope: what ends is not asked what it was for.
type anyScope struct{}

// Class is of no service in particular.
func (anyScope) Class(string) (service, class string) { return "any", "" }

// Offered is none: nothing is taken.
func (anyScope) Offered(string) bool { return false }

func (r *Registry) removal(b store.Business, w change.Writer) (models.Removal, error) {
	removal := models.Removal{At: w.At(), Actor: w.Actor, RequestID: w.Request, Reason: w.Because}
	for _, x := range r.Partners.Changes() {
		removal.PartnerID = x.After.ID
	}
	removal.Applications, removal.Grants = int64(len(r.Applications.Changes())), int64(len(r.Grants.Changes()))
	removal.Credentials = int64(len(r.Credentials.Changes()))
	ids := []string{}
	for _, a := range r.Applications.All() {
		ids = append(ids, a.ID)
	}
	live, err := b.LiveVisits(ids, w.Now.Add(-directory.MaxMaxAge*time.Second).UnixMilli(), w.At())
	for _, n := range live {
		removal.Visits += n
	}
	return removal, err
}
