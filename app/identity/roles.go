package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// RoleKind is the name of a change request that gives or takes a role.
const RoleKind = "role"

// RoleChange is what such a request asks for.
type RoleChange struct {
	Account string           `json:"account"`
	Role    models.StaffRole `json:"role"`
	Give    bool             `json:"give"`
}

// Content is the change as a request holds it.
func (c RoleChange) Content() (string, error) {
	text, err := json.Marshal(c)
	return string(text), err
}

// Roles describes and applies changes of roles. Nobody does that alone: giving
// widens, and whoever could take roles alone could take them from those who check.
type Roles struct{}

// Describe says what a change would do now; nothing when it is so already.
func (r Roles) Describe(b store.Business, content string, _ time.Time) (change.Plan, error) {
	_, _, plan, err := r.read(b, content)
	return plan, err
}

// Apply does it in w's transaction.
func (r Roles) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	c, a, plan, err := r.read(b, content)
	if err != nil || len(plan.Things) == 0 {
		return plan, err
	}
	if !c.Give {
		if _, err := w.TakeRole(a.ID, c.Role); err != nil {
			return plan, err
		}
		// What they could do they can no longer: whoever is signed in begins anew.
		if _, err := w.EndSessions(a.ID, "", "roles_changed", w.At()); err != nil {
			return plan, err
		}
		return plan, told(w, "role.taken", a, map[string]string{"role": string(c.Role)})
	}
	err = give(w, a, c.Role)
	if errors.Is(err, store.ErrTaken) {
		return plan, excluded()
	}
	return plan, err
}

func excluded() error {
	var f errs.Fields
	f.Check(false, "role", "account.roles", "System, security and audit administrator are three different persons.")
	return f.Invalid()
}

func (r Roles) read(b store.Business, content string) (c RoleChange, a models.Account, plan change.Plan, err error) {
	var f errs.Fields
	if err := json.Unmarshal([]byte(content), &c); err != nil {
		return c, a, plan, fmt.Errorf("read change of role: %w", err)
	}
	f.Check(c.Role != "", "role", "role.none", "Choose a role.")
	f.Check(c.Role == "" || slices.Contains(models.StaffRoles, c.Role), "role", "role.wrong", "This is no role that can be given or taken here.")
	if err := f.Invalid(); err != nil {
		return c, a, plan, err
	}
	a, found, err := b.Accounts().Account(c.Account)
	if err != nil {
		return c, a, plan, err
	}
	if !found || a.Realm != models.StaffRealm {
		return c, a, plan, ErrNoAccount
	}
	held, err := b.Accounts().Roles(a.ID)
	if err != nil {
		return c, a, plan, err
	}
	has := slices.ContainsFunc(held, func(row models.StaffRoleRow) bool { return row.Role == c.Role })
	if has == c.Give {
		return c, a, plan, nil
	}
	if c.Give && c.Role.Administers() && slices.ContainsFunc(held, func(row models.StaffRoleRow) bool { return row.Role.Administers() }) {
		return c, a, plan, excluded()
	}
	var d change.Comparison
	if c.Give {
		d.Note(change.Widens, "role %s is given", c.Role)
	} else {
		d.Note(change.Narrows, "role %s is taken away", c.Role)
	}
	plan.Things = []change.Planned{{Kind: "staff", ID: a.Login, Differences: d.List}}
	return c, a, plan, nil
}
