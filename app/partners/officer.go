package partners

import (
	"fmt"

	"postern/app/errs"
	"postern/models"
)

// officersOf are the logins of who looks after partners, by account.
func (r *Registry) officersOf(rows []models.Partner) (map[string]string, error) {
	var ids []string
	for _, p := range rows {
		if p.OfficerID != "" {
			ids = append(ids, p.OfficerID)
		}
	}
	logins := map[string]string{}
	if len(ids) == 0 {
		return logins, nil
	}
	list, err := r.read.Accounts().AccountsByID(ids)
	for _, a := range list {
		logins[a.ID] = a.Login
	}
	return logins, err
}

// checkOfficers holds who shall look after a partner against the staff. Whoever
// did so before may have left: that is no fault of another change.
func (r *Registry) checkOfficers(report Report) error {
	r.officers = map[string]string{}
	for _, x := range r.Partners.Staged() {
		login := x.After.Officer
		if login == "" || login == x.Before.Officer {
			continue
		}
		a, found, err := r.read.Accounts().AccountByLogin(models.StaffRealm, login)
		if err != nil {
			return err
		}
		if found {
			if found, err = r.read.Accounts().Serves(a, models.OfficerRole); err != nil {
				return err
			}
		}
		if !found {
			report("partner", x.After.ID, "officer", errs.Message{ID: "rule.no_officer", Text: fmt.Sprintf("%.60q is no officer who is in: want an officer's login", login)})
			continue
		}
		r.officers[login] = a.ID
	}
	return nil
}
