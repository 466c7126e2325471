package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// signUnder signs payload under any header at all.
func signUnder(t *testing.T, key *PrivateKey, header string) []byte {
	t.Helper()
	input := base64url.EncodeToString([]byte(header)) + "." + base64url.EncodeToString([]byte(`{"iss":"a"}`))
	signature, err := key.sign([]byte(input), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(input + "." + base64url.EncodeToString(signature))
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	for _, suite := range []Suite{A256, GM} {
		key, other := newTestKey(t, suite, Signing), newTestKey(t, suite, Signing)
		alg := key.public.name
		for _, tc := range []struct {
			name, header, reason string
			key                  *PublicKey
		}{
			{"nothing of a good signature", `{"typ":"JWT","alg":%q,"kid":"ak-1","cty":"x"}`, "", key.public},
			{"another kid", `{"alg":%q,"kid":"ak-2"}`, "kid", key.public},
			{"no kid", `{"alg":%q}`, "kid", key.public},
			{"another key of the same kid", `{"alg":%q,"kid":"ak-1"}`, "signature", other.public},
			{"an encryption key", `{"alg":%q,"kid":"ak-1"}`, "alg", newTestKey(t, suite, Encryption).public},
			{"alg none", `{"alg":"none%.0s","kid":"ak-1"}`, "alg", key.public},
			{"no alg", `{"kid":"ak-1%.0s"}`, "alg", key.public},
			{"an enc", `{"alg":%q,"kid":"ak-1","enc":"A256GCM"}`, "header", key.public},
			{"an epk", `{"alg":%q,"kid":"ak-1","epk":` + goodEPK + `}`, "header", key.public},
			{"a jwk", `{"alg":%q,"kid":"ak-1","jwk":` + goodEPK + `}`, "header", key.public},
			{"an x5c", `{"alg":%q,"kid":"ak-1","x5c":[]}`, "header", key.public},
		} {
			t.Run(string(suite)+": "+tc.name, func(t *testing.T) {
				t.Parallel()
				compact := signUnder(t, key, fmt.Sprintf(tc.header, alg))
				signed, err := ParseSigned(compact, len(compact))
				if err == nil {
					err = signed.Verify(tc.key)
				}
				if Reason(err) != tc.reason || (err == nil) != (tc.reason == "") {
					t.Errorf("%v (%s), want %q", err, Reason(err), tc.reason)
				}
			})
		}
		t.Run(string(suite)+": a key without kid takes any", func(t *testing.T) {
			t.Parallel()
			anonymous := *key.public
			anonymous.kid = ""
			compact := signUnder(t, key, fmt.Sprintf(`{"alg":%q,"kid":"whatever"}`, alg))
			signed, err := ParseSigned(compact, len(compact))
			if err != nil {
				t.Fatal(err)
			}
			if err := signed.Verify(&anonymous); err != nil {
				t.Error(Reason(err))
			}
		})
	}
}

func TestSignatureValuesOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	zero, ones := make([]byte, 32), bytes.Repeat([]byte{0xFF}, 32)
	for _, suite := range []Suite{A256, GM} {
		key := newTestKey(t, suite, Signing)
		message := []byte("message")
		good, err := key.sign(message, rand.Reader)
		if err != nil || !key.public.verify(message, good) {
			t.Fatal("a good signature is refused", err)
		}
		for name, signature := range map[string][]byte{
			"r and s of zero": append(bytes.Clone(zero), zero...),
			"r of zero":       append(bytes.Clone(zero), good[32:]...),
			"s of zero":       append(bytes.Clone(good[:32]), zero...),
			"r above n":       append(bytes.Clone(ones), good[32:]...),
			"s above n":       append(bytes.Clone(good[:32]), ones...),
			"63 octets":       good[:63],
			"65 octets":       append(bytes.Clone(good), 0),
			"s before r":      append(bytes.Clone(good[32:]), good[:32]...),
			"nothing":         nil,
		} {
			if key.public.verify(message, signature) {
				t.Errorf("%s: %s is accepted", suite, name)
			}
		}
		if der, ok := signatureToDER(good); !ok || key.public.verify(message, der) {
			t.Errorf("%s: a signature in DER is accepted", suite)
		}
	}
}

func TestParseSignedRefuses(t *testing.T) {
	t.Parallel()
	good := string(signUnder(t, newTestKey(t, A256, Signing), `{"alg":"ES256","kid":"ak-1"}`))
	parts := strings.Split(good, ".")
	for name, tc := range map[string]struct{ compact, reason string }{
		"nothing of a good one":   {good, ""},
		"nothing at all":          {"", "form"},
		"two parts":               {parts[0] + "." + parts[1], "form"},
		"four parts":              {good + ".", "form"},
		"an empty header":         {"." + parts[1] + "." + parts[2], "header"},
		"an empty payload":        {parts[0] + ".." + parts[2], "form"},
		"an empty signature":      {parts[0] + "." + parts[1] + ".", "form"},
		"a line break at the end": {good + "\n", "form"},
		"a line break inside":     {parts[0] + "." + parts[1] + "\r." + parts[2], "form"},
		"padding":                 {good + "==", "form"},
		"a header over 4 KiB":     {strings.Repeat("A", 5464) + "." + parts[1] + "." + parts[2], "header"},
	} {
		_, err := ParseSigned([]byte(tc.compact), 16<<10)
		if Reason(err) != tc.reason || (err == nil) != (tc.reason == "") {
			t.Errorf("%s: %v (%s), want %q", name, err, Reason(err), tc.reason)
		}
	}
	if _, err := ParseSigned([]byte(good), len(good)-1); !errors.Is(err, ErrTooLarge) || !errors.Is(err, ErrEnvelope) {
		t.Errorf("over the limit: %v", err)
	}
}

func TestSM2ContentKeyMustHaveSixteenOctets(t *testing.T) {
	t.Parallel()
	key := newTestKey(t, GM, Encryption)
	recipient, err := NewRecipient(key.public)
	if err != nil {
		t.Fatal(err)
	}
	for size, reason := range map[int]string{15: "unwrap", 16: "", 17: "unwrap", 32: "unwrap"} {
		cek := bytes.Repeat([]byte{3}, size)
		encryptedKey, _, err := recipient.wrap(cek, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		content := bytes.Repeat([]byte{3}, 16)
		header := fmt.Sprintf(`{"alg":%q,"enc":%q,"kid":"ak-1"}`, algSM2, encGM)
		_, _, err = forge(t, mustAEAD(t, GM, content), header, encryptedKey).OpenWith(key, "")
		if Reason(err) != reason || (err == nil) != (reason == "") {
			t.Errorf("content key of %d octets: %v (%s)", size, err, Reason(err))
		}
	}
}

func TestDERIntegersAreMinimal(t *testing.T) {
	t.Parallel()
	for der, ok := range map[string]bool{
		"\x02\x01\x00": true, "\x02\x01\x7f": true, "\x02\x02\x00\x80": true,
		"\x02\x02\x00\x01": false, "\x02\x02\x00\x00": false, "\x02\x01\x80": false, "\x02\x00": false,
		"\x02\x81\x01\x01": false, "\x02": false, "\x02\x02\x01": false,
	} {
		var value [coordinateSize]byte
		if _, got := readDERCoordinate([]byte(der), &value); got != ok {
			t.Errorf("%x is read: %v", der, got)
		}
	}
}
