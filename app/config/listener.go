package config

import (
	"net"
	"net/netip"
)

// OwnURL is where this machine itself reaches the listener: scheme, host and
// port. An address that means all of the machine's own is its loopback, by
// number: an image that holds nothing else knows no localhost.
func (l Listener) OwnURL() string {
	scheme, address := "http", l.Address
	if l.TLS.Cert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(l.Address)
	switch ip, _ := netip.ParseAddr(host); {
	case err != nil:
	case host == "" || ip == netip.IPv4Unspecified():
		address = net.JoinHostPort("127.0.0.1", port)
	case ip == netip.IPv6Unspecified():
		address = net.JoinHostPort("::1", port)
	}
	return scheme + "://" + address
}
