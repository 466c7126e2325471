package upstream_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"postern/app/gateway/upstream"
)

// readRequest reads one HTTP/1.1 request with its body; false at the end.
func readRequest(conn net.Conn) bool { return readNext(bufio.NewReader(conn)) }

func readNext(r *bufio.Reader) bool {
	req, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, req.Body)

	return err == nil
}

var writes = []struct {
	name    string
	request upstream.Request
}{
	{"POST with a body", upstream.Request{Method: "POST", Path: "/w", Body: []byte("{}"), IdempotencyKey: "k"}},
	{"POST without a body", upstream.Request{Method: "POST", Path: "/w", IdempotencyKey: "k"}},
	{"PUT with a body", upstream.Request{Method: "PUT", Path: "/w", Body: []byte("{}"), IdempotencyKey: "k"}},
	{"PATCH without a body", upstream.Request{Method: "PATCH", Path: "/w", IdempotencyKey: "k"}},
	{"DELETE without a body", upstream.Request{Method: "DELETE", Path: "/w", IdempotencyKey: "k"}},
	{"DELETE without a body or key", upstream.Request{Method: "DELETE", Path: "/w"}},
}

// A server that takes a request on a kept connection and closes it without an
// answer is where net/http would send an idempotent request again.
func TestAWriteIsSentOnceWhenAKeptConnectionDies(t *testing.T) {
	t.Parallel()
	for _, tc := range writes {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			pool, requests := openDying(t)
			if _, err := get(t, pool); err != nil {
				t.Fatal(err)
			}
			if _, err := pool.Do(t.Context(), core, tc.request); err == nil {
				t.Error("a call without an answer succeeded")
			}
			if got := requests.Load() - 1; got != 1 {
				t.Errorf("the write arrived %d times", got)
			}
		})
	}

	t.Run("a GET is sent again on a new connection", func(t *testing.T) {
		t.Parallel()
		pool, requests := openDying(t)
		for range 2 {
			if _, err := get(t, pool); err != nil {
				t.Fatal(err)
			}
		}
		if got := requests.Load(); got != 3 {
			t.Errorf("two GETs arrived %d times, want 3: this server no longer shows what the test is about", got)
		}
	})
}

// openDying returns a pool for a server that answers the first request of each
// connection and closes it after having read the second, and its count of
// requests.
func openDying(t *testing.T) (*upstream.Pool, *atomic.Int64) {
	t.Helper()
	requests := new(atomic.Int64)
	url := serveRaw(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		if !readNext(r) {
			return
		}
		requests.Add(1)
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
		if readNext(r) {
			requests.Add(1)
		}
	})

	return open(t, url), requests
}

// Over HTTP/2 a stream that the server resets with PROTOCOL_ERROR is where
// net/http would send any request without a body again.
func TestAWriteIsSentOnceOverHTTP2(t *testing.T) {
	t.Parallel()
	for _, tc := range writes {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			pool, streams := openResetting(t)
			if _, err := pool.Do(t.Context(), core, tc.request); err == nil {
				t.Error("a call without an answer succeeded")
			}
			if got := streams.Load(); got != 1 {
				t.Errorf("the write arrived %d times", got)
			}
		})
	}
}

// Without a bound the same server gets a GET thousands of times.
func TestAReadIsNotRepeatedForEver(t *testing.T) {
	t.Parallel()
	pool, streams := openResetting(t)
	if _, err := get(t, pool); !errors.Is(err, upstream.ErrUnavailable) {
		t.Errorf("Do = %v, want ErrUnavailable", err)
	}
	if got := streams.Load(); got > 8 {
		t.Errorf("the GET arrived %d times", got)
	}
}

// openResetting returns a pool for an HTTP/2 server that resets every stream
// once its request has ended, and its count of requests.
func openResetting(t *testing.T) (*upstream.Pool, *atomic.Int64) {
	t.Helper()
	lender := httptest.NewTLSServer(nil) // lends its certificate
	t.Cleanup(lender.Close)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: lender.TLS.Certificates, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	streams := new(atomic.Int64)
	go acceptAll(listener, func(conn net.Conn) { resetStreams(conn, streams) })

	pool := upstream.NewPool(upstream.Options{TLS: lender.Client().Transport.(*http.Transport).TLSClientConfig})
	t.Cleanup(pool.Close)
	configure(t, pool, core, "https://"+listener.Addr().String())

	return pool, streams
}

// resetStreams speaks just enough HTTP/2 (RFC 9113 sections 3.4, 4.1, 6.4).
func resetStreams(conn net.Conn, streams *atomic.Int64) {
	const preface, settings, headers, data, reset, endStream, protocolError = 24, 4, 1, 0, 3, 1, 1
	if _, err := io.CopyN(io.Discard, conn, preface); err != nil {
		return
	}
	conn.Write([]byte{0, 0, 0, settings, 0, 0, 0, 0, 0})
	head := make([]byte, 9)
	for {
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		length := binary.BigEndian.Uint32(head) >> 8
		if _, err := io.CopyN(io.Discard, conn, int64(length)); err != nil {
			return
		}
		kind, flags := head[3], head[4]
		if kind == headers {
			streams.Add(1)
		}
		if (kind == headers || kind == data) && flags&endStream != 0 {
			frame := append([]byte{0, 0, 4, reset, 0}, head[5:9]...)
			conn.Write(append(frame, 0, 0, 0, protocolError))
		}
	}
}
