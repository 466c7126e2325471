package disclosure_test

import (
	"testing"

	"postern/app/disclosure"
)

// A shape tells no more than the reply it is of showed.
func TestAShapeTellsWhichLeavesThereWere(t *testing.T) {
	t.Parallel()
	plan, err := disclosure.Compile([]disclosure.Field{
		{Path: "kept", Treatment: disclosure.Keep, Class: disclosure.C1}, {Path: "masked", Treatment: disclosure.Masked, Mask: "phone", Class: disclosure.C2},
		{Path: "dropped", Treatment: disclosure.Drop}, {Path: "object", Treatment: disclosure.Drop},
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := plan.Reduce([]byte(`{"kept":"1","masked":"13812346027","dropped":"3","object":{"inner":1}}`), 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]disclosure.Evidence{
		"kept": disclosure.Present, "masked": disclosure.Present,
		// What is dropped is not looked into: a leaf or an object.
		"dropped": disclosure.Possible, "object": disclosure.Possible, "object.inner": disclosure.Possible,
		"kept.below": disclosure.Absent, "nowhere": disclosure.Absent,
	} {
		if got := result.Shape.Had(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
