package control_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"postern/app/control"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// flaky is a store whose reads a test can break.
type flaky struct {
	*store.Store
	broken bool
}

var errBroken = errors.New("the database is away")

func (f *flaky) Changes(ctx context.Context, above int64, named []int64) ([]models.Change, error) {
	if f.broken {
		return nil, errBroken
	}
	return f.Store.Changes(ctx, above, named)
}

type rig struct {
	*control.Feed
	source *flaky
	now    time.Time
	heard  []string
	refuse error
}

func newRig(t *testing.T, s *store.Store) *rig {
	t.Helper()
	r := &rig{source: &flaky{Store: s}, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	f, err := control.Open(t.Context(), r.source, func() time.Time { return r.now }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r.Feed = f
	f.Listen(func(c models.Change) error {
		if r.refuse != nil {
			return r.refuse
		}
		r.heard = append(r.heard, c.Subject)
		return nil
	})
	return r
}

func change(t *testing.T, s *store.Store, c models.Change) {
	t.Helper()
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.AppendChange(c) }); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) poll(t *testing.T) {
	t.Helper()
	if err := r.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) want(t *testing.T, subjects ...string) {
	t.Helper()
	if !slices.Equal(r.heard, subjects) {
		t.Errorf("heard %v, want %v", r.heard, subjects)
	}
}

func TestFeed(t *testing.T) {
	t.Parallel()
	for name, scenario := range map[string]func(*testing.T, *store.Store){
		"a change is told once":                              toldOnce,
		"an outage of a minute loses nothing":                outage,
		"a writer whose clock is far off is heard":           writersClock,
		"a number that commits late is heard":                lateCommit,
		"a change that could not be taken up is told again":  takenUpLater,
		"a clock set back makes the feed stale":              clockBack,
		"a node that starts knows who ended and what froze":  start,
		"what ended is forgotten when no ticket can open it": forgotten,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, scenario)
		})
	}
}

func toldOnce(t *testing.T, s *store.Store) {
	change(t, s, models.Change{At: 1, Kind: models.ChangeService, Subject: "before"})
	r := newRig(t, s)
	change(t, s, models.Change{At: 1, Kind: models.ChangeService, Subject: "a"})
	r.poll(t)
	change(t, s, models.Change{At: 1, Kind: models.ChangeService, Subject: "b"})
	r.poll(t)
	r.poll(t)
	r.want(t, "a", "b")
}

func outage(t *testing.T, s *store.Store) {
	r := newRig(t, s)
	r.source.broken = true
	change(t, s, models.Change{At: r.now.UnixMilli(), Kind: models.ChangeVisitEnded, Subject: "v", Until: r.now.Add(time.Hour).UnixMilli()})
	for range 6 {
		r.now = r.now.Add(10 * time.Second)
		if err := r.Poll(t.Context()); !errors.Is(err, errBroken) {
			t.Fatalf("poll of a broken store: %v", err)
		}
	}
	if !r.Stale() {
		t.Error("the feed is not stale after a minute without the database")
	}
	r.source.broken = false
	r.poll(t)
	if r.Stale() || !r.VisitEnded("v") {
		t.Errorf("after the outage: stale %v, ended %v", r.Stale(), r.VisitEnded("v"))
	}
}

func writersClock(t *testing.T, s *store.Store) {
	r := newRig(t, s)
	change(t, s, models.Change{At: 1, Kind: models.ChangePartner, Subject: "p"})
	r.poll(t)
	r.want(t, "p")
}

// lateCommit skips a number, as a transaction does that has taken one and is
// not committed yet.
func lateCommit(t *testing.T, s *store.Store) {
	r := newRig(t, s)
	change(t, s, models.Change{Seq: 8, At: 1, Kind: models.ChangePartner, Subject: "eight"})
	r.poll(t)
	r.now = r.now.Add(20 * time.Second)
	change(t, s, models.Change{Seq: 7, At: 1, Kind: models.ChangePartner, Subject: "seven"})
	r.poll(t)
	r.want(t, "eight", "seven")

	r.now = r.now.Add(time.Minute)
	r.poll(t) // nobody waits for the others any longer
	change(t, s, models.Change{Seq: 6, At: 1, Kind: models.ChangePartner, Subject: "six"})
	r.poll(t)
	r.want(t, "eight", "seven")
}

func takenUpLater(t *testing.T, s *store.Store) {
	r := newRig(t, s)
	r.refuse = errBroken
	change(t, s, models.Change{At: 1, Kind: models.ChangeKeys, Subject: "k"})
	for range 2 {
		r.now = r.now.Add(control.MaxAge)
		if err := r.Poll(t.Context()); !errors.Is(err, errBroken) {
			t.Fatalf("poll: %v", err)
		}
	}
	if !r.Stale() {
		t.Error("a node that can't take up a change is not stale")
	}
	r.refuse = nil
	r.poll(t)
	r.want(t, "k")
	if r.Stale() {
		t.Error("stale after the change was taken up")
	}
}

func clockBack(t *testing.T, s *store.Store) {
	r := newRig(t, s)
	r.poll(t)
	r.now = r.now.Add(-10 * time.Minute)
	if !r.Stale() {
		t.Error("not stale with the clock set back")
	}
}

func start(t *testing.T, s *store.Store) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC).UnixMilli()
	change(t, s, models.Change{At: 1, Kind: models.ChangeVisitEnded, Subject: "recent", Until: now + 1000})
	change(t, s, models.Change{At: 1, Kind: models.ChangeVisitEnded, Subject: "old", Until: now - 1000})
	change(t, s, models.Change{At: 1, Kind: models.ChangeConsent, Subject: "taken back", Until: now + 1000})
	freeze := models.Freeze{ID: "f", TargetKind: "scope", TargetID: "s", Stops: models.FreezeCall, StartedAt: 1}
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.SaveFreeze(freeze, 1) }); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, s)
	if !r.VisitEnded("recent") || r.VisitEnded("old") {
		t.Errorf("ended: recent %v, old %v", r.VisitEnded("recent"), r.VisitEnded("old"))
	}
	if !r.ConsentWithdrawn("taken back") || r.VisitEnded("taken back") || r.ConsentWithdrawn("recent") {
		t.Error("visits that ended and consents that were withdrawn are not told apart")
	}
	if got := r.Thawed([]string{"s", "t"}, models.FreezeCall); !slices.Equal(got, []string{"t"}) {
		t.Errorf("thawed for calls: %v", got)
	}
	if got := r.Thawed([]string{"s", "t"}, models.FreezeAT); !slices.Equal(got, []string{"s", "t"}) {
		t.Errorf("thawed for ATs: %v", got)
	}
	freeze.EndedAt = 2
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.SaveFreeze(freeze, 2) }); err != nil {
		t.Fatal(err)
	}
	r.poll(t)
	if r.Frozen("scope", "s", models.FreezeCall) {
		t.Error("still frozen after the thaw")
	}
}

func forgotten(t *testing.T, s *store.Store) {
	r := newRig(t, s)
	r.EndVisit("v", r.now.Add(time.Second).UnixMilli())
	r.poll(t)
	if !r.VisitEnded("v") {
		t.Fatal("an ended visit was forgotten at once")
	}
	r.now = r.now.Add(2 * time.Minute)
	r.poll(t)
	if r.VisitEnded("v") {
		t.Error("an ended visit is kept though none of its tickets opens")
	}
}

func TestADatabaseThatIsRestoredUnderANodeIsNotFollowed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		restore := func(at int64) {
			t.Helper()
			err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.BeginAnew(models.Restore{At: at}) })
			if err != nil {
				t.Fatal(err)
			}
		}
		restore(1)
		r := newRig(t, s)
		if err := r.Poll(t.Context()); err != nil || r.Stale() || r.RestoredAt() != 1 {
			t.Fatalf("after a restore before the start: %v, restored at %d", err, r.RestoredAt())
		}
		restore(2)
		for range 2 {
			if err := r.Poll(t.Context()); !errors.Is(err, control.ErrRestored) || !r.Stale() || !r.Replaced() {
				t.Errorf("after a restore under the node: %v, stale %v", err, r.Stale())
			}
		}
	})
}
