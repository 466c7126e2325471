package identity

import (
	"cmp"
	"context"
	"slices"

	"postern/app/change"
	"postern/app/errs"
	"postern/models"
)

// Refusals of Recover.
var (
	ErrHelped = errs.New(errs.Conflict, "others_can_help",
		"Another system and another security administrator are active: they give a new set-up link in the console.")
	ErrNoOffice = errs.New(errs.Conflict, "no_office", "This is neither a system nor a security administrator: those give a new set-up link in the console.")
	ErrNotIn    = errs.New(errs.Conflict, "not_in", "Nobody has set this account up yet: postern staff setup, or whoever invited its owner, makes a link.")
)

// RecoveryTeller writes down that an account was recovered, for whoever must know.
type RecoveryTeller interface {
	TellOfRecovery(w change.Writer, a models.Account) error
}

// Recover makes a set-up link for a system or security administrator who is in
// and has lost every factor, where no two others could agree to that (Resets). The
// actor has the gateway's database and master key; it is the last way back into a
// console, raises an alarm and is told of. What there was of password, factors and
// sessions stays until the link is gone through to its end. Errors: ErrNoAccount,
// ErrDisabled, ErrNotIn, ErrNoOffice, ErrHelped.
func (i *Identity) Recover(ctx context.Context, actor, login string, tell RecoveryTeller) (link Link, err error) {
	err = i.write(ctx, actor, func(w change.Writer) error {
		a, found, err := w.Accounts().AccountByLogin(models.StaffRealm, Fold(login))
		switch {
		case err != nil || !found:
			return cmp.Or[error](err, ErrNoAccount)
		case a.Status == models.AccountDisabled:
			return ErrDisabled
		case a.Status != models.AccountActive:
			return ErrNotIn
		}
		role, err := lost(w, a)
		if err != nil {
			return err
		}
		if err := told(w, "account.recovered", a, map[string]string{"login": a.Login}); err != nil {
			return err
		}
		if err := tell.TellOfRecovery(w, a); err != nil {
			return err
		}
		link, err = i.link(w, a)
		link.Role = role
		return err
	})
	return link, err
}

// lost is the office of an account that nobody else could help; ErrNoOffice or
// ErrHelped otherwise.
func lost(w change.Writer, a models.Account) (office models.StaffRole, err error) {
	helped := true
	for _, f := range first {
		holders, err := w.Accounts().WithRole(f.role, maxFirst)
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(holders, func(o models.Account) bool { return o.ID == a.ID }) {
			office = f.role
		}
		helped = helped && slices.ContainsFunc(holders, func(o models.Account) bool {
			return o.PersonID != a.PersonID && o.Status == models.AccountActive
		})
	}
	switch {
	case office == "":
		return "", ErrNoOffice
	case helped:
		return "", ErrHelped
	}
	return office, nil
}
