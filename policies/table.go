package policies

import "slices"

// Reason says in one word why a decision came out as it did; it is stored with a call's record.
type Reason string

// The reasons a [Decision] can carry.
const (
	ReasonAllowed      Reason = "allowed"        // a live scope of the visit allows it
	ReasonNoRule       Reason = "no_rule"        // no live scope of the application allows it
	ReasonDeniedByRule Reason = "denied_by_rule" // a rule of a live scope forbids it
	ReasonNotInVisit   Reason = "not_in_visit"   // the application may, this visit may not
)

// Decision is the answer to one question. Rule is the id of the rule that decided: the one that
// allowed within Scope, or the one that forbade; empty when no rule had a say. Scope is the
// scope that allowed, empty otherwise. The zero value is a refusal.
type Decision struct {
	Allowed bool
	Rule    string
	Scope   string
	Reason  Reason
}

// scopeRule is a scope that allows a permission by itself, and the rule by which it does.
type scopeRule struct{ scope, rule string }

// answer is what Casbin said about one permission.
type answer struct {
	allowed  bool   // for the application with all its live scopes
	rule     string // the rule that forbade; empty when none did
	allowing []scopeRule
}

// answers is everything Casbin said about an application in one stretch of time. It does not
// change once a table has it, and equal answers may be shared by many tables.
type answers struct {
	scopes       []string // of the live grants, sorted
	byPermission map[Permission]answer
}

// Table holds the answers for one application within one stretch of time. It never changes and
// may be used by any number of goroutines.
type Table struct {
	segment segment
	answers *answers
}

// Covers reports whether the table's answers hold at nowMS (Unix milliseconds). Outside, a grant
// has begun or ended and the table must not be asked.
func (t *Table) Covers(nowMS int64) bool {
	return t.segment.from <= nowMS && nowMS < t.segment.until
}

// Scopes returns the scopes of the application's live grants, sorted. The caller owns the slice.
func (t *Table) Scopes() []string {
	return slices.Clone(t.answers.scopes)
}

// Decide answers whether the application may use p in a visit that has visitScopes: it may when
// the application as a whole is allowed and at least one live scope of the visit allows p by
// itself. The decision names the first such scope in the order of visitScopes. A permission that
// was not asked when the table was made is refused. Decide does not allocate.
func (t *Table) Decide(p Permission, visitScopes []string) Decision {
	found, asked := t.answers.byPermission[p]
	if !asked {
		return Decision{Reason: ReasonNoRule}
	}
	if !found.allowed {
		if found.rule != "" {
			return Decision{Rule: found.rule, Reason: ReasonDeniedByRule}
		}
		return Decision{Reason: ReasonNoRule}
	}

	for _, scope := range visitScopes {
		if i, ok := found.find(scope); ok {
			by := found.allowing[i]
			return Decision{Allowed: true, Rule: by.rule, Scope: by.scope, Reason: ReasonAllowed}
		}
	}
	return Decision{Reason: ReasonNotInVisit}
}

// Allowing returns the live scopes of the visit that each allow p by themselves, in the order of
// visitScopes and each once; they are the ones whose fields may leave with the reply. It is empty
// whenever [Table.Decide] refuses. The caller owns the slice.
func (t *Table) Allowing(p Permission, visitScopes []string) []string {
	found := t.answers.byPermission[p]
	if !found.allowed {
		return nil
	}

	var allowing []string
	for _, scope := range visitScopes {
		if _, ok := found.find(scope); ok && !slices.Contains(allowing, scope) {
			allowing = append(allowing, scope)
		}
	}
	return allowing
}

// find looks the scope up among those that allow. They are a handful, and most names differ in
// length already, so walking them beats a binary search.
func (a *answer) find(scope string) (int, bool) {
	for i := range a.allowing {
		if a.allowing[i].scope == scope {
			return i, true
		}
	}
	return 0, false
}
