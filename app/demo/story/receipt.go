package story

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Bank is the demo bank, which remembers what it answered.
type Bank interface {
	// Answer is the newest answer to a visit's call.
	Answer(vid, method, path string) (Answer, bool)
}

// Answer is what the bank answered, before the gateway reduced it.
type Answer struct {
	Body      []byte  // JSON
	Assertion []byte  // JSON claims of who asked
	Scope     string  // the scope that names the fields
	Fields    []Field // as the scope names them
}

// Field is a leaf that a scope names, e.g. "offer.limit" or "accounts.*.no".
type Field struct {
	Path  string
	Class string // C1, C2 or C3
	Mask  string // "" unless it is masked
}

// Fate is what became of a leaf.
type Fate string

// The fates, as screens name them.
const (
	Kept    Fate = "kept"
	Masked  Fate = "masked"
	Dropped Fate = "dropped"
)

// Receipt says what was left of a reply: fields, never values.
type Receipt struct {
	Scope string
	Lines []ReceiptLine // kept, then masked, then dropped
}

// ReceiptLine is one leaf; Named is false for a leaf that no scope names.
type ReceiptLine struct {
	Field
	Fate  Fate
	Named bool
}

// Count is how many leaves had a fate.
func (r Receipt) Count(f Fate) int {
	n := 0
	for _, line := range r.Lines {
		if line.Fate == f {
			n++
		}
	}
	return n
}

// compare holds the bank's answer against what the page got. The fates come
// from the two documents and not from the scope: the demo shows what happened,
// not what was meant to happen.
func compare(answer Answer, got []byte) *Receipt {
	sent, left := leaves(answer.Body), leaves(got)
	receipt := &Receipt{Scope: answer.Scope}
	for _, path := range order(answer.Fields, sent) {
		line := ReceiptLine{Field: Field{Path: path}, Fate: fate(sent[path], left[path])}
		if i := slices.IndexFunc(answer.Fields, func(f Field) bool { return f.Path == path }); i >= 0 {
			line.Field, line.Named = answer.Fields[i], true
		}
		receipt.Lines = append(receipt.Lines, line)
	}
	rank := map[Fate]int{Kept: 0, Masked: 1, Dropped: 2}
	slices.SortStableFunc(receipt.Lines, func(a, b ReceiptLine) int { return rank[a.Fate] - rank[b.Fate] })
	return receipt
}

// fate compares the values under one path; an array has several.
func fate(sent, left []string) Fate {
	switch {
	case len(left) == 0:
		return Dropped
	case slices.Equal(sent, left):
		return Kept
	}
	return Masked
}

// order lists the paths of the answer: those that the scope names in its own
// order, then the others by name.
func order(fields []Field, sent map[string][]string) []string {
	var named []string
	for _, f := range fields {
		if _, there := sent[f.Path]; there && !slices.Contains(named, f.Path) {
			named = append(named, f.Path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(sent)) {
		if !slices.Contains(named, path) {
			named = append(named, path)
		}
	}
	return named
}

// leaves maps each leaf's path, with * for an array's elements, to its values.
func leaves(document []byte) map[string][]string {
	found := map[string][]string{}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber() // digits are compared, not doubles
	var value any
	if decoder.Decode(&value) == nil {
		walk(value, nil, found)
	}
	return found
}

func walk(value any, path []string, found map[string][]string) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			walk(v[name], append(slices.Clone(path), name), found)
		}
	case []any:
		for _, element := range v {
			walk(element, append(slices.Clone(path), "*"), found)
		}
	default:
		text, _ := json.Marshal(v) // a scalar that was just decoded
		key := strings.Join(path, ".")
		found[key] = append(found[key], string(text))
	}
}
