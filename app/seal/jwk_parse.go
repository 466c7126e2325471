package seal

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math/big"
	"slices"

	"github.com/emmansun/gmsm/sm2"
	"github.com/go-json-experiment/json/jsontext"
)

// Limits of what is read (security: a key set is registered by a partner).
const (
	maxJWK    = 16 << 10 // octets; a private RSA key of 4096 bits has about 3,300
	maxJWKSet = 64 << 10 // octets
	maxKeys   = 20
	maxKID    = 256 // octets
)

// jwk is the JSON form (RFC 7517 section 4, RFC 7518 section 6, RFC 8037
// section 2). Members that are not listed are ignored, as RFC 7517 asks.
type jwk struct {
	Kty    string   `json:"kty"`
	Crv    string   `json:"crv"`
	Use    Use      `json:"use"`
	Alg    string   `json:"alg"`
	KID    string   `json:"kid"`
	KeyOps []string `json:"key_ops"`
	X      string   `json:"x"`
	Y      string   `json:"y"`
	N      string   `json:"n"`
	E      string   `json:"e"`

	// Raw, so that a member that is there but null or empty is seen.
	D   jsontext.Value `json:"d"`
	P   jsontext.Value `json:"p"`
	Q   jsontext.Value `json:"q"`
	DP  jsontext.Value `json:"dp"`
	DQ  jsontext.Value `json:"dq"`
	QI  jsontext.Value `json:"qi"`
	Oth jsontext.Value `json:"oth"`
	K   jsontext.Value `json:"k"`
}

// ParsePublicJWK reads one public JWK. It must say what it is for, by "use" or
// "alg", and both must agree with kty and crv; coordinates and moduli must be
// written at their exact length; a private member, a point off the curve, an RSA
// modulus outside 2048 to 4096 bits and an even exponent or one of 1 are
// refused. Every error is ErrKey and names the fault.
func ParsePublicJWK(data []byte) (*PublicKey, error) {
	parsed, err := decodeJWK(data, maxJWK)
	if err != nil {
		return nil, err
	}
	return parsed.public()
}

// ParsePrivateJWK reads one private JWK under the same rules. The private
// members must belong to the public ones; RSA keys have two primes and all CRT
// members. Every error is ErrKey and names the fault, never a value.
func ParsePrivateJWK(data []byte) (*PrivateKey, error) {
	parsed, err := decodeJWK(data, maxJWK)
	if err != nil {
		return nil, err
	}
	return parsed.private()
}

// ParsePublicJWKSet reads a JWK set (RFC 7517 section 5) of 1 to 20 public keys
// in at most 64 KiB. Each key must have a kid, no two the same one, and no key
// material may occur twice, so that none serves two uses. One bad key refuses
// the set. Every error is ErrKey.
func ParsePublicJWKSet(data []byte) ([]*PublicKey, error) {
	if len(data) > maxJWKSet {
		return nil, &keyFault{"set", "the set has more than 64 KiB"}
	}
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := DecodeObject(data, &set); err != nil {
		return nil, &keyFault{"form", "not one JSON object without repeated names"}
	}
	if len(set.Keys) == 0 || len(set.Keys) > maxKeys {
		return nil, &keyFault{"set", fmt.Sprintf("%d keys, want 1 to %d", len(set.Keys), maxKeys)}
	}
	keys := make([]*PublicKey, 0, len(set.Keys))
	seen := make(map[string]bool, 2*len(set.Keys))
	for i, value := range set.Keys {
		key, err := ParsePublicJWK(value)
		if err != nil {
			return nil, fmt.Errorf("key %d of the set: %w", i+1, err)
		}
		// A kid and a thumbprint share the map behind different prefixes.
		kid, material := "kid "+key.kid, "material "+key.Thumbprint()
		switch {
		case key.kid == "":
			return nil, &keyFault{"kid", fmt.Sprintf("key %d of the set has no kid", i+1)}
		case seen[kid]:
			return nil, &keyFault{"set", fmt.Sprintf("key %d of the set repeats a kid", i+1)}
		case seen[material]:
			return nil, &keyFault{"set", fmt.Sprintf("key %d of the set is an earlier key again", i+1)}
		}
		seen[kid], seen[material] = true, true
		keys = append(keys, key)
	}
	return keys, nil
}

func decodeJWK(data []byte, limit int) (*jwk, error) {
	var parsed jwk
	if len(data) > limit || DecodeObject(data, &parsed) != nil {
		return nil, &keyFault{"form", "not one JSON object of a key's members without repeated names"}
	}
	return &parsed, nil
}

// public builds the public half and refuses private members.
func (j *jwk) public() (*PublicKey, error) {
	for _, private := range []jsontext.Value{j.D, j.P, j.Q, j.DP, j.DQ, j.QI, j.Oth, j.K} {
		if private != nil {
			return nil, &keyFault{"private", "a private member in a public key"}
		}
	}
	return j.publicHalf()
}

func (j *jwk) publicHalf() (*PublicKey, error) {
	chosen, err := j.algorithm()
	if err != nil {
		return nil, err
	}
	if len(j.KID) > maxKID {
		return nil, &keyFault{"kid", "the kid has more than 256 octets"}
	}
	key := &PublicKey{algorithm: chosen, kid: j.KID}
	switch chosen.kty {
	case "EC":
		err = key.setPoint(j.X, j.Y)
	case "OKP":
		err = key.setEdwards(j.X)
	default:
		err = key.setRSA(j.N, j.E)
	}
	if err != nil {
		return nil, err
	}
	return key, nil
}

// algorithm finds the one algorithm that kty, crv, use, alg and key_ops agree on.
func (j *jwk) algorithm() (algorithm, error) {
	known := false
	for _, candidate := range algorithms {
		if candidate.kty != j.Kty || candidate.crv != j.Crv {
			continue
		}
		known = true
		if j.Use == "" && j.Alg == "" {
			continue
		}
		if (j.Use == "" || j.Use == candidate.use) && (j.Alg == "" || j.Alg == candidate.name) {
			return candidate, j.checkOperations(candidate.use)
		}
	}
	if !known {
		return algorithm{}, &keyFault{"kty", "want EC with P-256 or SM2-P-256, RSA, or OKP with Ed25519"}
	}
	return algorithm{}, &keyFault{"use", "use and alg must name one purpose that this kind of key has here"}
}

var operations = map[Use][]string{
	Signing:    {"sign", "verify"},
	Encryption: {"encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"},
}

// checkOperations holds key_ops, if there, to the use (RFC 7517 section 4.3).
func (j *jwk) checkOperations(use Use) error {
	for i, operation := range j.KeyOps {
		if !slices.Contains(operations[use], operation) || slices.Contains(j.KeyOps[:i], operation) {
			return &keyFault{"use", "key_ops disagrees with use, or repeats itself"}
		}
	}
	return nil
}

func (k *PublicKey) setPoint(x, y string) error {
	point := make([]byte, 1, 1+2*coordinateSize)
	point[0] = 4
	for _, coordinate := range []string{x, y} {
		decoded, ok := decodeExact(coordinate, coordinateSize)
		if !ok {
			return &keyFault{"point", "x and y must be base64url of exactly 32 octets"}
		}
		point = append(point, decoded...)
	}
	k.point = point
	var err error
	switch {
	case k.suite == GM:
		k.elliptic, err = sm2.NewPublicKey(point)
	case k.use == Signing:
		k.elliptic, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	default:
		k.agreement, err = ecdh.P256().NewPublicKey(point)
	}
	if err != nil {
		return &keyFault{"point", "the point is not on the curve"}
	}
	return nil
}

func (k *PublicKey) setEdwards(x string) error {
	point, ok := decodeExact(x, ed25519.PublicKeySize)
	if !ok {
		return &keyFault{"point", "x must be base64url of exactly 32 octets"}
	}
	k.point, k.edwards = point, point
	return nil
}

func (k *PublicKey) setRSA(modulus, exponent string) error {
	n, okN := decodeUnsigned(modulus)
	e, okE := decodeUnsigned(exponent)
	switch {
	case !okN || !okE:
		return &keyFault{"rsa", "n and e must be base64url without leading zero octets"}
	case n.BitLen() < 2048 || n.BitLen() > 4096 || n.Bit(0) == 0:
		return &keyFault{"rsa", "the modulus must be odd and have 2048 to 4096 bits"}
	case e.BitLen() < 2 || e.BitLen() > 31 || e.Bit(0) == 0:
		return &keyFault{"rsa", "the exponent must be odd, above 1 and below 2^31"}
	}
	k.rsa = &rsa.PublicKey{N: n, E: int(e.Int64())}
	return nil
}

// private builds the whole key and holds both halves against each other.
func (j *jwk) private() (*PrivateKey, error) {
	public, err := j.publicHalf()
	if err != nil {
		return nil, err
	}
	if j.Oth != nil || j.K != nil {
		return nil, &keyFault{"private", "a member that such a key does not have"}
	}
	key := &PrivateKey{public: public}
	if public.kty == "RSA" {
		err = key.setRSA(j)
	} else {
		err = key.setCurve(j)
	}
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (k *PrivateKey) setCurve(j *jwk) error {
	for _, foreign := range []jsontext.Value{j.P, j.Q, j.DP, j.DQ, j.QI} {
		if foreign != nil {
			return &keyFault{"private", "an RSA member in another key"}
		}
	}
	scalar, ok := decodeExact(text(j.D), coordinateSize)
	if !ok {
		return &keyFault{"private", "d must be base64url of exactly 32 octets"}
	}
	return k.setScalar(scalar)
}

// setScalar takes the private value of an EC, SM2 or Ed25519 key.
func (k *PrivateKey) setScalar(scalar []byte) error {
	var (
		err   error
		point []byte
	)
	switch k.public.name {
	case algECDH:
		if k.agreement, err = ecdh.P256().NewPrivateKey(scalar); err == nil {
			point = k.agreement.PublicKey().Bytes()
		}
	case algES256:
		if k.elliptic, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar); err == nil {
			point, err = k.elliptic.PublicKey.Bytes()
		}
	case algEdDSA:
		k.edwards = ed25519.NewKeyFromSeed(scalar)
		point = k.edwards[ed25519.SeedSize:]
	default:
		if k.sm2, err = sm2.NewPrivateKey(scalar); err == nil {
			point = append([]byte{4}, k.sm2.X.FillBytes(make([]byte, coordinateSize))...)
			point = append(point, k.sm2.Y.FillBytes(make([]byte, coordinateSize))...)
		}
	}
	if err != nil || !slices.Equal(point, k.public.point) {
		return &keyFault{"private", "d does not belong to the public key"}
	}
	k.scalar = scalar
	return nil
}

func (k *PrivateKey) setRSA(j *jwk) error {
	var values [6]*big.Int
	for i, member := range []jsontext.Value{j.D, j.P, j.Q, j.DP, j.DQ, j.QI} {
		value, ok := decodeUnsigned(text(member))
		if !ok {
			return &keyFault{"private", "d p q dp dq qi must all be there, base64url without leading zero octets"}
		}
		values[i] = value
	}
	private := &rsa.PrivateKey{PublicKey: *k.public.rsa, D: values[0], Primes: values[1:3:3]}
	private.Precompute()
	if err := private.Validate(); err != nil {
		return &keyFault{"private", "the RSA members do not belong together"}
	}
	crt := private.Precomputed
	if crt.Dp == nil || crt.Dp.Cmp(values[3]) != 0 || crt.Dq.Cmp(values[4]) != 0 || crt.Qinv.Cmp(values[5]) != 0 {
		return &keyFault{"private", "the RSA members do not belong together"}
	}
	k.rsa = private
	k.decoy = sha256.Sum256(append([]byte("postern oaep decoy"), values[0].Bytes()...))
	return nil
}

// text is the string in a raw member, "" for anything else.
func text(value jsontext.Value) string {
	if value.Kind() != '"' {
		return ""
	}
	unquoted, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return ""
	}
	return string(unquoted)
}
