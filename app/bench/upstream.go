package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"time"
)

// upstreamReply is what the bank's system answers: JSON of about 1 KiB.
const upstreamReply = `{"account":"622848","currency":"CNY","entries":[` +
	`{"booked":"2026-11-01","text":"Salary, November, Harbour Logistics","amount":"18600.00","balance":"24811.37"},` +
	`{"booked":"2026-11-02","text":"Rent, 3 Willow Lane, second floor left","amount":"-5200.00","balance":"19611.37"},` +
	`{"booked":"2026-11-04","text":"Metro card, automatic top-up","amount":"-100.00","balance":"19511.37"},` +
	`{"booked":"2026-11-07","text":"Supermarket by the west gate","amount":"-286.40","balance":"19224.97"},` +
	`{"booked":"2026-11-09","text":"Electricity, October, meter 88120407","amount":"-164.22","balance":"19060.75"},` +
	`{"booked":"2026-11-11","text":"Online purchase, order 20161111","amount":"-899.00","balance":"18161.75"},` +
	`{"booked":"2026-11-15","text":"Transfer from Zhou, dinner shared","amount":"120.00","balance":"18281.75"},` +
	`{"booked":"2026-11-18","text":"Mobile phone, monthly contract","amount":"-58.00","balance":"18223.75"},` +
	`{"booked":"2026-11-20","text":"Car instalment 7 of 36","amount":"-2140.00","balance":"16083.75"}]}`

// bankSystem plays the upstream, for the gateway and the reverse proxy alike.
func bankSystem(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // a connection with an unread body is not kept
	w.Header()["Content-Type"] = []string{"application/json"}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(upstreamReply))}
	_, _ = io.WriteString(w, upstreamReply) // a client that left has nothing to read
}

// idleConnections is what both ways to the upstream may keep; with fewer than
// the load has, a proxy dials all the time and any comparison flatters.
const idleConnections = 256

// reverseProxy is the standard library's, as it comes but for its connections.
func reverseProxy(upstream string, log *slog.Logger) (http.Handler, error) {
	to, err := url.Parse(upstream)
	if err != nil {
		return nil, fmt.Errorf("address of the upstream: %w", err)
	}
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{MaxIdleConns: idleConnections, MaxIdleConnsPerHost: idleConnections},
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}, nil
}

// site is an HTTP server on a free port of loopback.
type site struct {
	url    string
	server *http.Server
}

func listen(ctx context.Context) (net.Listener, string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("listen: %w", err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String()) // a listener's own address has a port
	return l, "http://localhost:" + port, nil
}

func serve(l net.Listener, address string, h http.Handler, log *slog.Logger) *site {
	s := &site{url: address, server: &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	go func() { _ = s.server.Serve(l) }() // ends with close, and then says so
	return s
}

// close drops connections: the load has ended, so nothing is under way.
func (s *site) close() error { return s.server.Close() }

// launch is listen and serve for a handler that need not know its address.
func launch(ctx context.Context, h http.Handler, log *slog.Logger) (*site, error) {
	l, address, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	return serve(l, address, h, log), nil
}
