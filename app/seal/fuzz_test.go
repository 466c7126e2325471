package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"testing"

	"postern/app/seal"
)

// seedEnvelopes adds every envelope of the gateway files.
func seedEnvelopes(f *testing.F) map[string]*seal.PrivateKey {
	f.Helper()
	keys := make(map[string]*seal.PrivateKey)
	for _, name := range []string{"gateway/jwe_inbound.json", "gateway/jwe_inbound_gm.json"} {
		var vectors envelopeFile
		readVectors(f, name, &vectors)
		for _, jwk := range vectors.Keys.Active {
			key := parsePrivate(f, jwk)
			keys[key.Public().KID()] = key
		}
		for _, tc := range vectors.Tests {
			if len(tc.JWE) <= maxVector {
				f.Add([]byte(tc.JWE))
			}
		}
	}
	return keys
}

func FuzzOpenWith(f *testing.F) {
	keys := seedEnvelopes(f)
	f.Fuzz(func(t *testing.T, compact []byte) {
		envelope, err := seal.ParseEnvelope(compact, maxVector)
		if err != nil {
			return
		}
		for _, key := range keys {
			plaintext, cek, err := envelope.OpenWith(key, "")
			if err != nil {
				if seal.Reason(err) == "" || plaintext != nil || cek != nil {
					t.Fatalf("%v gives %q and %x", err, plaintext, cek)
				}
				continue
			}
			if len(plaintext) == 0 || len(cek) != key.Public().Suite().KeySize() {
				t.Fatalf("opened to %q under %x", plaintext, cek)
			}
			resealed, err := newRecipient(t, key.Public()).Seal(seal.SealHeader{Typ: envelope.Header().Typ}, cek, plaintext, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			again, err := seal.ParseEnvelope(resealed, len(resealed))
			if err != nil {
				t.Fatal(err)
			}
			if opened, r, err := again.OpenWith(key, ""); err != nil || !bytes.Equal(opened, plaintext) || !bytes.Equal(r, cek) {
				t.Fatalf("sealed again it opens to %q, %v", opened, err)
			}
		}
	})
}

func FuzzParseSigned(f *testing.F) {
	var file struct {
		Tests []struct {
			Assertion string `json:"client_assertion"`
		} `json:"tests"`
	}
	readVectors(f, "gateway/client_assertions.json", &file)
	for _, tc := range file.Tests {
		f.Add([]byte(tc.Assertion))
	}
	f.Add([]byte("eyJhbGciOiJTR0RfU00zX1NNMiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
	keys := []*seal.PublicKey{newKey(f, seal.A256, seal.Signing).Public(), newKey(f, seal.GM, seal.Signing).Public()}
	f.Fuzz(func(t *testing.T, compact []byte) {
		signed, err := seal.ParseSigned(compact, maxVector)
		if err != nil {
			if seal.Reason(err) == "" {
				t.Fatalf("no reason for %v", err)
			}
			return
		}
		for _, key := range keys {
			if signed.Verify(key) == nil {
				t.Fatalf("%s verifies under a fresh key", compact)
			}
		}
		// The payload's spelling must be the only one.
		if parts := bytes.Split(compact, []byte{'.'}); len(parts) != 3 ||
			!bytes.Equal(parts[1], []byte(base64Text(signed.Payload()))) {
			t.Fatalf("payload of %s is written as %s", compact, base64Text(signed.Payload()))
		}
	})
}

func FuzzParsePublicJWK(f *testing.F) {
	for _, suite := range []seal.Suite{seal.A256, seal.GM} {
		for _, use := range []seal.Use{seal.Encryption, seal.Signing} {
			encoded, err := newKey(f, suite, use).Public().MarshalJSON()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(encoded)
		}
	}
	f.Add([]byte(`{"kty":"RSA","use":"sig","e":"AQAB","n":"AQ"}`))
	f.Add([]byte(`{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := seal.ParsePublicJWK(data)
		if err != nil {
			if seal.Reason(err) == "" {
				t.Fatalf("no reason for %v", err)
			}
			return
		}
		written, err := key.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := seal.ParsePublicJWK(written)
		if err != nil {
			t.Fatalf("%s is refused: %v", written, err)
		}
		if twice, _ := again.MarshalJSON(); !bytes.Equal(twice, written) || again.Thumbprint() != key.Thumbprint() {
			t.Fatalf("%s is written as %s", written, twice)
		}
	})
}

func FuzzParsePrivateJWK(f *testing.F) {
	f.Add(adding(f, readText(f, "rfc/rfc7515_A.2.jwk"), "use", "sig"))
	for _, suite := range []seal.Suite{seal.A256, seal.GM} {
		encoded, err := newKey(f, suite, seal.Signing).MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Add([]byte(`{"kty":"RSA","use":"sig","e":"AQAB","n":"AQ","d":"AQ","p":"AQ","q":"AQ","dp":"AQ","dq":"AQ","qi":"AQ"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := seal.ParsePrivateJWK(data)
		if err != nil {
			return
		}
		written, err := key.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := seal.ParsePrivateJWK(written)
		if err != nil {
			t.Fatalf("a written key is refused: %v", err)
		}
		if twice, _ := again.MarshalJSON(); !bytes.Equal(twice, written) {
			t.Fatal("a written key changes")
		}
	})
}

func FuzzParsePublicJWKSet(f *testing.F) {
	f.Add(readText(f, "rfc/rfc7517_A.1.jwkset"))
	f.Add([]byte(`{"keys":[]}`))
	if written, err := seal.MarshalPublicJWKSet([]*seal.PublicKey{newKey(f, seal.GM, seal.Signing).Public()}); err == nil {
		f.Add(written)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := seal.ParsePublicJWKSet(data)
		if err != nil {
			return
		}
		written, err := seal.MarshalPublicJWKSet(keys)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := seal.ParsePublicJWKSet(written); err != nil || len(again) != len(keys) {
			t.Fatalf("%s is refused: %v", written, err)
		}
	})
}

// FuzzDecodeObject holds DecodeObject against the standard library: what is
// accepted here must mean the same there, where the last of two names wins.
func FuzzDecodeObject(f *testing.F) {
	f.Add([]byte(`{"at":"x","jti":"y","iat":1}`))
	f.Add([]byte(`{"a":[{"b":{}}],"iat":-0}`))
	f.Add([]byte(`{"iat":1.0}`))
	f.Add([]byte(`{"at":"\ud83d\ude00\u0000"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got plaintext
		if err := seal.DecodeObject(data, &got); err != nil {
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(data, &members); err != nil {
			t.Fatalf("the standard library refuses %q: %v", data, err)
		}
		var want plaintext
		if at, ok := members["at"]; ok && string(at) != "null" {
			if err := json.Unmarshal(at, &want.AT); err != nil {
				t.Fatal(err)
			}
		}
		if iat, ok := members["iat"]; ok {
			var number int64
			if err := json.Unmarshal(iat, &number); err != nil {
				t.Fatal(err)
			}
			want.IAT = seal.Integer(number)
		}
		if got != want {
			t.Fatalf("%q decodes to %+v, want %+v", data, got, want)
		}
	})
}
