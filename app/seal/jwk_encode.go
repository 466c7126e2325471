package seal

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/emmansun/gmsm/sm2"
	"github.com/go-json-experiment/json/jsontext"
)

// Generate makes a fresh private key of the suite for one use, with the
// algorithms of protocol section 2: P-256 in A256, SM2 in GM. kid must not be
// empty. In A256 the Go library draws from its own secure source and ignores
// rand (crypto/ecdh and crypto/ecdsa since Go 1.26); in GM rand is used.
func Generate(s Suite, use Use, kid string, rand io.Reader) (*PrivateKey, error) {
	if kid == "" || len(kid) > maxKID {
		return nil, errors.New("generate key: kid must have 1 to 256 octets")
	}
	for _, candidate := range algorithms {
		if candidate.suite == s && candidate.use == use && candidate.kty == "EC" {
			key := &PrivateKey{public: &PublicKey{algorithm: candidate, kid: kid}}
			if err := key.draw(rand); err != nil {
				return nil, fmt.Errorf("generate key: %w", err)
			}
			return key, nil
		}
	}
	return nil, fmt.Errorf("generate key: no %q key in suite %q", string(use), string(s))
}

// draw makes the key material of an EC or SM2 key.
func (k *PrivateKey) draw(rand io.Reader) error {
	var scalar []byte
	switch {
	case k.public.suite == GM:
		private, err := sm2.GenerateKey(rand)
		if err != nil {
			return err
		}
		scalar = private.D.FillBytes(make([]byte, coordinateSize))
		k.public.point = private.X.FillBytes(make([]byte, coordinateSize))
		k.public.point = append([]byte{4}, k.public.point...)
		k.public.point = append(k.public.point, private.Y.FillBytes(make([]byte, coordinateSize))...)
		k.public.elliptic = &private.PublicKey
	case k.public.use == Signing:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand)
		if err != nil {
			return err
		}
		if scalar, err = private.Bytes(); err != nil {
			return err
		}
		if k.public.point, err = private.PublicKey.Bytes(); err != nil {
			return err
		}
		k.public.elliptic = &private.PublicKey
	default:
		private, err := ecdh.P256().GenerateKey(rand)
		if err != nil {
			return err
		}
		scalar, k.public.agreement = private.Bytes(), private.PublicKey()
		k.public.point = k.public.agreement.Bytes()
	}
	return k.setScalar(scalar)
}

// MarshalJSON writes the public JWK with kid (if any), use and alg.
func (k *PublicKey) MarshalJSON() ([]byte, error) {
	out, err := k.appendPublic(make([]byte, 0, 256))
	if err != nil {
		return nil, err
	}
	return append(out, '}'), nil
}

// MarshalJSON writes the private JWK. The caller must keep it sealed.
func (k *PrivateKey) MarshalJSON() ([]byte, error) {
	out, err := k.public.appendPublic(make([]byte, 0, 512))
	if err != nil {
		return nil, err
	}
	if k.rsa == nil {
		out = appendMember(out, "d", k.scalar)
		return append(out, '}'), nil
	}
	crt := k.rsa.Precomputed
	for _, member := range []struct {
		name  string
		value *big.Int
	}{
		{"d", k.rsa.D}, {"p", k.rsa.Primes[0]}, {"q", k.rsa.Primes[1]},
		{"dp", crt.Dp}, {"dq", crt.Dq}, {"qi", crt.Qinv},
	} {
		out = appendMember(out, member.name, member.value.Bytes())
	}
	return append(out, '}'), nil
}

// MarshalPublicJWKSet writes {"keys":[…]} (RFC 7517 section 5) in the order given.
func MarshalPublicJWKSet(keys []*PublicKey) ([]byte, error) {
	out := []byte(`{"keys":[`)
	for i, key := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		encoded, err := key.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("encode key set: %w", err)
		}
		out = append(out, encoded...)
	}
	return append(out, "]}"...), nil
}

// appendPublic writes the public members, without the closing brace.
func (k *PublicKey) appendPublic(dst []byte) ([]byte, error) {
	canonical := k.canonical()
	dst = append(dst, canonical[:len(canonical)-1]...)
	if k.kid != "" {
		var err error
		if dst, err = appendText(append(dst, `,"kid":`...), k.kid); err != nil {
			return nil, err
		}
	}
	dst = append(append(dst, `,"use":"`...), k.use...)
	dst = append(append(dst, `","alg":"`...), k.name...)
	return append(dst, '"'), nil
}

// canonical writes the required members in lexicographic order without white
// space: the input of RFC 7638 section 3.
func (k *PublicKey) canonical() []byte {
	if k.rsa != nil {
		exponent := big.NewInt(int64(k.rsa.E)).Bytes()
		out := append([]byte(`{"e":"`), base64url.EncodeToString(exponent)...)
		out = appendMember(append(out, `","kty":"RSA"`...), "n", k.rsa.N.Bytes())
		return append(out, '}')
	}
	out := append([]byte(`{"crv":"`), k.crv...)
	out = append(append(append(out, `","kty":"`...), k.kty...), '"')
	if k.kty == "OKP" {
		out = appendMember(out, "x", k.point)
		return append(out, '}')
	}
	return append(appendCoordinates(out, k.point), '}')
}

// appendCoordinates writes ,"x":…,"y":… of an uncompressed point.
func appendCoordinates(dst, point []byte) []byte {
	dst = appendMember(dst, "x", point[1:1+coordinateSize])
	return appendMember(dst, "y", point[1+coordinateSize:])
}

// appendMember writes ,"name":"<base64url of value>".
func appendMember(dst []byte, name string, value []byte) []byte {
	dst = append(append(append(dst, `,"`...), name...), `":"`...)
	return append(base64url.AppendEncode(dst, value), '"')
}

// appendText writes a JSON string. It fails on text that is not UTF-8.
func appendText(dst []byte, value string) ([]byte, error) {
	out, err := jsontext.AppendQuote(dst, value)
	if err != nil {
		return nil, fmt.Errorf("encode text: %w", err)
	}
	return out, nil
}
