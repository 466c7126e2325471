package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// The kinds of proof, as their files name them.
const (
	InclusionProof   = "postern/inclusion/v1"
	ConsistencyProof = "postern/consistency/v1"
)

// Proof is a file that proves something to whoever has a verifier key: that an event
// is in the tree that a checkpoint is of, or that what one checkpoint is of is the
// beginning of what another one is of. Hashes are RFC 6962's, base64.
type Proof struct {
	Kind string `json:"kind"`

	// Of an event.
	Seq   int64  `json:"seq,omitempty"`
	Event string `json:"event,omitempty"` // its canonical body, octet by octet

	// The smaller checkpoint of two.
	Older string `json:"older,omitempty"`

	Checkpoint string      `json:"checkpoint"`
	Hashes     []tlog.Hash `json:"hashes"`
}

// What is asked for and is not there. Compare with errors.Is.
var (
	ErrNoEvent      = errs.New(errs.NotFound, "", "There is no such event.").Because("no_event")
	ErrNoCheckpoint = errs.New(errs.NotFound, "", "There is no such checkpoint.").Because("no_checkpoint")
	ErrNotYet       = errs.New(errs.Conflict, "", "No checkpoint has been signed since this event; there is one within minutes.").Because("no_checkpoint_yet")
)

// ProveEvent makes the proof that an event is in the ledger, against the first
// checkpoint that was signed over it. It fails with ErrNoEvent or ErrNotYet.
func ProveEvent(ctx context.Context, s *store.Store, id string) (Proof, error) {
	e, found, err := s.Event(ctx, id)
	switch {
	case err != nil:
		return Proof{}, err
	case !found:
		return Proof{}, ErrNoEvent
	case e.Seq == nil:
		return Proof{}, ErrNotYet
	}
	c, err := firstOver(ctx, s, *e.Seq)
	if err != nil {
		return Proof{}, err
	}
	hashes, err := tlog.ProveRecord(c.Size, *e.Seq-1, newReader(ctx, s))
	if err != nil {
		return Proof{}, fmt.Errorf("prove event %d: %w", *e.Seq, err)
	}
	return Proof{Kind: InclusionProof, Seq: *e.Seq, Event: e.Body, Checkpoint: c.Note, Hashes: hashes}, nil
}

func firstOver(ctx context.Context, s *store.Store, seq int64) (models.Checkpoint, error) {
	list, err := s.CheckpointsAbove(ctx, seq-1, 1)
	if err == nil && len(list) == 0 {
		err = ErrNotYet
	}
	if err != nil {
		return models.Checkpoint{}, err
	}
	return list[0], nil
}

// ProveConsistency makes the proof that the checkpoint of a size only had events
// added to it until it was that of another, larger size. It fails with ErrNoCheckpoint.
func ProveConsistency(ctx context.Context, s *store.Store, older, newer int64) (Proof, error) {
	var notes [2]string
	for i, size := range []int64{older, newer} {
		c, found, err := s.Checkpoint(ctx, size)
		if err != nil {
			return Proof{}, err
		}
		if !found || older >= newer {
			return Proof{}, ErrNoCheckpoint
		}
		notes[i] = c.Note
	}
	hashes, err := tlog.ProveTree(newer, older, newReader(ctx, s))
	if err != nil {
		return Proof{}, fmt.Errorf("prove that %d events became %d: %w", older, newer, err)
	}
	return Proof{Kind: ConsistencyProof, Older: notes[0], Checkpoint: notes[1], Hashes: hashes}, nil
}

// File is the proof as a file.
func (p Proof) File() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the event stands in it as it was hashed
	e.SetIndent("", "  ")
	err := e.Encode(p)
	return b.Bytes(), err
}

// ErrProof says that a file is no proof of this program's.
var ErrProof = errors.New("this is no proof")

// ReadProof reads a file that File has written. It fails with ErrProof.
func ReadProof(file []byte) (p Proof, err error) {
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if d.More() || p.Kind != InclusionProof && p.Kind != ConsistencyProof || (p.Kind == InclusionProof) != (p.Older == "" && p.Seq > 0) {
		return p, ErrProof
	}
	return p, nil
}

// ErrDisproved says that a proof does not prove what it is for.
var ErrDisproved = errors.New("the proof is wrong")

// Proved is what a proof has proved.
type Proved struct {
	Checkpoint Checkpoint
	Older      Checkpoint // of two
}

// Check holds a proof against keys, and against nothing else: it needs no gateway
// and no database. It fails as Keys.Open does, or with ErrDisproved.
func (p Proof) Check(keys Keys) (done Proved, err error) {
	if done.Checkpoint, err = keys.Open(p.Checkpoint); err != nil {
		return Proved{}, fmt.Errorf("checkpoint: %w", err)
	}
	if p.Kind == InclusionProof {
		leaf := tlog.RecordHash([]byte(p.Event))
		if p.Seq > done.Checkpoint.Size || tlog.CheckRecord(p.Hashes, done.Checkpoint.Size, done.Checkpoint.Root, p.Seq-1, leaf) != nil {
			return Proved{}, fmt.Errorf("%w: this event is not number %d of the checkpoint's %d", ErrDisproved, p.Seq, done.Checkpoint.Size)
		}
		return done, nil
	}
	if done.Older, err = keys.Open(p.Older); err != nil {
		return Proved{}, fmt.Errorf("older checkpoint: %w", err)
	}
	older, newer := done.Older, done.Checkpoint
	if older.Origin != newer.Origin || older.Size < 1 || older.Size > newer.Size || tlog.CheckTree(p.Hashes, newer.Size, newer.Root, older.Size, older.Root) != nil {
		return Proved{}, fmt.Errorf("%w: the %d events are not the beginning of the %d", ErrDisproved, older.Size, newer.Size)
	}
	return done, nil
}
