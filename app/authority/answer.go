package authority

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"postern/app/disclosure"
	"postern/app/errs"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/token"
	"postern/models"
)

// UpstreamReply is what came back from the bank's system.
type UpstreamReply struct {
	Status    int
	Header    map[string]string // lower-case names that may leave
	Customer  string            // Postern-Customer, taken out of the headers
	MediaType string            // lower case, without parameters
	Body      []byte
}

// Refuse ends the call with a refusal, on record and sealed under K_down.
func (c *Call) Refuse(err error) Reply {
	e := Refusal(err)
	c.record.Code, c.record.Reason = e.Code, e.Reason
	c.finish(nil)
	if c.a.roomForRefusals() || !c.sent.IsZero() {
		c.a.note("record call", c.a.Ledger.Record(c.record, nil))
	} else {
		c.a.lost.Add(1)
	}
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
	sealed, err := c.answer(ctx, r)
	if err != nil {
		// The bank has done what was asked: unavailable, which says that nothing
		// was done, would be a lie (protocol section 7).
		e := errs.Of(err)
		return c.Refuse(errBadGateway.Because(e.Reason).Wrap(err))
	}
	return Reply{Sealed: sealed}
}

// answer makes the reply and puts the call on record before it leaves.
func (c *Call) answer(ctx context.Context, r UpstreamReply) ([]byte, error) {
	if err := c.stillPermitted(ctx); err != nil {
		return nil, err
	}
	signedIn, err := c.signIn(ctx, r)
	if err != nil {
		return nil, err
	}
	out, shape, err := c.reduce(r)
	if err != nil {
		return nil, err
	}
	if err := c.bindCustomer(ctx, signedIn, &out); err != nil {
		return nil, err
	}
	out.JTI, out.Status, out.ServerTime = c.plain.JTI, r.Status, c.a.Now().Unix()
	sealed, err := c.s.direct.Seal(typReply, out.encode(), c.a.Rand)
	if err != nil {
		return nil, err
	}
	c.record.BytesOut = int64(len(sealed))
	c.finish(shape)
	if c.svc.DurableCalls {
		return sealed, c.a.Ledger.RecordNow(ctx, c.record, shape)
	}
	return sealed, c.a.Ledger.Record(c.record, shape)
}

// settle tells the ledger what became of a write.
func (c *Call) settle(state models.WriteState) {
	c.record.UpstreamTime = c.a.Now().Sub(c.sent).Microseconds()
	if c.writes() {
		c.a.note("settle write", c.a.Ledger.EndWrite(c.writeCall(), state))
	}
}

func (c *Call) finish(shape *models.Shape) {
	c.record.Duration = c.a.Now().Sub(c.started).Microseconds()
	if shape != nil {
		c.record.ShapeID, c.record.Fields = shape.ID, shape.Left
	}
}

// reduce decides what of the reply leaves.
func (c *Call) reduce(r UpstreamReply) (callReply, *models.Shape, error) {
	out := callReply{Headers: r.Header, Body: []byte("null")}
	if len(r.Body) == 0 {
		return out, nil, nil
	}
	if !isJSON(r.MediaType) {
		if err := c.mayLeaveWhole(r.MediaType); err != nil {
			return callReply{}, nil, err
		}
		out.Body, out.Raw = nil, base64.StdEncoding.EncodeToString(r.Body)
		return out, nil, nil
	}
	plan, err := c.plan(r.Status)
	if err != nil {
		return callReply{}, nil, errUnavailable.Because("disclosure_plan").Wrap(err)
	}
	result, err := plan.Reduce(r.Body, len(r.Body)*maskGrowth)
	if err != nil {
		return callReply{}, nil, errBadGateway.Because("reply_not_json").Wrap(err)
	}
	out.Body = result.Body
	if r.Status < 400 { // an error's body shows what the route lists, whoever agreed
		out.Lacking = c.without
	}
	return out, &models.Shape{
		ID: result.Shape.ID(), Canonical: string(result.Shape.Canonical()), FirstSeen: c.started.UnixMilli(),
		Left: int64(len(result.Shape.Kept) + len(result.Shape.Masked)),
	}, nil
}

// maskGrowth is how many times longer masks can make a reply: `1` becomes "***".
const maskGrowth = 8

// plan is how this reply is reduced: by the scopes, or, for an error's body, by
// the members that the route lists.
func (c *Call) plan(status int) (*disclosure.Plan, error) {
	if status >= 400 {
		return c.match.Route.ErrorPlan, nil
	}
	return c.access.Plan(c.match.Route.Permission, c.scopes, c.without)
}

// mayLeaveWhole refuses a reply that is not JSON unless the route lists its type
// and a scope that lacks no consent gives the permission raw.
func (c *Call) mayLeaveWhole(mediaType string) error {
	perm := c.match.Route.Permission
	switch {
	case !slices.Contains(c.match.Route.ReplyTypes, mediaType), !c.access.Raw(perm, c.scopes, nil):
		return errBadGateway.Because("media_type")
	case !c.access.Raw(perm, c.scopes, c.without):
		return errBadGateway.Because("no_consent")
	}
	return nil
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || (strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json"))
}

// signIn takes the bank's word for who the visitor is, from the sign-in route
// only, and makes the ticket that carries it; nil where nobody signed in. From
// then on the reply is about that customer: what others agreed to opens nothing
// of it.
func (c *Call) signIn(ctx context.Context, r UpstreamReply) (*token.Ticket, error) {
	if !c.match.Route.SignIn || r.Customer == "" || r.Status >= 400 {
		return nil, nil
	}
	t := c.ticket
	t.Customer, t.AuthTime = r.Customer, c.a.Now().Unix()
	if err := c.a.stamp(&t, c.svc); err != nil {
		return nil, errUnavailable.Wrap(err)
	}
	if err := c.a.carryConsents(ctx, &t, c.svc); err != nil {
		return nil, err
	}
	c.without = c.a.lacking(t, c.svc, c.match.Route.Permission, c.scopes)
	return &t, nil
}

// bindCustomer puts on record who signed in, and gives the page the ticket that
// carries it.
func (c *Call) bindCustomer(ctx context.Context, t *token.Ticket, out *callReply) error {
	if t == nil {
		return nil
	}
	customer, err := c.a.Ring.Subjects().Seal(keyring.Customers, t.Customer, c.a.Rand)
	if err != nil {
		return errUnavailable.Wrap(err)
	}
	event := trail{requestID: c.record.RequestID}.ofTicket(*t).event("customer.bound", map[string]string{"sid": t.SID})
	if err := c.a.Ledger.BindCustomer(ctx, t.VID, ledger.Customer{
		Sealed: customer, MAC: c.a.Ring.Subjects().MAC(keyring.Customers, t.Customer), AuthTime: t.AuthTime * 1000,
	}, event); err != nil {
		return errUnavailable.Because("ledger").Wrap(err)
	}
	vt, err := c.a.sealTicket(*t)
	if err != nil {
		return err
	}
	out.Fresh = &freshTicket{VT: vt, SID: t.SID, ExpiresIn: (t.ExpiresAt - t.IssuedAt) / 1000}
	return nil
}

// FromUpstream returns what an upstream's failure is to the page.
func FromUpstream(kind errs.Kind, reason string, cause error) error {
	if kind == errs.Timeout {
		return errs.New(errs.Timeout, "upstream_timeout", "The bank's system did not answer in time.").Because(reason).Wrap(cause)
	}
	return errBadGateway.Because(reason).Wrap(cause)
}
