package authority

import (
	"context"
	"errors"
	"time"

	"postern/app/directory"
	"postern/app/errs"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/seal"
	"postern/app/token"
	"postern/models"
)

// MaxVisitRequest is the longest request of step D, octets (protocol section 5).
const MaxVisitRequest = 16 << 10

// MaxStrangersCall is how much of a call a stranger may announce, octets.
const MaxStrangersCall = directory.DefaultMaxBody

// answerAgain is how long past the AT's end the same AT and R are answered
// again: networks lose replies, and browsers resend POSTs (protocol section 5).
const answerAgain = 60 * time.Second

// Exchange is a request of step D as it came in.
type Exchange struct {
	Body      []byte
	Origin    string // of the page; empty when there was none
	RequestID string

	started time.Time
}

// exchangePlain is what the page sealed to the AK. Its iat decides nothing at
// step D: phones' clocks are wrong.
type exchangePlain struct {
	AT  string        `json:"at"`
	JTI string        `json:"jti"`
	IAT *seal.Integer `json:"iat"`
}

// visitAnswer is the plaintext of step E. Times are Unix seconds.
type visitAnswer struct {
	JTI         string `json:"jti"`
	VT          string `json:"vt"`
	VID         string `json:"vid"`
	SID         string `json:"sid"`
	ExpiresIn   int64  `json:"expires_in"`
	RenewUntil  int64  `json:"renew_until"`
	Scope       string `json:"scope"`
	ClientName  string `json:"client_name"`
	SubjectHint string `json:"subject_hint,omitempty"`
	ServerTime  int64  `json:"server_time"`
}

// OpenVisit takes step D and gives step E: it opens the envelope, spends the
// AT once, and answers with a VT under R. When the VT leaves, its ledger row is
// on disk. Refusals come in the order of protocol section 5; from the opened
// envelope on they are sealed under R.
func (a *Authority) OpenVisit(ctx context.Context, r Exchange) Reply {
	r.started = a.Now()
	plain, page, err := a.openExchange(r.Body)
	if err != nil {
		a.refused("vt.refused", err, trail{requestID: r.RequestID})
		return inClear(err)
	}
	s, err := a.sealer(page.suite, page.r, r.RequestID)
	if err != nil {
		return inClear(errUnavailable.Wrap(err))
	}
	var p exchangePlain
	if err := seal.DecodeObject(plain, &p); err != nil || p.AT == "" || p.IAT == nil || !seal.ValidID(p.JTI) {
		s.jti = jtiOf(plain)
		err := ErrBadEnvelope.Because("plaintext")
		a.refused("vt.refused", err, trail{requestID: r.RequestID})
		return s.refuse(err)
	}
	s.jti = p.JTI
	return a.exchange(ctx, s, page, p, r)
}

// page is who sealed an exchange: the holder of R.
type page struct {
	suite seal.Suite
	r     []byte
	kid   string
	env   models.Environment
}

// openExchange opens the envelope with the AK that it names. Whatever is wrong
// with it is one and the same bad_envelope.
func (a *Authority) openExchange(body []byte) ([]byte, page, error) {
	e, err := seal.ParseEnvelope(body, MaxVisitRequest)
	if err != nil {
		return nil, page{}, ErrBadEnvelope.Because(seal.Reason(err)).Wrap(err)
	}
	kid := e.Header().KID
	key, env, ok := a.Ring.AK(kid)
	if !ok {
		return nil, page{}, ErrBadEnvelope.Because("kid")
	}
	plain, r, err := e.OpenWith(key, typVisitRequest)
	if err != nil {
		return nil, page{}, ErrBadEnvelope.Because(seal.Reason(err)).Wrap(err)
	}
	return plain, page{suite: key.Public().Suite(), r: r, kid: kid, env: env}, nil
}

func (a *Authority) exchange(ctx context.Context, s *sealer, pg page, p exchangePlain, r Exchange) Reply {
	row, app, svc, err := a.admit(ctx, hashAT(p.AT), pg, r.Origin)
	where := trail{requestID: r.RequestID, origin: r.Origin, started: r.started}.of(row)
	if err != nil {
		a.refused("vt.refused", err, where)
		if errors.Is(err, ErrBadEnvelope) { // of an AK that is gone: whoever has no key seals nothing
			return inClear(err)
		}
		return s.refuse(err)
	}
	visit, err := a.spend(ctx, row, pg, app, svc, where)
	if err != nil {
		if errs.Of(err).Reason != reasonOtherR { // the ledger has written that alarm already
			a.refused("vt.refused", err, where)
		}
		return s.refuse(err)
	}
	t, err := a.ticket(visit, app, svc, pg)
	if err != nil {
		return s.refuse(errUnavailable.Wrap(err))
	}
	if err := a.carryConsents(ctx, &t, svc); err != nil {
		return s.refuse(err)
	}
	return a.answerVisit(s, typVisitResponse, t, app)
}

// admit finds the row written at step B, for the AT is ours because its hash
// is there, and checks all that comes before the spend. What this node remembers
// of the row is enough to let pass: the spend itself decides. Before it refuses,
// it reads what other nodes may have done to the AT: that comes first.
func (a *Authority) admit(ctx context.Context, atHash string, pg page, origin string) (models.ATRow, *directory.Application, *directory.Service, error) {
	if err := a.Ready(); err != nil {
		return models.ATRow{}, nil, nil, err
	}
	if row, ok := a.Ledger.Recent(atHash); ok {
		if app, svc, err := a.admitRow(ctx, row, pg, origin); err == nil {
			return row, app, svc, nil
		}
	}
	row, err := a.Ledger.ATRow(ctx, atHash)
	if errs.KindOf(err) == errs.NotFound {
		return models.ATRow{}, nil, nil, errInvalidAT.Because("unknown_at")
	}
	if err != nil {
		return models.ATRow{}, nil, nil, errUnavailable.Because("ledger").Wrap(err)
	}
	app, svc, err := a.admitRow(ctx, row, pg, origin)
	return row, app, svc, err
}

func (a *Authority) admitRow(ctx context.Context, row models.ATRow, pg page, origin string) (*directory.Application, *directory.Service, error) {
	if err := a.checkAT(row, pg); err != nil {
		return nil, nil, err
	}
	return a.mayOpen(ctx, row, origin)
}

// checkAT holds an AT's row against the page that sends it. The same AT with the
// same R is known a little longer.
func (a *Authority) checkAT(row models.ATRow, pg page) error {
	now := a.Now().UnixMilli()
	end := row.ExpiresAt
	if row.RHash == hashR(pg.r) {
		end += answerAgain.Milliseconds()
	}
	switch {
	case now >= end:
		return errInvalidAT.Because("at_expired")
	case row.RevokedAt != 0:
		return errInvalidAT.Because("at_revoked")
	case row.AKKID != pg.kid || row.Environment != pg.env || row.Suite != string(pg.suite):
		return errInvalidAT.Because("other_ak")
	}
	return nil
}

// mayOpen checks origin, states and hours, and draws from the application's bucket.
func (a *Authority) mayOpen(ctx context.Context, row models.ATRow, origin string) (*directory.Application, *directory.Service, error) {
	app, svc, err := a.parties(ctx, row.ApplicationID, row.ServiceID)
	if err != nil {
		return nil, nil, err
	}
	if err := a.exchangeWeather(app); err != nil {
		return nil, nil, err
	}
	if err := checkOrigin(svc, origin); err != nil {
		return nil, nil, err
	}
	if err := a.checkServing(app, svc, models.FreezeVT); err != nil {
		return nil, nil, err
	}
	if row.SpentAt != 0 {
		if err := a.takeVisit(row.ATHash); err != nil {
			return nil, nil, err
		}
	}
	return app, svc, a.take("vt", app, app.VTRate, a.Rates.VT)
}

// spend spends the AT, or finds the visit that the same AT and R opened before.
func (a *Authority) spend(ctx context.Context, row models.ATRow, pg page, app *directory.Application, svc *directory.Service, t trail) (models.Visit, error) {
	opened := a.Now()
	vid, err := a.newVID(opened)
	if err != nil {
		return models.Visit{}, errUnavailable.Wrap(err)
	}
	scopes := a.Feed.Thawed(splitScope(row.Scope), models.FreezeVT)
	if len(scopes) == 0 {
		return models.Visit{}, errNotActive.Because("scopes_frozen")
	}
	now := opened.UnixMilli()
	visit := models.Visit{
		VID: vid, ATHash: row.ATHash, PartnerID: row.PartnerID, ApplicationID: row.ApplicationID, ServiceID: row.ServiceID,
		Environment: row.Environment, Scope: joinScope(scopes), SubjectSealed: row.SubjectSealed, SubjectMAC: row.SubjectMAC,
		OpenedAt: now, DeadAfter: now + svc.MaxAgeOf(row.Scope)*1000, Epoch: app.Epoch,
	}
	t.vid = vid
	spent, err := a.Ledger.Spend(ctx, ledger.Spend{
		ATHash: row.ATHash, RHash: hashR(pg.r), Visit: visit, Now: now, Event: t.at(opened).event("vt.issued", map[string]string{"ak": pg.kid}),
	})
	if err != nil {
		return models.Visit{}, errUnavailable.Because("ledger").Wrap(err)
	}
	switch spent.Outcome {
	case ledger.SpendFirst:
		return visit, nil
	case ledger.SpendAgain:
		return a.sameVisit(ctx, spent.VID, app, svc)
	case ledger.SpendOtherR:
		a.Feed.EndVisit(spent.VID, now+maxVisitAge.Milliseconds())
		return models.Visit{}, errATSpent.Because(reasonOtherR)
	case ledger.SpendRReused:
		return models.Visit{}, ErrBadEnvelope.Because("r_reused")
	}
	if spent.Reason == ledger.GoneVisitEnded {
		return models.Visit{}, errATSpent.Because(spent.Reason)
	}
	return models.Visit{}, errInvalidAT.Because("at_" + spent.Reason)
}

// reasonOtherR: the AT was spent by somebody who drew another R.
const reasonOtherR = "other_r"

// maxVisitAge is longer than any visit may live; how long an ended one is remembered.
const maxVisitAge = keyring.TicketOutlives

// sameVisit answers a repeated exchange while the visit lives.
func (a *Authority) sameVisit(ctx context.Context, vid string, app *directory.Application, svc *directory.Service) (models.Visit, error) {
	v, err := a.Ledger.Visit(ctx, vid)
	if err != nil {
		return models.Visit{}, errUnavailable.Because("ledger").Wrap(err)
	}
	if v.EndedAt != 0 || a.Feed.VisitEnded(vid) || a.Now().UnixMilli() >= v.DeadAfter {
		return models.Visit{}, errATSpent.Because("visit_ended")
	}
	if why := over(vid, v.Epoch, app, svc); why != "" {
		return models.Visit{}, errATSpent.Because(why)
	}
	scopes := a.Feed.Thawed(splitScope(v.Scope), models.FreezeVT)
	if len(scopes) == 0 {
		return models.Visit{}, errNotActive.Because("scopes_frozen")
	}
	v.Scope = joinScope(scopes)
	return v, nil
}

// ticket makes the first ticket of a visit. It names no customer: whoever
// repeats the exchange has to sign in again.
func (a *Authority) ticket(v models.Visit, app *directory.Application, svc *directory.Service, pg page) (token.Ticket, error) {
	subject, err := a.Ring.Subjects().Open(app.ID, v.SubjectSealed)
	if err != nil {
		return token.Ticket{}, err
	}
	t := token.Ticket{
		VID: v.VID, PartnerID: v.PartnerID, ClientID: v.ApplicationID, ServiceID: v.ServiceID,
		Environment: string(v.Environment), Suite: pg.suite, Subject: subject, Scopes: splitScope(v.Scope),
		R: pg.r, DeadAfter: v.DeadAfter, Epoch: v.Epoch,
	}
	return t, a.stamp(&t, svc)
}

// stamp gives a ticket its sid and its times: never past the visit's end.
func (a *Authority) stamp(t *token.Ticket, svc *directory.Service) error {
	sid, err := a.newID()
	if err != nil {
		return err
	}
	now := a.Now().UnixMilli()
	t.SID = sid
	t.IssuedAt = now
	t.ExpiresAt = min(now+svc.VTLifetime*1000, t.DeadAfter)
	t.RenewUntil = min(t.ExpiresAt+svc.RenewWindow*1000, t.DeadAfter)
	return nil
}

// answerVisit seals a fresh VT for the page.
func (a *Authority) answerVisit(s *sealer, typ string, t token.Ticket, app *directory.Application) Reply {
	vt, err := a.sealTicket(t)
	if err != nil {
		return s.refuse(errUnavailable.Because("ticket").Wrap(err))
	}
	return s.answer(typ, visitAnswer{
		JTI: s.jti, VT: vt, VID: t.VID, SID: t.SID,
		ExpiresIn: (t.ExpiresAt - t.IssuedAt) / 1000, RenewUntil: t.RenewUntil / 1000,
		Scope: joinScope(t.Scopes), ClientName: app.Partner.Name, SubjectHint: subjectHint(t.Subject),
		ServerTime: a.Now().Unix(),
	})
}

func (a *Authority) sealTicket(t token.Ticket) (string, error) {
	key := a.Ring.Ticket()
	if key == nil {
		return "", errUnavailable.Because("no_ticket_key")
	}
	return key.Seal(t, a.Rand)
}
