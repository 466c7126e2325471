package policies

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"weak"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

//go:embed gateway.conf
var gatewayModel string

// ruleColumn is the column of a rule in gateway.conf that is read back from an explained answer.
const ruleColumn = 4

const (
	effectAllow = "allow"
	effectDeny  = "deny"
)

// ErrModel reports a model that is not a Casbin model, or not one with the columns this package
// fills.
var ErrModel = errors.New("policy model is invalid")

// Compiler makes decision tables from one Casbin model. It may be used by any number of
// goroutines. Tables of one compiler share what is equal in them, so there should be one.
type Compiler struct {
	model  model.Model
	sharer *sharer
}

// NewCompiler parses the gateway's model, which is part of the binary.
func NewCompiler() (*Compiler, error) {
	return NewCompilerWith(gatewayModel)
}

// NewCompilerWith parses a model given as text, in the form of gateway.conf and with its columns;
// anything else is ErrModel. It is for holding the gateway's model against changed ones.
func NewCompilerWith(text string) (*Compiler, error) {
	parsed, err := model.NewModelFromString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}

	if err := checkColumns(parsed); err != nil {
		return nil, err
	}
	sharer := &sharer{known: make(map[contentID]weak.Pointer[answers])}
	return &Compiler{model: parsed, sharer: sharer}, nil
}

// checkColumns refuses a model whose requests, rules or roles are not what this package fills in.
func checkColumns(parsed model.Model) error {
	for section, columns := range map[string][]string{
		"r": {"r_app", "r_res", "r_act"},
		"p": {"p_sub", "p_res", "p_act", "p_eft", "p_id"},
	} {
		definition, ok := parsed[section][section]
		if !ok || !slices.Equal(definition.Tokens, columns) {
			return fmt.Errorf("%w: section %s does not have the columns %v", ErrModel, section, columns)
		}
	}

	// Casbin keeps a role definition as text: who, and which role.
	roles, ok := parsed["g"]["g"]
	if !ok || strings.ReplaceAll(roles.Value, " ", "") != "_,_" {
		return fmt.Errorf("%w: section g is not _, _", ErrModel)
	}
	return nil
}

// Compile makes the table of one application that holds at nowMS (Unix milliseconds): the rows
// live then go into a fresh Casbin enforcer, which is asked every permission of asked for the
// application with all its live scopes, and for each live scope as if it were the only one; the
// answers stay with the ids of their rules, the enforcer goes. rules may hold scopes that are not
// granted; the order of grants, rules and asked makes no difference. Where several rules would
// explain an answer, it names the first by scope and id.
//
// The error is ErrRows for rows without meaning; any other is Casbin's. On an error there is no
// table, and the caller refuses.
func (c *Compiler) Compile(app string, grants []Grant, rules []Rule, asked []Permission, nowMS int64) (*Table, error) {
	if err := checkRows(app, grants, rules, asked); err != nil {
		return nil, fmt.Errorf("compile policy table: %w", err)
	}

	scopes := liveScopes(grants, nowMS)
	fresh := &answers{scopes: scopes, byPermission: make(map[Permission]answer, len(asked))}
	rows := newRowSet(app, liveRules(rules, scopes))
	if err := c.askAll(fresh, rows, asked); err != nil {
		return nil, fmt.Errorf("compile policy table: %w", err)
	}
	return &Table{segment: segmentAt(grants, nowMS), answers: c.sharer.share(fresh)}, nil
}

// askAll fills the answers: first the application as a whole, then each scope by itself for what
// the application may do at all.
func (c *Compiler) askAll(fresh *answers, rows *rowSet, asked []Permission) error {
	whole, err := c.examine(rows, fresh.scopes)
	if err != nil {
		return err
	}
	for _, permission := range asked {
		verdict, err := whole.ask(permission)
		if err != nil {
			return err
		}
		fresh.byPermission[permission] = answer{allowed: verdict.allowed, rule: verdict.forbiddenBy()}
	}

	// Scopes are sorted, so every list of allowing scopes comes out sorted.
	for _, scope := range fresh.scopes {
		alone, err := c.examine(rows, []string{scope})
		if err != nil {
			return err
		}
		if err := alone.extend(fresh, scope); err != nil {
			return err
		}
	}
	return nil
}

// examiner is one Casbin enforcer over the rows of some scopes.
type examiner struct {
	enforcer *casbin.Enforcer
	rows     *rowSet
}

// examine builds the enforcer for the application holding exactly the given scopes.
func (c *Compiler) examine(rows *rowSet, scopes []string) (*examiner, error) {
	enforcer, err := casbin.NewEnforcer(c.model.Copy())
	if err != nil {
		return nil, fmt.Errorf("build enforcer: %w", err)
	}
	enforcer.SetEffector(&gatewayEffector{})

	for _, scope := range scopes {
		if _, err := enforcer.AddGroupingPolicy(rows.app, scopeSubject(scope)); err != nil {
			return nil, fmt.Errorf("add scope to enforcer: %w", err)
		}
		own := rows.byScope[scope]
		if len(own) == 0 {
			continue
		}
		added, err := enforcer.AddPolicies(own)
		if err != nil {
			return nil, fmt.Errorf("add rules to enforcer: %w", err)
		}
		if !added {
			return nil, fmt.Errorf("%w: a rule is there twice", ErrRows)
		}
	}
	return &examiner{enforcer: enforcer, rows: rows}, nil
}

// verdict is Casbin's answer to one question and the rule it explained it by; rule is nil when it
// named none.
type verdict struct {
	allowed bool
	rule    *Rule
}

// forbiddenBy returns the id of the rule that forbade, or "".
func (v verdict) forbiddenBy() string {
	if v.allowed || v.rule == nil || !v.rule.Deny {
		return ""
	}
	return v.rule.ID
}

// ask puts one question to Casbin. Yes counts only with a rule to show for it: under
// an effect that lets through whatever nothing forbids, Casbin says yes and names no rule.
func (e *examiner) ask(p Permission) (verdict, error) {
	yes, explained, err := e.enforcer.EnforceEx(e.rows.app, p.Resource, p.Action)
	if err != nil {
		return verdict{}, fmt.Errorf("ask enforcer: %w", err)
	}
	if len(explained) == 0 {
		return verdict{}, nil
	}
	rule, err := e.rows.rule(explained)
	if err != nil {
		return verdict{}, err
	}
	return verdict{allowed: yes, rule: rule}, nil
}

// extend asks for one scope alone everything the application may do, and notes where it suffices.
func (e *examiner) extend(fresh *answers, scope string) error {
	for permission, known := range fresh.byPermission {
		if !known.allowed {
			continue
		}
		verdict, err := e.ask(permission)
		if err != nil {
			return err
		}
		if verdict.allowed {
			known.allowing = append(known.allowing, scopeRule{scope: scope, rule: verdict.rule.ID})
			fresh.byPermission[permission] = known
		}
	}
	return nil
}

// rowSet is the application's live rules in the form Casbin takes, grouped by scope. Names go in
// as they are and through no parser. Casbin indexes rows by their columns joined with commas, so
// names with commas could make two rows look like one; a row's number at the end tells them apart.
type rowSet struct {
	app     string // the application as a Casbin subject
	rules   []Rule // a row's last column is the index into it
	byScope map[string][][]string
}

func newRowSet(app string, rules []Rule) *rowSet {
	set := &rowSet{app: appSubject(app), rules: rules, byScope: make(map[string][][]string)}
	for i, rule := range rules {
		effect := effectAllow
		if rule.Deny {
			effect = effectDeny
		}
		row := []string{scopeSubject(rule.Scope), rule.Resource, rule.Action, effect, strconv.Itoa(i)}
		set.byScope[rule.Scope] = append(set.byScope[rule.Scope], row)
	}
	return set
}

// rule finds the rule of a row that Casbin gave as its explanation.
func (s *rowSet) rule(row []string) (*Rule, error) {
	if len(row) <= ruleColumn {
		return nil, fmt.Errorf("read explained rule: %d columns", len(row))
	}
	i, err := strconv.Atoi(row[ruleColumn])
	if err != nil || i < 0 || i >= len(s.rules) {
		return nil, fmt.Errorf("read explained rule: unknown rule %q", row[ruleColumn])
	}
	return &s.rules[i], nil
}

// appSubject and scopeSubject are names as Casbin subjects. The prefixes keep them apart: to g()
// a name holds itself, and an application may be named like a scope.
func appSubject(app string) string { return "app:" + app }

func scopeSubject(scope string) string { return "scope:" + scope }
