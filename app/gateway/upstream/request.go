package upstream

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Request is one call. Method, Path, RawQuery, Header and Body come from the
// page and are checked here once more; the last four fields are ours.
type Request struct {
	Method   string      // GET, HEAD, POST, PUT, PATCH or DELETE
	Path     string      // rebuilt from the route's template, escaped, from '/'
	RawQuery string      // without '?'; empty for none
	Header   http.Header // any spelling of names; all but the allow-list is dropped
	Body     []byte      // nil or empty for none; not changed, not kept

	Assertion      string // compact JWS for Postern-Assertion
	IdempotencyKey string // the call's jti, for writes
	TraceParent    string // W3C traceparent
	RequestID      string // for X-Request-Id
}

// maxHeaderValue bounds one header value of a page, and of an upstream.
const maxHeaderValue = 4096

// forwarded lists what of a page's headers an upstream sees: lower-case name to
// canonical name. Cookies, hop-by-hop headers and whatever names an identity are
// out because they are not in it.
var forwarded = map[string]string{
	"accept":            "Accept",
	"accept-language":   "Accept-Language",
	"content-type":      "Content-Type",
	"if-match":          "If-Match",
	"if-none-match":     "If-None-Match",
	"if-modified-since": "If-Modified-Since",
}

// idempotencyKey is deliberately not in canonical form. net/http takes a
// request with the header "Idempotency-Key" for one it may send again when a
// connection breaks under it; spelled like this it does not see it. Upstreams
// do, as header names ignore case (RFC 9110 section 5.1).
const idempotencyKey = "idempotency-key"

// build makes the request for net/http.
func (r Request) build(ctx context.Context, base *url.URL) (*http.Request, error) {
	if !knownMethod(r.Method) {
		return nil, requestFault("method")
	}
	address, err := target(base, r.Path, r.RawQuery)
	if err != nil {
		return nil, err
	}
	header, err := r.header()
	if err != nil {
		return nil, err
	}

	req := (&http.Request{
		Method: r.Method, URL: address, Host: base.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	r.attachBody(req)

	return req, nil
}

func knownMethod(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return true
	}

	return false
}

// safe reports whether the method is one that changes nothing (RFC 9110 section
// 9.2.1), and so may travel twice.
func (r Request) safe() bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// attachBody gives req a body that can be read once and not rewound (GetBody
// stays nil), which keeps net/http from sending it a second time.
//
// A write without a body is the remaining case: HTTP/1.1 leaves it alone for
// want of a visible idempotency key, but HTTP/2 repeats any request without a
// body after some connection errors. Over TLS, where HTTP/2 is possible, such a
// write therefore carries an empty body of unknown length.
func (r Request) attachBody(req *http.Request) {
	switch {
	case len(r.Body) > 0:
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(r.Body)), int64(len(r.Body))
	case !r.safe() && req.URL.Scheme == "https":
		req.Body = io.NopCloser(strings.NewReader(""))
	}
}

// header builds the whole header: the page's allowed part, then ours.
func (r Request) header() (http.Header, error) {
	h := make(http.Header, len(r.Header)+6)
	for name, values := range r.Header {
		canonical, allowed := forwarded[strings.ToLower(name)]
		if !allowed || canonical == "Content-Type" && len(r.Body) == 0 {
			continue
		}
		if _, twice := h[canonical]; twice || len(values) != 1 || !validValue(values[0]) {
			return nil, requestFault("header " + canonical)
		}
		h[canonical] = values
	}
	for _, own := range [...]struct{ name, value string }{
		{"Postern-Assertion", r.Assertion},
		{idempotencyKey, r.IdempotencyKey},
		{"Traceparent", r.TraceParent},
		{"X-Request-Id", r.RequestID},
	} {
		if own.value == "" {
			continue
		}
		if !visible(own.value) {
			return nil, requestFault("header " + own.name)
		}
		h[own.name] = []string{own.value}
	}
	// Without this header any coding would be acceptable (RFC 9110 section 12.5.3).
	h["Accept-Encoding"] = []string{"identity"}
	h["User-Agent"] = []string{"postern"}

	return h, nil
}

// validValue reports whether value holds no control characters and is not
// longer than a header value of ours may be.
func validValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' || c == 0x7F {
			return false
		}
	}

	return len(value) <= maxHeaderValue
}

// visible reports whether value is made of 0x21 to 0x7E only.
func visible(value string) bool {
	for i := range len(value) {
		if c := value[i]; c <= ' ' || c > '~' {
			return false
		}
	}

	return true
}
