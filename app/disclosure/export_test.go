package disclosure

import (
	"slices"
	"strings"
)

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
