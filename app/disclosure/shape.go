package disclosure

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Shape is what happened to a reply, in terms of the plan alone: sorted paths, each once, as the
// scopes write them. It holds no value, no position in an array and no name that only the reply
// had, so it may be stored and shown.
type Shape struct {
	Kept    []string // leaves that left as they were
	Masked  []string // leaves that left masked
	Dropped []string // leaves that were there and are declared to be dropped

	// Unknown is the positions below which something undeclared was removed: the path of the
	// object or array that held it, "" for the outermost; or the path of a leaf where the reply
	// had an object or array.
	Unknown []string
}

// ErrShape reports a text that is not the canonical form of a shape.
var ErrShape = errors.New("shape is not in canonical form")

// shapeHeader begins the canonical form; a later form gets another number.
const shapeHeader = "shape/1\n"

// pathList is one of a shape's lists and its letter in the canonical form.
type pathList struct {
	letter byte
	paths  *[]string
}

// lists returns the shape's lists in the order of the canonical form.
func (s *Shape) lists() []pathList {
	return []pathList{{'k', &s.Kept}, {'m', &s.Masked}, {'d', &s.Dropped}, {'u', &s.Unknown}}
}

// Canonical returns the shape as text: "shape/1", then a line for each path with the letter k, m,
// d or u, a space and the path, in that order and sorted within; every line ends in LF. Paths
// hold no control character, so the form is one to one.
func (s Shape) Canonical() []byte {
	text := []byte(shapeHeader)
	for _, list := range s.lists() {
		for _, path := range *list.paths {
			text = append(text, list.letter, ' ')
			text = append(text, path...)
			text = append(text, '\n')
		}
	}
	return text
}

// ID names the shape: the first 22 characters (132 bits) of the base64url SHA-256 of its
// canonical form. Equal shapes have equal ids.
func (s Shape) ID() string {
	sum := sha256.Sum256(s.Canonical())
	return base64.RawURLEncoding.EncodeToString(sum[:])[:22]
}

// ParseShape reads a canonical form back. Anything that Canonical would not write is ErrShape.
func ParseShape(text []byte) (Shape, error) {
	body, ok := bytes.CutPrefix(text, []byte(shapeHeader))
	if !ok || !utf8.Valid(body) {
		return Shape{}, fmt.Errorf("%w: header or encoding", ErrShape)
	}

	var shape Shape
	lists := shape.lists()
	for line := range strings.Lines(string(body)) {
		at := slices.IndexFunc(lists, func(list pathList) bool { return list.letter == line[0] })
		path, ended := strings.CutSuffix(line[1:], "\n")
		if at < 0 || !ended || !strings.HasPrefix(path, " ") || strings.ContainsFunc(path, unicode.IsControl) {
			return Shape{}, fmt.Errorf("%w: line", ErrShape)
		}
		*lists[at].paths = append(*lists[at].paths, path[1:])
	}

	// What is out of order or there twice has another canonical form than the text at hand.
	for _, list := range lists {
		slices.Sort(*list.paths)
		*list.paths = slices.Compact(*list.paths)
	}
	if !bytes.Equal(shape.Canonical(), text) {
		return Shape{}, fmt.Errorf("%w: order", ErrShape)
	}
	return shape, nil
}

// shape collects what the reducer saw.
func (r *reducer) shape() Shape {
	return Shape{
		Kept:    r.leaves(kept),
		Masked:  r.leaves(masked),
		Dropped: r.leaves(dropped),
		Unknown: r.places(unknown),
	}
}

// places returns the paths at which the outcome was seen, in the plan's order, which is sorted.
func (r *reducer) places(what outcome) []string {
	count := 0
	for _, seen := range r.seen {
		if seen&what != 0 {
			count++
		}
	}
	if count == 0 {
		return nil
	}

	paths := make([]string, 0, count)
	for place, seen := range r.seen {
		if seen&what != 0 {
			paths = append(paths, r.plan.positions[place])
		}
	}
	return paths
}

// leaves is places for outcomes of leaves. The outermost value is a leaf only alone, and its path
// as a leaf is "$".
func (r *reducer) leaves(what outcome) []string {
	paths := r.places(what)
	if len(paths) == 1 && paths[0] == "" {
		paths[0] = rootPath
	}
	return paths
}
