package signon

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"postern/app/config"
	"postern/app/errs"
	"postern/app/identity"
)

// Bounds of the talk with the provider.
const (
	patience    = 5 * time.Second  // for one request
	retryAfter  = 10 * time.Second // after the provider could not be found
	foundFor    = time.Hour        // until it is looked up anew
	maxReply    = 1 << 20          // octets
	maxSubject  = 255              // characters (OpenID Connect Core section 2)
	clockSlack  = time.Minute
	maxTokenAge = 10 * time.Minute
)

// Refusals.
var (
	ErrUnreachable = errs.New(errs.Unavailable, "sign_on_unreachable", "The bank's sign-on does not answer.")
	ErrRefused     = errs.New(errs.Unauthenticated, "sign_on_refused", "What the bank's sign-on said proves nothing.")
)

// algorithms are what an id token may be signed with: never none, never a secret
// that both sides have (RFC 8725 section 3.1).
var algorithms = []string{oidc.ES256, oidc.ES384, oidc.PS256, oidc.RS256, oidc.EdDSA}

// Provider is the bank's sign-on. It may be used by any number of goroutines.
type Provider struct {
	c        config.OIDC
	redirect string
	client   *http.Client
	now      func() time.Time

	mutex   sync.Mutex
	found   *endpoints
	foundAt time.Time
	retryAt time.Time
}

// endpoints is a provider that was found.
type endpoints struct {
	oauth  oauth2.Config
	verify *oidc.IDTokenVerifier
	names  bool // it says in its answers who it is (RFC 9207)
}

// New returns the way to a provider; redirect is where it sends browsers back to.
// Nothing is asked yet: a provider that is down holds nothing up. An error is a
// fault of the file of authorities.
func New(c config.OIDC, redirect string, now func() time.Time) (*Provider, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		text, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("read authorities of the sign-on: %w", err)
		}
		if t.RootCAs = x509.NewCertPool(); !t.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", c.CA)
		}
	}
	return &Provider{c: c, redirect: redirect, now: now, client: &http.Client{
		Timeout:       patience,
		Transport:     bounded{&http.Transport{TLSClientConfig: t, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// bounded cuts replies that are too long.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	reply, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		reply.Body = http.MaxBytesReader(nil, reply.Body, maxReply)
	}
	return reply, err
}

// find asks the provider where it is to be talked to, once in a while. Who comes
// meanwhile waits, for patience at most; after a failure nobody does for a while.
func (p *Provider) find(ctx context.Context) (*endpoints, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := p.now()
	if p.found != nil && now.Before(p.foundAt.Add(foundFor)) {
		return p.found, nil
	}
	if now.Before(p.retryAt) {
		return p.lastFound(ErrUnreachable.Because("not_again_yet"))
	}
	found, err := p.discover(context.WithoutCancel(ctx)) // for others, too
	if err != nil {
		p.retryAt = now.Add(retryAfter)
		return p.lastFound(ErrUnreachable.Because("discovery").Wrap(err))
	}
	p.found, p.foundAt = found, now
	return found, nil
}

// lastFound is what was known before, if anything was.
func (p *Provider) lastFound(err error) (*endpoints, error) {
	if p.found != nil {
		return p.found, nil
	}
	return nil, err
}

func (p *Provider) discover(ctx context.Context) (*endpoints, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.c.Issuer) // the issuer is compared exactly
	if err != nil {
		return nil, err
	}
	var more struct {
		JWKS    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		Names   bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	at := provider.Endpoint()
	for _, address := range []string{at.AuthURL, at.TokenURL, more.JWKS} {
		if !strings.HasPrefix(address, "https://") {
			return nil, fmt.Errorf("%q is not reached by TLS", address)
		}
	}
	at.AuthStyle = oauth2.AuthStyleInHeader // the default (OpenID Connect Discovery section 3); one way, so that a code is sent once
	if len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		at.AuthStyle = oauth2.AuthStyleInParams
	}
	return &endpoints{
		oauth: oauth2.Config{
			ClientID: p.c.ClientID, ClientSecret: p.c.ClientSecret.Reveal(), Endpoint: at, RedirectURL: p.redirect, Scopes: []string{oidc.ScopeOpenID},
		},
		verify: provider.Verifier(&oidc.Config{ClientID: p.c.ClientID, SupportedSigningAlgs: algorithms, Now: p.now}),
		names:  more.Names,
	}, nil
}

// Leave is where a browser is sent to sign on.
func (p *Provider) Leave(ctx context.Context, t identity.Trip) (string, error) {
	found, err := p.find(ctx)
	if err != nil {
		return "", err
	}
	return found.oauth.AuthCodeURL(t.State, oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier)), nil
}

// Redeem is what a code proves that a browser came back with; issuer is who it
// says has sent it, and may be empty. ErrRefused if it proves nothing.
func (p *Provider) Redeem(ctx context.Context, t identity.Trip, code, issuer string) (identity.Proof, error) {
	found, err := p.find(ctx)
	if err != nil {
		return identity.Proof{}, err
	}
	// Another provider's code is not shown to this one (RFC 9207 section 2.4).
	if issuer != p.c.Issuer && (issuer != "" || found.names) {
		return identity.Proof{}, ErrRefused.Because("issuer")
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := found.oauth.Exchange(ctx, code, oauth2.VerifierOption(t.Verifier))
	if err != nil {
		return identity.Proof{}, exchangeFault(err)
	}
	raw, _ := token.Extra("id_token").(string)
	proved, err := found.verify.Verify(ctx, raw)
	if err != nil {
		return identity.Proof{}, ErrRefused.Because("id_token")
	}
	return p.read(proved, t)
}

// exchangeFault tells a provider that refuses from one that does not answer. What
// it said is not kept: its words may hold the code.
func exchangeFault(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError {
		return ErrRefused.Because("code")
	}
	return ErrUnreachable.Because("token_endpoint")
}

// read holds the id token to what the library leaves to its user.
func (p *Provider) read(token *oidc.IDToken, t identity.Trip) (identity.Proof, error) {
	now := p.now()
	var claims struct {
		AMR []string `json:"amr"`
		ACR string   `json:"acr"`
	}
	err := token.Claims(&claims)
	switch {
	case err != nil:
		return identity.Proof{}, ErrRefused.Because("claims")
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(t.Nonce)) != 1:
		return identity.Proof{}, ErrRefused.Because("nonce")
	case len(token.Audience) != 1: // nobody else is trusted with it (section 3.1.3.7)
		return identity.Proof{}, ErrRefused.Because("audience")
	case token.Subject == "" || len(token.Subject) > maxSubject:
		return identity.Proof{}, ErrRefused.Because("subject")
	case token.IssuedAt.After(now.Add(clockSlack)) || token.IssuedAt.Before(now.Add(-maxTokenAge)):
		return identity.Proof{}, ErrRefused.Because("issued_at")
	}
	return identity.Proof{
		Issuer: token.Issuer, Subject: token.Subject,
		TwoFactors: p.c.SecondFactor == config.TrustedSecondFactor && (twoFactors(claims.AMR) || claims.ACR != "" && claims.ACR == p.c.ACR),
	}, nil
}

// methods says which kind of factor a method is (RFC 8176): known, held, or part
// of the person.
var methods = map[string]string{
	"pwd": "known", "pin": "known", "kba": "known",
	"otp": "held", "hwk": "held", "swk": "held", "sc": "held", "sms": "held", "tel": "held", "pop": "held",
	"face": "part", "fpt": "part", "iris": "part", "retina": "part", "vbm": "part",
}

// twoFactors reports whether methods of two kinds were used, or it is said so.
func twoFactors(amr []string) bool {
	kinds := map[string]bool{}
	for _, m := range amr {
		if m == "mfa" {
			return true
		}
		if kind, known := methods[m]; known {
			kinds[kind] = true
		}
	}
	return len(kinds) > 1
}
