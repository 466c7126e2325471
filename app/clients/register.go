package clients

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"postern/app/seal"
	"postern/models"
)

// Suites lists the suites that an application may use.
func Suites() []string { return []string{string(seal.A256), string(seal.GM)} }

// Key is a partner's public key as it may be registered.
type Key struct {
	KID        string
	Use        models.CredentialUse
	Suite      string
	Thumbprint string // RFC 7638; the same for the same key, whatever its kid and use
	JWK        string // in the one form that is kept

	Ends time.Time // of the certificate that it was pasted in; zero for none
}

// ReadKey reads a public JWK for registration. It refuses what the token
// endpoint would not take: weak and malformed keys, private members (see
// seal.ParsePublicJWK), and a key without a kid.
func ReadKey(jwk string) (Key, error) {
	key, err := seal.ParsePublicJWK([]byte(jwk))
	if err != nil {
		return Key{}, err
	}
	if key.KID() == "" {
		return Key{}, fmt.Errorf("%w: it has no kid", seal.ErrKey)
	}
	text, err := json.Marshal(key)
	if err != nil {
		return Key{}, fmt.Errorf("write key: %w", err)
	}
	return Key{
		KID: key.KID(), Use: models.CredentialUse(key.Use()), Suite: string(key.Suite()),
		Thumbprint: key.Thumbprint(), JWK: string(text),
	}, nil
}

// SecretHash reports whether text is what HashSecret gives.
func SecretHash(text string) bool {
	hash, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(hash) == 32
}
