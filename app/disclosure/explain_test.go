package disclosure_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/app/disclosure"
)

func TestExplainNotesEveryLeafOfTheSample(t *testing.T) {
	t.Parallel()
	plan := compile(t, keep("offer.limit"), mask("accounts.*.no", disclosure.MaskCard), drop("accounts.*.pin"), mask("*.phone", disclosure.MaskPhone))
	notes, err := plan.Explain([]byte(`{
		"offer": {"limit": 1.10, "0": "x"},
		"accounts": [{"no": "6228480000000018", "pin": "1"}, {"no": null}],
		"me": {"phone": "13812346027"},
		"a.b": [[true]], "$": 1, "empty": {}
	}`))
	if err != nil {
		t.Fatalf("Explain: %v", err)
	}

	undeclared := func(at, path, before string) disclosure.FieldNote {
		return disclosure.FieldNote{At: at, Path: path, Treatment: disclosure.Drop, Before: before}
	}
	want := []disclosure.FieldNote{
		{At: "/offer/limit", Path: "offer.limit", Rule: "offer.limit", Class: "C1", Treatment: "keep", Before: "1.10", After: "1.10"},
		undeclared("/offer/0", "offer.0", `"x"`),
		{At: "/accounts/0/no", Path: "accounts.*.no", Rule: "accounts.*.no", Class: "C2", Treatment: "mask", Mask: "card", Before: `"6228480000000018"`, After: `"**0018"`},
		{At: "/accounts/0/pin", Path: "accounts.*.pin", Rule: "accounts.*.pin", Class: "C3", Treatment: "drop", Before: `"1"`},
		{At: "/accounts/1/no", Path: "accounts.*.no", Rule: "accounts.*.no", Class: "C2", Treatment: "mask", Mask: "card", Before: "null", After: "null"},
		{At: "/me/phone", Path: "me.phone", Rule: "*.phone", Class: "C2", Treatment: "mask", Mask: "phone", Before: `"13812346027"`, After: `"138****6027"`},
		undeclared("/a.b/0/0", `a\.b.*.*`, "true"),
		undeclared("/$", `\$`, "1"),
	}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestExplainOfASingleValue(t *testing.T) {
	t.Parallel()
	notes, err := compile(t, mask("$", disclosure.MaskAmount)).Explain([]byte(`12`))
	if err != nil {
		t.Fatalf("Explain: %v", err)
	}
	want := []disclosure.FieldNote{{Path: "$", Rule: "$", Class: "C2", Treatment: "mask", Mask: "amount", Before: "12", After: `"***"`}}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestExplainOfABrokenSampleIsAnError(t *testing.T) {
	t.Parallel()
	notes, err := compile(t, keep("a")).Explain([]byte(`{"a":1,"a":2}`))
	if !errors.Is(err, disclosure.ErrReply) || notes != nil {
		t.Errorf("Explain = %v, %v; want ErrReply", notes, err)
	}
}
