package policies_test

import (
	"strings"
	"testing"

	"postern/models"
	"postern/policies"
)

// may is the matrix of who may what, written out by hand: a changed rule is a
// changed line here.
const may = `
accounts:make    system
accounts:read    system security audit
activity:own     system security audit officer reviewer support
activity:read    security audit
business:check   reviewer
business:make    officer
business:read    security audit officer reviewer support
evidence:read    security audit
keys:check       system
keys:make        security
keys:read        system security audit
log:check        security audit
log:clear        audit support
log:export       audit
log:read         system security audit officer reviewer support
roles:check      system
roles:make       security
sessions:end     security
settings:check   security
settings:make    system
settings:read    system security audit
stops:all        security reviewer
stops:ask        officer support
stops:make       security officer reviewer
stops:read       security audit officer reviewer support
thaw:check       reviewer
thaw:make        security officer
`

func staff(t *testing.T) *policies.Staff {
	t.Helper()
	s, err := policies.NewStaff()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rights(t *testing.T, s *policies.Staff, roles ...string) policies.Rights {
	t.Helper()
	r, err := s.Rights(roles...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEachRoleMayWhatTheMatrixSays(t *testing.T) {
	t.Parallel()
	s, all := staff(t), policies.StaffPermissions()
	listed := map[policies.Permission]bool{}
	for line := range strings.Lines(strings.TrimSpace(may)) {
		cells := strings.Fields(line)
		resource, action, _ := strings.Cut(cells[0], ":")
		p := policies.Permission{Resource: resource, Action: action}
		listed[p] = true
		for _, role := range models.StaffRoles {
			want := strings.Contains(" "+strings.Join(cells[1:], " ")+" ", " "+string(role)+" ")
			if got := rights(t, s, string(role)).May(p); got != want {
				t.Errorf("%s may %s: %t, want %t", role, cells[0], got, want)
			}
		}
		if rights(t, s).May(p) || rights(t, s, "nobody").May(p) {
			t.Errorf("who has no role may %s", cells[0])
		}
	}
	for _, p := range all {
		if !listed[p] {
			t.Errorf("%s:%s is not in the matrix", p.Resource, p.Action)
		}
	}
}

func TestWhoHoldsTwoAdministratorsMayNothing(t *testing.T) {
	t.Parallel()
	s := staff(t)
	for _, both := range [][]string{{"system", "security"}, {"audit", "system"}, {"security", "audit", "officer"}} {
		r := rights(t, s, both...)
		for _, p := range policies.StaffPermissions() {
			if r.May(p) {
				t.Errorf("%v may %s:%s", both, p.Resource, p.Action)
			}
		}
	}
}

func TestOtherRolesAddUp(t *testing.T) {
	t.Parallel()
	r := rights(t, staff(t), "officer", "support", "officer")
	for _, p := range []policies.Permission{{Resource: "business", Action: "make"}, {Resource: "log", Action: "clear"}} {
		if !r.May(p) {
			t.Errorf("may not %s:%s", p.Resource, p.Action)
		}
	}
	if r.May(policies.Permission{Resource: "business", Action: "check"}) || r.May(policies.Permission{Resource: "x", Action: "y"}) {
		t.Error("may more than both")
	}
}
