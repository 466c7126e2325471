package disclosure

import (
	"fmt"
	"math"

	"github.com/go-json-experiment/json/jsontext"
)

// FieldNote says what a plan does to one leaf of a sample reply.
type FieldNote struct {
	At     string // where the leaf stands: a JSON Pointer (RFC 6901), "" for a single value
	Path   string // the path a scope would write to name exactly it, with a star for an element
	Rule   string // the path that decided; empty when no scope names the leaf
	Class  Class
	Mask   Mask
	Before string // JSON text as it came
	After  string // JSON text as it leaves; empty when it does not

	// Treatment is what the deciding field says, and drop when there is none.
	Treatment Treatment
}

// Explain says what the plan does to each leaf of a sample, in the sample's order. The notes hold
// the sample's values, so it is for samples that a scope's author wrote and never for what a
// customer was answered. A sample that is not strict JSON is ErrReply.
func (p *Plan) Explain(sample []byte) ([]FieldNote, error) {
	r := newReducer(p, sample, math.MaxInt)
	defer r.release()

	var notes []FieldNote
	r.note = func(by *node, before, after []byte) {
		note := FieldNote{
			At:        string(r.decoder.StackPointer()),
			Path:      leafPath(r.decoder),
			Treatment: Drop,
			Before:    string(before),
			After:     string(after),
		}
		if by != nil {
			note.Rule, note.Class = by.field.Path, by.field.Class
			note.Treatment, note.Mask = by.field.Treatment, by.field.Mask
		}
		notes = append(notes, note)
	}
	if err := r.run(); err != nil {
		return nil, fmt.Errorf("explain sample: %w", err)
	}
	return notes, nil
}

// leafPath spells the path of the value just read. Only the decoder knows which of the pointer's
// numbers are positions in an array and which are names.
func leafPath(decoder *jsontext.Decoder) string {
	path, level := "", 0
	for token := range decoder.StackPointer().Tokens() {
		level++
		kind, _ := decoder.StackIndex(level)
		path = segment{name: token, star: kind == '['}.below(path)
	}

	if path == "" {
		return rootPath
	}
	return wholePath(path)
}
