package records

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"postern/app/errs"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/models"
)

// Found names what an X-ray is of, by one of its ids: the visit where there is
// one, else the AT, else the request.
type Found struct{ VID, JTI, Request string }

// Find looks an id up: of a visit, of an AT (jti), of a request. ErrNothing if it
// is none of them.
func (r *Records) Find(ctx context.Context, id string) (Found, error) {
	id = strings.TrimSpace(id)
	if id == "" || !models.PrintableID(id) {
		return Found{}, ErrNothing
	}
	if _, found, err := r.o.Store.Visit(ctx, id); err != nil || found {
		return Found{VID: id}, err
	}
	at, found, err := r.o.Store.ATByJTI(ctx, id)
	if err != nil {
		return Found{}, err
	}
	if found {
		return ofAT(at), nil
	}
	return r.findRequest(ctx, id)
}

func ofAT(at models.ATRow) Found {
	if at.VID != "" {
		return Found{VID: at.VID}
	}
	return Found{JTI: at.JTI}
}

func (r *Records) findRequest(ctx context.Context, id string) (Found, error) {
	events, err := r.o.Store.EventsOfRequest(ctx, id)
	if err != nil {
		return Found{}, err
	}
	for _, e := range events {
		if GroupOf(e.Kind) != "" {
			return FoundIn(e), nil
		}
	}
	call, found, err := r.o.Store.CallOfRequest(ctx, id)
	if err != nil {
		return Found{}, err
	}
	if !found {
		return Found{}, ErrNothing
	}
	return Found{VID: call.VID}, nil
}

// FoundIn is what a line of the log leads to. An attempt that was refused has an
// X-ray of its own, beside the visit that the same AT had opened.
func FoundIn(e models.Event) Found {
	if g := GroupOf(e.Kind); e.RequestID != "" && (g == VTRefused || g == ATRefused || e.VID == "" && e.Outcome != "ok") {
		return Found{Request: e.RequestID}
	}
	if e.VID != "" {
		return Found{VID: e.VID}
	}
	if jti := e.Detail()["jti"]; jti != "" {
		return Found{JTI: jti}
	}
	return Found{Request: e.RequestID}
}

// maxFound bounds what a search for somebody's visits shows.
const maxFound = 50

// Hit is one AT or visit that a search found. At is when it began, Unix ms.
type Hit struct {
	Found
	At            int64
	ApplicationID string
	ServiceID     string
	Opened        bool // the AT was traded in
	Ended         string
}

// Search says whose visits are looked for.
type Search struct {
	Application string // of the partner; empty looks through all
	Subject     string // the partner's user id, as the partner gave it
	Customer    string // the bank's own id of a customer
}

// BySubject lists what somebody did, newest first, 50 at most. That somebody
// looked, and why, is on record before; for whom is not, in no form.
func (r *Records) BySubject(ctx context.Context, s Search, actor, reason string) ([]Hit, error) {
	if !Reasonable(reason) {
		return nil, ErrReason
	}
	if s.Subject == "" && s.Customer == "" {
		return nil, ErrFilter
	}
	err := r.Trace(ctx, actor, ledger.Event{Kind: "subject.searched", Reason: reason, ApplicationID: s.Application}, nil)
	if err != nil {
		return nil, err
	}
	var hits []Hit
	if s.Subject != "" {
		if hits, err = r.ofSubject(ctx, s); err != nil {
			return nil, err
		}
	}
	if s.Customer != "" {
		visits, err := r.o.Store.VisitsByCustomer(ctx, r.o.Subjects().MAC(keyring.Customers, s.Customer), maxFound)
		if err != nil {
			return nil, err
		}
		for _, v := range visits {
			hits = append(hits, ofVisit(v))
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Compare(b.At, a.At) })
	return hits[:min(len(hits), maxFound)], nil
}

func (r *Records) ofSubject(ctx context.Context, s Search) ([]Hit, error) {
	applications := []string{s.Application}
	if s.Application == "" {
		names, err := r.Names(ctx)
		if err != nil {
			return nil, err
		}
		applications = applications[:0]
		for id := range names.Applications {
			applications = append(applications, id)
		}
	}
	macs := make([]string, len(applications))
	for i, id := range applications {
		macs[i] = r.o.Subjects().MAC(id, s.Subject)
	}
	rows, err := r.o.Store.ATsBySubject(ctx, macs, maxFound)
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, len(rows))
	for i, at := range rows {
		hits[i] = Hit{Found: ofAT(at), At: at.IssuedAt, ApplicationID: at.ApplicationID, ServiceID: at.ServiceID, Opened: at.VID != ""}
	}
	return hits, nil
}

func ofVisit(v models.Visit) Hit {
	return Hit{Found: Found{VID: v.VID}, At: v.OpenedAt, ApplicationID: v.ApplicationID, ServiceID: v.ServiceID, Opened: true, Ended: v.EndReason}
}

// around is how far off somebody's memory of a time may be.
const around = 5 * time.Minute

// ByTime lists an application's visits around a time (Unix ms), newest first, 50 at
// most. What was refused then is in the log.
func (r *Records) ByTime(ctx context.Context, application string, at int64) ([]Hit, error) {
	visits, err := r.o.Store.VisitsBetween(ctx, application, at-around.Milliseconds(), at+around.Milliseconds(), maxFound)
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, len(visits))
	for i, v := range visits {
		hits[i] = ofVisit(v)
	}
	return hits, nil
}

// Clear is a visit's personal data in the clear.
type Clear struct{ Subject, Customer string }

// Show opens whose visit it was. That somebody looked, and why, is on record
// before anything is opened.
func (r *Records) Show(ctx context.Context, x XRay, actor, reason string) (Clear, error) {
	if !Reasonable(reason) {
		return Clear{}, ErrReason
	}
	if !x.HasSubject && !x.HasCustomer {
		return Clear{}, ErrNothing
	}
	e := ledger.Event{Kind: "subject.shown", Reason: reason, PartnerID: x.PartnerID, ApplicationID: x.ApplicationID, ServiceID: x.ServiceID, VID: x.VID}
	detail := map[string]string{}
	if x.AT != nil {
		detail["jti"] = x.AT.JTI
	}
	if err := r.Trace(ctx, actor, e, detail); err != nil {
		return Clear{}, err
	}
	var c Clear
	var faults [2]error
	c.Subject, faults[0] = r.o.Subjects().Open(x.ApplicationID, x.subjectSealed)
	if x.Visit != nil {
		c.Customer, faults[1] = r.o.Subjects().Open(keyring.Customers, x.Visit.CustomerSealed)
	}
	for _, err := range faults {
		if err != nil {
			return Clear{}, errs.New(errs.Unavailable, "sealed", "This cannot be opened any more.").Wrap(err)
		}
	}
	return c, nil
}

// LookedAt puts on record that somebody who watches over others has looked at an
// X-ray.
func (r *Records) LookedAt(ctx context.Context, actor string, x XRay) error {
	detail := map[string]string{}
	for name, value := range map[string]string{"jti": x.JTI, "request": x.Request} {
		if value != "" {
			detail[name] = value
		}
	}
	return r.Trace(ctx, actor, ledger.Event{
		Kind: "visit.read", PartnerID: x.PartnerID, ApplicationID: x.ApplicationID, ServiceID: x.ServiceID, VID: x.VID,
	}, detail)
}
