package upstream_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"postern/app/gateway/upstream"
)

// These tests run under a synthetic clock: the real time limits apply, and no
// real time passes.

// hang answers when the caller has gone.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// drip sends one octet a second, for ever.
func drip(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "1000000")
	for {
		if _, err := w.Write([]byte("x")); err != nil {
			return
		}
		http.NewResponseController(w).Flush()
		select {
		case <-time.After(time.Second):
		case <-r.Context().Done():
			return
		}
	}
}

// openMemory returns a pool on network with one upstream for each host, whose
// id is the host's name.
func openMemory(t *testing.T, network *memory, hosts map[string]http.HandlerFunc) *upstream.Pool {
	t.Helper()
	pool := upstream.NewPool(upstream.Options{Dial: network.dial})
	t.Cleanup(pool.Close)
	for name, handler := range hosts {
		network.host(t, name+":80", handler)
		configure(t, pool, name, "http://"+name)
	}

	return pool
}

func TestSlowUpstreams(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		want    error
		after   time.Duration
	}{
		{"an upstream that never answers is cut at the timeout", hang, upstream.ErrTimeout, 10 * time.Second},
		{"an upstream that drips is cut at the timeout", drip, upstream.ErrTimeout, 10 * time.Second},
		{"an address that swallows packets is unavailable after the connect timeout", nil, upstream.ErrUnavailable, 2 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := new(memory)
				pool := openMemory(t, network, map[string]http.HandlerFunc{core: tc.handler})
				if tc.handler == nil {
					configure(t, pool, core, "http://nowhere")
				}
				began := time.Now()
				_, err := get(t, pool)
				if took := time.Since(began); !errors.Is(err, tc.want) || took != tc.after {
					t.Errorf("Do = %v after %v; want %v after %v", err, took, tc.want, tc.after)
				}
			})
		})
	}
}

func TestTheCallersOwnDeadlineCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool := openMemory(t, new(memory), map[string]http.HandlerFunc{core: hang})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := pool.Do(ctx, core, upstream.Request{Method: "GET", Path: "/"})
		if took := time.Since(began); !errors.Is(err, upstream.ErrTimeout) || took != time.Second {
			t.Errorf("Do = %v after %v; want ErrTimeout after 1s", err, took)
		}
	})
}

func TestACallerWhoLeavesDoesNotCondemnTheUpstream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool := openMemory(t, new(memory), map[string]http.HandlerFunc{core: hang})
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, err := pool.Do(ctx, core, upstream.Request{Method: "GET", Path: "/"})
			if !errors.Is(err, context.Canceled) || errors.Is(err, upstream.ErrUnavailable) {
				t.Fatalf("Do = %v, want context.Canceled alone", err)
			}
		}
		if state := pool.States()[core]; state != upstream.Closed {
			t.Errorf("circuit is %v", state)
		}
	})
}

func TestAHangingUpstreamLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool := openMemory(t, new(memory), map[string]http.HandlerFunc{"slow": hang, "fast": answer})
		configure(t, pool, "slow", "http://slow", func(c *upstream.Config) { c.MaxConcurrent = 20 })
		results := make(chan error, 100)
		call := func(id string) error {
			_, err := pool.Do(t.Context(), id, upstream.Request{Method: "GET", Path: "/"})
			return err
		}
		for range 100 {
			go func() { results <- call("slow") }()
		}
		synctest.Wait()

		if got := len(results); got != 80 {
			t.Errorf("%d of 100 calls were refused at once, want the 80 beyond the bound", got)
		}
		began := time.Now()
		for range 50 {
			if err := call("fast"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("calls to the other upstream waited %v", took)
		}
		for range 100 {
			if err := <-results; !errors.Is(err, upstream.ErrUnavailable) && !errors.Is(err, upstream.ErrTimeout) {
				t.Errorf("Do = %v", err)
			}
		}
	})
}

func TestAResetIsUnavailable(t *testing.T) {
	t.Parallel()
	url := serveRaw(t, func(conn net.Conn) {
		readRequest(conn)
		conn.(*net.TCPConn).SetLinger(0) // close with RST
	})
	if _, err := get(t, open(t, url)); !errors.Is(err, upstream.ErrUnavailable) {
		t.Errorf("Do = %v, want ErrUnavailable", err)
	}
}

func TestARefusedConnectionIsUnavailable(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if _, err := get(t, open(t, "http://"+listener.Addr().String())); !errors.Is(err, upstream.ErrUnavailable) {
		t.Errorf("Do = %v, want ErrUnavailable", err)
	}
}

func TestAddressesThatAreNoBusinessSystemAreNotDialled(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"169.254.169.254", "[fe80::1]", "0.0.0.0", "[::]", "224.0.0.1", "[::ffff:169.254.169.254]"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			_, err := get(t, open(t, "http://"+host+":9"))
			if !errors.Is(err, upstream.ErrUnavailable) {
				t.Fatalf("Do = %v, want ErrUnavailable", err)
			}
			var refused *net.OpError
			if !errors.As(err, &refused) || !isPolicy(refused.Err) {
				t.Errorf("Do = %v: the network refused, not the rule", err)
			}
		})
	}
}

// isPolicy reports whether the dialer itself refused the address.
func isPolicy(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if s := err.Error(); len(s) > 16 && s[:16] == "upstream address" {
			return true
		}
	}

	return false
}
