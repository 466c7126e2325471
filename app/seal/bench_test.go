package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/emmansun/gmsm/sm4"
	"github.com/go-jose/go-jose/v4"

	"postern/app/seal"
)

// kilobyte is the plaintext that all sealing is measured with.
var kilobyte = bytes.Repeat([]byte("0123456789abcdef"), 64)

func newKey(t testing.TB, suite seal.Suite, use seal.Use) *seal.PrivateKey {
	t.Helper()
	key, err := seal.Generate(suite, use, "key-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRecipient(t testing.TB, key *seal.PublicKey) *seal.Recipient {
	t.Helper()
	recipient, err := seal.NewRecipient(key)
	if err != nil {
		t.Fatal(err)
	}
	return recipient
}

// BenchmarkBare is what the library operations below cannot go under.
func BenchmarkBare(b *testing.B) {
	b.Run("ECDH", func(b *testing.B) {
		private, _ := ecdh.P256().GenerateKey(rand.Reader)
		peer, _ := ecdh.P256().GenerateKey(rand.Reader)
		point := peer.PublicKey().Bytes()
		for b.Loop() {
			public, _ := ecdh.P256().NewPublicKey(point)
			if _, err := private.ECDH(public); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ES256 sign", func(b *testing.B) {
		key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		digest := sha256.Sum256(kilobyte)
		for b.Loop() {
			_, _ = ecdsa.SignASN1(rand.Reader, key, digest[:])
		}
	})
	b.Run("ES256 verify", func(b *testing.B) {
		key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		digest := sha256.Sum256(kilobyte)
		signature, _ := ecdsa.SignASN1(rand.Reader, key, digest[:])
		for b.Loop() {
			_ = ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature)
		}
	})
	for name, block := range map[string]cipher.Block{"AES-256-GCM": bareBlock(aes.NewCipher, 32), "SM4-GCM": bareBlock(sm4.NewCipher, 16)} {
		aead, _ := cipher.NewGCM(block)
		iv := make([]byte, 12)
		sealed := aead.Seal(nil, iv, kilobyte, nil)
		buffer := make([]byte, 0, 2048)
		b.Run(name+" seal and open 1 KiB", func(b *testing.B) {
			for b.Loop() {
				_ = aead.Seal(buffer, iv, kilobyte, nil)
				_, _ = aead.Open(buffer, iv, sealed, nil)
			}
		})
	}
}

func bareBlock(newBlock func([]byte) (cipher.Block, error), size int) cipher.Block {
	block, err := newBlock(make([]byte, size))
	if err != nil {
		return nil
	}
	return block
}

func BenchmarkOpenWith(b *testing.B) {
	for _, suite := range []seal.Suite{seal.A256, seal.GM} {
		key := newKey(b, suite, seal.Encryption)
		compact, err := newRecipient(b, key.Public()).Seal(seal.SealHeader{Typ: "vt-req+jwe"}, nil, kilobyte, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(suite), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				envelope, err := seal.ParseEnvelope(compact, 16<<10)
				if err != nil {
					b.Fatal(err)
				}
				if _, _, err := envelope.OpenWith(key, "vt-req+jwe"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSealTo(b *testing.B) {
	for _, suite := range []seal.Suite{seal.A256, seal.GM} {
		for _, reuse := range []int{0, 64} {
			recipient := newRecipient(b, newKey(b, suite, seal.Encryption).Public()).Reuse(reuse)
			b.Run(fmt.Sprintf("%s reuse %d", suite, reuse), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := recipient.Seal(seal.SealHeader{Typ: "at+jwe", Cty: "at+jwt"}, nil, kilobyte, rand.Reader); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkDirect(b *testing.B) {
	for _, suite := range []seal.Suite{seal.A256, seal.GM} {
		key := make([]byte, suite.KeySize())
		prepared, err := seal.NewDirect(suite, key)
		if err != nil {
			b.Fatal(err)
		}
		compact, err := prepared.Seal("call+jwe", kilobyte, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(suite)+" parse 1 KiB", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = seal.ParseEnvelope(compact, 1<<20)
			}
		})
		b.Run(string(suite)+" seal 1 KiB", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = seal.SealDirect(suite, "call+jwe", key, kilobyte, rand.Reader)
			}
		})
		b.Run(string(suite)+" open 1 KiB", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				envelope, _ := seal.ParseEnvelope(compact, 1<<20)
				if _, err := envelope.OpenDirect(suite, "call+jwe", key); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(suite)+" seal and open 1 KiB, prepared", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = prepared.Seal("call+jwe", kilobyte, rand.Reader)
				envelope, _ := seal.ParseEnvelope(compact, 1<<20)
				if _, err := prepared.Open(envelope, "call+jwe"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("A256 seal and open 1 KiB by go-jose", func(b *testing.B) {
		key := make([]byte, 32)
		for b.Loop() {
			encrypter, _ := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: key}, nil)
			object, _ := encrypter.Encrypt(kilobyte)
			compact, _ := object.CompactSerialize()
			parsed, err := jose.ParseEncryptedCompact(compact, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := parsed.Decrypt(key); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSign(b *testing.B) {
	for _, suite := range []seal.Suite{seal.A256, seal.GM} {
		key := newKey(b, suite, seal.Signing)
		compact, err := seal.Sign(key, "at+jwt", kilobyte, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(key.Public().Alg()+" sign", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = seal.Sign(key, "at+jwt", kilobyte, rand.Reader)
			}
		})
		b.Run(key.Public().Alg()+" verify", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				signed, _ := seal.ParseSigned(compact, 16<<10)
				if err := signed.Verify(key.Public()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeObject(b *testing.B) {
	payload := []byte(`{"jti":"Ixjh-KoIy2oU0Abw6Uc3Rg","iat":1767225605,"method":"GET","path":"/accounts/622848/balance","query":"currency=CNY","headers":{"accept":"application/json"},"body":null}`)
	b.ReportAllocs()
	for b.Loop() {
		var call struct {
			JTI    string       `json:"jti"`
			IAT    seal.Integer `json:"iat"`
			Method string       `json:"method"`
			Path   string       `json:"path"`
			Query  string       `json:"query"`
		}
		if err := seal.DecodeObject(payload, &call); err != nil {
			b.Fatal(err)
		}
	}
}
