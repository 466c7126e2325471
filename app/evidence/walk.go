package evidence

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"postern/app/ledger"
	"postern/models"
)

// Finding is what sort of thing is wrong.
type Finding string

// The findings.
const (
	Removed    Finding = "removed"    // no event has the number
	Changed    Finding = "changed"    // the event is not what the ledger wrote
	Other      Finding = "other"      // it is a proper event, and not the one that the tree has there
	Forked     Finding = "forked"     // the events are not those that a checkpoint was signed over
	BadNote    Finding = "bad_note"   // a checkpoint is not signed by a known key, or says something else than its row
	Contradict Finding = "contradict" // the events are not those that the anchor vouches for
	CutOff     Finding = "cut_off"    // there were more events than there are
)

// Fault is the first thing that is wrong. It is an error.
type Fault struct {
	What Finding
	// Seq is the first number that is wrong. Where only checkpoints tell, the first one
	// that is wrong lies in Seq to Until.
	Seq, Until int64
	Text       string
}

// Error says all of it.
func (f *Fault) Error() string {
	if f.Until > f.Seq {
		return fmt.Sprintf("event %d to %d: %s", f.Seq, f.Until, f.Text)
	}
	return fmt.Sprintf("event %d: %s", f.Seq, f.Text)
}

// vouched is what was said of the tree at one size.
type vouched struct {
	size  int64
	root  tlog.Hash
	by    string // "checkpoint", "anchor, line 7"
	note  string // the signed note; empty where the place it stands in is what is trusted
	keyID string // which of the gateway's keys signed it, as far as its row says
	found Finding
}

// source hands over what was said of the tree, in the order of sizes, some at a time,
// and none once there is no more.
type source func() ([]vouched, error)

// walk goes over events in their order and holds each against everything that was
// said of it.
type walk struct {
	frontier
	good int64 // the last size that somebody vouched for, and that was right
	// open reads a signed note, and looks at its signature.
	open func(v vouched) (Checkpoint, error)
	// leaf is what the tree has for a number; nil where there is no tree at hand.
	leaf func(seq int64) (tlog.Hash, bool, error)
	said []*said
}

// said is what one source has said and the walk has not come to.
type said struct {
	next  source
	ahead []vouched
	right int // how many of it the walk has held, and were right
}

// peek is the next thing that was said; nil for none.
func (s *said) peek() (*vouched, error) {
	if len(s.ahead) == 0 && s.next != nil {
		list, err := s.next()
		if err != nil {
			return nil, err
		}
		if s.ahead = list; len(list) == 0 {
			s.next = nil
		}
	}
	if len(s.ahead) == 0 {
		return nil, nil
	}
	return &s.ahead[0], nil
}

// event takes the next event. It fails with a *Fault.
func (w *walk) event(e models.Event) error {
	seq := w.size + 1
	if e.Seq == nil || *e.Seq != seq {
		return &Fault{What: Removed, Seq: seq, Text: "there is no event with this number"}
	}
	if err := ledger.Check(e); err != nil {
		return &Fault{What: Changed, Seq: seq, Text: err.Error()}
	}
	leaf, err := leafOf(e)
	if err != nil {
		return &Fault{What: Changed, Seq: seq, Text: err.Error()}
	}
	return w.add(leaf)
}

// add takes the next event's leaf hash. It fails with a *Fault.
func (w *walk) add(leaf tlog.Hash) error {
	seq := w.size + 1
	if w.leaf != nil {
		want, found, err := w.leaf(seq)
		if err != nil {
			return err
		}
		if !found {
			return &Fault{What: Other, Seq: seq, Text: "the tree has no hash for it"}
		}
		if want != leaf {
			return &Fault{What: Other, Seq: seq, Text: "the tree has the hash of another event here"}
		}
	}
	w.frontier.add(leaf)
	return w.compare()
}

// compare holds the tree so far against what was said of its size.
func (w *walk) compare() error {
	for _, s := range w.said {
		for {
			v, err := s.peek()
			if err != nil {
				return err
			}
			if v == nil || v.size > w.size {
				break
			}
			s.ahead = s.ahead[1:]
			if err := w.hold(*v); err != nil {
				return err
			}
			s.right++
		}
	}
	return nil
}

func (w *walk) hold(v vouched) error {
	if v.note != "" {
		c, err := w.open(v)
		if err == nil && (c.Size != v.size || c.Root != v.root) {
			err = errors.New("it says something else than its row")
		}
		if err != nil {
			return &Fault{What: BadNote, Seq: min(w.good+1, v.size), Until: v.size, Text: fmt.Sprintf("the %s of %d events: %s", v.by, v.size, err)}
		}
	}
	if v.size == w.size && v.root != w.root() {
		return &Fault{What: v.found, Seq: w.good + 1, Until: v.size, Text: fmt.Sprintf("these are not the events of the %s of %d events", v.by, v.size)}
	}
	w.good = v.size
	return nil
}

// end looks whether more events were vouched for than there are: at least were in
// the tree. It fails with a *Fault.
func (w *walk) end(least int64) error {
	if w.size < least {
		return &Fault{What: CutOff, Seq: w.size + 1, Text: fmt.Sprintf("the tree has %d events, and this one is gone", least)}
	}
	for _, s := range w.said {
		v, err := s.peek()
		if err != nil {
			return err
		}
		if v != nil && v.size > w.size {
			return &Fault{What: CutOff, Seq: w.size + 1, Text: fmt.Sprintf("the %s has %d events, and this one is gone", v.by, v.size)}
		}
	}
	return nil
}

// events reads rows from behind a seq and hands them over until there are no more,
// until the walk has come to a size, or as long as go on says so.
func (w *walk) events(ctx context.Context, read func(ctx context.Context, after int64, limit int) ([]models.Event, error), to int64, goOn func() bool) error {
	for w.size < to && goOn() {
		rows, err := read(ctx, w.size, int(min(batch, to-w.size)))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		for _, e := range rows {
			if err := w.event(e); err != nil {
				return err
			}
		}
	}
	return nil
}
