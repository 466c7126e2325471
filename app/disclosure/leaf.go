package disclosure

import (
	"slices"
	"strings"
)

// Leaf returns the field that decides about a leaf at a path, which is spelled as
// scopes spell it; named is false when no field does, and the leaf does not leave.
// A star in the path is an element, or a member that has no field of its own.
func (p *Plan) Leaf(path string) (field Field, named bool) {
	steps, err := parsePath(path)
	if err != nil {
		return Field{}, false
	}
	active := []*node{p.root}
	for _, step := range steps {
		var next []*node
		for _, n := range active {
			if child, ok := n.members[step.name]; ok && !step.star {
				next = append(next, child)
			}
			if n.star != nil {
				next = append(next, n.star)
			}
		}
		active = next
	}
	by := decides(active)
	if by == nil {
		return Field{}, false
	}
	return *by.field, true
}

// Fields returns the field that counts for each path of the plan, sorted by path.
func (p *Plan) Fields() []Field {
	var fields []Field
	p.root.each(func(n *node) {
		if n.field != nil {
			fields = append(fields, *n.field)
		}
	})
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	return fields
}

// Evidence is what a shape says about whether a reply had a leaf.
type Evidence int

// Whether there was a leaf at a path.
const (
	Absent   Evidence = iota // certainly not
	Possible                 // something that nobody named stood where it would stand
	Present                  // certainly
)

// Had says what is known of a leaf at a path in replies of this shape: a shape has
// the names that scopes declared when the reply was made, and no others.
func (s Shape) Had(path string) Evidence {
	steps, err := parsePath(path)
	if err != nil {
		return Absent
	}
	if slices.Contains(s.Kept, path) || slices.Contains(s.Masked, path) {
		return Present
	}
	leaves := slices.Concat(s.Kept, s.Masked, s.Dropped)
	if slices.ContainsFunc(leaves, func(l string) bool { return l == path || Overlap(l, path) }) {
		return Possible
	}
	// What was dropped as a leaf may have been an object with all it held: then
	// there was none here, and some below.
	for _, held := range slices.Concat(s.Unknown, s.Dropped) {
		if holds(held, steps) {
			return Possible
		}
	}
	return Absent
}

// holds reports whether a container at a path can hold the leaf that steps lead to.
func holds(path string, steps []segment) bool {
	var above []segment
	if path != "" {
		var err error
		if above, err = parsePath(path); err != nil {
			return false
		}
	}
	return len(above) < len(steps) && slices.EqualFunc(above, steps[:len(above)], func(a, b segment) bool {
		return a.star || b.star || a.name == b.name
	})
}
