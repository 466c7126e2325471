package seal_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"postern/app/seal"
)

func TestGeneratedKeysSurviveTheirJWK(t *testing.T) {
	t.Parallel()
	for _, suite := range []seal.Suite{seal.A256, seal.GM} {
		for use, wantAlg := range map[seal.Use]map[seal.Suite]string{
			seal.Encryption: {seal.A256: "ECDH-ES+A256KW", seal.GM: "SGD_SM2_3"},
			seal.Signing:    {seal.A256: "ES256", seal.GM: "SGD_SM3_SM2"},
		} {
			t.Run(wantAlg[suite], func(t *testing.T) {
				t.Parallel()
				key := newKey(t, suite, use)
				again := parsePrivate(t, encode(t, key))
				public, err := seal.ParsePublicJWK(encode(t, key.Public()))
				if err != nil {
					t.Fatal(err)
				}
				for _, k := range []*seal.PublicKey{key.Public(), again.Public(), public} {
					if k.KID() != "key-1" || k.Use() != use || k.Alg() != wantAlg[suite] || k.Suite() != suite {
						t.Errorf("key is %q %q %q %q", k.KID(), k.Use(), k.Alg(), k.Suite())
					}
					if k.Thumbprint() != key.Public().Thumbprint() {
						t.Error("the thumbprint has changed")
					}
				}
				if string(encode(t, again)) != string(encode(t, key)) {
					t.Error("the private JWK has changed")
				}
				useBoth(t, key, again)
			})
		}
	}
}

// useBoth signs or seals with one copy of a key and checks with the other.
func useBoth(t *testing.T, key, again *seal.PrivateKey) {
	t.Helper()
	if key.Public().Use() == seal.Signing {
		compact, err := seal.Sign(again, "at+jwt", kilobyte, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := seal.ParseSigned(compact, maxVector)
		if err != nil {
			t.Fatal(err)
		}
		if err := signed.Verify(key.Public()); err != nil {
			t.Error(seal.Reason(err))
		}
		return
	}
	compact, err := newRecipient(t, again.Public()).Seal(seal.SealHeader{Typ: "vt-req+jwe"}, nil, kilobyte, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	checkOpens(t, key, compact, nil)
}

func TestPrivateKeysDoNotPrint(t *testing.T) {
	t.Parallel()
	key := newKey(t, seal.A256, seal.Signing)
	var members struct {
		D string `json:"d"`
	}
	if err := json.Unmarshal(encode(t, key), &members); err != nil || members.D == "" {
		t.Fatal("no private member to look for", err)
	}
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("key made", "key", key)
	raw := fmt.Sprintf("%x", unbase64(t, members.D))
	for _, text := range []string{fmt.Sprint(key), fmt.Sprintf("%+v", key), fmt.Sprintf("%#v", key), logged.String()} {
		if strings.Contains(text, members.D) || strings.Contains(text, raw) || !strings.Contains(text, "key-1") {
			t.Errorf("prints as %s", text)
		}
	}
}

func TestRFC7638Thumbprint(t *testing.T) {
	t.Parallel()
	// The RFC's key names RS256, which no key here may have.
	jwk := readText(t, "rfc/rfc7638_3.1.jwk")
	if _, err := seal.ParsePublicJWK(jwk); !errors.Is(err, seal.ErrKey) || seal.Reason(err) != "use" {
		t.Errorf("RS256 key: %v", err)
	}
	key, err := seal.ParsePublicJWK(adding(t, jwk, "alg", "PS256"))
	if err != nil {
		t.Fatal(err)
	}
	if want := string(readText(t, "rfc/rfc7638_3.1.thp")); key.Thumbprint() != want {
		t.Errorf("thumbprint is %s, want %s", key.Thumbprint(), want)
	}
}

func TestPublicJWKIsStrict(t *testing.T) {
	t.Parallel()
	point := string(without(t, encode(t, newKey(t, seal.A256, seal.Encryption).Public()), "alg", "kid"))
	good := func(name, value string) string { return string(adding(t, []byte(point), name, value)) }
	rsa := func(modulus, exponent *big.Int) string {
		encode := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
		return fmt.Sprintf(`{"kty":"RSA","use":"sig","n":%q,"e":%q}`, encode(modulus), encode(exponent))
	}
	f4 := big.NewInt(65537)
	bits := smallModulus
	even := new(big.Int).Lsh(big.NewInt(1), 2047)
	zero32 := strings.Repeat("A", 43)

	for _, tc := range []struct {
		name, jwk, reason string
	}{
		{"a plain key", point, ""},
		{"a key with its alg", good("alg", "ECDH-ES+A256KW"), ""},
		{"a key with a member nobody knows", good("x5t", "a"), ""},
		{"an RSA key of 2048 bits", rsa(bits(2048), f4), ""},
		{"an RSA key of 4096 bits", rsa(bits(4096), f4), ""},
		{"WebCrypto's key_ops and ext", strings.Replace(point, "{", `{"key_ops":[],"ext":true,`, 1), ""},
		{"an array", "[" + point + "]", "form"},
		{"two keys in a row", point + point, "form"},
		{"a repeated name", strings.Replace(point, "{", `{"kty":"EC",`, 1), "form"},
		{"a name repeated by an escape", strings.Replace(point, "{", `{"\u006bty":"EC",`, 1), "form"},
		{"a kid that is a number", strings.Replace(point, "{", `{"kid":1,`, 1), "form"},
		{"a key over 16 KiB", good("x5c", strings.Repeat("a", 17<<10)), "form"},
		{"a kid over 256 octets", good("kid", strings.Repeat("k", 257)), "kid"},
		{"d", good("d", zero32), "private"},
		{"an empty d", good("d", ""), "private"},
		{"a null d", strings.Replace(point, "{", `{"d":null,`, 1), "private"},
		{"an RSA p in an EC key", good("p", "AQAB"), "private"},
		{"a symmetric k", `{"kty":"oct","k":"AAAA"}`, "private"},
		{"kty oct", `{"kty":"oct","use":"sig"}`, "kty"},
		{"kty in lower case", good("kty", "ec"), "kty"},
		{"no kty", string(without(t, []byte(point), "kty")), "kty"},
		{"P-384", good("crv", "P-384"), "kty"},
		{"X25519", `{"kty":"OKP","crv":"X25519","use":"enc","x":"` + zero32 + `"}`, "kty"},
		{"a crv in an RSA key", strings.Replace(rsa(bits(2048), f4), "{", `{"crv":"P-256",`, 1), "kty"},
		{"neither use nor alg", string(without(t, []byte(point), "use")), "use"},
		{"an unknown use", good("use", "wrap"), "use"},
		{"an alg of the other use", good("alg", "ES256"), "use"},
		{"an alg of another kind of key", good("alg", "RSA-OAEP-256"), "use"},
		{"ECDH-ES without key wrapping", good("alg", "ECDH-ES"), "use"},
		{"key_ops of the other use", strings.Replace(point, "{", `{"key_ops":["sign"],`, 1), "use"},
		{"key_ops twice the same", strings.Replace(point, "{", `{"key_ops":["deriveKey","deriveKey"],`, 1), "use"},
		{"y missing", string(without(t, []byte(point), "y")), "point"},
		{"x of 31 octets", good("x", base64.RawURLEncoding.EncodeToString(make([]byte, 31))), "point"},
		{"x of 33 octets", good("x", base64.RawURLEncoding.EncodeToString(make([]byte, 33))), "point"},
		{"x with padding", good("x", zero32+"="), "point"},
		{"x with trailing bits", good("x", zero32[:42]+"B"), "point"},
		{"a point off the curve", good("x", zero32), "point"},
		{"the point (0, 0)", string(adding(t, []byte(good("x", zero32)), "y", zero32)), "point"},
		{"a P-256 point on the SM2 curve", good("crv", "SM2-P-256"), "point"},
		{"an RSA key of 2047 bits", rsa(bits(2047), f4), "rsa"},
		{"an RSA key of 4097 bits", rsa(bits(4097), f4), "rsa"},
		{"an even modulus", rsa(even, f4), "rsa"},
		{"the exponent 1", rsa(bits(2048), big.NewInt(1)), "rsa"},
		{"an even exponent", rsa(bits(2048), big.NewInt(65536)), "rsa"},
		{"an exponent of 32 bits", rsa(bits(2048), big.NewInt(1<<32-1)), "rsa"},
		{"a modulus with a leading zero octet", `{"kty":"RSA","use":"sig","e":"AQAB","n":"` +
			base64.RawURLEncoding.EncodeToString(append([]byte{0}, bits(2048).Bytes()...)) + `"}`, "rsa"},
		{"an exponent with a leading zero octet", strings.Replace(rsa(bits(2048), f4), "AQAB", "AAEAAQ", 1), "rsa"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			key, err := seal.ParsePublicJWK([]byte(tc.jwk))
			if seal.Reason(err) != tc.reason || (err == nil) != (tc.reason == "") {
				t.Fatalf("%v (%s), want reason %q", err, seal.Reason(err), tc.reason)
			}
			if err != nil && (!errors.Is(err, seal.ErrKey) || key != nil) {
				t.Errorf("error is %v with key %v", err, key)
			}
		})
	}
}

func TestPrivateJWKIsStrict(t *testing.T) {
	t.Parallel()
	one, other := encode(t, newKey(t, seal.A256, seal.Encryption)), encode(t, newKey(t, seal.A256, seal.Encryption))
	sm2 := encode(t, newKey(t, seal.GM, seal.Signing))
	rsa := encode(t, rsaKey(t, "enc"))
	member := func(object []byte, name string) string {
		var members map[string]string
		if err := json.Unmarshal(object, &members); err != nil {
			t.Fatal(err)
		}
		return members[name]
	}
	for name, jwk := range map[string][]byte{
		"no d":                           without(t, one, "d"),
		"another key's d":                adding(t, one, "d", member(other, "d")),
		"another SM2 key's d":            adding(t, sm2, "d", member(one, "d")),
		"a zero d":                       adding(t, one, "d", strings.Repeat("A", 43)),
		"a d of 31 octets":               adding(t, one, "d", base64.RawURLEncoding.EncodeToString(make([]byte, 31))),
		"a d above the order":            adding(t, one, "d", strings.Repeat("_", 42)+"8"),
		"an SM2 d above the order":       adding(t, sm2, "d", strings.Repeat("_", 42)+"8"),
		"an RSA member in an EC key":     adding(t, one, "p", "AQAB"),
		"another Ed25519 seed":           adding(t, encode(t, edwardsKey(t)), "d", member(one, "d")),
		"RSA without CRT members":        without(t, rsa, "dp", "dq", "qi"),
		"RSA without primes":             without(t, rsa, "p", "q", "dp", "dq", "qi"),
		"RSA with p and q changed round": adding(t, adding(t, rsa, "p", member(rsa, "q")), "q", member(rsa, "p")),
		"RSA with another d":             adding(t, rsa, "d", member(rsa, "p")),
		"RSA with another n":             adding(t, rsa, "n", base64.RawURLEncoding.EncodeToString(smallModulus(2048).Bytes())),
		"RSA with p of 1":                adding(t, rsa, "p", "AQ"),
		"RSA with a wrong dp":            adding(t, rsa, "dp", member(rsa, "dq")),
		"RSA with a wrong qi":            adding(t, rsa, "qi", member(rsa, "dq")),
		"RSA with a third prime":         adding(t, rsa, "oth", "x"),
		"RSA with a symmetric k":         adding(t, rsa, "k", "AAAA"),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			key, err := seal.ParsePrivateJWK(jwk)
			if !errors.Is(err, seal.ErrKey) || seal.Reason(err) != "private" || key != nil {
				t.Errorf("%v (%s), key %v", err, seal.Reason(err), key)
			}
		})
	}
}

func TestPublicJWKSetIsStrict(t *testing.T) {
	t.Parallel()
	keyOf := func(kid string) string {
		key, err := seal.Generate(seal.A256, seal.Signing, kid, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return string(encode(t, key.Public()))
	}
	setOf := func(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }
	many := make([]string, 21)
	for i := range many {
		many[i] = keyOf(fmt.Sprintf("k%d", i))
	}
	a, b := keyOf("a"), keyOf("b")
	sameForEncryption := string(adding(t, adding(t, adding(t, []byte(a), "kid", "c"), "use", "enc"), "alg", "ECDH-ES+A256KW"))

	for _, tc := range []struct {
		name, set, reason string
		keys              int
	}{
		{"two keys", setOf(a, b), "", 2},
		{"twenty keys", setOf(many[:20]...), "", 20},
		{"twenty-one keys", setOf(many...), "set", 0},
		{"no key", setOf(), "set", 0},
		{"no keys member", `{}`, "set", 0},
		{"a lone key", a, "set", 0},
		{"an array", `[` + a + `]`, "form", 0},
		{"keys twice", `{"keys":[` + a + `],"keys":[` + b + `]}`, "form", 0},
		{"a set over 64 KiB", `{"pad":"` + strings.Repeat("a", 64<<10) + `","keys":[` + a + `]}`, "set", 0},
		{"the same kid twice", setOf(a, string(adding(t, []byte(b), "kid", "a"))), "set", 0},
		{"the same key under two kids", setOf(a, string(adding(t, []byte(a), "kid", "c"))), "set", 0},
		{"one key for two uses", setOf(a, sameForEncryption), "set", 0},
		{"a key without kid", setOf(a, string(without(t, []byte(b), "kid"))), "kid", 0},
		{"a private key among them", setOf(a, string(encode(t, newKey(t, seal.A256, seal.Signing)))), "private", 0},
		{"RFC 7517 A.1, with an RS256 key", string(readText(t, "rfc/rfc7517_A.1.jwkset")), "use", 0},
		{"RFC 7517 A.2, private keys", string(readText(t, "rfc/rfc7517_A.2.jwkset")), "private", 0},
		{"RFC 7517 A.3, symmetric keys", string(readText(t, "rfc/rfc7517_A.3.jwkset")), "private", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			keys, err := seal.ParsePublicJWKSet([]byte(tc.set))
			if seal.Reason(err) != tc.reason || (err == nil) != (tc.reason == "") || len(keys) != tc.keys {
				t.Errorf("%d keys, %v (%s), want reason %q", len(keys), err, seal.Reason(err), tc.reason)
			}
		})
	}
	t.Run("a set that was written is read", func(t *testing.T) {
		t.Parallel()
		keys, err := seal.ParsePublicJWKSet([]byte(setOf(a, b)))
		if err != nil {
			t.Fatal(err)
		}
		written, err := seal.MarshalPublicJWKSet(keys)
		if err != nil {
			t.Fatal(err)
		}
		again, err := seal.ParsePublicJWKSet(written)
		if err != nil || len(again) != 2 || again[1].Thumbprint() != keys[1].Thumbprint() {
			t.Errorf("%v: %s", err, written)
		}
	})
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		suite seal.Suite
		use   seal.Use
		kid   string
	}{
		"an unknown suite": {"B512", seal.Signing, "k"},
		"an unknown use":   {seal.A256, "both", "k"},
		"an empty kid":     {seal.GM, seal.Signing, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if key, err := seal.Generate(tc.suite, tc.use, tc.kid, rand.Reader); err == nil {
				t.Errorf("made %v", key)
			}
		})
	}
}

// smallModulus is an odd number of exactly the given bits.
func smallModulus(bits int) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return n.SetBit(n, 0, 1)
}
