package policies_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/policies"
)

var (
	readBalance  = policies.Permission{Resource: "account.balance", Action: "read"}
	createPay    = policies.Permission{Resource: "payment", Action: "create"}
	readCustomer = policies.Permission{Resource: "customer", Action: "read"}
)

// noon is the moment most tests look at, in Unix milliseconds.
const noon = int64(1_767_225_600_000)

func newCompiler(t testing.TB) *policies.Compiler {
	t.Helper()
	compiler, err := policies.NewCompiler()
	if err != nil {
		t.Fatalf("NewCompiler: %v", err)
	}
	return compiler
}

func compile(t testing.TB, grants []policies.Grant, rules []policies.Rule, asked ...policies.Permission) *policies.Table {
	t.Helper()
	table, err := newCompiler(t).Compile("lianhe-travel", grants, rules, asked, noon)
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	return table
}

func always(scopes ...string) []policies.Grant {
	var grants []policies.Grant
	for _, scope := range scopes {
		grants = append(grants, policies.Grant{ID: "grant-" + scope, Scope: scope})
	}
	return grants
}

func allow(id, scope string, p policies.Permission) policies.Rule {
	return policies.Rule{ID: id, Scope: scope, Resource: p.Resource, Action: p.Action}
}

func deny(id, scope string, p policies.Permission) policies.Rule {
	rule := allow(id, scope, p)
	rule.Deny = true
	return rule
}

func TestDecide(t *testing.T) {
	t.Parallel()
	grants := always("balance", "account", "pay", "frozen")
	rules := []policies.Rule{
		allow("r1", "balance", readBalance),
		allow("r3", "account", readBalance),
		allow("r2", "account", readBalance),
		allow("r4", "account", readCustomer),
		allow("r5", "pay", createPay),
		deny("r6", "frozen", createPay),
		allow("r7", "not-granted", policies.Permission{Resource: "loan", Action: "read"}),
	}
	table := compile(t, grants, rules, readBalance, createPay, readCustomer, policies.Permission{Resource: "loan", Action: "read"})

	for _, tc := range []struct {
		name  string
		ask   policies.Permission
		visit []string
		want  policies.Decision
	}{
		{
			"a scope of the visit that allows is named with its rule", readBalance, []string{"balance"},
			policies.Decision{Allowed: true, Rule: "r1", Scope: "balance", Reason: policies.ReasonAllowed},
		},
		{
			"the first scope in the visit's order is named, with its first rule", readBalance, []string{"pay", "account", "balance"},
			policies.Decision{Allowed: true, Rule: "r2", Scope: "account", Reason: policies.ReasonAllowed},
		},
		{
			"what only another scope of the application allows is not in the visit", readCustomer, []string{"balance"},
			policies.Decision{Reason: policies.ReasonNotInVisit},
		},
		{
			"a visit without scopes may do nothing", readBalance, nil,
			policies.Decision{Reason: policies.ReasonNotInVisit},
		},
		{
			"a rule that forbids wins, also from a scope outside the visit", createPay, []string{"pay"},
			policies.Decision{Rule: "r6", Reason: policies.ReasonDeniedByRule},
		},
		{
			"a scope that was never granted gives nothing", policies.Permission{Resource: "loan", Action: "read"}, []string{"not-granted"},
			policies.Decision{Reason: policies.ReasonNoRule},
		},
		{
			"what was not asked is refused", policies.Permission{Resource: "account.balance", Action: "write"}, []string{"balance"},
			policies.Decision{Reason: policies.ReasonNoRule},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, table.Decide(tc.ask, tc.visit)); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllowingListsEveryScopeOfTheVisitThatSuffices(t *testing.T) {
	t.Parallel()
	table := compile(t, always("balance", "account", "pay", "frozen"), []policies.Rule{
		allow("r1", "balance", readBalance), allow("r2", "account", readBalance),
		allow("r3", "pay", createPay), deny("r4", "frozen", createPay),
	}, readBalance, createPay)

	got := table.Allowing(readBalance, []string{"pay", "balance", "account", "balance", "unknown"})
	if want := []string{"balance", "account"}; !slices.Equal(got, want) {
		t.Errorf("Allowing = %v, want %v", got, want)
	}
	if got := table.Allowing(createPay, []string{"pay"}); len(got) != 0 {
		t.Errorf("Allowing of a forbidden permission = %v, want none", got)
	}
	if got := table.Allowing(readCustomer, []string{"pay"}); len(got) != 0 {
		t.Errorf("Allowing of an unasked permission = %v, want none", got)
	}
}

func TestScopesAreTheLiveOnesSortedAndTheCallersOwn(t *testing.T) {
	t.Parallel()
	grants := append(always("pay", "balance", "pay"),
		policies.Grant{ID: "over", Scope: "over", From: 1, Until: noon},
		policies.Grant{ID: "soon", Scope: "soon", From: noon + 1})
	table := compile(t, grants, nil, readBalance)

	want := []string{"balance", "pay"}
	got := table.Scopes()
	if !slices.Equal(got, want) {
		t.Fatalf("Scopes = %v, want %v", got, want)
	}
	got[0] = "changed"
	if again := table.Scopes(); !slices.Equal(again, want) {
		t.Errorf("Scopes after the caller changed its slice = %v, want %v", again, want)
	}
}

func TestTableHoldsFromOneBoundaryOfItsGrantsToTheNext(t *testing.T) {
	t.Parallel()
	compiler := newCompiler(t)
	grants := []policies.Grant{
		{ID: "g1", Scope: "balance", From: 1_000, Until: 2_000},
		{ID: "g2", Scope: "balance", From: 1_500, Until: 3_000},
		{ID: "g3", Scope: "pay", From: 4_000},
		{ID: "g4", Scope: "pay", From: 5_000, Until: 4_500}, // never live
	}
	rules := []policies.Rule{allow("r1", "balance", readBalance), allow("r2", "pay", createPay)}

	for _, tc := range []struct {
		name        string
		now         int64
		covers, not []int64
		balance     bool
		pay         bool
	}{
		{"before the first grant", 0, []int64{-1 << 62, 999}, []int64{1_000}, false, false},
		{"at the millisecond a grant begins", 1_000, []int64{1_000, 1_499}, []int64{999, 1_500}, true, false},
		{"while two grants of a scope overlap", 1_999, []int64{1_500}, []int64{1_499, 2_000}, true, false},
		{"the renewal carries on alone", 2_000, []int64{2_999}, []int64{1_999, 3_000}, true, false},
		{"at the millisecond a grant ends", 3_000, []int64{3_999}, []int64{2_999, 4_000}, false, false},
		{"a grant without an end", 5_000, []int64{1 << 62}, []int64{4_999}, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			table, err := compiler.Compile("app", grants, rules, []policies.Permission{readBalance, createPay}, tc.now)
			if err != nil {
				t.Fatalf("Compile: %v", err)
			}
			if !table.Covers(tc.now) {
				t.Errorf("table does not cover the moment it was made for")
			}
			for _, at := range tc.covers {
				if !table.Covers(at) {
					t.Errorf("Covers(%d) = false, want true", at)
				}
			}
			for _, at := range tc.not {
				if table.Covers(at) {
					t.Errorf("Covers(%d) = true, want false", at)
				}
			}
			visit := []string{"balance", "pay"}
			if got := table.Decide(readBalance, visit).Allowed; got != tc.balance {
				t.Errorf("balance allowed = %v, want %v", got, tc.balance)
			}
			if got := table.Decide(createPay, visit).Allowed; got != tc.pay {
				t.Errorf("payment allowed = %v, want %v", got, tc.pay)
			}
		})
	}
}

func TestDecideDoesNotAllocate(t *testing.T) {
	table := compile(t, always("balance", "pay"), []policies.Rule{allow("r1", "balance", readBalance)}, readBalance)
	visit := []string{"pay", "balance"}
	if allocations := testing.AllocsPerRun(100, func() { table.Decide(readBalance, visit) }); allocations != 0 {
		t.Errorf("Decide allocates %v times, want 0", allocations)
	}
}
