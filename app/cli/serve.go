package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"postern/app"
	"postern/app/alerts/post"
	"postern/app/config"
	"postern/app/feeds"
	"postern/app/keyring"
	"postern/app/limit"
	"postern/app/signon"
	"postern/app/web"
)

// gatewaySettings are the settings of a gateway, some of which a command line
// may say.
type gatewaySettings struct {
	settings
	Issuer   string `help:"The gateway's address as pages and partners see it, e.g. https://gateway.bank.example."`
	Listen   string `placeholder:"HOST:PORT" help:"Address of the listener that faces pages and partners."`
	Internal string `placeholder:"HOST:PORT" help:"Address of the internal listener."`
	Portal   string `placeholder:"HOST:PORT" help:"Address of the partners' portal; without one there is no portal."`
}

func (g gatewaySettings) load(i invocation) (config.Config, config.Faults) {
	return g.settings.load(i, slices.Concat(
		flag("issuer", "issuer", g.Issuer),
		flag("listen", "listeners.gateway.address", g.Listen),
		flag("internal", "listeners.internal.address", g.Internal),
		flag("portal", "listeners.portal.address", g.Portal))...)
}

type serveCommand struct {
	gatewaySettings
}

func (c serveCommand) Run(i invocation) error {
	s, faults := c.load(i)
	p, more := prepare(s)
	if err := append(faults, more...).Err(); err != nil {
		return err
	}
	log := i.log(s.LogLevel)
	log.InfoContext(i.ctx, "configuration read", slog.Any("settings", s))
	a, err := app.New(i.ctx, p.appConfig(i, log))
	if err != nil {
		return err
	}
	log.InfoContext(i.ctx, "gateway opened", slog.String("issuer", s.Issuer), slog.String("node", p.node), slog.String("database", string(a.Store().Dialect())))
	n, err := open(i.ctx, a, p, log)
	if err == nil {
		err = firstStart(i.ctx, i.Out, a.Identity(), consoleSettings(s).Address)
	}
	if err != nil {
		return errors.Join(err, a.Close(context.WithoutCancel(i.ctx)))
	}
	n.manager = notifier{socket: i.Getenv("NOTIFY_SOCKET")}
	return n.run(i.ctx)
}

// prepared is a configuration with what its settings stand for.
type prepared struct {
	config.Config
	node                      string
	master, other             *keyring.Master
	gateway, internal, portal *web.Certificate // nil without TLS
}

// prepare reads what settings name, and says what is wrong with it.
func prepare(s config.Config) (p prepared, faults config.Faults) {
	p.Config = s
	note := func(key string, err error) {
		if err != nil {
			faults = append(faults, config.Fault{Key: key, Problem: strings.TrimPrefix(err.Error(), "master key: ")})
		}
	}
	certificate := func(key string, t config.TLS) (c *web.Certificate) {
		if t.Cert != "" && t.Key != "" {
			var err error
			c, err = web.ReadCertificate(t.Cert, t.Key)
			note(key, err)
		}
		return c
	}
	var err error
	p.node, err = nodeName(s)
	note("node", err)
	p.master, err = masterKey(s.MasterKey)
	note("master_key", err)
	p.other, err = masterKey(s.OtherMasterKey)
	note("other_master_key", err)
	for i, f := range s.Feeds {
		if f.Syslog.Address != "" {
			_, err = feeds.SyslogTLS(f.Syslog)
			note(fmt.Sprintf("feeds[%d].syslog", i), err)
		}
	}
	p.gateway = certificate("listeners.gateway.tls", s.Listeners.Gateway.TLS)
	p.internal = certificate("listeners.internal.tls", s.Listeners.Internal.TLS)
	p.portal = certificate("listeners.portal.tls", s.Listeners.Portal.TLS)
	_, err = signon.New(s.Console.OIDC, "", nil) // its file; nothing is asked
	note("console.oidc", err)
	_, err = post.Open(s.Alerts, nil) // their files; nothing is sent
	note("alerts", err)
	return p, faults
}

// masterKey reads a master key; nil for one that is not given.
func masterKey(s config.Secret) (*keyring.Master, error) {
	if !s.Set() {
		return nil, nil
	}
	return keyring.ParseMaster(s.Reveal())
}

func (p prepared) appConfig(i invocation, log *slog.Logger) app.Config {
	database := storeConfig(p.Database)
	database.Alone = true
	return app.Config{
		Issuer: p.Issuer, Node: p.node, Version: version(), Store: database, Master: p.master, Other: p.other, Zone: p.Zone,
		TrustedProxies: p.Listeners.Gateway.TrustedProxies, InternalProxies: p.Listeners.Internal.TrustedProxies,
		PortalProxies: p.Listeners.Portal.TrustedProxies, Portal: portalSettings(p.Config),
		Keys: p.Keys, Rates: app.RatesFrom(p.Rates), FailureRate: limit.Rate(p.Rates.Failures), Retention: p.Retention,
		Bank: p.Bank, BankZH: p.BankZH, Console: consoleSettings(p.Config),
		Feeds: p.Feeds, Evidence: p.Config.Evidence, Alerts: p.Alerts, Certificates: p.certificates, Told: p.Config.Public(),
		Now: i.Now, Rand: i.Rand, Log: log,
	}
}

// consoleSettings are the console's, with the address at which it is reached.
func consoleSettings(s config.Config) config.Console {
	c := s.Console
	c.Address = cmp.Or(c.Address, localAddress(s.Listeners.Internal))
	return c
}

// portalSettings are the portal's, with the address at which it is reached; none
// where there is no portal.
func portalSettings(s config.Config) config.Portal {
	c := s.Portal
	if s.Listeners.Portal.Address == "" {
		return config.Portal{}
	}
	c.Address = cmp.Or(c.Address, localAddress(s.Listeners.Portal))
	return c
}

// localAddress is a listener's as this machine's browser reaches it.
func localAddress(l config.Listener) string {
	address := "http://localhost"
	if l.TLS.Cert != "" {
		address = "https://localhost"
	}
	if _, port, err := net.SplitHostPort(l.Address); err == nil {
		address += ":" + port
	}
	return address
}

// certificates are when the listeners' certificates end.
func (p prepared) certificates() map[string]time.Time {
	ends := map[string]time.Time{}
	for listener, c := range map[string]*web.Certificate{"gateway": p.gateway, "internal": p.internal, "portal": p.portal} {
		if c != nil {
			ends[listener] = c.Ends()
		}
	}
	return ends
}

// hsts reports whether browsers may be told to come back over TLS only. A
// browser would hold it against everything else on localhost.
func (p prepared) hsts() bool {
	issuer, err := url.Parse(p.Issuer)
	return err == nil && issuer.Scheme == "https" && issuer.Hostname() != "localhost" &&
		(p.gateway != nil || len(p.Listeners.Gateway.TrustedProxies) > 0)
}
