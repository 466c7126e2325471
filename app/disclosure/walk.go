package disclosure

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// value reduces the next value, to which the nodes of active lead, and reports whether it stays.
// above is where something undeclared counts; nil inside a container that has counted already.
func (r *reducer) value(active []*node, above *node, depth int) (stays bool, err error) {
	kind := r.decoder.PeekKind()
	if kind != '{' && kind != '[' {
		return r.scalar(active, above)
	}
	if depth == maxDepth {
		return false, refuse(reasonDeep)
	}

	open := firstInner(active)
	if open == nil && depth == 0 {
		open = r.plan.root
	}
	if open == nil {
		r.shut(active, above)
	}

	mark := len(r.out)
	if kind == '{' {
		err = r.object(active, open, depth+1)
	} else {
		err = r.array(active, open, depth+1)
	}
	if err != nil || open == nil {
		r.out = r.out[:mark]
		return false, err
	}
	return true, nil
}

// shut counts a container that goes with all it holds; its contents count no more. It is a
// declared drop where the plan drops a leaf; else something undeclared, below the leaf that the
// plan expects here, or, where it expects nothing, below what holds the container.
func (r *reducer) shut(active []*node, above *node) {
	by := decides(active)
	switch {
	case by == nil:
		r.saw(above, unknown)
	case by.field.Treatment == Drop:
		r.saw(by, dropped)
	default:
		r.saw(by, unknown)
	}
}

// object reduces the members of the next value, an object.
func (r *reducer) object(active []*node, above *node, depth int) error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	r.out = append(r.out, '{')

	base := len(r.active)
	for r.decoder.PeekKind() != '}' {
		name, err := r.decoder.ReadValue()
		if err != nil {
			return err
		}
		r.step(active, r.unescape(name))
		mark := len(r.out)
		r.separate('{')
		r.out = append(append(r.out, name...), ':')
		stays, err := r.value(r.active[base:], above, depth)
		if err != nil {
			return err
		}
		if !stays {
			r.out = r.out[:mark]
		}
		r.active = r.active[:base]
	}
	return r.end('}')
}

// array reduces the elements of the next value, an array. Only stars lead into it, and they lead
// to the same nodes for every element.
func (r *reducer) array(active []*node, above *node, depth int) error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	r.out = append(r.out, '[')

	base := len(r.active)
	for _, n := range active {
		if n.star != nil {
			r.active = append(r.active, n.star)
		}
	}
	elements := r.active[base:]
	for r.decoder.PeekKind() != ']' {
		mark := len(r.out)
		r.separate('[')
		stays, err := r.value(elements, above, depth)
		if err != nil {
			return err
		}
		if !stays {
			r.out = r.out[:mark]
		}
	}
	r.active = r.active[:base]
	return r.end(']')
}

// end reads and writes the end of a container.
func (r *reducer) end(delimiter byte) error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	r.out = append(r.out, delimiter)
	return nil
}

// separate writes a comma unless the container has just begun.
func (r *reducer) separate(begin byte) {
	if last := len(r.out) - 1; r.out[last] != begin {
		r.out = append(r.out, ',')
	}
}

// step appends to r.active the nodes that a member's name leads to from the active ones, those by
// the name itself before those by a star.
func (r *reducer) step(active []*node, name []byte) {
	for _, n := range active {
		if child, ok := n.members[string(name)]; ok {
			r.active = append(r.active, child)
		}
		if n.star != nil {
			r.active = append(r.active, n.star)
		}
	}
}

// unescape returns the text of a quoted JSON string that the decoder has accepted. It is valid
// until the next call.
func (r *reducer) unescape(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	// The decoder has refused what cannot be unquoted.
	r.text, _ = jsontext.AppendUnquote(r.text[:0], quoted)
	return r.text
}

// scalar reduces the next value, which is neither object nor array.
func (r *reducer) scalar(active []*node, above *node) (stays bool, err error) {
	before, err := r.decoder.ReadValue()
	if err != nil {
		return false, err
	}

	mark := len(r.out)
	by := decides(active)
	switch {
	case by == nil:
		r.saw(above, unknown)
	case by.field.Treatment == Keep:
		r.saw(by, kept)
		r.out = append(r.out, before...)
	case by.field.Treatment == Masked:
		r.saw(by, masked)
		r.mask(by.field.Mask, before)
	default:
		r.saw(by, dropped)
	}

	if r.note != nil {
		r.note(by, before, r.out[mark:])
	}
	if len(r.out) == mark {
		return false, nil
	}
	return true, r.fits()
}

// mask writes the masked form of a JSON scalar. That a value is null is no value.
func (r *reducer) mask(mask Mask, before jsontext.Value) {
	shown := hidden
	switch before.Kind() {
	case 'n':
		r.out = append(r.out, before...)
		return
	case '"':
		shown = mask.Apply(string(r.unescape(before)))
	case '0':
		shown = mask.Apply(string(before))
	}
	// What is masked is valid UTF-8 because it came from valid UTF-8, character by character.
	r.out, _ = jsontext.AppendQuote(r.out, shown)
}

// saw counts what happened at a node.
func (r *reducer) saw(at *node, what outcome) {
	if at != nil {
		r.seen[at.place] |= what
	}
}

// firstInner returns the first of the nodes below which something is declared, nil when none is.
func firstInner(active []*node) *node {
	for _, n := range active {
		if n.inner() {
			return n
		}
	}
	return nil
}

// decides returns the node whose field counts for a leaf, nil when no field is for it. Of two
// that treat it alike it is the first, the one reached by names rather than stars.
func decides(active []*node) *node {
	var by *node
	for _, n := range active {
		if n.field != nil && (by == nil || n.field.moreOpen(*by.field)) {
			by = n
		}
	}
	return by
}
