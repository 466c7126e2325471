package upstream_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/app/gateway/upstream"
)

func TestPathAndQueryCrossOctetForOctet(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, base, path, query string
		want                    string // the request line's target; empty: refused
	}{
		{"plain", "", "/accounts/622848/balance", "currency=CNY", "/accounts/622848/balance?currency=CNY"},
		{"the root", "", "/", "", "/"},
		{"escaped Chinese stays escaped", "", "/city/%E4%B8%AD", "q=%E4%B8%AD", "/city/%E4%B8%AD?q=%E4%B8%AD"},
		{"colon, at and the other punctuation stay bare", "", "/a:b@c/-._~!$&'()*+,=", "", "/a:b@c/-._~!$&'()*+,="},
		{"a colon in the first segment is no scheme", "", "/urn:x", "", "/urn:x"},
		{"query escapes, semicolons and order are left alone", "", "/a", "b=%2F;c&a=%2f+", "/a?b=%2F;c&a=%2f+"},
		{"the base's path comes first", "/core/v1", "/a", "", "/core/v1/a"},
		{"a base ending in a slash does not double it", "/core/", "/a", "", "/core/a"},

		{"empty segment", "", "/a//b", "", ""},
		{"two slashes at the start", "", "//evil.example/a", "", ""},
		{"trailing slash", "", "/a/", "", ""},
		{"no slash", "", "a", "", ""},
		{"nothing", "", "", "", ""},
		{"absolute URL", "", "http://evil.example/", "", ""},
		{"dot segment", "", "/a/./b", "", ""},
		{"parent segment", "", "/a/../b", "", ""},
		{"escaped parent segment", "", "/a/%2e%2e/b", "", ""},
		{"escaped slash", "", "/a%2Fb", "", ""},
		{"semicolon", "", "/a;x=1", "", ""},
		{"backslash", "", `/a\b`, "", ""},
		{"lower-case escape", "", "/%e4%b8%ad", "", ""},
		{"escape that is not UTF-8", "", "/%FF", "", ""},
		{"overlong UTF-8 of a slash", "", "/%C0%AF", "", ""},
		{"UTF-8 split over two segments", "", "/%E4/%B8%AD", "", ""},
		{"cut escape", "", "/%E", "", ""},
		{"raw octets", "", "/中", "", ""},
		{"question mark in the path", "", "/a?b", "", ""},
		{"space", "", "/a b", "", ""},
		{"line break in the path", "", "/a\r\nX: y", "", ""},
		{"fragment in the query", "", "/a", "b#c", ""},
		{"second question mark", "", "/a", "b?c", ""},
		{"space in the query", "", "/a", "b c", ""},
		{"line break in the query", "", "/a", "b HTTP/1.1\r\nX: y", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			seen := make(chan string, 1)
			url := serve(t, func(w http.ResponseWriter, r *http.Request) { seen <- r.RequestURI })
			_, err := open(t, url+tc.base).Do(t.Context(), core, upstream.Request{Method: "GET", Path: tc.path, RawQuery: tc.query})
			if tc.want == "" {
				if !errors.Is(err, upstream.ErrRequest) || len(seen) != 0 {
					t.Fatalf("Do = %v, server saw %d requests; want ErrRequest and none", err, len(seen))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := <-seen; got != tc.want {
				t.Errorf("target = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestOnlyListedHeadersCross(t *testing.T) {
	t.Parallel()
	seen := make(chan http.Header, 1)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		discard(r)
		r.Header.Set("Test-Host", r.Host)
		r.Header.Set("Test-Encodings", strings.Join(r.TransferEncoding, ","))
		seen <- r.Header
	})
	page := http.Header{
		"accept": {"application/json"}, "accept-language": {"zh-CN"}, "content-type": {"application/json"},
		"if-match": {`"1"`}, "if-none-match": {`"2"`}, "If-Modified-Since": {"Sun, 01 Mar 2026 12:00:00 GMT"},
	}
	for _, name := range []string{
		"cookie", "authorization", "host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "content-length",
		"upgrade", "proxy-authorization", "expect", "x-user", "X_User", "x-forwarded-for", "forwarded", "x-http-method-override",
		"postern-assertion", "Postern-Assertion", "idempotency-key", "Idempotency-Key", "traceparent", "tracestate",
		"x-request-id", "postern-customer", "accept-encoding", "user-agent", "range", "te ", "accept\r\nx-evil",
	} {
		page[name] = []string{"forged"}
	}

	_, err := open(t, url).Do(t.Context(), core, upstream.Request{
		Method: "POST", Path: "/transfers", Header: page, Body: []byte(`{}`),
		Assertion: "a.b.c", IdempotencyKey: "key-1", TraceParent: "00-1-2-01", RequestID: "request-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"Accept": {"application/json"}, "Accept-Language": {"zh-CN"}, "Content-Type": {"application/json"},
		"If-Match": {`"1"`}, "If-None-Match": {`"2"`}, "If-Modified-Since": {"Sun, 01 Mar 2026 12:00:00 GMT"},
		"Postern-Assertion": {"a.b.c"}, "Idempotency-Key": {"key-1"}, "Traceparent": {"00-1-2-01"}, "X-Request-Id": {"request-1"},
		"Accept-Encoding": {"identity"}, "User-Agent": {"postern"}, "Content-Length": {"2"},
		"Test-Host": {strings.TrimPrefix(url, "http://")}, "Test-Encodings": {""},
	}
	if diff := cmp.Diff(want, <-seen); diff != "" {
		t.Errorf("headers the upstream saw (-want +got):\n%s", diff)
	}
}

func TestMalformedRequestsAreNotSent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		request upstream.Request
	}{
		{"unknown method", upstream.Request{Method: "TRACE", Path: "/"}},
		{"lower-case method", upstream.Request{Method: "get", Path: "/"}},
		{"method with a line break", upstream.Request{Method: "GET / HTTP/1.1\r\nX:", Path: "/"}},
		{"line break in a header", upstream.Request{Method: "GET", Path: "/", Header: http.Header{"accept": {"a\r\nx-user: 1"}}}},
		{"NUL in a header", upstream.Request{Method: "GET", Path: "/", Header: http.Header{"accept": {"a\x00"}}}},
		{"header with two values", upstream.Request{Method: "GET", Path: "/", Header: http.Header{"accept": {"a", "b"}}}},
		{"header in two spellings", upstream.Request{Method: "GET", Path: "/", Header: http.Header{"accept": {"a"}, "Accept": {"b"}}}},
		{"header without end", upstream.Request{Method: "GET", Path: "/", Header: http.Header{"accept": {strings.Repeat("a", 5000)}}}},
		{"line break in our request id", upstream.Request{Method: "GET", Path: "/", RequestID: "a\r\nb"}},
		{"space in our assertion", upstream.Request{Method: "GET", Path: "/", Assertion: "a b"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sent := make(chan struct{}, 1)
			pool := open(t, serve(t, func(http.ResponseWriter, *http.Request) { sent <- struct{}{} }))
			for range 10 {
				if _, err := pool.Do(t.Context(), core, tc.request); !errors.Is(err, upstream.ErrRequest) {
					t.Fatalf("Do = %v, want ErrRequest", err)
				}
			}
			if state := pool.States()[core]; len(sent) != 0 || state != upstream.Closed {
				t.Errorf("%d sent, circuit %v; a malformed request must not reach or condemn the upstream", len(sent), state)
			}
		})
	}
}

func TestBodiesCrossWhole(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		method, body, wantType string
		wantLength             int64
	}{
		{"POST", `{"amount":"1.00"}`, "application/json", 17},
		{"DELETE", `{"why":1}`, "application/json", 9},
		{"POST", "", "", 0}, // no content type without content
		{"DELETE", "", "", 0},
		{"GET", "", "", 0},
	} {
		t.Run(tc.method+" "+tc.body, func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if string(body) != tc.body || r.ContentLength != tc.wantLength || r.Header.Get("Content-Type") != tc.wantType {
					w.WriteHeader(http.StatusTeapot)
				}
			})
			reply, err := open(t, url).Do(t.Context(), core, upstream.Request{
				Method: tc.method, Path: "/", Body: []byte(tc.body), Header: http.Header{"content-type": {"application/json"}},
			})
			if err != nil || reply.Status != 200 || reply.BytesOut != int64(len(tc.body)) {
				t.Errorf("Do = %+v, %v", reply, err)
			}
		})
	}
}

func TestTheCallersHeaderIsNotChanged(t *testing.T) {
	t.Parallel()
	page := http.Header{"accept": {"a"}, "cookie": {"b"}}
	before := maps.Clone(page)
	if _, err := open(t, serve(t, answer)).Do(t.Context(), core, upstream.Request{Method: "GET", Path: "/", Header: page}); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(page, before, slices.Equal) {
		t.Errorf("header became %v", page)
	}
}
