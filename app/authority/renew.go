package authority

import (
	"context"

	"postern/app/directory"
	"postern/app/seal"
	"postern/app/token"
	"postern/models"
)

// ticketPlain is what the page seals to renew or close.
type ticketPlain struct {
	JTI string        `json:"jti"`
	IAT *seal.Integer `json:"iat"`
}

// Renew gives a visit a fresh VT and sid under the K_down of the VT it came
// with; also when that VT has expired, until its renew_until, and never past
// the visit's end (protocol section 6).
func (a *Authority) Renew(ctx context.Context, r CallRequest) Reply {
	v, p, reply := a.openTicketRequest(r, typRenew, "vt.renewal_refused")
	if v == nil {
		return reply
	}
	t := v.ticket
	where := trail{requestID: r.RequestID}.ofTicket(t)
	refuse := func(err error) Reply {
		a.refused("vt.renewal_refused", err, where)
		return v.s.refuse(err)
	}
	app, svc, err := a.parties(ctx, t.ClientID, t.ServiceID)
	if err != nil {
		return refuse(err)
	}
	if err := a.mayRenew(t, app, svc, p, r.Origin); err != nil {
		return refuse(err)
	}
	t.Scopes = a.Feed.Thawed(t.Scopes, models.FreezeVT)
	if err := a.stamp(&t, svc); err != nil {
		return refuse(errUnavailable.Wrap(err))
	}
	if err := a.carryConsents(ctx, &t, svc); err != nil {
		return refuse(err)
	}
	if err := a.Ledger.Append(ctx, where.event("vt.renewed", map[string]string{"sid": t.SID})); err != nil {
		return refuse(errUnavailable.Because("ledger").Wrap(err))
	}
	return a.answerVisit(v.s, typVisitResponse, t, app)
}

// mayRenew checks a renewal in the order of protocol section 6. A VT that opens
// no call is not worth making, so calls must not be stopped either.
func (a *Authority) mayRenew(t token.Ticket, app *directory.Application, svc *directory.Service, p ticketPlain, origin string) error {
	if err := a.checkTicket(t, app, svc, origin, life{t.RenewUntil, models.FreezeVT}); err != nil {
		return err
	}
	if err := a.checkActive(app, svc, models.FreezeCall); err != nil {
		return err
	}
	if len(a.Feed.Thawed(t.Scopes, models.FreezeVT)) == 0 {
		return errNotActive.Because("scopes_frozen")
	}
	if err := checkClock(p.IAT, a.Now()); err != nil {
		return err
	}
	if err := a.takeVisit(t.VID); err != nil {
		return err
	}
	// Limits before the jti is used up, as at step G.
	if err := a.take("vt", app, app.VTRate, a.Rates.VT); err != nil {
		return err
	}
	return a.freshRequest(t.VID, p)
}

// closed is the plaintext of the answer to a close.
type closed struct {
	JTI        string `json:"jti"`
	Status     int    `json:"status"`
	ServerTime int64  `json:"server_time"`
}

// Close ends a visit: dead from then on, on every node within a second.
func (a *Authority) Close(ctx context.Context, r CallRequest) Reply {
	v, p, reply := a.openTicketRequest(r, typClose, "vt.close_refused")
	if v == nil {
		return reply
	}
	t := v.ticket
	where := trail{requestID: r.RequestID}.ofTicket(t)
	refuse := func(err error) Reply {
		a.refused("vt.close_refused", err, where)
		return v.s.refuse(err)
	}
	svc, err := a.Directory.Service(ctx, t.ServiceID)
	if err != nil {
		return refuse(goneOr(err, "service_gone"))
	}
	if err := checkOrigin(svc, r.Origin); err != nil {
		return refuse(err)
	}
	if a.Feed.VisitEnded(t.VID) || a.Now().UnixMilli() >= t.DeadAfter {
		return refuse(errInvalidVT.Because("visit_ended"))
	}
	if err := a.freshRequest(t.VID, p); err != nil {
		return refuse(err)
	}
	if _, err := a.Ledger.EndVisit(ctx, t.VID, "closed", t.DeadAfter, where.event("visit.closed", nil)); err != nil {
		return refuse(errUnavailable.Because("ledger").Wrap(err))
	}
	a.Feed.EndVisit(t.VID, t.DeadAfter)
	return v.s.answer(typReply, closed{JTI: p.JTI, Status: 204, ServerTime: a.Now().Unix()})
}

// openTicketRequest opens a renewal or a close and reads its plaintext.
func (a *Authority) openTicketRequest(r CallRequest, typ, refusedAs string) (*visitRequest, ticketPlain, Reply) {
	v, reply := a.openVisitRequest(r, typ)
	if v == nil {
		return nil, ticketPlain{}, reply
	}
	var p ticketPlain
	if err := seal.DecodeObject(v.plain, &p); err != nil || p.IAT == nil || !seal.ValidID(p.JTI) {
		v.s.jti = jtiOf(v.plain)
		err := ErrBadEnvelope.Because("plaintext")
		a.refused(refusedAs, err, trail{requestID: r.RequestID}.ofTicket(v.ticket))
		return nil, ticketPlain{}, v.s.refuse(err)
	}
	v.s.jti = p.JTI
	if err := a.Ready(); err != nil {
		return nil, ticketPlain{}, v.s.refuse(err)
	}
	return v, p, Reply{}
}

// freshRequest checks the clock and that the jti is new to this visit.
func (a *Authority) freshRequest(vid string, p ticketPlain) error {
	now := a.Now()
	if err := checkClock(p.IAT, now); err != nil {
		return err
	}
	read, written := replayKeys(vid, p.JTI)
	if a.Replays.Seen(written, now) {
		return errReplayed.Because("jti")
	}
	return a.firstTime(read, now)
}
