package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// fileReader turns a YAML file into a layer. It looks at the document itself
// and not through a struct: so every fault is found, each with its line, and
// values are read in one way only.
type fileReader struct {
	*loader
	path  string
	found layer
}

func (l *loader) readFile(path string) layer {
	r := fileReader{l, path, layer{}}
	text, err := os.ReadFile(path)
	if err != nil {
		l.fault("", path, "%s", err)
		return nil
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		r.syntax(err)
		return nil
	}
	for i, document := range file.Docs {
		if i > 0 {
			l.fault("", r.line(document), "want one document")
			break
		}
		r.section(document.Body, "")
	}
	r.private()
	return r.found
}

// syntax reports what is no YAML. The library's own text quotes the lines
// around it, which may hold a secret.
func (r fileReader) syntax(err error) {
	var located yaml.Error
	if !errors.As(err, &located) {
		r.fault("", r.path, "is not YAML")
		return
	}
	r.fault("", fmt.Sprintf("%s:%d", r.path, located.GetToken().Position.Line), "is not YAML: %s", located.GetMessage())
}

func (r fileReader) line(n ast.Node) string {
	return fmt.Sprintf("%s:%d", r.path, n.GetToken().Position.Line)
}

// section reads the keys below one key; above is that key with a dot.
func (r fileReader) section(n ast.Node, above string) {
	if n == nil || n.Type() == ast.NullType {
		return // nothing, or comments only
	}
	mapping, ok := n.(ast.MapNode)
	if !ok {
		r.fault(strings.TrimSuffix(above, "."), r.line(n), "want the keys %s", r.keys(above))
		return
	}
	for pairs := mapping.MapRange(); pairs.Next(); {
		name := pairs.Key().GetToken().Value
		key := above + name
		switch {
		case strings.Contains(name, "."): // sections are written one way only
			r.fault(key, r.line(pairs.Key()), "is unknown; write sections below each other")
		case key == feedsKey:
			r.feeds(pairs.Value())
		case r.isSection(key):
			r.section(pairs.Value(), key+".")
		case r.isSetting(key):
			r.value(key, pairs.Value())
		default:
			r.fault(key, r.line(pairs.Key()), "is unknown; known here are %s", r.keys(above))
		}
	}
}

func (r fileReader) isSection(key string) bool {
	return slices.ContainsFunc(r.settings, func(s Setting) bool { return strings.HasPrefix(s.Key, key+".") })
}

func (r fileReader) isSetting(key string) bool {
	return slices.ContainsFunc(r.settings, func(s Setting) bool { return s.Key == key || s.Secret() && s.fileKey() == key })
}

func (r fileReader) isList(key string) bool {
	return slices.ContainsFunc(r.settings, func(s Setting) bool { return s.Key == key && s.value.Kind() == reflect.Slice })
}

// keys lists the keys of a section.
func (r fileReader) keys(above string) string {
	var list []string
	for _, s := range r.settings {
		if rest, ok := strings.CutPrefix(s.Key, above); ok {
			name, _, _ := strings.Cut(rest, ".")
			list = append(list, name)
		}
	}
	if above == "" {
		list = append(list, feedsKey)
	}
	return strings.Join(slices.Compact(list), ", ")
}

// value takes a plain value, or a list of them where a list is meant.
func (r fileReader) value(key string, n ast.Node) {
	text, ok := scalar(n)
	if list, several := n.(*ast.SequenceNode); several && r.isList(key) {
		var texts []string
		ok = true
		for _, item := range list.Values {
			one, plain := scalar(item)
			texts, ok = append(texts, one), ok && plain
		}
		text = strings.Join(texts, ",")
	}
	switch {
	case n.Type() == ast.NullType: // a key without a value leaves what is
	case !ok:
		r.fault(key, r.line(n), "want a plain value")
	default:
		r.found[key] = given{text, r.line(n)}
	}
}

// scalar is a value as it was written, without quotes.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// private refuses a secret in a file that others may read.
func (r fileReader) private() {
	info, err := os.Stat(r.path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return
	}
	for _, s := range r.settings {
		if g, ok := r.found[s.Key]; ok && s.Secret() {
			r.fault(s.Key, g.origin, "stands in a file that others may read; chmod 600 it, or name a file of its own as %s", s.fileKey())
		}
	}
}
