package identity

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// Refusals of what somebody does to another's account.
var (
	ErrOwn       = errs.New(errs.Conflict, "own_account", "Nobody does this to an account of their own.")
	ErrDisabled  = errs.New(errs.Conflict, "account_disabled", "The account is disabled.")
	ErrNoReset   = errs.New(errs.Forbidden, "no_reset", "Another person must agree before this account gets a new set-up link.")
	ErrLastAdmin = errs.New(errs.Conflict, "last_administrator", "This is the last one who can do this work: let another one in first.")
)

// another runs f with an account, on the word of somebody who has lately proved to
// be there and whose own it is not, by whichever account. Whose work this is, is
// the caller's to know.
func (i *Identity) another(ctx context.Context, by Who, account string, f func(change.Writer, models.Account) error) error {
	if err := i.proved(by); err != nil {
		return err
	}
	return i.write(ctx, by.Account.ID, func(w change.Writer) error {
		a, found, err := w.Accounts().Account(account)
		if err != nil || !found || a.Realm != by.Account.Realm {
			return cmp.Or[error](err, ErrNoAccount)
		}
		if a.PersonID == by.Account.PersonID {
			return ErrOwn
		}
		return f(w, a)
	})
}

// NewLink makes a new set-up link: for somebody who has not set up yet, and for
// somebody who is in, once two persons have agreed to it (Resets); links from before
// are dead. What there was of password, factors and sessions stays until the link is
// gone through to its end. The second case raises an alarm: whoever gets the link
// becomes the account's owner.
func (i *Identity) NewLink(ctx context.Context, by Who, account string) (link Link, err error) {
	err = i.another(ctx, by, account, func(w change.Writer, a models.Account) error {
		switch {
		case a.Status == models.AccountDisabled:
			return ErrDisabled
		case a.Status == models.AccountActive && w.At() >= a.ResetUntil:
			return ErrNoReset
		case a.Status == models.AccountActive:
			a.ResetUntil, a.UpdatedAt = 0, w.At()
			if err := w.SaveAccount(a); err != nil {
				return err
			}
			if err := told(w, "account.reset", a, map[string]string{"login": a.Login}); err != nil {
				return err
			}
		}
		link, err = i.link(w, a)
		return err
	})
	return link, err
}

// Disable shuts somebody out at once: no way in is left, and sessions end.
// ErrLastAdmin for the last system or security administrator.
func (i *Identity) Disable(ctx context.Context, by Who, account string) error {
	return i.another(ctx, by, account, func(w change.Writer, a models.Account) error {
		if a.Status == models.AccountDisabled {
			return nil
		}
		if err := i.dispensable(w, a); err != nil {
			return err
		}
		if err := shutOut(w, a); err != nil {
			return err
		}
		return told(w, "account.disabled", a, map[string]string{"login": a.Login})
	})
}

// shutOut leaves an account no way in.
func shutOut(w change.Writer, a models.Account) error {
	a.Status, a.UpdatedAt = models.AccountDisabled, w.At()
	if err := w.SaveAccount(a); err != nil {
		return err
	}
	if err := w.DropSetupLinks(a.ID, w.At()); err != nil {
		return err
	}
	_, err := w.EndSessions(a.ID, "", "disabled", w.At())
	return err
}

// dispensable refuses where nobody else could do a first administrator's work.
func (i *Identity) dispensable(w change.Writer, a models.Account) error {
	roles, err := w.Accounts().Roles(a.ID)
	if err != nil {
		return err
	}
	for _, f := range first {
		if !slices.ContainsFunc(roles, func(r models.StaffRoleRow) bool { return r.Role == f.role }) {
			continue
		}
		holders, err := w.Accounts().WithRole(f.role, maxFirst)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(holders, func(o models.Account) bool { return o.ID != a.ID && o.Status == models.AccountActive }) {
			return ErrLastAdmin
		}
	}
	return nil
}

// Enable lets somebody back in, with what they had: the old password and factors.
func (i *Identity) Enable(ctx context.Context, by Who, account string) error {
	return i.another(ctx, by, account, func(w change.Writer, a models.Account) error {
		if a.Status != models.AccountDisabled {
			return nil
		}
		a.Status, a.Failures, a.LockedUntil, a.UpdatedAt = models.AccountActive, 0, 0, w.At()
		if a.PasswordHash == "" {
			a.Status = models.AccountInvited
		}
		if err := w.SaveAccount(a); err != nil {
			return err
		}
		return told(w, "account.enabled", a, map[string]string{"login": a.Login})
	})
}

// EndSessions ends every session of an account.
func (i *Identity) EndSessions(ctx context.Context, by Who, account string) (ended int64, err error) {
	err = i.another(ctx, by, account, func(w change.Writer, a models.Account) error {
		if ended, err = w.EndSessions(a.ID, "", "ended", w.At()); err != nil || ended == 0 {
			return err
		}
		return told(w, "session.ended", a, map[string]string{"sessions": strconv.FormatInt(ended, 10)})
	})
	return ended, err
}

// Account reads an account; ErrNoAccount if there is none.
func (i *Identity) Account(ctx context.Context, id string) (a models.Account, err error) {
	err = i.o.Store.Accounts(ctx, func(r store.Accounts) error {
		found := false
		if a, found, err = r.Account(id); err == nil && !found {
			err = ErrNoAccount
		}
		return err
	})
	return a, err
}
