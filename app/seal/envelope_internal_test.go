package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func newTestKey(t testing.TB, suite Suite, use Use) *PrivateKey {
	t.Helper()
	key, err := Generate(suite, use, "ak-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// parseHeader reads text as the header of an envelope.
func parseHeader(text string) (*protectedHeader, error) {
	var header protectedHeader
	err := header.parse([]byte(text), envelopeMembers)
	return &header, err
}

// goodEPK is a public key as most libraries write it.
const goodEPK = `{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",` +
	`"y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"}`

func TestHeadersThatAreRead(t *testing.T) {
	t.Parallel()
	want := Header{Typ: "call+jwe", Alg: "dir", Enc: "A256GCM", KID: `a/b"é`, Cty: "x"}
	for name, text := range map[string]string{
		"members in order":       `{"typ":"call+jwe","alg":"dir","enc":"A256GCM","kid":"a/b\"é","cty":"x"}`,
		"members in any order":   `{"cty":"x","kid":"a/b\"é","enc":"A256GCM","alg":"dir","typ":"call+jwe"}`,
		"white space":            " {\r\n\t\"typ\" : \"call+jwe\" , \"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"a/b\\\"é\",\"cty\":\"x\" }\n",
		"escaped solidus":        `{"typ":"call+jwe","alg":"dir","enc":"A256GCM","kid":"a\/b\"é","cty":"x"}`,
		"escapes in values":      `{"typ":"call\u002bjwe","alg":"\u0064ir","enc":"A256GCM","kid":"a/b\u0022\u00e9","cty":"x"}`,
		"escapes in a name":      `{"\u0074yp":"call+jwe","alg":"dir","enc":"A256GCM","kid":"a/b\"é","cty":"x"}`,
		"an epk beside the rest": `{"epk":` + goodEPK + `,"typ":"call+jwe","alg":"dir","enc":"A256GCM","kid":"a/b\"é","cty":"x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header, err := parseHeader(text)
			if err != nil || header.Header != want {
				t.Errorf("%+v, %v", header.Header, Reason(err))
			}
		})
	}
	t.Run("public members of an epk that nobody needs are ignored", func(t *testing.T) {
		t.Parallel()
		header, err := parseHeader(`{"epk":{"kid":"e","key_ops":[],"ext":true,"z":{"a":[1,{}]},` + goodEPK[1:] + `}`)
		if err != nil || len(header.epk) != 65 || header.epk[1] != 0xC1 {
			t.Errorf("%x, %v", header.epk, Reason(err))
		}
	})
}

func TestHeadersThatAreRefused(t *testing.T) {
	t.Parallel()
	epk := func(old, replacement string) string {
		return `{"epk":` + strings.Replace(goodEPK, old, replacement, 1) + `}`
	}
	for _, tc := range []struct{ name, text, reason string }{
		{"nothing", ``, "header"},
		{"an array", `[]`, "header"},
		{"a string", `"alg"`, "header"},
		{"null", `null`, "header"},
		{"an open object", `{`, "header"},
		{"a member without value", `{"alg"}`, "header"},
		{"a trailing comma", `{"alg":"dir",}`, "header"},
		{"a leading comma", `{,"alg":"dir"}`, "header"},
		{"a missing comma", `{"alg":"dir" "enc":"x"}`, "header"},
		{"two objects", `{"alg":"dir"}{}`, "header"},
		{"a trailing octet", `{"alg":"dir"}x`, "header"},
		{"a trailing NUL", "{\"alg\":\"dir\"}\x00", "header"},
		{"a byte order mark", "\ufeff" + `{"alg":"dir"}`, "header"},
		{"a comment", `{/**/"alg":"dir"}`, "header"},
		{"single quotes", `{'alg':'dir'}`, "header"},
		{"a form feed as white space", "{\f\"alg\":\"dir\"}", "header"},
		{"a member twice", `{"alg":"dir","alg":"dir"}`, "header"},
		{"a member twice by an escape", `{"alg":"dir","\u0061lg":"dir"}`, "header"},
		{"a member twice by case", `{"alg":"dir","Alg":"dir"}`, "header"},
		{"a member in another case", `{"ALG":"dir"}`, "header"},
		{"epk twice", `{"epk":` + goodEPK + `,"epk":` + goodEPK + `}`, "header"},
		{"zip", `{"alg":"dir","zip":"DEF"}`, "header"},
		{"crit", `{"alg":"dir","crit":["exp"]}`, "header"},
		{"an empty crit", `{"alg":"dir","crit":[]}`, "header"},
		{"jwk", `{"alg":"dir","jwk":` + goodEPK + `}`, "header"},
		{"jku", `{"alg":"dir","jku":"https://a.example"}`, "header"},
		{"p2c", `{"alg":"dir","p2c":1}`, "header"},
		{"an empty name", `{"":"dir"}`, "header"},
		{"a number for alg", `{"alg":1}`, "header"},
		{"null for kid", `{"kid":null}`, "header"},
		{"an array for typ", `{"typ":["call+jwe"]}`, "header"},
		{"a bad escape", `{"kid":"\x"}`, "header"},
		{"a backslash at the end", `{"kid":"\`, "header"},
		{"a lone surrogate", `{"kid":"\ud800"}`, "header"},
		{"a raw line break", "{\"kid\":\"a\nb\"}", "header"},
		{"a raw NUL", "{\"kid\":\"a\x00b\"}", "header"},
		{"text that is not UTF-8", "{\"kid\":\"\xff\"}", "header"},
		{"a name that is not UTF-8", "{\"\xff\":\"\"}", "header"},
		{"apu with padding", `{"apu":"AA=="}`, "header"},
		{"apv with trailing bits", `{"apv":"AB"}`, "header"},
		{"more than 4 KiB", `{"kid":"` + strings.Repeat("k", maxHeader) + `"}`, "header"},
		{"epk as a string", `{"epk":"x"}`, "epk"},
		{"epk null", `{"epk":null}`, "epk"},
		{"epk as an array", `{"epk":[]}`, "epk"},
		{"an empty epk", `{"epk":{}}`, "epk"},
		{"epk of kty OKP", epk(`"EC"`, `"OKP"`), "epk"},
		{"epk of P-384", epk(`P-256`, `P-384`), "epk"},
		{"epk of the SM2 curve", epk(`P-256`, `SM2-P-256`), "epk"},
		{"epk without x", epk(`"x"`, `"w"`), "epk"},
		{"epk with x twice", epk(`"x"`, `"x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","x"`), "epk"},
		{"epk with x in two cases", epk(`"x"`, `"X":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","x"`), "epk"},
		{"epk with a short x", epk(`weNJ`, ``), "epk"},
		{"epk with a long x", epk(`weNJ`, `AAAAweNJ`), "epk"},
		{"epk with a padded x", epk(`PxMQ`, `PxM=`), "epk"},
		{"epk with a private d", epk(`"x"`, `"d":"AA","x"`), "epk"},
		{"epk with a private D", epk(`"x"`, `"D":"AA","x"`), "epk"},
		{"epk with a symmetric k", epk(`"x"`, `"k":"AA","x"`), "epk"},
		{"epk with an ignored member twice", epk(`"x"`, `"kid":"1","kid":"2","x"`), "header"},
		{"epk with a name twice far inside", epk(`"x"`, `"z":[{"a":1,"a":2}],"x"`), "epk"},
		{"epk with a broken ignored member", epk(`"x"`, `"z":[1,"x"`), "epk"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if header, err := parseHeader(tc.text); Reason(err) != tc.reason || !errors.Is(err, ErrEnvelope) {
				t.Errorf("%v (%s), want %s: %+v", err, Reason(err), tc.reason, header)
			}
		})
	}
}

// forge seals under any header at all, as a hostile sender can.
func forge(t *testing.T, aead cipher.AEAD, header string, encryptedKey []byte) *Envelope {
	t.Helper()
	compact, err := assemble([]byte(header), encryptedKey, aead, []byte(`{"at":"x"}`), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := ParseEnvelope(compact, len(compact))
	if err != nil {
		t.Fatalf("%v (%s)", err, Reason(err))
	}
	return envelope
}

func mustAEAD(t *testing.T, suite Suite, key []byte) cipher.AEAD {
	t.Helper()
	aead, err := suite.aead(key)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

func TestOpenWithRefuses(t *testing.T) {
	t.Parallel()
	key := newTestKey(t, A256, Encryption)
	recipient, err := NewRecipient(key.public)
	if err != nil {
		t.Fatal(err)
	}
	forged := func(cek []byte, change func(header string) string) *Envelope {
		encryptedKey, epk, err := recipient.wrap(cek, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		header, err := recipient.header(SealHeader{Typ: "vt-req+jwe"}, epk)
		if err != nil {
			t.Fatal(err)
		}
		content := cek
		if len(content) != 32 {
			content = make([]byte, 32)
		}
		return forge(t, mustAEAD(t, A256, content), change(string(header)), encryptedKey)
	}
	same := func(header string) string { return header }
	instead := func(old, replacement string) func(string) string {
		return func(header string) string {
			if !strings.Contains(header, old) {
				t.Fatalf("%s is not in %s", old, header)
			}
			return strings.Replace(header, old, replacement, 1)
		}
	}
	withoutEPK := func(header string) string { return header[:strings.Index(header, `,"epk"`)] + "}" }
	r := bytes.Repeat([]byte{5}, 32)
	for _, tc := range []struct {
		name     string
		envelope *Envelope
		typ      string
		reason   string
	}{
		{"nothing of a good envelope", forged(r, same), "vt-req+jwe", ""},
		{"nothing when typ is not asked for", forged(r, same), "", ""},
		{"another typ", forged(r, same), "call+jwe", "typ"},
		{"a typ in another case", forged(r, instead("vt-req", "VT-req")), "vt-req+jwe", "typ"},
		{"a typ with its application/ prefix", forged(r, instead("vt-req", "application/vt-req")), "vt-req+jwe", "typ"},
		{"no typ", forged(r, instead(`"typ":"vt-req+jwe",`, "")), "vt-req+jwe", "typ"},
		{"alg dir", forged(r, instead(algECDH, algDirect)), "vt-req+jwe", "alg"},
		{"another alg", forged(r, instead(algECDH, algOAEP)), "vt-req+jwe", "alg"},
		{"no alg", forged(r, instead(`"alg":"ECDH-ES+A256KW",`, "")), "vt-req+jwe", "alg"},
		{"the other suite's enc", forged(r, instead(encA256, encGM)), "vt-req+jwe", "enc"},
		{"A128GCM", forged(r, instead(encA256, "A128GCM")), "vt-req+jwe", "enc"},
		{"another kid", forged(r, instead("ak-1", "ak-2")), "vt-req+jwe", "kid"},
		{"no kid", forged(r, instead(`"kid":"ak-1",`, "")), "vt-req+jwe", "kid"},
		{"no epk", forged(r, withoutEPK), "vt-req+jwe", "epk"},
		{"an apu that was not derived with", forged(r, instead(`"epk"`, `"apu":"AAAA","epk"`)), "vt-req+jwe", "unwrap"},
		{"an all-zero R", forged(make([]byte, 32), same), "vt-req+jwe", "cek"},
		{"an R of 16 octets", forged(r[:16], same), "vt-req+jwe", "unwrap"},
		{"an R of 40 octets", forged(append(r, r[:8]...), same), "vt-req+jwe", "unwrap"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			plaintext, cek, err := tc.envelope.OpenWith(key, tc.typ)
			if Reason(err) != tc.reason {
				t.Errorf("reason is %q, want %q", Reason(err), tc.reason)
			}
			if err != nil && (plaintext != nil || cek != nil || err.Error() != ErrEnvelope.Error()) {
				t.Errorf("gives %q, %x, %v", plaintext, cek, err)
			}
			if err == nil && !bytes.Equal(cek, r) {
				t.Errorf("R is %x", cek)
			}
		})
	}
}

func TestKeysOfOtherKindsOpenNothing(t *testing.T) {
	t.Parallel()
	keys := map[string]*PrivateKey{
		"P-256":             newTestKey(t, A256, Encryption),
		"SM2":               newTestKey(t, GM, Encryption),
		"P-256 for signing": newTestKey(t, A256, Signing),
		"SM2 for signing":   newTestKey(t, GM, Signing),
		"another P-256":     newTestKey(t, A256, Encryption),
		"another SM2":       newTestKey(t, GM, Encryption),
	}
	for _, sealedTo := range []string{"P-256", "SM2"} {
		recipient, err := NewRecipient(keys[sealedTo].public)
		if err != nil {
			t.Fatal(err)
		}
		compact, err := recipient.Seal(SealHeader{Typ: "vt-req+jwe"}, nil, []byte("{}"), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		envelope := parseKnown(t, compact)
		for name, key := range keys {
			_, _, err := envelope.OpenWith(key, "vt-req+jwe")
			if (err == nil) != (name == sealedTo) {
				t.Errorf("sealed to %s, opened with %s: %v (%s)", sealedTo, name, err, Reason(err))
			}
		}
		if _, err := envelope.OpenDirect(keys[sealedTo].public.suite, "", make([]byte, keys[sealedTo].public.suite.KeySize())); Reason(err) != "alg" {
			t.Errorf("opened as dir: %v", Reason(err))
		}
	}
}

func TestAgreementMembersBelongToECDHAlone(t *testing.T) {
	t.Parallel()
	r := bytes.Repeat([]byte{5}, 16)
	key := newTestKey(t, GM, Encryption)
	recipient, err := NewRecipient(key.public)
	if err != nil {
		t.Fatal(err)
	}
	encryptedKey, _, err := recipient.wrap(r, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	aead := mustAEAD(t, GM, r)
	for _, extra := range []string{`"epk":` + goodEPK, `"apu":"AAAA"`, `"apv":"AAAA"`} {
		header := fmt.Sprintf(`{"alg":%q,"enc":%q,"kid":"ak-1",%s}`, algSM2, encGM, extra)
		if _, _, err := forge(t, aead, header, encryptedKey).OpenWith(key, ""); Reason(err) != "header" {
			t.Errorf("SM2 with %s: %v", extra, Reason(err))
		}
		header = fmt.Sprintf(`{"alg":"dir","enc":%q,%s}`, encGM, extra)
		if _, err := forge(t, aead, header, nil).OpenDirect(GM, "", r); Reason(err) != "header" {
			t.Errorf("dir with %s: %v", extra, Reason(err))
		}
	}
}

func TestOpenDirectRefuses(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{5}, 32)
	aead := mustAEAD(t, A256, key)
	for _, tc := range []struct {
		name, header string
		encryptedKey []byte
		typ, reason  string
	}{
		{"nothing of a good envelope", `{"typ":"call+jwe","alg":"dir","enc":"A256GCM"}`, nil, "call+jwe", ""},
		{"an encrypted key", `{"typ":"call+jwe","alg":"dir","enc":"A256GCM"}`, []byte{1}, "call+jwe", "form"},
		{"another typ", `{"typ":"reply+jwe","alg":"dir","enc":"A256GCM"}`, nil, "call+jwe", "typ"},
		{"the other suite's enc", `{"typ":"call+jwe","alg":"dir","enc":"SGD_SM4_GCM"}`, nil, "call+jwe", "enc"},
		{"alg none", `{"typ":"call+jwe","alg":"none","enc":"A256GCM"}`, nil, "call+jwe", "alg"},
		{"no alg", `{"typ":"call+jwe","enc":"A256GCM"}`, nil, "call+jwe", "alg"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			envelope := forge(t, aead, tc.header, tc.encryptedKey)
			if _, err := envelope.OpenDirect(A256, tc.typ, key); Reason(err) != tc.reason || (err == nil) != (tc.reason == "") {
				t.Errorf("%v (%s), want %q", err, Reason(err), tc.reason)
			}
		})
	}
	t.Run("another key", func(t *testing.T) {
		t.Parallel()
		envelope := forge(t, aead, `{"alg":"dir","enc":"A256GCM"}`, nil)
		if _, err := envelope.OpenDirect(A256, "", make([]byte, 32)); Reason(err) != "tag" {
			t.Errorf("%v", Reason(err))
		}
		if _, err := envelope.OpenDirect(A256, "", key[:16]); err == nil || errors.Is(err, ErrEnvelope) {
			t.Errorf("a key of 16 octets is the caller's fault, not the sender's: %v", err)
		}
	})
}

func TestFailedPaddingLooksLikeAFailedTag(t *testing.T) {
	t.Parallel()
	key, err := ParsePrivateJWK([]byte(strings.Replace(knownRSA, "{", `{"kid":"ak-1",`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	recipient, err := NewRecipient(key.public)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := recipient.Seal(SealHeader{Typ: "at+jwe"}, nil, []byte("{}"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	badPadding, badTag := parseKnown(t, compact), parseKnown(t, compact)
	badPadding.encryptedKey[100] ^= 1
	badTag.sealed[0] ^= 1
	_, _, paddingErr := badPadding.OpenWith(key, "")
	_, _, tagErr := badTag.OpenWith(key, "")
	if paddingErr == nil || paddingErr != tagErr {
		t.Errorf("%v (%s) and %v (%s)", paddingErr, Reason(paddingErr), tagErr, Reason(tagErr))
	}
	first, _ := key.unwrapOAEP(badPadding)
	second, _ := key.unwrapOAEP(badPadding)
	badPadding.encryptedKey[100] ^= 2
	third, _ := key.unwrapOAEP(badPadding)
	if !bytes.Equal(first, second) || bytes.Equal(first, third) || len(first) != 32 {
		t.Error("the decoy is not a function of the ciphertext")
	}
}

func TestReuseKeepsTheEphemeralKeyForItsCountOnly(t *testing.T) {
	t.Parallel()
	key := newTestKey(t, A256, Encryption)
	for reuse, wantKeys := range map[int]int{0: 7, 1: 7, 3: 3, 64: 1} {
		recipient, err := NewRecipient(key.public)
		if err != nil {
			t.Fatal(err)
		}
		recipient.Reuse(reuse)
		ephemeral, wrapped := make(map[string]bool), make(map[string]bool)
		for range 7 {
			compact, err := recipient.Seal(SealHeader{Typ: "at+jwe"}, nil, []byte("{}"), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			envelope := parseKnown(t, compact)
			ephemeral[string(envelope.header.epk)] = true
			wrapped[string(envelope.encryptedKey)] = true
			if _, _, err := envelope.OpenWith(key, "at+jwe"); err != nil {
				t.Error(Reason(err))
			}
		}
		if len(ephemeral) != wantKeys || len(wrapped) != 7 {
			t.Errorf("reuse %d: %d ephemeral and %d content keys in 7 envelopes", reuse, len(ephemeral), len(wrapped))
		}
	}
}
