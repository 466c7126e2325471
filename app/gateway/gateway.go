package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/authority"
	"postern/app/errs"
	"postern/app/gateway/upstream"
	"postern/app/limit"
	"postern/app/web"
	"postern/models"
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
	Log       *slog.Logger
	Refused   func(step, code string) // told of each refusal, for metrics
	Preflight func(origin string)     // told of each preflight from an origin that nobody lists
	Sleep     func(time.Duration)     // for as long as a slow upstream takes that is none
}

// Gateway is the door; safe for concurrent use.
type Gateway struct {
	Options
	configured sync.Map // upstream id → models.Upstream that the pool knows
	room       room
	slow       chan struct{}
	calls      atomic.Int64 // on their way
}

// InFlight is how many calls are on their way through this node.
func (g *Gateway) InFlight() int64 { return g.calls.Load() }

// New returns the door.
func New(o Options) *Gateway {
	return &Gateway{Options: o, room: room{byKey: map[string]int64{}}, slow: make(chan struct{}, slowAtOnce)}
}

// VisitOpen is step D and E: POST /gateway/v1/visit-tokens.
func (g *Gateway) VisitOpen(c *gin.Context) {
	stranger := guest{key: limit.Network(web.ClientAddress(c)), stranger: true}
	body, leave, ok := g.enter(c, "D", stranger, func() int64 { return authority.MaxVisitRequest })
	if !ok {
		return
	}
	defer leave()
	g.respond(c, "D", g.Authority.OpenVisit(c.Request.Context(), authority.Exchange{
		Body: body, Origin: originOf(c), RequestID: web.RequestID(c),
	}))
}

// VisitRenew is POST /gateway/v1/visit-tokens/renew.
func (g *Gateway) VisitRenew(c *gin.Context) { g.onTicket(c, "renew", g.Authority.Renew) }

// VisitClose is POST /gateway/v1/visit-tokens/close.
func (g *Gateway) VisitClose(c *gin.Context) { g.onTicket(c, "close", g.Authority.Close) }

// Consents is POST /gateway/v1/consents.
func (g *Gateway) Consents(c *gin.Context) { g.onTicket(c, "consent", g.Authority.Consent) }

func (g *Gateway) onTicket(c *gin.Context, step string, do func(context.Context, authority.CallRequest) authority.Reply) {
	vt := visitToken(c)
	body, leave, ok := g.enter(c, step, guest{key: vt}, func() int64 {
		return min(g.Authority.CallLimit(c.Request.Context(), vt), authority.MaxVisitRequest)
	})
	if !ok {
		return
	}
	defer leave()
	g.respond(c, step, do(c.Request.Context(), request(c, vt, body)))
}

// Call is step G: POST /gateway/v1/calls.
func (g *Gateway) Call(c *gin.Context) {
	ctx := c.Request.Context()
	vt := visitToken(c)
	body, leave, ok := g.enter(c, "G", guest{key: vt}, func() int64 { return g.Authority.CallLimit(ctx, vt) })
	if !ok {
		return
	}
	defer leave()
	g.calls.Add(1)
	defer g.calls.Add(-1)
	call, reply := g.Authority.OpenCall(ctx, request(c, vt, body))
	if call != nil {
		reply = g.forward(ctx, call)
	}
	g.respond(c, "G", reply)
}

// forward asks the upstream once; there is no retry of our own. In a sandbox
// without an upstream nobody is asked.
func (g *Gateway) forward(ctx context.Context, call *authority.Call) authority.Reply {
	// The page may leave; what the bank was asked to do still gets its record.
	ctx = context.WithoutCancel(ctx)
	slow, failure := call.Weather()
	g.wait(slow)
	if failure != nil {
		return call.Fail(failure)
	}
	if echo, ok := call.Echo(); ok {
		return call.Answer(ctx, echo)
	}
	out := call.Outgoing()
	id, err := g.upstreamFor(out)
	if err != nil {
		return call.Fail(authority.FromUpstream(errs.BadGateway, "configuration", err))
	}
	r, err := g.Upstreams.Do(ctx, id, upstreamRequest(out))
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

// slowAtOnce is how many calls take their time at once because somebody wants to see that.
const slowAtOnce = 32

// wait lets a call take as long as a slow upstream, while there is room: what waits keeps
// its body in memory, and a sandbox must not keep anybody else's calls out by it. Where
// too many wait already, it goes on at once.
func (g *Gateway) wait(slow time.Duration) {
	if slow == 0 {
		return
	}
	select {
	case g.slow <- struct{}{}:
		defer func() { <-g.slow }()
		g.Sleep(slow)
	default:
	}
}

// enter applies what comes before any key is used: the limit on failures of
// the address, CORS, the size and the media type. limitOf gives 0 for a stranger,
// whose body is not read: there is nothing in it that could help. Call leave
// when the request is over.
func (g *Gateway) enter(c *gin.Context, step string, who guest, limitOf func() int64) (body []byte, leave func(), ok bool) {
	g.allowOrigin(c)
	if blocked, retry := g.Failures.Blocked(web.ClientAddress(c), g.Now()); blocked {
		g.refuse(c, step, errTooManyFailures.With(errs.Help{RetryAfter: retry}))
		return nil, nil, false
	}
	most := limitOf()
	leave, ok = g.room.take(who, announced(c, most))
	if !ok {
		c.Header("Connection", "close") // the body stays unread
		g.refuse(c, step, errNoRoom)
		return nil, nil, false
	}
	body, err := readBody(c, most)
	switch {
	case errors.Is(err, web.ErrTooLarge):
		g.refuse(c, step, authority.ErrTooLarge)
	case err != nil || (len(body) == 0 && most > 0) || !strings.EqualFold(c.ContentType(), "application/jose"):
		g.refuse(c, step, authority.ErrBadEnvelope.Because("form"))
	default:
		return body, leave, true
	}
	leave()
	return nil, nil, false
}

// announced is how many octets of a body may have to be kept: what does not say
// how long it is may be as long as it is allowed to be.
func announced(c *gin.Context, most int64) int64 {
	if n := c.Request.ContentLength; n >= 0 && n <= most {
		return n
	}
	return most
}

var errNoRoom = errs.New(errs.Unavailable, "unavailable", "Too much is on its way in; nothing was done.").
	Because("no_room").With(errs.Help{RetryAfter: time.Second})

var errTooManyFailures = errs.New(errs.RateLimited, "rate_limited", "Too many failed requests from this address.").Because("address_failures")

func readBody(c *gin.Context, most int64) ([]byte, error) {
	if most > 0 {
		return web.Body(c, most)
	}
	if c.Request.ContentLength > authority.MaxStrangersCall {
		return nil, web.ErrTooLarge
	}
	return nil, nil
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
	return authority.CallRequest{VT: vt, Body: body, Origin: originOf(c), RequestID: web.RequestID(c)}
}

// originOf is the page's origin. Of several none is believed: together they are
// none that anybody lists.
func originOf(c *gin.Context) string { return strings.Join(c.Request.Header.Values("Origin"), ", ") }

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

// refused counts a refusal, and logs the cause of a fault of ours once.
func (g *Gateway) refused(c *gin.Context, step string, e *errs.Error) {
	if g.Refused != nil {
		g.Refused(step, e.Code)
	}
	switch {
	case authority.ByPlan(e):
		web.Planned(c)
	case authority.Status(e.Code) >= http.StatusInternalServerError:
		g.Log.WarnContext(c.Request.Context(), "request could not be served", slog.String("request_id", web.RequestID(c)),
			slog.String("step", step), slog.String("code", e.Code), slog.String("reason", e.Reason), slog.Any("err", e.Cause))
	}
	if forged(e) {
		g.Failures.Fail(web.ClientAddress(c), g.Now())
	}
}

// forged tells what somebody tries who has no key from what happens to honest
// pages, such as a VT that has run out: only the former counts against an
// address, which many phones may share.
func forged(e *errs.Error) bool {
	if models.ByWeather(e.Reason) {
		return false
	}
	switch e.Reason {
	case "unknown_at", "other_r", "ticket":
		return true
	}
	return e.Code == authority.ErrBadEnvelope.Code && e.Reason != "plaintext"
}
