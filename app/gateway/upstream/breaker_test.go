package upstream_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"postern/app/gateway/upstream"
)

// switchable is a handler whose behaviour a test changes as it goes.
type switchable struct {
	now   atomic.Pointer[http.HandlerFunc]
	asked atomic.Int64
}

func (s *switchable) become(h http.HandlerFunc) { s.now.Store(&h) }

func (s *switchable) serve(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	(*s.now.Load())(w, r)
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func tooLarge(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "99999999") }

func brokenOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "10")
	w.Write([]byte("x"))
	panic(http.ErrAbortHandler)
}

func TestWhatOpensTheCircuit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		want    upstream.State
	}{
		{"timeouts open it", hang, upstream.Open},
		{"broken connections open it", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, upstream.Open},
		{"replies that break off open it", brokenOff, upstream.Open},
		{"502 opens it", status(502), upstream.Open},
		{"503 opens it", status(503), upstream.Open},
		{"504 opens it", status(504), upstream.Open},
		{"500 is the business system's own answer", status(500), upstream.Closed},
		{"429 is an answer", status(429), upstream.Closed},
		{"a reply too large is an answer", tooLarge, upstream.Closed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pool := openMemory(t, new(memory), map[string]http.HandlerFunc{core: tc.handler})
				for i := range 5 {
					if state := pool.States()[core]; state != upstream.Closed {
						t.Fatalf("circuit is %v after %d calls", state, i)
					}
					pool.Do(t.Context(), core, upstream.Request{Method: "GET", Path: "/"})
				}
				if state := pool.States()[core]; state != tc.want {
					t.Errorf("circuit is %v after 5 calls, want %v", state, tc.want)
				}
			})
		})
	}
}

func TestTheCircuitOpensProbesAndHeals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var handler switchable
		pool := openMemory(t, new(memory), map[string]http.HandlerFunc{core: handler.serve, "other": answer})
		expect := func(want upstream.State) {
			t.Helper()
			if got := pool.States()[core]; got != want {
				t.Fatalf("circuit is %v, want %v", got, want)
			}
		}

		handler.become(status(503))
		for range 5 {
			if reply, err := get(t, pool); err != nil || reply.Status != 503 {
				t.Fatalf("Do = %+v, %v; a 503 is handed on while it is counted", reply, err)
			}
		}
		expect(upstream.Open)

		if _, err := get(t, pool); !errors.Is(err, upstream.ErrUnavailable) || handler.asked.Load() != 5 {
			t.Fatalf("Do = %v, server asked %d times; an open circuit must not ask", err, handler.asked.Load())
		}
		if _, err := pool.Do(t.Context(), "other", upstream.Request{Method: "GET", Path: "/"}); err != nil {
			t.Fatalf("the other upstream: %v", err)
		}

		<-time.After(5*time.Second + 1)
		expect(upstream.HalfOpen)
		get(t, pool)
		expect(upstream.Open)

		<-time.After(5*time.Second + 1)
		handler.become(answer)
		if reply, err := get(t, pool); err != nil || reply.Status != 200 {
			t.Fatalf("probe = %+v, %v", reply, err)
		}
		expect(upstream.Closed)
	})
}

func TestAHalfOpenCircuitLetsOneCallThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var handler switchable
		pool := openMemory(t, new(memory), map[string]http.HandlerFunc{core: handler.serve})
		handler.become(status(503))
		for range 5 {
			get(t, pool)
		}
		<-time.After(5*time.Second + 1)

		handler.become(hang)
		probe, leave := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := pool.Do(probe, core, upstream.Request{Method: "GET", Path: "/"})
			done <- err
		}()
		synctest.Wait()
		if _, err := get(t, pool); !errors.Is(err, upstream.ErrUnavailable) || handler.asked.Load() != 6 {
			t.Errorf("second call beside the probe: %v, server asked %d times", err, handler.asked.Load())
		}

		leave() // a probe that was given up decides nothing, and must not block the next
		<-done
		handler.become(answer)
		if _, err := get(t, pool); err != nil {
			t.Errorf("probe after an abandoned probe: %v", err)
		}
	})
}

func TestASuccessBetweenFailuresKeepsTheCircuitClosed(t *testing.T) {
	t.Parallel()
	var handler switchable
	pool := open(t, serve(t, handler.serve))
	for i := range 40 {
		handler.become(status(503))
		if i%5 == 4 {
			handler.become(answer)
		}
		if _, err := get(t, pool); err != nil {
			t.Fatal(err)
		}
	}
}
