package clients

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"postern/app/directory"
	"postern/app/seal"
	"postern/models"
)

// The bounds of an assertion (protocol section 3; RFC 7523 section 3).
const (
	maxAssertion = 8 << 10 // octets
	maxAhead     = 300     // seconds that exp may lie ahead
	skew         = 10      // seconds that clocks may differ
	maxJTI       = 128     // characters
)

// assertionClaims are the claims that decide. aud is one string: an array
// fails to decode (RFC 7523bis).
type assertionClaims struct {
	Issuer    string        `json:"iss"`
	Subject   string        `json:"sub"`
	Audience  string        `json:"aud"`
	JTI       string        `json:"jti"`
	ExpiresAt *seal.Integer `json:"exp"`
	IssuedAt  *seal.Integer `json:"iat"`
	NotBefore *seal.Integer `json:"nbf"`
}

func presentAssertion(form url.Values) (presented, error) {
	if t := form.Get("client_assertion_type"); t != AssertionType {
		return presented{}, ErrInvalidClient.Because("assertion_type")
	}
	return readAssertion(form.Get("client_assertion"))
}

// readAssertion reads what can be read of an assertion before anybody is looked up.
func readAssertion(compact string) (presented, error) {
	signed, err := seal.ParseSigned([]byte(compact), maxAssertion)
	if err != nil {
		return presented{}, ErrInvalidClient.Because("assertion_form").Wrap(err)
	}
	// RFC 8725 section 3.11: a token of another kind is never an assertion.
	if typ := signed.Header().Typ; typ != "" && typ != "JWT" && typ != "client-authentication+jwt" {
		return presented{}, ErrInvalidClient.Because("assertion_typ")
	}
	p := presented{method: models.PrivateKeyJWT, assertion: signed}
	if err := seal.DecodeObject(signed.Payload(), &p.claims); err != nil {
		return presented{}, ErrInvalidClient.Because("assertion_claims").Wrap(err)
	}
	if p.claims.Subject == "" || p.claims.Issuer != p.claims.Subject {
		return p, ErrInvalidClient.Because("assertion_subject")
	}
	p.clientID = p.claims.Subject
	return p, nil
}

// proveAssertion looks the key up among the application's own only, so that
// nobody's kid means anything to another (RFC 8725 section 3.8).
func (a *Authenticator) proveAssertion(ctx context.Context, c *Client, p presented) error {
	now := a.now()
	id, key := signatureKey(c.Application.Credentials, p.assertion.Header().KID, now.UnixMilli())
	if reason := misfit(key, p.assertion.Header().Alg, seal.Suite(c.Application.Suite)); reason != "" {
		if key == nil {
			reason = whyNot(c.Application.Credentials, p.assertion.Header().KID, now.UnixMilli())
		}
		a.pretend(p)
		return ErrInvalidClient.Because(a.whoseKey(ctx, c.Application, p, reason))
	}
	if err := p.assertion.Verify(key); err != nil {
		return ErrInvalidClient.Because(a.whoseKey(ctx, c.Application, p, "bad_signature")).Wrap(err)
	}
	if reason := a.judge(p.claims, now.Unix()); reason != "" {
		return ErrInvalidClient.Because(reason)
	}
	c.CredentialID, c.AssertionJTI = id, p.claims.JTI
	c.AssertionExpires = time.Unix(int64(*p.claims.ExpiresAt)+skew, 0)
	return nil
}

// The reasons of a key that is registered for the partner's other environment.
const (
	reasonSandbox    = "sandbox_key"
	reasonProduction = "production_key"
)

// misfit says why a key, nil when there is none, is none to verify with.
func misfit(key *seal.PublicKey, alg string, suite seal.Suite) (reason string) {
	switch {
	case key == nil:
		return "unknown_kid"
	case alg != key.Alg():
		return "other_algorithm"
	case key.Suite() != suite: // an AT or an assertion in the GM suite needs a GM key, and the reverse
		return "key_of_other_suite"
	}
	return ""
}

// whyNot says why none of an application's signature keys is the one of a kid.
func whyNot(list []directory.Credential, kid string, now int64) (reason string) {
	for _, c := range list {
		if c.Use != models.SignatureKey || c.KID != kid {
			continue
		}
		switch {
		case c.Frozen != "":
			return "key_frozen"
		case c.NotAfter != 0 && c.NotAfter <= now:
			return "key_ended"
		}
	}
	return "unknown_kid"
}

// whoseKey returns the reason for which a key was wrong: that it is of the partner's
// other environment, if one of the same kid there verifies what the right one does
// not. It is asked once the refusal is sure, and takes one verification whatever it
// finds: only the ledger is to learn it.
func (a *Authenticator) whoseKey(ctx context.Context, app *directory.Application, p presented, reason string) string {
	other, reasonOther := models.Sandbox, reasonSandbox
	if app.Environment == models.Sandbox {
		other, reasonOther = models.Production, reasonProduction
	}
	keys, _ := a.directory.SignatureKeys(ctx, app.PartnerID, other) // a refusal does not fail for a better word
	h := p.assertion.Header()
	i := slices.IndexFunc(keys, func(k *seal.PublicKey) bool { return k.KID() == h.KID && k.Alg() == h.Alg })
	if i < 0 {
		a.pretend(p)
		return reason
	}
	if p.assertion.Verify(keys[i]) != nil {
		return reason
	}
	return reasonOther
}

func (a *Authenticator) judge(c assertionClaims, now int64) (reason string) {
	return cmp.Or(a.judgeAudience(c), a.judgeTimes(c, now), judgeJTI(c))
}

func (a *Authenticator) judgeAudience(c assertionClaims) (reason string) {
	if c.Audience != a.issuer {
		return "assertion_audience"
	}
	return ""
}

func (a *Authenticator) judgeTimes(c assertionClaims, now int64) (reason string) {
	switch {
	case c.ExpiresAt == nil:
		return "assertion_without_exp"
	case int64(*c.ExpiresAt) <= now-skew:
		return "assertion_expired"
	case int64(*c.ExpiresAt) > now+maxAhead+skew:
		return "assertion_exp_too_far"
	case c.IssuedAt != nil && int64(*c.IssuedAt) > now+skew:
		return "assertion_from_the_future"
	case c.NotBefore != nil && int64(*c.NotBefore) > now+skew:
		return "assertion_not_yet"
	case c.maybeUsedBefore(a.feed.RestoredAt()):
		return "assertion_before_restore"
	}
	return ""
}

// judgeJTI refuses what cannot be kept: a text column, and PostgreSQL keeps no NUL in one.
func judgeJTI(c assertionClaims) (reason string) {
	if c.JTI == "" || utf8.RuneCountInString(c.JTI) > maxJTI || strings.ContainsRune(c.JTI, 0) {
		return "assertion_jti"
	}
	return ""
}

// maybeUsedBefore reports whether the assertion may have been used before the
// database was restored (Unix ms), for the record of that may be lost. It was not if it
// says that it was made later, or if it ends so late that it could not be taken
// then. From 320 s after a restore on every assertion that has not expired does.
func (c assertionClaims) maybeUsedBefore(restoredAt int64) bool {
	if restoredAt == 0 {
		return false
	}
	restored := (restoredAt + 999) / 1000
	madeLater := c.IssuedAt != nil && int64(*c.IssuedAt) > restored+skew
	return !madeLater && int64(*c.ExpiresAt) <= restored+maxAhead+skew
}

// signatureKey is the living key of a kid, and its credential's id; nil where there is none.
func signatureKey(list []directory.Credential, kid string, now int64) (id string, key *seal.PublicKey) {
	for _, c := range list {
		if c.Use == models.SignatureKey && c.LiveAt(now) && c.KID == kid {
			return c.ID, c.Key
		}
	}
	return "", nil
}
