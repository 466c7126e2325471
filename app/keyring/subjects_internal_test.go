package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

// A message with a zero octet inside is what MAC makes of an application and a user id, so those of the
// published HMAC-SHA-256 cases fit as they are. What they are and whose: app/seal/testdata/README.md.
func TestSubjectMACIsHMAC(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../seal/testdata/wycheproof/hmac_sha256_test.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Tests []struct {
				ID                    int `json:"tcId"`
				Key, Msg, Tag, Result string
			} `json:"tests"`
		} `json:"testGroups"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, group := range file.Groups {
		for _, tc := range group.Tests {
			application, user, found := bytes.Cut(unhex(t, tc.Msg), []byte{0})
			if !found || len(user) == 0 {
				continue
			}
			ran++
			subjects := &Subjects{mac: unhex(t, tc.Key)}
			mac, err := base64.RawURLEncoding.DecodeString(subjects.MAC(string(application), string(user)))
			if same := bytes.HasPrefix(mac, unhex(t, tc.Tag)); err != nil || len(mac) != 32 || same != (tc.Result == "valid") {
				t.Errorf("case %d is %s: MAC = %x, %v, tag %s", tc.ID, tc.Result, mac, err, tc.Tag)
			}
		}
	}
	if ran < 60 {
		t.Errorf("only %d cases ran, want 60 or more", ran)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	octets, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}
