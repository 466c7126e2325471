package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"postern/app/config"
)

// endsSoon is how long before its end a certificate is warned of: as the alert
// of it is.
func (p Patient) endsSoon() time.Duration {
	return time.Duration(p.Config.Alerts.Rules.Certificate.Days) * 24 * time.Hour
}

// listener looks at an address and the certificate that is served there.
func (p Patient) listener(ctx context.Context, name string, l config.Listener) []Finding {
	if len(p.Faults.Of("listeners."+name)) > 0 {
		return nil
	}
	list := []Finding{p.address(ctx, name+" listener", l)}
	if l.TLS.Cert == "" {
		return list
	}
	check := name + " certificate"
	pair, err := tls.LoadX509KeyPair(l.TLS.Cert, l.TLS.Key)
	if err != nil {
		return append(list, failed(check, err.Error(), "Put the certificate with its chain, and the key that belongs to it, in these files."))
	}
	issuer, err := url.Parse(p.Config.Issuer)
	if err == nil && name == "gateway" && pair.Leaf.VerifyHostname(issuer.Hostname()) != nil {
		return append(list, failed(check, "it is not for "+issuer.Hostname(), "Get one that names the issuer's host, or mend the issuer."))
	}
	return append(list, p.ends(check, pair.Leaf))
}

// ends tells when a certificate ends.
func (p Patient) ends(check string, c *x509.Certificate) Finding {
	end, now := c.NotAfter.UTC().Format(time.DateOnly), p.Now()
	switch {
	case now.After(c.NotAfter):
		return failed(check, "it ended on "+end, "Replace it; a running gateway takes files up by itself.")
	case now.Before(c.NotBefore):
		return failed(check, "it begins on "+c.NotBefore.UTC().Format(time.DateOnly), "Look at the clock, or replace it.")
	case now.Add(p.endsSoon()).After(c.NotAfter):
		return warning(check, "it ends on "+end, "Replace it before; a running gateway takes files up by itself.")
	}
	return ok(check, "ends on %s", end)
}

// address asks who is at an address: a gateway, nobody, or somebody else.
func (p Patient) address(ctx context.Context, check string, l config.Listener) Finding {
	if strings.HasSuffix(l.Address, ":0") {
		return ok(check, "gets a port of its own at each start")
	}
	switch err := greet(ctx, l); {
	case err == nil:
		return ok(check, "a gateway answers at %s", l.Address)
	case errors.Is(err, errStranger):
		return failed(check, "something that is no gateway answers at "+l.Address, "Stop it, or give the gateway another address.")
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.Address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return failed(check, l.Address+" is taken, and nothing answers there", "Stop what holds it, or give the gateway another address.")
	case err != nil:
		return failed(check, err.Error(), "Give the gateway an address of this machine, and a port that its user may bind.")
	}
	if err := listener.Close(); err != nil {
		return failed(check, err.Error(), "Try again.")
	}
	return ok(check, "%s is free; no gateway runs there", l.Address)
}

var errStranger = errors.New("not a gateway")

// greet asks for /healthz, as a balancer does. errStranger: somebody answered
// something else.
func greet(ctx context.Context, l config.Listener) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.OwnURL()+"/healthz", nil)
	if err != nil {
		return err
	}
	// Whose certificate it is matters to pages, not to who asks his own machine.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	res, err := transport.RoundTrip(r)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errStranger, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 16))
	if err != nil || res.StatusCode != http.StatusOK || string(body) != "ok\n" {
		return errStranger
	}
	return nil
}
