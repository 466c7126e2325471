package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
)

// hexBytes is a hexadecimal JSON string.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	decoded, err := hex.DecodeString(string(text))
	*h = decoded
	return err
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// wycheproof is the frame of every file; G holds what a group adds, C a case.
type wycheproof[G, C any] struct {
	Groups []struct {
		Group G   `json:"-"`
		Tests []C `json:"tests"`
	} `json:"testGroups"`
}

func readWycheproof[G, C any](t *testing.T, name string) wycheproof[G, C] {
	t.Helper()
	var (
		file   wycheproof[G, C]
		groups struct {
			Groups []G `json:"testGroups"`
		}
	)
	readJSON(t, "wycheproof/"+name, &file)
	readJSON(t, "wycheproof/"+name, &groups)
	for i := range file.Groups {
		file.Groups[i].Group = groups.Groups[i]
	}
	return file
}

// outcome is the part of a case that all files share.
type outcome struct {
	ID      int      `json:"tcId"`
	Comment string   `json:"comment"`
	Result  string   `json:"result"`
	Flags   []string `json:"flags"`
}

// check holds ok against the case's result; "acceptable" takes either answer.
func (o outcome) check(t *testing.T, ok bool) {
	t.Helper()
	if o.Result != "acceptable" && ok != (o.Result == "valid") {
		t.Errorf("case %d (%s, %v) is %s, accepted: %v", o.ID, o.Comment, o.Flags, o.Result, ok)
	}
}

// enough fails a test whose filter has let too few cases through.
func enough(t *testing.T, ran, want int) {
	t.Helper()
	if ran < want {
		t.Errorf("only %d cases ran, want %d or more", ran, want)
	}
}

func TestWycheproofGCM(t *testing.T) {
	t.Parallel()
	type group struct {
		KeySize int `json:"keySize"`
		IVSize  int `json:"ivSize"`
		TagSize int `json:"tagSize"`
	}
	type gcmCase struct {
		outcome
		Key hexBytes `json:"key"`
		IV  hexBytes `json:"iv"`
		AAD hexBytes `json:"aad"`
		Msg hexBytes `json:"msg"`
		CT  hexBytes `json:"ct"`
		Tag hexBytes `json:"tag"`
	}
	for _, suite := range []struct {
		suite Suite
		file  string
		least int
	}{{A256, "aes_gcm_test.json", 60}, {GM, "sm4_gcm_test.json", 50}} {
		t.Run(string(suite.suite), func(t *testing.T) {
			t.Parallel()
			ran := 0
			for _, group := range readWycheproof[group, gcmCase](t, suite.file).Groups {
				for _, tc := range group.Tests {
					size := group.Group
					if size.KeySize != 8*suite.suite.KeySize() || size.IVSize != 96 || size.TagSize != 128 {
						checkOtherGCM(t, suite.suite, tc.Key, tc.IV, tc.Tag)
						continue
					}
					ran++
					aead, err := suite.suite.aead(tc.Key)
					if err != nil {
						t.Fatal(err)
					}
					sealed := append(bytes.Clone(tc.CT), tc.Tag...)
					opened, err := aead.Open(nil, tc.IV, sealed, tc.AAD)
					tc.check(t, err == nil)
					if err == nil && !bytes.Equal(opened, tc.Msg) {
						t.Errorf("case %d opens to %x", tc.ID, opened)
					}
					if tc.Result == "valid" && !bytes.Equal(aead.Seal(nil, tc.IV, tc.Msg, tc.AAD), sealed) {
						t.Errorf("case %d seals to something else", tc.ID)
					}
				}
			}
			enough(t, ran, suite.least)
		})
	}
}

// checkOtherGCM wants key, IV and tag sizes outside the suite refused before
// any cipher sees them.
func checkOtherGCM(t *testing.T, suite Suite, key, iv, tag []byte) {
	t.Helper()
	if _, err := suite.aead(key); (err == nil) != (len(key) == suite.KeySize()) {
		t.Errorf("key of %d octets: %v", len(key), err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	compact := fmt.Sprintf("%s..%s.%s.%s", encode([]byte(`{"alg":"dir"}`)), encode(iv), encode([]byte("x")), encode(tag))
	_, err := ParseEnvelope([]byte(compact), len(compact))
	if (err == nil) != (len(iv) == ivSize && len(tag) == tagSize) {
		t.Errorf("IV of %d and tag of %d octets: %v", len(iv), len(tag), err)
	}
}

func TestWycheproofKeyWrap(t *testing.T) {
	t.Parallel()
	type group struct {
		KeySize int `json:"keySize"`
	}
	type wrapCase struct {
		outcome
		Key hexBytes `json:"key"`
		Msg hexBytes `json:"msg"`
		CT  hexBytes `json:"ct"`
	}
	ran := 0
	for _, group := range readWycheproof[group, wrapCase](t, "aes_wrap_test.json").Groups {
		for _, tc := range group.Tests {
			kek, err := aes.NewCipher(tc.Key)
			if err != nil {
				t.Fatal(err)
			}
			ran++
			key, ok := unwrapKey(kek, tc.CT)
			tc.check(t, ok)
			if tc.Result == "valid" {
				if !bytes.Equal(key, tc.Msg) || !bytes.Equal(wrapKey(kek, tc.Msg), tc.CT) {
					t.Errorf("case %d does not wrap and unwrap", tc.ID)
				}
			}
		}
	}
	enough(t, ran, 150)
}

func TestWycheproofECDHThroughEPK(t *testing.T) {
	t.Parallel()
	type agreeCase struct {
		outcome
		Public  json.RawMessage   `json:"public"`
		Private map[string]string `json:"private"`
		Shared  hexBytes          `json:"shared"`
	}
	ran := 0
	for _, group := range readWycheproof[struct{}, agreeCase](t, "ecdh_secp256r1_webcrypto_test.json").Groups {
		for _, tc := range group.Tests {
			private, err := ParsePrivateJWK(mustJSON(t, with(tc.Private, "alg", algECDH)))
			if err != nil {
				t.Fatalf("case %d: %v", tc.ID, err)
			}
			ran++
			shared, ok := agreeThroughHeader(private, tc.Public)
			tc.check(t, ok)
			if ok && !bytes.Equal(shared, tc.Shared) {
				t.Errorf("case %d agrees on %x", tc.ID, shared)
			}
		}
	}
	enough(t, ran, 350)
}

// agreeThroughHeader reads epk as a header member and agrees with it.
func agreeThroughHeader(private *PrivateKey, epk []byte) ([]byte, bool) {
	var header protectedHeader
	if header.parse([]byte(`{"epk":`+string(epk)+`}`), envelopeMembers) != nil {
		return nil, false
	}
	public, err := ecdh.P256().NewPublicKey(header.epk)
	if err != nil {
		return nil, false
	}
	shared, err := private.agreement.ECDH(public)
	return shared, err == nil
}

func with(members map[string]string, name, value string) map[string]string {
	members[name] = value
	return members
}

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestWycheproofES256(t *testing.T) {
	t.Parallel()
	type group struct {
		Key struct {
			Point hexBytes `json:"uncompressed"`
		} `json:"publicKey"`
	}
	type signatureCase struct {
		outcome
		Msg hexBytes `json:"msg"`
		Sig hexBytes `json:"sig"`
	}
	ran := 0
	for _, group := range readWycheproof[group, signatureCase](t, "ecdsa_secp256r1_sha256_p1363_test.json").Groups {
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), group.Group.Key.Point)
		if err != nil {
			t.Fatal(err)
		}
		key := &PublicKey{algorithm: algorithm{name: algES256}, elliptic: public}
		for _, tc := range group.Tests {
			ran++
			tc.check(t, key.verify(tc.Msg, tc.Sig))
		}
	}
	enough(t, ran, 250)
}

func TestWycheproofPS256(t *testing.T) {
	t.Parallel()
	type group struct {
		Key struct {
			N hexBytes `json:"modulus"`
			E hexBytes `json:"publicExponent"`
		} `json:"publicKey"`
	}
	type signatureCase struct {
		outcome
		Msg hexBytes `json:"msg"`
		Sig hexBytes `json:"sig"`
	}
	ran := 0
	for _, group := range readWycheproof[group, signatureCase](t, "rsa_pss_2048_sha256_mgf1_32_test.json").Groups {
		number := group.Group.Key
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(number.N), E: int(new(big.Int).SetBytes(number.E).Int64())}
		key := &PublicKey{algorithm: algorithm{name: algPS256}, rsa: public}
		for _, tc := range group.Tests {
			ran++
			tc.check(t, key.verify(tc.Msg, tc.Sig))
		}
	}
	enough(t, ran, 50)
}

func TestWycheproofOAEP(t *testing.T) {
	t.Parallel()
	type group struct {
		PKCS8 hexBytes `json:"privateKeyPkcs8"`
	}
	type oaepCase struct {
		outcome
		Label hexBytes `json:"label"`
		Msg   hexBytes `json:"msg"`
		CT    hexBytes `json:"ct"`
	}
	ran := 0
	for _, group := range readWycheproof[group, oaepCase](t, "rsa_oaep_2048_sha256_mgf1sha256_test.json").Groups {
		parsed, err := x509.ParsePKCS8PrivateKey(group.Group.PKCS8)
		if err != nil {
			t.Fatal(err)
		}
		private := parsed.(*rsa.PrivateKey)
		key := &PrivateKey{public: &PublicKey{algorithm: algorithms[1]}, rsa: private, decoy: [32]byte{1}}
		for _, tc := range group.Tests {
			ran++
			cek, err := key.unwrapOAEP(&Envelope{encryptedKey: tc.CT})
			// Only an unlabelled message of 32 octets is a content key here.
			wanted := tc.Result == "valid" && len(tc.Label) == 0 && len(tc.Msg) == 32
			if wanted != (err == nil && bytes.Equal(cek, tc.Msg)) {
				t.Errorf("case %d (%s): wanted %v, got %x, %v", tc.ID, tc.Comment, wanted, cek, err)
			}
			// A bad padding must not be an error of its own.
			if err != nil && len(tc.CT) == private.Size() {
				t.Errorf("case %d (%s) shows that it failed: %v", tc.ID, tc.Comment, err)
			}
			message, err := rsa.DecryptOAEP(sha256.New(), nil, private, tc.CT, tc.Label)
			tc.check(t, err == nil)
			if err == nil && !bytes.Equal(message, tc.Msg) {
				t.Errorf("case %d decrypts to %x", tc.ID, message)
			}
		}
	}
	enough(t, ran, 37)
}

func TestWycheproofHKDF(t *testing.T) {
	t.Parallel()
	type hkdfCase struct {
		outcome
		IKM  hexBytes `json:"ikm"`
		Salt hexBytes `json:"salt"`
		Info hexBytes `json:"info"`
		Size int      `json:"size"`
		OKM  hexBytes `json:"okm"`
	}
	ran := 0
	for _, group := range readWycheproof[struct{}, hkdfCase](t, "hkdf_sha256_test.json").Groups {
		for _, tc := range group.Tests {
			ran++
			okm, err := hkdf.Key(A256.newHash(), tc.IKM, tc.Salt, string(tc.Info), tc.Size)
			tc.check(t, err == nil)
			if err == nil && !bytes.Equal(okm, tc.OKM) {
				t.Errorf("case %d derives %x", tc.ID, okm)
			}
		}
	}
	enough(t, ran, 80)
}

func TestWycheproofHMAC(t *testing.T) {
	t.Parallel()
	type group struct {
		TagSize int `json:"tagSize"`
	}
	type macCase struct {
		outcome
		Key hexBytes `json:"key"`
		Msg hexBytes `json:"msg"`
		Tag hexBytes `json:"tag"`
	}
	ran := 0
	for _, group := range readWycheproof[group, macCase](t, "hmac_sha256_test.json").Groups {
		for _, tc := range group.Tests {
			ran++
			mac := hmac.New(A256.newHash(), tc.Key)
			mac.Write(tc.Msg)
			sum := mac.Sum(nil)
			tc.check(t, hmac.Equal(sum[:group.Group.TagSize/8], tc.Tag))
			// The first step of every derived key is this MAC (RFC 5869 section 2.2).
			extracted, err := hkdf.Extract(A256.newHash(), tc.Msg, tc.Key)
			if err != nil || !bytes.Equal(extracted, sum) {
				t.Errorf("case %d: HKDF extracts %x, %v; want %x", tc.ID, extracted, err, sum)
			}
		}
	}
	enough(t, ran, 174)
}

func TestConcatKDF(t *testing.T) {
	t.Parallel()
	var vector struct {
		Z       hexBytes `json:"Z"`
		Derived string   `json:"derived"`
	}
	readJSON(t, "rfc/rfc7518_appendix_c.json", &vector)
	derived := concatKDF(vector.Z, partyInfo{"A128GCM", []byte("Alice"), []byte("Bob")}, 16)
	if got := base64url.EncodeToString(derived); got != vector.Derived {
		t.Errorf("derived %s, want %s", got, vector.Derived)
	}
	long := bytes.Repeat([]byte("u"), 3000) // more than the stack space of one call
	if a, b := concatKDF(vector.Z, partyInfo{algECDH, long, nil}, 32), concatKDF(vector.Z, partyInfo{algECDH, nil, long}, 32); bytes.Equal(a, b) {
		t.Error("apu and apv are interchangeable")
	}
}
