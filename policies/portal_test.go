package policies

import (
	"strings"
	"testing"
)

const portalMay = `
applications:make owner developer
applications:read owner developer viewer
production:ask    owner_live developer_live
log:export        owner developer
log:read          owner developer viewer
production:confirm owner_live developer_live
production:keys   owner_live
production:stop   owner_live developer_live
requests:answer   owner developer
requests:read     owner developer viewer
team:make         owner
team:read         owner developer viewer
`

func TestEachRoleOfAPartnerMayWhatTheMatrixSays(t *testing.T) {
	t.Parallel()
	p, err := NewPortal()
	if err != nil {
		t.Fatal(err)
	}
	listed := map[Permission]bool{}
	for line := range strings.Lines(strings.TrimSpace(portalMay)) {
		cells := strings.Fields(line)
		resource, action, _ := strings.Cut(cells[0], ":")
		permission := Permission{Resource: resource, Action: action}
		listed[permission] = true
		for _, role := range []string{"owner", "developer", "viewer", "owner_live", "developer_live", "viewer_live", "nobody", ""} {
			rights, err := p.Rights(role)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := rights.May(permission), role != "" && strings.Contains(" "+strings.Join(cells[1:], " ")+" ", " "+role+" "); got != want {
				t.Errorf("%q may %s: %t, want %t", role, cells[0], got, want)
			}
			elsewhere, err := p.ask([]string{role}, "lianhe", "nanfeng")
			if err != nil {
				t.Fatal(err)
			}
			if elsewhere.May(permission) {
				t.Errorf("%q of one partner may %s at another", role, cells[0])
			}
		}
	}
	for _, permission := range PortalPermissions() {
		if !listed[permission] {
			t.Errorf("%s:%s is not in the matrix", permission.Resource, permission.Action)
		}
	}
}
