package bankfile

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/goccy/go-yaml"

	"postern/app/catalog"
	"postern/app/change"
	"postern/app/partners"
	"postern/app/store"
)

// Kind is the name of a change request whose content is such a file.
const Kind = "business"

// requestName is how a change request's content calls itself in faults.
const requestName = "change request"

// Applier describes and applies files that stand in change requests.
type Applier struct{}

// Describe says what a file would change now. The error is an Invalid one around a
// Refusal when it breaks a rule.
func (Applier) Describe(b store.Business, content string, now time.Time) (change.Plan, error) {
	d, err := Read(requestName, []byte(content), nil)
	if err != nil {
		return change.Plan{}, invalid(err)
	}
	_, plan, err := d.plan(b, Options{Now: now})
	return plan, invalid(err)
}

// Apply writes what a file changes in w's transaction.
func (Applier) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	d, err := Read(requestName, []byte(content), nil)
	if err != nil {
		return change.Plan{}, invalid(err)
	}
	world, plan, err := d.plan(b, Options{Now: w.Now})
	if err != nil {
		return plan, invalid(err)
	}
	return plan, world.save(w)
}

// Staged is partners and what is theirs as a file would make them. Nothing is
// written. The error is an Invalid one around a Refusal when the file breaks a rule.
func Staged(b store.Business, content string, now time.Time) (*partners.Registry, error) {
	d, err := Read(requestName, []byte(content), nil)
	if err != nil {
		return nil, invalid(err)
	}
	w, _, err := d.plan(b, Options{Now: now})
	return w.registry, invalid(err)
}

// Own says how far a partner decides by itself what a content changes that describes
// well: nothing of services and scopes, and of its own what partners.Registry.Own says.
func (Applier) Own(b store.Business, content, partner string, now time.Time) (change.Own, error) {
	d, err := Read(requestName, []byte(content), nil)
	if err != nil {
		return change.NotOwn, invalid(err)
	}
	world, _, err := d.plan(b, Options{Now: now})
	if err != nil {
		return change.NotOwn, invalid(err)
	}
	if len(world.catalog.Services.Staged())+len(world.catalog.Scopes.Staged()) > 0 {
		return change.NotOwn, nil
	}
	return world.registry.Own(partner, world.catalog, now), nil
}

func (w world) save(to change.Writer) error {
	if err := w.catalog.Save(to); err != nil {
		return err
	}
	return w.registry.Save(to)
}

// Compose writes things, inputs of app/catalog and app/partners, as a file that
// says what each is in full.
func Compose(things ...any) (string, error) {
	lists := map[string][]any{}
	for _, thing := range things {
		kind, known := kindOf(reflect.TypeOf(thing))
		if !known {
			return "", fmt.Errorf("compose: a file has no %T", thing)
		}
		lists[kind] = append(lists[kind], encode(reflect.ValueOf(thing), true))
	}
	return writeSections(lists)
}

// Version names what a thing says, so that a form can tell later whether it still
// does.
func Version(thing any) string {
	text, err := Compose(thing)
	if err != nil {
		return ""
	}
	return hash([]byte(text))
}

func kindOf(t reflect.Type) (string, bool) {
	for _, s := range Sections() {
		if s.Type == t || s.Kind == "credential" && s.Type.Field(0).Type == t {
			return s.Kind, true
		}
	}
	return "", false
}

func writeSections(lists map[string][]any) (string, error) {
	file := yaml.MapSlice{}
	for _, s := range Sections() {
		if len(lists[s.Kind]) > 0 {
			file = append(file, yaml.MapItem{Key: s.Key, Value: lists[s.Kind]})
		}
	}
	text, err := yaml.MarshalWithOptions(file, yaml.IndentSequence(true))
	if err != nil {
		return "", fmt.Errorf("write YAML: %w", err)
	}
	return string(text), nil
}

// Request is the document as the content of a change request: of what it would
// change alone, in full, and without other files that it names.
func (d *Document) Request(ctx context.Context, s *store.Store, o Options) (content string, err error) {
	err = s.Business(ctx, func(b store.Business) error {
		w, _, err := d.plan(b, o)
		if err != nil {
			return err
		}
		content, err = writeSections(map[string][]any{
			"service": changed(w.catalog.Services), "scope": changed(w.catalog.Scopes),
			"partner": changed(w.registry.Partners), "application": changed(w.registry.Applications),
			"credential": changed(w.registry.Credentials), "grant": changed(w.registry.Grants),
		})
		return err
	})
	return content, err
}

func changed[T change.Thing[T]](set *change.Set[T]) []any {
	var list []any
	for _, c := range set.Changes() {
		list = append(list, encode(reflect.ValueOf(c.After), true))
	}
	return list
}

// Entry is one thing as a file that says what it is in full; found is false
// when there is none, or files know no such kind.
func Entry(ctx context.Context, s *store.Store, kind, id string) (text string, found bool, err error) {
	err = s.Business(ctx, func(b store.Business) error {
		var thing any
		if thing, found, err = current(b, kind, id); err != nil || !found {
			return err
		}
		text, err = Compose(thing)
		return err
	})
	return text, found, err
}

func current(b store.Business, kind, id string) (thing any, found bool, err error) {
	switch kind {
	case "service", "scope":
		c, err := catalog.Read(b, []string{id}, []string{id})
		if err != nil {
			return nil, false, err
		}
		if kind == "service" {
			thing, found = c.Services.Current(id)
		} else {
			thing, found = c.Scopes.Current(id)
		}
	case "partner", "application", "credential", "grant":
		r, err := partners.Read(b, partners.Names{
			Partners: []string{id}, Applications: []string{id}, Credentials: []string{id}, Grants: []string{id},
		})
		if err != nil {
			return nil, false, err
		}
		switch kind {
		case "partner":
			thing, found = r.Partners.Current(id)
		case "application":
			thing, found = r.Applications.Current(id)
		case "credential":
			thing, found = r.Credentials.Current(id)
		default:
			thing, found = r.Grants.Current(id)
		}
	}
	return thing, found, nil
}

// Asked is what a partner's request wants: an application, or a credential or a grant of
// one. The ID of what is not wanted is empty.
type Asked struct {
	Application partners.Application
	Credential  partners.Credential
	Grant       partners.Grant
}

// AskedIn is what a partner's request wants by its content.
func AskedIn(content string) (a Asked, err error) {
	d, err := Read(requestName, []byte(content), nil)
	if err != nil {
		return a, invalid(err)
	}
	applications, credentials, grants := inputs[partners.Application](d, "application"), inputs[partners.Credential](d, "credential"), inputs[partners.Grant](d, "grant")
	if n := len(applications) + len(credentials) + len(grants); n != 1 {
		return a, fmt.Errorf("%d things are asked for, want one", n)
	}
	switch {
	case len(applications) == 1:
		a.Application = applications[0]
	case len(credentials) == 1:
		a.Credential = credentials[0]
	default:
		a.Grant = grants[0]
	}
	return a, nil
}
