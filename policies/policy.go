package policies

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// ErrRows reports grants, rules or questions that no table can be made from: an empty name, or
// two rules with one id. The wrapping error says which.
var ErrRows = errors.New("policy rows are invalid")

// Permission is one question: the resource and the action of a route, such as
// {"account.balance", "read"}. Names are compared octet for octet.
type Permission struct{ Resource, Action string }

// Grant gives one scope to the application for a time. From and Until are Unix milliseconds;
// the grant is live when From <= now and (Until == 0 or now < Until), so Until 0 is an open end.
type Grant struct {
	ID, Scope   string
	From, Until int64
}

// live reports whether the grant holds at nowMS.
func (g Grant) live(nowMS int64) bool {
	return g.From <= nowMS && (g.Until == 0 || nowMS < g.Until)
}

// Rule says that a scope allows, or with Deny forbids, one resource and action. A rule that
// forbids outweighs every rule that allows, whatever scope that one belongs to. IDs are unique
// within one call of [Compiler.Compile].
type Rule struct {
	ID, Scope, Resource, Action string
	Deny                        bool
}

// segment is the longest stretch [from, until) around a moment in which the same grants are live.
type segment struct{ from, until int64 }

// segmentAt cuts time at every beginning and end of the grants and returns the piece with nowMS.
func segmentAt(grants []Grant, nowMS int64) segment {
	s := segment{from: math.MinInt64, until: math.MaxInt64}
	cut := func(boundary int64) {
		if boundary <= nowMS {
			s.from = max(s.from, boundary)
		} else {
			s.until = min(s.until, boundary)
		}
	}

	for _, grant := range grants {
		cut(grant.From)
		if grant.Until != 0 {
			cut(grant.Until)
		}
	}
	return s
}

// liveScopes returns the scopes of the grants live at nowMS, sorted, each once.
func liveScopes(grants []Grant, nowMS int64) []string {
	var scopes []string
	for _, grant := range grants {
		if grant.live(nowMS) {
			scopes = append(scopes, grant.Scope)
		}
	}
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// liveRules returns the rules of the given sorted scopes, ordered by scope and id: the first rule
// that matches is the one an answer names, and that must not hang on the order of the rows.
func liveRules(rules []Rule, scopes []string) []Rule {
	var kept []Rule
	for _, rule := range rules {
		if _, found := slices.BinarySearch(scopes, rule.Scope); found {
			kept = append(kept, rule)
		}
	}
	slices.SortFunc(kept, func(a, b Rule) int {
		return cmp.Or(strings.Compare(a.Scope, b.Scope), strings.Compare(a.ID, b.ID))
	})
	return kept
}

// checkRows refuses what has no meaning. Casbin with no rules at all compares a question with
// empty names, so an empty name must never become a question.
func checkRows(app string, grants []Grant, rules []Rule, asked []Permission) error {
	if app == "" {
		return fmt.Errorf("%w: application without a name", ErrRows)
	}
	for _, grant := range grants {
		if grant.Scope == "" {
			return fmt.Errorf("%w: grant %q without a scope", ErrRows, grant.ID)
		}
	}
	for _, permission := range asked {
		if permission.Resource == "" || permission.Action == "" {
			return fmt.Errorf("%w: question without a resource or an action", ErrRows)
		}
	}
	return checkRules(rules)
}

func checkRules(rules []Rule) error {
	seen := make(map[string]struct{}, len(rules))
	for _, rule := range rules {
		if rule.ID == "" || rule.Scope == "" || rule.Resource == "" || rule.Action == "" {
			return fmt.Errorf("%w: rule %q with an empty name", ErrRows, rule.ID)
		}
		if _, twice := seen[rule.ID]; twice {
			return fmt.Errorf("%w: rule id %q twice", ErrRows, rule.ID)
		}
		seen[rule.ID] = struct{}{}
	}
	return nil
}
