package keyring

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"postern/models"
)

// EvidenceKey signs what the ledger holds, with Ed25519 (RFC 8032). It is immutable
// and prints as [redacted].
type EvidenceKey struct {
	kid     string
	private ed25519.PrivateKey
}

// KID is the key's id.
func (k *EvidenceKey) KID() string { return k.kid }

// Public is the key that verifies, 32 octets.
func (k *EvidenceKey) Public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// Sign signs a message; 64 octets.
func (k *EvidenceKey) Sign(message []byte) []byte { return ed25519.Sign(k.private, message) }

// String keeps the key out of every log and dump.
func (k *EvidenceKey) String() string { return "[redacted]" }

// LogValue keeps the key out of structured logs.
func (k *EvidenceKey) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// EvidenceSigner is the key that signs new checkpoints of the ledger;
// errs.Unavailable if there is none.
func (r *Ring) EvidenceSigner() (*EvidenceKey, error) {
	k, err := r.newest(Kind{Use: models.EvidenceKey})
	if err != nil {
		return nil, err
	}
	return k.evidence, nil
}

// EvidencePublic is the public part of a key that signs checkpoints, or once did.
// That of a live key is made of the sealed private part; of a retired one the row is
// all there is, and found is false where it has none.
func (r *Ring) EvidencePublic(ctx context.Context, kid string) (key ed25519.PublicKey, found bool, err error) {
	if k := r.live.Load().byID[kid]; k != nil && k.evidence != nil {
		return k.evidence.Public(), true, nil
	}
	row, found, err := r.o.Store.KeyByID(ctx, kid)
	if err != nil || !found || row.Use != models.EvidenceKey {
		return nil, false, err
	}
	key, err = PublicOf(row)
	return key, err == nil, nil
}

// edwardsJWK is a key of Ed25519 as a JWK (RFC 8037). Releases that know no evidence
// open it as any other pair, beside nodes that make one.
type edwardsJWK struct {
	KTY string `json:"kty"`
	CRV string `json:"crv"`
	X   string `json:"x"`
	D   string `json:"d,omitempty"`
	KID string `json:"kid"`
	Use string `json:"use"`
	Alg string `json:"alg"`
}

// PublicOf reads the public part of an evidence key as it stands in its row.
func PublicOf(row models.Key) (ed25519.PublicKey, error) {
	var j edwardsJWK
	if err := json.Unmarshal([]byte(row.PublicJWK), &j); err != nil {
		return nil, fmt.Errorf("read public key %s: %w", row.KID, err)
	}
	x, err := base64.RawURLEncoding.DecodeString(j.X)
	if err != nil || len(x) != ed25519.PublicKeySize || j.CRV != "Ed25519" {
		return nil, fmt.Errorf("read public key %s: no Ed25519 key", row.KID)
	}
	return x, nil
}

func drawEvidence(kid string, rand io.Reader) (secret, public []byte, err error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, nil, fmt.Errorf("draw key: %w", err)
	}
	j := edwardsJWK{KTY: "OKP", CRV: "Ed25519", KID: kid, Use: "sig", Alg: "EdDSA"}
	j.X = base64.RawURLEncoding.EncodeToString(ed25519.NewKeyFromSeed(seed)[ed25519.SeedSize:])
	if public, err = json.Marshal(j); err != nil {
		return nil, nil, fmt.Errorf("draw key: %w", err)
	}
	j.D = base64.RawURLEncoding.EncodeToString(seed)
	if secret, err = json.Marshal(j); err != nil {
		return nil, nil, fmt.Errorf("draw key: %w", err)
	}
	return secret, public, nil
}

// newEvidenceKey reads a secret that drawEvidence made.
func newEvidenceKey(kid string, secret []byte) (*EvidenceKey, error) {
	var j edwardsJWK
	if err := json.Unmarshal(secret, &j); err != nil {
		return nil, errors.New("the key does not read") // the error would quote it
	}
	seed, err := base64.RawURLEncoding.DecodeString(j.D)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("the key does not read")
	}
	return &EvidenceKey{kid: kid, private: ed25519.NewKeyFromSeed(seed)}, nil
}
