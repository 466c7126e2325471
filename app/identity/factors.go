package identity

import (
	"cmp"
	"context"
	"strings"
	"unicode/utf8"

	"postern/app/change"
	"postern/app/errs"
	"postern/models"
)

// Bounds of what one account may have.
const (
	maxFactors    = 12
	maxFactorName = 60 // characters
)

// Refusals of changes to one's own factors.
var (
	ErrLastFactor  = errs.New(errs.Conflict, "last_factor", "This is the last second factor: add another one first.")
	ErrManyFactors = errs.New(errs.Conflict, "many_factors", "Twelve are enough: remove one first.")
	ErrNoSession   = errs.New(errs.NotFound, "no_session", "You have no such session.")
	ErrNoFactor    = errs.New(errs.NotFound, "no_factor", "You have no such factor.")
)

func checkFactorName(name string) error {
	var f errs.Fields
	ok := models.ReadableName(name) && utf8.RuneCountInString(name) <= maxFactorName && strings.TrimSpace(name) != ""
	f.Check(ok, "name", "factor.name", "Give it a name of up to 60 characters.")
	return f.Invalid()
}

// mayAdd lets somebody have one more factor who has lately proved to be there, or
// who sets up an account and has come that far.
func (i *Identity) mayAdd(w change.Writer, who Who) (models.Account, error) {
	if who.Session.Stage == models.StageEnrol {
		e, err := i.enrolling(w, who)
		return e.over(who.Account), err
	}
	return who.Account, i.proved(who)
}

// addFactor adds one. Whoever changes how an account gets in ends its other
// sessions with that (ASVS 7.4.3).
func (i *Identity) addFactor(w change.Writer, who Who, f models.Factor) error {
	all, err := w.Accounts().Factors(who.Account.ID)
	if err != nil {
		return err
	}
	if len(all) >= maxFactors {
		return ErrManyFactors
	}
	if err := w.SaveFactor(f); err != nil {
		return err
	}
	return i.changed(w, who, "factor.added", f)
}

// changed puts a change of somebody's own factors on record.
func (i *Identity) changed(w change.Writer, who Who, kind string, f models.Factor) error {
	if err := told(w, kind, who.Account, map[string]string{"factor": string(f.Kind), "id": f.ID, "name": f.Name}); err != nil {
		return err
	}
	return i.endOthers(w, who, kind)
}

func (i *Identity) endOthers(w change.Writer, who Who, reason string) error {
	_, err := w.EndSessions(who.Account.ID, who.Session.ID, reason, w.At())
	return err
}

// waiting is a seed that its owner has not shown to work yet. It waits in the
// session that was given it: nobody who sees it elsewhere can have it confirmed.
type waiting struct {
	Sealed string `json:"sealed"`
}

// OfferTOTP returns the seed that a session's owner has to put into an
// authenticator: the same one until it is confirmed.
func (i *Identity) OfferTOTP(ctx context.Context, realm models.Realm, cookie string) (seed TOTPSeed, err error) {
	err = i.asCurrent(ctx, realm, cookie, func(w change.Writer, who Who) error {
		a, err := i.mayAdd(w, who)
		if err != nil {
			return err
		}
		secret, found, err := i.seedOf(w, who.Session)
		if err == nil && !found {
			secret, err = i.keepNewSeed(w, who)
		}
		seed = seedFor(secret, i.o.Name, a.Login)
		return err
	})
	return seed, err
}

func (i *Identity) seedOf(w change.Writer, s models.Session) (secret string, found bool, err error) {
	seed, found, err := kept[waiting](w, keepSeed, s)
	if err != nil || !found {
		return "", false, err
	}
	secret, err = i.o.Sealer().Open(sealLabel, seed.Sealed)
	return secret, true, err
}

func (i *Identity) keepNewSeed(w change.Writer, who Who) (string, error) {
	secret, sealed, err := i.newSeed()
	if err != nil {
		return "", err
	}
	return secret, i.keep(w, keepSeed, within(who.Session, keepSeed), who.Account, SetupLinkLife, waiting{sealed})
}

// confirmed makes a factor of the seed that waits in a session, once its owner
// shows a code. Faults come back by field: "code".
func (i *Identity) confirmed(w change.Writer, who Who, name, code string) (models.Factor, error) {
	secret, found, err := i.seedOf(w, who.Session)
	if err != nil {
		return models.Factor{}, err
	}
	if !found {
		return models.Factor{}, ErrChallenge
	}
	step, ok, err := matchTOTP(secret, cleanCode(code), w.Now)
	if err != nil {
		return models.Factor{}, err
	}
	if !ok {
		var wrong errs.Fields
		wrong.Check(false, "code", "account.code", "This is not the code that the authenticator shows now.")
		return models.Factor{}, wrong.Invalid()
	}
	if _, found, err := w.TakeChallenge(within(who.Session, keepSeed), keepSeed, w.At()); err != nil || !found {
		return models.Factor{}, cmp.Or[error](err, ErrChallenge)
	}
	return i.newTOTP(w, who.Account, name, secret, step)
}

// AddTOTP adds the authenticator that was offered. Faults come back by field:
// "name", "code".
func (i *Identity) AddTOTP(ctx context.Context, realm models.Realm, cookie, name, code string) error {
	if err := checkFactorName(name); err != nil {
		return err
	}
	return i.asProved(ctx, realm, cookie, func(w change.Writer, who Who) error {
		f, err := i.confirmed(w, who, name, code)
		if err != nil {
			return err
		}
		return i.addFactor(w, who, f)
	})
}

// RenameFactor gives one of one's own factors another name. It changes nothing
// about who gets in, so no proof is asked for.
func (i *Identity) RenameFactor(ctx context.Context, realm models.Realm, cookie, id, name string) error {
	if err := checkFactorName(name); err != nil {
		return err
	}
	return i.asCurrent(ctx, realm, cookie, func(w change.Writer, who Who) error {
		if who.Session.Stage != models.StageFull {
			return ErrStage
		}
		f, _, err := i.own(w, who, id)
		if err != nil {
			return err
		}
		f.Name = name
		if err := w.SaveFactor(f); err != nil {
			return err
		}
		return told(w, "factor.renamed", who.Account, map[string]string{"factor": string(f.Kind), "id": f.ID, "name": name})
	})
}

// RemoveFactor removes one of one's own factors; ErrLastFactor if nothing would
// be left but the password.
func (i *Identity) RemoveFactor(ctx context.Context, realm models.Realm, cookie, id string) error {
	return i.asProved(ctx, realm, cookie, func(w change.Writer, who Who) error {
		f, others, err := i.own(w, who, id)
		if err != nil {
			return err
		}
		if f.Second() && others == 0 {
			return ErrLastFactor
		}
		if _, err := w.DropFactor(who.Account.ID, f.ID); err != nil {
			return err
		}
		return i.changed(w, who, "factor.removed", f)
	})
}

// own finds a factor of one's own, and how many others can be a second one.
func (i *Identity) own(w change.Writer, who Who, id string) (f models.Factor, others int, err error) {
	all, err := w.Accounts().Factors(who.Account.ID)
	if err != nil {
		return f, 0, err
	}
	for _, one := range all {
		switch {
		case one.ID == id:
			f = one
		case one.Second():
			others++
		}
	}
	if f.ID == "" {
		return f, 0, ErrNoFactor
	}
	return f, others, nil
}

// RenewRecovery puts ten new recovery codes in the place of all others and
// returns them, to be shown once.
func (i *Identity) RenewRecovery(ctx context.Context, realm models.Realm, cookie string) (codes []string, err error) {
	err = i.asProved(ctx, realm, cookie, func(w change.Writer, who Who) (err error) {
		if codes, err = i.newRecoveryCodes(w, who.Account); err != nil {
			return err
		}
		return i.endOthers(w, who, "factor.recovery_made")
	})
	return codes, err
}

// NewPassword is a change of one's own password.
type NewPassword struct{ Old, Password, Again string }

// ChangePassword changes the password of who is in and has lately proved to be
// there, ends all other sessions, and returns this one's next cookie. Faults come
// back by field: "old", "password", "again"; a wrong old one counts as a failed
// attempt to sign in.
func (i *Identity) ChangePassword(ctx context.Context, who Who, cookie string, n NewPassword, c Client) (next string, err error) {
	if err := i.proved(who); err != nil {
		return "", err
	}
	f := CheckPassword("password", n.Password, who.Account.Login, who.Account.Name)
	f.Check(n.Password == n.Again, "again", "account.password_again", "This is not the same password.")
	f.Check(n.Password != n.Old, "password", "account.password_same", "This is the password that you have.")
	if err := f.Invalid(); err != nil {
		return "", err
	}
	ok, err := i.verifyPassword(ctx, n.Old, who.Account.PasswordHash)
	if err != nil {
		return "", err
	}
	phc, err := i.hashPassword(ctx, n.Password)
	if err != nil {
		return "", err
	}
	err = i.judgeCurrent(ctx, who.Account.Realm, cookie, func(w change.Writer, now Who) (*errs.Error, error) {
		if err := i.proved(now); err != nil {
			return nil, err
		}
		refused, err := i.checkPassword(w, now.Account, ok && now.Account.PasswordHash == who.Account.PasswordHash)
		if err != nil || refused != nil {
			return wrongOld(refused), err
		}
		next, err = i.setPassword(w, now, phc, c)
		return nil, err
	})
	return next, err
}

// wrongOld is a refusal as a fault of the form.
func wrongOld(refused *errs.Error) *errs.Error {
	if refused == nil {
		return nil
	}
	var f errs.Fields
	f.Check(false, "old", "account.password_old", "This is not your password, or the account is locked.")
	return errs.Of(f.Invalid())
}

func (i *Identity) setPassword(w change.Writer, who Who, phc string, c Client) (string, error) {
	a := who.Account
	a.PasswordHash, a.PasswordAt, a.UpdatedAt = phc, w.At(), w.At()
	if err := w.SaveAccount(a); err != nil {
		return "", err
	}
	if err := told(w, "account.password_set", a, map[string]string{"login": a.Login}); err != nil {
		return "", err
	}
	if err := i.endOthers(w, who, "password_changed"); err != nil {
		return "", err
	}
	return i.renew(w, who, "password", c)
}
