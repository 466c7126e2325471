package models_test

import (
	"strings"
	"testing"

	"postern/models"
)

func TestStatesFollowEachOther(t *testing.T) {
	t.Parallel()
	const allowed = "draft>draft draft>active draft>closed active>active active>suspended active>closed " +
		"suspended>active suspended>suspended suspended>closed closed>closed"
	for _, from := range models.Statuses {
		for _, to := range models.Statuses {
			step := string(from) + ">" + string(to)
			if want := strings.Contains(" "+allowed+" ", " "+step+" "); from.May(to) != want {
				t.Errorf("%s: %v, want %v", step, from.May(to), want)
			}
		}
	}
	if models.Status("gone").Valid() || !models.Active.Valid() {
		t.Error("the states are not those of the list")
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"Lianhe Travel 联合出行": true, "a\tb": false, "a\nb": false, "a\u202eb": false, "a\u2028b": false, "": false, "a\x00b": false, "\xff": false,
		strings.Repeat("é", 200): true, strings.Repeat("é", 201): false,
	} {
		if models.ReadableName(name) != want {
			t.Errorf("%q: readable = %v, want %v", name, !want, want)
		}
	}
	for id, want := range map[string]bool{"a": true, "app_travel": true, "a.b-c": true, "-a": false, "a:b": false, "a b": false, "": false, "é": false, strings.Repeat("a", 256): false} {
		if models.PlainID(id) != want {
			t.Errorf("%q: plain = %v, want %v", id, !want, want)
		}
	}
}
