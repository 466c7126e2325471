package seal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// errSignatureForm is a library's own signature that could not be read back.
var errSignatureForm = errors.New("unreadable signature")

// pssOptions are those of PS256: a salt as long as the hash (RFC 7518 section 3.5).
var pssOptions = &rsa.PSSOptions{SaltLength: sha256.Size, Hash: crypto.SHA256}

// Signed is a compact JWS whose form has been checked and whose signature has
// not been verified.
type Signed struct {
	header       protectedHeader
	signingInput []byte // header ‖ '.' ‖ payload, encoded; a part of the input
	payload      []byte
	signature    []byte
}

// ParseSigned checks the form of a compact JWS (RFC 7515 section 7.1, three
// parts) as ParseEnvelope does of a JWE. The header may have typ, alg, kid and
// cty and nothing else: crit, jku, jwk, x5u, x5c and b64 are refused. An empty
// payload or signature is refused. max is the limit of compact in octets. The
// Signed refers to compact, which must not change while it is in use. Every
// error is ErrEnvelope.
func ParseSigned(compact []byte, max int) (*Signed, error) {
	if len(compact) > max {
		return nil, errSize
	}
	var parts [3][]byte
	if !splitCompact(compact, parts[:]) || len(parts[1]) == 0 || len(parts[2]) == 0 {
		return nil, errForm
	}
	if decodedLen(len(parts[0])) > maxHeader {
		return nil, errHeader
	}
	buffer := make([]byte, 0, decodedLen(len(compact)))
	var ends [3]int
	for i, part := range parts {
		decoded, ok := appendDecoded(buffer, part)
		if !ok {
			return nil, errForm
		}
		buffer, ends[i] = decoded, len(decoded)
	}
	s := &Signed{
		signingInput: compact[:len(parts[0])+1+len(parts[1])],
		payload:      buffer[ends[0]:ends[1]:ends[1]],
		signature:    buffer[ends[1]:ends[2]:ends[2]],
	}
	if err := s.header.parse(buffer[:ends[0]], signedMembers); err != nil {
		return nil, err
	}
	return s, nil
}

// Header returns the header's members, unverified until Verify.
func (s *Signed) Header() Header { return s.header.Header }

// Payload returns the decoded payload, unverified until Verify. It must not be
// changed.
func (s *Signed) Payload() []byte { return s.payload }

// Verify checks the signature with key. The algorithm is the key's; the header
// must name the same one. If the key has a kid, the header's must equal it. The
// typ is the caller's to check. Every error is ErrEnvelope.
func (s *Signed) Verify(key *PublicKey) error {
	switch {
	case key.use != Signing || s.header.Alg != key.name:
		return errAlg
	case key.kid != "" && s.header.KID != key.kid:
		return errKID
	case !key.verify(s.signingInput, s.signature):
		return errSignature
	default:
		return nil
	}
}

// verify checks a JOSE signature: r‖s of exactly 64 octets for ES256 (RFC 7518
// section 3.4) and SGD_SM3_SM2, the RFC 8017 and RFC 8032 octets for the others.
func (k *PublicKey) verify(message, signature []byte) bool {
	switch k.name {
	case algES256:
		der, ok := signatureToDER(signature)
		digest := sha256.Sum256(message)
		return ok && ecdsa.VerifyASN1(k.elliptic, digest[:], der)
	case algPS256:
		digest := sha256.Sum256(message)
		return rsa.VerifyPSS(k.rsa, crypto.SHA256, digest[:], signature, pssOptions) == nil
	case algEdDSA:
		return ed25519.Verify(k.edwards, message, signature)
	case algSM2Sign:
		return verifySM2(k.elliptic, message, signature)
	default:
		return false
	}
}

// Sign returns a compact JWS over payload with the header {"typ","alg","kid"};
// typ and kid are left out when empty. ES256 signatures are hedged by the Go
// library, which mixes rand or its own source with the key and the message.
func Sign(key *PrivateKey, typ string, payload []byte, rand io.Reader) ([]byte, error) {
	out, err := key.compactJWS(typ, payload, rand)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return out, nil
}

func (k *PrivateKey) compactJWS(typ string, payload []byte, rand io.Reader) ([]byte, error) {
	if k.public.use != Signing || len(payload) == 0 {
		return nil, errors.New("not a signing key, or an empty payload")
	}
	header, err := k.signedHeader(typ)
	if err != nil {
		return nil, err
	}
	size := base64url.EncodedLen(len(header)) + base64url.EncodedLen(len(payload)) + 2
	out := make([]byte, 0, size+base64url.EncodedLen(512)) // PS256 with 4096 bits
	out = append(base64url.AppendEncode(out, header), '.')
	out = base64url.AppendEncode(out, payload)
	signature, err := k.sign(out, rand)
	if err != nil {
		return nil, err
	}
	return base64url.AppendEncode(append(out, '.'), signature), nil
}

func (k *PrivateKey) signedHeader(typ string) ([]byte, error) {
	var err error
	out := append(make([]byte, 0, 128), '{')
	if typ != "" {
		if out, err = appendText(append(out, `"typ":`...), typ); err != nil {
			return nil, err
		}
		out = append(out, ',')
	}
	out = append(append(append(out, `"alg":"`...), k.public.name...), '"')
	if k.public.kid != "" {
		if out, err = appendText(append(out, `,"kid":`...), k.public.kid); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

func (k *PrivateKey) sign(message []byte, rand io.Reader) ([]byte, error) {
	switch k.public.name {
	case algES256:
		digest := sha256.Sum256(message)
		der, err := ecdsa.SignASN1(rand, k.elliptic, digest[:])
		if err != nil {
			return nil, err
		}
		return signatureFromDER(der)
	case algPS256:
		digest := sha256.Sum256(message)
		return rsa.SignPSS(rand, k.rsa, crypto.SHA256, digest[:], pssOptions)
	case algEdDSA:
		return ed25519.Sign(k.edwards, message), nil
	default:
		return signSM2(k.sm2, message, rand)
	}
}
