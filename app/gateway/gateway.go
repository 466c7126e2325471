package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/authority"
	"postern/app/errs"
	"postern/app/gateway/upstream"
	"postern/app/limit"
	"postern/app/web"
)

// Origins knows which origins any active service lists.
type Origins interface{ OriginListed(origin string) bool }

// Options are what the door works with.
type Options struct {
	Authority *authority.Authority
	Upstreams *upstream.Pool
	Origins   Origins
	Failures  *limit.FailureGate // per address
	Now       func() time.Time
	Refused   func(step, code string) // told of each refusal, for metrics
	Preflight func(origin string)     // told of each preflight from an origin that nobody lists
}

// Gateway is the door; safe for concurrent use.
type Gateway struct {
	Options
	configured sync.Map // upstream id → models.Upstream that the pool knows
}

// New returns the door.
func New(o Options) *Gateway { return &Gateway{Options: o} }

// VisitOpen is step D and E: POST /gateway/v1/visit-tokens.
func (g *Gateway) VisitOpen(c *gin.Context) {
	body, ok := g.enter(c, "D", func() int64 { return authority.MaxVisitRequest })
	if !ok {
		return
	}
	g.respond(c, "D", g.Authority.OpenVisit(c.Request.Context(), authority.Exchange{
		Body: body, Origin: c.GetHeader("Origin"), RequestID: web.RequestID(c),
	}))
}

// VisitRenew is POST /gateway/v1/visit-tokens/renew.
func (g *Gateway) VisitRenew(c *gin.Context) { g.onTicket(c, "renew", g.Authority.Renew) }

// VisitClose is POST /gateway/v1/visit-tokens/close.
func (g *Gateway) VisitClose(c *gin.Context) { g.onTicket(c, "close", g.Authority.Close) }

func (g *Gateway) onTicket(c *gin.Context, step string, do func(context.Context, authority.CallRequest) authority.Reply) {
	vt := visitToken(c)
	body, ok := g.enter(c, step, func() int64 { return authority.MaxVisitRequest })
	if !ok {
		return
	}
	g.respond(c, step, do(c.Request.Context(), request(c, vt, body)))
}

// Call is step G: POST /gateway/v1/calls.
func (g *Gateway) Call(c *gin.Context) {
	ctx := c.Request.Context()
	vt := visitToken(c)
	body, ok := g.enter(c, "G", func() int64 { return g.Authority.CallLimit(ctx, vt) })
	if !ok {
		return
	}
	call, reply := g.Authority.OpenCall(ctx, request(c, vt, body))
	if call != nil {
		reply = g.forward(ctx, call)
	}
	g.respond(c, "G", reply)
}

// forward asks the upstream once; there is no retry of our own.
func (g *Gateway) forward(ctx context.Context, call *authority.Call) authority.Reply {
	out, err := call.Outgoing()
	if err != nil {
		return call.Fail(err)
	}
	id, err := g.upstreamFor(out)
	if err != nil {
		return call.Fail(authority.FromUpstream(errs.BadGateway, "configuration", err))
	}
	// The page may leave; what the bank was asked to do still gets its record.
	r, err := g.Upstreams.Do(context.WithoutCancel(ctx), id, upstreamRequest(out))
	switch {
	case errors.Is(err, upstream.ErrTimeout):
		return call.Fail(authority.FromUpstream(errs.Timeout, "timeout", err))
	case err != nil:
		return call.Fail(authority.FromUpstream(errs.BadGateway, upstreamReason(err), err))
	}
	return call.Answer(ctx, authority.UpstreamReply{
		Status: r.Status, Header: r.Header, Customer: r.Customer, MediaType: r.MediaType, Body: r.Body,
	})
}

// enter applies what comes before any key is used: the limit on failures of
// the address, CORS, the media type and the size.
func (g *Gateway) enter(c *gin.Context, step string, limitOf func() int64) ([]byte, bool) {
	g.allowOrigin(c)
	if blocked, retry := g.Failures.Blocked(web.ClientAddress(c), g.Now()); blocked {
		g.refuse(c, step, errs.New(errs.RateLimited, "rate_limited", "Too many failed requests from this address.").With(errs.Help{RetryAfter: retry}))
		return nil, false
	}
	body, err := web.Body(c, limitOf())
	switch {
	case errors.Is(err, web.ErrTooLarge):
		g.refuse(c, step, errs.New(errs.TooLarge, "too_large", "The request is over the size limit."))
		return nil, false
	case err != nil || len(body) == 0 || c.ContentType() != "application/jose":
		g.refuse(c, step, errs.New(errs.Invalid, "bad_envelope", "Not an envelope that this gateway takes."))
		return nil, false
	}
	return body, true
}

// visitToken reads `Authorization: Visit <VT>`; the scheme is case-insensitive
// (RFC 9110 section 11.1). Under any other scheme there is no VT.
func visitToken(c *gin.Context) string {
	scheme, vt, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !strings.EqualFold(scheme, "Visit") {
		return ""
	}
	return vt
}

func request(c *gin.Context, vt string, body []byte) authority.CallRequest {
	return authority.CallRequest{VT: vt, Body: body, Origin: c.GetHeader("Origin"), RequestID: web.RequestID(c)}
}

// respond writes what the authority sealed, or its refusal in the clear.
func (g *Gateway) respond(c *gin.Context, step string, r authority.Reply) {
	if r.Refusal != nil {
		g.refused(c, step, r.Refusal)
	}
	if r.Sealed == nil {
		g.clear(c, r.Refusal)
		return
	}
	status := http.StatusOK
	if r.Refusal != nil {
		status = authority.Status(r.Refusal.Code)
		setHints(c, r.Refusal)
	}
	c.Header("Cache-Control", "no-store")
	c.Data(status, "application/jose", r.Sealed)
}

func (g *Gateway) refuse(c *gin.Context, step string, e *errs.Error) {
	g.refused(c, step, e)
	g.clear(c, e)
}

// refused counts a refusal; those that tell of a forged or broken request also
// against the address.
func (g *Gateway) refused(c *gin.Context, step string, e *errs.Error) {
	if g.Refused != nil {
		g.Refused(step, e.Code)
	}
	switch e.Code {
	case "bad_envelope", "invalid_at", "at_spent", "invalid_vt", "origin_denied":
		g.Failures.Fail(web.ClientAddress(c), g.Now())
	}
}
