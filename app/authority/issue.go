package authority

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/app/directory"
	"postern/app/errs"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/seal"
	"postern/app/token"
	"postern/models"
)

// defaultATLifetime is how long an AT may wait to be spent, seconds (protocol section 3).
const defaultATLifetime = 120

// maxSubject is the longest user id of a partner, characters.
const maxSubject = 128

// Caller is the application that asks, as client authentication found it.
type Caller struct {
	Application      *directory.Application
	CredentialID     string // by which it proved to be the application
	AssertionJTI     string // spent together with what is issued; empty for other methods
	AssertionExpires time.Time
	AddressNote      string
}

// TokenRequest is what a partner's back end asks for (protocol section 3).
type TokenRequest struct {
	Resource  string
	Scope     string // empty: all that is granted for the service
	Subject   string
	ReturnTo  string
	RequestID string
}

// Issued is an AT on its way to the partner's back end.
type Issued struct {
	AccessToken string // compact JWE to the application's key
	ExpiresIn   int64  // seconds
	Scope       string
	H5URL       string
}

// The errors of step B beyond client authentication (RFC 6749 section 5.2, RFC 8707 section 2).
func invalidRequest(message, reason string) error {
	return errs.New(errs.Invalid, "invalid_request", message).Because(reason)
}

func invalidTarget(reason string) error {
	return errs.New(errs.Invalid, "invalid_target", "The resource is not a service that this application may open.").Because(reason)
}

func unauthorizedClient(message, reason string) error {
	return errs.New(errs.Invalid, "unauthorized_client", message).Because(reason)
}

// IssueAT issues an AT: signed, sealed to the application's newest encryption
// key, and on record before it is returned. Refusals are RFC 6749 section 5.2
// errors, errs.RateLimited, or errs.Unavailable when nothing could be written or the
// service is closed: the AT would have ended before it opens.
func (a *Authority) IssueAT(ctx context.Context, c Caller, r TokenRequest) (Issued, error) {
	app, now := c.Application, a.Now()
	if app.Suite == string(seal.GM) {
		return Issued{}, unauthorizedClient("The GM suite is not available on this gateway yet.", "suite_not_built")
	}
	if err := a.take("at", app, app.ATRate, a.Rates.AT); err != nil {
		return Issued{}, err
	}
	svc, err := a.target(ctx, app, r.Resource)
	if err != nil {
		return Issued{}, err
	}
	scope, err := a.scopeFor(app, svc, r.Scope, now)
	if err != nil {
		return Issued{}, err
	}
	if err := checkAsked(app, r); err != nil {
		return Issued{}, err
	}
	recipient := app.EncryptionKey(c.CredentialID, now.UnixMilli())
	if recipient == nil {
		return Issued{}, unauthorizedClient("The application has no live encryption key.", "no_encryption_key")
	}
	// Last: whoever tries at night learns of his own mistakes first.
	if err := a.checkOpen(svc); err != nil {
		return Issued{}, err
	}
	return a.mint(ctx, c, r, minting{svc: svc, scope: scope, recipient: recipient.Recipient, now: now})
}

// target finds the service asked for. Unknown, inactive and frozen look alike.
func (a *Authority) target(ctx context.Context, app *directory.Application, resource string) (*directory.Service, error) {
	if resource == "" {
		return nil, invalidRequest("resource is missing.", "no_resource")
	}
	svc, err := a.Directory.Service(ctx, resource)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		return nil, invalidTarget("unknown_service")
	case err != nil:
		return nil, err
	case svc.Status != models.Active:
		return nil, invalidTarget("service_not_active")
	case a.Feed.Frozen("service", svc.ID, models.FreezeAT):
		return nil, invalidTarget("service_frozen")
	case svc.Class != "A1" && app.AuthMethod == models.ClientSecretBasic:
		return nil, unauthorizedClient("Services of class A2 need private_key_jwt.", "secret_for_a2")
	}
	return svc, nil
}

// scopeFor returns the scopes of the AT, in the order asked for or sorted. A
// scope that is not granted, frozen or not the service's refuses the whole.
func (a *Authority) scopeFor(app *directory.Application, svc *directory.Service, asked string, now time.Time) (string, error) {
	access, err := a.Directory.Access(app, svc, now)
	if err != nil {
		return "", errUnavailable.Because("policy").Wrap(err)
	}
	granted := a.Feed.Thawed(access.Scopes(), models.FreezeAT)
	if asked == "" {
		if len(granted) == 0 {
			return "", errInvalidScope.Because("nothing_granted")
		}
		all := strings.Join(granted, " ")
		if len(all) > maxScope {
			return "", errTooManyScopes
		}
		return all, nil
	}
	if len(asked) > maxScope {
		return "", errTooManyScopes
	}
	list := strings.Split(asked, " ")
	for i, s := range list {
		if !slices.Contains(granted, s) || slices.Contains(list[:i], s) {
			return "", errInvalidScope.Because("not_granted")
		}
	}
	return asked, nil
}

// maxScope is the longest scope of an AT, octets: with the longest subject and
// customer beside it the VT still fits its 4,096 characters.
const maxScope = 2000

var errTooManyScopes = errs.New(errs.Invalid, "invalid_scope", "The scopes are longer than 2,000 characters together; ask for fewer.").Because("too_many_scopes")

var errInvalidScope = errs.New(errs.Invalid, "invalid_scope", "A scope was asked for that is not granted for this service.")

// checkAsked holds subject and return_to against protocol section 3.
func checkAsked(app *directory.Application, r TokenRequest) error {
	if len(r.Subject) > maxSubject {
		return invalidRequest("subject is longer than 128 characters.", "subject")
	}
	for i := range len(r.Subject) {
		if r.Subject[i] < 0x20 || r.Subject[i] > 0x7E {
			return invalidRequest("subject has a character outside 0x20 to 0x7E.", "subject")
		}
	}
	if r.ReturnTo != "" && !app.ReturnAddresses[r.ReturnTo] {
		return invalidRequest("return_to is not one of the addresses registered for the application.", "return_to")
	}
	return nil
}

// minting is what IssueAT found out for mint.
type minting struct {
	svc       *directory.Service
	scope     string
	recipient *seal.Recipient
	ak        keyring.AK // that the AT will carry
	now       time.Time
}

// mint signs and seals the AT in memory, then commits its row, and only then
// hands it out.
func (a *Authority) mint(ctx context.Context, c Caller, r TokenRequest, m minting) (Issued, error) {
	app := c.Application
	ak, err := a.Ring.NewestAK(seal.Suite(app.Suite), app.Environment)
	if err != nil {
		return Issued{}, err
	}
	m.ak = ak
	claims, err := a.claims(app, r, m)
	if err != nil {
		return Issued{}, err
	}
	signer, err := a.Ring.Signer(seal.Suite(app.Suite), app.Environment)
	if err != nil {
		return Issued{}, err
	}
	at, err := claims.Sign(signer, a.Rand)
	if err != nil {
		return Issued{}, fmt.Errorf("sign access token: %w", err)
	}
	sealed, err := m.recipient.Seal(seal.SealHeader{Typ: "at+jwe", Cty: token.TypeAccess, Suite: seal.Suite(app.Suite)}, nil, at, a.Rand)
	if err != nil {
		return Issued{}, fmt.Errorf("seal access token: %w", err)
	}
	row, err := a.atRow(app, r, claims, string(at))
	if err != nil {
		return Issued{}, err
	}
	row.AKKID = m.ak.KID
	if err := a.Ledger.Issue(ctx, ledger.Issue{
		AssertionJTI: c.AssertionJTI, AssertionExpires: c.AssertionExpires,
		Row: row, Event: issuedEvent(c, r, row, a.Now().Sub(m.now)), DailyQuota: app.DailyQuota,
	}); err != nil {
		return Issued{}, err
	}
	return Issued{AccessToken: string(sealed), ExpiresIn: claims.ExpiresAt - claims.IssuedAt, Scope: m.scope, H5URL: m.svc.H5URL}, nil
}

func (a *Authority) claims(app *directory.Application, r TokenRequest, m minting) (token.Access, error) {
	jti, err := a.newID()
	if err != nil {
		return token.Access{}, err
	}
	life := app.ATLifetime
	if life == 0 {
		life = defaultATLifetime
	}
	subject := r.Subject
	if subject == "" {
		subject = app.ID
	}
	return token.Access{
		Issuer: a.Issuer, Audience: m.svc.ID, Subject: subject, ClientID: app.ID, Scope: m.scope, JTI: jti,
		IssuedAt: m.now.Unix(), ExpiresAt: m.now.Unix() + life,
		Environment: string(app.Environment), ReturnTo: r.ReturnTo, AK: m.ak.JWK,
	}, nil
}

func (a *Authority) atRow(app *directory.Application, r TokenRequest, c token.Access, at string) (models.ATRow, error) {
	subjects := a.Ring.Subjects()
	sealed, err := subjects.Seal(app.ID, r.Subject, a.Rand)
	if err != nil {
		return models.ATRow{}, err
	}
	return models.ATRow{
		ATHash: hashAT(at), JTI: c.JTI, PartnerID: app.PartnerID, ApplicationID: app.ID, ServiceID: c.Audience,
		Environment: app.Environment, Suite: app.Suite, Scope: c.Scope,
		SubjectSealed: sealed, SubjectMAC: subjects.MAC(app.ID, r.Subject),
		ReturnTo: c.ReturnTo, IssuedAt: c.IssuedAt * 1000, ExpiresAt: c.ExpiresAt * 1000,
	}, nil
}

func issuedEvent(c Caller, r TokenRequest, row models.ATRow, took time.Duration) ledger.Event {
	detail := map[string]string{"jti": row.JTI, "scope": row.Scope, "ak": row.AKKID}
	note(detail, "credential", c.CredentialID)
	note(detail, "address", c.AddressNote)
	note(detail, detailTook, micros(took))
	return ledger.Event{
		Kind: "at.issued", Outcome: "ok", RequestID: r.RequestID, PartnerID: row.PartnerID,
		ApplicationID: row.ApplicationID, ServiceID: row.ServiceID, Detail: detail,
	}
}
