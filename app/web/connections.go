package web

import (
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"postern/app/limit"
)

// boundedListener closes connections beyond a limit at once. Waiting in the
// kernel's queue instead would let those who hold connections and ask nothing
// keep everybody else out without a word.
type boundedListener struct {
	net.Listener
	limit   int64
	proxies []netip.Prefix // many visitors come from each
	log     *slog.Logger
	mu      sync.Mutex
	byPeer  map[string]int64
	open    atomic.Int64
	refused atomic.Int64
	said    atomic.Bool // not long ago
}

// Accept returns the next connection within the limit.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if leave, ok := l.admit(conn.RemoteAddr()); ok {
			return &countedConn{Conn: conn, done: sync.OnceFunc(leave)}, nil
		}
		_ = conn.Close() // nothing was said on it
		l.say()
	}
}

// peerShare is the part of the limit that one peer may take: whoever holds
// connections and asks nothing must not keep everybody else out.
const peerShare = 8

// admit counts a connection, and its peer's (IPv6: its /64's).
func (l *boundedListener) admit(from net.Addr) (leave func(), ok bool) {
	peer := l.peer(from)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open.Load() >= l.limit || peer != "" && l.byPeer[peer] >= max(1, l.limit/peerShare) {
		return nil, false
	}
	l.count(peer, 1)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.count(peer, -1)
	}, true
}

// count is called with mu held.
func (l *boundedListener) count(peer string, n int64) {
	l.open.Add(n)
	if peer == "" {
		return
	}
	if l.byPeer == nil {
		l.byPeer = map[string]int64{}
	}
	if l.byPeer[peer] += n; l.byPeer[peer] == 0 {
		delete(l.byPeer, peer)
	}
}

// peer is whom a connection is counted for; "" for this machine and for listed
// proxies, who stand for many.
func (l *boundedListener) peer(from net.Addr) string {
	address, err := netip.ParseAddrPort(from.String())
	if err != nil {
		return ""
	}
	addr := address.Addr().Unmap()
	if addr.IsLoopback() || slices.ContainsFunc(l.proxies, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return ""
	}
	return limit.Network(addr)
}

// sayEvery keeps a flood of connections from becoming one of lines.
const sayEvery = 10 * time.Second

func (l *boundedListener) say() {
	refused := l.refused.Add(1)
	if l.said.Swap(true) {
		return
	}
	time.AfterFunc(sayEvery, func() { l.said.Store(false) })
	l.log.Warn("connection limit reached", slog.String("address", l.Addr().String()), slog.Int64("limit", l.limit), slog.Int64("refused_so_far", refused))
}

// countedConn gives its place back when it is closed.
type countedConn struct {
	net.Conn
	done func()
}

// Close closes the connection.
func (c *countedConn) Close() error {
	defer c.done()
	return c.Conn.Close()
}
