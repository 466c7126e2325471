package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// challengeSize is a challenge's, octets; WebAuthn section 13.4.3 wants 16 at least.
const challengeSize = 32

// Refusals of what has to do with passkeys.
var (
	ErrNoPasskeys = errs.New(errs.NotFound, "no_passkeys", "There are no passkeys here.")
	ErrPasskey    = errs.New(errs.Invalid, "passkey", "The passkey was not taken: its answer does not fit what was asked.")
)

// relyingParty is the console for its staff's passkeys: they belong to its host
// and are used at its origin only. Nil where the host is an address, to which no
// passkey can belong (WebAuthn section 5.1.2: a valid domain string).
func relyingParty(o Options) *webauthn.WebAuthn {
	u, err := url.Parse(o.Address)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil
	}
	needed := true
	w, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: o.Name, RPOrigins: []string{o.Address},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: &needed, ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil
	}
	return w
}

// Passkeys reports whether passkeys can be used with this console's address.
func (i *Identity) Passkeys() bool { return i.passkeys != nil }

// Ceremony is what a browser is asked for.
type Ceremony struct {
	Options []byte // JSON for navigator.credentials: {"publicKey": ...} (WebAuthn sections 5.4 and 5.5), octets in base64url
	Cookie  string // without it nobody can answer
}

// asked is what waits for an answer.
type asked struct {
	Session  string               `json:"session,omitempty"` // id of the one in which it was asked; empty: nobody was in
	Ceremony webauthn.SessionData `json:"ceremony"`
}

// holder is an account as WebAuthn knows it: by its id, which is random.
type holder struct {
	account models.Account
	keys    []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return []byte(h.account.ID) }
func (h holder) WebAuthnName() string                       { return h.account.Login }
func (h holder) WebAuthnDisplayName() string                { return h.account.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func (i *Identity) holder(r store.Accounts, a models.Account) (holder, error) {
	h := holder{account: a}
	factors, err := r.Factors(a.ID)
	if err != nil {
		return h, err
	}
	for _, f := range factors {
		if f.Kind != models.PasskeyFactor || !f.Confirmed {
			continue
		}
		var key webauthn.Credential
		if err := json.Unmarshal([]byte(f.Public), &key); err != nil {
			return h, fmt.Errorf("read passkey %s: %w", f.ID, err)
		}
		h.keys = append(h.keys, key)
	}
	return h, nil
}

// AskPasskey asks for a passkey before anybody has said who they are.
func (i *Identity) AskPasskey(ctx context.Context) (c Ceremony, err error) {
	if i.passkeys == nil {
		return c, ErrNoPasskeys
	}
	fresh, err := i.bytes(challengeSize)
	if err != nil {
		return c, err
	}
	options, session, err := i.passkeys.BeginDiscoverableLogin(ofChallenge(fresh))
	if err != nil {
		return c, fmt.Errorf("ask for passkey: %w", err)
	}
	err = i.write(ctx, "", func(w change.Writer) (err error) {
		c, err = i.ceremony(w, askAnybody, models.Account{}, options, asked{Ceremony: *session})
		return err
	})
	return c, err
}

func ofChallenge(fresh []byte) webauthn.LoginOption {
	return func(o *protocol.PublicKeyCredentialRequestOptions) error {
		o.Challenge = fresh
		return nil
	}
}

func (i *Identity) ceremony(w change.Writer, kind string, of models.Account, options any, q asked) (Ceremony, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, fmt.Errorf("write passkey options: %w", err)
	}
	cookie, err := i.ask(w, kind, of, q)
	return Ceremony{Options: text, Cookie: cookie}, err
}

// AskOwnPasskey asks for one of the passkeys of a session's owner: as second
// factor, or as a proof to be there. ErrNoPasskeys if there is none.
func (i *Identity) AskOwnPasskey(ctx context.Context, realm models.Realm, cookie string) (c Ceremony, err error) {
	if i.passkeys == nil {
		return c, ErrNoPasskeys
	}
	fresh, err := i.bytes(challengeSize)
	if err != nil {
		return c, err
	}
	err = i.asCurrent(ctx, realm, cookie, func(w change.Writer, who Who) error {
		if who.Session.Stage == models.StageEnrol {
			return ErrStage
		}
		h, err := i.holder(w.Accounts(), who.Account)
		if err != nil {
			return err
		}
		if len(h.keys) == 0 {
			return ErrNoPasskeys
		}
		options, session, err := i.passkeys.BeginLogin(h, ofChallenge(fresh))
		if err != nil {
			return fmt.Errorf("ask for passkey: %w", err)
		}
		c, err = i.ceremony(w, askOwn, who.Account, options, asked{Session: who.Session.ID, Ceremony: *session})
		return err
	})
	return c, err
}

// Answer is what a browser's passkey said, with the cookie of what was asked.
type Answer struct {
	Cookie string
	Text   []byte // JSON of a PublicKeyCredential (WebAuthn section 5.1)
}

// SignInPasskey lets somebody in by a passkey alone: it is held, and its owner was
// verified by it. A locked account is no hindrance, as nothing is guessed.
func (i *Identity) SignInPasskey(ctx context.Context, realm models.Realm, given Answer, c Client) (cookie string, err error) {
	if i.passkeys == nil {
		return "", ErrNoPasskeys
	}
	err = i.judge(ctx, "", func(w change.Writer) (*errs.Error, error) {
		q, refused, err := take[asked](w, askAnybody, given.Cookie)
		if err != nil || refused != nil {
			return ErrCredentials.Because("challenge"), err
		}
		a, refused, err := i.heard(w, realm, q, given.Text)
		if err != nil || refused != nil {
			return refused, err
		}
		w.Actor = a.ID
		cookie, err = i.letIn(w, a, "passkey", c)
		return nil, err
	})
	return cookie, err
}

// SecondPasskey takes a passkey for the second factor, and returns the cookie of a
// full session in the place of the first.
func (i *Identity) SecondPasskey(ctx context.Context, realm models.Realm, cookie string, given Answer, c Client) (string, error) {
	return i.ownPasskey(ctx, realm, cookie, given, models.StageSecond, func(w change.Writer, who Who) (string, error) {
		return i.enter(w, who, "password, passkey", c)
	})
}

// VerifyPasskey is Verify by a passkey.
func (i *Identity) VerifyPasskey(ctx context.Context, realm models.Realm, cookie string, given Answer, c Client) (string, error) {
	return i.ownPasskey(ctx, realm, cookie, given, models.StageFull, func(w change.Writer, who Who) (string, error) {
		return i.renew(w, who, "passkey", c)
	})
}

func (i *Identity) ownPasskey(
	ctx context.Context, realm models.Realm, cookie string, given Answer, stage models.Stage, then func(change.Writer, Who) (string, error),
) (next string, err error) {
	if i.passkeys == nil {
		return "", ErrNoPasskeys
	}
	err = i.judgeCurrent(ctx, realm, cookie, func(w change.Writer, who Who) (*errs.Error, error) {
		if who.Session.Stage != stage {
			return nil, ErrStage
		}
		q, refused, err := take[asked](w, askOwn, given.Cookie)
		if err != nil || refused != nil || q.Session != who.Session.ID {
			return ErrCredentials.Because("challenge"), err
		}
		a, refused, err := i.heard(w, realm, q, given.Text)
		if err != nil || refused != nil {
			return refused, err
		}
		if a.ID != who.Account.ID {
			return ErrCredentials.Because("passkey_of_another"), nil
		}
		next, err = then(w, who)
		return nil, err
	})
	return next, err
}

// heard checks a passkey's answer (WebAuthn section 7.2) and returns whose it is,
// in an account that may get in.
func (i *Identity) heard(w change.Writer, realm models.Realm, q asked, text []byte) (models.Account, *errs.Error, error) {
	answer, err := protocol.ParseCredentialRequestResponseBytes(text)
	if err != nil {
		return models.Account{}, ErrCredentials.Because("answer"), nil
	}
	f, a, found, err := i.owner(w, answer.RawID)
	if err != nil {
		return a, nil, err
	}
	if !found || a.Realm != realm || a.Status != models.AccountActive {
		return a, ErrCredentials.Because("unknown_passkey"), nil
	}
	h, err := i.holder(w.Accounts(), a)
	if err != nil {
		return a, nil, err
	}
	key, err := i.validate(q, h, answer)
	if err != nil {
		return a, ErrCredentials.Because("passkey"), told(w, "session.refused", a, map[string]string{"what": "passkey"})
	}
	if key.Authenticator.CloneWarning {
		// Somebody may have a copy of it (WebAuthn section 6.1.1).
		return a, ErrCredentials.Because("counter"), told(w, "passkey.counter_dropped", a, map[string]string{"factor": f.ID, "name": f.Name})
	}
	public, err := json.Marshal(key)
	if err != nil {
		return a, nil, fmt.Errorf("write passkey: %w", err)
	}
	f.Public, f.UsedAt = string(public), w.At()
	return a, nil, w.SaveFactor(f)
}

// owner finds a passkey by its id; another transaction that uses it waits.
func (i *Identity) owner(w change.Writer, id []byte) (f models.Factor, a models.Account, found bool, err error) {
	f, found, err = w.Accounts().FactorByExternal(models.PasskeyFactor, external(id))
	if err != nil || !found || !f.Confirmed {
		return f, a, false, err
	}
	a, found, err = w.Accounts().Account(f.AccountID)
	return f, a, found, err
}

func external(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

var errOrigin = errors.New("answer comes from another origin")

func (i *Identity) validate(q asked, h holder, answer *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
	// The library folds case; ours is the address to the letter.
	if answer.Response.CollectedClientData.Origin != i.o.Address {
		return nil, errOrigin
	}
	if len(q.Ceremony.UserID) > 0 {
		return i.passkeys.ValidateLogin(h, q.Ceremony, answer)
	}
	_, key, err := i.passkeys.ValidatePasskeyLogin(func([]byte, []byte) (webauthn.User, error) { return h, nil }, q.Ceremony, answer)
	return key, err
}

// OfferPasskey asks a browser to make a passkey for a session's owner, who has
// lately proved to be there or sets up an account.
func (i *Identity) OfferPasskey(ctx context.Context, realm models.Realm, cookie string) (c Ceremony, err error) {
	if i.passkeys == nil {
		return c, ErrNoPasskeys
	}
	fresh, err := i.bytes(challengeSize)
	if err != nil {
		return c, err
	}
	err = i.asCurrent(ctx, realm, cookie, func(w change.Writer, who Who) error {
		a, err := i.mayAdd(w, who)
		if err != nil {
			return err
		}
		h, err := i.holder(w.Accounts(), a)
		if err != nil {
			return err
		}
		options, session, err := i.passkeys.BeginRegistration(h, func(o *protocol.PublicKeyCredentialCreationOptions) error {
			o.Challenge = fresh
			// Whoever sets up anew may take the same device again.
			if who.Session.Stage == models.StageFull {
				o.CredentialExcludeList = webauthn.Credentials(h.keys).CredentialDescriptors()
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("offer passkey: %w", err)
		}
		c, err = i.ceremony(w, askNew, a, options, asked{Session: who.Session.ID, Ceremony: *session})
		return err
	})
	return c, err
}

// AddPasskey adds the passkey that a browser has made to the account of who is in.
// Faults come back by field: "name". ErrPasskey if the answer does not fit.
func (i *Identity) AddPasskey(ctx context.Context, realm models.Realm, cookie, name string, given Answer) error {
	if err := checkFactorName(name); err != nil {
		return err
	}
	return i.judgeCurrent(ctx, realm, cookie, func(w change.Writer, who Who) (*errs.Error, error) {
		if err := i.proved(who); err != nil {
			return nil, err
		}
		f, refused, err := i.made(w, who, name, given)
		if err != nil || refused != nil {
			return refused, err
		}
		return nil, i.addFactor(w, who, f)
	})
}

// EnrolPasskey is ConfirmTOTP with a passkey in the place of an authenticator.
func (i *Identity) EnrolPasskey(ctx context.Context, realm models.Realm, cookie, name string, given Answer, c Client) (next string, recovery []string, err error) {
	if err := checkFactorName(name); err != nil {
		return "", nil, err
	}
	err = i.judgeCurrent(ctx, realm, cookie, func(w change.Writer, who Who) (*errs.Error, error) {
		e, err := i.enrolling(w, who)
		if err != nil {
			return nil, err
		}
		f, refused, err := i.made(w, who, name, given)
		if err != nil || refused != nil {
			return refused, err
		}
		next, recovery, err = i.activate(w, who, e, f, c)
		return nil, err
	})
	return next, recovery, err
}

// made checks a new passkey (WebAuthn section 7.1); no attestation is asked for.
func (i *Identity) made(w change.Writer, who Who, name string, given Answer) (models.Factor, *errs.Error, error) {
	if i.passkeys == nil {
		return models.Factor{}, nil, ErrNoPasskeys
	}
	q, refused, err := take[asked](w, askNew, given.Cookie)
	if err != nil || refused != nil || q.Session != who.Session.ID {
		return models.Factor{}, ErrChallenge, err
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes(given.Text)
	if err != nil || answer.Response.CollectedClientData.Origin != i.o.Address {
		return models.Factor{}, ErrPasskey.Because("answer"), nil
	}
	key, err := i.passkeys.CreateCredential(holder{account: who.Account}, q.Ceremony, answer)
	if err != nil {
		return models.Factor{}, ErrPasskey.Because("answer"), nil
	}
	if _, taken, err := w.Accounts().FactorByExternal(models.PasskeyFactor, external(key.ID)); err != nil || taken {
		return models.Factor{}, ErrPasskey.Because("taken"), err
	}
	key.Attestation = webauthn.CredentialAttestation{} // nobody looks at it
	public, err := json.Marshal(key)
	if err != nil {
		return models.Factor{}, nil, fmt.Errorf("write passkey: %w", err)
	}
	id, err := i.id("fac_")
	return models.Factor{
		ID: id, AccountID: who.Account.ID, Kind: models.PasskeyFactor, Name: name, External: external(key.ID), Public: string(public),
		Confirmed: true, CreatedAt: w.At(),
	}, nil, err
}
