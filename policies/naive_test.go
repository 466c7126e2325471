package policies_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/casbin/casbin/v2"
	"pgregory.net/rapid"

	"postern/policies"
)

// world is what a table is made from, and the moment.
type world struct {
	grants []policies.Grant
	rules  []policies.Rule
	now    int64
}

// The draws are from small sets, so that grants, rules and questions meet often; the times are so
// close together that now falls on a boundary in many runs.
var (
	someScopes    = []string{"s0", "s1", "s2", "s3", "app"}
	someResources = []string{"balance", "payment", "card"}
	someActions   = []string{"read", "create"}
)

func drawWorld(t *rapid.T) world {
	moment := rapid.Int64Range(0, 6)
	w := world{now: moment.Draw(t, "now")}
	for i := range rapid.IntRange(0, 6).Draw(t, "grants") {
		w.grants = append(w.grants, policies.Grant{
			ID:    strconv.Itoa(i),
			Scope: rapid.SampledFrom(someScopes).Draw(t, "grant scope"),
			From:  moment.Draw(t, "from"),
			Until: moment.Draw(t, "until"),
		})
	}
	for i := range rapid.IntRange(0, 14).Draw(t, "rules") {
		w.rules = append(w.rules, policies.Rule{
			ID:       "r" + strconv.Itoa(i),
			Scope:    rapid.SampledFrom(someScopes).Draw(t, "rule scope"),
			Resource: rapid.SampledFrom(someResources).Draw(t, "resource"),
			Action:   rapid.SampledFrom(someActions).Draw(t, "action"),
			Deny:     rapid.IntRange(0, 5).Draw(t, "deny") == 0,
		})
	}
	return w
}

func allPermissions() []policies.Permission {
	var all []policies.Permission
	for _, resource := range someResources {
		for _, action := range someActions {
			all = append(all, policies.Permission{Resource: resource, Action: action})
		}
	}
	return all
}

func (w world) liveScopes(at int64) []string {
	var live []string
	for _, grant := range w.grants {
		if grant.From <= at && (grant.Until == 0 || grant.Until > at) {
			live = append(live, grant.Scope)
		}
	}
	return live
}

// naive decides by reading the rows, as an SQL query over them would.
func (w world) naive(p policies.Permission, scopes []string) bool {
	allowed := false
	for _, rule := range w.rules {
		if rule.Resource != p.Resource || rule.Action != p.Action || !slices.Contains(scopes, rule.Scope) {
			continue
		}
		if rule.Deny {
			return false
		}
		allowed = true
	}
	return allowed
}

// fresh decides by a Casbin enforcer of its own that holds all rules, granted or not, under
// their plain names.
func (w world) fresh(t *rapid.T, p policies.Permission, scopes []string) bool {
	enforcer, err := casbin.NewEnforcer("gateway.conf")
	if err != nil {
		t.Fatalf("enforcer: %v", err)
	}
	for _, rule := range w.rules {
		effect := "allow"
		if rule.Deny {
			effect = "deny"
		}
		if _, err := enforcer.AddPolicy("scope:"+rule.Scope, rule.Resource, rule.Action, effect, rule.ID); err != nil {
			t.Fatalf("add rule: %v", err)
		}
	}
	for _, scope := range scopes {
		if _, err := enforcer.AddGroupingPolicy("app:app", "scope:"+scope); err != nil {
			t.Fatalf("add scope: %v", err)
		}
	}
	allowed, err := enforcer.Enforce("app:app", p.Resource, p.Action)
	if err != nil {
		t.Fatalf("enforce: %v", err)
	}
	return allowed
}

// inVisit applies a way of deciding to the definition: the application with all live scopes may,
// and some live scope of the visit suffices by itself.
func inVisit(live, visit []string, decide func(scopes []string) bool) bool {
	return decide(live) && slices.ContainsFunc(visit, func(scope string) bool {
		return slices.Contains(live, scope) && decide([]string{scope})
	})
}

func TestTableAgreesWithAFreshEnforcerAndWithTheRows(t *testing.T) {
	t.Parallel()
	compiler, asked := newCompiler(t), allPermissions()

	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		visit := rapid.SliceOfN(rapid.SampledFrom(someScopes), 0, 3).Draw(t, "visit")
		table, err := compiler.Compile("app", w.grants, w.rules, asked, w.now)
		if err != nil {
			t.Fatalf("Compile: %v", err)
		}
		live := w.liveScopes(w.now)

		for _, permission := range asked {
			decision := table.Decide(permission, visit)
			naive := inVisit(live, visit, func(scopes []string) bool { return w.naive(permission, scopes) })
			fresh := inVisit(live, visit, func(scopes []string) bool { return w.fresh(t, permission, scopes) })
			if decision.Allowed != naive || decision.Allowed != fresh {
				t.Fatalf("%v in %v: table %+v, rows %v, enforcer %v", permission, visit, decision, naive, fresh)
			}
			w.checkExplanation(t, permission, visit, decision)
			if got := len(table.Allowing(permission, visit)) > 0; got != decision.Allowed {
				t.Fatalf("Allowing says %v, Decide says %+v", got, decision)
			}
		}
	})
}

// checkExplanation holds the decision's words against the rows.
func (w world) checkExplanation(t *rapid.T, p policies.Permission, visit []string, d policies.Decision) {
	live := w.liveScopes(w.now)
	at := slices.IndexFunc(w.rules, func(rule policies.Rule) bool { return rule.ID == d.Rule })
	fits := at >= 0 && w.rules[at].Resource == p.Resource && w.rules[at].Action == p.Action &&
		slices.Contains(live, w.rules[at].Scope)

	var ok bool
	switch d.Reason {
	case policies.ReasonAllowed:
		ok = d.Allowed && fits && !w.rules[at].Deny && w.rules[at].Scope == d.Scope && slices.Contains(visit, d.Scope)
	case policies.ReasonDeniedByRule:
		ok = !d.Allowed && fits && w.rules[at].Deny && d.Scope == ""
	case policies.ReasonNotInVisit:
		ok = !d.Allowed && d.Rule == "" && d.Scope == "" && w.naive(p, live)
	case policies.ReasonNoRule:
		ok = !d.Allowed && d.Rule == "" && d.Scope == "" && !w.naive(p, live)
	}
	if !ok {
		t.Fatalf("%v in %v is explained as %+v", p, visit, d)
	}
}

func TestTableHoldsExactlyWhileTheSameGrantsDo(t *testing.T) {
	t.Parallel()
	compiler, asked := newCompiler(t), allPermissions()

	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		table, err := compiler.Compile("app", w.grants, w.rules, asked, w.now)
		if err != nil {
			t.Fatalf("Compile: %v", err)
		}
		for at := int64(-1); at <= 8; at++ {
			if !table.Covers(at) {
				continue
			}
			for _, permission := range asked {
				want := inVisit(w.liveScopes(at), someScopes, func(scopes []string) bool { return w.naive(permission, scopes) })
				if got := table.Decide(permission, someScopes).Allowed; got != want {
					t.Fatalf("%v at %d by the table of %d: %v, want %v", permission, at, w.now, got, want)
				}
			}
		}
	})
}

func TestOrderOfTheRowsMakesNoDifference(t *testing.T) {
	t.Parallel()
	compiler, asked := newCompiler(t), allPermissions()

	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		first, err := compiler.Compile("app", w.grants, w.rules, asked, w.now)
		if err != nil {
			t.Fatalf("Compile: %v", err)
		}
		second, err := compiler.Compile("app", rapid.Permutation(w.grants).Draw(t, "grants again"),
			rapid.Permutation(w.rules).Draw(t, "rules again"), rapid.Permutation(asked).Draw(t, "asked again"), w.now)
		if err != nil {
			t.Fatalf("Compile again: %v", err)
		}
		for _, permission := range asked {
			if a, b := first.Decide(permission, someScopes), second.Decide(permission, someScopes); a != b {
				t.Fatalf("%v: %+v in one order, %+v in another", permission, a, b)
			}
		}
	})
}
