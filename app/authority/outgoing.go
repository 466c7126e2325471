package authority

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"postern/app/directory"
	"postern/app/token"
	"postern/models"
)

// Outgoing is what the upstream is asked: nothing of it is the page's own
// words but the parameters' values, the listed query and the body.
type Outgoing struct {
	Upstream       models.Upstream
	Method         string
	Path           string // rebuilt from the route's template, percent-encoded
	RawQuery       string
	Headers        map[string]string
	Body           []byte
	Assertion      string // compact JWS
	IdempotencyKey string // of writes: the call's jti
	TraceParent    string // W3C trace context, section 3.2
	RequestID      string
}

// Outgoing returns what to ask the upstream. The time until Answer or Fail is
// the upstream's.
func (c *Call) Outgoing() Outgoing {
	c.ask()
	return c.out
}

// ask notes when the bank was asked first.
func (c *Call) ask() {
	if c.sent.IsZero() {
		c.sent = c.a.Now()
	}
}

// outgoing makes what to ask the upstream.
func (c *Call) outgoing(up models.Upstream) (Outgoing, error) {
	assertion, err := c.a.assertion(c.ticket, c.a.liveScopes(c.access, c.ticket.Scopes))
	if err != nil {
		return Outgoing{}, errUnavailable.Because("assertion").Wrap(err)
	}
	trace, err := c.a.traceParent()
	if err != nil {
		return Outgoing{}, errUnavailable.Because("trace").Wrap(err)
	}
	o := Outgoing{
		TraceParent: trace, Upstream: up, Method: c.plain.Method, Path: c.match.Path(), RawQuery: c.plain.Query,
		Headers: c.plain.Headers, Assertion: assertion, RequestID: c.record.RequestID,
	}
	if c.writes() {
		o.IdempotencyKey = c.plain.JTI
	}
	c.attachBody(&o)
	return o, nil
}

// traceParent starts a trace of our own: nothing from outside names one.
func (a *Authority) traceParent() (string, error) {
	var b [24]byte
	if _, err := io.ReadFull(a.Rand, b[:]); err != nil {
		return "", fmt.Errorf("draw trace id: %w", err)
	}
	return "00-" + hex.EncodeToString(b[:16]) + "-" + hex.EncodeToString(b[16:]) + "-01", nil
}

// attachBody takes JSON octet for octet, and anything else as it was decoded.
func (c *Call) attachBody(o *Outgoing) {
	switch {
	case c.plain.hasBody():
		o.Headers = withContentType(o.Headers, "application/json")
		o.Body = c.plain.Body
	case c.plain.BodyB64 != nil:
		o.Body = c.plain.raw
	}
}

func withContentType(headers map[string]string, value string) map[string]string {
	all := map[string]string{"content-type": value}
	for name, v := range headers {
		if name != "content-type" {
			all[name] = v
		}
	}
	return all
}

// signedAssertion is an assertion that serves a visit's calls for a while: it
// says who and under what, nothing of the single call.
type signedAssertion struct {
	compact string
	until   int64 // Unix seconds
}

// The life of an assertion, and how much of it must be left to be used again, seconds.
const (
	assertionLife = 60
	assertionLeft = 30
)

// liveScopes are those of a token's scopes that are granted and not frozen now.
func (a *Authority) liveScopes(access *directory.Access, list []string) []string {
	live := access.Scopes()
	return slices.DeleteFunc(slices.Clone(a.Feed.Thawed(list, models.FreezeCall)), func(s string) bool {
		return !slices.Contains(live, s)
	})
}

// assertion returns what the upstream is told about the caller of this ticket,
// who holds these scopes now.
func (a *Authority) assertion(t token.Ticket, scopes []string) (string, error) {
	signer, err := a.Ring.Signer(t.Suite, models.Environment(t.Environment))
	if err != nil {
		return "", err
	}
	now := a.Now().Unix()
	scope := joinScope(scopes)
	// By the key as well: what a compromised one signed must not go on.
	key := signer.Public().KID() + " " + t.SID + " " + scope
	if s, ok := a.assertions.GetIfPresent(key); ok && s.until-now >= assertionLeft && s.until-now <= assertionLife {
		return s.compact, nil
	}
	claims := token.Assertion{
		Issuer: a.Issuer, Audience: t.ServiceID, ClientID: t.ClientID, PartnerID: t.PartnerID,
		Subject: token.SubjectName(t.ClientID, t.Subject), SubjectBy: "partner",
		Customer: t.Customer, AuthTime: t.AuthTime, Scope: scope, VID: t.VID,
		Environment: t.Environment, IssuedAt: now, ExpiresAt: now + assertionLife,
	}
	compact, err := claims.Sign(signer, a.Rand)
	if err != nil {
		return "", err
	}
	a.assertions.Set(key, signedAssertion{compact: string(compact), until: claims.ExpiresAt})
	return string(compact), nil
}
