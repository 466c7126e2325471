package seal

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// sm2Curve is the OID of the recommended curve, the only one in use here.
const sm2Curve = "1.2.156.10197.1.301"

// readBotan reads "Key = value" text: each line named last ends a case, and
// values stay until they are replaced.
func readBotan(t *testing.T, name, last string) []map[string]string {
	t.Helper()
	file, err := os.Open("testdata/gm/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var cases []map[string]string
	state := make(map[string]string)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		key, value, found := strings.Cut(lines.Text(), "=")
		if !found || strings.HasPrefix(key, "#") {
			continue
		}
		key = strings.TrimSpace(key)
		state[key] = strings.TrimPrefix(strings.TrimSpace(value), "0x")
		if key != last {
			continue
		}
		one := make(map[string]string, len(state))
		for k, v := range state {
			one[k] = v
		}
		cases = append(cases, one)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

func mustHex(t *testing.T, text string) []byte {
	t.Helper()
	decoded, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

func TestBotanSM3(t *testing.T) {
	t.Parallel()
	cases := readBotan(t, "botan_sm3.vec", "Out")
	for _, tc := range cases {
		if got := sm3.Sum(mustHex(t, tc["In"])); !bytes.Equal(got[:], mustHex(t, tc["Out"])) {
			t.Errorf("SM3(%s) is %x", tc["In"], got)
		}
	}
	enough(t, len(cases), 20)
}

func TestBotanSM4(t *testing.T) {
	t.Parallel()
	cases := readBotan(t, "botan_sm4.vec", "Out")
	for _, tc := range cases {
		block, err := sm4.NewCipher(mustHex(t, tc["Key"]))
		if err != nil {
			t.Fatal(err)
		}
		in := mustHex(t, tc["In"])
		out := make([]byte, len(in))
		for at := 0; at < len(in); at += sm4.BlockSize {
			block.Encrypt(out[at:], in[at:])
		}
		if !bytes.Equal(out, mustHex(t, tc["Out"])) {
			t.Errorf("SM4 of %s under %s is %x", tc["In"], tc["Key"], out)
		}
	}
	enough(t, len(cases), 3)
}

func TestBotanSM2Signatures(t *testing.T) {
	t.Parallel()
	ran := 0
	for _, tc := range readBotan(t, "botan_sm2_sig.vec", "Signature") {
		if tc["Oid"] != sm2Curve || tc["Hash"] != "SM3" {
			continue
		}
		ran++
		private, err := sm2.NewPrivateKey(mustHex(t, tc["x"]))
		if err != nil {
			t.Fatal(err)
		}
		message, signature := mustHex(t, tc["Msg"]), mustHex(t, tc["Signature"])
		der, ok := signatureToDER(signature)
		if !ok || !sm2.VerifyASN1WithSM2(&private.PublicKey, []byte(tc["Ident"]), message, der) {
			t.Error("a valid signature is refused")
		}
		if verifySM2(&private.PublicKey, message, signature) {
			t.Error("a signature of another identity is accepted")
		}
	}
	enough(t, ran, 1)
}

func TestSM2CipherIsReadAndWrittenAlike(t *testing.T) {
	t.Parallel()
	cases := readBotan(t, "botan_sm2_enc.vec", "Ciphertext")
	for _, tc := range cases {
		der := mustHex(t, tc["Ciphertext"])
		parsed, ok := parseSM2Cipher(der)
		if !ok || !bytes.Equal(parsed.der(), der) {
			t.Errorf("%x: read %v, written %x", der, ok, parsed.der())
		}
	}
	enough(t, len(cases), 5)
}

// goodSM2Cipher seals 16 octets to a fresh key.
func goodSM2Cipher(t *testing.T) (*sm2.PrivateKey, sm2Cipher) {
	t.Helper()
	private, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := sm2.EncryptASN1(rand.Reader, &private.PublicKey, []byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, ok := parseSM2Cipher(der)
	if !ok {
		t.Fatal("a library's own SM2Cipher is refused")
	}
	return private, parsed
}

func TestSM2CipherStrictness(t *testing.T) {
	t.Parallel()
	private, good := goodSM2Cipher(t)
	sequence := func(parts ...[]byte) []byte {
		return appendDER(nil, 0x30, bytes.Join(parts, nil))
	}
	x, y := appendDERCoordinate(nil, good.x[:]), appendDERCoordinate(nil, good.y[:])
	c3, c2 := appendDER(nil, 0x04, good.c3), appendDER(nil, 0x04, good.c2)
	whole := sequence(x, y, c3, c2)

	// pad writes an integer with one leading zero octet too many.
	pad := func(value []byte) []byte {
		return appendDER(nil, 0x02, append([]byte{0, 0}, value...))
	}
	negative := appendDER(nil, 0x02, append([]byte{0x80}, good.x[1:]...))
	longForm := append([]byte{0x30, 0x81, byte(len(whole) - 2)}, whole[2:]...)
	indefinite := append(append([]byte{0x30, 0x80}, whole[2:]...), 0, 0)

	for _, tc := range []struct {
		name string
		der  []byte
	}{
		{"nothing", nil},
		{"a lone tag", whole[:1]},
		{"truncated", whole[:len(whole)-1]},
		{"a trailing octet", append(bytes.Clone(whole), 0)},
		{"an octet after C2 inside", sequence(x, y, c3, c2, []byte{0})},
		{"a fifth element", sequence(x, y, c3, c2, []byte{0x05, 0x00})},
		{"C2 missing", sequence(x, y, c3)},
		{"C2 empty", sequence(x, y, c3, []byte{0x04, 0x00})},
		{"the old order C1 C2 C3", sequence(x, y, c2, c3)},
		{"C3 of 31 octets", sequence(x, y, appendDER(nil, 0x04, good.c3[1:]), c2)},
		{"C3 of 33 octets", sequence(x, y, appendDER(nil, 0x04, append([]byte{0}, good.c3...)), c2)},
		{"C2 as a BIT STRING", sequence(x, y, c3, appendDER(nil, 0x03, good.c2))},
		{"a SET in place of the SEQUENCE", append([]byte{0x31}, whole[1:]...)},
		{"a primitive SEQUENCE", append([]byte{0x10}, whole[1:]...)},
		{"an indefinite length", indefinite},
		{"a length of two octets", append([]byte{0x30, 0x82, 0x00, byte(len(whole) - 2)}, whole[2:]...)},
		{"a padded x", sequence(pad(good.x[:]), y, c3, c2)},
		{"a negative x", sequence(negative, y, c3, c2)},
		{"an empty x", sequence([]byte{0x02, 0x00}, y, c3, c2)},
		{"an x of 33 octets", sequence(appendDER(nil, 0x02, append([]byte{1}, good.x[:]...)), y, c3, c2)},
		{"y replaced by x", sequence(x, x, c3, c2)},
		{"C1 at infinity", sequence([]byte{0x02, 0x01, 0x00}, []byte{0x02, 0x01, 0x00}, c3, c2)},
		{"C3 changed", sequence(x, y, appendDER(nil, 0x04, flip(good.c3)), c2)},
		{"C2 changed", sequence(x, y, c3, appendDER(nil, 0x04, flip(good.c2)))},
	} {
		t.Run(tc.name+" is refused", func(t *testing.T) {
			t.Parallel()
			parsed, ok := parseSM2Cipher(tc.der)
			if !ok {
				return
			}
			if message, ok := decryptSM2(private, parsed); ok {
				t.Errorf("opened to %x", message)
			}
		})
	}
	t.Run("a length in long form where the short one would do is refused", func(t *testing.T) {
		t.Parallel()
		if len(whole)-2 >= 0x80 {
			t.Fatal("the good value is longer than it can be")
		}
		if _, ok := parseSM2Cipher(longForm); ok {
			t.Error("accepted")
		}
	})
	t.Run("the good value opens", func(t *testing.T) {
		t.Parallel()
		parsed, ok := parseSM2Cipher(whole)
		message, opened := decryptSM2(private, parsed)
		if !ok || !opened || string(message) != "0123456789abcdef" {
			t.Errorf("%v, %v, %q", ok, opened, message)
		}
	})
}

func flip(octets []byte) []byte {
	changed := bytes.Clone(octets)
	changed[0] ^= 0x80
	return changed
}

func FuzzSM2Cipher(f *testing.F) {
	private, err := sm2.NewPrivateKey(unhex(knownSM2))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(unhex("307c022004ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73" +
		"022100e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0" +
		"042059983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766" +
		"041321886ca989ca9c7d58087307ca93092d651efa"))
	f.Add([]byte{0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00})
	f.Add([]byte{0x30, 0x80, 0x00, 0x00})
	f.Fuzz(func(t *testing.T, der []byte) {
		parsed, ok := parseSM2Cipher(der)
		if !ok {
			return
		}
		if !bytes.Equal(parsed.der(), der) {
			t.Fatalf("%x is written as %x", der, parsed.der())
		}
		_, _ = decryptSM2(private, parsed)
	})
}
