package seal

import (
	"bytes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
)

// base64url is base64url without padding that refuses non-zero trailing bits.
var base64url = base64.RawURLEncoding.Strict()

// appendDecoded appends the octets that src encodes to dst. It accepts exactly
// what an encoder can write: the base64url alphabet, no padding, no white space
// and no non-zero trailing bits, so that decoding is injective. CR and LF are
// looked for because the standard decoder skips them even when strict, which RFC
// 7515 section 2 forbids.
func appendDecoded(dst, src []byte) ([]byte, bool) {
	if bytes.IndexByte(src, '\n') >= 0 || bytes.IndexByte(src, '\r') >= 0 {
		return dst, false
	}
	out, err := base64url.AppendDecode(dst, src)
	return out, err == nil
}

// decodeExact decodes base64url of exactly size octets.
func decodeExact(encoded string, size int) ([]byte, bool) {
	decoded, ok := appendDecoded(make([]byte, 0, size), []byte(encoded))
	return decoded, ok && len(decoded) == size
}

// decodeUnsigned decodes a Base64urlUInt of RFC 7518 section 2: at least one
// octet and no leading zero octet, so that a number has one spelling. Zero is
// no use to any key and is refused with it.
func decodeUnsigned(encoded string) (*big.Int, bool) {
	decoded, ok := appendDecoded(nil, []byte(encoded))
	if !ok || len(decoded) == 0 || decoded[0] == 0 {
		return nil, false
	}
	return new(big.Int).SetBytes(decoded), true
}

// decodedLen is the number of octets that n base64url characters hold.
func decodedLen(n int) int { return n/4*3 + max(n%4-1, 0) }

// splitCompact cuts compact at its dots into exactly len(parts) parts. It looks
// at most once past the last dot it needs, however many dots follow.
func splitCompact(compact []byte, parts [][]byte) bool {
	last := len(parts) - 1
	for i := range last {
		dot := bytes.IndexByte(compact, '.')
		if dot < 0 {
			return false
		}
		parts[i], compact = compact[:dot], compact[dot+1:]
	}
	parts[last] = compact
	return bytes.IndexByte(compact, '.') < 0
}

// assemble encrypts plaintext under a fresh 96-bit IV from rand and writes the
// five parts. The encoded header is the AAD (RFC 7516 section 5.1 step 14).
func assemble(header, encryptedKey []byte, aead cipher.AEAD, plaintext []byte, rand io.Reader) ([]byte, error) {
	sealed := make([]byte, ivSize, ivSize+len(plaintext)+tagSize)
	iv := sealed[:ivSize]
	if _, err := io.ReadFull(rand, iv); err != nil {
		return nil, fmt.Errorf("draw IV: %w", err)
	}
	size := base64url.EncodedLen(len(header)) + base64url.EncodedLen(len(encryptedKey)) +
		base64url.EncodedLen(ivSize) + base64url.EncodedLen(len(plaintext)) + base64url.EncodedLen(tagSize) + 4
	out := base64url.AppendEncode(make([]byte, 0, size), header)
	sealed = aead.Seal(sealed, iv, plaintext, out)
	tagAt := len(sealed) - tagSize
	out = append(out, '.')
	out = base64url.AppendEncode(out, encryptedKey)
	out = append(out, '.')
	out = base64url.AppendEncode(out, iv)
	out = append(out, '.')
	out = base64url.AppendEncode(out, sealed[ivSize:tagAt])
	out = append(out, '.')
	return base64url.AppendEncode(out, sealed[tagAt:]), nil
}
