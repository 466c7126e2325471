package catalog

import (
	"maps"
	"slices"

	"postern/app/change"
	"postern/app/disclosure"
)

// Compare tells what is different from before.
func (s Scope) Compare(before Scope) []change.Difference {
	var c change.Comparison
	c.Text("service", before.Service, s.Service, change.Widens)
	c.Text("title", before.Title, s.Title, change.Neutral)
	c.Flag("requires_customer", before.RequiresCustomer, s.RequiresCustomer, change.Narrows)
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
		effect := change.Narrows
		if old[path].disclosed().Reveals() == 0 {
			effect = change.Neutral
		}
		c.Note(effect, "field %s under %s is no longer named, and does not leave (was: %s)", path, p.name(), old[path].words())
	}
}

// compare tells what becomes of a field; before is the zero value when nobody
// named it, and it did not leave.
func (f Field) compare(c *change.Comparison, permission string, before Field) {
	if f == before {
		return
	}
	effect := change.Neutral
	switch more := f.disclosed().Reveals() - before.disclosed().Reveals(); {
	case more > 0:
		effect = change.Widens
	case more < 0:
		effect = change.Narrows
	}
	if f.Treatment == before.Treatment && f.Mask == before.Mask {
		if effect = change.Narrows; f.Class < before.Class { // fewer safeguards hold for C1 than for C3
			effect = change.Widens
		}
		c.Note(effect, "field %s under %s: class %s -> %s", f.Path, permission, before.Class, f.Class)
		return
	}
	if before.Path == "" {
		c.Note(effect, "field %s under %s %s", f.Path, permission, f.words())
		return
	}
	c.Note(effect, "field %s under %s now %s (before: %s)", f.Path, permission, f.words(), before.words())
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
