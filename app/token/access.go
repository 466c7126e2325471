package token

import (
	"encoding/json"
	"fmt"
	"io"

	"postern/app/seal"
)

// The `typ` of the two signed tokens (protocol sections 3 and 6).
const (
	TypeAccess    = "at+jwt"
	TypeAssertion = "assertion+jwt"
)

// maxAccess bounds the compact form of an AT, octets.
const maxAccess = 8 << 10

// Access is the claims of an AT (protocol section 3; RFC 9068 section 2.2).
// Times are Unix seconds.
type Access struct {
	Issuer      string          `json:"iss"`
	Audience    string          `json:"aud"`
	Subject     string          `json:"sub"`
	ClientID    string          `json:"client_id"`
	Scope       string          `json:"scope"`
	JTI         string          `json:"jti"`
	IssuedAt    int64           `json:"iat"`
	ExpiresAt   int64           `json:"exp"`
	Environment string          `json:"env"`
	ReturnTo    string          `json:"return_to,omitempty"`
	AK          json.RawMessage `json:"ak"` // public JWK with kid, use and alg
}

// Sign returns the AT: a compact JWS of three parts, typ at+jwt.
func (a Access) Sign(key *seal.PrivateKey, rand io.Reader) ([]byte, error) {
	return sign(a, TypeAccess, key, rand)
}

// KeyOf finds a verification key by its kid; nil when there is none.
type KeyOf func(kid string) *seal.PublicKey

// ReadAccess verifies signature, typ and issuer of an AT and returns its
// claims. It does not look at the times: the reader's clock may prove nothing.
func ReadAccess(compact []byte, issuer string, key KeyOf) (Access, error) {
	var a Access
	if err := read(compact, TypeAccess, key, &a); err != nil {
		return Access{}, fmt.Errorf("read access token: %w", err)
	}
	if a.Issuer != issuer {
		return Access{}, fmt.Errorf("read access token: issued by another gateway")
	}
	return a, nil
}

// Assertion is what the upstream is told about a call (protocol section 6).
// Times are Unix seconds.
type Assertion struct {
	Issuer      string `json:"iss"`
	Audience    string `json:"aud"` // the service
	ClientID    string `json:"client_id"`
	PartnerID   string `json:"partner_id"`
	Subject     string `json:"sub"` // client_id:subject, or client_id alone
	SubjectBy   string `json:"sub_by"`
	Customer    string `json:"customer,omitempty"`
	AuthTime    int64  `json:"auth_time,omitempty"`
	Scope       string `json:"scope"`
	VID         string `json:"vid"`
	Environment string `json:"env"`
	IssuedAt    int64  `json:"iat"`
	ExpiresAt   int64  `json:"exp"`
}

// Sign returns the assertion: a compact JWS of three parts, typ assertion+jwt.
func (a Assertion) Sign(key *seal.PrivateKey, rand io.Reader) ([]byte, error) {
	return sign(a, TypeAssertion, key, rand)
}

// ReadAssertion verifies signature, typ, issuer and audience of an assertion
// and that now (Unix seconds) lies within its times, 10 s of skew allowed.
func ReadAssertion(compact []byte, issuer, audience string, key KeyOf, now int64) (Assertion, error) {
	var a Assertion
	if err := read(compact, TypeAssertion, key, &a); err != nil {
		return Assertion{}, fmt.Errorf("read assertion: %w", err)
	}
	switch {
	case a.Issuer != issuer:
		return Assertion{}, fmt.Errorf("read assertion: issued by another gateway")
	case a.Audience != audience:
		return Assertion{}, fmt.Errorf("read assertion: for another service")
	case now >= a.ExpiresAt+10 || a.IssuedAt > now+10:
		return Assertion{}, fmt.Errorf("read assertion: outside its time")
	}
	return a, nil
}

// SubjectName is the `sub` of an assertion and of introspection: the partner's
// user id is never told apart from the client that vouches for it.
func SubjectName(clientID, subject string) string {
	if subject == "" {
		return clientID
	}
	return clientID + ":" + subject
}

func sign(claims any, typ string, key *seal.PrivateKey, rand io.Reader) ([]byte, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return nil, fmt.Errorf("encode claims: %w", err)
	}
	return seal.Sign(key, typ, payload, rand)
}

func read(compact []byte, typ string, key KeyOf, claims any) error {
	signed, err := seal.ParseSigned(compact, maxAccess)
	if err != nil {
		return err
	}
	h := signed.Header()
	if h.Typ != typ {
		return fmt.Errorf("typ is not %s", typ)
	}
	k := key(h.KID)
	if k == nil {
		return fmt.Errorf("unknown kid")
	}
	if err := signed.Verify(k); err != nil {
		return err
	}
	return seal.DecodeObject(signed.Payload(), claims)
}
