package identity

import (
	"cmp"
	"context"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// SignIn checks login and password and returns the cookie of a session in which
// the second factor is to come. Every refusal is ErrCredentials and takes as
// long, whatever is wrong (ASVS 6.3.8).
func (i *Identity) SignIn(ctx context.Context, realm models.Realm, login, password string, c Client) (cookie string, err error) {
	var a models.Account
	err = i.o.Store.Accounts(ctx, func(r store.Accounts) (err error) {
		a, _, err = r.AccountByLogin(realm, Fold(login))
		return err
	})
	if err != nil {
		return "", err
	}
	// An unknown login has no hash: it is checked against one that nothing matches.
	ok, err := i.verifyPassword(ctx, password, a.PasswordHash)
	if err != nil {
		return "", err
	}
	if a.ID == "" {
		return "", ErrCredentials.Because("unknown_login")
	}
	err = i.judge(ctx, a.ID, func(w change.Writer) (refused *errs.Error, err error) {
		cookie, refused, err = i.admit(w, a, ok, c)
		return refused, err
	})
	return cookie, err
}

// judge runs f in one transaction. A refusal is no error in there: what it wrote
// down, a count, an event, a challenge that is spent, must stay.
func (i *Identity) judge(ctx context.Context, actor string, f func(change.Writer) (*errs.Error, error)) error {
	var refused *errs.Error
	err := i.write(ctx, actor, func(w change.Writer) (err error) {
		refused, err = f(w)
		return err
	})
	if err == nil && refused != nil {
		return refused
	}
	return err
}

// admit decides within the transaction: of many who try at once, each sees what
// those before it left behind. A refusal is written down, too, so it is no error.
func (i *Identity) admit(w change.Writer, seen models.Account, passwordOK bool, c Client) (string, *errs.Error, error) {
	a, found, err := w.Accounts().Account(seen.ID)
	if err != nil {
		return "", nil, err
	}
	if !found || a.Status != models.AccountActive {
		return "", ErrCredentials.Because("not_active"), nil
	}
	if refused, err := i.checkPassword(w, a, passwordOK && a.PasswordHash == seen.PasswordHash); err != nil || refused != nil {
		return "", refused, err
	}
	cookie, err := i.begin(w, a, models.StageSecond, secondLife, c)
	return cookie, nil, err
}

// failed counts a wrong password or code; the fifth locks the account.
func (i *Identity) failed(w change.Writer, a models.Account, what string) error {
	a.Failures++
	locks := a.Failures >= lockAfter
	if locks {
		a.Failures, a.LockedUntil = 0, w.At()+lockFor.Milliseconds()
	}
	if err := w.SaveAccount(a); err != nil {
		return err
	}
	if err := told(w, "session.refused", a, map[string]string{"what": what}); err != nil || !locks {
		return err
	}
	return told(w, "account.locked", a, nil)
}

// Second checks the second factor, a code of the authenticator or a recovery
// code, and returns the cookie of a full session in the place of the first.
func (i *Identity) Second(ctx context.Context, realm models.Realm, cookie, code string, c Client) (next string, err error) {
	err = i.judgeCurrent(ctx, realm, cookie, func(w change.Writer, who Who) (*errs.Error, error) {
		if who.Session.Stage != models.StageSecond {
			return nil, ErrStage
		}
		how, refused, err := i.checkCode(w, who.Account, code)
		if err != nil || refused != nil {
			return refused, err
		}
		next, err = i.enter(w, who, how, c)
		return nil, err
	})
	return next, err
}

// judgeCurrent is judge with who holds the cookie.
func (i *Identity) judgeCurrent(ctx context.Context, realm models.Realm, cookie string, f func(change.Writer, Who) (*errs.Error, error)) error {
	return i.judge(ctx, "", func(w change.Writer) (*errs.Error, error) {
		who, err := i.current(w.Accounts(), realm, cookie)
		if err != nil {
			return nil, err
		}
		w.Actor = who.Account.ID
		return f(w, who)
	})
}

// asCurrent runs f in a transaction with who holds the cookie in it.
func (i *Identity) asCurrent(ctx context.Context, realm models.Realm, cookie string, f func(change.Writer, Who) error) error {
	return i.judgeCurrent(ctx, realm, cookie, func(w change.Writer, who Who) (*errs.Error, error) { return nil, f(w, who) })
}

// asProved is asCurrent for who is in and has lately proved to be there.
func (i *Identity) asProved(ctx context.Context, realm models.Realm, cookie string, f func(change.Writer, Who) error) error {
	return i.asCurrent(ctx, realm, cookie, func(w change.Writer, who Who) error {
		if err := i.proved(who); err != nil {
			return err
		}
		return f(w, who)
	})
}

func (i *Identity) proved(who Who) error {
	switch {
	case who.Session.Stage != models.StageFull:
		return ErrStage
	case !i.Verified(who):
		return ErrVerify
	}
	return nil
}

// checkCode spends a code; how says of which kind it was. A wrong one is counted
// and comes back as refused, not as an error: the count must stay.
func (i *Identity) checkCode(w change.Writer, a models.Account, code string) (how string, refused *errs.Error, err error) {
	if w.At() < a.LockedUntil {
		return "", ErrCredentials.Because("locked"), nil
	}
	code = cleanCode(code)
	if ok, err := i.spendTOTP(w, a, code); err != nil || ok {
		return "totp", nil, err
	}
	ok, err := w.UseRecoveryCode(a.ID, hash(code), w.At())
	if err != nil {
		return "", nil, err
	}
	if ok {
		return "recovery", nil, told(w, "factor.recovery_used", a, nil)
	}
	return "", ErrCredentials.Because("code"), i.failed(w, a, "code")
}

func (i *Identity) spendTOTP(w change.Writer, a models.Account, code string) (bool, error) {
	factors, err := w.Accounts().Factors(a.ID)
	if err != nil {
		return false, err
	}
	for _, f := range factors {
		if f.Kind != models.TOTPFactor || !f.Confirmed {
			continue
		}
		secret, err := i.o.Sealer().Open(sealLabel, f.Sealed)
		if err != nil {
			return false, err
		}
		step, found, err := matchTOTP(secret, code, w.Now)
		if err != nil {
			return false, err
		}
		if !found {
			continue
		}
		if ok, err := w.UseStep(f.ID, step, w.At()); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// enter lets somebody in for good, who holds a session that is part of the way:
// the count of failures begins anew.
func (i *Identity) enter(w change.Writer, who Who, how string, c Client) (string, error) {
	a := who.Account
	a.Failures, a.LockedUntil = 0, 0
	if err := w.SaveAccount(a); err != nil {
		return "", err
	}
	// Another session under another cookie: whoever planted the first one gets
	// nothing (ASVS 7.2.4).
	if ok, err := w.EndSession(a.ID, who.Session.ID, "advanced", w.At()); err != nil || !ok {
		return "", cmp.Or[error](err, ErrSignedOut)
	}
	return i.letIn(w, a, how, c)
}

// letIn begins a full session.
func (i *Identity) letIn(w change.Writer, a models.Account, how string, c Client) (string, error) {
	if err := told(w, "session.signed_in", a, map[string]string{"with": how, "address": c.Address}); err != nil {
		return "", err
	}
	return i.begin(w, a, models.StageFull, i.o.Session, c)
}

// Verify proves again, with password and code, that its owner sits before a full
// session, and returns its next cookie. ErrCredentials if not.
func (i *Identity) Verify(ctx context.Context, who Who, cookie, password, code string, c Client) (next string, err error) {
	ok, err := i.verifyPassword(ctx, password, who.Account.PasswordHash)
	if err != nil {
		return "", err
	}
	err = i.judgeCurrent(ctx, who.Account.Realm, cookie, func(w change.Writer, now Who) (*errs.Error, error) {
		if now.Session.Stage != models.StageFull {
			return nil, ErrStage
		}
		refused, err := i.checkPassword(w, now.Account, ok && now.Account.PasswordHash == who.Account.PasswordHash)
		if err != nil || refused != nil {
			return refused, err
		}
		if _, refused, err := i.checkCode(w, now.Account, code); err != nil || refused != nil {
			return refused, err
		}
		next, err = i.renew(w, now, "password", c)
		return nil, err
	})
	return next, err
}

// checkPassword refuses while an account is locked, and counts a wrong password.
func (i *Identity) checkPassword(w change.Writer, a models.Account, ok bool) (*errs.Error, error) {
	switch {
	case w.At() < a.LockedUntil:
		return ErrCredentials.Because("locked"), nil
	case !ok:
		return ErrCredentials.Because("password"), i.failed(w, a, "password")
	}
	return nil, nil
}

// renew gives a full session another cookie and counts it as just proved; its
// absolute end stays.
func (i *Identity) renew(w change.Writer, who Who, how string, c Client) (string, error) {
	if err := told(w, "session.verified", who.Account, map[string]string{"with": how}); err != nil {
		return "", err
	}
	if ok, err := w.EndSession(who.Account.ID, who.Session.ID, "verified", w.At()); err != nil || !ok {
		return "", cmp.Or[error](err, ErrSignedOut)
	}
	return i.begin(w, who.Account, models.StageFull, msUntil(w.At(), who.Session.EndsAt), c)
}
