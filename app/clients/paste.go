package clients

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"postern/app/seal"
	"postern/models"
)

// ErrPrivateKey refuses a private key where a public one is wanted. Whoever gets
// it forgets the text at once.
var ErrPrivateKey = errors.New("this is a private key: it stays with the partner; take the public one, and make a new pair as this one has been shown")

// errPaste is what is neither form of a public key.
var errPaste = errors.New("this is no public key: want a JWK, or PEM that begins with -----BEGIN PUBLIC KEY-----")

// PastedKey makes a registrable JWK of what somebody pastes: a public JWK, or a
// public key or certificate as PEM (RFC 7468). A key that says no use gets the
// given one, and one without a kid its thumbprint (RFC 7638). The error says what
// is wrong in a sentence; ErrPrivateKey for a private key.
func PastedKey(text string, use models.CredentialUse) (Key, error) {
	text = strings.TrimSpace(text)
	members, ends := map[string]any{}, time.Time{}
	if strings.HasPrefix(text, "-----BEGIN") {
		var err error
		if members, ends, err = fromPEM(text); err != nil {
			return Key{}, err
		}
	} else if err := json.Unmarshal([]byte(text), &members); err != nil {
		return Key{}, errPaste
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, there := members[private]; there {
			return Key{}, ErrPrivateKey
		}
	}
	_, saysUse := members["use"]
	_, saysKID := members["kid"]
	if _, saysAlg := members["alg"]; !saysUse && !saysAlg {
		members["use"] = string(use)
	}
	completed, err := json.Marshal(members)
	if err != nil {
		return Key{}, errPaste
	}
	if saysKID && saysUse {
		completed = []byte(text) // as it was written: a member that stands there twice is refused below
	}
	if !saysKID {
		key, err := seal.ParsePublicJWK(completed)
		if err != nil {
			return Key{}, err
		}
		members["kid"] = key.Thumbprint()
		if completed, err = json.Marshal(members); err != nil {
			return Key{}, errPaste
		}
	}
	key, err := ReadKey(string(completed))
	if err == nil && key.Use != use {
		return Key{}, fmt.Errorf("this key says that it is for %q: want one for %q", key.Use, use)
	}
	key.Ends = ends
	return key, err
}

// fromPEM reads the members of a public key's JWK, and when the certificate ends that it
// is in.
func fromPEM(text string) (members map[string]any, ends time.Time, err error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, ends, errPaste
	}
	if strings.Contains(block.Type, "PRIVATE") {
		return nil, ends, ErrPrivateKey
	}
	var public any
	switch block.Type {
	case "PUBLIC KEY":
		if x, y, ok := sm2Point(block.Bytes); ok { // crypto/x509 knows no such curve
			return map[string]any{"kty": "EC", "crv": "SM2-P-256", "x": encode(x), "y": encode(y)}, ends, nil
		}
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			public, ends = certificate.PublicKey, certificate.NotAfter
		}
	default:
		return nil, ends, errPaste
	}
	if err != nil {
		return nil, ends, errPaste
	}
	members, err = publicMembers(public)
	return members, ends, err
}

var encode = base64.RawURLEncoding.EncodeToString

// publicMembers are the members of a public key's JWK.
func publicMembers(public any) (map[string]any, error) {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		point, err := key.ECDH()
		if err != nil || key.Params().BitSize != 256 {
			return nil, errors.New("this key is on another curve than P-256: make a new pair with curve P-256")
		}
		octets := point.Bytes() // 4, x, y
		return map[string]any{"kty": "EC", "crv": "P-256", "x": encode(octets[1:33]), "y": encode(octets[33:])}, nil
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes())}, nil
	}
	return nil, errors.New("keys of this kind are not taken: make a new pair with curve P-256")
}

var (
	ecPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	sm2Curve    = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301} // GM/T 0006
)

// sm2Point is the point of a SubjectPublicKeyInfo on the curve of SM2 (RFC 5480 section
// 2, uncompressed); ok is false for any other. Whether it lies on the curve is looked at
// when the JWK is read.
func sm2Point(der []byte) (x, y []byte, ok bool) {
	var info struct {
		Algorithm struct {
			Algorithm asn1.ObjectIdentifier
			Curve     asn1.ObjectIdentifier `asn1:"optional"`
		}
		Key asn1.BitString
	}
	rest, err := asn1.Unmarshal(der, &info)
	point := info.Key.RightAlign()
	if err != nil || len(rest) > 0 || !info.Algorithm.Algorithm.Equal(ecPublicKey) || !info.Algorithm.Curve.Equal(sm2Curve) || len(point) != 65 || point[0] != 4 {
		return nil, nil, false
	}
	return point[1:33], point[33:], true
}

// NewSecret draws a client secret: 256 random bits as base64url.
func NewSecret(random io.Reader) (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("draw client secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}
