package evidence

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Keys are the public keys that a checkpoint may be signed with.
type Keys struct {
	public []ed25519.PublicKey // under whatever origin
	named  []note.Verifier     // under their own alone
}

// KeysOf are public keys, whatever the origin is called: for who knows them from the
// gateway itself.
func KeysOf(list ...ed25519.PublicKey) Keys { return Keys{public: list} }

// ParseKeys reads verifier keys, one in a line; empty lines and those that begin with
// # are skipped.
func ParseKeys(text string) (Keys, error) {
	var k Keys
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		v, err := note.NewVerifier(line)
		if err != nil {
			return Keys{}, fmt.Errorf("line %d is no verifier key: want origin+id+base64", i+1)
		}
		k.named = append(k.named, v)
	}
	if len(k.named) == 0 {
		return Keys{}, errors.New("there is no verifier key in it")
	}
	return k, nil
}

// with are the keys and some more.
func (k Keys) with(more Keys) Keys {
	return Keys{slices.Concat(k.public, more.public), slices.Concat(k.named, more.named)}
}

// What is wrong with a signature. Compare with errors.Is.
var (
	ErrUnknownKey = errors.New("no known key signed it")
	ErrSignature  = errors.New("its signature is wrong")
)

// Open reads a signed checkpoint. It fails with ErrCheckpoint, ErrUnknownKey or
// ErrSignature.
func (k Keys) Open(signed string) (Checkpoint, error) {
	origin, _, _ := strings.Cut(signed, "\n")
	list := map[[2]string]note.Verifier{}
	add := func(v note.Verifier) { list[[2]string{v.Name(), fmt.Sprint(v.KeyHash())}] = v } // twice the same would be ambiguous
	for _, v := range k.named {
		add(v)
	}
	for _, public := range k.public {
		if v, err := verifier(origin, public); err == nil {
			add(v)
		}
	}
	known := make([]note.Verifier, 0, len(list))
	for _, v := range list {
		known = append(known, v)
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(known...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return Checkpoint{}, ErrUnknownKey
	case errors.As(err, &invalid):
		return Checkpoint{}, ErrSignature
	case err != nil:
		return Checkpoint{}, ErrCheckpoint
	case !slices.ContainsFunc(opened.Sigs, func(s note.Signature) bool { return s.Name == origin }):
		return Checkpoint{}, ErrUnknownKey
	}
	return readCheckpoint(opened.Text)
}
