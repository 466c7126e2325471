package seal

import (
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// wrapBlock is the semiblock of RFC 3394: 64 bits.
const wrapBlock = 8

// wrapIV is the default initial value of RFC 3394 section 2.2.3.1.
const wrapIV = 0xA6A6A6A6A6A6A6A6

// wrapKey wraps a key of n≥2 whole semiblocks under kek (RFC 3394 section
// 2.2.1, index form). The result is one semiblock longer than key.
func wrapKey(kek cipher.Block, key []byte) []byte {
	out := make([]byte, wrapBlock+len(key))
	copy(out[wrapBlock:], key)
	buffer := make([]byte, 2*wrapBlock)
	binary.BigEndian.PutUint64(buffer, wrapIV)
	n := len(key) / wrapBlock
	for step := range 6 * n {
		semiblock := out[wrapBlock*(1+step%n):][:wrapBlock]
		copy(buffer[wrapBlock:], semiblock)
		kek.Encrypt(buffer, buffer)
		binary.BigEndian.PutUint64(buffer, binary.BigEndian.Uint64(buffer)^uint64(step+1))
		copy(semiblock, buffer[wrapBlock:])
	}
	copy(out, buffer[:wrapBlock])
	return out
}

// unwrapKey reverses wrapKey (RFC 3394 section 2.2.2) and reports whether the
// integrity value was right, compared in constant time.
func unwrapKey(kek cipher.Block, wrapped []byte) ([]byte, bool) {
	if len(wrapped) < 3*wrapBlock || len(wrapped)%wrapBlock != 0 {
		return nil, false
	}
	key := make([]byte, len(wrapped)-wrapBlock)
	copy(key, wrapped[wrapBlock:])
	buffer := make([]byte, 2*wrapBlock)
	copy(buffer, wrapped[:wrapBlock])
	n := len(key) / wrapBlock
	for step := 6*n - 1; step >= 0; step-- {
		semiblock := key[wrapBlock*(step%n):][:wrapBlock]
		binary.BigEndian.PutUint64(buffer, binary.BigEndian.Uint64(buffer)^uint64(step+1))
		copy(buffer[wrapBlock:], semiblock)
		kek.Decrypt(buffer, buffer)
		copy(semiblock, buffer[wrapBlock:])
	}
	var want [wrapBlock]byte
	binary.BigEndian.PutUint64(want[:], wrapIV)
	return key, subtle.ConstantTimeCompare(buffer[:wrapBlock], want[:]) == 1
}

// partyInfo is the OtherInfo of the Concat KDF that depends on the envelope.
type partyInfo struct {
	algorithm string // AlgorithmID: the alg, since a key-wrapping key is derived
	apu, apv  []byte // PartyUInfo, PartyVInfo, decoded
}

// concatKDF derives keySize octets, at most 32, from the shared secret z with
// the one-step KDF of NIST SP 800-56A section 5.8.1 as RFC 7518 section 4.6.2
// fills it in. z keeps its leading zeros.
func concatKDF(z []byte, info partyInfo, keySize int) []byte {
	var space [256]byte
	input := binary.BigEndian.AppendUint32(space[:0], 1) // one round: one SHA-256 output
	input = append(input, z...)
	for _, field := range [...][]byte{[]byte(info.algorithm), info.apu, info.apv} {
		input = binary.BigEndian.AppendUint32(input, uint32(len(field)))
		input = append(input, field...)
	}
	input = binary.BigEndian.AppendUint32(input, uint32(keySize)*8) // SuppPubInfo
	digest := sha256.Sum256(input)
	return digest[:keySize]
}
