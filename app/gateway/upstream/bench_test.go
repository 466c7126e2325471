package upstream_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"postern/app/gateway/upstream"
)

// kilobyte answers with 1 KiB of JSON.
func kilobyte(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1024")
	w.Write(kilobyteBody)
}

var kilobyteBody = append(append([]byte(`{"a":"`), bytes.Repeat([]byte("x"), 1016)...), `"}`...)

// BenchmarkDo is one call to a local upstream and back into memory.
func BenchmarkDo(b *testing.B) {
	pool := open(b, serve(b, kilobyte))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			reply, err := pool.Do(b.Context(), core, upstream.Request{
				Method: "GET", Path: "/accounts/1", Header: http.Header{"accept": {"application/json"}}, Assertion: "a.b.c", RequestID: "r",
			})
			if err != nil || len(reply.Body) != 1024 {
				b.Fatal(reply, err)
			}
		}
	})
}

// BenchmarkReverseProxy is the standard library's proxy doing the same hop,
// called without a network in front of it, as the mark to compare with.
func BenchmarkReverseProxy(b *testing.B) {
	to, err := url.Parse(serve(b, kilobyte))
	if err != nil {
		b.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	b.Cleanup(transport.CloseIdleConnections)
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			recorder := httptest.NewRecorder()
			req := httptest.NewRequestWithContext(b.Context(), "GET", "/accounts/1", nil)
			req.Header.Set("Accept", "application/json")
			proxy.ServeHTTP(recorder, req)
			if body, _ := io.ReadAll(recorder.Body); len(body) != 1024 {
				b.Fatal(recorder.Code)
			}
		}
	})
}
