package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/emmansun/gmsm/sm2"
)

// wrappedSize is a 256-bit key under A256KW (RFC 3394).
const wrappedSize = 40

// SealHeader is what a caller chooses of an envelope's header. The rest comes
// from the recipient's key.
type SealHeader struct {
	Typ   string
	Cty   string // left out when empty
	Suite Suite  // must be the key's; empty means the key's
}

// Recipient is a public encryption key prepared for sealing. It is safe for
// concurrent use.
type Recipient struct {
	key *PublicKey

	reuse  int // envelopes per ephemeral key pair; below 2: a fresh one each
	mu     sync.Mutex
	agreed *agreement // guarded by mu, only with reuse
	left   int        // guarded by mu
}

// agreement is one ephemeral key pair and what was agreed with it.
type agreement struct {
	kek cipher.Block
	epk []byte // the uncompressed point
}

// NewRecipient prepares a key of use "enc" that has a kid.
func NewRecipient(key *PublicKey) (*Recipient, error) {
	if key.use != Encryption || key.kid == "" {
		return nil, errors.New("prepare recipient: not an encryption key with a kid")
	}
	return &Recipient{key: key}, nil
}

// Reuse lets r keep one ephemeral key pair for n envelopes in a row and returns
// r; it matters for ECDH-ES alone and must be called before r is shared. It
// saves the two point multiplications of sealing. Each envelope still has a
// content key of its own under A256KW, so what is given up is only that the loss
// of the ephemeral private key, which is never stored, exposes n envelopes
// instead of one. The package has no clock: a caller who wants a limit in time as
// well makes a new Recipient.
func (r *Recipient) Reuse(n int) *Recipient {
	r.reuse = n
	return r
}

// Seal seals plaintext to the recipient and returns a compact JWE with the
// header members typ, alg, enc, kid, cty (if given) and, for ECDH-ES, epk. cek is
// the content key, Suite.KeySize octets and not all zero: a page passes R; nil
// draws a fresh one from rand. The ephemeral key of ECDH-ES and the padding of
// RSA-OAEP come from Go's own secure source whatever rand is (since Go 1.26).
func (r *Recipient) Seal(h SealHeader, cek, plaintext []byte, rand io.Reader) ([]byte, error) {
	out, err := r.seal(h, cek, plaintext, rand)
	if err != nil {
		return nil, fmt.Errorf("seal to recipient: %w", err)
	}
	return out, nil
}

func (r *Recipient) seal(h SealHeader, cek, plaintext []byte, rand io.Reader) ([]byte, error) {
	suite := r.key.suite
	if h.Suite != "" && h.Suite != suite {
		return nil, fmt.Errorf("suite %q with a key of suite %q", string(h.Suite), string(suite))
	}
	if len(plaintext) == 0 {
		return nil, errEmpty
	}
	if cek == nil {
		cek = make([]byte, suite.KeySize())
		if _, err := io.ReadFull(rand, cek); err != nil {
			return nil, fmt.Errorf("draw content key: %w", err)
		}
	}
	if len(cek) != suite.KeySize() || allZero(cek) {
		return nil, errors.New("unusable content key")
	}
	encryptedKey, epk, err := r.wrap(cek, rand)
	if err != nil {
		return nil, err
	}
	header, err := r.header(h, epk)
	if err != nil {
		return nil, err
	}
	aead, err := suite.aead(cek)
	if err != nil {
		return nil, err
	}
	return assemble(header, encryptedKey, aead, plaintext, rand)
}

func (r *Recipient) header(h SealHeader, epk []byte) ([]byte, error) {
	out, err := appendText(append(make([]byte, 0, 384), `{"typ":`...), h.Typ)
	if err != nil {
		return nil, err
	}
	out = append(append(append(out, `,"alg":"`...), r.key.name...), `","enc":"`...)
	out = append(append(out, r.key.suite.enc()...), `","kid":`...)
	if out, err = appendText(out, r.key.kid); err != nil {
		return nil, err
	}
	if h.Cty != "" {
		if out, err = appendText(append(out, `,"cty":`...), h.Cty); err != nil {
			return nil, err
		}
	}
	if epk != nil {
		out = append(appendCoordinates(append(out, `,"epk":{"kty":"EC","crv":"P-256"`...), epk), '}')
	}
	if len(out) >= maxHeader {
		return nil, errors.New("header over 4 KiB")
	}
	return append(out, '}'), nil
}

// wrap encrypts cek to the key. epk is the ephemeral point of ECDH-ES, else nil.
func (r *Recipient) wrap(cek []byte, rand io.Reader) (encryptedKey, epk []byte, err error) {
	switch r.key.name {
	case algECDH:
		agreed, err := r.agree(rand)
		if err != nil {
			return nil, nil, fmt.Errorf("agree on key: %w", err)
		}
		return wrapKey(agreed.kek, cek), agreed.epk, nil
	case algOAEP:
		encryptedKey, err = rsa.EncryptOAEP(sha256.New(), rand, r.key.rsa, cek, nil)
	default:
		encryptedKey, err = sm2.EncryptASN1(rand, r.key.elliptic, cek)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("encrypt content key: %w", err)
	}
	return encryptedKey, nil, nil
}

func (r *Recipient) agree(rand io.Reader) (*agreement, error) {
	if r.reuse < 2 {
		return newAgreement(r.key.agreement, rand)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left == 0 {
		agreed, err := newAgreement(r.key.agreement, rand)
		if err != nil {
			return nil, err
		}
		r.agreed, r.left = agreed, r.reuse
	}
	r.left--
	return r.agreed, nil
}

// newAgreement draws an ephemeral key pair and derives the key-wrapping key
// (RFC 7518 section 4.6).
func newAgreement(static *ecdh.PublicKey, rand io.Reader) (*agreement, error) {
	ephemeral, err := ecdh.P256().GenerateKey(rand)
	if err != nil {
		return nil, err
	}
	kek, err := agreeKEK(ephemeral, static, partyInfo{algorithm: algECDH})
	if err != nil {
		return nil, err
	}
	return &agreement{kek: kek, epk: ephemeral.PublicKey().Bytes()}, nil
}

// agreeKEK is ECDH, Concat KDF and the block cipher of A256KW.
func agreeKEK(private *ecdh.PrivateKey, public *ecdh.PublicKey, info partyInfo) (cipher.Block, error) {
	z, err := private.ECDH(public)
	if err != nil {
		return nil, err
	}
	return aes.NewCipher(concatKDF(z, info, 32))
}

// unwrap recovers the content key of e, which admit has accepted for k. Its
// length is checked here or, for RSA, cannot differ.
func (k *PrivateKey) unwrap(e *Envelope) ([]byte, error) {
	switch k.public.name {
	case algECDH:
		return k.unwrapECDH(e)
	case algOAEP:
		return k.unwrapOAEP(e)
	default:
		return k.unwrapSM2(e)
	}
}

func (k *PrivateKey) unwrapECDH(e *Envelope) ([]byte, error) {
	epk, err := ecdh.P256().NewPublicKey(e.header.epk)
	if err != nil {
		return nil, errEPK // not on the curve
	}
	if len(e.encryptedKey) != wrappedSize {
		return nil, errUnwrap
	}
	info := partyInfo{algorithm: algECDH, apu: e.header.apu, apv: e.header.apv}
	kek, err := agreeKEK(k.agreement, epk, info)
	if err != nil {
		return nil, errEPK
	}
	cek, ok := unwrapKey(kek, e.encryptedKey)
	if !ok {
		return nil, errUnwrap
	}
	return cek, nil
}

// unwrapOAEP never tells whether the padding was right: when it was not, the
// content is opened under a key nobody can know, which fails like a wrong tag
// (RFC 7516 section 11.5). That key is a MAC of the ciphertext under a secret of
// the private key, so that repeating a request repeats its answer.
func (k *PrivateKey) unwrapOAEP(e *Envelope) ([]byte, error) {
	if len(e.encryptedKey) != k.rsa.Size() {
		return nil, errUnwrap // public knowledge
	}
	mac := hmac.New(sha256.New, k.decoy[:])
	mac.Write(e.encryptedKey)
	decoy := mac.Sum(nil)
	cek, err := rsa.DecryptOAEP(sha256.New(), nil, k.rsa, e.encryptedKey, nil)
	if err != nil || len(cek) != k.public.suite.KeySize() {
		return decoy, nil
	}
	return cek, nil
}

func (k *PrivateKey) unwrapSM2(e *Envelope) ([]byte, error) {
	parsed, ok := parseSM2Cipher(e.encryptedKey)
	if !ok || len(parsed.c2) != GM.KeySize() {
		return nil, errUnwrap
	}
	cek, ok := decryptSM2(k.sm2, parsed)
	if !ok {
		return nil, errUnwrap
	}
	return cek, nil
}
