package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"postern/app/seal"
)

// envelopeFile is the form of testdata/gateway/jwe_inbound*.json.
type envelopeFile struct {
	Keys struct {
		Active []json.RawMessage `json:"active"`
	} `json:"keys"`
	Tests []envelopeCase `json:"tests"`
}

type envelopeCase struct {
	ID                 int      `json:"tcId"`
	Name               string   `json:"name"`
	Result             string   `json:"result"`
	JWE                string   `json:"jwe"`
	Plaintext          string   `json:"plaintext"`
	CEK                string   `json:"cek"`
	Flags              []string `json:"flags"`
	DirResponseExample string   `json:"dirResponseExample"`
}

// maxVector is the limit of step D, 16 KiB (protocol section 5).
const maxVector = 16 << 10

func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func unbase64(t testing.TB, text string) []byte {
	t.Helper()
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

func parsePrivate(t testing.TB, jwk []byte) *seal.PrivateKey {
	t.Helper()
	key, err := seal.ParsePrivateJWK(jwk)
	if err != nil {
		t.Fatalf("parse private JWK: %v", err)
	}
	return key
}

// open is what a recipient does: parse, choose the key by kid, open.
func open(keys map[string]*seal.PrivateKey, compact []byte) (plaintext, cek []byte, err error) {
	envelope, err := seal.ParseEnvelope(compact, maxVector)
	if err != nil {
		return nil, nil, err
	}
	key, ok := keys[envelope.Header().KID]
	if !ok {
		return nil, nil, errUnknownKID
	}
	return envelope.OpenWith(key, "")
}

var errUnknownKID = errors.New("no key of this kid")

func TestGatewayVectors(t *testing.T) {
	t.Parallel()
	for _, file := range []struct {
		name     string
		suite    seal.Suite
		accepted map[int]bool // the policy cases that open
	}{
		// 7 (empty plaintext), 8 (over 16 KiB) and 36 (no kid) are refused; 55
		// (epk negated: the same shared secret) opens.
		{"gateway/jwe_inbound.json", seal.A256, map[int]bool{55: true}},
		// 2 (raw point) and 20 (unregistered alg name) are refused.
		{"gateway/jwe_inbound_gm.json", seal.GM, nil},
	} {
		var vectors envelopeFile
		readVectors(t, file.name, &vectors)
		keys := make(map[string]*seal.PrivateKey)
		for _, jwk := range vectors.Keys.Active {
			key := parsePrivate(t, jwk)
			keys[key.Public().KID()] = key
		}
		for _, tc := range vectors.Tests {
			want := tc.Result == "valid" || tc.Result == "policy" && file.accepted[tc.ID]
			t.Run(file.name+"/"+tc.Name, func(t *testing.T) {
				t.Parallel()
				plaintext, cek, err := open(keys, []byte(tc.JWE))
				if !want {
					checkRefused(t, tc, plaintext, cek, err)
					return
				}
				if err != nil {
					t.Fatalf("refused: %v (%s)", err, seal.Reason(err))
				}
				checkOpened(t, file.suite, tc, plaintext, cek)
			})
		}
	}
}

func checkOpened(t *testing.T, suite seal.Suite, tc envelopeCase, plaintext, cek []byte) {
	t.Helper()
	if tc.Plaintext != "" && !bytes.Equal(plaintext, unbase64(t, tc.Plaintext)) {
		t.Errorf("plaintext is %q", plaintext)
	}
	if tc.CEK != "" && !bytes.Equal(cek, unbase64(t, tc.CEK)) {
		t.Errorf("content key is %x", cek)
	}
	if tc.DirResponseExample == "" {
		return
	}
	response, err := seal.ParseEnvelope([]byte(tc.DirResponseExample), maxVector)
	if err != nil {
		t.Fatalf("response: %v", err)
	}
	if _, err := response.OpenDirect(suite, "", cek); err != nil {
		t.Errorf("response under the content key: %v (%s)", err, seal.Reason(err))
	}
}

func checkRefused(t *testing.T, tc envelopeCase, plaintext, cek []byte, err error) {
	t.Helper()
	if err == nil || plaintext != nil || cek != nil {
		t.Fatalf("opened to %q", plaintext)
	}
	if err == errUnknownKID {
		return
	}
	if !errors.Is(err, seal.ErrEnvelope) || err.Error() != seal.ErrEnvelope.Error() || seal.Reason(err) == "" {
		t.Errorf("error is %v", err)
	}
	if tooLarge := len(tc.JWE) > maxVector; errors.Is(err, seal.ErrTooLarge) != tooLarge {
		t.Errorf("error is %v (%s) for %d octets", err, seal.Reason(err), len(tc.JWE))
	}
}

func TestHostileEnvelopesAreCheap(t *testing.T) {
	// Not parallel: it reads the process's allocation counter.
	var vectors envelopeFile
	readVectors(t, "gateway/jwe_inbound.json", &vectors)
	keys := make(map[string]*seal.PrivateKey)
	for _, jwk := range vectors.Keys.Active {
		key := parsePrivate(t, jwk)
		keys[key.Public().KID()] = key
	}
	hostile := 0
	for _, tc := range vectors.Tests {
		if !strings.Contains(strings.Join(tc.Flags, " "), "DoS") {
			continue
		}
		hostile++
		compact := []byte(tc.JWE)
		// Also with no size limit in front: the parser itself must be bounded.
		for _, limit := range []int{maxVector, len(compact)} {
			octets, elapsed := costOfRefusing(t, keys["dev-ec-1"], compact, limit)
			if octets > 1<<20 || elapsed > 100*time.Millisecond {
				t.Errorf("%s, limit %d: %d octets and %v", tc.Name, limit, octets, elapsed)
			}
		}
	}
	if hostile < 3 {
		t.Errorf("only %d cases are flagged DoS", hostile)
	}
}

// costOfRefusing returns the least memory and time of three attempts: the
// machine may be busy with something else in one of them.
func costOfRefusing(t *testing.T, key *seal.PrivateKey, compact []byte, limit int) (octets uint64, elapsed time.Duration) {
	t.Helper()
	octets, elapsed = math.MaxUint64, math.MaxInt64
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		started := time.Now()
		envelope, err := seal.ParseEnvelope(compact, limit)
		if err == nil {
			_, _, err = envelope.OpenWith(key, "")
		}
		elapsed = min(elapsed, time.Since(started))
		runtime.ReadMemStats(&after)
		octets = min(octets, after.TotalAlloc-before.TotalAlloc)
		if err == nil {
			t.Errorf("opened %.40s", compact)
		}
	}
	return octets, elapsed
}

func base64Text(octets []byte) string { return base64.RawURLEncoding.EncodeToString(octets) }
