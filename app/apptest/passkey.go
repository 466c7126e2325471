package apptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"testing"
)

// Flags of an authenticator's data (WebAuthn section 6.1).
const (
	Present  byte = 0x01
	Verified byte = 0x04
	attested byte = 0x40
)

// Passkey is an authenticator with one key, and the browser before it. What is
// exported may be set to what an attacker would send.
type Passkey struct {
	Origin, Host string // where the browser is; whose key it believes it uses
	Flags        byte
	Count        uint32 // of uses; each use counts on
	Handle       []byte // the user handle that it gives

	t   testing.TB
	id  []byte
	key *ecdsa.PrivateKey
}

// NewPasskey returns one that is used at an origin.
func NewPasskey(t testing.TB, origin string) *Passkey {
	t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	if _, err := rand.Read(id); err != nil {
		t.Fatal(err)
	}
	return &Passkey{Origin: origin, Host: u.Hostname(), Flags: Present | Verified, t: t, id: id, key: key}
}

// options are what it reads of a server's.
type options struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"publicKey"`
}

func (k *Passkey) read(text []byte) (o options) {
	k.t.Helper()
	if err := json.Unmarshal(text, &o); err != nil {
		k.t.Fatal(err)
	}
	return o
}

// Create answers navigator.credentials.create, and keeps the user's handle.
func (k *Passkey) Create(text []byte) []byte {
	k.t.Helper()
	o := k.read(text)
	handle, err := base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID)
	if err != nil {
		k.t.Fatal(err)
	}
	k.Handle = handle
	data := k.data(k.Flags | attested)
	data = append(data, make([]byte, 16)...) // AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = append(append(data, k.id...), k.cose()...)
	// CBOR: {"fmt": "none", "attStmt": {}, "authData": data}
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59")
	object = append(binary.BigEndian.AppendUint16(object, uint16(len(data))), data...)
	return k.answer(map[string]string{"clientDataJSON": encode(k.client("webauthn.create", o)), "attestationObject": encode(object)})
}

// Get answers navigator.credentials.get.
func (k *Passkey) Get(text []byte) []byte {
	k.t.Helper()
	k.Count++
	client := k.client("webauthn.get", k.read(text))
	data, sum := k.data(k.Flags), sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		k.t.Fatal(err)
	}
	return k.answer(map[string]string{
		"clientDataJSON": encode(client), "authenticatorData": encode(data), "signature": encode(signature), "userHandle": encode(k.Handle),
	})
}

func (k *Passkey) data(flags byte) []byte {
	host := sha256.Sum256([]byte(k.Host))
	return binary.BigEndian.AppendUint32(append(host[:], flags), k.Count)
}

// cose is the public key as a COSE_Key (RFC 9053 section 7.1.1), ES256.
func (k *Passkey) cose() []byte {
	point, err := k.key.PublicKey.Bytes()
	if err != nil {
		k.t.Fatal(err)
	}
	text := append([]byte("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"), point[1:33]...)
	return append(append(text, "\x22\x58\x20"...), point[33:]...)
}

func (k *Passkey) client(kind string, o options) []byte {
	return k.json(map[string]any{"type": kind, "challenge": o.PublicKey.Challenge, "origin": k.Origin, "crossOrigin": false})
}

func (k *Passkey) answer(response map[string]string) []byte {
	return k.json(map[string]any{
		"id": encode(k.id), "rawId": encode(k.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
}

func (k *Passkey) json(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		k.t.Fatal(err)
	}
	return text
}

func encode(octets []byte) string { return base64.RawURLEncoding.EncodeToString(octets) }
