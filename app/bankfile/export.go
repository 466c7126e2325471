package bankfile

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"time"

	"github.com/goccy/go-yaml"

	"postern/app/catalog"
	"postern/app/change"
	"postern/app/partners"
	"postern/app/store"
)

// exportHead stands above what Export writes.
const exportHead = `# The bank's business as postern export found it; docs/bank-file.md says what each key means.
# Of secrets there are only hashes, and of keys the public ones.
`

// Export writes everything that a file can say about s: services, scopes,
// partners, applications, credentials and grants, each by id. Applied to an
// empty database it gives the same again; applied to s it changes nothing.
func Export(ctx context.Context, s *store.Store) ([]byte, error) {
	var w world
	err := s.Business(ctx, func(b store.Business) (err error) {
		if w.catalog, err = catalog.Read(b, nil, nil); err != nil {
			return err
		}
		w.registry, err = partners.Read(b, partners.Names{})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	file, err := writeSections(map[string][]any{
		"service": encoded(w.catalog.Services), "scope": encoded(w.catalog.Scopes),
		"partner": encoded(w.registry.Partners), "application": encoded(w.registry.Applications),
		"credential": encoded(w.registry.Credentials), "grant": encoded(w.registry.Grants),
	})
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return []byte(exportHead + file), nil
}

func encoded[T change.Thing[T]](set *change.Set[T]) []any {
	var list []any
	for _, thing := range set.All() {
		list = append(list, encode(reflect.ValueOf(thing), true))
	}
	return list
}

// encode is what decode reads. An entry says what it is in full, so that
// applying it again brings back what was changed since; in lists, which are
// written whole anyway, what is not set is left out.
func encode(v reflect.Value, entry bool) any {
	switch {
	case v.Kind() == reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = encode(v.Index(i), false)
		}
		return list
	case v.Kind() == reflect.String:
		return scalar(v.String())
	case v.Kind() != reflect.Struct:
		return v.Interface()
	}
	mapping := yaml.MapSlice{}
	for _, m := range members(v.Type()) {
		field := v.FieldByIndex(m.index)
		if value := m.encode(field); value != nil && (entry || !empty(field)) {
			mapping = append(mapping, yaml.MapItem{Key: m.name, Value: value})
		}
	}
	return mapping
}

// scalar is a text in YAML.
type scalar string

// plain begins as no other kind of YAML value does and has nothing in it that
// cannot be seen; the library quotes what else needs it.
var plain = regexp.MustCompile(`^[\pL\pN/][^\pC]*$`)

// MarshalYAML quotes, as JSON does, what the library would leave open ("? a",
// ".inf", a tab).
func (s scalar) MarshalYAML() ([]byte, error) {
	if plain.MatchString(string(s)) {
		return yaml.Marshal(string(s))
	}
	return json.Marshal(string(s))
}

func empty(v reflect.Value) bool {
	return v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}

// encode is nil for what is not set and cannot be said.
func (m member) encode(v reflect.Value) any {
	if t, ok := v.Interface().(time.Time); ok {
		switch {
		case !t.IsZero():
			return scalar(t.UTC().Format(time.RFC3339Nano))
		case m.never:
			return "never"
		}
		return nil
	}
	if v.Kind() == reflect.String && v.Len() == 0 {
		return scalar("") // what is empty now, and was not, must not stay
	}
	if m.json {
		var ordered yaml.MapSlice
		if err := yaml.UnmarshalWithOptions([]byte(v.String()), &ordered, yaml.UseOrderedMap()); err == nil {
			return ordered
		}
		return v.String()
	}
	return encode(v, false)
}
