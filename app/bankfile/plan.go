package bankfile

import (
	"errors"
	"fmt"
	"time"

	"postern/app/catalog"
	"postern/app/change"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
)

// world is what a file is about, as it is and as it shall be.
type world struct {
	catalog  *catalog.Catalog
	registry *partners.Registry
}

// plan looks at a document with the database's values under it. It returns a
// Refusal with all faults, those of the form included.
func (d *Document) plan(b store.Business, o Options) (world, change.Plan, error) {
	w, err := d.read(b)
	if err != nil {
		return w, change.Plan{}, fmt.Errorf("read what is there: %w", err)
	}
	faults := append([]Fault{}, d.faults...)
	report := func(kind, id, field string, m errs.Message) {
		e := d.named[kind+" "+id]
		if e == nil {
			faults = append(faults, Fault{Line: 1, Where: kind + " " + id, Text: m.Text, Kind: kind, ID: id, Field: field, Message: m})
		} else if !e.unread(field) {
			faults = append(faults, Fault{Line: e.at(field), Where: e.where(field), Text: m.Text, Kind: kind, ID: id, Field: field, Message: m})
		}
	}
	d.stage(w, o.Adjust, report)
	if err := errors.Join(w.catalog.Check(report), w.registry.Check(w.catalog, o.Now, report)); err != nil {
		return w, change.Plan{}, fmt.Errorf("check against what is there: %w", err)
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
func (w world) plan() change.Plan {
	var p change.Plan
	change.Add(&p, "service", w.catalog.Services)
	change.Add(&p, "scope", w.catalog.Scopes)
	change.Add(&p, "partner", w.registry.Partners)
	change.Add(&p, "application", w.registry.Applications)
	change.Add(&p, "credential", w.registry.Credentials)
	change.Add(&p, "grant", w.registry.Grants)
	return p
}

// Options are what applying a file needs beside it.
type Options struct {
	Now time.Time
	// Adjust, if set, gets a pointer to each input (*catalog.Service,
	// *partners.Credential …) with the file's values in it, before it is checked:
	// for what is only known when the program runs.
	Adjust func(thing any)
}
