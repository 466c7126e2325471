package authority

import "net/http"

// sandboxCustomer is whom the echo of a sign-in route names: one made-up
// customer, so that what comes behind a sign-in can be tried.
const sandboxCustomer = "sandbox-customer"

// reasonEcho marks the record of a call that was answered from a sample.
const reasonEcho = "echo"

// prepare finds what will answer the call, before its jti is used up: the
// service's upstream in the application's environment or, in a sandbox without
// one, the route's sample reply. Production is never answered from a sample.
// errs.BadGateway if there is neither.
func (c *Call) prepare() (err error) {
	if up, ok := c.svc.Upstreams[c.environment()]; ok {
		c.out, err = c.outgoing(up)
		return err
	}
	switch {
	case !c.svc.Echoes(c.environment()):
		return errBadGateway.Because("no_upstream")
	case c.match.Route.SampleReply == "":
		return errBadGateway.Because("no_sample")
	}
	c.echoes = true
	return nil
}

// Echo returns what the sandbox answers in place of an upstream, which is not
// asked then; false when there is one to ask. It goes through Answer as an
// upstream's reply does.
func (c *Call) Echo() (UpstreamReply, bool) {
	if !c.echoes {
		return UpstreamReply{}, false
	}
	c.ask()
	c.record.Reason = reasonEcho
	const mediaType = "application/json"
	r := UpstreamReply{
		Status: http.StatusOK, Header: map[string]string{"content-type": mediaType}, MediaType: mediaType,
		Customer: sandboxCustomer, Body: []byte(c.match.Route.SampleReply),
	}
	if c.plain.Method == http.MethodHead {
		r.Body = nil // RFC 9110 section 9.3.2
	}
	return r, true
}
