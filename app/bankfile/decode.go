package bankfile

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// decoder puts a YAML node into an input, whatever stands there already: what
// the node does not mention stays. It goes on after a fault.
type decoder struct {
	at    func(path string, line int) // where a field stands
	fault func(path string, line int, text string)
	item  func() // one more item of a list
}

// member is a field of an input by its name in files.
type member struct {
	name  string
	json  bool // text that may be written as a mapping
	never bool // a time that may be "never"
	index []int
	field reflect.StructField
}

// members lists the fields of an input; those of an embedded one are its own.
func members(t reflect.Type) []member {
	var list []member
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("field"), ",")
		if name != "" {
			list = append(list, member{name: name, json: options == "json", never: options == "never", index: f.Index, field: f})
		}
	}
	return list
}

func line(n ast.Node) int { return n.GetToken().Position.Line }

func below(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

var moment = reflect.TypeFor[time.Time]()

// decode puts n into v, which stands at path in its entry.
func (d decoder) decode(n ast.Node, v reflect.Value, path string, m member) {
	d.at(path, line(n))
	switch n.(type) {
	case *ast.NullNode:
		d.fault(path, line(n), "nothing is written here: leave the key out, or write what it shall be")
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		d.fault(path, line(n), "anchors, aliases and tags are not taken: write it out")
		return
	}
	switch {
	case v.Type() == moment:
		d.time(n, v, path, m.never)
	case v.Kind() == reflect.String:
		d.text(n, v, path, m.json)
	case v.Kind() == reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.fault(path, line(n), "want true or false")
			return
		}
		v.SetBool(b.Value)
	case v.Kind() == reflect.Int64:
		d.number(n, v, path)
	case v.Kind() == reflect.Slice:
		d.list(n, v, path)
	case v.Kind() == reflect.Map:
		d.pairs(n, v, path)
	default:
		if path != "" { // a mapping inside an entry is taken as it stands, as lists are
			v.SetZero()
		}
		d.mapping(n, v, path)
	}
}

// written is a scalar's text; ok only where YAML takes it as text.
func written(n ast.Node) (text string, ok bool) {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value, true
	case *ast.LiteralNode:
		return s.Value.Value, true
	}
	return n.GetToken().Value, false
}

func (d decoder) text(n ast.Node, v reflect.Value, path string, asJSON bool) {
	text, ok := written(n)
	if _, mapping := n.(ast.MapNode); mapping && asJSON {
		if text, ok = jsonOf(n); !ok {
			d.fault(path, line(n), "these keys and values cannot be read: is one here twice?")
			return
		}
	}
	if !ok {
		want := "want text"
		if _, scalar := n.(ast.ScalarNode); scalar {
			want = fmt.Sprintf("want text: put %s into quotes", text)
		}
		d.fault(path, line(n), want)
		return
	}
	v.SetString(text)
}

// jsonOf writes a mapping as JSON.
func jsonOf(n ast.Node) (string, bool) {
	var value map[string]any
	if err := yaml.NodeToValue(n, &value); err != nil {
		return "", false
	}
	text, err := json.Marshal(value)
	return string(text), err == nil
}

func (d decoder) time(n ast.Node, v reflect.Value, path string, never bool) {
	text, _ := written(n)
	if never && text == "never" {
		v.SetZero()
		return
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 1970 {
		want := "want a time such as 2026-11-22T10:05:11Z or 2026-11-22T18:05:11+08:00"
		if never {
			want += ", or never"
		}
		d.fault(path, line(n), want)
		return
	}
	v.Set(reflect.ValueOf(t.UTC()))
}

// number takes plain decimal digits only: YAML knows five more spellings, and
// 010 is eight in one of them.
func (d decoder) number(n ast.Node, v reflect.Value, path string) {
	text, _ := written(n)
	value, err := strconv.ParseInt(text, 10, 64)
	if _, isNumber := n.(*ast.IntegerNode); !isNumber || err != nil || strconv.FormatInt(value, 10) != text || value == math.MinInt64 {
		d.fault(path, line(n), "want a whole number without quotes, such as 120")
		return
	}
	v.SetInt(value)
}

func (d decoder) list(n ast.Node, v reflect.Value, path string) {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		d.fault(path, line(n), "want a list: each item on a line of its own behind a dash, or [a, b]")
		return
	}
	fresh := reflect.MakeSlice(v.Type(), len(sequence.Values), len(sequence.Values))
	for i, item := range sequence.Values {
		d.item()
		d.decode(item, fresh.Index(i), below(path, strconv.Itoa(i)), member{})
	}
	v.Set(fresh)
}

func (d decoder) pairs(n ast.Node, v reflect.Value, path string) {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		d.fault(path, line(n), "want names with values, such as {user: \"{sub}\"}")
		return
	}
	fresh := reflect.MakeMap(v.Type())
	d.each(mapping, path, func(key string, _ int, value ast.Node) {
		to := reflect.New(v.Type().Elem()).Elem()
		d.decode(value, to, below(path, key), member{})
		fresh.SetMapIndex(reflect.ValueOf(key), to)
	})
	v.Set(fresh)
}

func (d decoder) mapping(n ast.Node, v reflect.Value, path string) {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		d.fault(path, line(n), "want keys with values")
		return
	}
	known := map[string]member{}
	var names []string
	for _, m := range members(v.Type()) {
		known[m.name] = m
		names = append(names, m.name)
	}
	d.each(mapping, path, func(key string, at int, value ast.Node) {
		m, ok := known[key]
		if !ok {
			d.fault(below(path, key), at, fmt.Sprintf("unknown key %q; known here: %s", key, strings.Join(names, ", ")))
			return
		}
		d.decode(value, v.FieldByIndex(m.index), below(path, key), m)
	})
}

// each goes through the keys of a mapping; one that comes twice is a fault.
func (d decoder) each(mapping ast.MapNode, path string, take func(key string, at int, value ast.Node)) {
	seen := map[string]int{}
	for pairs := mapping.MapRange(); pairs.Next(); {
		node := pairs.KeyValue()
		key, ok := written(node.Key)
		switch first := seen[key]; {
		case !ok:
			d.fault(path, line(node.Key), fmt.Sprintf("%q cannot be a key", key))
		case first > 0:
			d.fault(below(path, key), line(node.Key), fmt.Sprintf("key %q was given in line %d already", key, first))
		default:
			seen[key] = line(node.Key)
			d.at(below(path, key), line(node.Key))
			take(key, line(node.Key), node.Value)
		}
	}
}
