package bank

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

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
	Customer  string       `json:"customer"` // "" until the visitor has signed in
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
	maxKeySet    = 64 << 10
	// skew is how far the gateway's clock may be ahead of ours.
	skew = 10 * time.Second
	// refetchAfter keeps a stream of unknown kids from becoming a stream of
	// requests to the gateway.
	refetchAfter = 5 * time.Second
)

// verifier checks assertions against the gateway's published keys.
type verifier struct {
	issuer, audience string
	now              func() time.Time
	client           *http.Client

	mu      sync.Mutex
	keys    map[string]*seal.PublicKey // by kid
	fetched time.Time
}

// verify returns the claims of compact, a Postern-Assertion header. Its error
// is errAssertion, or why the keys could not be fetched.
func (v *verifier) verify(ctx context.Context, compact string) (Assertion, error) {
	signed, err := seal.ParseSigned([]byte(compact), maxAssertion)
	if err != nil || signed.Header().Typ != "assertion+jwt" {
		return Assertion{}, errAssertion
	}
	key, err := v.key(ctx, signed.Header().KID)
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

// key finds the gateway's signing key by its id, asking the gateway once more
// for a kid it does not know: keys rotate.
func (v *verifier) key(ctx context.Context, kid string) (*seal.PublicKey, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if key, known := v.keys[kid]; known {
		return key, nil
	}
	if now := v.now(); v.keys == nil || now.Sub(v.fetched) >= refetchAfter {
		keys, err := v.fetch(ctx)
		if err != nil {
			return nil, fmt.Errorf("fetch the gateway's keys: %w", err)
		}
		v.keys, v.fetched = keys, now
	}
	if key, known := v.keys[kid]; known {
		return key, nil
	}
	return nil, errAssertion
}

func (v *verifier) fetch(ctx context.Context) (map[string]*seal.PublicKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.issuer+"/.well-known/jwks.json", nil)
	if err != nil {
		return nil, err
	}
	answer, err := v.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxKeySet+1))
	if err != nil {
		return nil, err
	}
	set, err := seal.ParsePublicJWKSet(body)
	if err != nil {
		return nil, err
	}
	keys := map[string]*seal.PublicKey{}
	for _, key := range set {
		if key.Use() == seal.Signing && key.Alg() == "ES256" {
			keys[key.KID()] = key
		}
	}
	return keys, nil
}
