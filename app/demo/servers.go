package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// listeners are the demo's open ports, all on loopback.
type listeners struct {
	gateway, internal, portal, h5, bank, partner net.Listener
}

// places are the addresses that belong to them. Browsers treat localhost as
// secure, which the page's cryptography needs.
type places struct {
	gateway, internal, portal, h5, bank, partner string
}

// listen opens every port or none.
func listen(ctx context.Context, p Ports) (*listeners, error) {
	var l listeners
	var config net.ListenConfig
	for _, open := range []struct {
		name     string
		port     int
		listener *net.Listener
	}{
		{"gateway", p.Gateway, &l.gateway}, {"internal door", p.Internal, &l.internal}, {"partners' portal", p.Portal, &l.portal}, {"bank's page", p.H5, &l.h5},
		{"bank's loan system", p.Bank, &l.bank}, {"partners' page", p.Partner, &l.partner},
	} {
		listener, err := config.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", open.port))
		if err != nil {
			l.close()
			return nil, fmt.Errorf("port %d, for the %s, cannot be had: %w; the demo needs the ports %s, "+
				"and --base-port N moves it to N, N+1, N+2, N+10, N+11 and N+12", open.port, open.name, err, p)
		}
		*open.listener = listener
	}
	return &l, nil
}

func (l *listeners) all() []net.Listener {
	return []net.Listener{l.gateway, l.internal, l.portal, l.h5, l.bank, l.partner}
}

func (l *listeners) close() {
	for _, listener := range l.all() {
		if listener != nil {
			_ = listener.Close() // nothing is served yet, so nothing can be lost
		}
	}
}

func (l *listeners) places() places {
	return places{
		gateway: address(l.gateway), internal: address(l.internal), portal: address(l.portal), h5: address(l.h5),
		bank: address(l.bank), partner: address(l.partner),
	}
}

// ports are the ones that were opened, in particular where any free one would do.
func (l *listeners) ports() Ports {
	of := func(l net.Listener) int {
		if tcp, ok := l.Addr().(*net.TCPAddr); ok {
			return tcp.Port
		}
		return 0
	}
	return Ports{Gateway: of(l.gateway), Internal: of(l.internal), Portal: of(l.portal), H5: of(l.h5), Bank: of(l.bank), Partner: of(l.partner)}
}

func address(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String()) // a listener's own address has a port
	return "http://localhost:" + port
}

// servers are the running HTTP servers.
type servers struct {
	listeners *listeners
	running   []*http.Server
	failed    chan error // the first server that stopped by itself
	log       *slog.Logger
}

// serve answers on l until close. The read timeout bounds slow headers; the
// idle one is what browsers keep connections for.
func (s *servers) serve(ctx context.Context, l net.Listener, h http.Handler) {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ErrorLog:    slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.running = append(s.running, server)
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			select {
			case s.failed <- fmt.Errorf("serve %s: %w", l.Addr(), err):
			default: // another server failed before; one reason is enough to stop
			}
		}
	}()
}

// close waits for running requests and ends those that outlast ctx.
func (s *servers) close(ctx context.Context) error {
	var faults []error
	for _, server := range s.running {
		if err := server.Shutdown(ctx); err != nil {
			faults = append(faults, fmt.Errorf("stop server: %w", err), server.Close())
		}
	}
	if s.listeners != nil {
		s.listeners.close()
	}
	return errors.Join(faults...)
}
