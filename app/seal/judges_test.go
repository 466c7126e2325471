package seal_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwe"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"postern/app/seal"
)

// The judges are two JOSE libraries that share no code with the package.

// joseKey and jwxKey read our JWK, private or public, the libraries' way.
func joseKey(t *testing.T, key json.Marshaler) *jose.JSONWebKey {
	t.Helper()
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(encode(t, key)); err != nil {
		t.Fatalf("go-jose: %v", err)
	}
	return &parsed
}

func jwxKey(t *testing.T, key json.Marshaler) jwk.Key {
	t.Helper()
	parsed, err := jwk.ParseKey(encode(t, key))
	if err != nil {
		t.Fatalf("jwx: %v", err)
	}
	return parsed
}

// rsaKey is the published key of RFC 7515 appendix A.2.
func rsaKey(t *testing.T, use string) *seal.PrivateKey {
	t.Helper()
	return parsePrivate(t, adding(t, adding(t, readText(t, "rfc/rfc7515_A.2.jwk"), "use", use), "kid", "rsa-1"))
}

func edwardsKey(t *testing.T) *seal.PrivateKey {
	t.Helper()
	return parsePrivate(t, []byte(`{"kty":"OKP","crv":"Ed25519","use":"sig","kid":"ed-1",`+
		`"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`))
}

func TestJudgesOpenWhatWeSeal(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*seal.PrivateKey{
		"ECDH-ES+A256KW": newKey(t, seal.A256, seal.Encryption),
		"RSA-OAEP-256":   rsaKey(t, "enc"),
	} {
		for _, reuse := range []int{0, 3} {
			recipient := newRecipient(t, key.Public()).Reuse(reuse)
			for round := range 4 {
				t.Run(fmt.Sprintf("%s, reuse %d, envelope %d", name, reuse, round), func(t *testing.T) {
					t.Parallel()
					header := seal.SealHeader{Typ: "at+jwe", Cty: "at+jwt", Suite: seal.A256}
					compact, err := recipient.Seal(header, nil, kilobyte, rand.Reader)
					if err != nil {
						t.Fatal(err)
					}
					judgeEnvelope(t, key, compact)
				})
			}
		}
	}
}

func judgeEnvelope(t *testing.T, key *seal.PrivateKey, compact []byte) {
	t.Helper()
	algorithm := key.Public().Alg()
	object, err := jose.ParseEncryptedCompact(string(compact),
		[]jose.KeyAlgorithm{jose.KeyAlgorithm(algorithm)}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatalf("go-jose: %v", err)
	}
	plaintext, err := object.Decrypt(joseKey(t, key).Key)
	if err != nil || !bytes.Equal(plaintext, kilobyte) {
		t.Errorf("go-jose opens to %.20q, %v", plaintext, err)
	}
	if object.Header.KeyID != key.Public().KID() || object.Header.ExtraHeaders["cty"] != "at+jwt" {
		t.Errorf("go-jose reads the header %+v", object.Header)
	}
	chosen, ok := jwa.LookupKeyEncryptionAlgorithm(algorithm)
	if !ok {
		t.Fatal("jwx does not know the algorithm")
	}
	plaintext, err = jwe.Decrypt(compact, jwe.WithKey(chosen, jwxKey(t, key)))
	if err != nil || !bytes.Equal(plaintext, kilobyte) {
		t.Errorf("jwx opens to %.20q, %v", plaintext, err)
	}
}

func TestJudgesOpenDirectEnvelopes(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{7}, 32)
	compact, err := seal.SealDirect(seal.A256, "reply+jwe", key, kilobyte, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	object, err := jose.ParseEncryptedCompact(string(compact), []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	if plaintext, err := object.Decrypt(key); err != nil || !bytes.Equal(plaintext, kilobyte) {
		t.Errorf("go-jose opens to %.20q, %v", plaintext, err)
	}
	if plaintext, err := jwe.Decrypt(compact, jwe.WithKey(jwa.DIRECT(), key)); err != nil || !bytes.Equal(plaintext, kilobyte) {
		t.Errorf("jwx opens to %.20q, %v", plaintext, err)
	}
}

func TestWeOpenWhatJudgesSeal(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*seal.PrivateKey{
		"ECDH-ES+A256KW": newKey(t, seal.A256, seal.Encryption),
		"RSA-OAEP-256":   rsaKey(t, "enc"),
	} {
		t.Run(name+" by go-jose", func(t *testing.T) {
			t.Parallel()
			options := (&jose.EncrypterOptions{}).WithType("vt-req+jwe")
			encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{
				Algorithm: jose.KeyAlgorithm(name), Key: joseKey(t, key.Public()).Key, KeyID: key.Public().KID(),
			}, options)
			if err != nil {
				t.Fatal(err)
			}
			object, err := encrypter.Encrypt(kilobyte)
			if err != nil {
				t.Fatal(err)
			}
			compact, err := object.CompactSerialize()
			if err != nil {
				t.Fatal(err)
			}
			checkOpens(t, key, []byte(compact), nil)
		})
		t.Run(name+" by jwx, with the caller's content key", func(t *testing.T) {
			t.Parallel()
			r := bytes.Repeat([]byte{9}, 32)
			headers := jwe.NewHeaders()
			for member, value := range map[string]string{"typ": "vt-req+jwe", "kid": key.Public().KID()} {
				if err := headers.Set(member, value); err != nil {
					t.Fatal(err)
				}
			}
			chosen, _ := jwa.LookupKeyEncryptionAlgorithm(name)
			compact, err := jwe.EncryptStatic(kilobyte, r, jwe.WithKey(chosen, jwxKey(t, key.Public())), jwe.WithProtectedHeaders(headers))
			if err != nil {
				t.Fatal(err)
			}
			checkOpens(t, key, compact, r)
		})
	}
}

func checkOpens(t *testing.T, key *seal.PrivateKey, compact, wantCEK []byte) {
	t.Helper()
	envelope, err := seal.ParseEnvelope(compact, maxVector)
	if err != nil {
		t.Fatalf("%s: %s", seal.Reason(err), compact)
	}
	plaintext, cek, err := envelope.OpenWith(key, "vt-req+jwe")
	if err != nil || !bytes.Equal(plaintext, kilobyte) {
		t.Errorf("opens to %.20q, %s", plaintext, seal.Reason(err))
	}
	if wantCEK != nil && !bytes.Equal(cek, wantCEK) {
		t.Errorf("content key is %x", cek)
	}
}

func TestSignaturesWithJudges(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*seal.PrivateKey{
		"ES256": newKey(t, seal.A256, seal.Signing),
		"PS256": rsaKey(t, "sig"),
		"EdDSA": edwardsKey(t),
	} {
		chosen, _ := jwa.LookupSignatureAlgorithm(name)
		t.Run(name+": judges verify ours", func(t *testing.T) {
			t.Parallel()
			compact, err := seal.Sign(key, "at+jwt", kilobyte, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			object, err := jose.ParseSignedCompact(string(compact), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(name)})
			if err != nil {
				t.Fatal(err)
			}
			if payload, err := object.Verify(joseKey(t, key.Public()).Key); err != nil || !bytes.Equal(payload, kilobyte) {
				t.Errorf("go-jose: %v", err)
			}
			if payload, err := jws.Verify(compact, jws.WithKey(chosen, jwxKey(t, key.Public()))); err != nil || !bytes.Equal(payload, kilobyte) {
				t.Errorf("jwx: %v", err)
			}
		})
		t.Run(name+": we verify the judges'", func(t *testing.T) {
			t.Parallel()
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(name), Key: joseKey(t, key)},
				(&jose.SignerOptions{}).WithType("at+jwt"))
			if err != nil {
				t.Fatal(err)
			}
			object, err := signer.Sign(kilobyte)
			if err != nil {
				t.Fatal(err)
			}
			byJose, err := object.CompactSerialize()
			if err != nil {
				t.Fatal(err)
			}
			byJWX, err := jws.Sign(kilobyte, jws.WithKey(chosen, jwxKey(t, key)))
			if err != nil {
				t.Fatal(err)
			}
			for _, compact := range [][]byte{[]byte(byJose), byJWX} {
				signed, err := seal.ParseSigned(compact, maxVector)
				if err != nil {
					t.Fatalf("%s: %s", seal.Reason(err), compact)
				}
				if err := signed.Verify(key.Public()); err != nil || !bytes.Equal(signed.Payload(), kilobyte) {
					t.Errorf("%s: %s", seal.Reason(err), compact)
				}
			}
		})
	}
}

func TestThumbprintsWithJudges(t *testing.T) {
	t.Parallel()
	for _, key := range []*seal.PrivateKey{newKey(t, seal.A256, seal.Encryption), rsaKey(t, "sig"), edwardsKey(t)} {
		want, err := joseKey(t, key.Public()).Thumbprint(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if got := unbase64(t, key.Public().Thumbprint()); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, go-jose has %x", key, got, want)
		}
	}
}
