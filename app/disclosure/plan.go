package disclosure

import (
	"errors"
	"slices"
	"strings"
)

// Plan is the fields of one or more scopes, ready to be applied. It never changes and may be used
// by any number of goroutines. The plan of no fields lets nothing leave.
type Plan struct {
	root *node

	// positions is every node's path, sorted; a node knows its place in it.
	positions []string
}

// node is a position in replies: the steps from the root that lead to it.
type node struct {
	path    string
	place   int // index into Plan.positions
	members map[string]*node
	star    *node
	field   *Field // what happens to a leaf here; nil when no scope names one
}

// inner reports whether a container here can hold something declared.
func (n *node) inner() bool {
	return n.star != nil || len(n.members) > 0
}

// Compile joins the fields of several scopes into one plan. Where two fields are for one path the
// more open treatment wins: keep before mask before drop, and of two masks the one that shows
// less. The same holds in a reply where a name and a star lead to one leaf. The error joins an
// ErrField for every invalid field.
func Compile(sets ...[]Field) (*Plan, error) {
	plan := &Plan{root: &node{}}
	var faults []error
	for _, set := range sets {
		for _, field := range set {
			if err := field.Validate(); err != nil {
				faults = append(faults, err)
				continue
			}
			plan.add(field)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}

	plan.number()
	return plan, nil
}

// add enters a valid field.
func (p *Plan) add(field Field) {
	segments, err := parsePath(field.Path)
	if err != nil {
		return // Validate has parsed it before
	}
	at := p.root
	for _, step := range segments {
		at = at.descend(step)
	}
	if at.field == nil || field.moreOpen(*at.field) {
		at.field = &field
	}
}

// descend returns the node one step below n and makes it when it is not there.
func (n *node) descend(step segment) *node {
	if step.star {
		if n.star == nil {
			n.star = &node{path: step.below(n.path)}
		}
		return n.star
	}

	child, ok := n.members[step.name]
	if !ok {
		child = &node{path: step.below(n.path)}
		if n.members == nil {
			n.members = make(map[string]*node)
		}
		n.members[step.name] = child
	}
	return child
}

// number gives every node its place in the sorted list of positions.
func (p *Plan) number() {
	var nodes []*node
	p.root.each(func(n *node) {
		n.path = wholePath(n.path)
		nodes = append(nodes, n)
	})
	slices.SortFunc(nodes, func(a, b *node) int { return strings.Compare(a.path, b.path) })

	for place, n := range nodes {
		n.place = place
		p.positions = append(p.positions, n.path)
	}
}

// each calls visit for n and every node below it.
func (n *node) each(visit func(*node)) {
	visit(n)
	if n.star != nil {
		n.star.each(visit)
	}
	for _, child := range n.members {
		child.each(visit)
	}
}
