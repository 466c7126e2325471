package limit

import (
	"net/netip"
	"time"
)

// homeNetwork is how much of an IPv6 address names one subscriber: a /64 is the
// smallest network anybody is given (RFC 6177 section 2), so single addresses
// inside it cost an attacker nothing.
const homeNetwork = 64

// FailureGate blocks network addresses that fail too often. Successes cost
// nothing, so a busy partner behind one address is never slowed. It is safe for
// concurrent use.
//
// When its table is full of addresses that failed lately, all others share one
// budget of failures (see [Buckets]).
type FailureGate struct {
	failures *Buckets
	rate     Rate
}

// NewFailureGate returns a gate that remembers at most maxAddresses addresses
// (IPv6: /64 networks) and lets each of them fail as often as rate says.
func NewFailureGate(maxAddresses int, rate Rate) *FailureGate {
	return &FailureGate{failures: NewBuckets(maxAddresses), rate: rate}
}

// Blocked reports whether addr has used up its failures, and how long until it
// may try again. Ask before doing the work that may fail. Attempts that are
// under way at the same time are all let through and counted as they fail.
func (g *FailureGate) Blocked(addr netip.Addr, now time.Time) (bool, time.Duration) {
	ok, retryAfter := g.failures.look(Network(addr), g.rate, now)

	return !ok, retryAfter
}

// Fail counts one failure of addr.
func (g *FailureGate) Fail(addr netip.Addr, now time.Time) {
	g.failures.Take(Network(addr), g.rate, now)
}

// Network is the key of addr: the address itself for IPv4 in either spelling,
// the /64 for IPv6. Invalid addresses are one key together.
func Network(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(homeNetwork); err == nil {
			addr = p.Addr()
		}
	}
	octets, _ := addr.MarshalBinary() // fails for no address

	return string(octets)
}
