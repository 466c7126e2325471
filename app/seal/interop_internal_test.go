package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"testing"
)

// The RFCs' envelopes use algorithms that the product refuses, so they prove
// the form, the AAD and the writing, with the content key given.

func TestCookbookDirectEnvelope(t *testing.T) {
	t.Parallel()
	var example struct {
		Input struct {
			Plaintext string `json:"plaintext"`
			Key       struct {
				K string `json:"k"`
			} `json:"key"`
		} `json:"input"`
		Content struct {
			Protected string `json:"protected_b64u"`
		} `json:"encrypting_content"`
		Output struct {
			Compact string `json:"compact"`
		} `json:"output"`
	}
	readJSON(t, "jose-cookbook/jwe/5_6.direct_encryption_using_aes-gcm.json", &example)
	compact := []byte(example.Output.Compact)
	envelope := parseKnown(t, compact)
	aead := bareGCM(t, decode(t, example.Input.Key.K))

	plaintext, err := aead.Open(nil, envelope.iv, envelope.sealed, envelope.aad)
	if err != nil || string(plaintext) != example.Input.Plaintext {
		t.Errorf("opened to %q, %v", plaintext, err)
	}
	written, err := assemble(decode(t, example.Content.Protected), nil, aead, plaintext, bytes.NewReader(envelope.iv))
	if err != nil || !bytes.Equal(written, compact) {
		t.Errorf("written as %s, %v", written, err)
	}
}

func TestRFC7516EnvelopeWithItsContentKey(t *testing.T) {
	t.Parallel()
	var examples map[string]any
	readJSON(t, "rfc/rfc7516_appendix_a.json", &examples)
	example := examples["A.1"].(map[string]any)
	envelope := parseKnown(t, []byte(example["compact"].(string)))
	aead := bareGCM(t, mustHex(t, example["cek"].(string)))
	plaintext, err := aead.Open(nil, envelope.iv, envelope.sealed, envelope.aad)
	if err != nil || string(plaintext) != example["plaintext"] {
		t.Errorf("opened to %q, %v", plaintext, err)
	}
	if got := envelope.Header(); got.Alg != "RSA-OAEP" || got.Enc != encA256 {
		t.Errorf("header is %+v", got)
	}
}

func parseKnown(t *testing.T, compact []byte) *Envelope {
	t.Helper()
	envelope, err := ParseEnvelope(compact, len(compact))
	if err != nil {
		t.Fatalf("%v (%s)", err, Reason(err))
	}
	return envelope
}

func bareGCM(t *testing.T, key []byte) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

func decode(t *testing.T, text string) []byte {
	t.Helper()
	decoded, ok := appendDecoded(nil, []byte(text))
	if !ok {
		t.Fatalf("not base64url: %s", text)
	}
	return decoded
}

func FuzzParseEnvelope(f *testing.F) {
	f.Add([]byte("eyJhbGciOiJkaXIifQ..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA"))
	f.Add([]byte("eyJlcGsiOnsia2lkIjpbMV19fQ..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA"))
	f.Add([]byte("...."))
	f.Fuzz(func(t *testing.T, compact []byte) {
		envelope, err := ParseEnvelope(compact, 1<<16)
		if err != nil {
			if Reason(err) == "" {
				t.Fatalf("no reason for %v", err)
			}
			return
		}
		tagAt := len(envelope.sealed) - tagSize
		written := [][]byte{envelope.aad}
		for _, part := range [][]byte{envelope.encryptedKey, envelope.iv, envelope.sealed[:tagAt], envelope.sealed[tagAt:]} {
			written = append(written, base64url.AppendEncode(nil, part))
		}
		if again := bytes.Join(written, []byte{'.'}); !bytes.Equal(again, compact) {
			t.Fatalf("%s is written as %s", compact, again)
		}
	})
}
