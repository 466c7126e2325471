package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// check holds the settings against each other, once all are read.
func (l *loader) check() {
	l.checkRequired()
	c := l.config
	if _, given := l.origins["issuer"]; given && !validIssuer(c.Issuer) {
		l.wrong("issuer", "want https://host (http only for localhost), with nothing behind host and port")
	}
	if _, given := l.origins["console.address"]; given && c.Console.Address != "" && !validIssuer(c.Console.Address) {
		l.wrong("console.address", "want https://host (http only for localhost), with nothing behind host and port")
	}
	if c.Console.SessionTime < c.Console.IdleTime {
		l.wrong("console.session_time", "want at least console.idle_time, %s, have %s", c.Console.IdleTime, c.Console.SessionTime)
	}
	if _, given := l.origins["portal.address"]; given && c.Portal.Address != "" && !validIssuer(c.Portal.Address) {
		l.wrong("portal.address", "want https://host (http only for localhost), with nothing behind host and port")
	}
	if c.Portal.SessionTime < c.Portal.IdleTime {
		l.wrong("portal.session_time", "want at least portal.idle_time, %s, have %s", c.Portal.IdleTime, c.Portal.SessionTime)
	}
	l.checkOIDC(c.Console.OIDC)
	if !c.Database.DSN.Set() && (c.Database.Path == "" || strings.Contains(c.Database.Path, "://")) {
		l.wrong("database.path", "want a file for SQLite; the address of PostgreSQL is database.dsn")
	}
	if c.Database.DSN.Set() && !postgres(c.Database.DSN.Reveal()) {
		l.wrong("database.dsn", "want an address that begins with postgres://")
	}
	l.checkListener("listeners.gateway", c.Listeners.Gateway)
	l.checkListener("listeners.internal", c.Listeners.Internal)
	// Port 0 gives each a port of its own.
	if a := c.Listeners.Gateway.Address; a == c.Listeners.Internal.Address && !strings.HasSuffix(a, ":0") {
		l.wrong("listeners.internal.address", "both want %s; the internal one needs an address of its own", a)
	}
	if portal := c.Listeners.Portal; portal.Address != "" {
		l.checkListener("listeners.portal", portal)
		if a := portal.Address; (a == c.Listeners.Gateway.Address || a == c.Listeners.Internal.Address) && !strings.HasSuffix(a, ":0") {
			l.wrong("listeners.portal.address", "%s is wanted twice; the portal needs an address of its own", a)
		}
	}
	l.checkTimes(c.Limits)
	l.checkFeeds(c.Feeds)
	l.checkAlerts(c.Alerts)
}

func (l *loader) checkOIDC(c OIDC) {
	if c.SecondFactor != OurSecondFactor && c.SecondFactor != TrustedSecondFactor {
		l.wrong("console.oidc.second_factor", "want %s or %s, have %q", OurSecondFactor, TrustedSecondFactor, c.SecondFactor)
	}
	if c.Issuer == "" {
		return
	}
	if u, err := url.Parse(c.Issuer); err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(c.Issuer, "?#") {
		l.wrong("console.oidc.issuer", "want https:// and a host, without a query")
	}
	if c.ClientID == "" {
		l.fault("console.oidc.client_id", "", "is missing; console.oidc.issuer needs it")
	}
	if !c.ClientSecret.Set() {
		l.fault("console.oidc.client_secret", "", "is missing; console.oidc.issuer needs it")
	}
}

// checkRequired looks for what is missing. In a file that could not be read
// anything may stand.
func (l *loader) checkRequired() {
	if slices.ContainsFunc(l.faults, func(f Fault) bool { return f.Key == "" }) {
		return
	}
	for _, s := range l.settings {
		if _, tried := l.origins[s.Key]; s.Required != "" && !tried {
			l.fault(s.Key, "", "is missing; set %s (%s)", l.ways(s), s.Required)
		}
	}
}

// wrong reports a setting that was read and does not fit.
func (l *loader) wrong(key, format string, args ...any) {
	l.fault(key, l.origins[key], format, args...)
}

// ways are how a missing setting can be given.
func (l *loader) ways(s Setting) string {
	if s.Listed {
		return s.Key + " in the file"
	}
	if s.Secret() {
		return fmt.Sprintf("%s or %s, or %s in the file", s.FileVariable(), s.Variable(), s.fileKey())
	}
	return fmt.Sprintf("%s, or %s in the file", s.Variable(), s.Key)
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

func postgres(dsn string) bool {
	scheme, _, found := strings.Cut(dsn, "://")
	return found && (strings.EqualFold(scheme, "postgres") || strings.EqualFold(scheme, "postgresql"))
}

func (l *loader) checkListener(key string, c Listener) {
	l.checkPair(key+".tls", c.TLS.Cert, c.TLS.Key)
	address := key + ".address"
	host, port, err := net.SplitHostPort(c.Address)
	switch {
	case err != nil || port == "":
		l.wrong(address, "want host:port, have %q", c.Address)
	case !loopback(host) && c.TLS.Cert == "" && c.TLS.Key == "" && len(c.TrustedProxies) == 0:
		l.wrong(address, "%s is reached from other machines, in clear; set %[2]s.tls.cert and %[2]s.tls.key, "+
			"or list the proxy that ends TLS in front in %[2]s.trusted_proxies, or listen on 127.0.0.1", c.Address, key)
	}
}

// checkPair wants a certificate and its key both or neither.
func (l *loader) checkPair(section, cert, key string) {
	if (cert == "") == (key == "") {
		return
	}
	missing, there := section+".cert", section+".key"
	if key == "" {
		missing, there = there, missing
	}
	l.fault(missing, "", "is missing; %s needs it", there)
}

// loopback reports whether only this machine reaches a host. A name other than
// localhost may be anything.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

func (l *loader) checkTimes(c Limits) {
	if c.RequestTime < c.HeaderTime {
		l.wrong("limits.request_time", "want at least limits.header_time, %s, have %s", c.HeaderTime, c.RequestTime)
	}
	if c.AnswerTime <= c.RequestTime {
		l.wrong("limits.answer_time", "want more than limits.request_time, %s, have %s", c.RequestTime, c.AnswerTime)
	}
	if c.NoticeTime > c.StopTime/2 {
		l.wrong("limits.notice_time", "want at most half of limits.stop_time, %s, have %s", c.StopTime, c.NoticeTime)
	}
}
