package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// Customers is under what the bank's own customers are sealed and searched for,
// where the partners' users are under the application's id. No id has a colon.
const Customers = ":customer"

// Subjects keeps the partners' user ids, which are personal data: sealed for
// display (AES-256-GCM) and as an HMAC for search. Two keys made from one
// secret by HKDF-SHA-256.
type Subjects struct {
	aead cipher.AEAD
	mac  []byte
}

// Places is the label under which staff's places in lists are authenticated; it
// is no application's id, for those have no colon.
const Places = ":place"

func newSubjects(secret []byte) (*Subjects, error) {
	sealKey, err := hkdf.Key(sha256.New, secret, nil, "postern subject seal", 32)
	if err != nil {
		return nil, fmt.Errorf("derive subject keys: %w", err)
	}
	mac, err := hkdf.Key(sha256.New, secret, nil, "postern subject search", 32)
	if err != nil {
		return nil, fmt.Errorf("derive subject keys: %w", err)
	}
	block, err := aes.NewCipher(sealKey)
	if err != nil {
		return nil, fmt.Errorf("derive subject keys: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("derive subject keys: %w", err)
	}
	return &Subjects{aead: aead, mac: mac}, nil
}

// Seal returns a user id sealed for the application, base64url; "" stays "".
func (s *Subjects) Seal(clientID, subject string, rand io.Reader) (string, error) {
	if subject == "" {
		return "", nil
	}
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := io.ReadFull(rand, nonce); err != nil {
		return "", fmt.Errorf("seal subject: %w", err)
	}
	b := s.aead.Seal(nonce, nonce, []byte(subject), []byte(clientID))
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// Open gives back what Seal sealed for the same application.
func (s *Subjects) Open(clientID, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	n := s.aead.NonceSize()
	if err != nil || len(b) < n {
		return "", errors.New("open subject: damaged")
	}
	plain, err := s.aead.Open(nil, b[:n], b[n:], []byte(clientID))
	if err != nil {
		return "", errors.New("open subject: sealed under another key")
	}
	return string(plain), nil
}

// MAC is the search key of a user id within its application, base64url; "" stays "".
func (s *Subjects) MAC(clientID, subject string) string {
	if subject == "" {
		return ""
	}
	h := hmac.New(sha256.New, s.mac)
	h.Write([]byte(clientID))
	h.Write([]byte{0})
	h.Write([]byte(subject))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
