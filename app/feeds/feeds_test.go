package feeds_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"postern/app/feeds"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// A group may commit long after a later one; the position never passes it.
func TestWhatCommitsLateIsNotMissed(t *testing.T) {
	t.Parallel()
	s := storetest.Postgres(t) // on SQLite there is one group at a time
	c, path := newClock(), filepath.Join(t.TempDir(), "events.jsonl")
	writing, proceed := make(chan struct{}), make(chan struct{})
	slow := openLedger(t, s, c, "a", func() { writing <- struct{}{}; <-proceed })
	committed := make(chan struct{})
	go func() { defer close(committed); happen(t, slow, 1) }()
	<-writing
	c.Add(time.Second)
	happen(t, openLedger(t, s, c, "b", nil), 2)

	r := newRunner(s, c, toFile(path))
	must(t, r.Number(t.Context()))
	r.Step(t.Context())
	got := seen{}
	got.addFile(t, path)
	got.wantAll(t, 2)

	close(proceed)
	<-committed
	must(t, r.Number(t.Context()))
	r.Step(t.Context())
	got.addFile(t, path)
	got.wantAll(t, 3)
	if f := lagOf(t, s, "archive"); f.Position != 3 || f.Delivered != 3 || f.Waiting != 0 || f.WaitingSince != 0 {
		t.Errorf("the feed is at %+v", f)
	}
}

// world is everything that a random run may do to a feed's file.
type world struct {
	t      *testing.T
	store  *store.Store
	clock  *clock
	folder string
	runner *feeds.Runner
	files  int
}

func (w *world) path() string { return filepath.Join(w.folder, "events.jsonl") }

// tear ends the file in the middle of a line, as a crash may that comes while
// one is written.
func (w *world) tear(octets int) {
	if text, err := os.ReadFile(w.path()); err == nil && len(text) > 0 && text[len(text)-1] != '\n' {
		return
	}
	f, err := os.OpenFile(w.path(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(w.t, err)
	_, err = f.WriteString(`{"seq":99999,"epoch":0,"leaf_hash":"torn`[:octets])
	must(w.t, err)
	must(w.t, f.Close())
}

func (w *world) rotate() {
	w.files++
	if err := os.Rename(w.path(), fmt.Sprintf("%s.%d", w.path(), w.files)); err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
}

func (w *world) start() { w.runner = newRunner(w.store, w.clock, toFile(w.path())) }

func TestNothingIsMissedWhateverHappensBetween(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c, total := newClock(), 0
		l := openLedger(t, s, c, "node-1", nil)
		w := &world{t: t, store: s, clock: c, folder: t.TempDir()}
		w.start()
		w.runner.Step(t.Context()) // the feed begins
		rapid.Check(t, func(rt *rapid.T) {
			for range rapid.IntRange(1, 8).Draw(rt, "acts") {
				switch rapid.SampledFrom([]string{"happen", "number", "deliver", "kill", "rotate", "later", "back"}).Draw(rt, "act") {
				case "happen":
					n := rapid.IntRange(1, 40).Draw(rt, "events")
					happen(t, l, n)
					total += n
				case "number":
					must(t, w.runner.Number(t.Context()))
				case "deliver":
					w.runner.Step(t.Context())
				case "kill":
					w.runner.Kill()
					w.tear(rapid.IntRange(0, 40).Draw(rt, "torn"))
					w.start()
				case "rotate":
					w.rotate()
				case "later":
					c.Add(20 * time.Second)
				case "back": // the database is an older one, the file is not
					setPosition(t, s, lagOf(t, s, "archive").Position/2)
				}
			}
		})
		w.runner.Kill() // a running feed does not look whether its position was put back
		w.start()
		must(t, w.runner.Number(t.Context()))
		w.runner.Step(t.Context())
		got := seen{}
		files, err := filepath.Glob(w.path() + "*")
		must(t, err)
		for _, f := range files {
			got.addFile(t, f)
		}
		got.wantAll(t, total)
		if f := lagOf(t, s, "archive"); f.Waiting != 0 || f.Position != int64(total) {
			t.Errorf("the feed is at %+v of %d", f, total)
		}
	})
}

// setPosition puts a feed back. A feed that has not begun has nowhere to go.
func setPosition(t *testing.T, s *store.Store, position int64) {
	t.Helper()
	must(t, s.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.ForgetFeed("archive"); err != nil {
			return err
		}
		if err := tx.BeginFeed("archive"); err != nil {
			return err
		}
		_, err := tx.MoveFeed("archive", 0, position, 1)
		return err
	}))
}

func TestTwoNodesTakeTurns(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c, folder := newClock(), t.TempDir()
		l := openLedger(t, s, c, "node-1", nil)
		node := func(name string) (*feeds.Runner, string) {
			path := filepath.Join(folder, name+".jsonl")
			r := newRunner(s, c, func(o *feeds.Options) { toFile(path)(o); o.Node = name })
			return r, path
		}
		a, pathA := node("a")
		b, pathB := node("b")
		round := func() {
			happen(t, l, 5)
			for _, r := range []*feeds.Runner{a, b} {
				must(t, r.Number(t.Context()))
				r.Step(t.Context())
			}
		}
		gotA, gotB := seen{}, seen{}
		round()
		gotA.addFile(t, pathA)
		gotA.wantAll(t, 5)
		if _, err := os.Stat(pathB); err == nil {
			t.Error("a node that does not have the feed wrote it")
		}

		a.End(t.Context()) // an orderly stop
		c.Add(6 * time.Second)
		happen(t, l, 5)
		must(t, b.Number(t.Context()))
		b.Step(t.Context())
		gotB.addFile(t, pathB)
		if len(gotB) != 5 {
			t.Errorf("after the stop of the other node %d events arrived, want 5", len(gotB))
		}

		c.Add(time.Second) // b is gone without a word, and a is there again
		a.Step(t.Context())
		happen(t, l, 5)
		c.Add(30 * time.Second)
		must(t, a.Number(t.Context()))
		a.Step(t.Context())
		if f := lagOf(t, s, "archive"); f.Position != 10 {
			t.Errorf("a node took a feed that another one has: %+v", f)
		}
		c.Add(31 * time.Second)
		a.Step(t.Context())
		both := seen{}
		both.addFile(t, pathA)
		both.addFile(t, pathB)
		both.wantAll(t, 15)

		happen(t, l, 5) // b wakes up, and believes the feed to be its own until it looks
		must(t, b.Number(t.Context()))
		a.Step(t.Context())
		b.Step(t.Context())
		if f := lagOf(t, s, "archive"); f.Position != 20 {
			t.Errorf("a node that woke up moved the position: %+v", f)
		}
	})
}

func TestOldEventsAreNumberedInTheirOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const n = 3000
		plant(t, s, n)
		c, path := newClock(), filepath.Join(t.TempDir(), "events.jsonl")
		r := newRunner(s, c, toFile(path))
		r.Step(t.Context())
		if f := lagOf(t, s, "archive"); f.Waiting != n || f.WaitingSince != testTime.UnixMilli() {
			t.Errorf("before they are numbered: %+v", f)
		}
		must(t, r.Number(t.Context()))
		r.Step(t.Context())
		got := seen{}
		got.addFile(t, path)
		got.wantAll(t, n)
		events, err := s.EventsAfter(t.Context(), 0, n)
		must(t, err)
		for i := 1; i < len(events); i++ {
			if events[i].ID < events[i-1].ID {
				t.Fatalf("event %d is older than the one before", i+1)
			}
		}
	})
}

func TestNumbersAreGivenByOneAtATime(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		plant(t, s, 2000)
		c := newClock()
		done := make(chan error)
		for _, name := range []string{"a", "a", "b"} { // two of one name, as when an old process is not quite gone
			r := newRunner(s, c, func(o *feeds.Options) { o.Node = name })
			go func() { done <- r.Number(context.Background()) }()
		}
		for range 3 {
			must(t, <-done)
		}
		c.Add(time.Minute)
		must(t, newRunner(s, c, func(o *feeds.Options) { o.Node = "c" }).Number(t.Context()))
		events, err := s.EventsAfter(t.Context(), 0, 5000)
		must(t, err)
		if len(events) != 2000 || *events[1999].Seq != 2000 {
			t.Errorf("%d events have numbers", len(events))
		}
	})
}

// A restore gives numbers again: its time in each line tells which is which.
func TestLinesTellWhichRestoreTheyAreOf(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c, path := newClock(), filepath.Join(t.TempDir(), "events.jsonl")
		r := newRunner(s, c, toFile(path))
		plant(t, s, 1)
		must(t, r.Number(t.Context()))
		r.Step(t.Context())
		restored := testTime.Add(time.Hour).UnixMilli()
		must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.BeginAnew(models.Restore{At: restored}) }))
		plant(t, s, 1)
		must(t, r.Number(t.Context()))
		r.Step(t.Context())
		got := seen{}
		got.addFile(t, path)
		if got[1].Epoch != 0 || got[2].Epoch != restored {
			t.Errorf("epochs %d and %d, want 0 and %d", got[1].Epoch, got[2].Epoch, restored)
		}
	})
}

// A receiver may be out of one node's reach alone, a disk full on one alone.
func TestANodeThatCannotDeliverLeavesItToOneThatCan(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c, folder := newClock(), t.TempDir()
		node := func(name, path string) *feeds.Runner {
			return newRunner(s, c, func(o *feeds.Options) { toFile(path)(o); o.Node = name })
		}
		a, b := node("a", filepath.Join(folder, "none", "events.jsonl")), node("b", filepath.Join(folder, "events.jsonl"))
		plant(t, s, 3)
		must(t, a.Number(t.Context()))
		a.Step(t.Context())
		b.Step(t.Context())
		a.Step(t.Context())
		if f := lagOf(t, s, "archive"); f.Waiting != 0 || f.Position != 3 || f.Error != "" {
			t.Errorf("%+v", f)
		}
	})
}

func TestAFailureIsToldOnceAndRecovered(t *testing.T) {
	t.Parallel()
	s, c, log := storetest.SQLite(t), newClock(), &logged{}
	folder := filepath.Join(t.TempDir(), "later")
	r := newRunner(s, c, func(o *feeds.Options) {
		toFile(filepath.Join(folder, "events.jsonl"))(o)
		o.Log = slog.New(slog.NewTextHandler(log, nil))
	})
	plant(t, s, 3)
	must(t, r.Number(t.Context()))
	for range 3 {
		r.Step(t.Context())
	}
	f := lagOf(t, s, "archive")
	if log.count("feed failed") != 1 || !strings.Contains(f.Error, "no such file") || f.FailedAt != testTime.UnixMilli() || f.Waiting != 3 {
		t.Errorf("told %d times; %+v", log.count("feed failed"), f)
	}
	if lags := r.Lags(); len(lags) != 1 || lags[0] != f {
		t.Errorf("the runner knows of %+v", lags)
	}
	must(t, os.Mkdir(folder, 0o700))
	r.Step(t.Context())
	if f := lagOf(t, s, "archive"); log.count("feed delivers again") != 1 || f.Error != "" || f.Waiting != 0 || f.DeliveredAt == 0 {
		t.Errorf("after it was mended: %+v", f)
	}
}

func TestAForgottenFeedBeginsAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		forget := func(tx *store.Tx) error { return tx.ForgetFeed("archive") }
		if err := s.Write(t.Context(), forget); err != store.ErrNoFeed {
			t.Errorf("of one that is not there: %v", err)
		}
		plant(t, s, 2)
		path := filepath.Join(t.TempDir(), "events.jsonl")
		for range 2 {
			r := newRunner(s, newClock(), toFile(path))
			must(t, r.Number(t.Context()))
			r.Step(t.Context())
			r.End(t.Context())
			must(t, s.Write(t.Context(), forget))
		}
		text, err := os.ReadFile(path)
		must(t, err)
		if n := strings.Count(string(text), "\n"); n != 4 {
			t.Errorf("%d lines, want 4", n)
		}
	})
}
