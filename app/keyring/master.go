package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// MasterKeySize is the length of a master key, octets.
const MasterKeySize = 32

// ErrMasterKey says that the master key given is not the one that sealed a key.
var ErrMasterKey = errors.New("the master key is not the one that sealed the keys in this database")

// Master seals the private parts of keys at rest (AES-256-GCM). It prints as
// [redacted].
type Master struct {
	id   string
	aead cipher.AEAD
}

// String keeps the key out of every log and dump.
func (m *Master) String() string { return "[redacted]" }

// LogValue keeps the key out of structured logs.
func (m *Master) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// NewMaster makes a master key of 32 octets. It refuses keys of one repeated
// octet: nobody draws those.
func NewMaster(key []byte) (*Master, error) {
	if len(key) != MasterKeySize {
		return nil, fmt.Errorf("master key: %d octets, want %d", len(key), MasterKeySize)
	}
	if strings.Count(string(key), string(key[:1])) == len(key) {
		return nil, errors.New("master key: all octets are the same")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	id := sha256.Sum256(append([]byte("postern master key id\x00"), key...))
	return &Master{id: hex.EncodeToString(id[:8]), aead: aead}, nil
}

// ParseMaster reads a master key as it stands in a file or in the environment:
// 64 hexadecimal digits or base64 of 32 octets, white space around it ignored.
func ParseMaster(text string) (*Master, error) {
	text = strings.TrimSpace(text)
	if b, err := hex.DecodeString(text); err == nil && len(b) == MasterKeySize {
		return NewMaster(b)
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(text); err == nil && len(b) == MasterKeySize {
			return NewMaster(b)
		}
	}
	return nil, errors.New("master key: want 64 hexadecimal digits or base64 of 32 octets")
}

// ID names the master key without telling anything of it.
func (m *Master) ID() string { return m.id }

// seal binds a secret to the row it belongs to by the additional data.
func (m *Master) seal(secret []byte, row string, rand io.Reader) (string, error) {
	nonce := make([]byte, m.aead.NonceSize())
	if _, err := io.ReadFull(rand, nonce); err != nil {
		return "", fmt.Errorf("seal key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(m.aead.Seal(nonce, nonce, secret, []byte(row))), nil
}

func (m *Master) open(sealed, row string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(b) < m.aead.NonceSize() {
		return nil, errors.New("open key: damaged")
	}
	n := m.aead.NonceSize()
	secret, err := m.aead.Open(nil, b[:n], b[n:], []byte(row))
	if err != nil {
		return nil, ErrMasterKey
	}
	return secret, nil
}

// ReadMasterFile reads a master key from a file that only its owner may read.
func ReadMasterFile(path string) (*Master, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("master key: %s is readable by others; chmod 600 it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return ParseMaster(string(text))
}
