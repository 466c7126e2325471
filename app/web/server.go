package web

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"postern/app/config"
)

// ServerOptions say what is served, and within which limits.
type ServerOptions struct {
	Handler     http.Handler
	Limits      config.Limits
	Certificate *Certificate   // nil serves in clear
	Proxies     []netip.Prefix // listed ones; a limit for one peer is none for them
	HSTS        bool           // pages reach this listener over TLS only, ours or a proxy's
	Log         *slog.Logger
}

// Server serves one listener.
type Server struct {
	options ServerOptions
	http    *http.Server
	leaving atomic.Bool
}

// Bounds of an HTTP/2 connection; what a stream may hold is net/http's own.
// Streams that their client resets count as open until their handler ends, so
// resetting does not buy more work (CVE-2023-44487).
const (
	maxStreams  = 100
	pingAfter   = 15 * time.Second // without a frame; who does not answer is gone
	pingTimeout = 15 * time.Second
)

// NewServer returns a server that listens nowhere yet.
func NewServer(o ServerOptions) *Server {
	s := &Server{options: o}
	s.http = &http.Server{
		Handler: s, MaxHeaderBytes: o.Limits.HeaderSize,
		ReadHeaderTimeout: o.Limits.HeaderTime, ReadTimeout: o.Limits.RequestTime,
		WriteTimeout: o.Limits.AnswerTime, IdleTimeout: o.Limits.IdleTime,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, SendPingTimeout: pingAfter, PingTimeout: pingTimeout, WriteByteTimeout: o.Limits.AnswerTime,
		},
		ErrorLog: log.New(serverLog{o.Log}, "", 0),
	}
	if o.Certificate != nil {
		s.http.TLSConfig = o.Certificate.tlsConfig()
	}
	stopping, stop := context.WithCancel(context.Background())
	s.http.BaseContext = func(net.Listener) context.Context {
		return context.WithValue(context.Background(), stoppingKey{}, stopping.Done())
	}
	s.http.RegisterOnShutdown(stop)
	return s
}

// oneYear is what browsers' lists of HTTPS-only hosts ask for, seconds.
const oneYear = "max-age=31536000"

// ServeHTTP adds what concerns the connection and not the answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.options.HSTS {
		w.Header().Set("Strict-Transport-Security", oneYear)
	}
	if s.leaving.Load() {
		w.Header().Set("Connection", "close") // HTTP/2 makes a GOAWAY of it
	}
	s.options.Handler.ServeHTTP(w, r)
}

// Serve serves on l until Shutdown or until l fails.
func (s *Server) Serve(l net.Listener) error {
	bounded := &boundedListener{Listener: l, limit: int64(s.options.Limits.Connections), proxies: s.options.Proxies, log: s.options.Log}
	serve := s.http.Serve
	if s.options.Certificate != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	if err := serve(bounded); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	return nil
}

// Leave ends each connection with its next answer, so that clients move on to
// other nodes before Shutdown.
func (s *Server) Leave() { s.leaving.Store(true) }

// Shutdown takes no more connections and waits until requests under way are
// answered. What outlasts ctx is cut, which is an error.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests under way were cut: %w", err), s.http.Close())
	}
	return nil
}

// Serve serves h on l within limits until ctx ends, and then as Shutdown does,
// for at most limits.StopTime.
func Serve(ctx context.Context, l net.Listener, h http.Handler, limits config.Limits, log *slog.Logger) error {
	s := NewServer(ServerOptions{Handler: h, Limits: limits, Log: log})
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), limits.StopTime)
		defer cancel()
		stopped <- s.Shutdown(end)
	})
	err := s.Serve(l)
	if stop() { // it failed by itself
		return err
	}
	return errors.Join(err, <-stopped)
}

// serverLog takes net/http's own lines: what strangers do wrong is Debug, what
// keeps connections from being taken is an error.
type serverLog struct{ log *slog.Logger }

// Write logs one line.
func (s serverLog) Write(line []byte) (int, error) {
	level := slog.LevelDebug
	if strings.HasPrefix(string(line), "http: Accept error") {
		level = slog.LevelError
	}
	s.log.Log(context.Background(), level, "server reported", slog.String("line", strings.TrimSpace(string(line))))
	return len(line), nil
}
