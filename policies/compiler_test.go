package policies_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"postern/policies"
)

const openEffect = "some(where (p.eft == allow)) && !some(where (p.eft == deny))"

// modelWith is gateway.conf with one piece of its text replaced.
func modelWith(t *testing.T, old, replacement string) string {
	t.Helper()
	text, err := os.ReadFile("gateway.conf")
	if err != nil {
		t.Fatalf("read model: %v", err)
	}
	if strings.Count(string(text), old) != 1 {
		t.Fatalf("%q is not there exactly once", old)
	}
	return strings.Replace(string(text), old, replacement, 1)
}

func TestAnEffectTurnedToDenyClosesTheGateway(t *testing.T) {
	t.Parallel()
	rules := []policies.Rule{allow("r1", "balance", readBalance), allow("r2", "pay", createPay), deny("r3", "pay", readCustomer)}
	asked := []policies.Permission{readBalance, createPay, readCustomer}

	for _, effect := range []string{
		"some(where (p.eft == deny))",
		"!some(where (p.eft == deny))",
	} {
		t.Run(effect, func(t *testing.T) {
			t.Parallel()
			compiler, err := policies.NewCompilerWith(modelWith(t, "e = "+openEffect, "e = "+effect))
			if err != nil {
				t.Fatalf("NewCompilerWith: %v", err)
			}
			table, err := compiler.Compile("app", always("balance", "pay"), rules, asked, noon)
			if err != nil {
				t.Fatalf("Compile: %v", err)
			}
			for _, permission := range asked {
				decision := table.Decide(permission, []string{"balance", "pay"})
				if decision.Allowed || decision.Scope != "" || len(table.Allowing(permission, []string{"balance", "pay"})) != 0 {
					t.Errorf("%v came out as %+v, want a refusal", permission, decision)
				}
			}
		})
	}
}

func TestAnEffectNobodyKnowsIsAnErrorAndNoTable(t *testing.T) {
	t.Parallel()
	compiler, err := policies.NewCompilerWith(modelWith(t, "e = "+openEffect, "e = most(where (p.eft == allow))"))
	if err != nil {
		t.Fatalf("NewCompilerWith: %v", err)
	}
	table, err := compiler.Compile("app", always("balance"), []policies.Rule{allow("r1", "balance", readBalance)},
		[]policies.Permission{readBalance}, noon)
	if err == nil || table != nil {
		t.Errorf("Compile = %v, %v; want no table and an error", table, err)
	}
}

func TestAMatcherThatCannotBeEvaluatedIsAnError(t *testing.T) {
	t.Parallel()
	compiler, err := policies.NewCompilerWith(modelWith(t, "r.res == p.res &&", "unknown(r.res) &&"))
	if err != nil {
		t.Fatalf("NewCompilerWith: %v", err)
	}
	if _, err := compiler.Compile("app", always("balance"), []policies.Rule{allow("r1", "balance", readBalance)},
		[]policies.Permission{readBalance}, noon); err == nil {
		t.Error("Compile = nil error, want one")
	}
}

func TestAModelWithOtherColumnsIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"text that is no model":  "hello",
		"rules without an id":    modelWith(t, "p = sub, res, act, eft, id", "p = sub, res, act, eft"),
		"rules in another order": modelWith(t, "p = sub, res, act, eft, id", "p = sub, act, res, eft, id"),
		"a request with less":    modelWith(t, "r = app, res, act", "r = app, res"),
		"roles with domains":     modelWith(t, "g = _, _", "g = _, _, _"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := policies.NewCompilerWith(text); !errors.Is(err, policies.ErrModel) {
				t.Errorf("error = %v, want ErrModel", err)
			}
		})
	}
}

func TestRowsWithoutMeaningAreRefused(t *testing.T) {
	t.Parallel()
	grants, rule := always("balance"), allow("r1", "balance", readBalance)
	asked := []policies.Permission{readBalance}

	for _, tc := range []struct {
		name   string
		app    string
		grants []policies.Grant
		rules  []policies.Rule
		asked  []policies.Permission
	}{
		{"application without a name", "", grants, []policies.Rule{rule}, asked},
		{"grant without a scope", "app", []policies.Grant{{ID: "g"}}, []policies.Rule{rule}, asked},
		{"rule without an id", "app", grants, []policies.Rule{allow("", "balance", readBalance)}, asked},
		{"rule without a scope", "app", grants, []policies.Rule{allow("r1", "", readBalance)}, asked},
		{"rule without a resource", "app", grants, []policies.Rule{{ID: "r1", Scope: "balance", Action: "read"}}, asked},
		{"rule without an action", "app", grants, []policies.Rule{{ID: "r1", Scope: "balance", Resource: "a"}}, asked},
		{"two rules with one id", "app", grants, []policies.Rule{rule, deny("r1", "other", createPay)}, asked},
		{"question without a resource", "app", grants, nil, []policies.Permission{{Action: "read"}}},
		{"question without an action", "app", grants, nil, []policies.Permission{{Resource: "a"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			table, err := newCompiler(t).Compile(tc.app, tc.grants, tc.rules, tc.asked, noon)
			if !errors.Is(err, policies.ErrRows) || table != nil {
				t.Errorf("Compile = %v, %v; want no table and ErrRows", table, err)
			}
		})
	}
}

// strangeNames would each change another rule if names went through CSV text, a regular
// expression, a joined key or an expression on their way into Casbin.
var strangeNames = []string{
	"a,b", "a", "b", `"a"`, `a","b`, "a\nb", "a\np, app, x, y, allow", "p, *, *, *, allow", ".*", "*", "a|b", "^a$",
	"[a-z]+", "r.res", "p_res", "true", "1==1", "scope:a", "app:a", "a\x00b", "b\x00scope:a", "a;b", "a%2Cb", "a+b", "a b",
	"周报", "2026-01-01", "/accounts/*", "keyMatch(r.res, p.res)", "\xff", " a", "a ", "#a", "a\\",
}

func TestStrangeNamesChangeNoOtherRule(t *testing.T) {
	t.Parallel()
	compiler := newCompiler(t)
	asked := make([]policies.Permission, 0, len(strangeNames)*2)
	for _, name := range strangeNames {
		asked = append(asked, policies.Permission{Resource: name, Action: "read"}, policies.Permission{Resource: "read", Action: name})
	}

	for i, name := range strangeNames {
		t.Run(fmt.Sprintf("%q reaches itself and nothing else", name), func(t *testing.T) {
			t.Parallel()
			rules := []policies.Rule{
				{ID: name, Scope: name, Resource: name, Action: "read"},
				{ID: name + "-other", Scope: strangeNames[(i+1)%len(strangeNames)], Resource: "read", Action: name},
			}
			// The application is named like another scope, which it was not granted.
			table, err := compiler.Compile(strangeNames[(i+1)%len(strangeNames)], always(name), rules, asked, noon)
			if err != nil {
				t.Fatalf("Compile: %v", err)
			}
			for _, permission := range asked {
				decision := table.Decide(permission, strangeNames)
				if want := permission.Resource == name && permission.Action == "read"; decision.Allowed != want {
					t.Errorf("%q: %+v, want allowed %v", permission, decision, want)
				}
				if decision.Allowed && (decision.Rule != name || decision.Scope != name) {
					t.Errorf("%q: allowed by rule %q of scope %q, want %q", permission, decision.Rule, decision.Scope, name)
				}
			}
		})
	}
}

func TestRulesWhoseColumnsJoinToTheSameTextStayTwo(t *testing.T) {
	t.Parallel()
	first := policies.Permission{Resource: "a,b", Action: "c"}
	second := policies.Permission{Resource: "a", Action: "b,c"}
	table := compile(t, always("s"), []policies.Rule{allow("r1", "s", first), deny("r2", "s", second)}, first, second)

	if got := table.Decide(first, []string{"s"}); !got.Allowed || got.Rule != "r1" {
		t.Errorf("first = %+v, want allowed by r1", got)
	}
	if got := table.Decide(second, []string{"s"}); got.Allowed || got.Rule != "r2" {
		t.Errorf("second = %+v, want forbidden by r2", got)
	}
}
