package gateway

import (
	"errors"
	"net/http"
	"time"

	"postern/app/authority"
	"postern/app/gateway/upstream"
)

// upstreamFor makes sure that the pool knows the upstream as it is now, and
// returns its id there.
func (g *Gateway) upstreamFor(o authority.Outgoing) (string, error) {
	u := o.Upstream
	id := upstream.ID(u.ServiceID, u.Environment)
	if known, ok := g.configured.Load(id); ok && known == u {
		return id, nil
	}
	err := g.Upstreams.Configure(id, upstream.Config{
		BaseURL:        u.BaseURL,
		Timeout:        time.Duration(u.Timeout) * time.Millisecond,
		ConnectTimeout: time.Duration(u.ConnectTimeout) * time.Millisecond,
		MaxReply:       u.MaxReply,
	})
	if err == nil {
		g.configured.Store(id, u)
	}
	return id, err
}

func upstreamRequest(o authority.Outgoing) upstream.Request {
	h := make(http.Header, len(o.Headers))
	for name, value := range o.Headers {
		h.Set(name, value)
	}
	return upstream.Request{
		Method: o.Method, Path: o.Path, RawQuery: o.RawQuery, Header: h, Body: o.Body,
		Assertion: o.Assertion, IdempotencyKey: o.IdempotencyKey,
		TraceParent: o.TraceParent, RequestID: o.RequestID,
	}
}

// upstreamReason is the ledger's word for why an upstream gave nothing.
func upstreamReason(err error) string {
	switch {
	case errors.Is(err, upstream.ErrReply):
		return "reply"
	case errors.Is(err, upstream.ErrRequest):
		return "request"
	default:
		return "unavailable"
	}
}
