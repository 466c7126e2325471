package seal_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/app/seal"
)

// without returns a JSON object without some of its members.
func without(t testing.TB, object []byte, names ...string) []byte {
	t.Helper()
	members := make(map[string]json.RawMessage)
	if err := json.Unmarshal(object, &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		delete(members, name)
	}
	return encode(t, members)
}

// adding returns a JSON object with one more text member.
func adding(t testing.TB, object []byte, name, value string) []byte {
	t.Helper()
	members := make(map[string]json.RawMessage)
	if err := json.Unmarshal(object, &members); err != nil {
		t.Fatal(err)
	}
	members[name] = encode(t, value)
	return encode(t, members)
}

func encode(t testing.TB, value any) []byte {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestWycheproofEnvelopes(t *testing.T) {
	t.Parallel()
	var file struct {
		Groups []struct {
			Private json.RawMessage `json:"private"`
			Tests   []struct {
				ID        int    `json:"tcId"`
				Comment   string `json:"comment"`
				JWE       string `json:"jwe"`
				Plaintext string `json:"pt"`
			} `json:"tests"`
		} `json:"testGroups"`
	}
	readVectors(t, "wycheproof/json_web_encryption_test.json", &file)
	// All other valid cases use an algorithm that the product refuses.
	opens := map[int]bool{66: true, 90: true}
	ran := 0
	for _, group := range file.Groups {
		// The file's headers name no kid, so neither may the key.
		key, keyErr := seal.ParsePrivateJWK(without(t, group.Private, "kid"))
		for _, tc := range group.Tests {
			ran++
			envelope, err := seal.ParseEnvelope([]byte(tc.JWE), maxVector)
			var plaintext []byte
			if err == nil {
				if err = keyErr; err == nil {
					plaintext, _, err = envelope.OpenWith(key, "")
				}
			}
			if (err == nil) != opens[tc.ID] {
				t.Errorf("case %d (%s): %v (%s)", tc.ID, tc.Comment, err, seal.Reason(err))
			}
			if err == nil && hex.EncodeToString(plaintext) != tc.Plaintext {
				t.Errorf("case %d opens to %x", tc.ID, plaintext)
			}
		}
	}
	if ran != 139 {
		t.Errorf("%d cases ran", ran)
	}
}

func TestWycheproofSignatures(t *testing.T) {
	t.Parallel()
	var file struct {
		Groups []struct {
			Public  json.RawMessage `json:"public"`
			Private json.RawMessage `json:"private"`
			Tests   []struct {
				ID      int    `json:"tcId"`
				Comment string `json:"comment"`
				JWS     any    `json:"jws"`
				Result  string `json:"result"`
			} `json:"tests"`
		} `json:"testGroups"`
	}
	readVectors(t, "wycheproof/json_web_signature_test.json", &file)
	ran, accepted := 0, make(map[string]int)
	for _, group := range file.Groups {
		public := group.Public
		if public == nil {
			public = group.Private // symmetric keys
		}
		key, keyErr := seal.ParsePublicJWK(public)
		for _, tc := range group.Tests {
			ran++
			compact, isText := tc.JWS.(string)
			if !isText {
				compact = string(encode(t, tc.JWS)) // a JSON serialisation
			}
			signed, err := seal.ParseSigned([]byte(compact), maxVector)
			if err == nil {
				if err = keyErr; err == nil {
					err = signed.Verify(key)
				}
			}
			if err == nil && tc.Result == "invalid" {
				t.Errorf("case %d (%s) is accepted", tc.ID, tc.Comment)
			}
			if err == nil {
				accepted[key.Alg()]++
			}
			// Whatever is valid and of the product's algorithms must be accepted.
			if err != nil && tc.Result == "valid" && keyErr == nil && signed != nil && seal.Reason(err) == "signature" {
				t.Errorf("case %d (%s) is refused: %s", tc.ID, tc.Comment, seal.Reason(err))
			}
		}
	}
	if ran != 401 || accepted["ES256"] == 0 || accepted["PS256"] == 0 || len(accepted) != 2 {
		t.Errorf("%d cases ran; accepted: %v", ran, accepted)
	}
}

func TestCookbookOutsideTheProfile(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"jwe", "jws"} {
		paths, err := filepath.Glob("testdata/jose-cookbook/" + kind + "/*.json")
		if err != nil || len(paths) == 0 {
			t.Fatal("no examples", err)
		}
		for _, path := range paths {
			t.Run(filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				var example struct {
					Input struct {
						Key json.RawMessage `json:"key"`
					} `json:"input"`
					Output struct {
						Compact string `json:"compact"`
					} `json:"output"`
				}
				readVectors(t, strings.TrimPrefix(filepath.ToSlash(path), "testdata/"), &example)
				if kind == "jws" {
					refuseExampleSignature(t, example.Input.Key, example.Output.Compact)
					return
				}
				key := parsePrivate(t, []byte(`{"kty":"EC","crv":"P-256","use":"enc",`+
					`"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",`+
					`"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}`))
				envelope, err := seal.ParseEnvelope([]byte(example.Output.Compact), maxVector)
				if err == nil {
					_, _, err = envelope.OpenWith(key, "")
				}
				if !errors.Is(err, seal.ErrEnvelope) {
					t.Errorf("accepted: %v", err)
				}
			})
		}
	}
}

// refuseExampleSignature tries an example under its own key, which here is a key
// of the product's algorithm for its kind; the examples use RS256, PS384, ES512
// and HS256.
func refuseExampleSignature(t *testing.T, jwk []byte, compact string) {
	t.Helper()
	key := newKey(t, seal.A256, seal.Signing)
	if own, err := seal.ParsePrivateJWK(jwk); err == nil {
		key = own
	}
	signed, err := seal.ParseSigned([]byte(compact), maxVector)
	if err == nil {
		err = signed.Verify(key.Public())
	}
	if !errors.Is(err, seal.ErrEnvelope) {
		t.Errorf("accepted: %v", err)
	}
}

func readText(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.TrimSpace(string(text)))
}

func TestRFC7515Signatures(t *testing.T) {
	t.Parallel()
	t.Run("A.3, ES256, verifies", func(t *testing.T) {
		t.Parallel()
		key, err := seal.ParsePublicJWK(without(t, adding(t, readText(t, "rfc/rfc7515_A.3.jwk"), "use", "sig"), "d"))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := seal.ParseSigned(readText(t, "rfc/rfc7515_A.3.jwsc"), maxVector)
		if err != nil {
			t.Fatal(err)
		}
		if err := signed.Verify(key); err != nil {
			t.Errorf("%v (%s)", err, seal.Reason(err))
		}
	})
	for name, why := range map[string]string{
		"A.1": "alg", "A.2": "alg", "A.4": "alg", // HS256, RS256, ES512
		"A.5": "form", // none: no signature part
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			signed, err := seal.ParseSigned(readText(t, "rfc/rfc7515_"+name+".jwsc"), maxVector)
			if err == nil {
				err = signed.Verify(newKey(t, seal.A256, seal.Signing).Public())
			}
			if seal.Reason(err) != why {
				t.Errorf("reason is %q, want %q", seal.Reason(err), why)
			}
		})
	}
}

// TestClientAssertionForms checks what this layer can: who may say what, and
// when, is checked above it.
func TestClientAssertionForms(t *testing.T) {
	t.Parallel()
	var file struct {
		JWKS  map[string]json.RawMessage `json:"jwks"`
		Tests []struct {
			ID        int    `json:"tcId"`
			Name      string `json:"name"`
			Result    string `json:"result"`
			Assertion string `json:"client_assertion"`
		} `json:"tests"`
	}
	readVectors(t, "gateway/client_assertions.json", &file)
	keys := make(map[string]*seal.PublicKey)
	for _, set := range file.JWKS {
		parsed, err := seal.ParsePublicJWKSet(set)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range parsed {
			keys[key.KID()] = key
		}
	}
	// These must fail on the form, the header or the signature alone.
	refused := map[int]string{
		25: "form", 26: "form", 27: "form", 28: "alg", 29: "alg", 30: "alg", 31: "signature", 32: "signature",
		33: "header", 34: "header", 35: "header", 36: "header", 37: "signature", 38: "form",
	}
	for _, tc := range file.Tests {
		signed, err := seal.ParseSigned([]byte(tc.Assertion), maxVector)
		if err == nil {
			key, known := keys[signed.Header().KID]
			if !known {
				continue
			}
			err = signed.Verify(key)
		}
		want, mustFail := refused[tc.ID]
		if mustFail && seal.Reason(err) != want {
			t.Errorf("case %d (%s): %q, want %q", tc.ID, tc.Name, seal.Reason(err), want)
		}
		if tc.Result == "valid" && err != nil {
			t.Errorf("case %d (%s) is refused: %s", tc.ID, tc.Name, seal.Reason(err))
		}
	}
}
