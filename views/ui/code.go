package ui

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Long parts of envelopes are cut where a screen shows them; the whole would fill it.
const (
	maxHeader = 148
	maxPart   = 52
)

// compactForm is what a compact serialisation is written with.
var compactForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

func cut(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit]) + "…"
}

// Compact are the parts of a compact JWE or JWS, in the colours of classes, one a part,
// without their middles. It is nil for what is in the clear, or has other parts.
func Compact(compact string, classes ...string) []Span {
	parts := strings.Split(compact, ".")
	if len(parts) != len(classes) || !compactForm.MatchString(compact) {
		return nil
	}
	shown := make([]Span, 0, len(parts))
	for i, part := range parts {
		limit := maxPart
		if i == 0 {
			limit = maxHeader
		}
		text := cut(part, limit)
		if i < len(parts)-1 {
			text += "."
		}
		shown = append(shown, Span{Class: classes[i], Text: text})
	}
	return shown
}

// JSON is how documents are shown. Texts longer than Token are cut, those of several words
// where they are longer than Text.
type JSON struct{ Token, Text int }

func (j JSON) cut(text string) string {
	if strings.Contains(text, " ") {
		return cut(text, max(j.Token, j.Text))
	}
	return cut(text, j.Token)
}

// Lines writes a document as lines of coloured parts, in the order of its
// members, with brackets hugging their contents. What is no JSON is one line.
func (j JSON) Lines(document string) [][]Span {
	if document == "" {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(document)))
	decoder.UseNumber()
	w := &codeWriter{json: j}
	if err := w.value(decoder, 0); err != nil {
		return [][]Span{{{Text: document}}}
	}
	return append(w.lines, w.line)
}

type codeWriter struct {
	json  JSON
	lines [][]Span
	line  []Span
}

func (w *codeWriter) put(class, text string) {
	w.line = append(w.line, Span{Class: class, Text: text})
}

func (w *codeWriter) wrap(depth int) {
	w.lines = append(w.lines, w.line)
	w.line = nil
	w.put("space", strings.Repeat("  ", depth))
}

func (w *codeWriter) value(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		return w.container(d, t, depth+1)
	case string:
		w.put("string", quoted(w.json.cut(t)))
	case json.Number:
		w.put("number", t.String())
	case bool:
		w.put("number", map[bool]string{true: "true", false: "false"}[t])
	default:
		w.put("number", "null")
	}
	return nil
}

// container writes the members behind an opening bracket and the closing one.
func (w *codeWriter) container(d *json.Decoder, open json.Delim, depth int) error {
	closing := map[json.Delim]string{'{': "}", '[': "]"}[open]
	if !d.More() {
		w.put("mark", open.String()+closing)
		_, err := d.Token()
		return err
	}
	w.put("mark", open.String()+" ")
	for first := true; d.More(); first = false {
		if !first {
			w.put("mark", ",")
			w.wrap(depth)
		}
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			text, _ := name.(string)
			w.put("key", quoted(text))
			w.put("mark", ": ")
		}
		if err := w.value(d, depth); err != nil {
			return err
		}
	}
	w.put("mark", " "+closing)
	_, err := d.Token()
	return err
}

// quoted is text as JSON writes it, without the escapes that only matter
// inside HTML: templates escape for themselves.
func quoted(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(text) != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Form writes a form's fields one a line, in the order of their names.
func (j JSON) Form(encoded string) (lines [][]Span) {
	form, err := url.ParseQuery(encoded)
	if err != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		lines = append(lines, []Span{{Class: "key", Text: name}, {Class: "mark", Text: "="}, {Class: "string", Text: j.cut(form.Get(name))}})
	}
	return lines
}
