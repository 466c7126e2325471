package clients

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"postern/app/directory"
	"postern/app/errs"
	"postern/app/seal"
	"postern/models"
)

// AssertionType is the only client_assertion_type (RFC 7523 section 2.2).
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// ErrInvalidClient is the one answer to whoever did not prove to be a client.
var ErrInvalidClient = errs.New(errs.Unauthenticated, "invalid_client", "Client authentication failed.")

// errNoTLSAuth answers whoever shows nothing but a client_id, as a client does
// that authenticates by its certificate (RFC 8705 section 2). It says nothing
// about any client: everybody gets it.
var errNoTLSAuth = errs.New(errs.Unauthenticated, ErrInvalidClient.Code, "tls_client_auth is not available on this gateway yet.").Because("method_not_built")

// Directory finds applications by their client_id, and the keys of a partner's
// applications in an environment.
type Directory interface {
	Application(ctx context.Context, clientID string) (*directory.Application, error)
	SignatureKeys(ctx context.Context, partner string, e models.Environment) ([]*seal.PublicKey, error)
}

// Feed knows what staff stopped at once, and when the database was last
// restored (Unix ms; 0 when never).
type Feed interface {
	Frozen(kind models.FreezeTarget, id string, what models.FreezeScope) bool
	RestoredAt() int64
}

// Request is what a call to a token endpoint shows of its caller.
type Request struct {
	Authorization string     // the header as it came; empty when there was none
	Form          url.Values // each name at most once
	Address       netip.Addr // the peer, or what a trusted proxy says it is
}

// Client is a caller who proved to be an application.
type Client struct {
	Application      *directory.Application
	CredentialID     string    // by which it did
	AssertionJTI     string    // empty unless the method was private_key_jwt
	AssertionExpires time.Time // until when the jti must be remembered
	AddressNote      string    // "outside the list" when the list is in dry run
}

// Authenticator checks callers; safe for concurrent use.
type Authenticator struct {
	directory Directory
	feed      Feed
	issuer    string
	now       func() time.Time
	decoys    map[string]*seal.PublicKey // by algorithm
}

// New returns an authenticator for a gateway whose issuer identifier is issuer.
func New(d Directory, f Feed, issuer string, now func() time.Time) (*Authenticator, error) {
	decoys, err := readDecoys()
	if err != nil {
		return nil, err
	}
	return &Authenticator{directory: d, feed: f, issuer: issuer, now: now, decoys: decoys}, nil
}

// Authenticate returns the calling application. It fails with ErrInvalidClient
// (its Reason says which rule) or errs.Unavailable when the directory can't be
// read. An application that failed only after it was found is in the error's
// company: the returned Client carries it for the ledger.
func (a *Authenticator) Authenticate(ctx context.Context, r Request) (Client, error) {
	p, err := present(r)
	if err != nil {
		return Client{}, err
	}
	app, err := a.directory.Application(ctx, p.clientID)
	if errs.KindOf(err) == errs.NotFound {
		a.pretendTwice(p)
		return Client{}, ErrInvalidClient.Because("unknown_client")
	}
	if err != nil {
		return Client{}, err
	}
	c := Client{Application: app}
	if app.AuthMethod != p.method {
		a.pretendTwice(p)
		return c, ErrInvalidClient.Because("wrong_method")
	}
	if err := a.prove(ctx, &c, p); err != nil {
		return c, err
	}
	if err := a.admit(&c, r.Address); err != nil {
		return c, err
	}
	return c, a.weather(c)
}

// weather refuses as if the clock of the caller's server were 70 s ahead, where its partner
// wants to see that. Whoever comes with a secret says nothing of a time.
func (a *Authenticator) weather(c Client) error {
	if c.AssertionJTI != "" && c.Application.Weather(models.ClockAhead, a.now()) {
		return ErrInvalidClient.Because(models.ClockAhead.Because("assertion_from_the_future"))
	}
	return nil
}

func (a *Authenticator) prove(ctx context.Context, c *Client, p presented) error {
	if p.method == models.ClientSecretBasic {
		return a.proveSecret(c, p.secret)
	}
	return a.proveAssertion(ctx, c, p)
}

func (a *Authenticator) proveSecret(c *Client, secret string) error {
	now := a.now().UnixMilli()
	for _, k := range c.Application.Credentials {
		if k.Use == models.ClientSecret && k.LiveAt(now) && SecretMatches(k.SecretHash, secret) {
			c.CredentialID = k.ID
			return nil
		}
	}
	return ErrInvalidClient.Because("wrong_secret")
}

// admit applies what does not depend on the proof: state and address list.
func (a *Authenticator) admit(c *Client, addr netip.Addr) error {
	app := c.Application
	if !app.Active() {
		return ErrInvalidClient.Because("not_active")
	}
	if a.frozen(app) {
		return ErrInvalidClient.Because("frozen")
	}
	if app.AddressMode == models.AddressOff || listed(app.Addresses, addr) {
		return nil
	}
	if app.AddressMode == models.AddressDryRun {
		c.AddressNote = "outside the list"
		return nil
	}
	return ErrInvalidClient.Because("address")
}

func (a *Authenticator) frozen(app *directory.Application) bool {
	return a.feed.Frozen("partner", app.PartnerID, models.FreezeAT) || a.feed.Frozen("application", app.ID, models.FreezeAT)
}

func listed(prefixes []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap()
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// presented is what a caller says of itself, by the one method it used.
type presented struct {
	method    models.AuthMethod
	clientID  string
	secret    string
	assertion *seal.Signed
	claims    assertionClaims
}

// present finds the one method used. Two at once are an error (RFC 6749
// section 2.3), and so is a client_id beside them that does not match.
func present(r Request) (presented, error) {
	_, hasAssertion := r.Form["client_assertion"]
	_, hasType := r.Form["client_assertion_type"]
	_, hasSecret := r.Form["client_secret"]
	assertion := hasAssertion || hasType
	switch {
	case hasSecret:
		return presented{}, ErrInvalidClient.Because("secret_in_body")
	case r.Authorization != "" && assertion:
		return presented{}, ErrInvalidClient.Because("two_methods")
	}
	var p presented
	var err error
	switch {
	case assertion:
		p, err = presentAssertion(r.Form)
	case r.Authorization != "":
		p, err = presentBasic(r.Authorization)
	case r.Form.Get("client_id") != "":
		return presented{}, errNoTLSAuth
	default:
		return presented{}, ErrInvalidClient.Because("no_credentials")
	}
	if err != nil {
		return presented{}, err
	}
	if id, ok := r.Form["client_id"]; ok && id[0] != p.clientID {
		return presented{}, ErrInvalidClient.Because("client_id_differs")
	}
	return p, nil
}

// presentBasic reads HTTP Basic with both parts form-encoded (RFC 6749
// section 2.3.1).
func presentBasic(header string) (presented, error) {
	id, secret, ok := BasicCredentials(header)
	if !ok {
		return presented{}, ErrInvalidClient.Because("malformed_basic")
	}
	return presented{method: models.ClientSecretBasic, clientID: id, secret: secret}, nil
}

// BasicCredentials decodes an HTTP Basic header whose two parts are
// form-encoded (RFC 6749 section 2.3.1).
func BasicCredentials(header string) (id, secret string, ok bool) {
	scheme, encoded, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	user, pass, found := strings.Cut(string(raw), ":")
	if !found {
		return "", "", false
	}
	id, errID := url.QueryUnescape(user)
	secret, errSecret := url.QueryUnescape(pass)
	return id, secret, errID == nil && errSecret == nil && id != "" && secret != ""
}

// SecretMatches compares a secret with the hash that was kept of it, in
// constant time. An empty hash matches nothing.
func SecretMatches(kept, secret string) bool {
	return kept != "" && subtle.ConstantTimeCompare([]byte(kept), []byte(HashSecret(secret))) == 1
}

// HashSecret is how a machine's secret, which is 256 random bits, is kept:
// base64url SHA-256. A password hash would add nothing but load.
func HashSecret(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(h[:])
}
