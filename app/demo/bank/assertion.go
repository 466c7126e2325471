package bank

import (
	"context"
	"errors"
	"time"

	"postern/app/play/keyset"
	"postern/app/seal"
)

// Assertion is who asks, as the gateway says it (protocol section 6).
type Assertion struct {
	Issuer    string       `json:"iss"`
	Audience  string       `json:"aud"` // the service's URN
	ClientID  string       `json:"client_id"`
	PartnerID string       `json:"partner_id"`
	Subject   string       `json:"sub"`
	SubjectBy string       `json:"sub_by"`
	Customer  string       `json:"customer,omitempty"` // "" until the visitor has signed in
	Scope     string       `json:"scope"`
	VID       string       `json:"vid"`
	Env       string       `json:"env"`
	IssuedAt  seal.Integer `json:"iat"`
	ExpiresAt seal.Integer `json:"exp"`
}

// errAssertion is every assertion that does not hold; the caller is told no more.
var errAssertion = errors.New("assertion refused")

const (
	maxAssertion = 8 << 10
	// skew is how far the gateway's clock may be ahead of ours.
	skew = 10 * time.Second
)

// verifier checks assertions against the gateway's published keys.
type verifier struct {
	issuer, audience string
	keys             *keyset.Set
	now              func() time.Time
}

// verify returns the claims of compact, a Postern-Assertion header. Its error
// is errAssertion, or why the keys could not be fetched.
func (v *verifier) verify(ctx context.Context, compact string) (Assertion, error) {
	signed, err := seal.ParseSigned([]byte(compact), maxAssertion)
	if err != nil || signed.Header().Typ != "assertion+jwt" {
		return Assertion{}, errAssertion
	}
	key, err := v.keys.Signing(ctx, signed.Header().KID)
	if errors.Is(err, keyset.ErrUnknown) {
		return Assertion{}, errAssertion
	}
	if err != nil {
		return Assertion{}, err
	}
	var claims Assertion
	if signed.Verify(key) != nil || seal.DecodeObject(signed.Payload(), &claims) != nil {
		return Assertion{}, errAssertion
	}
	if !v.holds(claims) {
		return Assertion{}, errAssertion
	}
	return claims, nil
}

func (v *verifier) holds(claims Assertion) bool {
	now := v.now().Unix()
	return claims.Issuer == v.issuer && claims.Audience == v.audience &&
		int64(claims.IssuedAt) <= now+int64(skew.Seconds()) && now < int64(claims.ExpiresAt) &&
		seal.ValidID(claims.VID)
}
