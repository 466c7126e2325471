package errs_test

import (
	"maps"
	"testing"

	"postern/app/errs"
)

func TestFieldsKeepTheirFirstFault(t *testing.T) {
	t.Parallel()
	var f errs.Fields
	f.Check(true, "name", "fine", "")
	if f.Invalid() != nil {
		t.Error("no fault is a fault")
	}
	f.Check(false, "name", "name", "Enter a name.")
	f.Check(false, "name", "name_long", "Too long.")
	f.Below("routes.1", errs.Fields{"pattern": {ID: "pattern", Text: "No."}, "": {ID: "twice", Text: "Twice."}})
	want := errs.Fields{
		"name": {ID: "name", Text: "Enter a name."}, "routes.1.pattern": {ID: "pattern", Text: "No."}, "routes.1": {ID: "twice", Text: "Twice."},
	}
	if !maps.Equal(f, want) {
		t.Errorf("faults %v, want %v", f, want)
	}
	if err := f.Invalid(); errs.KindOf(err) != errs.Invalid || !maps.Equal(errs.FieldsOf(err), want) {
		t.Errorf("as an error: %v with %v", err, errs.FieldsOf(err))
	}
	if errs.FieldsOf(nil) != nil {
		t.Error("no error has faults")
	}
}
