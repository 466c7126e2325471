package authority

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/token"
	"postern/models"
)

// trail is what the ledger is told about who and where.
type trail struct {
	requestID, partnerID, clientID, serviceID, vid string

	credential string // by which the caller proved to be the application
	assertion  string // fingerprint of the one that was used; of refusals alone

	jti     string        // of the AT that is being traded in
	origin  string        // of the page that trades it
	started time.Time     // when the request came in; zero where nobody measures
	took    time.Duration // from there until the event was made
}

func (t trail) of(row models.ATRow) trail {
	t.partnerID, t.clientID, t.serviceID, t.vid, t.jti = row.PartnerID, row.ApplicationID, row.ServiceID, row.VID, row.JTI
	return t
}

// at is the trail of what is known at a time.
func (t trail) at(now time.Time) trail {
	if !t.started.IsZero() {
		t.took = now.Sub(t.started)
	}
	return t
}

func (t trail) ofTicket(k token.Ticket) trail {
	t.partnerID, t.clientID, t.serviceID, t.vid = k.PartnerID, k.ClientID, k.ServiceID, k.VID
	return t
}

// ofCaller names the application that the caller says it is, and what it proved that by.
func (t trail) ofCaller(c Caller) trail {
	if c.Application != nil {
		t.partnerID, t.clientID = c.Application.PartnerID, c.Application.ID
	}
	t.credential, t.assertion = c.CredentialID, fingerprint(c.AssertionJTI)
	return t
}

// fingerprint tells one jti from another without what a caller made up; "" for none.
func fingerprint(jti string) string {
	if jti == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(jti))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func (t trail) event(kind string, detail map[string]string) ledger.Event {
	if detail == nil {
		detail = map[string]string{}
	}
	note(detail, "jti", t.jti)
	note(detail, detailTook, micros(t.took))
	return ledger.Event{
		Kind: kind, Outcome: "ok", RequestID: t.requestID, PartnerID: t.partnerID,
		ApplicationID: t.clientID, ServiceID: t.serviceID, VID: t.vid, Detail: detail,
	}
}

// detailTook is what a step took until its event was made, microseconds.
const detailTook = "took_us"

func note(detail map[string]string, name, value string) {
	if value != "" {
		detail[name] = value
	}
}

// micros is a duration as details have it; "" for none.
func micros(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatInt(d.Microseconds(), 10)
}

// maxOrigin bounds what is kept of an origin that a stranger names, octets.
const maxOrigin = 200

// refused puts a refusal on record. A ledger too full for it is a fault of
// ours that must not turn the refusal into something else.
func (a *Authority) refused(kind string, err error, t trail) {
	if !a.roomForRefusals() {
		a.lost.Add(1)
		return
	}
	a.note(kind, a.Ledger.Refuse(t.at(a.Now()).refusal(kind, err)))
}

// roomForRefusals keeps half of the ledger's queue for what is let through:
// strangers' refusals must not fill it.
func (a *Authority) roomForRefusals() bool {
	queued, capacity := a.Ledger.Depth()
	return queued < capacity/2
}

func (t trail) refusal(kind string, err error) ledger.Event {
	e := errs.Of(err)
	event := t.event(kind, nil)
	note(event.Detail, "credential", t.credential)
	note(event.Detail, "assertion", t.assertion)
	event.Outcome, event.Reason = e.Code, e.Reason
	if errors.Is(err, errOriginDenied) {
		note(event.Detail, "origin", t.origin[:min(len(t.origin), maxOrigin)])
	}
	return event
}

// RefuseIntrospection puts a refusal of an introspection on record.
func (a *Authority) RefuseIntrospection(err error, requestID string) {
	a.refused("introspection.refused", err, trail{requestID: requestID})
}

// RefuseRevocation puts a refusal of a revocation on record and returns what to
// answer.
func (a *Authority) RefuseRevocation(ctx context.Context, err error, c Caller, requestID string) error {
	return a.refuseCaller(ctx, "at.revocation_refused", err, c, trail{requestID: requestID}.ofCaller(c))
}

// RefuseConsents puts a refusal of a partner's question about consents on record
// and returns what to answer.
func (a *Authority) RefuseConsents(ctx context.Context, err error, c Caller, requestID string) error {
	return a.refuseCaller(ctx, "consent.refused", err, c, trail{requestID: requestID}.ofCaller(c))
}

// RefuseAT puts a refusal of step B on record and returns what to answer. c is
// empty for a caller who proved nothing.
func (a *Authority) RefuseAT(ctx context.Context, err error, c Caller, r TokenRequest) error {
	t := trail{requestID: r.RequestID}.ofCaller(c)
	// Only who proved something may cost a look-up of what it named.
	if c.AssertionJTI != "" || (c.Application != nil && errs.KindOf(err) != errs.Unauthenticated) {
		if _, known := a.Directory.Service(ctx, r.Resource); known == nil {
			t.serviceID = r.Resource
		}
	}
	return a.refuseCaller(ctx, "at.refused", err, c, t)
}

// refuseCaller puts a refusal on record. An assertion that proved its client is
// used up by it, too: the same one with other parameters is a replay. Limits
// and faults of ours cost no durable row, as they must stay cheap
// (docs/decisions/0015).
func (a *Authority) refuseCaller(ctx context.Context, kind string, err error, c Caller, t trail) error {
	if c.AssertionJTI == "" || errs.KindOf(err) != errs.Invalid {
		a.refused(kind, err, t)
		return err
	}
	if used := a.useAssertion(ctx, c, t.refusal(kind, err)); used != nil {
		a.refused(kind, used, t)
		return used
	}
	return err
}

func (a *Authority) useAssertion(ctx context.Context, c Caller, e ledger.Event) error {
	return a.Ledger.UseAssertion(ctx, ledger.Issue{
		AssertionJTI: c.AssertionJTI, AssertionExpires: c.AssertionExpires,
		Row: models.ATRow{ApplicationID: c.Application.ID}, Event: e,
	})
}

func splitScope(s string) []string { return strings.Fields(s) }

func joinScope(list []string) string { return strings.Join(list, " ") }

// subjectHint shows a visitor enough of the partner's user id to recognise it,
// and never more than half.
func subjectHint(s string) string {
	switch {
	case s == "":
		return ""
	case len(s) >= 8:
		return s[:2] + "****" + s[len(s)-2:]
	case len(s) >= 2:
		return s[:1] + "****"
	default:
		return "****"
	}
}
