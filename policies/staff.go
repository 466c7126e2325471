package policies

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	stringadapter "github.com/casbin/casbin/v2/persist/string-adapter"
)

//go:embed staff.conf
var staffModel string

//go:embed staff.csv
var staffRules string

// Staff answers what the bank's staff may do. It may be used by any number of
// goroutines.
type Staff struct {
	model model.Model
	known sync.Map // roles, joined and sorted -> Rights
}

// Rights are what somebody may do with the roles that they hold. They never change.
type Rights struct{ allowed map[Permission]bool }

// May reports whether p is among them.
func (r Rights) May(p Permission) bool { return r.allowed[p] }

// StaffPermissions lists every permission that a rule names, sorted.
func StaffPermissions() []Permission { return permissionsIn(staffRules, 3) }

// permissionsIn lists every permission that rules name, sorted; the resource stands
// in the column at, the action in the next.
func permissionsIn(rules string, at int) (list []Permission) {
	for line := range strings.Lines(rules) {
		cells := strings.Split(strings.TrimSpace(line), ", ")
		if cells[0] == "p" && cells[at] != "*" {
			list = append(list, Permission{Resource: cells[at], Action: cells[at+1]})
		}
	}
	slices.SortFunc(list, comparePermissions)
	return slices.Compact(list)
}

func comparePermissions(a, b Permission) int {
	return strings.Compare(a.Resource+":"+a.Action, b.Resource+":"+b.Action)
}

// NewStaff parses the staff's model and rules, which are part of the binary.
func NewStaff() (*Staff, error) { return newStaffWith(staffModel) }

func newStaffWith(text string) (*Staff, error) {
	parsed, err := model.NewModelFromString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	s := &Staff{model: parsed}
	if _, err := s.Rights("nobody"); err != nil {
		return nil, err
	}
	return s, nil
}

// Rights asks Casbin about every permission, for somebody with the roles; of
// each set of roles once. On an error the caller refuses.
func (s *Staff) Rights(roles ...string) (Rights, error) {
	roles = slices.Compact(slices.Sorted(slices.Values(roles)))
	key := strings.Join(roles, " ")
	if known, ok := s.known.Load(key); ok {
		return known.(Rights), nil
	}
	enforcer, err := casbin.NewEnforcer(s.model.Copy(), stringadapter.NewAdapter(plain(staffRules)))
	if err != nil {
		return Rights{}, fmt.Errorf("load staff rules: %w", err)
	}
	const who = "who"
	for _, role := range roles {
		if _, err := enforcer.AddRoleForUser(who, role); err != nil {
			return Rights{}, fmt.Errorf("give role: %w", err)
		}
	}
	rights := Rights{allowed: map[Permission]bool{}}
	for _, p := range StaffPermissions() {
		ok, err := enforcer.Enforce(who, p.Resource, p.Action)
		if err != nil {
			return Rights{}, fmt.Errorf("ask staff rules: %w", err)
		}
		rights.allowed[p] = ok
	}
	s.known.Store(key, rights)
	return rights, nil
}

// plain are rules without comments, which Casbin's adapter does not know.
func plain(rules string) string {
	var b strings.Builder
	for line := range strings.Lines(rules) {
		if strings.HasPrefix(line, "p,") {
			b.WriteString(line)
		}
	}
	return strings.TrimSpace(b.String())
}
