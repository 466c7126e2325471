package catalog

import (
	"maps"
	"slices"

	"postern/app/change"
	"postern/app/disclosure"
)

// Compare tells what is different from before.
func (s Scope) Compare(before Scope) []change.Difference {
	c := change.Comparison{New: before.ID == ""}
	c.Text("service", before.Service, s.Service, change.Widens)
	c.Text("title", before.Title, s.Title, change.Neutral)
	c.Flag("requires_customer", before.RequiresCustomer, s.RequiresCustomer, change.Narrows)
	c.Flag("offered", before.Offered, s.Offered, change.Widens)
	s.Consent.compare(&c, before.Consent)
	old := map[string]Permission{}
	for _, p := range before.Permissions {
		old[p.name()] = p
	}
	for _, p := range s.Permissions {
		was, known := old[p.name()]
		delete(old, p.name())
		p.compare(&c, was, known)
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		effect, word := change.Narrows, "allowed"
		if old[name].Deny {
			effect, word = change.Widens, "denied"
		}
		c.Note(effect, "%s is no longer %s", name, word)
	}
	return c.List
}

func (p Permission) compare(c *change.Comparison, before Permission, known bool) {
	switch {
	case p.Deny && (!known || !before.Deny):
		c.Note(change.Narrows, "%s is denied", p.name())
	case !p.Deny && (!known || before.Deny):
		c.Note(change.Widens, "%s is allowed", p.name())
	}
	c.Flag("replies under "+p.name()+" leave whole (raw)", before.Raw, p.Raw, change.Widens)
	old := map[string]Field{}
	for _, f := range before.Fields {
		old[f.Path] = f
	}
	for _, f := range p.Fields {
		f.compare(c, p.name(), old[f.Path])
		delete(old, f.Path)
	}
	for _, path := range slices.Sorted(maps.Keys(old)) {
		if heir, found := p.heirOf(path); found {
			c.Note(heir.effect(old[path]), "field %s under %s is no longer named: as %s, it %s (was: %s)", path, p.name(), heir.Path, heir.words(), old[path].words())
			continue
		}
		effect := change.Narrows
		if old[path].disclosed().Reveals() == 0 {
			effect = change.Neutral
		}
		c.Note(effect, "field %s under %s is no longer named, and does not leave (was: %s)", path, p.name(), old[path].words())
	}
}

// heirOf is the most open field that names the leaf of a path that is not named
// itself any more.
func (p Permission) heirOf(path string) (heir Field, found bool) {
	for _, f := range p.Fields {
		if disclosure.Overlap(f.Path, path) && (!found || f.disclosed().Reveals() > heir.disclosed().Reveals()) {
			heir, found = f, true
		}
	}
	return heir, found
}

// compare tells what becomes of a field; before is the zero value when nobody
// named it, and it did not leave.
func (f Field) compare(c *change.Comparison, permission string, before Field) {
	switch {
	case f == before:
	case before.Path == "":
		c.Note(f.effect(before), "field %s under %s %s", f.Path, permission, f.words())
	default:
		c.Note(f.effect(before), "field %s under %s now %s (before: %s)", f.Path, permission, f.words(), before.words())
	}
}

// effect: also of a field that shows as much as before, and less guarded: visits
// that reach C3 live shorter, and C3 cannot be kept.
func (f Field) effect(before Field) change.Effect {
	more := f.disclosed().Reveals() - before.disclosed().Reveals()
	switch {
	case more > 0, before.Path != "" && f.Class < before.Class:
		return change.Widens
	case more < 0, before.Path != "" && f.Class > before.Class:
		return change.Narrows
	}
	return change.Neutral
}

// Plan is how replies are reduced under the permission; fields that break a rule are left
// out, so of them nothing leaves.
func (p Permission) Plan() (*disclosure.Plan, error) {
	var list []disclosure.Field
	for _, f := range p.Fields {
		if field := f.disclosed(); field.Validate() == nil {
			list = append(list, field)
		}
	}
	return disclosure.Compile(list)
}

// HighestClass is the most sensitive class of what leaves under the scope; "" when
// nothing does.
func (s Scope) HighestClass() (highest string) {
	for _, p := range s.Permissions {
		for _, f := range p.Fields {
			if f.Treatment != "drop" {
				highest = max(highest, f.Class)
			}
		}
	}
	return highest
}

// words say what happens to the field.
func (f Field) words() string {
	switch disclosure.Treatment(f.Treatment) {
	case disclosure.Keep:
		return "leaves unmasked, class " + f.Class
	case disclosure.Masked:
		return "leaves masked as " + f.Mask + ", class " + f.Class
	default:
		return "does not leave, class " + f.Class
	}
}
