package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Times that nobody need change.
const (
	SetupLinkLife  = 30 * time.Minute // of a set-up link, and of what it opens
	InvitationLife = 72 * time.Hour   // of a partner's user's link
	secondLife     = 5 * time.Minute  // between password and second factor
	lockAfter      = 5                // wrong passwords and codes, together
	lockFor        = 15 * time.Minute
	seenEvery      = time.Minute     // how often a session's last use is written
	verifiedFor    = 5 * time.Minute // how long a proof to be there counts
)

// Refusals. Whoever is not in learns one thing only: that it did not work.
var (
	ErrCredentials = errs.New(errs.Unauthenticated, "credentials", "Login, password or code is wrong, or the account is locked.")
	ErrSignedOut   = errs.New(errs.Unauthenticated, "signed_out", "Nobody is signed in here, or the session has ended.")
	ErrLink        = errs.New(errs.NotFound, "setup_link", "This link was used, is over, or never was one.")
	ErrVerify      = errs.New(errs.Forbidden, "verify", "Prove first that it is you.")
	ErrNotYet      = errs.New(errs.Forbidden, "setup_incomplete", "Both administrators must have signed in before anything else works.")
	ErrNoAccount   = errs.New(errs.NotFound, "no_account", "There is no such account.")
	ErrNoMember    = errs.New(errs.NotFound, "no_member", "There is no such member of the team.")
	ErrStage       = errs.New(errs.Conflict, "stage", "Another step of signing in comes first.")
)

// Sealer seals what must be read again, under a label; keyring.Subjects does.
type Sealer interface {
	Seal(label, plain string, rand io.Reader) (string, error)
	Open(label, sealed string) (string, error)
}

// Options are what an Identity works with.
type Options struct {
	Store   *store.Store
	Sealer  func() Sealer
	Name    string        // of this house in an authenticator: the bank's
	Address string        // of the console, scheme and host: passkeys belong to it
	SignOn  SignOn        // the bank's own; nil where there is none
	Idle    time.Duration // after which an unused session ends
	Session time.Duration // after which any session ends
	Now     func() time.Time
	Rand    io.Reader
}

// Identity knows accounts and sessions. It may be used by any number of goroutines.
type Identity struct {
	o        Options
	hashing  chan struct{}      // bounds argon2id's memory
	hashed   atomic.Int64       // how often it ran
	passkeys *webauthn.WebAuthn // nil where there can be none
}

// New returns an Identity over o's store.
func New(o Options) *Identity {
	return &Identity{o: o, hashing: make(chan struct{}, maxHashing), passkeys: relyingParty(o)}
}

// Client is the browser on the other side.
type Client struct {
	Address string
	Agent   string // as it calls itself
}

// Who is somebody who is at least part of the way in.
type Who struct {
	Account models.Account
	Session models.Session
	Roles   []models.StaffRole // of the staff
	Member  models.Member      // of a partner's users
	Partner models.Partner     // theirs
}

// Fold brings a login into the one form in which it is kept: NFKC, case folded,
// without spaces around it.
func Fold(login string) string {
	return strings.TrimSpace(cases.Fold().String(norm.NFKC.String(login)))
}

// hash is how random tokens are kept: base64url SHA-256.
func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// token makes n random octets, base64url.
func (i *Identity) token(n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(i.o.Rand, b); err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// id makes a name for a row.
func (i *Identity) id(prefix string) (string, error) {
	t, err := i.token(12)
	return prefix + t, err
}

// write runs f in one transaction; what it records stands under actor's name.
func (i *Identity) write(ctx context.Context, actor string, f func(change.Writer) error) error {
	return i.o.Store.Write(ctx, func(tx *store.Tx) error {
		return f(change.NewWriter(ctx, tx, actor, i.o.Now(), i.o.Rand))
	})
}

// told is an event about an account; that of a partner's user is the partner's, too.
func told(w change.Writer, kind string, a models.Account, detail map[string]string) error {
	if detail == nil {
		detail = map[string]string{}
	}
	detail["account"] = a.ID
	e := ledger.Event{Kind: kind, Alarm: alarming[kind]}
	if a.Realm == models.PortalRealm {
		m, _, err := w.Accounts().Member(a.ID)
		if err != nil {
			return err
		}
		e.PartnerID = m.PartnerID
	}
	return w.Event(e, detail)
}

// alarming are the events that somebody should look at.
var alarming = map[string]bool{
	"account.locked": true, "account.reset": true, "account.recovered": true, "factor.recovery_used": true, "passkey.counter_dropped": true,
}
