package evidence

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is what a signed note says of the tree (C2SP tlog-checkpoint): origin,
// size and root, and two lines of our own, "epoch" and "time".
type Checkpoint struct {
	Origin string    // whose tree it is: the issuer without its scheme, and /events
	Size   int64     // how many events
	Root   tlog.Hash // RFC 6962 tree hash
	Epoch  int64     // when the database was last restored, Unix ms; 0 for never
	At     time.Time // by the clock of the gateway that signed
}

// Origin names the tree of the gateway with an issuer.
func Origin(issuer string) string {
	_, host, _ := strings.Cut(issuer, "://")
	return strings.TrimSuffix(host, "/") + "/events"
}

// text is what is signed.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\nepoch %d\ntime %s\n", c.Origin, c.Size, c.Root, c.Epoch, c.At.UTC().Format(timeForm))
}

const timeForm = "2006-01-02T15:04:05.000Z"

// ErrCheckpoint says that a text is no checkpoint of this program's.
var ErrCheckpoint = errors.New("this is no checkpoint")

// readCheckpoint reads the text of a note, strictly: written again it is the same.
func readCheckpoint(text string) (c Checkpoint, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 6 {
		return c, ErrCheckpoint
	}
	c.Origin = lines[0]
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return c, ErrCheckpoint
	}
	c.Root = root
	c.Size, _ = strconv.ParseInt(lines[1], 10, 64)
	c.Epoch, _ = strconv.ParseInt(strings.TrimPrefix(lines[3], "epoch "), 10, 64)
	c.At, _ = time.Parse(timeForm, strings.TrimPrefix(lines[4], "time "))
	if c.text() != text || c.Size < 0 {
		return c, ErrCheckpoint
	}
	return c, nil
}

// Signer signs with one of the gateway's keys: keyring.EvidenceKey.
type Signer interface {
	KID() string
	Public() ed25519.PublicKey
	Sign(message []byte) []byte
}

// noteSigner is a Signer under the name of an origin (C2SP signed-note, Ed25519).
type noteSigner struct {
	note.Verifier
	key Signer
}

// Sign is note.Signer.
func (s noteSigner) Sign(message []byte) ([]byte, error) { return s.key.Sign(message), nil }

// sign makes the signed note of a checkpoint.
func sign(c Checkpoint, key Signer) (string, error) {
	named, err := verifier(c.Origin, key.Public())
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: c.text()}, noteSigner{named, key})
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	return string(signed), nil
}

// VerifierKey is a public key under the name of an origin, in one line:
// origin+keyid+base64 (C2SP signed-note).
func VerifierKey(origin string, key ed25519.PublicKey) (string, error) {
	return note.NewEd25519VerifierKey(origin, key)
}

func verifier(origin string, key ed25519.PublicKey) (note.Verifier, error) {
	text, err := VerifierKey(origin, key)
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(text)
}

// unverified reads a signed checkpoint whose signature is not looked at.
func unverified(signed string) (Checkpoint, error) {
	text, _, found := strings.Cut(signed, "\n\n")
	if !found {
		return Checkpoint{}, ErrCheckpoint
	}
	return readCheckpoint(text + "\n")
}
