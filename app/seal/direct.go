package seal

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
)

// Direct is one shared key prepared for envelopes of alg "dir" (RFC 7518
// section 4.5). It is safe for concurrent use. Preparing costs about as much as
// sealing a kilobyte, so keep a Direct as long as its key.
type Direct struct {
	suite Suite
	aead  cipher.AEAD
}

// NewDirect prepares a key of Suite.KeySize octets: R, K_up or K_down.
func NewDirect(s Suite, key []byte) (*Direct, error) {
	aead, err := s.aead(key)
	if err != nil {
		return nil, err
	}
	return &Direct{suite: s, aead: aead}, nil
}

// Open opens e; see Envelope.OpenDirect.
func (d *Direct) Open(e *Envelope, typ string) ([]byte, error) {
	switch {
	case e.header.Alg != algDirect:
		return nil, errAlg
	case e.header.Enc != d.suite.enc():
		return nil, errEnc
	case typ != "" && e.header.Typ != typ:
		return nil, errTyp
	case e.header.seen&agreementMembers != 0:
		return nil, errHeader
	case len(e.encryptedKey) != 0: // RFC 7516 section 5.2 step 10
		return nil, errForm
	}
	plaintext, err := d.aead.Open(nil, e.iv, e.sealed, e.aad)
	if err != nil {
		return nil, errTag
	}
	return plaintext, nil
}

// Seal seals plaintext as a compact JWE with the header
// {"typ":typ,"alg":"dir","enc":…} and a fresh 96-bit IV from rand.
func (d *Direct) Seal(typ string, plaintext []byte, rand io.Reader) ([]byte, error) {
	if len(plaintext) == 0 {
		return nil, errEmpty
	}
	var space [128]byte
	header, err := appendText(append(space[:0], `{"typ":`...), typ)
	if err != nil {
		return nil, err
	}
	header = append(header, `,"alg":"dir","enc":"`...)
	header = append(header, d.suite.enc()...)
	header = append(header, `"}`...)
	return assemble(header, nil, d.aead, plaintext, rand)
}

// errEmpty refuses to seal what ParseEnvelope would refuse to read.
var errEmpty = errors.New("seal envelope: empty plaintext")

// SealDirect seals plaintext under a shared key of Suite.KeySize octets, once;
// see NewDirect for several times.
func SealDirect(s Suite, typ string, key, plaintext []byte, rand io.Reader) ([]byte, error) {
	direct, err := NewDirect(s, key)
	if err != nil {
		return nil, fmt.Errorf("seal envelope: %w", err)
	}
	return direct.Seal(typ, plaintext, rand)
}
