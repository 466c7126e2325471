package evidence

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"

	"golang.org/x/mod/sumdb/tlog"

	"postern/app/keyring"
	"postern/app/store"
	"postern/models"
)

// Verification is what an auditor holds against each other, without a gateway. All
// but one of Store and Export may be left out; what is not there is not looked at.
type Verification struct {
	Store  *store.Store // opened read-only; its events, tree and checkpoints are looked at
	Export Export       // what a feed has written, in the place of the database
	Anchor io.Reader    // an anchor file
	Keys   Keys         // those that checkpoints may be signed with; with those in the anchor
}

// Verified is what a verification has found.
type Verified struct {
	Events      int64     // how many were right, from the first on
	Waiting     int64     // committed and in no checkpoint yet: nothing is known of them
	Checkpoints int       // how many were right
	Anchored    int       // how many of the anchor's lines were
	GivenUp     int       // of the anchor's lines, those that a restore has given up
	Root        tlog.Hash // over Events
}

// Verify looks at everything from the first event on. It fails with a *Fault where
// something is wrong, which is the first thing that is.
func (v Verification) Verify(ctx context.Context) (Verified, error) {
	var done Verified
	w := &walk{}
	keys, h, err := v.anchored(&done)
	if err != nil {
		return done, err
	}
	anchored, checked := &said{next: h.source}, &said{}
	w.open = func(one vouched) (Checkpoint, error) { return keys.Open(one.note) }
	w.said = []*said{anchored, checked}
	if v.Store != nil {
		checked.next = checkpoints(ctx, v.Store, 0)
		err = v.database(ctx, w, &done)
	} else if err = v.Export.walk(w); err == nil {
		err = w.end(0)
	}
	done.Events, done.Root, done.Anchored, done.Checkpoints = w.size, w.root(), anchored.right, checked.right
	return done, err
}

func (v Verification) anchored(done *Verified) (Keys, history, error) {
	if v.Anchor == nil {
		return v.Keys, history{}, nil
	}
	h, err := readAnchor(v.Anchor)
	if err != nil {
		return Keys{}, h, fmt.Errorf("anchor: %w", err)
	}
	done.GivenUp = h.dropped
	keys := v.Keys
	for _, line := range h.keys {
		one, err := ParseKeys(line)
		if err != nil {
			return Keys{}, h, fmt.Errorf("anchor: %w", err)
		}
		if len(v.Keys.named)+len(v.Keys.public) == 0 { // who names keys trusts no other
			keys = keys.with(one)
		}
	}
	return keys, h, nil
}

func (v Verification) database(ctx context.Context, w *walk, done *Verified) error {
	size, err := v.Store.TreeSize(ctx)
	if err != nil {
		return err
	}
	w.leaf = newReader(ctx, v.Store).leaf
	if err := w.events(ctx, v.Store.EventsAfter, size, func() bool { return true }); err != nil {
		return err
	}
	if err := w.end(size); err != nil {
		return err
	}
	// What is above the tree was written meanwhile, or waits for the next minute.
	for after := size; ; {
		rows, err := v.Store.EventsAfter(ctx, after, batch)
		if err != nil || len(rows) == 0 {
			return err
		}
		done.Waiting += int64(len(rows))
		after = *rows[len(rows)-1].Seq
	}
}

// Export is a file that a feed has written, or several one behind the other. Open is
// called twice: restores are looked for first.
type Export func() (io.ReadCloser, error)

// walk hands every event over, each once: feeds repeat lines.
func (x Export) walk(w *walk) error {
	keep, err := x.restores()
	if err != nil {
		return err
	}
	return x.lines(func(l exported) error {
		switch {
		case l.Seq <= w.size || keep.givenUp(l):
			return nil
		case l.Seq > w.size+1:
			return &Fault{What: Removed, Seq: w.size + 1, Text: "there is no line with this number"}
		}
		leaf := tlog.RecordHash(l.Event)
		if base64.RawURLEncoding.EncodeToString(leaf[:]) != l.LeafHash {
			return &Fault{What: Changed, Seq: l.Seq, Text: "the event is not the one whose hash the line has"}
		}
		return w.add(leaf)
	})
}

// epochs are the first numbers that each epoch gave, in their order.
type epochs []struct{ epoch, first int64 }

// givenUp reports whether a later epoch has given the line's number again.
func (k epochs) givenUp(l exported) bool {
	least := int64(math.MaxInt64)
	for _, e := range k {
		if e.epoch > l.Epoch {
			least = min(least, e.first)
		}
	}
	return l.Seq >= least
}

func (x Export) restores() (k epochs, err error) {
	err = x.lines(func(l exported) error {
		for i := range k {
			if k[i].epoch == l.Epoch {
				k[i].first = min(k[i].first, l.Seq)
				return nil
			}
		}
		k = append(k, struct{ epoch, first int64 }{l.Epoch, l.Seq})
		return nil
	})
	return k, err
}

// KeysOnRecord are the public keys that a database names. It may name whichever it
// likes: who examines one takes the keys from elsewhere.
func KeysOnRecord(ctx context.Context, s *store.Store) (Keys, error) {
	rows, err := s.Keys(ctx)
	if err != nil {
		return Keys{}, err
	}
	var list []ed25519.PublicKey
	for _, row := range rows {
		if row.Use != models.EvidenceKey {
			continue
		}
		public, err := keyring.PublicOf(row)
		if err != nil {
			return Keys{}, err
		}
		list = append(list, public)
	}
	return KeysOf(list...), nil
}

var errExport = errors.New("a line is not one that a feed has written")
