package demo

import (
	"fmt"
	"net"
	"net/http"
	"slices"
)

// ownHost answers only requests addressed to this machine by its own names and
// to l's port. Another site whose name has come to resolve to loopback, DNS
// rebinding, reaches the port but not the pages: its requests carry its name.
func ownHost(l net.Listener, next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(l.Addr().String()) // a listener's own address has a port
	var own []string
	for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
		own = append(own, fmt.Sprintf("%s:%s", name, port))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(own, r.Host) {
			http.Error(w, http.StatusText(http.StatusMisdirectedRequest), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
