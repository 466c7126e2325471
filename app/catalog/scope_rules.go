package catalog

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"postern/app/disclosure"
	"postern/app/errs"
	"postern/models"
)

// scopeID is the scope-token of RFC 6749 section 3.3.
var scopeID = regexp.MustCompile(`^[!#-\[\]-~]{1,128}$`)

// Key is the scope's name.
func (s Scope) Key() string { return s.ID }

// Normalize trims, brings the title into Unicode's composed form and fills in
// the class of fields that have none.
func (s Scope) Normalize() Scope {
	s.ID, s.Title = strings.TrimSpace(s.ID), norm.NFC.String(strings.TrimSpace(s.Title))
	permissions := make([]Permission, len(s.Permissions))
	for i, p := range s.Permissions {
		fields := make([]Field, len(p.Fields))
		for j, f := range p.Fields {
			if f.Class == "" {
				f.Class = string(disclosure.C3)
			}
			fields[j] = f
		}
		p.Fields = fields
		permissions[i] = p
	}
	s.Permissions = permissions
	s.Consent = s.Consent.normalize()
	return s
}

// Validate checks what can be checked by looking at the scope alone.
func (s Scope) Validate() errs.Fields {
	var f errs.Fields
	f.Check(scopeID.MatchString(s.ID), "id", "scope_id", "a scope's name is 1 to 128 visible ASCII characters without \" and \\ (RFC 6749)")
	f.Check(models.ReadableName(s.Title), "title", "name", fmt.Sprintf("%.60q cannot be a title: want 1 to 200 characters on one line, none of which turns or hides text", s.Title))
	f.Check(s.Service != "", "service", "service_missing", "name the service that the scope belongs to")
	seen := map[string]bool{}
	for i, p := range s.Permissions {
		at := fmt.Sprintf("permissions.%d", i)
		f.Check(!seen[p.name()], at, "twice", fmt.Sprintf("permission %s is here twice", p.name()))
		seen[p.name()] = true
		f.Below(at, p.validate())
	}
	s.checkConsent(&f)
	return f
}

// name is the permission as decisions name it.
func (p Permission) name() string { return p.Resource + ":" + p.Action }

func (p Permission) validate() errs.Fields {
	var f errs.Fields
	f.Check(models.PlainID(p.Resource), "resource", "resource", fmt.Sprintf("%.60q is no resource: want letters, digits and . _ -", p.Resource))
	f.Check(models.PlainID(p.Action), "action", "action", fmt.Sprintf("%.60q is no action: want letters, digits and . _ -", p.Action))
	f.Check(!p.Deny || !p.Raw && len(p.Fields) == 0, "deny", "deny_reveals", "a permission that is denied reveals nothing: leave out raw and fields")
	seen := map[string]bool{}
	for i, field := range p.Fields {
		at := fmt.Sprintf("fields.%d", i)
		if err := field.disclosed().Validate(); err != nil {
			f.Check(false, at, "scope_field", fieldFault(err))
		}
		f.Check(!seen[field.Path], at, "twice", fmt.Sprintf("field %s is here twice", field.Path))
		seen[field.Path] = true
		if other, found := p.contradicts(i); found {
			f.Check(false, at, "field_overlap", fmt.Sprintf("fields %s and %s can be one and the same leaf, and are treated differently: the more open one would win", field.Path, other))
		}
	}
	return f
}

// contradicts finds a field before the i-th with another class or treatment for
// a leaf that both can name: a star must not uncover what a name covers.
func (p Permission) contradicts(i int) (path string, found bool) {
	for _, other := range p.Fields[:i] {
		same := other
		same.Path = p.Fields[i].Path
		if other.Path != p.Fields[i].Path && same != p.Fields[i] && disclosure.Overlap(other.Path, p.Fields[i].Path) {
			return other.Path, true
		}
	}
	return "", false
}

// fieldFault is the part of an error that says what is wrong with a path.
func fieldFault(err error) string {
	return strings.TrimPrefix(err.Error(), disclosure.ErrField.Error()+": ")
}

func (f Field) disclosed() disclosure.Field {
	return disclosure.Field{
		Path: f.Path, Class: disclosure.Class(f.Class), Treatment: disclosure.Treatment(f.Treatment), Mask: disclosure.Mask(f.Mask),
	}
}

// Follow checks whether the scope may come after before.
func (s Scope) Follow(before Scope) errs.Fields {
	var f errs.Fields
	f.Check(s.Service == before.Service, "service", "scope_moved",
		fmt.Sprintf("the scope belongs to %s and stays there: what partners were granted must not come to mean something else", before.Service))
	f.Below("", s.Consent.follow(before.Consent))
	return f
}
