package limit_test

import (
	"net/netip"
	"testing"
	"time"

	"postern/app/limit"
)

func TestFailureGate(t *testing.T) {
	t.Parallel()
	rate := limit.Rate{PerSecond: 0.1, Burst: 3}
	for _, tc := range []struct {
		name        string
		failing     string
		failures    int
		asking      string
		after       time.Duration
		wantBlocked bool
		wantWait    time.Duration
	}{
		{"an address that never failed passes", "192.0.2.1", 3, "192.0.2.2", 0, false, 0},
		{"the last allowed failure does not block yet", "192.0.2.1", 2, "192.0.2.1", 0, false, 0},
		{"a used-up address is blocked until one failure is forgiven", "192.0.2.1", 3, "192.0.2.1", 0, true, 10 * time.Second},
		{"further failures do not lengthen the wait", "192.0.2.1", 50, "192.0.2.1", 0, true, 10 * time.Second},
		{"a forgiven failure lets it try again", "192.0.2.1", 3, "192.0.2.1", 10 * time.Second, false, 0},
		{"an IPv4 address written as IPv6 is the same address", "192.0.2.1", 3, "::ffff:192.0.2.1", 0, true, 10 * time.Second},
		{"all of an IPv6 /64 is one caller", "2001:db8:0:1::1", 3, "2001:db8:0:1:ffff::2", 0, true, 10 * time.Second},
		{"the next /64 is another caller", "2001:db8:0:1::1", 3, "2001:db8:0:2::1", 0, false, 0},
		{"a zone does not make another caller", "fe80::1%eth0", 3, "fe80::1%eth1", 0, true, 10 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			gate := limit.NewFailureGate(100, rate)
			for range tc.failures {
				gate.Fail(netip.MustParseAddr(tc.failing), noon)
			}
			blocked, wait := gate.Blocked(netip.MustParseAddr(tc.asking), noon.Add(tc.after))
			if blocked != tc.wantBlocked || wait != tc.wantWait {
				t.Errorf("Blocked = %v, %v; want %v, %v", blocked, wait, tc.wantBlocked, tc.wantWait)
			}
		})
	}
}

func TestFailureGateAskingCostsNothing(t *testing.T) {
	t.Parallel()
	gate := limit.NewFailureGate(100, limit.Rate{PerSecond: 1, Burst: 1})
	for range 100 {
		if blocked, _ := gate.Blocked(netip.MustParseAddr("192.0.2.1"), noon); blocked {
			t.Fatal("an address was blocked without a failure")
		}
	}
}

func TestFailureGateFullTableBlocksNewcomersTogether(t *testing.T) {
	t.Parallel()
	gate := limit.NewFailureGate(1, limit.Rate{PerSecond: 1, Burst: 2})
	gate.Fail(netip.MustParseAddr("192.0.2.1"), noon)
	gate.Fail(netip.MustParseAddr("192.0.2.2"), noon)
	gate.Fail(netip.MustParseAddr("192.0.2.3"), noon)
	if blocked, _ := gate.Blocked(netip.MustParseAddr("192.0.2.4"), noon); !blocked {
		t.Error("with the table full and the common budget used, a newcomer passed")
	}
	if blocked, _ := gate.Blocked(netip.MustParseAddr("192.0.2.1"), noon); blocked {
		t.Error("a known address with budget left was blocked by newcomers")
	}
}

func TestFailureGateAcceptsAnInvalidAddress(t *testing.T) {
	t.Parallel()
	gate := limit.NewFailureGate(10, limit.Rate{PerSecond: 1, Burst: 1})
	gate.Fail(netip.Addr{}, noon)
	if blocked, _ := gate.Blocked(netip.Addr{}, noon); !blocked {
		t.Error("failures without an address were not counted")
	}
}

func BenchmarkBlocked(b *testing.B) {
	gate := limit.NewFailureGate(10_000, limit.Rate{PerSecond: 1, Burst: 10})
	addr := netip.MustParseAddr("2001:db8::1")
	gate.Fail(addr, noon)
	b.ReportAllocs()
	for b.Loop() {
		gate.Blocked(addr, noon)
	}
}
