package upstream_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"postern/app/gateway/upstream"
)

func TestConfigureReportsEveryFault(t *testing.T) {
	t.Parallel()
	pool := open(t, serve(t, answer))
	err := pool.Configure(core, upstream.Config{BaseURL: "ftp://x", Timeout: -1, MaxReply: -1})
	if err == nil {
		t.Fatal("Configure accepted it")
	}
	for _, fault := range []string{"scheme", "timeout must", "largest reply"} {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("error %q does not name %q", err, fault)
		}
	}
	if _, err := get(t, pool); err != nil {
		t.Errorf("a refused Config harmed the one in use: %v", err)
	}
}

func TestConfigureRefusesBaseURLs(t *testing.T) {
	t.Parallel()
	for _, base := range []string{
		"", "core", "//core", "http://", "http://:80", "http://user:secret@core", "http://core/?q=1", "http://core?", "http://core/#f",
		"http://core/a//b", "http://core/../b", "http://core/a;b", "http:core", "file:///etc/passwd", "http://core/%zz", "http://co re/",
	} {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			if err := upstream.NewPool(upstream.Options{}).Configure(core, upstream.Config{BaseURL: base}); err == nil {
				t.Error("Configure accepted it")
			}
		})
	}
}

// countConnections serves answer and counts the connections it got.
func countConnections(t *testing.T) (string, *atomic.Int64) {
	t.Helper()
	count := new(atomic.Int64)
	server := httptest.NewUnstartedServer(http.HandlerFunc(answer))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			count.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)

	return server.URL, count
}

func TestConfigureKeepsWhatDidNotChange(t *testing.T) {
	t.Parallel()
	url, connections := countConnections(t)
	pool := open(t, url)
	for range 5 {
		configure(t, pool, core, url)
		if _, err := get(t, pool); err != nil {
			t.Fatal(err)
		}
	}
	if got := connections.Load(); got != 1 {
		t.Errorf("%d connections for one unchanged upstream", got)
	}

	configure(t, pool, core, url, func(c *upstream.Config) { c.MaxReply = 5000 })
	if _, err := get(t, pool); err != nil {
		t.Fatal(err)
	}
	if got := connections.Load(); got != 2 {
		t.Errorf("%d connections after a change, want a new one", got)
	}
}

func TestManyIdleConnectionsAreKept(t *testing.T) {
	t.Parallel()
	url, connections := countConnections(t)
	pool := open(t, url)
	for range 20 {
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				if _, err := pool.Do(t.Context(), core, upstream.Request{Method: "GET", Path: "/"}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	// With net/http's two idle connections this is far over a hundred.
	if got := connections.Load(); got > 40 {
		t.Errorf("320 calls, 16 at a time, opened %d connections", got)
	}
}

func TestAnUpstreamThatIsGoneIsUnavailable(t *testing.T) {
	t.Parallel()
	pool := open(t, serve(t, answer))
	pool.Close()
	if _, err := get(t, pool); !errors.Is(err, upstream.ErrUnavailable) {
		t.Errorf("Do = %v, want ErrUnavailable", err)
	}
	if len(pool.States()) != 0 {
		t.Error("its circuit is still reported")
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Language", r.Proto)
		w.Header().Set("Etag", r.Header.Get("Idempotency-Key"))
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = quiet
	server.StartTLS()
	t.Cleanup(server.Close)
	trusting := upstream.Options{TLS: server.Client().Transport.(*http.Transport).TLSClientConfig}

	t.Run("speaks HTTP/2 where the server does", func(t *testing.T) {
		t.Parallel()
		pool := upstream.NewPool(trusting)
		t.Cleanup(pool.Close)
		configure(t, pool, core, server.URL)
		reply, err := pool.Do(t.Context(), core, upstream.Request{Method: "POST", Path: "/", IdempotencyKey: "k"})
		if err != nil || reply.Header["content-language"] != "HTTP/2.0" || reply.Header["etag"] != "k" {
			t.Errorf("Do = %+v, %v", reply, err)
		}
	})

	t.Run("a certificate nobody vouches for is refused", func(t *testing.T) {
		t.Parallel()
		if _, err := get(t, open(t, server.URL)); !errors.Is(err, upstream.ErrUnavailable) {
			t.Errorf("Do = %v, want ErrUnavailable", err)
		}
	})
}

// Not parallel: it sets the environment.
func TestAProxyInTheEnvironmentIsIgnored(t *testing.T) {
	asked := make(chan struct{}, 10)
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { asked <- struct{}{} })
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"} {
		t.Setenv(name, proxy)
	}
	network := new(memory)
	network.host(t, "core.bank.example:80", http.HandlerFunc(answer)) // not loopback, which proxies skip
	pool := upstream.NewPool(upstream.Options{Dial: network.dial})
	t.Cleanup(pool.Close)
	configure(t, pool, core, "http://core.bank.example")
	if _, err := pool.Do(context.Background(), core, upstream.Request{Method: "GET", Path: "/"}); err != nil || len(asked) != 0 {
		t.Errorf("Do = %v, proxy asked %d times", err, len(asked))
	}
}
