package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"postern/app"
	"postern/app/keyring"
	"postern/app/store"
	"postern/app/web"
)

// database says where the data is; shared by the commands that open it.
type database struct {
	DB string `name:"db" env:"POSTERN_DB" default:"postern-data/postern.db" help:"SQLite file, or a postgres:// address."`
}

// config reads the address. What has a scheme is never taken for a file name:
// a mistyped address would start an empty gateway, with its password in a path.
func (d database) config() (store.Config, error) {
	scheme, _, found := strings.Cut(d.DB, "://")
	switch {
	case !found && d.DB != "":
		return store.Config{Driver: "sqlite", Path: d.DB}, nil
	case found && (strings.EqualFold(scheme, "postgres") || strings.EqualFold(scheme, "postgresql")):
		return store.Config{Driver: "postgres", DSN: strings.ToLower(scheme) + d.DB[len(scheme):]}, nil
	}
	return store.Config{}, errors.New("database: want a file for SQLite or an address that begins with postgres://")
}

type serveCommand struct {
	database
	Issuer   string   `env:"POSTERN_ISSUER" required:"" help:"The gateway's address as pages and partners see it, e.g. https://gateway.bank.example."`
	Listen   string   `env:"POSTERN_LISTEN" default:"127.0.0.1:8080" help:"Address of the listener that faces pages and partners."`
	Internal string   `env:"POSTERN_INTERNAL" default:"127.0.0.1:8081" help:"Address of the internal listener."`
	Node     string   `env:"POSTERN_NODE" help:"This node's name; unique among the nodes of one database. Default: the host's name."`
	Proxies  []string `env:"POSTERN_TRUSTED_PROXIES" help:"Addresses or prefixes that may say whom a request comes from."`
	KeyFile  string   `env:"POSTERN_MASTER_KEY_FILE" help:"File with the master key (64 hexadecimal digits or base64); readable by its owner only. POSTERN_MASTER_KEY may hold the key itself."`
}

func (c serveCommand) Run(i invocation) error {
	log := i.log(slog.LevelInfo)
	config, err := c.appConfig(i)
	if err != nil {
		return err
	}
	config.Log = log
	a, err := app.New(i.ctx, config)
	if err != nil {
		return err
	}
	log.InfoContext(i.ctx, "gateway opened", slog.String("issuer", config.Issuer), slog.String("node", config.Node), slog.String("database", config.Store.Driver))
	err = c.serve(i.ctx, a, log)
	log.Info("gateway stopped")
	closing, cancel := context.WithTimeout(context.WithoutCancel(i.ctx), web.ShutdownTimeout)
	defer cancel()
	return errors.Join(err, a.Close(closing))
}

// appConfig reads everything and reports all faults at once.
func (c serveCommand) appConfig(i invocation) (app.Config, error) {
	var faults []error
	if !validIssuer(c.Issuer) {
		faults = append(faults, errors.New("issuer: want https://host (http only for localhost), with nothing behind host and port"))
	}
	if c.Listen == c.Internal && !strings.HasSuffix(c.Listen, ":0") { // 0 gives each a port of its own
		faults = append(faults, fmt.Errorf("listeners: both want %s; the internal one needs an address of its own", c.Listen))
	}
	for name, address := range map[string]string{"listen": c.Listen, "internal": c.Internal} {
		if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
			faults = append(faults, fmt.Errorf("%s: want host:port, have %q", name, address))
		}
	}
	database, err := c.config()
	if err != nil {
		faults = append(faults, err)
	}
	node, err := c.nodeName()
	if err != nil {
		faults = append(faults, err)
	}
	master, err := c.masterKey(i)
	if err != nil {
		faults = append(faults, err)
	}
	var proxies []netip.Prefix
	for _, text := range c.Proxies {
		p, err := parsePrefix(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("trusted proxies: %w", err))
		}
		proxies = append(proxies, p)
	}
	if len(faults) > 0 {
		return app.Config{}, fmt.Errorf("configuration: %w", errors.Join(faults...))
	}
	return app.Config{
		Issuer: c.Issuer, Node: node, Store: database, Master: master,
		TrustedProxies: proxies, Now: i.Now, Rand: i.Rand,
	}, nil
}

// validIssuer: scheme and host, and nothing that a check of the beginning alone
// would let through, such as http://localhost.evil.example.
func validIssuer(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || text != u.Scheme+"://"+u.Host {
		return false
	}
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return u.Scheme == "http" || u.Scheme == "https"
	}
	return u.Scheme == "https"
}

func (c serveCommand) nodeName() (string, error) {
	if c.Node != "" {
		return c.Node, nil
	}
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("node: none is given, and the host has no name: %w", err)
	}
	return name, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// masterKey comes from a file that nobody else can read or from the
// environment. There is no default: a gateway without one does not start.
func (c serveCommand) masterKey(i invocation) (*keyring.Master, error) {
	text := i.Getenv("POSTERN_MASTER_KEY")
	switch {
	case text != "" && c.KeyFile != "":
		return nil, errors.New("master key: both a file and POSTERN_MASTER_KEY are given; keep one")
	case text != "":
		return keyring.ParseMaster(text)
	case c.KeyFile == "":
		return nil, errors.New("master key: set POSTERN_MASTER_KEY_FILE or POSTERN_MASTER_KEY; make one with: openssl rand -hex 32")
	}
	return keyring.ReadMasterFile(c.KeyFile)
}

func (c serveCommand) serve(ctx context.Context, a *app.App, log *slog.Logger) error {
	public, err := a.Gateway()
	if err != nil {
		return err
	}
	internal, err := a.Internal()
	if err != nil {
		return err
	}
	// Both are open before either serves: half a gateway answers nobody.
	outer, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	inner, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Internal)
	if err != nil {
		return errors.Join(fmt.Errorf("listen internally: %w", err), outer.Close())
	}
	log.InfoContext(ctx, "listeners opened", slog.String("address", outer.Addr().String()), slog.String("internal", inner.Addr().String()))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return web.Serve(ctx, outer, public, log) })
	g.Go(func() error { return web.Serve(ctx, inner, internal, log) })
	return g.Wait()
}
