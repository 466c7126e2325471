package evidence_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"postern/app/evidence"
	"postern/models"
)

func leafHash(body string) string {
	h := sha256.Sum256(append([]byte{0}, body...))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

func (w *world) at(seq int64) models.Event {
	w.Helper()
	e, found, err := w.store.EventBySeq(w.Context(), seq)
	if err != nil || !found {
		w.Fatalf("no event %d: %v", seq, err)
	}
	return e
}

func TestWhatIsRightVerifies(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.events(300)
		w.grow()
		w.events(700)
		w.grow()
		w.events(1)
		w.grow()
		w.events(3) // in no checkpoint yet
		done, err := w.verify(w.keys())
		w.must(err)
		if done.Events != 1001 || done.Checkpoints != 3 || done.Anchored != 3 || done.Root.String() != w.newest().Root {
			w.Errorf("got %+v", done)
		}
		note, err := w.keeper.Check(w.Context())
		if err != nil || note != "checked up to 1001 of 1001 events" {
			w.Errorf("got %q, %v", note, err)
		}
	})
}

// attack is what somebody with the database's own password does to 600 events under
// two checkpoints, of 300 and 600.
type attack struct {
	name string
	do   func(w *world)
	what evidence.Finding
	seq  int64
}

var attacks = []attack{
	{"a changed octet", func(w *world) {
		w.exec("UPDATE events SET body = replace(body, '\"ok\"', '\"oK\"') WHERE seq = 400")
	}, evidence.Changed, 400},
	{"a changed octet, with its hash", func(w *world) {
		e := w.at(400)
		e.Body = e.Body[:len(e.Body)-3] + "X" + e.Body[len(e.Body)-2:]
		w.exec("UPDATE events SET body = ?, leaf_hash = ? WHERE seq = 400", e.Body, leafHash(e.Body))
	}, evidence.Changed, 400}, // no longer a body of ours
	{"a changed column", func(w *world) { w.exec("UPDATE events SET actor = 'nobody' WHERE seq = 7") }, evidence.Changed, 7},
	{"a changed time", func(w *world) { w.exec("UPDATE events SET at = at + 1 WHERE seq = 7") }, evidence.Changed, 7},
	{"a removed row", func(w *world) { w.exec("DELETE FROM events WHERE seq = 256") }, evidence.Removed, 256},
	{"a removed row, the others moved up", func(w *world) {
		w.exec("DELETE FROM events WHERE seq = 256")
		w.exec("UPDATE events SET seq = -seq WHERE seq > 256")
		w.exec("UPDATE events SET seq = -seq - 1 WHERE seq < 0")
	}, evidence.Other, 256},
	{"two swapped rows", func(w *world) {
		w.exec("UPDATE events SET seq = -1 WHERE seq = 100")
		w.exec("UPDATE events SET seq = 100 WHERE seq = 101")
		w.exec("UPDATE events SET seq = 101 WHERE seq = -1")
	}, evidence.Other, 100},
	{"an inserted row", func(w *world) {
		w.exec("UPDATE events SET seq = -seq WHERE seq >= 50")
		w.exec("UPDATE events SET seq = -seq + 1 WHERE seq < 0")
		w.events(1)
		w.exec("UPDATE events SET seq = 50 WHERE seq IS NULL")
	}, evidence.Other, 50},
	{"a cut tail", func(w *world) { w.exec("DELETE FROM events WHERE seq > 580") }, evidence.CutOff, 581},
	{"a cut tail, and the tree with it", func(w *world) {
		w.exec("DELETE FROM events WHERE seq > 580")
		w.exec("UPDATE trees SET size = 580")
		w.exec("DELETE FROM checkpoints WHERE size > 580")
	}, evidence.CutOff, 581}, // the anchor remembers
	{"another row in the tree, too", func(w *world) {
		w.forge(400)
	}, evidence.Contradict, 301},
	{"another row in the tree, and no checkpoint", func(w *world) {
		w.forge(400)
		w.exec("DELETE FROM checkpoints WHERE size = 600")
	}, evidence.Contradict, 301},
	{"another row, and a checkpoint signed anew", func(w *world) {
		w.forge(400)
		w.exec("DELETE FROM checkpoints WHERE size = 600")
		w.exec("INSERT INTO checkpoints (size, epoch, made_at, root, key_id, note) SELECT 600, epoch, made_at, root, key_id, replace(note, '300', '600') FROM checkpoints WHERE size = 300")
	}, evidence.Contradict, 301}, // the anchor comes before what the database says
	{"a checkpoint whose row says something else", func(w *world) { w.exec("UPDATE checkpoints SET root = '' WHERE size = 300") }, evidence.BadNote, 300}, // the anchor vouches for the events up to there; the check looks at its newest line alone,
}

// forge makes another event of one, with all that is made of it in the database.
func (w *world) forge(seq int64) {
	w.Helper()
	e := w.at(seq)
	e.Body = strings.Replace(e.Body, `"outcome":"ok"`, `"outcome":"oj"`, 1)
	w.exec("UPDATE events SET body = ?, outcome = 'oj', leaf_hash = ? WHERE seq = ?", e.Body, leafHash(e.Body), seq)
	w.exec("DELETE FROM tree_tiles")
	w.exec("DELETE FROM trees")
	for range 2 {
		_, err := evidence.GrowOnce(w.Context(), w.store)
		w.must(err)
	}
}

func TestAVerificationFindsWhatWasDone(t *testing.T) {
	t.Parallel()
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				w.events(300)
				w.grow()
				w.events(300)
				w.grow()
				a.do(w)
				w.finds(a.what, a.seq)

				note, err := w.keeper.Check(w.Context())
				w.must(err)
				c, err := w.store.EvidenceCheck(w.Context())
				w.must(err)
				if c.Fault == "" || c.FaultSeq != a.seq && a.what != evidence.BadNote || c.FaultAt == 0 {
					w.Errorf("the check found %+v (%s)", c, note)
				}
				again, err := w.keeper.Check(w.Context()) // told once
				if err != nil || again == note {
					w.Errorf("got %q, %v", again, err)
				}
			})
		})
	}
}

func TestACheckThatFoundAFaultBeginsAgainAndThenGoesOnFromRunToRun(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.events(600)
		w.grow()
		var f evidence.Frontier
		for seq := range int64(300) {
			b, err := base64.RawURLEncoding.DecodeString(w.at(seq + 1).LeafHash)
			w.must(err)
			f.Add(tlog.Hash(b))
		}
		w.exec("UPDATE events SET actor = 'nobody' WHERE seq = 7")
		_, err := w.keeper.Check(w.Context())
		w.must(err)
		c, err := w.store.EvidenceCheck(w.Context())
		if err != nil || c.FaultSeq != 7 || c.Position != 0 {
			w.Fatalf("%v %+v", err, c)
		}
		// A run that has used up its time has got so far; the next one does not begin anew.
		w.exec("UPDATE evidence_checks SET position = 300, hashes = ?", f.Octets())
		note, err := w.keeper.Check(w.Context())
		if err != nil || note != "checked up to 600 of 600 events" {
			w.Errorf("got %q, %v", note, err)
		}
	})
}

func TestWithoutAnAnchorCheckpointsTell(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.events(300)
		w.grow()
		w.events(300)
		w.grow()
		w.must(os.Remove(w.anchor))
		w.forge(400)
		w.finds(evidence.Forked, 301)
	})
}

func TestAnotherKeyVerifiesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.events(10)
		w.grow()
		public, _, err := ed25519.GenerateKey(rand.Reader)
		w.must(err)
		_, err = w.verify(evidence.KeysOf(public))
		var fault *evidence.Fault
		if !errors.As(err, &fault) || fault.What != evidence.BadNote {
			w.Errorf("got %v", err)
		}
		// A signature that somebody has touched.
		w.must(os.Remove(w.anchor))
		c := w.newest()
		end := []byte(c.Note)
		if i := len(end) - 10; end[i] == 'A' {
			end[i] = 'B'
		} else {
			end[i] = 'A'
		}
		w.exec("UPDATE checkpoints SET note = ?", string(end))
		w.finds(evidence.BadNote, 1)
	})
}

func TestTheFrontierIsTheTree(t *testing.T) {
	t.Parallel()
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		list := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			list[i] = stored[index]
		}
		return list, nil
	})
	var f evidence.Frontier
	for n := range int64(1100) {
		want, err := tlog.TreeHash(n, reader)
		if err != nil || f.Root() != want {
			t.Fatalf("%d leaves: got %s, want %s, %v", n, f.Root(), want, err)
		}
		if again, err := evidence.FrontierOf(n, f.Octets()); err != nil || again.Root() != want {
			t.Fatalf("%d leaves, kept: got %s, %v", n, again.Root(), err)
		}
		leaf := tlog.RecordHash([]byte{byte(n), byte(n >> 8)})
		hashes, err := tlog.StoredHashesForRecordHash(n, leaf, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		f.Add(leaf)
	}
}
