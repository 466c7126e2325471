package policies_test

import (
	"runtime"
	"testing"

	"postern/policies"
)

func TestEqualAnswersAreKeptOnce(t *testing.T) {
	t.Parallel()
	compiler := newCompiler(t)
	rules := []policies.Rule{allow("r1", "balance", readBalance), allow("r2", "account", readBalance), deny("r3", "pay", createPay)}
	table := func(app string, asked []policies.Permission, rules []policies.Rule, grants ...policies.Grant) *policies.Table {
		made, err := compiler.Compile(app, grants, rules, asked, noon)
		if err != nil {
			t.Fatalf("Compile: %v", err)
		}
		return made
	}
	both := []policies.Permission{readBalance, createPay}
	first := table("first", both, rules, always("balance", "pay")...)

	for _, tc := range []struct {
		name  string
		other *policies.Table
		want  bool
	}{
		{"another application with the same scopes", table("second", both, rules, always("pay", "balance")...), true},
		{"the same scopes for another time", table("second", both, rules,
			policies.Grant{ID: "g1", Scope: "balance", Until: noon + 1}, policies.Grant{ID: "g2", Scope: "pay"}), true},
		{"a scope more that changes no answer", table("second", both, rules, always("balance", "pay", "idle")...), false},
		{"another scope that allows", table("second", both, rules, always("account", "pay")...), false},
		{"fewer questions", table("second", both[:1], rules, always("balance", "pay")...), false},
		{"another rule that says the same", table("second", both,
			[]policies.Rule{allow("r9", "balance", readBalance), rules[2]}, always("balance", "pay")...), false},
		{"another rule that forbids the same", table("second", both,
			[]policies.Rule{rules[0], deny("r9", "pay", createPay)}, always("balance", "pay")...), false},
		{"a rule that allows where one forbade", table("second", both,
			[]policies.Rule{rules[0], allow("r3", "pay", createPay)}, always("balance", "pay")...), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := first.Shares(tc.other); got != tc.want {
				t.Errorf("shared = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestAnswersThatNoTableUsesAreForgotten(t *testing.T) {
	t.Parallel()
	compiler := newCompiler(t)
	table, err := compiler.Compile("app", always("balance"), []policies.Rule{allow("r1", "balance", readBalance)},
		[]policies.Permission{readBalance}, noon)
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	runtime.GC()
	if compiler.Known() != 1 || !table.Decide(readBalance, []string{"balance"}).Allowed {
		t.Fatal("answers of a table in use are gone")
	}
	runtime.KeepAlive(table)

	table = nil
	for range 1000 {
		runtime.GC()
		if compiler.Known() == 0 {
			return
		}
	}
	t.Errorf("%d answers known after the last table, want 0; table %v", compiler.Known(), table)
}
