package authority

import (
	"context"
	"slices"
	"time"

	"postern/app/consents"
	"postern/app/directory"
	"postern/app/errs"
	"postern/app/keyring"
	"postern/app/seal"
	"postern/app/store"
	"postern/app/token"
	"postern/models"
	"postern/policies"
)

// person is who can agree in a visit: the bank's customer where it has one, else
// the partner's subject, else whoever opened it (models.Visitor).
func (a *Authority) person(t token.Ticket) models.Visitor {
	subjects := a.Ring.Subjects()
	return models.Visitor{
		CustomerMAC: subjects.MAC(keyring.Customers, t.Customer), SubjectMAC: subjects.MAC(t.ClientID, t.Subject), VID: t.VID,
	}
}

// holds reports whether a ticket's consent is one to what the scope demands now
// and was not withdrawn.
func (a *Authority) holds(c token.Consent, demanded *models.ConsentText, now int64) bool {
	return c.Version == demanded.Version && (c.EndsAt == 0 || now < c.EndsAt) && !a.Feed.ConsentWithdrawn(c.ID)
}

// lacking lists those of the scopes whose C2 and C3 fields under p wait for a
// consent that the ticket does not carry, or that holds no longer. It reads
// nothing but memory.
func (a *Authority) lacking(t token.Ticket, svc *directory.Service, p policies.Permission, scopes []string) []string {
	var list []string
	for _, s := range scopes {
		if svc.Scopes[s].Withholds(p) && !a.consented(t, svc, s) {
			list = append(list, s)
		}
	}
	return list
}

// consented reports whether the ticket carries a consent to what the scope
// demands now.
func (a *Authority) consented(t token.Ticket, svc *directory.Service, scope string) bool {
	now := a.Now().UnixMilli()
	return slices.ContainsFunc(t.Consents, func(c token.Consent) bool {
		return c.Scope == scope && a.holds(c, svc.Scopes[scope].Consent, now)
	})
}

// consentedOf lists those of the scopes that demand consent and have it.
func (a *Authority) consentedOf(t token.Ticket, svc *directory.Service, scopes []string) []string {
	var list []string
	for _, s := range scopes {
		if sc := svc.Scopes[s]; sc != nil && sc.Consent != nil && a.consented(t, svc, s) {
			list = append(list, s)
		}
	}
	return list
}

// carryConsents puts into a ticket the consents of its person that hold, looked
// up where one of its scopes demands any.
func (a *Authority) carryConsents(ctx context.Context, t *token.Ticket, svc *directory.Service) error {
	t.Consents = nil
	if !svc.DemandConsent(t.Scopes) {
		return nil
	}
	list, err := a.Consents.Live(ctx, a.person(*t), t.ClientID)
	if err != nil {
		return errUnavailable.Because("consents").Wrap(err)
	}
	t.Consents = a.carried(list, t.Scopes, svc)
	return nil
}

// carried is of each scope the first consent of the list that holds.
func (a *Authority) carried(list []models.Consent, scopes []string, svc *directory.Service) []token.Consent {
	var kept []token.Consent
	now := a.Now().UnixMilli()
	for _, s := range scopes {
		if svc.Scopes[s] == nil || svc.Scopes[s].Consent == nil || len(kept) == token.MaxConsents {
			continue
		}
		for _, c := range list {
			one := token.Consent{ID: c.ID, Scope: c.ScopeID, Version: c.Version, EndsAt: c.EndsAt}
			if c.ScopeID == s && a.holds(one, svc.Scopes[s].Consent, now) {
				kept = append(kept, one)
				break
			}
		}
	}
	return kept
}

// What a page may ask about consents.
const (
	consentList     = "list"
	consentGive     = "give"
	consentWithdraw = "withdraw"
)

// consentPlain is what the page seals beside jti and iat. Version is that of the
// text which the person was shown.
type consentPlain struct {
	Action  string        `json:"action"`
	Scope   string        `json:"scope"`
	Version *seal.Integer `json:"version"`
}

// words are a text in the two languages.
type words struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// consentAsked is what the page is told of one scope that demands consent. Times
// are Unix seconds, 0 for none.
type consentAsked struct {
	Scope   string `json:"scope"`
	Version int64  `json:"version"`
	Purpose words  `json:"purpose"`
	Text    words  `json:"text"`
	Days    int64  `json:"days"`
	Given   bool   `json:"given"`
	GivenAt int64  `json:"given_at,omitempty"`
	Until   int64  `json:"until,omitempty"`
}

// consentAnswer is the plaintext of the answer. The ticket is there when the
// visit's consents are others than those of the one that it came with, and lives
// no longer than that one.
type consentAnswer struct {
	JTI        string         `json:"jti"`
	Status     int            `json:"status"`
	Consents   []consentAsked `json:"consents"`
	VT         string         `json:"vt,omitempty"`
	SID        string         `json:"sid,omitempty"`
	ExpiresIn  int64          `json:"expires_in,omitempty"`
	RenewUntil int64          `json:"renew_until,omitempty"`
	ServerTime int64          `json:"server_time"`
}

// Consent lists, gives or withdraws consents of the visit's person (PIPL
// articles 14, 15 and 23). What was given or withdrawn is on disk with its event
// before the answer.
func (a *Authority) Consent(ctx context.Context, r CallRequest) Reply {
	v, p, reply := a.openTicketRequest(r, typConsent, "consent.refused")
	if v == nil {
		return reply
	}
	where := trail{requestID: r.RequestID}.ofTicket(v.ticket)
	refuse := func(err error) Reply {
		a.refused("consent.refused", err, where)
		return v.s.refuse(err)
	}
	var asked consentPlain
	if err := seal.DecodeObject(v.plain, &asked); err != nil || !asked.wellFormed() {
		return refuse(ErrBadEnvelope.Because("plaintext"))
	}
	svc, err := a.mayConsent(ctx, v.ticket, p, asked, r.Origin)
	if err != nil {
		return refuse(err)
	}
	if err := a.doConsent(ctx, v.ticket, svc, asked, where); err != nil {
		a.settleConsent(v.ticket, p, asked, models.WriteUnknown)
		return refuse(err)
	}
	a.settleConsent(v.ticket, p, asked, models.WriteDone)
	answer, err := a.consentAnswer(ctx, v.ticket, svc)
	if err != nil {
		return refuse(err)
	}
	answer.JTI = p.JTI
	return v.s.answer(typReply, answer)
}

func (p consentPlain) wellFormed() bool {
	switch p.Action {
	case consentList:
		return p.Scope == "" && p.Version == nil
	case consentGive:
		return p.Scope != "" && p.Version != nil
	case consentWithdraw:
		return p.Scope != "" && p.Version == nil
	}
	return false
}

// mayConsent checks in the order of step G; what is asked for comes where a call
// meets route, permission and customer.
func (a *Authority) mayConsent(ctx context.Context, t token.Ticket, p ticketPlain, asked consentPlain, origin string) (*directory.Service, error) {
	app, svc, err := a.parties(ctx, t.ClientID, t.ServiceID)
	if err != nil {
		return nil, err
	}
	if err := a.checkTicket(t, app, svc, origin, life{t.ExpiresAt, models.FreezeCall}); err != nil {
		return nil, err
	}
	if err := checkClock(p.IAT, a.Now()); err != nil {
		return nil, err
	}
	if err := a.takeVisit(t.VID); err != nil {
		return nil, err
	}
	if err := a.take("call", app, app.CallRate, a.Rates.Call); err != nil {
		return nil, err
	}
	if err := a.checkAsked(t, svc, asked); err != nil {
		return nil, err
	}
	if asked.Action == consentList {
		return svc, a.freshRequest(t.VID, p)
	}
	// As of writes: what another node has seen must not undo a withdrawal since.
	return svc, a.beginWrite(ctx, models.WriteCall{VID: t.VID, JTI: p.JTI}, maxConsentTime)
}

// maxConsentTime is how long giving or withdrawing can still be under way.
const maxConsentTime = 15 * time.Second

// checkAsked: a consent is to a text that this visit's page can have shown.
func (a *Authority) checkAsked(t token.Ticket, svc *directory.Service, asked consentPlain) error {
	if asked.Action == consentList {
		return nil
	}
	sc := svc.Scopes[asked.Scope]
	if sc == nil || !slices.Contains(t.Scopes, asked.Scope) {
		return errScopeDenied.Because("consent_scope")
	}
	if asked.Action == consentWithdraw { // what was once given can be taken back, whatever became of the scope
		return nil
	}
	switch {
	case len(a.Feed.Thawed([]string{asked.Scope}, models.FreezeCall)) == 0:
		return errNotActive.Because("scopes_frozen")
	case sc.Consent == nil:
		return errConsentStale.Because("none_demanded")
	case int64(*asked.Version) != sc.Consent.Version:
		return errConsentStale.Because("version").With(errs.Help{Version: sc.Consent.Version})
	case sc.RequiresCustomer && t.Customer == "":
		return errNeedsCustomer.Because("customer")
	}
	return nil
}

func (a *Authority) doConsent(ctx context.Context, t token.Ticket, svc *directory.Service, asked consentPlain, where trail) error {
	var err error
	switch asked.Action {
	case consentGive:
		text := *svc.Scopes[asked.Scope].Consent
		_, err = a.Consents.Give(ctx, models.Consent{
			PartnerID: t.PartnerID, ApplicationID: t.ClientID, ServiceID: t.ServiceID, ScopeID: asked.Scope,
			Version: text.Version, Visitor: a.person(t), EndsAt: a.consentEnd(t, text),
		}, text, where.event("", nil))
	case consentWithdraw:
		err = a.withdraw(ctx, consents.Withdrawal{
			Consents: store.ConsentFilter{ApplicationID: t.ClientID, ScopeID: asked.Scope, Visitor: a.person(t)},
			By:       models.ByCustomer, Event: where.event("", nil),
		})
	}
	if err != nil {
		return errUnavailable.Because("consents").Wrap(err)
	}
	return nil
}

// settleConsent tells the ledger what became of giving or withdrawing.
func (a *Authority) settleConsent(t token.Ticket, p ticketPlain, asked consentPlain, state models.WriteState) {
	if asked.Action != consentList {
		a.note("settle consent", a.Ledger.EndWrite(models.WriteCall{VID: t.VID, JTI: p.JTI}, state))
	}
}

// consentEnd is when a consent given now ends by itself, Unix ms; 0 for never.
// What nobody can be asked about again ends with the visit.
func (a *Authority) consentEnd(t token.Ticket, text models.ConsentText) int64 {
	var end int64
	if text.Days > 0 {
		end = a.Now().Add(time.Duration(text.Days) * 24 * time.Hour).UnixMilli()
	}
	if t.Customer == "" && t.Subject == "" && (end == 0 || t.DeadAfter < end) {
		end = t.DeadAfter
	}
	return end
}

// withdraw ends consents on every node within a second, on this one at once.
func (a *Authority) withdraw(ctx context.Context, w consents.Withdrawal) error {
	ended, err := a.Consents.Withdraw(ctx, w)
	for _, c := range ended {
		a.Feed.WithdrawConsent(c.ID, a.Now().Add(consents.Remember).UnixMilli())
	}
	return err
}

// consentAnswer tells the page what is asked and what was given, as it is on disk.
func (a *Authority) consentAnswer(ctx context.Context, t token.Ticket, svc *directory.Service) (consentAnswer, error) {
	live, err := a.Consents.Live(ctx, a.person(t), t.ClientID)
	if err != nil {
		return consentAnswer{}, errUnavailable.Because("consents").Wrap(err)
	}
	answer := consentAnswer{Status: 200, Consents: []consentAsked{}, ServerTime: a.Now().Unix()}
	carried := a.carried(live, t.Scopes, svc)
	for _, s := range t.Scopes {
		if sc := svc.Scopes[s]; sc != nil && sc.Consent != nil {
			answer.Consents = append(answer.Consents, askedFor(*sc.Consent, carried, live))
		}
	}
	if slices.Equal(carried, t.Consents) {
		return answer, nil
	}
	t.Consents = carried
	if t.SID, err = a.newID(); err != nil {
		return consentAnswer{}, errUnavailable.Wrap(err)
	}
	if answer.VT, err = a.sealTicket(t); err != nil {
		return consentAnswer{}, err
	}
	answer.SID, answer.RenewUntil = t.SID, t.RenewUntil/1000
	answer.ExpiresIn = max(1, (t.ExpiresAt-a.Now().UnixMilli())/1000)
	return answer, nil
}

func askedFor(text models.ConsentText, carried []token.Consent, live []models.Consent) consentAsked {
	one := consentAsked{
		Scope: text.ScopeID, Version: text.Version, Days: text.Days,
		Purpose: words{EN: text.PurposeEN, ZH: text.PurposeZH}, Text: words{EN: text.TextEN, ZH: text.TextZH},
	}
	for _, c := range carried {
		if c.Scope != text.ScopeID {
			continue
		}
		at := slices.IndexFunc(live, func(l models.Consent) bool { return l.ID == c.ID })
		one.Given, one.GivenAt, one.Until = true, live[at].GivenAt/1000, c.EndsAt/1000
	}
	return one
}
