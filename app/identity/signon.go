package identity

import (
	"cmp"
	"context"
	"crypto/subtle"

	"postern/app/change"
	"postern/app/errs"
	"postern/models"
)

// Refusals of the bank's sign-on.
var (
	ErrNoSignOn = errs.New(errs.NotFound, "no_sign_on", "There is no sign-on here.")
	ErrUnlinked = errs.New(errs.Unauthenticated, "sign_on_unlinked", "This sign-on is linked to nobody's account.")
	ErrLinked   = errs.New(errs.Conflict, "sign_on_linked", "This sign-on is linked to an account already.")
)

// Trip is what a browser takes along to the sign-on and back (OpenID Connect Core
// section 3.1.2, RFC 7636): random, and only its own.
type Trip struct{ State, Nonce, Verifier string }

// Proof is what the sign-on has proved. Who somebody is, are issuer and subject
// together; an e-mail address is nobody (ASVS 10.5.2).
type Proof struct {
	Issuer, Subject string
	TwoFactors      bool // it has seen two factors, and that is enough here
}

func (p Proof) external() string { return p.Issuer + " " + p.Subject }

// SignOn is the bank's own sign-on; signon.Provider is.
type SignOn interface {
	Leave(ctx context.Context, t Trip) (address string, err error)
	Redeem(ctx context.Context, t Trip, code, issuer string) (Proof, error)
}

// away is a browser that was sent to the sign-on.
type away struct {
	Trip    Trip   `json:"trip"`
	Next    string `json:"next,omitempty"`    // where to go afterwards
	Session string `json:"session,omitempty"` // id of whose account is to be linked; empty: to sign in
}

// Departure is where a browser goes, and the cookie without which it cannot come
// back.
type Departure struct{ Address, Cookie string }

// LeaveToSignIn sends a browser to the sign-on, and then to next.
func (i *Identity) LeaveToSignIn(ctx context.Context, next string) (d Departure, err error) {
	trip, address, err := i.leave(ctx)
	if err != nil {
		return d, err
	}
	err = i.write(ctx, "", func(w change.Writer) (err error) {
		d.Address = address
		d.Cookie, err = i.ask(w, askSignOn, models.Account{}, away{Trip: trip, Next: next})
		return err
	})
	return d, err
}

// LeaveToLink sends the browser of who is in, and has lately proved it, to the
// sign-on that is to be linked.
func (i *Identity) LeaveToLink(ctx context.Context, realm models.Realm, cookie string) (d Departure, err error) {
	trip, address, err := i.leave(ctx)
	if err != nil {
		return d, err
	}
	err = i.asProved(ctx, realm, cookie, func(w change.Writer, who Who) (err error) {
		d.Address = address
		d.Cookie, err = i.ask(w, askSignOn, who.Account, away{Trip: trip, Session: who.Session.ID})
		return err
	})
	return d, err
}

// leave asks the sign-on for its address before anything is written: that may
// take seconds.
func (i *Identity) leave(ctx context.Context) (t Trip, address string, err error) {
	if i.o.SignOn == nil {
		return t, "", ErrNoSignOn
	}
	for _, part := range []*string{&t.State, &t.Nonce, &t.Verifier} {
		if *part, err = i.token(32); err != nil {
			return t, "", err
		}
	}
	address, err = i.o.SignOn.Leave(ctx, t)
	return t, address, err
}

// Return is what a browser came back with.
type Return struct {
	Cookie              string // of its departure
	State, Code, Issuer string // Code is empty where the sign-on let nobody in
}

// Arrival is what came of it: a session's cookie, or a link.
type Arrival struct {
	Cookie string
	Full   bool // else the second factor is to come
	Linked bool
	Next   string
}

// Arrive takes in a browser that comes back from the sign-on, whose session it
// may have. Accounts are never made, and linked only to who asked for it.
func (i *Identity) Arrive(ctx context.Context, realm models.Realm, session string, back Return, c Client) (Arrival, error) {
	if i.o.SignOn == nil {
		return Arrival{}, ErrNoSignOn
	}
	var from away
	err := i.judge(ctx, "", func(w change.Writer) (refused *errs.Error, err error) {
		from, refused, err = take[away](w, askSignOn, back.Cookie)
		return refused, err
	})
	if err != nil {
		return Arrival{}, err
	}
	if subtle.ConstantTimeCompare([]byte(from.Trip.State), []byte(back.State)) != 1 || back.Code == "" {
		return Arrival{}, ErrChallenge
	}
	proof, err := i.o.SignOn.Redeem(ctx, from.Trip, back.Code, back.Issuer)
	if err != nil {
		return Arrival{}, err
	}
	if from.Session != "" {
		return Arrival{Linked: true}, i.linkTo(ctx, realm, session, from, proof)
	}
	return i.arrived(ctx, realm, from, proof, c)
}

// arrived lets in whose account is linked: wholly, or up to the second factor.
func (i *Identity) arrived(ctx context.Context, realm models.Realm, from away, proof Proof, c Client) (a Arrival, err error) {
	err = i.write(ctx, "", func(w change.Writer) error {
		f, found, err := w.Accounts().FactorByExternal(models.OIDCFactor, proof.external())
		if err != nil || !found {
			return cmp.Or[error](err, ErrUnlinked)
		}
		account, found, err := w.Accounts().Account(f.AccountID)
		if err != nil || !found || account.Realm != realm || account.Status != models.AccountActive {
			return cmp.Or[error](err, ErrUnlinked)
		}
		w.Actor, f.UsedAt = account.ID, w.At()
		if err := w.SaveFactor(f); err != nil {
			return err
		}
		a = Arrival{Full: proof.TwoFactors, Next: from.Next}
		if proof.TwoFactors {
			a.Cookie, err = i.letIn(w, account, "sign-on", c)
		} else {
			a.Cookie, err = i.begin(w, account, models.StageSecond, secondLife, c)
		}
		return err
	})
	return a, err
}

// linkTo links what was proved to the account of the very session that asked.
func (i *Identity) linkTo(ctx context.Context, realm models.Realm, session string, from away, proof Proof) error {
	return i.asCurrent(ctx, realm, session, func(w change.Writer, who Who) error {
		if who.Session.ID != from.Session || who.Session.Stage != models.StageFull {
			return ErrChallenge
		}
		if _, taken, err := w.Accounts().FactorByExternal(models.OIDCFactor, proof.external()); err != nil || taken {
			return cmp.Or[error](err, ErrLinked)
		}
		id, err := i.id("fac_")
		if err != nil {
			return err
		}
		return i.addFactor(w, who, models.Factor{
			ID: id, AccountID: who.Account.ID, Kind: models.OIDCFactor, External: proof.external(), Confirmed: true, CreatedAt: w.At(),
		})
	})
}
