package story

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"postern/views/demo"
)

// Long texts are cut where a screen shows them; the whole would fill it.
const (
	maxHeader = 148
	maxPart   = 52
	maxString = 34
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

// compactParts names the parts of a compact JWE or JWS for their colours.
func compactParts(compact string) []demo.Part {
	classes := []string{"header", "key", "iv", "content", "tag"}
	parts := strings.Split(compact, ".")
	if len(parts) == 3 {
		classes = []string{"header", "claims", "signature"}
	}
	if len(parts) != len(classes) || !compactForm.MatchString(compact) {
		return nil // in the clear
	}
	shown := make([]demo.Part, 0, len(parts))
	for i, part := range parts {
		limit := maxPart
		if i == 0 {
			limit = maxHeader
		}
		text := cut(part, limit)
		if i < len(parts)-1 {
			text += "."
		}
		shown = append(shown, demo.Part{Class: classes[i], Text: text})
	}
	return shown
}

// jsonLines writes a document as lines of coloured parts, in the order of its
// members, with brackets hugging their contents. What is no JSON is one line.
func jsonLines(document string) []demo.Line {
	if document == "" {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(document)))
	decoder.UseNumber()
	w := &codeWriter{}
	if err := w.value(decoder, 0); err != nil {
		return []demo.Line{{{Text: document}}}
	}
	return append(w.lines, w.line)
}

type codeWriter struct {
	lines []demo.Line
	line  demo.Line
}

func (w *codeWriter) put(class, text string) {
	w.line = append(w.line, demo.Part{Class: class, Text: text})
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
		w.put("string", quoted(cut(t, maxString)))
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
