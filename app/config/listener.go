package config

import (
	"net"
	"net/netip"
)

// OwnURL is where this machine itself reaches the listener: scheme, host and
// port. An address that means all of the machine's own is localhost.
func (l Listener) OwnURL() string {
	scheme, address := "http", l.Address
	if l.TLS.Cert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(l.Address)
	if ip, bad := netip.ParseAddr(host); err == nil && (host == "" || bad == nil && ip.IsUnspecified()) {
		address = net.JoinHostPort("localhost", port)
	}
	return scheme + "://" + address
}
