package trial

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
)

// door sends requests to a handler in this process as if they came from an address. What
// the portal knows of its reader does not go along.
type door struct {
	to   http.Handler
	from netip.Addr
}

// RoundTrip implements http.RoundTripper.
func (d door) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(context.Background())
	in.RequestURI, in.RemoteAddr = in.URL.RequestURI(), net.JoinHostPort(d.from.String(), "0")
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := &answer{header: http.Header{}}
	d.to.ServeHTTP(out, in)
	out.WriteHeader(http.StatusOK) // of a handler that has written nothing
	return &http.Response{
		StatusCode: out.status, Status: http.StatusText(out.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: out.header, Body: io.NopCloser(&out.body), ContentLength: int64(out.body.Len()), Request: r,
	}, nil
}

// answer is a response as it is written.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter: the first status counts.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
