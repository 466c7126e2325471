package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"

	"postern/app/store"
	"postern/models"
)

// services looks at the origins of active services and at their upstreams.
func (p Patient) services(ctx context.Context, s *store.Store) []Finding {
	var active []store.ServiceProfile
	ids, err := s.ServiceIDs(ctx)
	if err != nil {
		return []Finding{failed("origins", err.Error(), "Look at the database.")}
	}
	for _, id := range ids {
		profile, err := s.ServiceProfile(ctx, id)
		if err != nil {
			return []Finding{failed("origins", err.Error(), "Look at the database.")}
		}
		if profile.Service.Status == models.Active {
			active = append(active, profile)
		}
	}
	return append(p.origins(active), p.upstreams(ctx, active)...)
}

// origins finds services that could play each other's pages: to a browser,
// pages of one origin are one.
func (p Patient) origins(active []store.ServiceProfile) []Finding {
	const check = "origins"
	var list []Finding
	owner := map[string]string{normal(p.Config.Issuer): "the gateway"}
	for _, s := range active {
		listed := map[string]bool{}
		for _, origin := range s.Origins {
			listed[normal(origin)] = true
			if other := owner[normal(origin)]; other != "" {
				list = append(list, failed(check, fmt.Sprintf("%s and %s share %s", other, s.Service.ID, origin),
					"Give each an origin of its own: pages of one can read what is the other's."))
				continue
			}
			owner[normal(origin)] = s.Service.ID
		}
		if !listed[normal(s.Service.H5URL)] {
			list = append(list, failed(check, fmt.Sprintf("the page of %s, %s, is at none of its origins", s.Service.ID, s.Service.H5URL),
				"List the page's origin, or mend its address: its visits are refused."))
		}
	}
	if len(list) == 0 {
		return []Finding{ok(check, "%d services, none shares one", len(active))}
	}
	return list
}

// normal is the origin of an address as browsers compare them; an address that
// cannot be read is its own.
func normal(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return strings.ToLower(u.Scheme) + "://" + endpoint(u)
}

// endpoint is host and port of an address.
func endpoint(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[strings.ToLower(u.Scheme)]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// upstreams connects to the banks' systems, all at once, and sends nothing.
func (p Patient) upstreams(ctx context.Context, active []store.ServiceProfile) []Finding {
	var all []models.Upstream
	for _, s := range active {
		all = append(all, s.Upstreams...)
	}
	list := make([]Finding, len(all))
	var probes sync.WaitGroup
	for i, u := range all {
		probes.Go(func() { list[i] = p.upstream(ctx, u) })
	}
	probes.Wait()
	return list
}

func (p Patient) upstream(ctx context.Context, u models.Upstream) Finding {
	check := fmt.Sprintf("upstream of %s (%s)", u.ServiceID, u.Environment)
	base, err := url.Parse(u.BaseURL)
	if err != nil {
		return failed(check, "its address cannot be read", "Mend the address.")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", endpoint(base))
	if err != nil {
		return failed(check, err.Error(), "See whether it is up, and whether this machine may reach it: its calls fail.")
	}
	defer c.Close()
	if base.Scheme != "https" {
		return ok(check, "%s takes connections", endpoint(base))
	}
	secure := tls.Client(c, &tls.Config{ServerName: base.Hostname(), RootCAs: p.Roots, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return failed(check, err.Error(), "Mend its certificate, or install the authority that signed it on this machine: its calls fail.")
	}
	f := p.ends(check, secure.ConnectionState().PeerCertificates[0])
	if f.State == Warning {
		f.Advice = "Tell who runs it to replace the certificate before."
	}
	return f
}
