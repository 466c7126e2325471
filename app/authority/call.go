package authority

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"postern/app/directory"
	"postern/app/errs"
	"postern/app/seal"
	"postern/app/token"
	"postern/models"
)

// clockWindow is how far a call's iat may be off, seconds (protocol section 6).
const clockWindow = 60

// CallRequest is a request of step G, a renewal or a close as it came in.
type CallRequest struct {
	VT        string
	Body      []byte
	Origin    string
	RequestID string
}

// Call is a call that was let through. It goes to the upstream as Outgoing says,
// or is answered by Echo, and comes back through Answer, exactly once.
type Call struct {
	a       *Authority
	s       *sealer
	ticket  token.Ticket
	app     *directory.Application
	svc     *directory.Service
	access  *directory.Access
	match   directory.Match
	plain   callPlain
	scopes  []string // that allow the call and are the visit's
	without []string // of scopes, those that lack a consent to what they show here
	record  models.Call
	out     Outgoing
	echoes  bool // answered from the route's sample reply; out is empty
	started time.Time
	sent    time.Time // when the upstream was asked, or the echo made
}

// OpenCall takes step G up to the bank's door. It returns the call to forward,
// or, when there is none, the reply. Refusals come in the order of protocol
// section 6.
func (a *Authority) OpenCall(ctx context.Context, r CallRequest) (*Call, Reply) {
	started := a.Now()
	v, reply := a.openVisitRequest(r, typCall)
	if v == nil {
		return nil, reply
	}
	c := &Call{a: a, s: v.s, ticket: v.ticket, started: started, record: models.Call{
		At: started.UnixMilli(), VID: v.ticket.VID, RequestID: r.RequestID, PartnerID: v.ticket.PartnerID,
		ApplicationID: v.ticket.ClientID, ServiceID: v.ticket.ServiceID, BytesIn: int64(len(r.Body)),
	}}
	err := c.read(v.plain)
	if err != nil {
		return nil, c.Refuse(err)
	}
	if err := c.admit(ctx, r.Origin); err != nil {
		return nil, c.Refuse(err)
	}
	if err := c.decide(); err != nil {
		return nil, c.Refuse(err)
	}
	if err := c.prepare(); err != nil {
		return nil, c.Refuse(err)
	}
	if err := c.once(ctx); err != nil {
		return nil, c.Refuse(err)
	}
	return c, Reply{}
}

// CallLimit is how long a sealed call under this VT may be, octets; 0 for a VT
// that does not open, for which nothing need be read.
func (a *Authority) CallLimit(ctx context.Context, vt string) int64 {
	o, err := a.openTicket(vt)
	if err != nil {
		return 0
	}
	svc, err := a.Directory.Service(ctx, o.ticket.ServiceID)
	if err != nil {
		return directory.DefaultMaxBody
	}
	return svc.MaxBody
}

// visitRequest is a request whose VT and envelope opened.
type visitRequest struct {
	ticket token.Ticket
	plain  []byte
	s      *sealer
}

// openVisitRequest opens the VT, derives its keys and opens the envelope. On
// failure it returns nil and a refusal in the clear: whoever can't seal under
// K_up learns nothing more.
func (a *Authority) openVisitRequest(r CallRequest, typ string) (*visitRequest, Reply) {
	where := trail{requestID: r.RequestID}
	o, err := a.openTicket(r.VT)
	if errors.Is(err, token.ErrTicket) {
		refusal := errInvalidVT.Because("ticket")
		a.refused("call.refused", refusal, where)
		return nil, inClear(refusal)
	}
	if err != nil {
		return nil, inClear(errUnavailable.Because("keys").Wrap(err))
	}
	e, err := seal.ParseEnvelope(r.Body, len(r.Body))
	var plain []byte
	if err == nil {
		plain, err = o.up.Open(e, typ)
	}
	if err != nil {
		refusal := ErrBadEnvelope.Because(seal.Reason(err)).Wrap(err)
		a.refused("call.refused", refusal, where.ofTicket(o.ticket))
		return nil, inClear(refusal)
	}
	return &visitRequest{ticket: o.ticket, plain: plain, s: &sealer{a: a, direct: o.down, requestID: r.RequestID}}, Reply{}
}

// admit checks origin, the visit's life, states, clock and limits, in this order.
func (c *Call) admit(ctx context.Context, origin string) error {
	a := c.a
	err := a.Ready()
	if err != nil {
		return err
	}
	if c.app, c.svc, err = a.parties(ctx, c.ticket.ClientID, c.ticket.ServiceID); err != nil {
		return err
	}
	if c.record.BytesIn > c.svc.MaxBody {
		return ErrTooLarge.Because("service_limit")
	}
	if err := a.checkTicket(c.ticket, c.app, c.svc, origin, life{c.ticket.ExpiresAt, models.FreezeCall}); err != nil {
		return err
	}
	if err := checkClock(c.plain.IAT, a.Now()); err != nil {
		return err
	}
	if err := a.takeVisit(c.ticket.VID); err != nil {
		return err
	}
	return a.take("call", c.app, c.app.CallRate, a.Rates.Call)
}

// life is for how long (Unix ms) a ticket is good for what is asked, and which
// freeze stops it.
type life struct {
	end   int64
	stops models.FreezeScope
}

// checkTicket checks origin, whether the visit is dead, states, and whether the
// service is open.
func (a *Authority) checkTicket(t token.Ticket, app *directory.Application, svc *directory.Service, origin string, l life) error {
	if err := checkOrigin(svc, origin); err != nil {
		return err
	}
	switch now := a.Now().UnixMilli(); {
	case now >= l.end:
		return errInvalidVT.Because("vt_expired")
	case now >= t.DeadAfter:
		return errInvalidVT.Because("visit_too_old")
	case a.Feed.VisitEnded(t.VID):
		return errInvalidVT.Because("visit_ended")
	}
	if why := over(t.VID, t.Epoch, app, svc); why != "" {
		return errInvalidVT.Because(why)
	}
	return a.checkServing(app, svc, l.stops)
}

func checkClock(iat *seal.Integer, now time.Time) error {
	if d := int64(*iat) - now.Unix(); d > clockWindow || d < -clockWindow {
		return errStale.Because("clock")
	}
	return nil
}

// decide finds the route, asks the policy, and looks whether a customer is
// needed and the bound parameters are the visit's own.
func (c *Call) decide() error {
	match, ok := c.svc.Router.Find(c.plain.Method, c.plain.Path, c.plain.Query)
	if !ok {
		return errNoRoute.Because("no_route")
	}
	c.match, c.record.RouteID = match, match.Route.ID
	if err := c.permit(); err != nil {
		return err
	}
	return c.checkBindings()
}

// permit asks the policy which of the visit's scopes allow the call now.
func (c *Call) permit() error {
	access, err := c.a.Directory.Access(c.app, c.svc, c.a.Now())
	if err != nil {
		return errUnavailable.Because("policy").Wrap(err)
	}
	c.access = access
	c.record.PolicyVersion = c.a.Feed.Version()
	perm := c.match.Route.Permission
	visit := c.a.Feed.Thawed(c.ticket.Scopes, models.FreezeCall)
	admitted := access.Admit(c.match.Route, visit, c.ticket.Customer != "")
	c.record.Rule = admitted.Rule
	if !admitted.Allowed {
		return errScopeDenied.Because(string(admitted.Reason)).With(errs.Help{Permission: c.match.Route.Route.Permission()})
	}
	c.scopes = admitted.Scopes
	if admitted.NeedsCustomer {
		return errNeedsCustomer.Because("customer")
	}
	c.without = c.a.lacking(c.ticket, c.svc, perm, c.scopes)
	return nil
}

// stillPermitted asks again when the bank has answered, which can take its
// time: what was ended, frozen or taken away meanwhile gets no reply any more, and what
// a withdrawn consent showed does not leave.
func (c *Call) stillPermitted(ctx context.Context) error {
	err := c.a.Ready()
	if err != nil {
		return err
	}
	if c.app, c.svc, err = c.a.parties(ctx, c.ticket.ClientID, c.ticket.ServiceID); err != nil {
		return err
	}
	if c.a.Feed.VisitEnded(c.ticket.VID) {
		return errInvalidVT.Because("visit_ended")
	}
	if why := over(c.ticket.VID, c.ticket.Epoch, c.app, c.svc); why != "" {
		return errInvalidVT.Because(why)
	}
	if err := c.a.checkActive(c.app, c.svc, models.FreezeCall); err != nil {
		return err
	}
	return c.permit()
}

// checkBindings compares path and query parameters that the route binds to the
// visit: the page's word is never taken for them. What is wrong whoever signs in
// comes before what a sign-in would help.
func (c *Call) checkBindings() error {
	needsCustomer := false
	for name, to := range c.match.Route.Bindings {
		want := c.ticket.Subject
		if to == "{customer}" {
			want = c.ticket.Customer
			if want == "" {
				needsCustomer = true
				continue
			}
		}
		if want == "" || c.match.Param(name) != want {
			return errScopeDenied.Because("binding").With(errs.Help{Permission: c.match.Route.Route.Permission()})
		}
	}
	if needsCustomer {
		return errNeedsCustomer.Because("bound_customer")
	}
	return nil
}

// once refuses what was seen before: writes by their durable row, reads by the
// window in memory. It also refuses while the ledger could not take the record.
func (c *Call) once(ctx context.Context) error {
	if queued, capacity := c.a.Ledger.Depth(); queued >= capacity {
		return errUnavailable.Because("ledger_queue")
	}
	if c.writes() {
		return c.onceWritten(ctx)
	}
	read, written := replayKeys(c.ticket.VID, c.plain.JTI)
	if c.a.Replays.Seen(written, c.a.Now()) {
		return errReplayed.Because("jti")
	}
	return c.a.firstTime(read, c.a.Now())
}

// onceWritten is once for writes. Only their replays can be told what became
// of the first.
func (c *Call) onceWritten(ctx context.Context) error {
	return c.a.beginWrite(ctx, c.writeCall(), c.maxRunning())
}

// beginWrite refuses a write whose jti its visit has used, on any node; its row
// is on disk when it returns.
func (a *Authority) beginWrite(ctx context.Context, w models.WriteCall, maxRunning time.Duration) error {
	read, written := replayKeys(w.VID, w.JTI)
	if a.Replays.Seen(read, a.Now()) {
		return errReplayed.Because("jti")
	}
	first, state, err := a.Ledger.BeginWrite(ctx, w, maxRunning)
	if err != nil {
		return errUnavailable.Because("ledger").Wrap(err)
	}
	if !first {
		return errReplayed.Because("jti").With(errs.Help{First: string(state)})
	}
	// A window that is full forgets no write: its row decides.
	_, _ = a.Replays.First(written, a.Now())
	return nil
}

// replayKeys are how the window knows a jti of a visit's reads, and of its writes.
func replayKeys(vid, jti string) (read, written [sha256.Size]byte) {
	read = sha256.Sum256([]byte(vid + jti))
	written = read
	written[0] ^= 0xFF
	return read, written
}

// firstTime refuses a key that the window has seen, and remembers it.
func (a *Authority) firstTime(key [sha256.Size]byte, now time.Time) error {
	first, err := a.Replays.First(key, now)
	switch {
	case err != nil:
		return errUnavailable.Because("replay_window").Wrap(err)
	case !first:
		return errReplayed.Because("jti")
	}
	return nil
}

func (c *Call) writes() bool { return c.plain.Method != "GET" && c.plain.Method != "HEAD" }

func (c *Call) writeCall() models.WriteCall {
	return models.WriteCall{
		VID: c.ticket.VID, JTI: c.plain.JTI, State: models.WriteRunning, StartedAt: c.started.UnixMilli(),
	}
}

// maxRunning is how long a write can still be on its way.
func (c *Call) maxRunning() time.Duration {
	const reserve = 5 * time.Second
	return cmp.Or(time.Duration(c.out.Upstream.Timeout)*time.Millisecond, defaultUpstreamTimeout) + reserve
}

const defaultUpstreamTimeout = 10 * time.Second

func (c *Call) environment() models.Environment { return models.Environment(c.ticket.Environment) }
