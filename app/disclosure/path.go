package disclosure

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxDepth is how deep a reply may nest. No bank reply comes near; it bounds the work and the
	// memory a hostile one can cause.
	maxDepth = 32

	// maxPath is the longest path in octets.
	maxPath = 512

	// rootPath is the path of a reply that is a single value.
	rootPath = "$"
)

var (
	errPathEmpty  = errors.New("empty path or empty name in it")
	errPathLong   = errors.New("path is too long or too deep")
	errPathText   = errors.New("not UTF-8, or a control character")
	errPathEscape = errors.New("backslash before a character that needs none")
	errPathStar   = errors.New("a star inside a name; write it with a backslash")
	errPathEnd    = errors.New("unfinished escape at the end")
)

// segment is one step of a path: a member's name, or every child.
type segment struct {
	name string
	star bool
}

// parsePath takes a path apart. Every path has exactly one spelling, so that two scopes that mean
// one leaf write it alike. "$" gives no segments.
func parsePath(path string) ([]segment, error) {
	switch {
	case path == rootPath:
		return nil, nil
	case len(path) > maxPath:
		return nil, errPathLong
	case !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl):
		return nil, errPathText
	case path == `\`+rootPath:
		return []segment{{name: rootPath}}, nil
	}

	var segments []segment
	for rest, more := path, true; more; {
		var step segment
		var err error
		if step, rest, more, err = nextSegment(rest); err != nil {
			return nil, err
		}
		segments = append(segments, step)
	}
	if len(segments) > maxDepth {
		return nil, errPathLong
	}
	return segments, nil
}

// nextSegment reads up to the next dot; more says whether there was one.
func nextSegment(path string) (step segment, rest string, more bool, err error) {
	if path == "*" || strings.HasPrefix(path, "*.") {
		rest, more = strings.CutPrefix(path[1:], ".")
		return segment{star: true}, rest, more, nil
	}

	var name strings.Builder
	i := 0
	for ; i < len(path) && path[i] != '.'; i++ {
		switch path[i] {
		case '*':
			return segment{}, "", false, errPathStar
		case '\\':
			if i++; i == len(path) {
				return segment{}, "", false, errPathEnd
			}
			if !strings.ContainsRune(`.*\`, rune(path[i])) {
				return segment{}, "", false, errPathEscape
			}
		}
		name.WriteByte(path[i])
	}
	if name.Len() == 0 {
		return segment{}, "", false, errPathEmpty
	}
	rest, more = strings.CutPrefix(path[i:], ".")
	return segment{name: name.String()}, rest, more, nil
}

// Overlap reports whether one leaf of a reply can be under both paths, which is
// so when stars of the one stand for names of the other. Paths that do not parse
// overlap nothing.
func Overlap(a, b string) bool {
	one, err := parsePath(a)
	other, otherErr := parsePath(b)
	return err == nil && otherErr == nil && slices.EqualFunc(one, other, func(x, y segment) bool {
		return x.star || y.star || x.name == y.name
	})
}

// below returns the path of the step under a parent, whose path is "" at the root.
func (s segment) below(parent string) string {
	step := "*"
	if !s.star {
		step = pathEscaper.Replace(s.name)
	}
	if parent == "" {
		return step
	}
	return parent + "." + step
}

// wholePath spells a path put together from steps as a scope must write it: a member named $ at
// the top is not the path "$".
func wholePath(path string) string {
	if path == rootPath {
		return `\` + rootPath
	}
	return path
}

var pathEscaper = strings.NewReplacer(`.`, `\.`, `*`, `\*`, `\`, `\\`)
