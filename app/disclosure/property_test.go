package disclosure_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"postern/app/disclosure"
)

// value is a JSON value with its spelling: what the reference below reduces by hand.
type value struct {
	kind  byte // '{', '[' or 0 for a scalar
	text  string
	names []string
	below []value
}

// The names and paths are drawn from so few that they meet often, and among them are those that
// a path must escape.
var someNames = []string{"a", "b", "c", "0", "a.b", "*", `\`, "$", "余额"}

func drawScalar(t *rapid.T) value {
	return value{text: rapid.SampledFrom([]string{
		"null", "true", "false", "0", "-0", "1.10", "1e400", "12345678901234567890", `""`, `"x"`, `"周明远"`,
		`"13812346027"`, `"zhou@example.com"`, `"\u5468\n"`, `"6228 4800 0000 0018"`,
	}).Draw(t, "scalar")}
}

func drawValue(t *rapid.T, depth int) value {
	kind := rapid.SampledFrom([]byte{0, '{', '{', '['}).Draw(t, "kind")
	if depth == 0 || kind == 0 {
		return drawScalar(t)
	}

	v := value{kind: kind}
	if kind == '{' {
		v.names = rapid.SliceOfNDistinct(rapid.SampledFrom(someNames), 0, 4, rapid.ID).Draw(t, "names")
	} else {
		v.names = make([]string, rapid.IntRange(0, 3).Draw(t, "elements"))
	}
	for range v.names {
		v.below = append(v.below, drawValue(t, depth-1))
	}
	return v
}

// write spells the value with white space between its tokens or without.
func (v value) write(space string) string {
	if v.kind == 0 {
		return v.text
	}
	var parts []string
	for i, below := range v.below {
		part := below.write(space)
		if v.kind == '{' {
			name, _ := json.Marshal(v.names[i]) // a string always marshals
			part = string(name) + space + ":" + space + part
		}
		parts = append(parts, space+part+space)
	}
	return string(v.kind) + strings.Join(parts, ",") + map[byte]string{'{': "}", '[': "]"}[v.kind]
}

// rule is a field with its path in pieces; "" stands for a star.
type rule struct {
	steps []string
	field disclosure.Field
}

func drawRule(t *rapid.T) rule {
	var r rule
	var spelled []string
	for range rapid.IntRange(1, 4).Draw(t, "depth") {
		name := rapid.SampledFrom(append([]string{"", "", ""}, someNames...)).Draw(t, "step")
		r.steps = append(r.steps, name)
		step := "*"
		if name != "" {
			step = strings.NewReplacer(`\`, `\\`, ".", `\.`, "*", `\*`).Replace(name)
		}
		spelled = append(spelled, step)
	}
	path := strings.Join(spelled, ".")
	if path == "$" {
		path = `\$`
	}

	switch rapid.IntRange(0, 2).Draw(t, "treatment") {
	case 0:
		r.field = keep(path)
	case 1:
		r.field = mask(path, rapid.SampledFrom(allMasks).Draw(t, "mask"))
	default:
		r.field = drop(path)
	}
	return r
}

// place is a concrete place in a reply: names, and "" for an element of an array.
type place struct {
	name    string
	element bool
}

// leads reports whether the rule's first steps lead to the place.
func (r rule) leads(places []place) bool {
	if len(places) > len(r.steps) {
		return false
	}
	for i, at := range places {
		if r.steps[i] != "" && (at.element || r.steps[i] != at.name) {
			return false
		}
	}
	return true
}

// reference reduces by asking every rule about every place.
type reference struct{ rules []rule }

func (f reference) reduce(v value, at []place) (value, bool) {
	if v.kind == 0 {
		return f.leaf(v, at)
	}
	open := len(at) == 0 || slices.ContainsFunc(f.rules, func(r rule) bool {
		return len(r.steps) > len(at) && r.leads(at)
	})
	if !open {
		return value{}, false
	}

	reduced := value{kind: v.kind}
	for i, below := range v.below {
		next := append(slices.Clone(at), place{name: v.names[i], element: v.kind == '['})
		if child, stays := f.reduce(below, next); stays {
			reduced.names = append(reduced.names, v.names[i])
			reduced.below = append(reduced.below, child)
		}
	}
	return reduced, true
}

// leaf looks for the most open of the rules that name the place: any keep, else the mask that
// shows least.
func (f reference) leaf(v value, at []place) (value, bool) {
	order := []disclosure.Mask{
		disclosure.MaskAmount, disclosure.MaskName, disclosure.MaskCard, disclosure.MaskAddress,
		disclosure.MaskIDNumber, disclosure.MaskPhone, disclosure.MaskEmail,
	}
	best := len(order)
	for _, r := range f.rules {
		if len(at) == 0 || len(r.steps) != len(at) || !r.leads(at) {
			continue
		}
		switch r.field.Treatment {
		case disclosure.Keep:
			return v, true
		case disclosure.Masked:
			best = min(best, slices.Index(order, r.field.Mask))
		}
	}
	if best == len(order) {
		return value{}, false
	}
	return maskedByHand(v, order[best]), true
}

func maskedByHand(v value, mask disclosure.Mask) value {
	shown := "****"
	switch v.text[0] {
	case 'n':
		return v
	case '"':
		var text string
		_ = json.Unmarshal([]byte(v.text), &text) // drawn from valid strings
		shown = mask.Apply(text)
	case 't', 'f':
	default:
		shown = mask.Apply(v.text)
	}
	quoted, _ := json.Marshal(shown) // a string always marshals
	return value{text: string(quoted)}
}

func TestReduceAgreesWithAskingEveryRuleAboutEveryPlace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOfN(rapid.Custom(drawRule), 0, 6).Draw(t, "rules")
		reply := drawValue(t, 4)
		var fields []disclosure.Field
		for _, r := range rules {
			fields = append(fields, r.field)
		}
		cut := rapid.IntRange(0, len(fields)).Draw(t, "cut")
		plan, err := disclosure.Compile(fields[:cut], fields[cut:])
		if err != nil {
			t.Fatalf("Compile: %v", err)
		}

		result, err := plan.Reduce([]byte(reply.write(" ")), roomy)
		if err != nil {
			t.Fatalf("Reduce: %v", err)
		}
		want, byHand := "null", reference{rules}
		if reduced, stays := byHand.reduce(reply, nil); stays {
			want = reduced.write("")
		}
		if string(result.Body) != want {
			t.Fatalf("reply %s\n got %s\nwant %s", reply.write(""), result.Body, want)
		}
		checkShape(t, plan, result)
	})
}

// checkShape holds the shape against the plan, and against reducing once more what was reduced:
// the same leaves leave, and there is nothing more to remove.
func checkShape(t *rapid.T, plan *disclosure.Plan, result disclosure.Result) {
	var leaves []string
	for _, field := range plan.Fields() {
		leaves = append(leaves, field.Path)
	}
	for _, list := range [][]string{result.Shape.Kept, result.Shape.Masked, result.Shape.Dropped} {
		for _, path := range list {
			if !slices.Contains(leaves, path) {
				t.Fatalf("shape %+v has the path %q, which the plan has not", result.Shape, path)
			}
		}
	}
	parsed, err := disclosure.ParseShape(result.Shape.Canonical())
	if err != nil || !cmp.Equal(parsed, result.Shape) {
		t.Fatalf("shape %+v is read back as %+v, %v", result.Shape, parsed, err)
	}

	again, err := plan.Reduce(result.Body, roomy)
	if err != nil {
		t.Fatalf("Reduce again: %v", err)
	}
	want := disclosure.Shape{Kept: result.Shape.Kept, Masked: result.Shape.Masked}
	if string(result.Body) == "null" {
		want.Unknown = []string{""}
	}
	if diff := cmp.Diff(want, again.Shape); diff != "" {
		t.Fatalf("reducing %s again (-want +got):\n%s", result.Body, diff)
	}
}
