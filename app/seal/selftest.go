package seal

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
)

// SelfTest runs a known answer through every algorithm of both suites and
// returns the first one that comes out wrong, in the manner of the power-up
// self-tests of GB/T 37092. It takes a few milliseconds; a process that gets an
// error must not serve.
func SelfTest() error {
	for _, known := range knownAnswers {
		if err := known.check(); err != nil {
			return fmt.Errorf("self-test of %s: %w", known.name, err)
		}
	}
	return nil
}

// knownAnswer is one computation over fixed inputs and its published result.
type knownAnswer struct {
	name string
	want string // hexadecimal
	run  func() ([]byte, error)
}

func (k knownAnswer) check() error {
	got, err := k.run()
	if err != nil {
		return err
	}
	if hex.EncodeToString(got) != k.want {
		return errors.New("wrong answer")
	}
	return nil
}

var errKnownAnswer = errors.New("known answer refused")

var knownAnswers = []knownAnswer{
	{"SHA-256", // FIPS 180-4, "abc"
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		func() ([]byte, error) { digest := sha256.Sum256([]byte("abc")); return digest[:], nil }},
	{"SM3", // GM/T 0004 appendix A.1, "abc"
		"66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
		func() ([]byte, error) { digest := sm3.Sum([]byte("abc")); return digest[:], nil }},
	{"AES-256-GCM", // McGrew and Viega, test case 16
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838" +
			"c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
		func() ([]byte, error) {
			return sealAndOpen(A256, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
				"cafebabefacedbaddecaf888",
				"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"+
					"b16aedf5aa0de657ba637b39")
		}},
	{"SM4-GCM", // RFC 8998 appendix A.1
		"17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15" +
			"a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec",
		func() ([]byte, error) {
			return sealAndOpen(GM, "0123456789abcdeffedcba9876543210", "00001234567800000000abcd",
				"aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffff"+
					"eeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa")
		}},
	{"A256KW", // RFC 3394 section 4.6
		"28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
		wrapAndUnwrap},
	{"ECDH P-256", // RFC 7518 appendix C, Z
		"9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4",
		agreeKnown},
	{"Concat KDF", // RFC 7518 appendix C
		"56aa8deaf8236d205c2228cd71a7101a",
		func() ([]byte, error) {
			z, err := agreeKnown()
			return concatKDF(z, partyInfo{"A128GCM", []byte("Alice"), []byte("Bob")}, 16), err
		}},
	{"HKDF-SHA-256", // protocol section 5; computed with Node's crypto
		"152fae1f3700b158afce75b1510ee884574a4b1ebe68b3ef0c7d171ca4c89870",
		func() ([]byte, error) {
			up, _, err := DeriveKeys(A256, unhex("3f72ec4adbbe887e7b4de95d63d6848cfb70fad124416703899ed2691c13dbe4"), "Lz9qBU2UkanL0F0x20R4BA")
			return up, err
		}},
	{"HKDF-SM3", // protocol section 5; computed with an independent client
		"161e21b9e9b6ab4bc07a19530709acd5",
		func() ([]byte, error) {
			up, _, err := DeriveKeys(GM, unhex("58c50974d3d66b57887aca5a9ee939e0"), "ok74VV0bN1SNcIaPDgyVsA")
			return up, err
		}},
	{"ES256", // RFC 6979 appendix A.2.5, "sample"
		"efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
			"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
		signES256Known},
	{"EdDSA", // RFC 8037 appendix A.4
		"860c98d2297f3060a33f42739672d61b53cf3adefed3d3c672f320dc021b411e" +
			"9d59b8628dc351e248b88b29468e0e41855b0fb7d83bb15be902bfccb8cd0a02",
		signEdwardsKnown},
	{"SGD_SM3_SM2", // GM/T 0003.5 appendix A.2, verification; signing is gmsm's own known answer
		"f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3" +
			"b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
		verifySM2Known},
	{"SGD_SM2_3", // GM/T 0003.5 appendix C.2: "encryption standard"
		hex.EncodeToString([]byte("encryption standard")),
		decryptSM2Known},
	{"PS256 and RSA-OAEP-256", // the key of RFC 7515 appendix A.2
		"10bbd733917ac213a010c7d94b450499d2251b2c6a5e5cf6e1cd4dd43f46966a",
		rsaKnown},
}

// sealAndOpen encrypts under the AAD that both GCM answers share.
func sealAndOpen(s Suite, key, iv, plaintext string) ([]byte, error) {
	aead, err := s.aead(unhex(key))
	if err != nil {
		return nil, err
	}
	aad := unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
	sealed := aead.Seal(nil, unhex(iv), unhex(plaintext), aad)
	opened, err := aead.Open(nil, unhex(iv), sealed, aad)
	if err != nil || !bytes.Equal(opened, unhex(plaintext)) {
		return nil, errKnownAnswer
	}
	sealed[0] ^= 1
	if _, err := aead.Open(nil, unhex(iv), sealed, aad); err == nil {
		return nil, errors.New("a changed message was accepted")
	}
	sealed[0] ^= 1
	return sealed, nil
}

func wrapAndUnwrap() ([]byte, error) {
	kek, err := aes.NewCipher(unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"))
	if err != nil {
		return nil, err
	}
	key := unhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f")
	wrapped := wrapKey(kek, key)
	if unwrapped, ok := unwrapKey(kek, wrapped); !ok || !bytes.Equal(unwrapped, key) {
		return nil, errKnownAnswer
	}
	return wrapped, nil
}

func agreeKnown() ([]byte, error) {
	alice, err := ecdh.P256().NewPrivateKey(unhex("d3f3716913d4310a0026de741b3f18893afc8114f0c84682ba677e313a13988a"))
	if err != nil {
		return nil, err
	}
	bob, err := ecdh.P256().NewPublicKey(unhex("04c1e349cb61ec70248ce801034c3834e1b88ebe1161cb25af38741f785fcfc4c4" +
		"7bc96708ef80952b53f8d2555fe72b841ed04588628b1d378a594939500ec9c9"))
	if err != nil {
		return nil, err
	}
	return alice.ECDH(bob)
}

func signES256Known() ([]byte, error) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(),
		unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"))
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte("sample"))
	der, err := key.Sign(nil, digest[:], crypto.SHA256) // without a source: RFC 6979
	if err != nil {
		return nil, err
	}
	signature, err := signatureFromDER(der)
	if err != nil {
		return nil, err
	}
	return provenBy(&PublicKey{algorithm: algorithm{name: algES256}, elliptic: &key.PublicKey}, "sample", signature)
}

func signEdwardsKnown() ([]byte, error) {
	private, err := ParsePrivateJWK([]byte(`{"kty":"OKP","crv":"Ed25519","use":"sig",` +
		`"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`))
	if err != nil {
		return nil, err
	}
	const input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
	signature, err := private.sign([]byte(input), nil)
	if err != nil {
		return nil, err
	}
	return provenBy(private.public, input, signature)
}

// provenBy returns signature if it verifies over message and over no other.
func provenBy(key *PublicKey, message string, signature []byte) ([]byte, error) {
	if !key.verify([]byte(message), signature) {
		return nil, errKnownAnswer
	}
	if key.verify([]byte(message+"."), signature) {
		return nil, errors.New("a changed message was accepted")
	}
	return signature, nil
}

// knownSM2 is d of both examples of GM/T 0003.5.
const knownSM2 = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"

func verifySM2Known() ([]byte, error) {
	if err := sm2.SelfTest(); err != nil {
		return nil, err
	}
	private, err := sm2.NewPrivateKey(unhex(knownSM2))
	if err != nil {
		return nil, err
	}
	signature := unhex("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3" +
		"b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa")
	key := &PublicKey{algorithm: algorithm{name: algSM2Sign}, elliptic: &private.PublicKey}
	return provenBy(key, "message digest", signature)
}

func decryptSM2Known() ([]byte, error) {
	private, err := sm2.NewPrivateKey(unhex(knownSM2))
	if err != nil {
		return nil, err
	}
	parsed, ok := parseSM2Cipher(unhex("307c022004ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73" +
		"022100e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0" +
		"042059983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766" +
		"041321886ca989ca9c7d58087307ca93092d651efa"))
	if !ok {
		return nil, errKnownAnswer
	}
	plaintext, ok := decryptSM2(private, parsed)
	if !ok {
		return nil, errKnownAnswer
	}
	return plaintext, nil
}

func rsaKnown() ([]byte, error) {
	private, err := ParsePrivateJWK([]byte(knownRSA))
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte("postern self-test"))
	signature, ok := appendDecoded(nil, []byte(knownPS256))
	if !ok || rsa.VerifyPSS(private.public.rsa, crypto.SHA256, digest[:], signature, pssOptions) != nil {
		return nil, errKnownAnswer
	}
	sealed, ok := appendDecoded(nil, []byte(knownOAEP))
	if !ok {
		return nil, errKnownAnswer
	}
	return rsa.DecryptOAEP(sha256.New(), nil, private.rsa, sealed, nil)
}

// unhex decodes a constant. A wrong constant gives a wrong answer, not a panic.
func unhex(text string) []byte {
	decoded, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return decoded
}

// knownRSA is the published key of RFC 7515 appendix A.2.
const knownRSA = `{"use":"enc","kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-V` +
	`aw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LO` +
	`L-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4` +
	`LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"` +
	`,"d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2N` +
	`XOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gf` +
	`pRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZF` +
	`D9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ","p":"4BzEEOtIpmVdVEZNCqS7baC4crd0p` +
	`qnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1` +
	`QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc","q":"uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxht` +
	`CoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dT` +
	`ltRJ11BKBBypeeF6689rjcJIDEz9RWdc","dp":"BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3` +
	`QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5` +
	`Mbr1C1XsmvkxHQAdYo0","dq":"h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKg` +
	`B719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0` +
	`tIiTHU","qi":"IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJ` +
	`Q3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"}`

// knownPS256 signs, and knownOAEP encrypts, SHA-256("postern self-test").
const (
	knownPS256 = "I0vU4OAuThx6-kM3jbflq5haouhDDguQZcCL36UYFVjVSUxpkZxQ8N1KzjLwfY4GFgqnhPGt5ZPRuFFhYo-KxSbuOqTITUY9" +
		"Rb1fiG1kIwOQd8gMZl7rZ6XG0hTkxW5vBRop5DA0awWE8tjlLYsgnqad6Urjiw5YPTOOz5hcSZmY6lSRZp8Ru2KU_Z30gmBL" +
		"A8EHTsgPTCs265PqsS0M5rjar92RMUOYkWTxyR4kNO5KajwkkByY-AxsqvYhk7f9eeYBADp6r3lxC7_LsvJIR_6h3jeN9uLR" +
		"p_JqrnmdgVUk0yzpgA4qxta7NUlP3cjjWNnQFpAmwz20orLMg1-mhA"

	knownOAEP = "E1NY5FzCQn3WCmcl1l5x9JbBW2Rdbvc_8agpJ3L24XUFdVfsJSs6E1r_2UiHKQ51XHSRJD4wP7-0B63g33jRPQhAjXo86-oS" +
		"o57kehYOu5jP3PjgmvaiCdRl20EWdt7c9oV-guK7r3BZCwIot1_BMkHgK2Mv7WHHikPQxz3OywfRZSysZUm3Q00Y-WD_H4oZ" +
		"tj0W7pY1kkuK_VUNm_f4Sr3FRuj2-q3wV0yFp0t_Q8592GRXTLornLIsHS9FmVao4pcqpl-8XopFfUgZlvHjLe7175x3kNOw" +
		"IEHRS5Z0wVvKdUPfdxyQksOjreR951TFzTT0gKJ4WHLSPjNxCjAh9w"
)
