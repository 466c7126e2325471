package oauth

import (
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/authority"
	"postern/app/clients"
	"postern/app/directory"
	"postern/app/errs"
	"postern/app/keyring"
	"postern/app/limit"
	"postern/app/web"
	"postern/models"
)

// Options are what the door works with.
type Options struct {
	Issuer    string
	Authority *authority.Authority
	Clients   *clients.Authenticator
	Directory *directory.Directory
	Ring      *keyring.Ring
	Failures  *limit.FailureGate // per address
	Now       func() time.Time
	Log       *slog.Logger
	Refused   func(step, code string) // told of each refusal, for metrics
	// Issued is told of each AT: to whom, and to which address. It must not wait.
	Issued func(applicationID string, to netip.Addr, at time.Time)
	// Used is told of each credential that proved a caller, or that an AT was sealed to,
	// and of the caller's address. It must not wait.
	Used func(credentialID string, from netip.Addr, at time.Time)
}

// OAuth is the door; safe for concurrent use.
type OAuth struct{ Options }

// New returns the door.
func New(o Options) *OAuth { return &OAuth{Options: o} }

// tokenResponse is RFC 6749 section 5.1. N_A: what comes is no bearer token
// (RFC 8693 section 2.2.1).
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	Scope       string `json:"scope"`
	H5URL       string `json:"h5_url"`
}

// Token is step B: POST /oauth/token.
func (o *OAuth) Token(c *gin.Context) {
	form, err := o.enter(c)
	if err == nil {
		err = o.Authority.Ready()
	}
	if err != nil {
		o.refuse(c, "B", err)
		return
	}
	client, err := o.client(c, form)
	if err != nil {
		o.refuse(c, "B", o.Authority.RefuseAT(c.Request.Context(), err, caller(client), tokenRequest(c, form)))
		return
	}
	issued, err := o.issue(c, client, form)
	if err != nil {
		o.refuse(c, "B", o.Authority.RefuseAT(c.Request.Context(), err, caller(client), tokenRequest(c, form)))
		return
	}
	now := o.Now()
	if !models.OfTrial(client.CredentialID) { // that is where somebody sits, and no server of the partner's
		o.Issued(client.Application.ID, web.ClientAddress(c), now)
	}
	if k := client.Application.EncryptionKey(client.CredentialID, now.UnixMilli()); k != nil {
		o.Used(k.ID, web.ClientAddress(c), now)
	}
	noStore(c)
	c.JSON(http.StatusOK, tokenResponse{
		AccessToken: issued.AccessToken, TokenType: "N_A", ExpiresIn: issued.ExpiresIn, Scope: issued.Scope, H5URL: issued.H5URL,
	})
}

func (o *OAuth) issue(c *gin.Context, client clients.Client, form form) (authority.Issued, error) {
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return authority.Issued{}, invalid("invalid_request", "grant_type is missing.", "grant_type")
	default:
		return authority.Issued{}, invalid("unsupported_grant_type", "Only client_credentials is supported.", "grant_type")
	}
	return o.Authority.IssueAT(c.Request.Context(), caller(client), tokenRequest(c, form))
}

func tokenRequest(c *gin.Context, form form) authority.TokenRequest {
	return authority.TokenRequest{
		Resource: form.Get("resource"), Scope: form.Get("scope"), Subject: form.Get("subject"),
		ReturnTo: form.Get("return_to"), RequestID: web.RequestID(c),
	}
}

// Revoke is POST /oauth/revoke.
func (o *OAuth) Revoke(c *gin.Context) {
	form, client, err := o.enterClient(c)
	if err == nil && form.Get("token") == "" {
		err = invalid("invalid_request", "token is missing.", "token")
	}
	if err == nil {
		err = o.Authority.Revoke(c.Request.Context(), caller(client), form.Get("token"), web.RequestID(c))
	}
	if err != nil {
		o.refuse(c, "revoke", o.Authority.RefuseRevocation(c.Request.Context(), err, caller(client), web.RequestID(c)))
		return
	}
	noStore(c)
	c.Status(http.StatusOK)
}

// Introspect is POST /oauth/introspect, for upstreams that are registered for it.
func (o *OAuth) Introspect(c *gin.Context) {
	form, err := o.enter(c)
	var by authority.Introspector
	if err == nil {
		by, err = o.introspector(c)
	}
	if err == nil && form.Get("token") == "" {
		err = invalid("invalid_request", "token is missing.", "token")
	}
	var answer authority.Introspection
	if err == nil {
		answer, err = o.Authority.Introspect(c.Request.Context(), by, form.Get("token"))
	}
	if err != nil {
		o.Authority.RefuseIntrospection(err, web.RequestID(c))
		o.refuse(c, "introspect", err)
		return
	}
	noStore(c)
	c.JSON(http.StatusOK, answer)
}

// introspector checks HTTP Basic with the service's URN and a secret of one of
// its upstreams, which also says which environment it may see.
func (o *OAuth) introspector(c *gin.Context) (authority.Introspector, error) {
	id, secret, ok := clients.BasicCredentials(c.GetHeader("Authorization"))
	if !ok {
		return authority.Introspector{}, clients.ErrInvalidClient.Because("no_credentials")
	}
	svc, err := o.Directory.Service(c.Request.Context(), id)
	if errs.KindOf(err) == errs.NotFound {
		return authority.Introspector{}, clients.ErrInvalidClient.Because("unknown_service")
	}
	if err != nil {
		return authority.Introspector{}, err
	}
	for env, u := range svc.Upstreams {
		if clients.SecretMatches(u.IntrospectionHash, secret) {
			return authority.Introspector{ServiceID: svc.ID, Environment: env}, nil
		}
	}
	return authority.Introspector{}, clients.ErrInvalidClient.Because("wrong_secret")
}

// enter applies what comes before the caller is known: the limit on failures
// of the address, and the form.
func (o *OAuth) enter(c *gin.Context) (form, error) {
	if blocked, retry := o.Failures.Blocked(web.ClientAddress(c), o.Now()); blocked {
		return form{}, errs.New(errs.RateLimited, "rate_limited", "Too many failed requests from this address.").
			Because("address_failures").With(errs.Help{RetryAfter: retry})
	}
	return readForm(c)
}

func (o *OAuth) client(c *gin.Context, f form) (clients.Client, error) {
	headers := c.Request.Header.Values("Authorization")
	if len(headers) > 1 {
		return clients.Client{}, clients.ErrInvalidClient.Because("two_methods")
	}
	client, err := o.Clients.Authenticate(c.Request.Context(), clients.Request{
		Authorization: c.GetHeader("Authorization"), Form: f.Values, Address: web.ClientAddress(c),
	})
	if err == nil {
		o.Used(client.CredentialID, web.ClientAddress(c), o.Now())
	}
	return client, err
}

func caller(c clients.Client) authority.Caller {
	return authority.Caller{
		Application: c.Application, CredentialID: c.CredentialID, AssertionJTI: c.AssertionJTI,
		AssertionExpires: c.AssertionExpires, AddressNote: c.AddressNote,
	}
}

func noStore(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Header("Pragma", "no-cache")
}
