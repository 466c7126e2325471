package directory

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxPath bounds path and query of a call, octets each.
const maxPath = 4 << 10

// Find matches a call's method, path and query. A path or query that breaks
// the rules of protocol section 6 is one that no service has.
func (r *Router) Find(method, path, query string) (Match, bool) {
	if !validPath(path) {
		return Match{}, false
	}
	m, ok := r.match(method, path)
	if !ok || !validQuery(query, m.Route.Query) {
		return Match{}, false
	}
	m.query = query
	return m, true
}

// Param is the decoded value of a path parameter or else of a query parameter.
func (m Match) Param(name string) string {
	if v, ok := m.params[name]; ok {
		return decodePercent(v)
	}
	return queryValue(m.query, name)
}

// segmentCharacters are the unreserved and sub-delim characters, colon and at
// of RFC 3986 section 3.3, but the semicolon, which splits views of a path.
const segmentCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@"

var segmentTable = tableOf(segmentCharacters)

func tableOf(characters string) (t [256]bool) {
	for i := range len(characters) {
		t[characters[i]] = true
	}
	return t
}

// validPath: a slash and non-empty segments; percent-encoding only in upper
// case and only of octets above 7F that decode to UTF-8, so that one text has
// one spelling and no segment hides a delimiter.
func validPath(path string) bool {
	if path == "" || path[0] != '/' || len(path) > maxPath {
		return false
	}
	if path == "/" {
		return true
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." || !validText(segment, &segmentTable) {
			return false
		}
		if strings.Contains(segment, "%") && !validEncoding(segment) {
			return false
		}
	}
	return true
}

// checkPattern refuses a pattern that no valid path could match, and braces
// that are not around a whole segment.
func checkPattern(pattern string) error {
	if !strings.HasPrefix(pattern, "/") {
		return errors.New("a pattern begins with a slash")
	}
	for _, s := range split(pattern) {
		if isParam(s) {
			s = s[1 : len(s)-1]
		}
		if s == "" || !validPath("/"+s) {
			return fmt.Errorf("segment %q is none: want letters, digits and some marks, or {name} around a whole segment", s)
		}
	}
	return nil
}

// ParseBaseURL reads the address of an upstream: http or https, a host, perhaps
// a path that obeys the rules of a call's path, so that both together do too.
func ParseBaseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("parse base url: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("base url: the scheme must be http or https")
	}
	if u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return nil, errors.New("base url: a host is required and user names are not allowed")
	}
	if strings.ContainsAny(raw, "?#") {
		return nil, errors.New("base url: query and fragment are not allowed")
	}
	if path := strings.TrimSuffix(u.EscapedPath(), "/"); path != "" && !validPath(path) {
		return nil, errors.New("base url: the path is not in normal form")
	}
	return u, nil
}

// validText: only characters of the table and %XX with upper-case digits.
func validText(s string, table *[256]bool) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			if !table[s[i]] {
				return false
			}
			continue
		}
		if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
			return false
		}
		i += 2
	}
	return true
}

func validEncoding(segment string) bool {
	for i := strings.IndexByte(segment, '%'); i < len(segment); i++ {
		if segment[i] == '%' && segment[i+1] < '8' { // an octet of 7F and below
			return false
		}
	}
	return utf8.ValidString(decodePercent(segment))
}

// validQuery: no "?", "#", ";", control or space, and only names that the route
// lists, each once. Some systems split a query at ";" and would see a name there
// that was not held against the list.
func validQuery(query string, listed map[string]bool) bool {
	if query == "" {
		return true
	}
	if len(query) > maxPath || strings.ContainsAny(query, "?#;") {
		return false
	}
	for i := range len(query) {
		if query[i] <= 0x20 || query[i] > 0x7E {
			return false
		}
	}
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if !listed[name] || seen[name] {
			return false
		}
		seen[name] = true
	}
	return true
}

// queryValue is the decoded value of a name in a valid query.
func queryValue(query, name string) string {
	for pair := range strings.SplitSeq(query, "&") {
		if n, v, _ := strings.Cut(pair, "="); n == name {
			return decodePercent(strings.ReplaceAll(v, "+", " "))
		}
	}
	return ""
}

// decodePercent decodes upper-case %XX; what it can't decode stays, and then
// equals nothing that it is compared with.
func decodePercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

// unhex is the value of an upper-case hexadecimal digit, -1 for anything else.
func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}
