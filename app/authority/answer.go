package authority

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"postern/app/disclosure"
	"postern/app/errs"
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

// UpstreamReply is what came back from the bank's system.
type UpstreamReply struct {
	Status    int
	Header    map[string]string // lower-case names that may leave
	Customer  string            // Postern-Customer, taken out of the headers
	MediaType string            // lower case, without parameters
	Body      []byte
}

// Outgoing returns what to ask the upstream; errs.BadGateway if the service
// has none in the application's environment.
func (c *Call) Outgoing() (Outgoing, error) {
	up, ok := c.svc.Upstreams[c.environment()]
	if !ok {
		return Outgoing{}, errBadGateway.Because("no_upstream")
	}
	assertion, err := c.a.assertion(c.ticket)
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
	return o, c.attachBody(&o)
}

// traceParent starts a trace of our own: nothing from outside names one.
func (a *Authority) traceParent() (string, error) {
	var b [24]byte
	if _, err := io.ReadFull(a.Rand, b[:]); err != nil {
		return "", fmt.Errorf("draw trace id: %w", err)
	}
	return "00-" + hex.EncodeToString(b[:16]) + "-" + hex.EncodeToString(b[16:]) + "-01", nil
}

// attachBody takes JSON octet for octet and anything else from base64.
func (c *Call) attachBody(o *Outgoing) error {
	switch {
	case c.plain.hasBody():
		o.Headers = withContentType(o.Headers, "application/json")
		o.Body = c.plain.Body
	case c.plain.BodyB64 != nil:
		body, err := base64.StdEncoding.Strict().DecodeString(*c.plain.BodyB64)
		if err != nil || o.Headers["content-type"] == "" {
			return errBadEnvelope.Because("body_b64")
		}
		o.Body = body
	}
	return nil
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

// Refuse ends the call with a refusal, on record and sealed under K_down.
func (c *Call) Refuse(err error) Reply {
	e := Refusal(err)
	c.record.Code, c.record.Reason = e.Code, e.Reason
	c.keep(nil)
	return c.s.refuse(e)
}

// Fail ends a call that was forwarded, or may have been, without a reply that
// may leave.
func (c *Call) Fail(err error) Reply {
	c.settle(models.WriteUnknown)
	return c.Refuse(err)
}

// Answer ends the call with the upstream's reply, reduced to what the scopes
// allow and sealed under K_down.
func (c *Call) Answer(ctx context.Context, r UpstreamReply) Reply {
	c.settle(models.WriteDone)
	c.record.Status = r.Status
	c.record.UpstreamTime = c.record.Duration
	out, shape, err := c.reduce(r)
	if err != nil {
		return c.Refuse(err)
	}
	if err := c.bindCustomer(ctx, r, &out); err != nil {
		return c.Refuse(err)
	}
	out.JTI, out.Status, out.ServerTime = c.plain.JTI, r.Status, c.a.Now().Unix()
	sealed, err := c.s.direct.Seal(typReply, out.encode(), c.a.Rand)
	if err != nil {
		return c.Refuse(errUnavailable.Wrap(err))
	}
	c.record.BytesOut = int64(len(sealed))
	if err := c.keepBefore(ctx, shape); err != nil {
		return c.Refuse(err)
	}
	return Reply{Sealed: sealed}
}

// settle tells the ledger what became of a write.
func (c *Call) settle(state models.WriteState) {
	c.record.Duration = c.a.Now().Sub(c.started).Microseconds()
	if c.writes() {
		c.a.note("settle write", c.a.Ledger.EndWrite(c.writeCall(), state))
	}
}

// keep puts the call on record behind the reply.
func (c *Call) keep(shape *models.Shape) {
	c.finish(shape)
	c.a.note("record call", c.a.Ledger.Record(c.record, shape))
}

// keepBefore puts the call on record; for services set to durable before the
// reply leaves.
func (c *Call) keepBefore(ctx context.Context, shape *models.Shape) error {
	if !c.svc.DurableCalls {
		c.keep(shape)
		return nil
	}
	c.finish(shape)
	if err := c.a.Ledger.RecordNow(ctx, c.record, shape); err != nil {
		return errUnavailable.Because("ledger").Wrap(err)
	}
	return nil
}

func (c *Call) finish(shape *models.Shape) {
	c.record.Duration = c.a.Now().Sub(c.started).Microseconds()
	if shape != nil {
		c.record.ShapeID = shape.ID
	}
}

// reduce decides what of the reply leaves.
func (c *Call) reduce(r UpstreamReply) (callReply, *models.Shape, error) {
	out := callReply{Headers: r.Header, Body: []byte("null")}
	if len(r.Body) == 0 {
		return out, nil, nil
	}
	if !isJSON(r.MediaType) {
		if !slices.Contains(c.match.Route.ReplyTypes, r.MediaType) || !c.access.Raw(c.match.Route.Permission, c.scopes) {
			return callReply{}, nil, errBadGateway.Because("media_type")
		}
		out.Body, out.Raw = nil, base64.StdEncoding.EncodeToString(r.Body)
		return out, nil, nil
	}
	plan, err := c.plan(r.Status)
	if err != nil {
		return callReply{}, nil, errUnavailable.Because("disclosure_plan").Wrap(err)
	}
	result, err := plan.Reduce(r.Body, len(r.Body)*2+1024)
	if err != nil {
		return callReply{}, nil, errBadGateway.Because("reply_not_json").Wrap(err)
	}
	out.Body = result.Body
	return out, &models.Shape{ID: result.Shape.ID(), Canonical: string(result.Shape.Canonical()), FirstSeen: c.started.UnixMilli()}, nil
}

// plan is how this reply is reduced: by the scopes, or, for an error's body, by
// the members that the route lists.
func (c *Call) plan(status int) (*disclosure.Plan, error) {
	if status >= 400 {
		return c.match.Route.ErrorPlan, nil
	}
	return c.access.Plan(c.match.Route.Permission, c.scopes)
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || (strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json"))
}

// bindCustomer takes the bank's word for who the visitor is, from the sign-in
// route only, and gives the page a ticket that carries it.
func (c *Call) bindCustomer(ctx context.Context, r UpstreamReply, out *callReply) error {
	if !c.match.Route.SignIn || r.Customer == "" || r.Status >= 400 {
		return nil
	}
	t, now := c.ticket, c.a.Now()
	t.Customer, t.AuthTime = r.Customer, now.Unix()
	if err := c.a.stamp(&t, c.svc); err != nil {
		return errUnavailable.Wrap(err)
	}
	event := trail{requestID: c.record.RequestID}.ofTicket(t).event("customer.bound", map[string]string{"sid": t.SID})
	if err := c.a.Ledger.BindCustomer(ctx, t.VID, t.Customer, now.UnixMilli(), event); err != nil {
		return errUnavailable.Because("ledger").Wrap(err)
	}
	vt, err := c.a.sealTicket(t)
	if err != nil {
		return err
	}
	out.Fresh = &freshTicket{VT: vt, SID: t.SID, ExpiresIn: (t.ExpiresAt - t.IssuedAt) / 1000}
	return nil
}

// freshTicket is what a reply carries when the visit's ticket changed.
type freshTicket struct {
	VT, SID   string
	ExpiresIn int64
}

// callReply is the plaintext of a reply. It is written by hand: the body is
// JSON already, and its numbers keep their digits.
type callReply struct {
	JTI        string
	Status     int
	Headers    map[string]string
	Body       []byte // JSON; nil when Raw is set
	Raw        string // standard base64
	Fresh      *freshTicket
	ServerTime int64
}

func (r callReply) encode() []byte {
	b := make([]byte, 0, len(r.Body)+len(r.Raw)+512)
	b = append(b, `{"jti":"`...)
	b = append(b, r.JTI...)
	b = append(b, `","status":`...)
	b = strconv.AppendInt(b, int64(r.Status), 10)
	if len(r.Headers) > 0 {
		// Only the upstream package's allow-list gets here; plain strings encode.
		if h, err := json.Marshal(r.Headers); err == nil {
			b = append(append(b, `,"headers":`...), h...)
		}
	}
	if r.Body != nil {
		b = append(append(b, `,"body":`...), r.Body...)
	} else {
		b = append(append(append(b, `,"body_b64":"`...), r.Raw...), '"')
	}
	if f := r.Fresh; f != nil {
		b = append(append(append(b, `,"vt":"`...), f.VT...), `","sid":"`...)
		b = append(append(b, f.SID...), `","expires_in":`...)
		b = strconv.AppendInt(b, f.ExpiresIn, 10)
	}
	b = append(b, `,"server_time":`...)
	b = strconv.AppendInt(b, r.ServerTime, 10)
	return append(b, '}')
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

// assertion returns what the upstream is told about the caller of this ticket.
func (a *Authority) assertion(t token.Ticket) (string, error) {
	now := a.Now().Unix()
	if s, ok := a.assertions.GetIfPresent(t.SID); ok && s.until-now >= assertionLeft && s.until-now <= assertionLife {
		return s.compact, nil
	}
	signer, err := a.Ring.Signer(t.Suite, models.Environment(t.Environment))
	if err != nil {
		return "", err
	}
	claims := token.Assertion{
		Issuer: a.Issuer, Audience: t.ServiceID, ClientID: t.ClientID, PartnerID: t.PartnerID,
		Subject: token.SubjectName(t.ClientID, t.Subject), SubjectBy: "partner",
		Customer: t.Customer, AuthTime: t.AuthTime, Scope: joinScope(t.Scopes), VID: t.VID,
		Environment: t.Environment, IssuedAt: now, ExpiresAt: now + assertionLife,
	}
	compact, err := claims.Sign(signer, a.Rand)
	if err != nil {
		return "", err
	}
	a.assertions.Set(t.SID, signedAssertion{compact: string(compact), until: claims.ExpiresAt})
	return string(compact), nil
}

// FromUpstream returns what an upstream's failure is to the page.
func FromUpstream(kind errs.Kind, reason string, cause error) error {
	if kind == errs.Timeout {
		return errs.New(errs.Timeout, "upstream_timeout", "The bank's system did not answer in time.").Because(reason).Wrap(cause)
	}
	return errBadGateway.Because(reason).Wrap(cause)
}
