package directory

import (
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
