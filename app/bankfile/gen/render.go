package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"postern/app/bankfile"
)

const head = `# The bank file

Generated from the types in app/catalog, app/partners and app/bankfile by ` + "`go generate ./app/bankfile`" + `; do not edit.
[examples/bank.yaml](examples/bank.yaml) is a complete file with comments.

` + "```" + `
postern apply -f bank.yaml --dry-run    # says what would change, and what of it widens what partners can reach
postern apply -f bank.yaml              # changes it: all of the file or nothing
postern export > bank.yaml              # writes the same form from a database
` + "```" + `

**What is not mentioned stays.** An entry that is there already needs its id and the keys that shall change; all other keys stay as they are,
and so does every entry that the file leaves out. Lists and mappings inside an entry are taken as they stand in the file: an origin, a route, a
permission, a field, an address or a binding that is missing there is taken away. A list that is not mentioned at all stays.

**Nothing ends by being left out.** A service, partner or application ends with ` + "`status: closed`" + `, a credential with ` + "`revoked: true`" + `, a grant with
` + "`ended: true`" + `; none of them comes back. Scopes have no state: end their grants.

**All or nothing.** The file is checked whole first, and every fault is told with its line. Applying a file twice changes nothing the second
time. What was wrong in the database before, under a rule that is newer, does not stop a change of something else.

**Four eyes.** On a database without staff the change is written at once and its events say ` + "`bootstrap`" + `. As soon as there is staff, what widens
needs a second person and is refused here; what narrows takes effect at once. Whatever is new widens.

**Form.** YAML, one document, at most %d MiB and %d entries, as it is applied in one transaction. No anchors, aliases and tags, no key twice, whole
numbers in plain digits, text that looks like a number or a truth value in quotes, times as ` + "`2026-11-22T10:05:11Z`" + `. Secrets never stand in it: only their
hashes, and public keys.
`

// render writes the page. root is the folder of go.mod.
func render(root string) (string, error) {
	comments, err := readComments(root, "app/catalog", "app/partners", "app/bankfile")
	if err != nil {
		return "", err
	}
	p := printer{comments: comments}
	fmt.Fprintf(&p.text, head, bankfile.MaxSize>>20, bankfile.MaxThings)
	for _, s := range bankfile.Sections() {
		p.table("## `"+s.Key+"`", s.Type)
	}
	return p.text.String(), nil
}

// readComments collects what stands above types ("Service") and their fields
// ("Service.Name").
func readComments(root string, folders ...string) (map[string]string, error) {
	comments := map[string]string{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("find sources in %s: %d files, %w", folder, len(files), err)
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
			collect(file, comments)
		}
	}
	return comments, nil
}

func collect(file *ast.File, comments map[string]string) {
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, s := range g.Specs {
			t, ok := s.(*ast.TypeSpec)
			if !ok {
				continue
			}
			comments[t.Name.Name] = oneLine(g.Doc.Text())
			if fields, ok := t.Type.(*ast.StructType); ok {
				for _, f := range fields.Fields.List {
					for _, n := range f.Names {
						comments[t.Name.Name+"."+n.Name] = oneLine(f.Doc.Text())
					}
				}
			}
		}
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

type printer struct {
	text     strings.Builder
	comments map[string]string
}

// table describes a type, then the types in it.
func (p *printer) table(title string, t reflect.Type) {
	fmt.Fprintf(&p.text, "\n%s\n\n%s\n\n| key | type | without it | meaning |\n|---|---|---|---|\n", title, p.about(t))
	var inner []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("field"), ",")
		if name == "" {
			continue
		}
		if innerType(f) != nil {
			inner = append(inner, f)
		}
		fmt.Fprintf(&p.text, "| `%s` | %s | %s | %s |\n", name, kind(f, options), without(f), p.comments[owner(t, f)+"."+f.Name])
	}
	for _, f := range inner {
		p.table(strings.TrimSuffix(title, "`")+"."+f.Tag.Get("field")+"`", innerType(f))
	}
}

// innerType is the type of a field that has a table of its own; nil for others.
func innerType(f reflect.StructField) reflect.Type {
	t := f.Type
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return nil
	}
	return t
}

// about is the sentence above a type, without its name.
func (p *printer) about(t reflect.Type) string {
	name := t.Name()
	if t.NumField() > 0 && t.Field(0).Anonymous { // what a file adds to an input
		name = t.Field(0).Name
	}
	return "Each " + strings.ToLower(name[:1]) + p.comments[name][1:]
}

// owner is the type that a field was written in.
func owner(t reflect.Type, f reflect.StructField) string {
	if len(f.Index) > 1 {
		return t.Field(f.Index[0]).Name
	}
	return t.Name()
}

func kind(f reflect.StructField, options string) string {
	switch {
	case f.Type == reflect.TypeFor[time.Time]():
		return "time"
	case options == "json":
		return "keys with values, or JSON text"
	}
	switch f.Type.Kind() {
	case reflect.Bool:
		return "`true` or `false`"
	case reflect.Int64:
		return "whole number"
	case reflect.Map:
		return "names with values"
	case reflect.Struct:
		return "keys with values, see below"
	case reflect.Slice:
		if f.Type.Elem().Kind() == reflect.String {
			return "list of texts"
		}
		return "list, see below"
	}
	return "text"
}

func without(f reflect.StructField) string {
	switch f.Tag.Get("need") {
	case "always":
		return "refused"
	case "new":
		return "refused when new"
	}
	return f.Tag.Get("default")
}
