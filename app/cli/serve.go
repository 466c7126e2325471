package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
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

func (d database) config() store.Config {
	if strings.HasPrefix(d.DB, "postgres://") || strings.HasPrefix(d.DB, "postgresql://") {
		return store.Config{Driver: "postgres", DSN: d.DB}
	}
	return store.Config{Driver: "sqlite", Path: d.DB}
}

type serveCommand struct {
	database
	Issuer   string   `env:"POSTERN_ISSUER" required:"" help:"The gateway's address as pages and partners see it, e.g. https://gateway.bank.example."`
	Listen   string   `env:"POSTERN_LISTEN" default:"127.0.0.1:8080" help:"Address of the listener that faces pages and partners."`
	Internal string   `env:"POSTERN_INTERNAL" default:"127.0.0.1:8081" help:"Address of the internal listener."`
	Node     string   `env:"POSTERN_NODE" default:"node-1" help:"This node's name; unique among the nodes of one database."`
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
	err = c.serve(i.ctx, a, log)
	closing, cancel := context.WithTimeout(context.WithoutCancel(i.ctx), web.ShutdownTimeout)
	defer cancel()
	return errors.Join(err, a.Close(closing))
}

// appConfig reads everything and reports all faults at once.
func (c serveCommand) appConfig(i invocation) (app.Config, error) {
	var faults []error
	if !strings.HasPrefix(c.Issuer, "https://") && !strings.HasPrefix(c.Issuer, "http://localhost") || strings.HasSuffix(c.Issuer, "/") {
		faults = append(faults, errors.New("issuer: want https://host (http only for localhost), without a slash at the end"))
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
		Issuer: c.Issuer, Node: c.Node, Store: c.config(), Master: master,
		TrustedProxies: proxies, Now: i.Now, Rand: i.Rand,
	}, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// masterKey comes from the environment or from a file that nobody else can
// read. There is no default: a gateway without one does not start.
func (c serveCommand) masterKey(i invocation) (*keyring.Master, error) {
	if text := i.Getenv("POSTERN_MASTER_KEY"); text != "" {
		return keyring.ParseMaster(text)
	}
	if c.KeyFile == "" {
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
	g, ctx := errgroup.WithContext(ctx)
	for address, handler := range map[string]http.Handler{c.Listen: public, c.Internal: internal} {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		log.Info("listener opened", slog.String("address", l.Addr().String()))
		g.Go(func() error { return web.Serve(ctx, l, handler, log) })
	}
	return g.Wait()
}

