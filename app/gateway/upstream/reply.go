package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// Reply is what an upstream answered, with everything removed that may not
// leave the bank. Redirects are replies like others, without their Location.
type Reply struct {
	Status int // 200 to 599
	// Header holds what may travel on: content-type, content-language, etag,
	// last-modified and retry-after, in lower case. Cache-Control is not among
	// them: a page reads replies out of an envelope, which no cache ever keeps,
	// and Location, Set-Cookie and Server name things inside the bank.
	Header    map[string]string
	Customer  string // Postern-Customer, 1 to 128 characters 0x21 to 0x7E; empty when absent
	MediaType string // type/subtype in lower case, without parameters; empty when absent or malformed
	Body      []byte // at most MaxReply octets; the caller owns it

	BytesOut int64 // octets of the request body
	BytesIn  int64 // octets of the reply body
}

const (
	customerHeader = "Postern-Customer"
	maxCustomer    = 128
)

// returned lists the headers of an upstream that travel on.
var returned = [...]struct{ canonical, lower string }{
	{"Content-Language", "content-language"},
	{"Etag", "etag"},
	{"Last-Modified", "last-modified"},
	{"Retry-After", "retry-after"},
}

// readReply turns res into a Reply and closes its body.
func readReply(ctx context.Context, res *http.Response, most int64) (*Reply, error) {
	defer res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 599 {
		return nil, replyFault("status")
	}
	if encoding := res.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, replyFault("content encoding")
	}

	reply := &Reply{Status: res.StatusCode, Header: make(map[string]string, 2)}
	if err := reply.readHeader(res.Header); err != nil {
		return nil, err
	}
	body, err := readBody(ctx, res, most)
	if err != nil {
		return nil, err
	}
	reply.Body, reply.BytesIn = body, int64(len(body))

	return reply, nil
}

// readHeader takes over what is allowed. What decides how the body is read, or
// who the customer is, must be there once; other headers are dropped when they
// are ambiguous.
func (r *Reply) readHeader(h http.Header) error {
	switch types := h["Content-Type"]; {
	case len(types) > 1:
		return replyFault("content type twice")
	case len(types) == 1 && printable(types[0]):
		r.Header["content-type"] = types[0]
		r.MediaType = mediaType(types[0])
	}
	for _, name := range returned {
		if values := h[name.canonical]; len(values) == 1 && printable(values[0]) {
			r.Header[name.lower] = values[0]
		}
	}

	switch customers := h[customerHeader]; {
	case len(customers) == 0:
		return nil
	case len(customers) > 1, customers[0] == "", len(customers[0]) > maxCustomer, !visible(customers[0]):
		return replyFault(customerHeader)
	default:
		r.Customer = customers[0]
	}

	return nil
}

// printable reports whether value is short and made of 0x20 to 0x7E only: it
// becomes a JSON string, where other octets would not stay what they are.
func printable(value string) bool {
	return len(value) <= maxHeaderValue && visible(strings.ReplaceAll(value, " ", ""))
}

// mediaType returns type/subtype of a Content-Type, or "" when it is malformed.
func mediaType(contentType string) string {
	if contentType == "application/json" { // nearly all of them
		return contentType
	}
	parsed, _, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.Contains(parsed, "/") {
		return ""
	}

	return parsed
}

// readBody reads at most `most` octets; one more is too many. The deadline of
// ctx cuts it.
func readBody(ctx context.Context, res *http.Response, most int64) ([]byte, error) {
	if res.Request.Method == http.MethodHead || res.ContentLength == 0 {
		return nil, nil
	}
	if res.ContentLength > most {
		return nil, replyFault("body too large")
	}

	body, err := readUpTo(res.Body, res.ContentLength, most)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("read reply: %w", err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w: %w", ErrReply, errBroken, err)
	case int64(len(body)) > most:
		return nil, replyFault("body too large")
	}

	return body, nil
}

// readUpTo reads a body whose announced length is known (or -1). A known length
// costs one allocation of exactly that size.
func readUpTo(body io.Reader, announced, most int64) ([]byte, error) {
	if announced < 0 {
		return io.ReadAll(io.LimitReader(body, most+1))
	}
	whole := make([]byte, announced)
	if _, err := io.ReadFull(body, whole); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}

	return whole, nil
}
