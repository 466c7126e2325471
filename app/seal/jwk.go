package seal

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"log/slog"

	"github.com/emmansun/gmsm/sm2"
)

// Use is the "use" of a JWK (RFC 7517 section 4.2). A key has exactly one.
type Use string

// The uses of RFC 7517 section 4.2.
const (
	Encryption Use = "enc"
	Signing    Use = "sig"
)

// Algorithms of the two suites (RFC 7518 sections 3.1 and 4.1, RFC 8037, GM/T 0125).
const (
	algECDH    = "ECDH-ES+A256KW"
	algOAEP    = "RSA-OAEP-256"
	algSM2     = "SGD_SM2_3"
	algES256   = "ES256"
	algPS256   = "PS256"
	algEdDSA   = "EdDSA"
	algSM2Sign = "SGD_SM3_SM2"
)

// algorithm is one of the seven things a key can be for.
type algorithm struct {
	name     string
	kty, crv string // crv is empty for RSA
	use      Use
	suite    Suite
}

var algorithms = [...]algorithm{
	{algECDH, "EC", "P-256", Encryption, A256},
	{algOAEP, "RSA", "", Encryption, A256},
	{algSM2, "EC", "SM2-P-256", Encryption, GM},
	{algES256, "EC", "P-256", Signing, A256},
	{algPS256, "RSA", "", Signing, A256},
	{algEdDSA, "OKP", "Ed25519", Signing, A256},
	{algSM2Sign, "EC", "SM2-P-256", Signing, GM},
}

// PublicKey is a public JWK of one algorithm: EC P-256, RSA of 2048 to 4096
// bits, Ed25519 or SM2. It is immutable and safe for concurrent use. It holds
// only what its use needs: no operation can take a signing key for encryption.
type PublicKey struct {
	algorithm
	kid string

	point     []byte            // EC and SM2: 0x04 ‖ x ‖ y; Ed25519: the 32 octets
	agreement *ecdh.PublicKey   // ECDH-ES+A256KW
	elliptic  *ecdsa.PublicKey  // ES256, and both SM2 algorithms
	edwards   ed25519.PublicKey // EdDSA
	rsa       *rsa.PublicKey    // RSA-OAEP-256, PS256
}

// KID returns the key id, opaque, or "" if the key has none.
func (k *PublicKey) KID() string { return k.kid }

// Use returns what the key is for.
func (k *PublicKey) Use() Use { return k.use }

// Alg returns the one JOSE algorithm of the key.
func (k *PublicKey) Alg() string { return k.name }

// Suite returns the suite that the key's algorithm belongs to.
func (k *PublicKey) Suite() Suite { return k.suite }

// Thumbprint returns the JWK thumbprint of RFC 7638 with SHA-256, base64url, 43
// characters. It depends on the key material alone, not on kid, use or alg.
func (k *PublicKey) Thumbprint() string {
	digest := sha256.Sum256(k.canonical())
	return base64url.EncodeToString(digest[:])
}

// PrivateKey is a private JWK of one algorithm. It is immutable and safe for
// concurrent use. Printing and logging it shows the public half's kid only;
// MarshalJSON writes the private members.
type PrivateKey struct {
	public *PublicKey

	agreement *ecdh.PrivateKey
	elliptic  *ecdsa.PrivateKey
	sm2       *sm2.PrivateKey
	edwards   ed25519.PrivateKey
	rsa       *rsa.PrivateKey
	decoy     [sha256.Size]byte // RSA: secret for the content keys of failed openings
	scalar    []byte            // EC, SM2, Ed25519: the "d" member, decoded
}

// Public returns the public half; the same value on each call.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// String names the key without its private members.
func (k *PrivateKey) String() string {
	return "private " + k.public.name + " key " + k.public.kid
}

// GoString is String, so that %#v shows no private member either.
func (k *PrivateKey) GoString() string { return k.String() }

// LogValue is String: structured logs would otherwise write MarshalJSON's text.
func (k *PrivateKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// ErrKey is what every refused JWK is. Its text names the fault: keys are
// registered by people who must be able to mend them.
var ErrKey = errors.New("not an acceptable key")

// keyFault is a JWK that was refused.
type keyFault struct{ reason, detail string }

func (k *keyFault) Error() string        { return ErrKey.Error() + ": " + k.detail }
func (k *keyFault) Is(target error) bool { return target == ErrKey }
