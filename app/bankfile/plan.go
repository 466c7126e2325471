package bankfile

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/app/catalog"
	"postern/app/change"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
)

// Plan is what a file would change, in the order in which it is written.
type Plan struct {
	Things []Thing
}

// Thing is what becomes of one entry that is new or different.
type Thing struct {
	Kind, ID    string
	New         bool
	Differences []change.Difference
}

// Widens reports whether the thing lets anybody reach more than before. Whatever
// is new does.
func (t Thing) Widens() bool { return t.New || change.Widen(t.Differences) }

// Widening counts the things that widen.
func (p Plan) Widening() int {
	n := 0
	for _, t := range p.Things {
		if t.Widens() {
			n++
		}
	}
	return n
}

// world is what a file is about, as it is and as it shall be.
type world struct {
	catalog  *catalog.Catalog
	registry *partners.Registry
}

// plan looks at a document with the database's values under it. It returns a
// Refusal with all faults, those of the form included.
func (d *Document) plan(b store.Business, o Options) (world, Plan, error) {
	w, err := d.read(b)
	if err != nil {
		return w, Plan{}, fmt.Errorf("read what is there: %w", err)
	}
	faults := append([]Fault{}, d.faults...)
	report := func(kind, id, field string, m errs.Message) {
		e := d.named[kind+" "+id]
		if e == nil {
			faults = append(faults, Fault{Line: 1, Where: kind + " " + id, Text: m.Text})
		} else if !e.unread(field) {
			faults = append(faults, Fault{Line: e.at(field), Where: e.where(field), Text: m.Text})
		}
	}
	d.stage(w, o.Adjust, report)
	if err := errors.Join(w.catalog.Check(report), w.registry.Check(w.catalog, o.Now, report)); err != nil {
		return w, Plan{}, fmt.Errorf("check against what is there: %w", err)
	}
	return w, w.plan(), refusal(d.name, faults)
}

// read reads what the document names and what that depends on.
func (d *Document) read(b store.Business) (w world, err error) {
	names := partners.Names{
		Partners: d.ids("partner", "application", "partner"), Credentials: d.ids("credential"), Grants: d.ids("grant"),
		Applications: append(d.ids("application", "credential", "application"), d.ids("", "grant", "application")...),
	}
	services := d.ids("service", "scope", "service")
	// A service that changes its class meets grants that the document does not name.
	old, err := b.SecretGrants(services)
	if err != nil {
		return w, err
	}
	for _, g := range old {
		names.Grants, names.Applications = append(names.Grants, g.ID), append(names.Applications, g.ApplicationID)
	}
	if w.registry, err = partners.Read(b, names); err != nil {
		return w, err
	}
	scopes := d.ids("scope", "grant", "scope")
	for _, g := range w.registry.Grants.All() {
		scopes = append(scopes, g.Scope)
	}
	w.catalog, err = catalog.Read(b, services, scopes)
	return w, err
}

// ids lists the ids of the entries of a kind; behind it pairs of another kind
// and its field that names entries of the kind.
func (d *Document) ids(kind string, referring ...string) []string {
	list := []string{}
	for _, e := range d.entries[kind] {
		list = append(list, e.id)
	}
	for i := 0; i+1 < len(referring); i += 2 {
		for _, e := range d.entries[referring[i]] {
			list = append(list, e.reference[referring[i+1]])
		}
	}
	return list
}

// stage puts each entry over what is there.
func (d *Document) stage(w world, adjust func(any), report catalog.Report) {
	stage(d, "service", w.catalog.Services, adjust, report)
	stage(d, "scope", w.catalog.Scopes, adjust, report)
	stage(d, "partner", w.registry.Partners, adjust, report)
	stage(d, "application", w.registry.Applications, adjust, report)
	stage(d, "credential", w.registry.Credentials, adjust, report)
	stage(d, "grant", w.registry.Grants, adjust, report)
}

func stage[T change.Thing[T]](d *Document, kind string, set *change.Set[T], adjust func(any), report catalog.Report) {
	for _, e := range d.entries[kind] {
		if e.id == "" {
			continue // told where the form was read
		}
		thing, known := set.Current(e.id)
		e.isNew = !known
		e.overlay(&thing)
		if adjust != nil {
			adjust(&thing)
		}
		for field, m := range set.Stage(thing) {
			report(kind, e.id, field, m)
		}
	}
}

// plan lists what is new or different.
func (w world) plan() Plan {
	var p Plan
	add(&p, "service", w.catalog.Services)
	add(&p, "scope", w.catalog.Scopes)
	add(&p, "partner", w.registry.Partners)
	add(&p, "application", w.registry.Applications)
	add(&p, "credential", w.registry.Credentials)
	add(&p, "grant", w.registry.Grants)
	return p
}

func add[T change.Thing[T]](p *Plan, kind string, set *change.Set[T]) {
	for _, c := range set.Changes() {
		p.Things = append(p.Things, Thing{Kind: kind, ID: c.After.Key(), New: c.New, Differences: c.Differences})
	}
}

// String tells the plan to a person: each thing with its differences, and before
// each what it does. Whatever is new widens as a whole.
func (p Plan) String() string {
	var b strings.Builder
	for _, t := range p.Things {
		if t.New {
			fmt.Fprintf(&b, "%s%s %s is new\n", marks[change.Widens], t.Kind, t.ID)
		} else {
			fmt.Fprintf(&b, "%s%s %s\n", marks[change.Neutral], t.Kind, t.ID)
		}
		for _, d := range t.Differences {
			mark := marks[d.Effect]
			if t.New {
				mark = marks[change.Neutral]
			}
			fmt.Fprintf(&b, "%s    %s\n", mark, d.Text)
		}
	}
	return b.String()
}

var marks = map[change.Effect]string{change.Widens: "WIDENS  ", change.Narrows: "narrows ", change.Neutral: "        "}

// Options are what applying a file needs beside it.
type Options struct {
	Now time.Time
	// Adjust, if set, gets a pointer to each input (*catalog.Service,
	// *partners.Credential …) with the file's values in it, before it is checked:
	// for what is only known when the program runs.
	Adjust func(thing any)
}
