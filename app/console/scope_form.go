package console

import (
	"fmt"
	"strconv"
	"strings"

	"postern/app/catalog"
	"postern/app/errs"
)

// The bounds of a scope's form: more would be a form that nobody can read.
const (
	maxPermissions = 100
	maxFieldRows   = 3000
)

// scopeForm is a scope as its form has it: all that was typed, decided or not.
type scopeForm struct {
	values      map[string]string // title, requires_customer, offered, consent.…, reason, seen
	id, service string
	permissions []permissionForm
	cut         bool // more was sent than the form takes
}

// fits refuses a scope of which the form would leave something out: sent back, it
// would take away what nobody has seen.
func (f scopeForm) fits() error {
	rows := 0
	for _, p := range f.permissions {
		rows += len(p.rows)
	}
	if f.cut || len(f.permissions) > maxPermissions || rows > maxFieldRows {
		return errScopeTooLarge
	}
	return nil
}

var errScopeTooLarge = errs.New(errs.TooLarge, "scope_too_large", "This scope has more than its form takes: change it as a file.")

// permissionForm is one permission with a row for each field: those that the scope
// names, and those that only the sample has.
type permissionForm struct {
	resource, action string
	deny, raw        bool
	sample           string
	rows             []catalog.Field // without treatment: nobody has decided
}

func (p permissionForm) name() string { return p.resource + ":" + p.action }

// scopeFormOf is the form of a scope as it is.
func scopeFormOf(v catalog.Scope, of catalog.Service) scopeForm {
	f := scopeForm{id: v.ID, service: v.Service, values: map[string]string{
		"title": v.Title, "consent.purpose_en": v.Consent.PurposeEN, "consent.purpose_zh": v.Consent.PurposeZH,
		"consent.text_en": v.Consent.TextEN, "consent.text_zh": v.Consent.TextZH,
		"consent.days": shownNumber(v.Consent.Days), "consent.version": shownNumber(v.Consent.Version),
	}}
	if v.RequiresCustomer {
		f.values["requires_customer"] = "yes"
	}
	if v.Offered {
		f.values["offered"] = "yes"
	}
	for _, p := range v.Permissions {
		f.permissions = append(f.permissions, permissionForm{
			resource: p.Resource, action: p.Action, deny: p.Deny, raw: p.Raw,
			sample: sampleOf(routesUnder(of, p.Resource, p.Action)), rows: append([]catalog.Field{}, p.Fields...),
		})
	}
	return f
}

// readScopeForm reads a form that was sent.
func readScopeForm(values map[string]string, id, service string) scopeForm {
	f := scopeForm{values: values, id: id, service: service}
	rows := 0
	for i := 0; ; i++ {
		at := fmt.Sprintf("permissions.%d.", i)
		resource, there := values[at+"resource"]
		if !there {
			break
		}
		if f.cut = i == maxPermissions; f.cut {
			return f
		}
		p := permissionForm{
			resource: resource, action: values[at+"action"], deny: values[at+"deny"] != "", raw: values[at+"raw"] != "",
			sample: values[at+"sample"],
		}
		for j := 0; ; j++ {
			row := fmt.Sprintf("%sfields.%d.", at, j)
			path, there := values[row+"path"]
			if !there {
				break
			}
			if rows++; rows > maxFieldRows {
				f.cut = true
				return f
			}
			p.rows = append(p.rows, catalog.Field{
				Path: path, Class: values[row+"class"], Treatment: values[row+"treatment"], Mask: values[row+"mask"],
			})
		}
		f.permissions = append(f.permissions, p)
	}
	return f
}

// act does what a button of the form asks for beside sending it: "add" a permission,
// "drop.1" one, "name.1" a field by its path, "forget.1.3" a field.
func (f *scopeForm) act(what string, of catalog.Service) {
	verb, rest, _ := strings.Cut(what, ".")
	if verb == "add" {
		f.add(f.values["add"], of)
		return
	}
	first, second, _ := strings.Cut(rest, ".")
	i, err := strconv.Atoi(first)
	if err != nil || i < 0 || i >= len(f.permissions) {
		return
	}
	p := &f.permissions[i]
	switch verb {
	case "drop":
		f.permissions = append(f.permissions[:i], f.permissions[i+1:]...)
	case "name":
		if path := strings.TrimSpace(f.values[fmt.Sprintf("permissions.%d.name", i)]); path != "" {
			p.row(path)
		}
	case "forget":
		if j, err := strconv.Atoi(second); err == nil && j >= 0 && j < len(p.rows) {
			p.rows = append(p.rows[:j], p.rows[j+1:]...)
		}
	}
}

func (f *scopeForm) add(name string, of catalog.Service) {
	resource, action, _ := strings.Cut(name, ":")
	for _, p := range f.permissions {
		if p.name() == name {
			return
		}
	}
	routes := routesUnder(of, resource, action)
	if len(routes) == 0 || len(f.permissions) == maxPermissions {
		return
	}
	f.permissions = append(f.permissions, permissionForm{resource: resource, action: action, sample: sampleOf(routes)})
}

// row finds the row of a path, or makes it.
func (p *permissionForm) row(path string) int {
	for i, r := range p.rows {
		if r.Path == path {
			return i
		}
	}
	p.rows = append(p.rows, catalog.Field{Path: path})
	return len(p.rows) - 1
}

// decided are the rows with a treatment, as a scope has them, and at which row of
// the form each stands.
func (p permissionForm) decided() (fields []catalog.Field, where []int) {
	for i, r := range p.rows {
		if r.Treatment == "" {
			continue
		}
		if r.Treatment != "mask" {
			r.Mask = ""
		}
		if r.Class == "" {
			r.Class = "C3"
		}
		fields, where = append(fields, r), append(where, i)
	}
	return fields, where
}

// scope is the scope that the form asks for. where leads from its fields to the
// form's rows, permission by permission.
func (f scopeForm) scope() (v catalog.Scope, where [][]int) {
	v = catalog.Scope{
		ID: f.id, Service: f.service, Title: f.values["title"], RequiresCustomer: f.values["requires_customer"] != "", Offered: f.values["offered"] != "",
		Consent: catalog.Consent{
			Version:   wholeNumber(f.values["consent.version"]),
			PurposeEN: f.values["consent.purpose_en"], PurposeZH: f.values["consent.purpose_zh"],
			TextEN: f.values["consent.text_en"], TextZH: f.values["consent.text_zh"], Days: wholeNumber(f.values["consent.days"]),
		},
	}
	for _, p := range f.permissions {
		permission := catalog.Permission{Resource: p.resource, Action: p.action, Deny: p.deny}
		var rows []int
		if !p.deny { // what is denied reveals nothing
			permission.Raw = p.raw
			permission.Fields, rows = p.decided()
		}
		v.Permissions, where = append(v.Permissions, permission), append(where, rows)
	}
	return v.Normalize(), where
}

// toRows leads faults of a scope's fields to the rows of the form:
// permissions.0.fields.1 is the second decided row of the first permission.
func toRows(faults map[string]string, where [][]int) map[string]string {
	moved := make(map[string]string, len(faults))
	for name, text := range faults {
		steps := strings.Split(name, ".")
		if len(steps) >= 4 && steps[0] == "permissions" && steps[2] == "fields" {
			i, firstErr := strconv.Atoi(steps[1])
			j, secondErr := strconv.Atoi(steps[3])
			if firstErr == nil && secondErr == nil && i < len(where) && j < len(where[i]) {
				name = fmt.Sprintf("permissions.%d.fields.%d", i, where[i][j])
			}
		}
		moved[name] = text
	}
	return moved
}

// maskFor is a mask that fits a path by its words; of what it does not know it
// shows nothing.
func maskFor(path string) string {
	last := strings.ToLower(path[strings.LastIndex(path, ".")+1:])
	for _, known := range []struct{ word, mask string }{
		{"phone", "phone"}, {"mobile", "phone"}, {"tel", "phone"}, {"mail", "email"}, {"id_no", "id_number"}, {"id_number", "id_number"}, {"cert", "id_number"},
		{"name", "name"}, {"addr", "address"}, {"card", "card"}, {"account", "card"}, {"no", "card"}, {"id", "card"},
	} {
		if strings.Contains(last, known.word) {
			return known.mask
		}
	}
	return "amount"
}
