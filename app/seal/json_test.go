package seal_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"postern/app/seal"
)

type plaintext struct {
	AT  string       `json:"at"`
	IAT seal.Integer `json:"iat"`
}

func TestDecodeObject(t *testing.T) {
	t.Parallel()
	nest := func(depth int) string {
		return `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
	}
	for _, tc := range []struct {
		name, text string
		ok         bool
	}{
		{"an object", `{"at":"x","iat":1767225600}`, true},
		{"white space around it", " \t\r\n{\"at\":\"x\",\"iat\":1}\n ", true},
		{"unknown names", `{"at":"x","later":{"at":1,"iat":"x"},"iat":1}`, true},
		{"a name of another case is another name", `{"AT":"y","at":"x","iat":1}`, true},
		{"an escaped name", `{"\u0061t":"x","iat":1}`, true},
		{"brackets inside strings", `{"at":"x","s":"` + strings.Repeat(`[{\"`, 40) + `"}`, true},
		{"thirty-two levels", strings.Replace(nest(32), "{", `{"at":"x",`, 1), true},
		{"thirty-three levels", strings.Replace(nest(33), "{", `{"at":"x",`, 1), false},
		{"a hundred thousand levels", strings.Repeat(`{"a":`, 100_000), false},
		{"nothing", ``, false},
		{"white space", ` `, false},
		{"an array", `[{"at":"x"}]`, false},
		{"a string", `"x"`, false},
		{"null", `null`, false},
		{"two objects", `{"at":"x"}{"at":"x"}`, false},
		{"a trailing comma", `{"at":"x",}`, false},
		{"trailing text", `{"at":"x"}x`, false},
		{"a trailing NUL", "{\"at\":\"x\"}\x00", false},
		{"an open object", `{"at":"x"`, false},
		{"a byte order mark", "\ufeff{\"at\":\"x\"}", false},
		{"a comment", `{"at":"x"/**/}`, false},
		{"text that is not UTF-8", "{\"at\":\"x\",\"s\":\"\xff\"}", false},
		{"a lone surrogate", `{"at":"x","s":"\ud800"}`, false},
		{"a name twice", `{"at":"x","at":"x"}`, false},
		{"a name twice by an escape", `{"at":"x","\u0061t":"x"}`, false},
		{"an unknown name twice", `{"at":"x","b":1,"b":1}`, false},
		{"a name twice inside an unknown member", `{"at":"x","b":[{"c":1,"c":1}]}`, false},
		{"a number for text", `{"at":1}`, false},
		{"UTF-16", "{\x00\"\x00a\x00t\x00\"\x00:\x001\x00}\x00", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got plaintext
			err := seal.DecodeObject([]byte(tc.text), &got)
			if (err == nil) != tc.ok {
				t.Fatalf("error is %v", err)
			}
			if tc.ok && got.AT != "x" {
				t.Errorf("decoded %+v", got)
			}
			if !tc.ok && (seal.Reason(err) != "json" || !errors.Is(err, seal.ErrEnvelope)) {
				t.Errorf("error is %v (%s)", err, seal.Reason(err))
			}
		})
	}
}

func TestInteger(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]seal.Integer{
		"0": 0, "-0": 0, "7": 7, "-1": -1, "1767225600": 1767225600, "999999999999999999": 999999999999999999,
	} {
		var got plaintext
		if err := seal.DecodeObject([]byte(`{"iat":`+text+`}`), &got); err != nil || got.IAT != want {
			t.Errorf("%s decodes to %d, %v", text, got.IAT, err)
		}
	}
	for _, text := range []string{
		"1.0", "1e3", "1E3", "1.5", `"1"`, "null", "true", "[1]", "{}", "01", "+1", "-", "0x1", " ", "1000000000000000000", "1e-1",
	} {
		var got plaintext
		if err := seal.DecodeObject([]byte(`{"iat":`+text+`}`), &got); seal.Reason(err) != "json" {
			t.Errorf("%s decodes to %d, %v", text, got.IAT, err)
		}
	}
}

func TestValidID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"EwBhF-IE46Zwc0xWPIUMng":   true,
		"AAAAAAAAAAAAAAAAAAAAAA":   true,
		"_________-___________w":   true,
		"AAAAAAAAAAAAAAAAAAAAAB":   false, // trailing bits
		"AAAAAAAAAAAAAAAAAAAAA":    false,
		"AAAAAAAAAAAAAAAAAAAAAAA":  false,
		"AAAAAAAAAAAAAAAAAAAA==":   false,
		"AAAAAAAAAA+AAAAAAAAAAA":   false,
		"AAAAAAAAAA AAAAAAAAAAA":   false,
		"AAAAAAAAAA\nAAAAAAAAAAA":  false,
		"AAAAAAAAAA\n\nAAAAAAAAAA": false,
		"AAAAAAAAAAAAAAAAAAAAé":    false,
		"":                         false,
	} {
		if seal.ValidID(text) != want {
			t.Errorf("ValidID(%q) is %v", text, !want)
		}
	}
}

func TestDeriveKeysRefuses(t *testing.T) {
	t.Parallel()
	const sid = "Lz9qBU2UkanL0F0x20R4BA"
	for name, tc := range map[string]struct {
		suite seal.Suite
		r     int
		sid   string
	}{
		"an R of 16 octets in A256": {seal.A256, 16, sid},
		"an R of 32 octets in GM":   {seal.GM, 32, sid},
		"an unknown suite":          {"B512", 32, sid},
		"a short sid":               {seal.A256, 32, sid[:21]},
		"a sid that decodes alike":  {seal.A256, 32, sid[:21] + "B"},
	} {
		if _, _, err := seal.DeriveKeys(tc.suite, make([]byte, tc.r), tc.sid); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	up, down, err := seal.DeriveKeys(seal.GM, make([]byte, 16), sid)
	if err != nil || len(up) != 16 || len(down) != 16 || string(up) == string(down) {
		t.Errorf("%x, %x, %v", up, down, err)
	}
}

func TestSealersRefuse(t *testing.T) {
	t.Parallel()
	encryption, signing := newKey(t, seal.A256, seal.Encryption), newKey(t, seal.A256, seal.Signing)
	recipient := newRecipient(t, encryption.Public())
	header := seal.SealHeader{Typ: "at+jwe"}
	_, signingErr := seal.NewRecipient(signing.Public())
	_, emptyErr := recipient.Seal(header, nil, nil, rand.Reader)
	_, shortErr := recipient.Seal(header, make([]byte, 16), kilobyte, rand.Reader)
	_, zeroErr := recipient.Seal(header, make([]byte, 32), kilobyte, rand.Reader)
	_, suiteErr := recipient.Seal(seal.SealHeader{Typ: "at+jwe", Suite: seal.GM}, nil, kilobyte, rand.Reader)
	_, randErr := recipient.Seal(header, nil, kilobyte, strings.NewReader("short"))
	_, utf8Err := recipient.Seal(seal.SealHeader{Typ: "\xff"}, nil, kilobyte, rand.Reader)
	_, longErr := recipient.Seal(seal.SealHeader{Typ: strings.Repeat("t", 4096)}, nil, kilobyte, rand.Reader)
	_, directErr := seal.SealDirect(seal.A256, "call+jwe", make([]byte, 31), kilobyte, rand.Reader)
	_, directEmptyErr := seal.SealDirect(seal.A256, "call+jwe", make([]byte, 32), nil, rand.Reader)
	_, directRandErr := seal.SealDirect(seal.A256, "call+jwe", make([]byte, 32), kilobyte, strings.NewReader("short"))
	_, signErr := seal.Sign(encryption, "at+jwt", kilobyte, rand.Reader)
	_, signEmptyErr := seal.Sign(signing, "at+jwt", nil, rand.Reader)
	for name, err := range map[string]error{
		"a recipient's signing key": signingErr, "an empty plaintext": emptyErr, "a short content key": shortErr,
		"a zero content key": zeroErr, "the other suite": suiteErr, "no randomness": randErr,
		"a typ that is not UTF-8": utf8Err, "a header over 4 KiB": longErr, "a short shared key": directErr,
		"an empty direct plaintext": directEmptyErr, "no randomness for an IV": directRandErr,
		"signing with an encryption key": signErr, "signing nothing": signEmptyErr,
	} {
		if err == nil || errors.Is(err, seal.ErrEnvelope) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
