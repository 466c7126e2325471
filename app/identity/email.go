package identity

import (
	"cmp"
	"context"

	"postern/app/change"
	"postern/app/errs"
	"postern/models"
)

func checkEmail(f *errs.Fields, address string) {
	f.Check(address == "" || models.MailAddress(address), "email", "account.email", "Enter an e-mail address such as lin.tao@bank.example.")
}

// SetEmail sets where news of change requests go to whoever is in; "" is nowhere.
// The address opens nothing and no link is ever sent to it, so it is not proved. A
// fault comes back as "email".
func (i *Identity) SetEmail(ctx context.Context, by Who, address string) error {
	var f errs.Fields
	checkEmail(&f, address)
	if err := f.Invalid(); err != nil {
		return err
	}
	return i.write(ctx, by.Account.ID, func(w change.Writer) error {
		a, found, err := w.Accounts().Account(by.Account.ID)
		if err != nil || !found {
			return cmp.Or[error](err, ErrNoAccount)
		}
		if a.Email == address {
			return nil
		}
		a.Email, a.UpdatedAt = address, w.At()
		if err := w.SaveAccount(a); err != nil {
			return err
		}
		return told(w, "account.email_set", a, nil) // not the address: events hold no personal data
	})
}
