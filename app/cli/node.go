package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/app"
	"postern/app/config"
	"postern/app/web"
)

// node is a gateway with its listeners.
type node struct {
	app               *app.App
	limits            config.Limits
	gateway, internal door
	portal            *door // nil where there is none
	manager           notifier
	log               *slog.Logger
}

// door is one listener and its server.
type door struct {
	*web.Server
	listener    net.Listener
	certificate *web.Certificate // nil without TLS
}

// open opens every listener before any serves: half a gateway answers nobody.
func open(ctx context.Context, a *app.App, p prepared, log *slog.Logger) (*node, error) {
	public, err := a.Gateway()
	if err != nil {
		return nil, err
	}
	inside, err := a.Internal()
	if err != nil {
		return nil, err
	}
	outer, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.Listeners.Gateway.Address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	inner, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.Listeners.Internal.Address)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen internally: %w", err), outer.Close())
	}
	log.InfoContext(ctx, "listeners opened",
		slog.String("address", outer.Addr().String()), slog.Bool("tls", p.gateway != nil),
		slog.String("internal", inner.Addr().String()), slog.Bool("internal_tls", p.internal != nil))
	portal, err := openPortal(ctx, a, p, log)
	if err != nil {
		return nil, errors.Join(err, outer.Close(), inner.Close())
	}
	return &node{
		app: a, portal: portal, limits: p.Limits, log: log,
		gateway: door{web.NewServer(web.ServerOptions{
			Handler: public, Limits: p.Limits, Certificate: p.gateway, HSTS: p.hsts(), Log: log,
			Proxies: p.Listeners.Gateway.TrustedProxies,
		}), outer, p.gateway},
		internal: door{web.NewServer(web.ServerOptions{
			Handler: inside, Limits: p.Limits, Certificate: p.internal, Log: log,
			Proxies: p.Listeners.Internal.TrustedProxies,
		}), inner, p.internal},
	}, nil
}

// openPortal opens the partners' portal; nil where it has no address.
func openPortal(ctx context.Context, a *app.App, p prepared, log *slog.Logger) (*door, error) {
	c := p.Listeners.Portal
	if c.Address == "" {
		return nil, nil
	}
	handler, err := a.Portal()
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for the portal: %w", err)
	}
	log.InfoContext(ctx, "portal opened", slog.String("address", l.Addr().String()), slog.Bool("tls", p.portal != nil))
	return &door{web.NewServer(web.ServerOptions{
		Handler: handler, Limits: p.Limits, Certificate: p.portal, Log: log, Proxies: c.TrustedProxies,
	}), l, p.portal}, nil
}

// doors are those that are open, the internal one last.
func (n *node) doors() []door {
	if n.portal == nil {
		return []door{n.gateway, n.internal}
	}
	return []door{n.gateway, *n.portal, n.internal}
}

// run serves until ctx ends or a listener fails, and then stops.
func (n *node) run(ctx context.Context) error {
	g, running := errgroup.WithContext(ctx)
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, syscall.SIGHUP) // or a reload would end a node without certificates
	defer signal.Stop(ignored)
	for _, d := range n.doors() {
		g.Go(func() error { return d.Serve(d.listener) })
		if d.certificate != nil {
			g.Go(func() error { return watch(running, d.certificate, n.log) })
		}
	}
	g.Go(func() error {
		<-running.Done()
		return n.stop(context.WithoutCancel(ctx))
	})
	n.tell(ctx, isReady)
	return g.Wait()
}

// tell tells the service manager. That it does not hear is no reason not to serve.
func (n *node) tell(ctx context.Context, word string) {
	if err := n.manager.tell(word); err != nil {
		n.log.WarnContext(ctx, "service manager not told", slog.String("word", word), slog.Any("err", err))
	}
}

// watch takes up a certificate that was replaced, on SIGHUP at once.
func watch(ctx context.Context, c *web.Certificate, log *slog.Logger) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	c.Watch(ctx, hangup, log)
	return nil
}

// stop says that the node leaves, gives balancers time to notice, answers what
// is under way and commits what waits, all within the time to stop. The
// internal listener goes last: until then it tells how far stopping is.
func (n *node) stop(ctx context.Context) error {
	n.log.InfoContext(ctx, "gateway stopping", slog.String("within", n.limits.StopTime.String()))
	ctx, cancel := context.WithTimeout(ctx, n.limits.StopTime)
	defer cancel()
	n.tell(ctx, stopping)
	n.app.Leave()
	n.gateway.Leave()
	time.Sleep(n.limits.NoticeTime)

	// A fifth of the time is the ledger's, whatever requests do.
	requests, cancelRequests := context.WithTimeout(ctx, n.limits.StopTime*4/5-n.limits.NoticeTime)
	defer cancelRequests()
	var faults []error
	for _, d := range n.doors() {
		faults = append(faults, d.Shutdown(requests))
	}
	err := errors.Join(append(faults, n.app.Close(ctx))...)
	n.log.InfoContext(ctx, "gateway stopped", slog.Bool("complete", err == nil))
	return err
}
