package upstream_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"postern/app/gateway/upstream"
)

// core is the id of the upstream most tests use.
const core = "core"

// open returns a pool with the upstream core at baseURL.
func open(t testing.TB, baseURL string, change ...func(*upstream.Config)) *upstream.Pool {
	t.Helper()
	pool := upstream.NewPool(upstream.Options{})
	t.Cleanup(pool.Close)
	configure(t, pool, core, baseURL, change...)

	return pool
}

func configure(t testing.TB, pool *upstream.Pool, id, baseURL string, change ...func(*upstream.Config)) {
	t.Helper()
	config := upstream.Config{BaseURL: baseURL}
	for _, c := range change {
		c(&config)
	}
	if err := pool.Configure(id, config); err != nil {
		t.Fatal(err)
	}
}

// serve starts a server on loopback with handler.
func serve(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)

	return server.URL
}

// serveRaw starts a TCP server on loopback that gives each connection to
// handle and closes it afterwards.
func serveRaw(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go acceptAll(listener, handle)

	return "http://" + listener.Addr().String()
}

func acceptAll(listener net.Listener, handle func(net.Conn)) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			handle(conn)
		}()
	}
}

// memory is a network inside the process, for tests under a synthetic clock.
type memory struct {
	mu    sync.Mutex
	hosts map[string]chan net.Conn
}

// host makes address reachable and gives its connections to handler.
func (m *memory) host(t *testing.T, address string, handler http.Handler) {
	t.Helper()
	server := &http.Server{Handler: handler}
	listener := &memoryListener{incoming: make(chan net.Conn), closed: make(chan struct{})}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hosts == nil {
		m.hosts = make(map[string]chan net.Conn)
	}
	m.hosts[address] = listener.incoming
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
}

func (m *memory) dial(ctx context.Context, _, address string) (net.Conn, error) {
	m.mu.Lock()
	incoming, known := m.hosts[address]
	m.mu.Unlock()
	if !known {
		<-ctx.Done() // an address that swallows packets
		return nil, ctx.Err()
	}
	client, server := net.Pipe()
	select {
	case incoming <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type memoryListener struct {
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.incoming:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })

	return nil
}

func (l *memoryListener) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// answer writes a plain JSON reply.
func answer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"ok":true}`)
}

func discard(r *http.Request) { io.Copy(io.Discard, r.Body) }

// quiet keeps handshakes that are meant to fail out of the test's output.
var quiet = log.New(io.Discard, "", 0)
