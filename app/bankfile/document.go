package bankfile

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"postern/app/catalog"
	"postern/app/errs"
	"postern/app/partners"
)

// The bounds of a file. It is applied in one transaction, during which nobody
// else writes: 4,900 applications took 1.6 s on SQLite, on two busy cores. Other
// processes wait 5 s for SQLite's writer.
const (
	MaxSize   = 8 << 20 // octets
	MaxThings = 5000    // entries of the sections
	maxRows   = 20_000  // entries of the sections and of the lists in them
)

// credential is a credential as files have it.
type credential struct {
	partners.Credential
	// Instead of `jwk`: a file with it, by its path below the folder of this file.
	JWKFile string `field:"jwk_file" default:"none"`
}

// Section is one part of a file.
type Section struct {
	Key  string // "partners"
	Kind string // "partner"
	Type reflect.Type
}

// Sections lists the parts of a file, in the order in which they are written:
// what is referred to comes before what refers.
func Sections() []Section {
	return []Section{
		{"services", "service", reflect.TypeFor[catalog.Service]()},
		{"scopes", "scope", reflect.TypeFor[catalog.Scope]()},
		{"partners", "partner", reflect.TypeFor[partners.Partner]()},
		{"applications", "application", reflect.TypeFor[partners.Application]()},
		{"credentials", "credential", reflect.TypeFor[credential]()},
		{"grants", "grant", reflect.TypeFor[partners.Grant]()},
	}
}

// Document is a file that was read. What is wrong with its form is kept until
// its content has been looked at too: a person wants all of it at once.
type Document struct {
	name    string
	hash    string
	files   fs.FS // where jwk_file is looked for
	faults  []Fault
	entries map[string][]*entry // by kind
	named   map[string]*entry   // by kind and id
	things  int                 // entries
	rows    int                 // entries, and those of the lists in them
}

// entry is one thing of a file.
type entry struct {
	kind, id  string
	line      int
	isNew     bool // the database does not have it
	node      ast.Node
	reference map[string]string // other things that it names, by field
	jwk       string            // of its jwk_file
	lines     map[string]int    // of fields, by path
	bad       map[string]bool   // fields that could not be read, by path
}

// Read reads a file. name is for people; files is the folder in which the file
// stands. The error is a Refusal when it is not YAML at all.
func Read(name string, text []byte, files fs.FS) (*Document, error) {
	d := &Document{name: name, hash: hash(text), files: files, entries: map[string][]*entry{}, named: map[string]*entry{}}
	if len(text) > MaxSize {
		return nil, &Refusal{File: name, Faults: []Fault{{Line: 1, Text: fmt.Sprintf("the file has more than %d MiB: split it", MaxSize>>20)}}}
	}
	tokens := lexer.Tokenize(string(text))
	if l := tooDeep(tokens); l > 0 {
		return nil, &Refusal{File: name, Faults: []Fault{{Line: l, Text: "too much stands inside each other here"}}}
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, d.syntax(err)
	}
	var bodies []ast.Node
	for _, doc := range parsed.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch {
	case len(bodies) == 0:
		d.fault(1, "", "the file says nothing")
	case len(bodies) > 1:
		d.fault(line(bodies[1]), "", "a file is one document: leave out the line with ---")
	default:
		d.readSections(bodies[0])
	}
	return d, d.bound()
}

// maxDepth is how deep brackets may stand inside each other, and how many dashes
// on one line; entries need four. The parser's time grows with the square of it.
const maxDepth = 32

// tooDeep is the first line with more than that; 0 when there is none.
func tooDeep(tokens token.Tokens) int {
	depth, dashes, last := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != last {
			last, dashes = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
		}
		if depth > maxDepth || dashes > maxDepth {
			return t.Position.Line
		}
	}
	return 0
}

// syntax says where YAML ends.
func (d *Document) syntax(err error) error {
	var at yaml.Error
	fault := Fault{Line: 1, Text: "this is not YAML: " + err.Error()}
	if errors.As(err, &at) && at.GetToken() != nil {
		fault = Fault{Line: at.GetToken().Position.Line, Text: "this is not YAML: " + at.GetMessage()}
	}
	return &Refusal{File: d.name, Faults: []Fault{fault}}
}

func (d *Document) fault(line int, where, text string) {
	d.faults = append(d.faults, Fault{Line: line, Where: where, Text: text})
}

// bound refuses what would stop everybody else for too long.
func (d *Document) bound() error {
	if d.things <= MaxThings && d.rows <= maxRows {
		return nil
	}
	return refusal(d.name, []Fault{{Line: 1, Text: fmt.Sprintf("the file has %d entries, with those of the lists in them %d; one file may have %d and %d, as it is applied at once: split it",
		d.things, d.rows, MaxThings, maxRows)}})
}

func (d *Document) readSections(body ast.Node) {
	top, ok := body.(ast.MapNode)
	if !ok {
		d.fault(line(body), "", "want the sections services, scopes, partners, applications, credentials, grants")
		return
	}
	var keys []string
	sections := map[string]Section{}
	for _, s := range Sections() {
		sections[s.Key] = s
		keys = append(keys, s.Key)
	}
	form := decoder{item: func() {}, at: func(string, int) {}, fault: func(_ string, line int, text string) { d.fault(line, "", text) }}
	form.each(top, "", func(key string, at int, value ast.Node) {
		s, known := sections[key]
		list, isList := value.(*ast.SequenceNode)
		switch {
		case !known:
			d.fault(at, "", fmt.Sprintf("unknown section %q; known are %s", key, strings.Join(keys, ", ")))
		case !isList:
			d.fault(at, key, "want a list: each entry behind a dash")
		default:
			for _, item := range list.Values {
				d.readEntry(s, item)
			}
		}
	})
}

// readEntry reads the form of an entry and what it names.
func (d *Document) readEntry(s Section, node ast.Node) {
	e := &entry{kind: s.Kind, line: line(node), node: node, lines: map[string]int{}, bad: map[string]bool{}, reference: map[string]string{}}
	value := reflect.New(s.Type).Elem()
	var faults []Fault
	decoder{
		item: func() { d.rows++ },
		at: func(path string, line int) {
			if _, known := e.lines[path]; !known { // of a key that is its own line, not its value's
				e.lines[path] = line
			}
		},
		fault: func(path string, line int, text string) {
			e.bad[path] = true
			faults = append(faults, Fault{Line: line, Where: path, Text: text})
		},
	}.decode(node, value, "", member{})
	for _, m := range members(s.Type) {
		if v := value.FieldByIndex(m.index); v.Kind() == reflect.String {
			e.reference[m.name] = strings.TrimSpace(v.String())
		}
	}
	e.id = e.reference["id"]
	for _, f := range faults {
		d.fault(f.Line, e.where(f.Where), f.Text)
	}
	d.things++
	d.rows++
	d.register(e)
	if file := e.reference["jwk_file"]; file != "" {
		d.readKey(e, file)
	}
}

// register takes in an entry that can be told from the others.
func (d *Document) register(e *entry) {
	if e.id == "" && !e.bad["id"] && !e.bad[""] {
		m := errs.Message{ID: "rule.id_missing", Text: "the entry has no id"}
		d.faults = append(d.faults, Fault{Line: e.line, Where: e.kind, Text: m.Text, Kind: e.kind, Field: "id", Message: m})
	}
	if e.id == "" {
		d.entries[e.kind] = append(d.entries[e.kind], e)
		return
	}
	if first := d.named[e.kind+" "+e.id]; first != nil {
		d.fault(e.line, e.where(""), fmt.Sprintf("it is in line %d already: an entry stands in a file once", first.line))
		return
	}
	d.named[e.kind+" "+e.id] = e
	d.entries[e.kind] = append(d.entries[e.kind], e)
}

// Services lists the services as the file has them, whatever a database says.
func (d *Document) Services() []catalog.Service { return inputs[catalog.Service](d, "service") }

// Scopes lists the scopes as the file has them.
func (d *Document) Scopes() []catalog.Scope { return inputs[catalog.Scope](d, "scope") }

func inputs[T any](d *Document, kind string) []T {
	list := make([]T, len(d.entries[kind]))
	for i, e := range d.entries[kind] {
		e.overlay(&list[i])
	}
	return list
}

// maxKeyFile is more than any public key has, octets.
const maxKeyFile = 16 << 10

// readKey reads the file that a credential names.
func (d *Document) readKey(e *entry, file string) {
	fail := func(text string) {
		e.bad["jwk"] = true
		d.fault(e.at("jwk_file"), e.where("jwk_file"), text)
	}
	if _, both := e.lines["jwk"]; both {
		fail("give jwk or jwk_file, not both")
		return
	}
	if d.files == nil || !fs.ValidPath(file) {
		fail(fmt.Sprintf("%s is not a path below the folder of this file", file))
		return
	}
	text, err := fs.ReadFile(d.files, file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fail(fmt.Sprintf("there is no file %s beside this one", file))
	case err != nil:
		fail(fmt.Sprintf("the file %s cannot be read", file))
	case len(text) > maxKeyFile:
		fail(fmt.Sprintf("the file %s is too long for a key", file))
	default:
		e.jwk, e.lines["jwk"] = string(text), e.lines["jwk_file"] // what is wrong with it is wrong there
	}
}

// where names a field of an entry for people.
func (e *entry) where(path string) string {
	where := strings.TrimSpace(e.kind + " " + e.id)
	if e.isNew {
		where += " (new)" // a mistyped id would else be told to have no name
	}
	if path != "" {
		where += ", " + readable(path)
	}
	return where
}

// readable writes a path as people count: routes.0.pattern is "routes 1, pattern".
func readable(path string) string {
	var b strings.Builder
	for i, step := range strings.Split(path, ".") {
		var n int
		switch _, err := fmt.Sscanf(step, "%d", &n); {
		case err == nil && i > 0:
			fmt.Fprintf(&b, " %d", n+1)
		case i > 0:
			b.WriteString(", " + step)
		default:
			b.WriteString(step)
		}
	}
	return b.String()
}

// at is the line of a field, or of the nearest thing around it that the entry
// has.
func (e *entry) at(path string) int {
	for path != "" {
		if l, ok := e.lines[path]; ok {
			return l
		}
		i := strings.LastIndex(path, ".")
		if i < 0 {
			break
		}
		path = path[:i]
	}
	return e.line
}

// unread reports whether the field, or something around or in it, could not be
// read: then no rule is worth telling.
func (e *entry) unread(path string) bool {
	for bad := range e.bad {
		if bad == path || strings.HasPrefix(path, bad+".") || strings.HasPrefix(bad, path+".") {
			return true
		}
	}
	return false
}
