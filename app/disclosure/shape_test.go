package disclosure_test

import (
	"errors"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/app/disclosure"
)

func TestShapeHasAStableCanonicalFormAndID(t *testing.T) {
	t.Parallel()
	shape := disclosure.Shape{
		Kept: []string{"accounts.*.type", "id"}, Masked: []string{"phone"},
		Dropped: []string{`pin\.old`}, Unknown: []string{"", "账户"},
	}
	const want = "shape/1\nk accounts.*.type\nk id\nm phone\nd pin\\.old\nu \nu 账户\n"
	if got := string(shape.Canonical()); got != want {
		t.Errorf("Canonical = %q, want %q", got, want)
	}
	// Rows of shapes are found by this id: it must not change with a release.
	if got := shape.ID(); got != "R-C10z4pNP364dmMwU_KIZ" {
		t.Errorf("ID = %q", got)
	}

	back, err := disclosure.ParseShape(shape.Canonical())
	if err != nil {
		t.Fatalf("ParseShape: %v", err)
	}
	if diff := cmp.Diff(shape, back); diff != "" {
		t.Errorf("shape (-want +got):\n%s", diff)
	}
}

func TestShapesThatDifferHaveOtherIDs(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)
	seen := make(map[string]disclosure.Shape)
	for _, shape := range []disclosure.Shape{
		{}, {Kept: []string{"a"}}, {Masked: []string{"a"}}, {Dropped: []string{"a"}}, {Unknown: []string{"a"}}, {Unknown: []string{""}},
		{Kept: []string{"a", "b"}}, {Kept: []string{"a"}, Masked: []string{"b"}}, {Kept: []string{"a b"}},
	} {
		id := shape.ID()
		if !form.MatchString(id) {
			t.Errorf("ID of %+v = %q, want 22 characters of base64url", shape, id)
		}
		if other, twice := seen[id]; twice {
			t.Errorf("%+v and %+v share the id %s", shape, other, id)
		}
		seen[id] = shape
	}
}

func TestRepliesThatFareAlikeHaveOneShape(t *testing.T) {
	t.Parallel()
	plan := compile(t, keep("accounts.*.type"), mask("accounts.*.no", disclosure.MaskCard))
	ids := make(map[string]bool)
	for _, reply := range []string{
		`{"accounts":[{"no":"6228480000000018","type":"debit"}],"zhou":1}`,
		`{"ming":[true],"accounts":[{"type":"credit","no":1},{"no":null}],"x":{"y":1}}`,
	} {
		result, err := plan.Reduce([]byte(reply), roomy)
		if err != nil {
			t.Fatalf("Reduce: %v", err)
		}
		ids[result.Shape.ID()] = true
	}
	if len(ids) != 1 {
		t.Errorf("%d shapes, want 1", len(ids))
	}
}

func TestTextsThatAreNoShapeAreRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":                "",
		"another version":      "shape/2\n",
		"unknown letter":       "shape/1\nx a\n",
		"no space":             "shape/1\nka\n",
		"a letter alone":       "shape/1\nk\n",
		"an empty line":        "shape/1\n\n",
		"no end of line":       "shape/1\nk a",
		"lists out of order":   "shape/1\nm a\nk a\n",
		"paths out of order":   "shape/1\nk b\nk a\n",
		"a path twice":         "shape/1\nk a\nk a\n",
		"invalid UTF-8":        "shape/1\nk \xff\n",
		"a control character":  "shape/1\nk a\r\n",
		"text after the shape": "shape/1\nk a\n#",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := disclosure.ParseShape([]byte(text)); !errors.Is(err, disclosure.ErrShape) {
				t.Errorf("ParseShape = %v, want ErrShape", err)
			}
		})
	}
}
