package upstream_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/app/gateway/upstream"
)

func get(t *testing.T, pool *upstream.Pool) (*upstream.Reply, error) {
	t.Helper()

	return pool.Do(t.Context(), core, upstream.Request{Method: "GET", Path: "/"})
}

func TestReplyKeepsOnlyWhatMayLeave(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{
			"Content-Type": "Application/JSON; charset=utf-8", "Content-Language": "zh-CN", "ETag": `"1"`, "Retry-After": "3",
			"Last-Modified": "Sun, 01 Mar 2026 12:00:00 GMT", "Set-Cookie": "a=b", "Server": "core-7", "Location": "http://core-7/",
			"X-Internal": "1", "Cache-Control": "private", "Postern-Customer": "C-1", "Postern-Assertion": "x", "Via": "core",
		} {
			w.Header().Set(name, value)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"n":1.50}`)
	})
	got, err := get(t, open(t, url))
	if err != nil {
		t.Fatal(err)
	}
	want := &upstream.Reply{
		Status: 201, Customer: "C-1", MediaType: "application/json", Body: []byte(`{"n":1.50}`), BytesIn: 10,
		Header: map[string]string{
			"content-type": "Application/JSON; charset=utf-8", "content-language": "zh-CN", "etag": `"1"`, "retry-after": "3",
			"last-modified": "Sun, 01 Mar 2026 12:00:00 GMT",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 10)
	other := serve(t, func(http.ResponseWriter, *http.Request) { asked <- struct{}{} })
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, status) })
			reply, err := get(t, open(t, url))
			if err != nil || reply.Status != status || len(asked) != 0 {
				t.Fatalf("Do = %+v, %v; followed %d times", reply, err, len(asked))
			}
			if _, leaked := reply.Header["location"]; leaked {
				t.Error("the Location left")
			}
		})
	}
}

func TestUnusableReplies(t *testing.T) {
	t.Parallel()
	header := func(lines ...string) string {
		return "HTTP/1.1 200 OK\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	for _, tc := range []struct {
		name, raw string
		want      error
	}{
		{"an encoding nobody asked for", header("Content-Encoding: gzip", "Content-Length: 2") + "xx", upstream.ErrReply},
		{"two content types", header("Content-Type: text/html", "Content-Type: application/json", "Content-Length: 2") + "{}", upstream.ErrReply},
		{"announced larger than allowed", header("Content-Length: 101"), upstream.ErrReply},
		{"chunked larger than allowed", header("Transfer-Encoding: chunked") + "65\r\n" + strings.Repeat("x", 101) + "\r\n0\r\n\r\n", upstream.ErrReply},
		{"bad chunk size", header("Transfer-Encoding: chunked") + "zz\r\n{}\r\n0\r\n\r\n", upstream.ErrReply},
		{"chunks without an end", header("Transfer-Encoding: chunked") + "2\r\n{}\r\n", upstream.ErrReply},
		{"body shorter than announced", header("Content-Length: 10") + "{}", upstream.ErrReply},
		{"two lengths", header("Content-Length: 2", "Content-Length: 3") + "{}x", upstream.ErrUnavailable},
		{"unknown transfer encoding", header("Transfer-Encoding: gzip") + "{}", upstream.ErrUnavailable},
		{"header without end", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20), upstream.ErrUnavailable},
		{"not HTTP", "SSH-2.0-OpenSSH\r\n", upstream.ErrUnavailable},
		{"closed without a word", "", upstream.ErrUnavailable},
		{"switching protocols", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", upstream.ErrReply},
		{"status out of range", "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", upstream.ErrReply},
		{"customer with a space", header("Postern-Customer: C 1", "Content-Length: 0"), upstream.ErrReply},
		{"customer beyond ASCII", header("Postern-Customer: \xe4\xb8\xad", "Content-Length: 0"), upstream.ErrReply},
		{"empty customer", header("Postern-Customer: ", "Content-Length: 0"), upstream.ErrReply},
		{"customer too long", header("Postern-Customer: "+strings.Repeat("c", 129), "Content-Length: 0"), upstream.ErrReply},
		{"two customers", header("Postern-Customer: a", "Postern-Customer: b", "Content-Length: 0"), upstream.ErrReply},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			url := serveRaw(t, func(conn net.Conn) {
				readRequest(conn)
				io.WriteString(conn, tc.raw)
			})
			reply, err := get(t, open(t, url, func(c *upstream.Config) { c.MaxReply = 100 }))
			if reply != nil || !errors.Is(err, tc.want) {
				t.Errorf("Do = %+v, %v; want %v", reply, err, tc.want)
			}
		})
	}
}

func TestUsableReplies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, method string
		handler      http.HandlerFunc
		wantStatus   int
		wantBody     string
	}{
		{"as large as allowed, announced", "GET", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 100)) }, 200, strings.Repeat("x", 100)},
		{"as large as allowed, chunked", "GET", func(w http.ResponseWriter, _ *http.Request) {
			http.NewResponseController(w).Flush()
			fmt.Fprint(w, strings.Repeat("x", 100))
		}, 200, strings.Repeat("x", 100)},
		{"no content", "DELETE", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 204, ""},
		{"not modified", "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, 304, ""},
		{"HEAD announces a length and sends nothing", "HEAD", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "5000") }, 200, ""},
		{"an error is a reply too", "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); fmt.Fprint(w, "{}") }, 500, "{}"},
		{"the word identity is no encoding", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "Identity")
			fmt.Fprint(w, "{}")
		}, 200, "{}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			pool := open(t, serve(t, tc.handler), func(c *upstream.Config) { c.MaxReply = 100 })
			reply, err := pool.Do(t.Context(), core, upstream.Request{Method: tc.method, Path: "/"})
			if err != nil || reply.Status != tc.wantStatus || string(reply.Body) != tc.wantBody {
				t.Errorf("Do = %+v, %v", reply, err)
			}
		})
	}
}

func TestAnEndlessBodyIsCutEarly(t *testing.T) {
	t.Parallel()
	stopped := make(chan int, 1)
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		block, sent := make([]byte, 1<<16), 0
		for {
			n, err := w.Write(block)
			sent += n
			if err != nil || sent > 1<<30 {
				stopped <- sent
				return
			}
		}
	})
	if _, err := get(t, open(t, url)); !errors.Is(err, upstream.ErrReply) {
		t.Errorf("Do = %v, want ErrReply", err)
	}
	// What the sockets buffer lies between the bound and what was sent.
	if sent := <-stopped; sent > 64<<20 {
		t.Errorf("the upstream could send %d octets of a reply bounded by 1 MiB", sent)
	}
}
