package errs

import "strings"

// Message says what is wrong with one field and what to change.
type Message struct {
	ID   string // stable; a catalogue has the sentence in the visitor's language
	Text string // the sentence in English, safe to show
}

// Fields maps the fields of an input to what is wrong with them. A field within
// a list is named by its path: "routes.1.pattern" is the pattern of the second
// route.
type Fields map[string]Message

// Check notes a fault of field unless ok. A field keeps its first fault: what
// comes after mostly follows from it.
func (f *Fields) Check(ok bool, field, id, text string) {
	if ok {
		return
	}
	if *f == nil {
		*f = Fields{}
	}
	if _, there := (*f)[field]; !there {
		(*f)[field] = Message{ID: id, Text: text}
	}
}

// Below takes over the faults of an input that stands at path within this one.
func (f *Fields) Below(path string, inner Fields) {
	for field, m := range inner {
		f.Check(false, strings.Trim(path+"."+field, "."), m.ID, m.Text)
	}
}

// Invalid returns an error that carries the faults; nil when there are none.
func (f Fields) Invalid() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Message: "What was entered breaks a rule.", Fields: f}
}

// FieldsOf returns the faults that err carries; nil when it carries none.
func FieldsOf(err error) Fields {
	if err == nil {
		return nil
	}
	return Of(err).Fields
}
