package evidence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"postern/app/store"
	"postern/models"
)

// EventFailed is the kind of the alarm that a failed check leaves.
const EventFailed = "evidence.failed"

// checkBudget is how long one run of the check goes on; half of it, it rests.
const checkBudget = 30 * time.Second

// Check goes on where the last run has ended and holds rows, hashes, checkpoints and
// this node's anchor against each other; at the end it begins again from the first
// event. What it finds is an alarm, once.
func (k *Keeper) Check(ctx context.Context) (string, error) {
	row, err := k.o.Store.EvidenceCheck(ctx)
	if err != nil {
		return "", err
	}
	size, err := k.o.Store.TreeSize(ctx)
	if err != nil {
		return "", err
	}
	if row.Position > size { // a restore's
		row.Position, row.Hashes = 0, nil
	}
	before := row
	w, err := k.resume(ctx, row)
	if err != nil {
		return "", err
	}
	if row.Position == 0 {
		row.BeganAt = k.o.Now().UnixMilli()
	}
	if err = k.walk(ctx, w, size); err == nil && w.size >= size {
		err = w.end(size)
	}
	var fault *Fault
	if err != nil && !errors.As(err, &fault) {
		return "", err
	}
	return k.conclude(ctx, before, row, w, size, fault)
}

// walk goes on until it has come to a size or has used up its time.
func (k *Keeper) walk(ctx context.Context, w *walk, size int64) error {
	began := k.o.Now()
	for w.size < size && k.o.Now().Sub(began) < checkBudget {
		start, from := k.o.Now(), w.size
		turn := true
		err := w.events(ctx, k.o.Store.EventsAfter, size, func() bool { defer func() { turn = false }(); return turn })
		if err != nil {
			return err
		}
		if w.size == from {
			return w.end(size)
		}
		if err := pause(ctx, k.o.Now().Sub(start)); err != nil {
			return err
		}
	}
	return nil
}

// conclude writes down how far the check has come and what it has found.
func (k *Keeper) conclude(ctx context.Context, before, row models.EvidenceCheck, w *walk, size int64, fault *Fault) (string, error) {
	now := k.o.Now().UnixMilli()
	row.Position, row.Hashes, row.MovedAt = w.size, w.octets(), now
	if fault != nil {
		row.Position, row.Hashes = 0, []byte{} // it is looked for again
		row.Fault, row.FaultSeq, row.Finding = storable(fault.Error()), fault.Seq, string(fault.What)
		if row.Fault != before.Fault {
			row.FaultAt = now
			k.o.Log.ErrorContext(ctx, "check of the events found a fault", slog.String("err", row.Fault))
			detail := map[string]string{"problem": row.Fault, "seq": strconv.FormatInt(fault.Seq, 10), "finding": string(fault.What)}
			return "found: " + row.Fault, k.event(ctx, EventFailed, detail, func(tx *store.Tx) error { return tx.SaveEvidenceCheck(row) })
		}
	}
	if fault == nil && w.size >= size {
		row.Fault, row.FaultSeq, row.FaultAt, row.Finding = "", 0, 0, ""
		row.WholeAt, row.WholeSize = now, size
		row.Position, row.Hashes = 0, []byte{}
	}
	err := k.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.SaveEvidenceCheck(row) })
	if fault != nil {
		return "still: " + row.Fault, err
	}
	return fmt.Sprintf("checked up to %d of %d events", w.size, size), err
}

// resume makes a walk that goes on from a position.
func (k *Keeper) resume(ctx context.Context, row models.EvidenceCheck) (*walk, error) {
	f, err := frontierOf(row.Position, row.Hashes)
	if err != nil {
		f = frontier{} // not what this program has left: from the beginning
	}
	leaves := newReader(ctx, k.o.Store)
	w := &walk{frontier: f, good: f.size, leaf: leaves.leaf, said: []*said{{next: checkpoints(ctx, k.o.Store, f.size)}}}
	w.open = func(v vouched) (Checkpoint, error) { return k.open(ctx, v.keyID, v.note) }
	if k.anchor != nil {
		// Its newest line is enough: the hash in it is over everything before.
		newest, err := k.anchor.newest()
		if err != nil {
			return nil, err
		}
		if newest.found && newest.Size > f.size {
			w.said = append(w.said, &said{ahead: []vouched{{size: newest.Size, root: newest.Root, by: "anchor", found: Contradict}}})
		}
	}
	return w, nil
}

// checkpoints are those on record above a size.
func checkpoints(ctx context.Context, s *store.Store, above int64) source {
	return func() ([]vouched, error) {
		rows, err := s.CheckpointsAbove(ctx, above, batch)
		if err != nil {
			return nil, err
		}
		list := make([]vouched, len(rows))
		for i, row := range rows {
			root, err := tlog.ParseHash(row.Root)
			if err != nil {
				root = tlog.Hash{} // of no tree: what is signed will be different
			}
			list[i] = vouched{size: row.Size, root: root, by: "checkpoint", note: row.Note, keyID: row.KeyID, found: Forked}
			above = row.Size
		}
		return list, nil
	}
}
