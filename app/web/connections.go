package web

import (
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// boundedListener closes connections beyond a limit at once. Waiting in the
// kernel's queue instead would let those who hold connections and ask nothing
// keep everybody else out without a word.
type boundedListener struct {
	net.Listener
	limit   int64
	log     *slog.Logger
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
		if l.open.Add(1) <= l.limit {
			return &countedConn{Conn: conn, done: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		_ = conn.Close() // nothing was said on it
		l.say()
	}
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
