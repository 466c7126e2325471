package seal

import "errors"

// algDirect is the alg of an envelope under a shared key (RFC 7518 section 4.5).
const algDirect = "dir"

// Envelope is a compact JWE whose form has been checked and whose keys have not
// been touched. It may be opened more than once and by several goroutines.
type Envelope struct {
	header       protectedHeader
	aad          []byte // the encoded header, a part of the input
	encryptedKey []byte
	iv           []byte // ivSize octets
	sealed       []byte // ciphertext ‖ tag
}

// ParseEnvelope checks the form of a compact JWE (RFC 7516 section 7.1, five
// parts) as strictly as protocol section 2 demands: base64url without padding,
// white space or non-zero trailing bits, a header of at most 4 KiB with known
// members only and none twice, a 96-bit IV, a 128-bit tag and some ciphertext.
// max is the limit of compact in octets; over it the error is also ErrTooLarge.
// The Envelope refers to compact, which must not change while it is in use.
// Every error is ErrEnvelope.
func ParseEnvelope(compact []byte, max int) (*Envelope, error) {
	if len(compact) > max {
		return nil, errSize
	}
	var parts [5][]byte
	if !splitCompact(compact, parts[:]) {
		return nil, errForm
	}
	header, iv, ciphertext, tag := parts[0], parts[2], parts[3], parts[4]
	if decodedLen(len(iv)) != ivSize || len(ciphertext) == 0 || decodedLen(len(tag)) != tagSize {
		return nil, errForm
	}
	if decodedLen(len(header)) > maxHeader {
		return nil, errHeader
	}

	// One buffer for all parts: ciphertext and tag come to lie side by side,
	// as the ciphers want them.
	buffer := make([]byte, 0, decodedLen(len(compact)))
	var ends [5]int
	for i, part := range parts {
		decoded, ok := appendDecoded(buffer, part)
		if !ok {
			return nil, errForm
		}
		buffer, ends[i] = decoded, len(decoded)
	}
	e := &Envelope{
		aad:          header,
		encryptedKey: buffer[ends[0]:ends[1]:ends[1]],
		iv:           buffer[ends[1]:ends[2]:ends[2]],
		sealed:       buffer[ends[2]:ends[4]:ends[4]],
	}
	if err := e.header.parse(buffer[:ends[0]], envelopeMembers); err != nil {
		return nil, err
	}
	return e, nil
}

// Header returns the text members of the header. They are only authenticated
// once the envelope has been opened.
func (e *Envelope) Header() Header { return e.header.Header }

// OpenWith opens an envelope that was sealed to key, a recipient's encryption
// key, and returns the plaintext with the content encryption key (R, when a
// page chose it). It requires the key's own alg, the enc of the key's suite, a
// kid equal to the key's, and typ octet for octet; typ "" leaves typ unchecked.
// An all-zero content key is refused: it is no random number. The caller owns
// both slices. Every error is ErrEnvelope.
func (e *Envelope) OpenWith(key *PrivateKey, typ string) (plaintext, cek []byte, err error) {
	if err := e.admit(key.public, typ); err != nil {
		return nil, nil, err
	}
	if cek, err = key.unwrap(e); err != nil {
		return nil, nil, err
	}
	aead, err := key.public.Suite().aead(cek)
	if err != nil {
		return nil, nil, errCEK // opened, but not of the suite's length
	}
	if plaintext, err = aead.Open(nil, e.iv, e.sealed, e.aad); err != nil {
		return nil, nil, errTag
	}
	// Only now, so that nobody who cannot seal learns what a key unwraps to.
	if allZero(cek) {
		return nil, nil, errCEK
	}
	return plaintext, cek, nil
}

// admit checks everything that needs no key operation, before any is done.
func (e *Envelope) admit(key *PublicKey, typ string) error {
	switch {
	case key.use != Encryption || e.header.Alg != key.name:
		return errAlg
	case e.header.Enc != key.Suite().enc():
		return errEnc
	case e.header.KID != key.kid:
		return errKID
	case typ != "" && e.header.Typ != typ:
		return errTyp
	case key.name == algECDH && e.header.epk == nil:
		return errEPK
	case key.name != algECDH && e.header.seen&agreementMembers != 0:
		return errHeader
	default:
		return nil
	}
}

// OpenDirect opens an envelope of alg "dir" under a shared key of
// Suite.KeySize octets: R, K_up or K_down. It requires the suite's enc, an empty
// encrypted-key part, and typ octet for octet; typ "" leaves typ unchecked. To
// open several envelopes under one key, use NewDirect. The caller owns the
// plaintext. Every error about the envelope is ErrEnvelope.
func (e *Envelope) OpenDirect(s Suite, typ string, key []byte) ([]byte, error) {
	direct, err := NewDirect(s, key)
	if err != nil {
		return nil, err
	}
	return direct.Open(e, typ)
}

func allZero(key []byte) bool {
	var any byte
	for _, octet := range key {
		any |= octet
	}
	return any == 0
}

// ErrEnvelope is what every refused envelope, signature and plaintext is
// (errors.Is). All refusals print the same text, so that no answer or log line
// built from them can tell a sender which check failed; Reason can.
var ErrEnvelope = errors.New("not an acceptable envelope")

// ErrTooLarge is what an input over its size limit is, besides ErrEnvelope:
// the one refusal that the protocol answers differently.
var ErrTooLarge = errors.New("envelope over the size limit")

// refusal is an envelope that was refused for one reason of the fixed list
// below. The values are shared: refusing costs no allocation.
type refusal struct{ reason string }

func (r *refusal) Error() string { return ErrEnvelope.Error() }

func (r *refusal) Is(target error) bool {
	return target == ErrEnvelope || (target == ErrTooLarge && r == errSize)
}

var (
	errSize      = &refusal{"size"}      // over the caller's limit
	errForm      = &refusal{"form"}      // parts, base64url, lengths
	errHeader    = &refusal{"header"}    // header JSON or its members
	errAlg       = &refusal{"alg"}       // not the key's alg
	errEnc       = &refusal{"enc"}       // not the suite's enc
	errTyp       = &refusal{"typ"}       // not the expected typ
	errKID       = &refusal{"kid"}       // missing, or not the key's
	errEPK       = &refusal{"epk"}       // ephemeral key
	errUnwrap    = &refusal{"unwrap"}    // encrypted key does not open
	errCEK       = &refusal{"cek"}       // content key opened but unusable
	errTag       = &refusal{"tag"}       // content does not authenticate
	errSignature = &refusal{"signature"} // signature does not verify
	errJSON      = &refusal{"json"}      // plaintext is not a strict object
)

// Reason returns the short stable word for why err's envelope or key was
// refused, for metrics and security logs, never for answers. Envelopes: size,
// form, header, alg, enc, typ, kid, epk, unwrap, cek, tag, signature, json.
// Keys: form, private, kty, point, rsa, use, kid, set. For an err that does not
// come from this package it returns "".
func Reason(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.reason
	}
	var k *keyFault
	if errors.As(err, &k) {
		return k.reason
	}
	return ""
}
