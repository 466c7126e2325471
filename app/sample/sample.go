// Package sample lays a reply's JSON out line by line, with what a plan of disclosure does
// to each leaf, as people look at it.
package sample

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"postern/app/disclosure"
	"postern/views/ui"
)

// The bounds of a sample reply that is shown line by line.
const (
	maxSample = 128 << 10 // octets
	maxLeaves = 600
)

// ErrSample is of what is no JSON, or is too large to be looked at.
var ErrSample = errors.New("sample reply cannot be shown")

// Leaves are a reply, line by line, with what a plan does to each leaf.
type Leaves struct {
	Lines []Line // as it is
	out   []Line // as it leaves
}

// Line is one line of a reply. Note is nil where no value stands in it.
type Line struct {
	text string
	Note *disclosure.FieldNote
}

// Of lays a sample out with one leaf in a line and asks the plan about each,
// which is what the gateway does with a reply. ErrSample.
func Of(sample string, plan *disclosure.Plan) (l Leaves, err error) {
	if len(sample) > maxSample {
		return l, ErrSample
	}
	notes, err := plan.Explain([]byte(sample))
	if err != nil || len(notes) > maxLeaves {
		return l, errors.Join(ErrSample, err)
	}
	reply, err := plan.Reduce([]byte(sample), maxSample)
	if err != nil {
		return l, errors.Join(ErrSample, err)
	}
	if l.Lines, err = laidOut([]byte(sample), notes, func(disclosure.FieldNote) bool { return true }); err != nil {
		return l, err
	}
	l.out, err = laidOut(reply.Body, notes, func(n disclosure.FieldNote) bool { return n.After != "" })
	return l, err
}

// laidOut indents JSON so that each leaf has its line, and gives each line its note:
// leaves and notes have one order.
func laidOut(body []byte, notes []disclosure.FieldNote, there func(disclosure.FieldNote) bool) ([]Line, error) {
	var b bytes.Buffer
	if err := json.Indent(&b, body, "", "  "); err != nil {
		return nil, errors.Join(ErrSample, err)
	}
	next := 0
	var lines []Line
	for text := range strings.Lines(b.String()) {
		line := Line{text: strings.TrimRight(text, "\n")}
		if isLeaf(line.text) {
			for next < len(notes) && !there(notes[next]) {
				next++
			}
			if next < len(notes) {
				line.Note = &notes[next]
				next++
			}
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// Spans is the line with its name and value marked.
func (l Line) Spans() []ui.Span { return spansOf(l, false) }

// isLeaf reports whether a value ends in the line of indented JSON. What is no value
// ends with a bracket, and no string does: it ends with its quote.
func isLeaf(line string) bool {
	line = strings.TrimSuffix(strings.TrimSpace(line), ",")
	return line != "" && !strings.ContainsAny(line[len(line)-1:], "{}[]")
}

// Before is the reply as it is.
func (l Leaves) Before() ui.CodeView { return code(l.Lines, false) }

// After is what leaves of it, what is masked marked.
func (l Leaves) After() ui.CodeView { return code(l.out, true) }

// code is lines as a pane of code, what is masked marked where marks is set.
func code(lines []Line, marks bool) (v ui.CodeView) {
	for _, line := range lines {
		v.Lines = append(v.Lines, spansOf(line, marks))
	}
	return v
}

// spansOf takes a line of indented JSON apart into name and value.
func spansOf(line Line, marks bool) []ui.Span {
	indent := line.text[:len(line.text)-len(strings.TrimLeft(line.text, " "))]
	rest := line.text[len(indent):]
	var list []ui.Span
	if indent != "" {
		list = append(list, ui.Span{Text: indent})
	}
	if name, value, found := cutName(rest); found {
		list = append(list, ui.Span{Class: "key", Text: name}, ui.Span{Text: ": "})
		rest = value
	}
	class := ""
	switch {
	case line.Note != nil && marks && line.Note.Treatment == disclosure.Masked:
		class = "masked"
	case strings.HasPrefix(rest, `"`):
		class = "string"
	case line.Note != nil:
		class = "number"
	}
	return append(list, ui.Span{Class: class, Text: rest})
}

// cutName cuts a member's name, with its quotes, from the value behind it.
func cutName(text string) (name, value string, found bool) {
	if !strings.HasPrefix(text, `"`) {
		return "", text, false
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			value, found = strings.CutPrefix(text[i+1:], ": ")
			return text[:i+1], value, found
		}
	}
	return "", text, false
}
