package webhooks

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"postern/app/errs"
)

// maxURL is how long an address may be, octets.
const maxURL = 500

// notPublic are the ranges that are no public addresses beside those that net/netip knows
// (IANA's special-purpose registries), with those that carry an IPv4 address inside.
var notPublic = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// public reports whether an address is one of the public internet.
func public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// CheckURL says what is wrong with an address as it was typed: it is https with a host
// that a public name or address can be, and has no user in it. Where the name leads is
// looked at each time anew, when a connection is made.
func CheckURL(text string, private bool) (f errs.Fields) {
	const name, id = "url", "rule.webhook_url"
	u, err := url.Parse(text)
	ok := err == nil && len(text) <= maxURL && u.Host != "" && u.User == nil && u.Fragment == "" && u.Opaque == "" && (u.Scheme == "https" || private && u.Scheme == "http")
	f.Check(ok, name, id, fmt.Sprintf("%.60q is no address for messages: want https://, a host and a path, at most %d characters", text, maxURL))
	if !ok || private {
		return f
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		f.Check(public(ip), name, "rule.webhook_private", "messages go to public addresses alone")
		return f
	}
	// A name without a dot is one of this machine's or its network's; one that ends in a
	// number is an address written otherwise (RFC 3986 section 7.4).
	last := host[strings.LastIndex(host, ".")+1:]
	named := strings.Contains(host, ".") && last != "localhost" && last != "local" && last != "internal" && strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
	f.Check(named, name, "rule.webhook_private", "messages go to public addresses alone")
	return f
}

// errPrivate is of a connection that would lead elsewhere.
var errPrivate = errs.New(errs.Forbidden, Private, "The address does not lead to the public internet.")

// refuse lets no connection be made to what is no public address; it sees the address
// after the name was resolved, so a name that means another one by then gains nothing.
func refuse(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !public(to.Addr()) {
		return errPrivate
	}
	return nil
}

// newClient connects anew for each message and follows nothing.
func newClient(private bool) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if !private {
		dialer.Control = refuse
	}
	return &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{Proxy: nil, DialContext: dialer.DialContext, DisableKeepAlives: true, TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
