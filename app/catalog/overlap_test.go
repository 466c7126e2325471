package catalog_test

import (
	"strings"
	"testing"

	"postern/app/catalog"
	"postern/app/change"
)

func TestARouteWhosePathsFallToAnotherIsNotTakenAwayAsNarrower(t *testing.T) {
	t.Parallel()
	account := catalog.Route{ID: "account", Method: "GET", Pattern: "/accounts/{id}", Resource: "account", Action: "read"}
	audit := catalog.Route{ID: "audit", Method: "GET", Pattern: "/accounts/audit", Resource: "audit", Action: "read", RequiresCustomer: true}
	other := catalog.Route{ID: "other", Method: "POST", Pattern: "/accounts/{id}", Resource: "account", Action: "write"}
	for _, tc := range []struct {
		name   string
		left   []catalog.Route
		widens bool
	}{
		{"a parameter takes over", []catalog.Route{account}, true},
		{"another method does not", []catalog.Route{other}, false},
		{"nothing is left", nil, false},
	} {
		before := catalog.Service{ID: "s", Routes: append([]catalog.Route{audit}, tc.left...)}
		differences := catalog.Service{ID: "s", Routes: tc.left}.Compare(before)
		if len(differences) != 1 || (differences[0].Effect == change.Widens) != tc.widens || !strings.Contains(differences[0].Text, "audit") {
			t.Errorf("%s: %+v", tc.name, differences)
		}
	}
}

func scopeOf(fields ...catalog.Field) catalog.Scope {
	return catalog.Scope{ID: "s", Title: "S", Service: "urn:h5:s", Permissions: []catalog.Permission{{Resource: "a", Action: "read", Fields: fields}}}
}

func TestAStarDoesNotUncoverWhatANameCovers(t *testing.T) {
	t.Parallel()
	star := catalog.Field{Path: "a.*", Class: "C1", Treatment: "keep"}
	for name, tc := range map[string]struct {
		field catalog.Field
		fault bool
	}{
		"a drop":                {catalog.Field{Path: "a.no", Class: "C3", Treatment: "drop"}, true},
		"a mask":                {catalog.Field{Path: "a.no", Class: "C2", Treatment: "mask", Mask: "card"}, true},
		"the same":              {catalog.Field{Path: "a.no", Class: "C1", Treatment: "keep"}, false},
		"a leaf somewhere else": {catalog.Field{Path: "b.no", Class: "C3", Treatment: "drop"}, false},
		"a deeper leaf":         {catalog.Field{Path: "a.no.x", Class: "C3", Treatment: "drop"}, false},
	} {
		for _, fields := range [][]catalog.Field{{star, tc.field}, {tc.field, star}} {
			faults := scopeOf(fields...).Validate()
			if (len(faults) > 0) != tc.fault {
				t.Errorf("%s: faults %v", name, faults)
			}
		}
	}
}

func TestANameThatFallsToAStarIsJudgedByTheStar(t *testing.T) {
	t.Parallel()
	star := catalog.Field{Path: "a.*", Class: "C2", Treatment: "mask", Mask: "card"}
	name := catalog.Field{Path: "a.no", Class: "C2", Treatment: "mask", Mask: "amount"}
	differences := scopeOf(star).Compare(scopeOf(star, name))
	if len(differences) != 1 || differences[0].Effect != change.Widens || !strings.Contains(differences[0].Text, "as a.*") {
		t.Errorf("%+v", differences)
	}
}
