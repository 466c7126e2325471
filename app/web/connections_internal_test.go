package web

import (
	"log/slog"
	"net"
	"net/netip"
	"testing"
)

func TestOnePeerTakesAnEighthOfTheConnections(t *testing.T) {
	t.Parallel()
	l := &boundedListener{limit: 80, log: slog.New(slog.DiscardHandler), proxies: []netip.Prefix{netip.MustParsePrefix("10.0.4.0/24")}}
	var leaves []func()
	admitted := func(address string, times int) (n int) {
		for range times {
			if leave, ok := l.admit(net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 1))); ok {
				leaves = append(leaves, leave)
				n++
			}
		}
		return n
	}
	for _, tc := range []struct {
		name, address string
		want          int
	}{
		{"an address", "203.0.113.7", 10},
		{"another", "203.0.113.8", 10},
		{"a /64", "2001:db8::1", 10},
		{"the same /64", "2001:db8::2", 0},
		{"a listed proxy", "10.0.4.2", 20},
		{"this machine", "127.0.0.1", 20},
		{"more than all", "203.0.113.9", 10},
		{"beyond the limit", "10.0.4.2", 0},
	} {
		if got := admitted(tc.address, 20); got != tc.want {
			t.Errorf("%s: %d of 20 connections were admitted, want %d", tc.name, got, tc.want)
		}
	}
	for _, leave := range leaves {
		leave()
	}
	if l.open.Load() != 0 || len(l.byPeer) != 0 {
		t.Errorf("after all have left %d are open, of %d peers", l.open.Load(), len(l.byPeer))
	}
}
