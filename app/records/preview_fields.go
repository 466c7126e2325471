package records

import (
	"slices"

	"postern/app/disclosure"
	"postern/app/store"
	"postern/models"
)

// shapeOf is a shape on record; known is false where it is not.
type shapeOf struct {
	disclosure.Shape
	known bool
}

// maxKept bounds what a preview remembers of shapes and of plans.
const maxKept = 4096

// readShapes reads the shapes of some tuples.
func (p *replay) readShapes(list []store.CountedTuple) error {
	var ids []string
	for _, t := range list {
		if _, known := p.shapes[t.ShapeID]; !known && t.ShapeID != "" {
			ids = append(ids, t.ShapeID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if len(p.shapes) > maxKept {
		clear(p.shapes)
		for _, t := range list {
			ids = append(ids, t.ShapeID)
		}
	}
	rows, err := p.b.ShapesOf(ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		p.shapes[id] = shapeOf{}
	}
	for _, row := range rows {
		shape, err := disclosure.ParseShape([]byte(row.Canonical))
		p.shapes[row.ID] = shapeOf{shape, err == nil}
	}
	return nil
}

// fieldEffect is what becomes of one field of a reply.
type fieldEffect struct {
	effect        Effect
	path, class   string
	before, after string
	sure          bool
}

// fieldKey is what field effects depend on.
type fieldKey struct {
	before, after *disclosure.Plan
	shape         string
}

// disclosed tells of fields of calls that pass with the draft.
func (p *replay) disclosed(t store.CountedTuple, m moment, before, after answer, told map[Affected]bool, now bool) error {
	if !after.passes {
		return nil
	}
	was, err := planOf(before, t)
	if err != nil {
		return err
	}
	will, err := planOf(after, t)
	if err != nil {
		return err
	}
	shape, recorded := p.shapes[t.ShapeID]
	answered := t.Outcome == models.CallOK || t.Outcome == models.CallError || t.Outcome == models.CallEcho
	if answered && (!recorded || !shape.known) {
		if now {
			p.preview.Unshaped += t.Count
		}
		return nil
	}
	key := fieldKey{was, will, t.ShapeID}
	effects, known := p.fields[key]
	if !known {
		var held *disclosure.Shape
		if answered {
			held = &shape.Shape
		}
		effects = compareFields(was, will, held)
		if len(p.fields) > maxKept {
			clear(p.fields)
		}
		p.fields[key] = effects
	}
	for _, f := range effects {
		a := p.about(t, before, after)
		a.Effect, a.Path, a.Class, a.Before, a.After = f.effect, f.path, f.class, f.before, f.after
		if !told[a] {
			told[a] = true
			p.tell(a, t, m, f.sure)
		}
	}
	return nil
}

// planOf is how a reply is reduced on one side; nil lets nothing leave.
func planOf(a answer, t store.CountedTuple) (*disclosure.Plan, error) {
	switch {
	case !a.passes:
		return nil, nil
	case t.Outcome == models.CallError:
		return a.route.ErrorPlan, nil
	}
	// As with every consent: which of them there were is on no record.
	return a.access.Plan(a.route.Permission, a.scopes, nil)
}

// compareFields says what becomes of the fields of replies of a shape; without a
// shape it is a reply that nobody has seen, which may have everything.
func compareFields(was, will *disclosure.Plan, shape *disclosure.Shape) (list []fieldEffect) {
	var paths []string
	for _, plan := range []*disclosure.Plan{was, will} {
		if plan != nil {
			for _, f := range plan.Fields() {
				paths = append(paths, f.Path)
			}
		}
	}
	if shape != nil {
		paths = slices.Concat(paths, shape.Kept, shape.Masked, shape.Dropped)
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		evidence := disclosure.Possible
		if shape != nil {
			evidence = shape.Had(path)
		}
		if evidence == disclosure.Absent {
			continue
		}
		if f, different := compareField(path, leafOf(was, path), leafOf(will, path)); different {
			f.sure = evidence == disclosure.Present
			list = append(list, f)
		}
	}
	return list
}

// leafOf is what a plan does to a leaf; the zero Field, which reveals nothing,
// where nobody names it.
func leafOf(p *disclosure.Plan, path string) disclosure.Field {
	if p == nil {
		return disclosure.Field{}
	}
	f, named := p.Leaf(path)
	if !named {
		return disclosure.Field{}
	}
	return f
}

func compareField(path string, was, will disclosure.Field) (fieldEffect, bool) {
	f := fieldEffect{path: path, class: classOf(was, will), before: treatment(was), after: treatment(will)}
	switch from, to := was.Reveals(), will.Reveals(); {
	case from == to:
		return f, false
	case from == 0:
		f.effect = Leaves
	case to == 0:
		f.effect = Stops
	case to > from:
		f.effect = Opens
	default:
		f.effect = Masks
	}
	return f, true
}

// classOf is the class by which the field leaves, or left.
func classOf(was, will disclosure.Field) string {
	for _, f := range []disclosure.Field{will, was} {
		if f.Treatment != "" {
			if f.Class == "" {
				return string(disclosure.C3)
			}
			return string(f.Class)
		}
	}
	return ""
}

// treatment is what happens to a field in a word: a mask is named.
func treatment(f disclosure.Field) string {
	if f.Treatment == disclosure.Masked {
		return string(f.Mask)
	}
	return string(f.Treatment)
}
