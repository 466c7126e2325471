package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// Suite names one of the two sets of algorithms of protocol section 2. An
// application uses exactly one; they are never mixed inside an envelope.
type Suite string

// The suites of protocol section 2.
const (
	A256 Suite = "A256" // ECDH-ES+A256KW or RSA-OAEP-256, A256GCM, ES256, HKDF-SHA-256
	GM   Suite = "GM"   // SGD_SM2_3, SGD_SM4_GCM, SGD_SM3_SM2, HKDF with SM3
)

// Content encryption names of the two suites (RFC 7518 section 5.3, GM/T 0125).
const (
	encA256 = "A256GCM"
	encGM   = "SGD_SM4_GCM"
)

const (
	ivSize  = 12 // RFC 7518 section 5.3: 96 bits; RFC 8998 section 3.2.1 the same
	tagSize = 16 // RFC 7518 section 5.3: 128 bits
)

// Valid reports whether s is one of the protocol's suites.
func (s Suite) Valid() bool { return s == A256 || s == GM }

// KeySize returns the octets of R and of every key derived from it: 32 in A256,
// 16 in GM, 0 for an unknown suite.
func (s Suite) KeySize() int {
	switch s {
	case A256:
		return 32
	case GM:
		return 16
	default:
		return 0
	}
}

// enc is the suite's content encryption name.
func (s Suite) enc() string {
	if s == GM {
		return encGM
	}
	return encA256
}

// newHash is the suite's hash for HKDF.
func (s Suite) newHash() func() hash.Hash {
	if s == GM {
		return sm3.New
	}
	return sha256.New
}

// aead prepares the suite's content cipher for one key.
func (s Suite) aead(key []byte) (cipher.AEAD, error) {
	if !s.Valid() || len(key) != s.KeySize() {
		return nil, fmt.Errorf("prepare %s content cipher: key of %d octets", s, len(key))
	}
	newBlock := aes.NewCipher
	if s == GM {
		newBlock = sm4.NewCipher
	}
	block, err := newBlock(key)
	if err != nil {
		return nil, fmt.Errorf("prepare content cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("prepare content cipher: %w", err)
	}
	return aead, nil
}

// Labels of the two directions (protocol section 5).
const (
	infoUp   = "h5-access/v1 up"
	infoDown = "h5-access/v1 down"
)

// DeriveKeys derives K_up and K_down of a ticket from R with HKDF (RFC 5869):
// the salt is sid's 22 ASCII characters as sent, not decoded; each key is as
// long as R (protocol section 5). r must be Suite.KeySize octets and sid a
// ValidID. The caller owns the returned slices.
func DeriveKeys(s Suite, r []byte, sid string) (up, down []byte, err error) {
	if !s.Valid() || len(r) != s.KeySize() {
		return nil, nil, fmt.Errorf("derive keys: R of %d octets in suite %q", len(r), string(s))
	}
	if !ValidID(sid) {
		return nil, nil, errors.New("derive keys: sid is not an identifier")
	}
	prk, err := hkdf.Extract(s.newHash(), r, []byte(sid))
	if err != nil {
		return nil, nil, fmt.Errorf("derive keys: %w", err)
	}
	if up, err = hkdf.Expand(s.newHash(), prk, infoUp, s.KeySize()); err != nil {
		return nil, nil, fmt.Errorf("derive keys: %w", err)
	}
	if down, err = hkdf.Expand(s.newHash(), prk, infoDown, s.KeySize()); err != nil {
		return nil, nil, fmt.Errorf("derive keys: %w", err)
	}
	return up, down, nil
}
