package upstream

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// pathPunctuation is what a path segment may hold beside letters, digits and
// escapes (protocol section 6). ';' is not in it: servers disagree on what it
// means.
const pathPunctuation = "-._~!$&'()*+,=:@"

// validPath reports whether path has the one form that every server reads the
// same way: '/' and non-empty segments, no dot segments, and escapes only in
// upper case, only for octets above 7F, and only as UTF-8. "/" alone is valid.
func validPath(path string) bool {
	if path == "/" {
		return true
	}
	if !strings.HasPrefix(path, "/") {
		return false
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." || !validSegment(segment) {
			return false
		}
	}

	return true
}

// validSegment checks the characters and escapes of one segment.
func validSegment(segment string) bool {
	escaped := false
	for i := 0; i < len(segment); i++ {
		switch c := segment[i]; {
		case isAlphanumeric(c), strings.IndexByte(pathPunctuation, c) >= 0:
		case c == '%':
			if !escapeAbove7F(segment[i:]) {
				return false
			}
			escaped = true
			i += 2
		default:
			return false
		}
	}
	if !escaped {
		return true
	}
	plain, err := url.PathUnescape(segment)

	return err == nil && utf8.ValidString(plain)
}

// escapeAbove7F reports whether s begins with %XX, upper case, from %80 up.
func escapeAbove7F(s string) bool {
	return len(s) >= 3 && strings.IndexByte("89ABCDEF", s[1]) >= 0 && strings.IndexByte("0123456789ABCDEF", s[2]) >= 0
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// validQuery reports whether query can stand in a request line as it is: no
// second '?', no '#', no control, space or octet above 7E (protocol section 6).
func validQuery(query string) bool {
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c > '~' || c == '?' || c == '#' {
			return false
		}
	}

	return true
}

// target builds the URL of a call. RawPath makes net/http send the path octet
// for octet instead of escaping it in its own way; for that, Path must be its
// decoded form.
func target(base *url.URL, path, query string) (*url.URL, error) {
	if !validPath(path) {
		return nil, requestFault("path")
	}
	if !validQuery(query) {
		return nil, requestFault("query")
	}
	raw := strings.TrimSuffix(base.EscapedPath(), "/") + path
	plain, err := url.PathUnescape(raw)
	if err != nil {
		return nil, requestFault("path")
	}

	return &url.URL{Scheme: base.Scheme, Host: base.Host, Path: plain, RawPath: raw, RawQuery: query}, nil
}
