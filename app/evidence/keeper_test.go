package evidence_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"postern/app/evidence"
	"postern/models"
)

func TestManyWritersAndNodesMakeOneOrder(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		nodes := []*evidence.Keeper{w.keeper, w.node("node-2", ""), w.node("node-3", "")}
		var writers, keepers sync.WaitGroup
		done := make(chan struct{})
		for range 50 {
			writers.Go(func() {
				for range 10 {
					w.events(1)
				}
			})
		}
		for _, k := range nodes {
			keepers.Go(func() {
				for {
					if _, err := k.Grow(w.Context()); err != nil {
						w.Error(err)
						return
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		writers.Wait()
		close(done)
		keepers.Wait()
		w.grow()
		got, err := w.verify(w.keys())
		w.must(err)
		if got.Events != 500 || got.Waiting != 0 {
			w.Errorf("got %+v", got)
		}
	})
}

// TestEveryProofHolds draws every proof of a small tree, and holds it against tlog's
// own checks and against what it must not prove.
func TestEveryProofHolds(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		sizes := []int64{1, 2, 7, 256, 257, 300}
		size := int64(0)
		for _, next := range sizes {
			w.events(int(next - size))
			w.grow()
			size = next
		}
		for _, seq := range []int64{1, 2, 3, 7, 8, 255, 256, 257, 258, 300} {
			p, err := evidence.ProveEvent(w.Context(), w.store, w.at(seq).ID)
			w.must(err)
			file, err := p.File()
			w.must(err)
			again, err := evidence.ReadProof(file)
			w.must(err)
			if _, err := again.Check(w.keys()); err != nil {
				w.Errorf("event %d: %v", seq, err)
			}
			again.Event = strings.Replace(again.Event, "ok", "oj", 1)
			if _, err := again.Check(w.keys()); err == nil {
				w.Errorf("event %d: another event is proved", seq)
			}
			p.Seq++
			if _, err := p.Check(w.keys()); err == nil && seq < 300 {
				w.Errorf("event %d is proved to be another number", seq)
			}
		}
		for i, older := range sizes {
			for _, newer := range sizes[i+1:] {
				p, err := evidence.ProveConsistency(w.Context(), w.store, older, newer)
				w.must(err)
				if done, err := p.Check(w.keys()); err != nil || done.Older.Size != older || done.Checkpoint.Size != newer {
					w.Errorf("%d to %d: %+v, %v", older, newer, done, err)
				}
				p.Hashes = append(p.Hashes, tlog.Hash{1})
				if _, err := p.Check(w.keys()); err == nil {
					w.Errorf("%d to %d: a proof that is too long holds", older, newer)
				}
			}
		}
	})
}

func (w *world) looks(want models.AnchorState) {
	w.Helper()
	_, err := w.keeper.Look(w.Context())
	got := w.keeper.Anchor()
	if got.State != want || (err == nil) != (want == models.AnchorAgrees) {
		w.Fatalf("got %+v, %v; want %s", got, err, want)
	}
	if w.keeper.Differs() != (want == models.AnchorDiffers) {
		w.Errorf("differs: %v", w.keeper.Differs())
	}
}

func TestADatabaseOfAnotherPastIsNoticed(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(w *world){
		"a shorter one": func(w *world) {
			w.exec("DELETE FROM events WHERE seq > 300")
			w.exec("UPDATE trees SET size = 300")
			w.exec("DELETE FROM checkpoints WHERE size > 300")
		},
		"one without a tree": func(w *world) {
			w.exec("DELETE FROM trees")
			w.exec("DELETE FROM tree_tiles")
			w.exec("DELETE FROM checkpoints")
		},
		"one that has gone another way":    func(w *world) { w.forge(400) },
		"one whose last row is gone":       func(w *world) { w.exec("DELETE FROM events WHERE seq = 600") },
		"one that says it was restored":    func(w *world) { w.exec("INSERT INTO restores (at, newest_event) VALUES (99, 1)") },
		"one whose tiles somebody emptied": func(w *world) { w.exec("DELETE FROM tree_tiles") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				w.events(300)
				w.grow()
				w.events(300)
				w.grow()
				w.looks(models.AnchorAgrees)
				do(w)
				w.looks(models.AnchorDiffers)
				w.looks(models.AnchorDiffers)
				// A node that starts on it knows it before it serves.
				fresh := w.node("node-9", w.anchor)
				if _, err := fresh.Look(w.Context()); err == nil || !fresh.Differs() {
					w.Errorf("a new node: %v", err)
				}
				var alarms int64
				for _, e := range w.all() {
					if e.Kind == evidence.EventDiffers && e.Alarm {
						alarms++
					}
				}
				if alarms != 2 {
					w.Errorf("%d alarms, want one of each node", alarms)
				}
			})
		})
	}
}

// all are all events, numbered or not.
func (w *world) all() []models.Event {
	w.Helper()
	_, err := w.keeper.Grow(w.Context())
	_ = err // the tree may be damaged; the numbers are given before
	list, err := w.store.EventsAfter(w.Context(), 0, 2000)
	w.must(err)
	return list
}

func TestWhoPutACopyBackSaysSo(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.events(300)
		w.grow()
		w.events(300)
		w.grow()
		// What a restore of the copy of 300 events leaves.
		w.exec("DELETE FROM events WHERE seq > 300")
		w.exec("UPDATE trees SET size = 300")
		w.exec("DELETE FROM checkpoints WHERE size > 300")
		w.exec("INSERT INTO restores (at, newest_event) VALUES (?, 1)", w.clock().UnixMilli())
		w.looks(models.AnchorDiffers)
		w.must(evidence.Accept(w.Context(), w.store, w.anchor, "restore", w.clock()))
		w.looks(models.AnchorAgrees)
		w.events(100)
		w.grow() // with the alarm that the node has left
		w.looks(models.AnchorAgrees)
		if c := w.newest(); c.Size != 401 || c.Epoch == 0 {
			w.Errorf("got %+v", c)
		}
		done, err := w.verify(w.keys())
		w.must(err)
		if done.Events != 401 || done.GivenUp != 1 || done.Anchored != 3 {
			w.Errorf("got %+v", done)
		}
		w.exec("UPDATE events SET kind = 'x' WHERE seq = 350")
		w.finds(evidence.Changed, 350)
	})
}

func TestAnAnchorOutlivesACrash(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.events(10)
		w.grow()
		text, err := os.ReadFile(w.anchor)
		w.must(err)
		w.must(os.WriteFile(w.anchor, append(text, text[:len(text)/2]...), 0o600)) // a line that was not written to its end
		w.looks(models.AnchorAgrees)
		w.events(10)
		w.grow()
		w.events(10)
		w.grow()
		done, err := w.verify(w.keys())
		w.must(err)
		if done.Anchored != 3 || done.Events != 30 {
			w.Errorf("got %+v", done)
		}
		w.must(os.WriteFile(w.anchor, []byte("somebody's own file\n"), 0o600))
		w.looks(models.AnchorFailed)
	})
}

func TestAnEventWaitsForItsCheckpoint(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		late := func() string {
			w.Helper()
			d, err := w.keeper.Late(w.Context(), w.clock())
			w.must(err)
			return d.String()
		}
		if got := late(); got != "0s" {
			w.Errorf("nothing happened: %s", got)
		}
		w.events(1)
		w.later(5 * 60e9)
		if got := late(); got != "5m0s" {
			w.Errorf("an event waits: %s", got)
		}
		w.grow()
		if got := late(); got != "0s" {
			w.Errorf("it is vouched for: %s", got)
		}
		e := w.at(1)
		if _, err := evidence.ProveEvent(w.Context(), w.store, e.ID); err != nil {
			w.Error(err)
		}
		w.events(1)
		for _, e := range w.waiting() {
			if _, err := evidence.ProveEvent(w.Context(), w.store, e); err != evidence.ErrNotYet {
				w.Errorf("got %v", err)
			}
		}
	})
}

// waiting are the ids of events without a number.
func (w *world) waiting() (ids []string) {
	w.Helper()
	stmt, err := w.store.ReadStmt(w.Context(), "SELECT id FROM events WHERE seq IS NULL")
	w.must(err)
	rows, err := stmt.QueryContext(w.Context())
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var id string
		w.must(rows.Scan(&id))
		ids = append(ids, id)
	}
	return ids
}

func TestAnExportVerifiesWithoutADatabase(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.events(300)
		w.grow()
		w.events(200)
		w.grow()
		anchor, err := os.ReadFile(w.anchor)
		w.must(err)
		var lines []string
		for _, e := range w.all() {
			lines = append(lines, fmt.Sprintf(`{"seq":%d,"epoch":0,"leaf_hash":%q,"event":%s}`, *e.Seq, e.LeafHash, e.Body))
		}
		check := func(lines []string) (evidence.Verified, error) {
			return evidence.Verification{
				Export: func() (io.ReadCloser, error) {
					return io.NopCloser(strings.NewReader(strings.Join(lines, "\n") + "\n")), nil
				},
				Anchor: bytes.NewReader(anchor), Keys: w.keys(),
			}.Verify(context.Background())
		}
		repeated := append(append([]string{}, lines[:400]...), lines[350:]...)
		if done, err := check(repeated); err != nil || done.Events != 500 || done.Anchored != 2 {
			w.Errorf("got %+v, %v", done, err)
		}
		for want, bad := range map[string][]string{
			"event 10: there is no line with this number":                         append(append([]string{}, lines[:9]...), lines[10:]...),
			"event 491: the anchor, line 2, has 500 events, and this one is gone": lines[:490],
			"event 1: the event is not the one whose hash the line has":           append([]string{strings.Replace(lines[0], "issued", "refused", 1)}, lines[1:]...),
		} {
			if _, err := check(bad); err == nil || err.Error() != want {
				w.Errorf("got %v, want %s", err, want)
			}
		}
		// A restore gave 201 and what follows again.
		restored := append(append([]string{}, lines...), strings.Replace(lines[200], `"epoch":0`, `"epoch":9`, 1))
		if _, err := check(restored); err == nil || !strings.HasPrefix(err.Error(), "event 202:") {
			w.Errorf("got %v", err)
		}
	})
}
