package upstream

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// maxReplyHeader bounds the header of a reply, in octets.
const maxReplyHeader = 64 << 10

// dialer opens a connection, as net.Dialer.DialContext does.
type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// newTransport returns the connections of one upstream. Each upstream has its
// own: one that hangs cannot use up the connections of another.
func newTransport(config Config, options Options) *http.Transport {
	dial := options.Dial
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 30 * time.Second, Control: refuseSpecial}).DialContext
	}
	security := options.TLS.Clone()
	if security == nil {
		security = &tls.Config{}
	}
	security.MinVersion = max(security.MinVersion, tls.VersionTLS12)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)

	return &http.Transport{
		Proxy:                  nil, // never one from the environment
		DialContext:            dialWithin(config.ConnectTimeout, dial),
		TLSClientConfig:        security,
		TLSHandshakeTimeout:    config.ConnectTimeout,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxIdleConns:           config.MaxIdle,
		MaxIdleConnsPerHost:    config.MaxIdle, // net/http's default is 2
		IdleConnTimeout:        config.IdleTimeout,
		MaxResponseHeaderBytes: maxReplyHeader,
	}
}

// dialWithin gives dial at most limit to connect.
func dialWithin(limit time.Duration, dial dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()

		return dial(ctx, network, address)
	}
}

// maxAttempts is how often one GET or HEAD may be given a connection. A kept
// connection that turns out closed costs one; net/http may count one attempt
// twice over HTTP/2.
const maxAttempts = 6

// boundAttempts returns a context that ends with errAttempts when a request has
// been given too many connections. Over HTTP/2 net/http repeats a request
// without a body for as long as the server resets it with PROTOCOL_ERROR,
// hundreds of times a second.
func boundAttempts(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, stop := context.WithCancelCause(ctx)
	var attempts atomic.Int64

	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		if attempts.Add(1) > maxAttempts {
			stop(errAttempts)
		}
	}}), stop
}

// refuseSpecial keeps a registered name from being pointed at addresses where
// no business system lives but a cloud's metadata service does. It sees the
// address after name resolution. Private and loopback addresses are where
// upstreams do live.
func refuseSpecial(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("check upstream address: %w", err)
	}
	if ip := to.Addr().Unmap(); ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast() {
		return fmt.Errorf("upstream address %s is not allowed", ip)
	}

	return nil
}
