package seal

import (
	"crypto/ecdsa"
	"encoding/asn1"
	"io"

	"github.com/emmansun/gmsm/sm2"
)

// sm2ID is the signer's identity in the GM suite (GM/T 0009-2012 section 10, the
// default of GB/T 32918.2).
const sm2ID = "1234567812345678"

const (
	coordinateSize = 32 // P-256 and SM2 alike
	sm3Size        = 32
)

// sm2Cipher is the SM2Cipher of GM/T 0009-2012 section 7.2.
type sm2Cipher struct {
	x, y [coordinateSize]byte // C1
	c3   []byte               // HASH
	c2   []byte               // CipherText
}

// parseSM2Cipher reads strict DER: SEQUENCE of two minimal non-negative
// INTEGERs, C3 of 32 octets and C2, nothing behind it. The old order C1C2C3 and
// raw points are not tried. Whether C1 is on the curve is for the decryption.
func parseSM2Cipher(der []byte) (c sm2Cipher, ok bool) {
	content, rest, ok := readDER(der, asn1.TagSequence|derConstructed)
	if !ok || len(rest) != 0 {
		return c, false
	}
	if content, ok = readDERCoordinate(content, &c.x); !ok {
		return c, false
	}
	if content, ok = readDERCoordinate(content, &c.y); !ok {
		return c, false
	}
	if c.c3, content, ok = readDER(content, asn1.TagOctetString); !ok || len(c.c3) != sm3Size {
		return c, false
	}
	c.c2, content, ok = readDER(content, asn1.TagOctetString)
	return c, ok && len(content) == 0
}

// der writes c as DER, the one spelling that parseSM2Cipher reads.
func (c *sm2Cipher) der() []byte {
	var content []byte
	content = appendDERCoordinate(content, c.x[:])
	content = appendDERCoordinate(content, c.y[:])
	content = appendDER(content, asn1.TagOctetString, c.c3)
	content = appendDER(content, asn1.TagOctetString, c.c2)
	return appendDER(nil, asn1.TagSequence|derConstructed, content)
}

// decryptSM2 opens an SM2Cipher (GB/T 32918.4 section 7). The library refuses a
// C1 off the curve or at infinity and an all-zero KDF output, and compares C3 in
// constant time.
func decryptSM2(key *sm2.PrivateKey, c sm2Cipher) ([]byte, bool) {
	if len(c.c2) == 0 {
		return nil, false
	}
	plain := make([]byte, 0, 1+2*coordinateSize+sm3Size+len(c.c2))
	plain = append(plain, 4)
	plain = append(plain, c.x[:]...)
	plain = append(plain, c.y[:]...)
	plain = append(plain, c.c3...)
	plain = append(plain, c.c2...)
	message, err := key.Decrypt(nil, plain, sm2Order)
	return message, err == nil
}

var sm2Order = sm2.NewPlainDecrypterOpts(sm2.C1C3C2)

// signSM2 returns r‖s over message with the default identity.
func signSM2(key *sm2.PrivateKey, message []byte, rand io.Reader) ([]byte, error) {
	der, err := key.Sign(rand, message, sm2.NewSM2SignerOption(true, []byte(sm2ID)))
	if err != nil {
		return nil, err
	}
	return signatureFromDER(der)
}

func verifySM2(key *ecdsa.PublicKey, message, signature []byte) bool {
	der, ok := signatureToDER(signature)
	return ok && sm2.VerifyASN1WithSM2(key, []byte(sm2ID), message, der)
}

// derConstructed is the constructed bit of an identifier octet (X.690 8.1.2.5).
const derConstructed = 0x20

// readDER reads one element with the given identifier octet and a definite,
// minimal length below 256, which is more than any element here has.
func readDER(der []byte, identifier byte) (content, rest []byte, ok bool) {
	if len(der) < 2 || der[0] != identifier {
		return nil, nil, false
	}
	size, at := int(der[1]), 2
	if size == 0x81 && len(der) > 2 && der[2] >= 0x80 {
		size, at = int(der[2]), 3
	} else if size >= 0x80 {
		return nil, nil, false
	}
	if len(der)-at < size {
		return nil, nil, false
	}
	return der[at : at+size], der[at+size:], true
}

// readDERCoordinate reads a minimal, non-negative INTEGER of at most 256 bits.
func readDERCoordinate(der []byte, dst *[coordinateSize]byte) (rest []byte, ok bool) {
	value, rest, ok := readDER(der, asn1.TagInteger)
	if !ok || len(value) == 0 || value[0] >= 0x80 {
		return nil, false
	}
	if value[0] == 0 && len(value) > 1 {
		if value[1] < 0x80 {
			return nil, false // not minimal: X.690 8.3.2
		}
		value = value[1:]
	}
	if len(value) > coordinateSize {
		return nil, false
	}
	copy(dst[coordinateSize-len(value):], value)
	return rest, true
}

// appendDER writes one element whose content has fewer than 256 octets.
func appendDER(dst []byte, identifier byte, content []byte) []byte {
	dst = append(dst, identifier)
	if len(content) >= 0x80 {
		dst = append(dst, 0x81)
	}
	dst = append(dst, byte(len(content)))
	return append(dst, content...)
}

func appendDERCoordinate(dst, value []byte) []byte {
	for len(value) > 1 && value[0] == 0 {
		value = value[1:]
	}
	if value[0] >= 0x80 {
		dst = append(dst, asn1.TagInteger, byte(len(value)+1), 0)
		return append(dst, value...)
	}
	return appendDER(dst, asn1.TagInteger, value)
}

// signatureToDER turns the r‖s of a JWS, exactly 64 octets, into the SEQUENCE
// that the libraries read. Zero and too large values are theirs to refuse.
func signatureToDER(signature []byte) ([]byte, bool) {
	if len(signature) != 2*coordinateSize {
		return nil, false
	}
	var space [2 * (coordinateSize + 3)]byte
	content := appendDERCoordinate(space[:0], signature[:coordinateSize])
	content = appendDERCoordinate(content, signature[coordinateSize:])
	return appendDER(nil, asn1.TagSequence|derConstructed, content), true
}

// signatureFromDER is the reverse, for signatures a library has just made.
func signatureFromDER(der []byte) ([]byte, error) {
	var r, s [coordinateSize]byte
	content, _, ok := readDER(der, asn1.TagSequence|derConstructed)
	if ok {
		content, ok = readDERCoordinate(content, &r)
	}
	if ok {
		_, ok = readDERCoordinate(content, &s)
	}
	if !ok {
		return nil, errSignatureForm
	}
	return append(r[:], s[:]...), nil
}
