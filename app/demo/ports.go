package demo

import (
	"fmt"
	"strings"
)

// Ports are where the demo listens on loopback; 0 means any free port.
type Ports struct {
	Gateway  int
	Internal int // the console, readiness and metrics
	Portal   int // the partners' portal
	H5       int // the bank's page
	Bank     int // the bank's loan system
	Partner  int // the shell and the partners' back ends
}

// The bounds of a base port: above those that only a privileged process may
// open, and so that the highest of the six is still a port.
const (
	minBasePort = 1024
	maxBasePort = 65535 - 12
)

// PortsFrom are the six ports that belong to a base port N: N, N+1, N+2, N+10,
// N+11 and N+12. The error says the bounds of N.
func PortsFrom(base int) (Ports, error) {
	if base < minBasePort || base > maxBasePort {
		return Ports{}, fmt.Errorf("base port %d is not between %d and %d", base, minBasePort, maxBasePort)
	}
	return Ports{Gateway: base, Internal: base + 1, Portal: base + 2, H5: base + 10, Bank: base + 11, Partner: base + 12}, nil
}

// String lists the ports, e.g. "8080, 8081, 8082, 8090, 8091 and 8092".
func (p Ports) String() string {
	all := []int{p.Gateway, p.Internal, p.Portal, p.H5, p.Bank, p.Partner}
	last := len(all) - 1
	var listed []string
	for _, port := range all[:last] {
		listed = append(listed, fmt.Sprint(port))
	}
	return fmt.Sprintf("%s and %d", strings.Join(listed, ", "), all[last])
}
