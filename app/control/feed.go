package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"postern/models"
)

// The feed's times. A change takes its number before its transaction commits,
// so numbers may appear late: one that is missing is asked for again for
// gapPatience, far longer than any transaction may take.
const (
	PollEvery   = 250 * time.Millisecond
	MaxAge      = 5 * time.Second // protocol section 6: a staler node answers unavailable
	pollTimeout = 3 * time.Second
	gapPatience = 30 * time.Second
)

// lookBack is how many numbers before the newest one a starting node looks
// through for missing ones.
const lookBack = 1000

// Source is where changes come from; the store.
type Source interface {
	// LastChange is the highest number of a change, 0 when there is none.
	LastChange(ctx context.Context) (int64, error)
	// Changes lists the changes above a number and those named, lowest first.
	Changes(ctx context.Context, above int64, named []int64) ([]models.Change, error)
	// EndedEarly lists the ended visits whose tickets might still open at now, and
	// the withdrawn consents that such tickets might name.
	EndedEarly(ctx context.Context, now int64) ([]models.Change, error)
	// LiveFreezes lists the freezes in force.
	LiveFreezes(ctx context.Context) ([]models.Freeze, error)
	// RestoredAt is when the database was last restored, Unix ms; 0 when never.
	RestoredAt(ctx context.Context) (int64, error)
}

// ErrRestored says that an old copy took the database's place under a running
// node: what the node holds in memory is of another history, and the numbers of
// changes begin again somewhere below. It must be started again.
var ErrRestored = errors.New("the database was restored under this node; start it again")

// Feed is the node's memory of what moved. Readers never wait.
type Feed struct {
	source Source
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex // one poll at a time; guards all down to heard
	highest int64      // every change up to here was heard, but for the gaps
	gaps    map[int64]time.Time
	heard   []func(models.Change) error
	fresh   atomic.Pointer[time.Time] // of the last poll after which nothing was owed
	version atomic.Int64              // highest, as of then
	freezes atomic.Pointer[freezeSet]

	ended     untilSet // visits, by vid
	withdrawn untilSet // consents, by id

	restoredAt int64 // as the node has found it
	replaced   atomic.Bool
}

// Open notes where the list of changes stands and then reads the state of now.
// Whatever the node reads after Open and keeps is told again to the listeners
// when it moves, from the first Poll on.
func Open(ctx context.Context, s Source, now func() time.Time, log *slog.Logger) (*Feed, error) {
	f := &Feed{source: s, now: now, log: log, gaps: map[int64]time.Time{}}
	f.ended.init()
	f.withdrawn.init()
	started := now()
	var err error
	if f.restoredAt, err = s.RestoredAt(ctx); err != nil {
		return nil, err
	}
	if err := f.standAt(ctx, started); err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	past, err := s.EndedEarly(ctx, started.UnixMilli())
	if err != nil {
		return nil, err
	}
	for _, c := range past {
		f.remember(c)
	}
	if err := f.reloadFreezes(ctx); err != nil {
		return nil, err
	}
	f.fresh.Store(&started)
	f.version.Store(f.highest)
	return f, nil
}

// standAt takes the newest change as heard, and what is missing just below it
// as owed.
func (f *Feed) standAt(ctx context.Context, now time.Time) error {
	last, err := f.source.LastChange(ctx)
	if err != nil {
		return err
	}
	f.highest = max(0, last-lookBack)
	present, err := f.source.Changes(ctx, f.highest, nil)
	if err != nil {
		return err
	}
	for _, c := range present {
		f.pass(c.Seq, now)
	}
	return nil
}

// Listen registers a function that hears every change from the state of Open
// on. An error makes the feed tell the change again, and stale in the end: a
// node that can't take up what moved must not decide.
func (f *Feed) Listen(hear func(models.Change) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = append(f.heard, hear)
}

// Run polls until ctx ends. A failed poll is logged once per spell of failure.
func (f *Feed) Run(ctx context.Context) {
	tick := time.NewTicker(PollEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := f.Poll(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			f.log.ErrorContext(ctx, "feed of changes failed", slog.Any("err", err))
		}
		failing = err != nil
	}
}

// Poll reads what moved since the last poll, however long ago that was, and
// tells the listeners.
func (f *Feed) Poll(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	started := f.now()
	if err := f.sameHistory(ctx); err != nil {
		return err
	}
	changes, err := f.source.Changes(ctx, f.highest, f.owed())
	if err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	var faults []error
	for _, c := range changes {
		f.pass(c.Seq, started)
		if err := f.hear(ctx, c); err != nil {
			f.gaps[c.Seq] = started // told again by the next poll
			faults = append(faults, err)
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("take up changes: %w", errors.Join(faults...))
	}
	f.forget(started)
	f.fresh.Store(&started)
	f.version.Store(f.highest)
	return nil
}

// sameHistory fails for ever once the database is another one.
func (f *Feed) sameHistory(ctx context.Context) error {
	restoredAt, err := f.source.RestoredAt(ctx)
	if err != nil {
		return err
	}
	if restoredAt != f.restoredAt || f.replaced.Load() {
		f.replaced.Store(true)
		return ErrRestored
	}
	return nil
}

// pass moves past a number; those that were jumped over are owed.
func (f *Feed) pass(seq int64, now time.Time) {
	delete(f.gaps, seq)
	if seq <= f.highest {
		return
	}
	for missing := max(f.highest+1, seq-lookBack); missing < seq; missing++ {
		f.gaps[missing] = now
	}
	f.highest = seq
}

func (f *Feed) owed() []int64 {
	list := make([]int64, 0, len(f.gaps))
	for seq := range f.gaps {
		list = append(list, seq)
	}
	return list
}

func (f *Feed) hear(ctx context.Context, c models.Change) error {
	f.remember(c)
	if c.Kind == models.ChangeFreeze {
		if err := f.reloadFreezes(ctx); err != nil {
			return err
		}
	}
	for _, h := range f.heard {
		if err := h(c); err != nil {
			return err
		}
	}
	return nil
}

// remember takes in what ended before its time.
func (f *Feed) remember(c models.Change) {
	switch c.Kind {
	case models.ChangeVisitEnded:
		f.ended.add(c.Subject, c.Until)
	case models.ChangeConsent:
		f.withdrawn.add(c.Subject, c.Until)
	}
}

// forget drops gaps that no transaction can fill any more: those were rolled
// back.
func (f *Feed) forget(now time.Time) {
	for seq, since := range f.gaps {
		if now.Sub(since) > gapPatience {
			delete(f.gaps, seq)
		}
	}
	f.ended.forget(now.UnixMilli())
	f.withdrawn.forget(now.UnixMilli())
}

// Version says what the node knows when it decides: the number of the newest
// change that it has heard, with all before it.
func (f *Feed) Version() int64 { return f.version.Load() }

// Stale reports whether the node may be behind by more than MaxAge; also when
// the clock was set back so that nobody can tell, and when the database was
// restored under the node.
func (f *Feed) Stale() bool {
	age := f.Age()
	return age > MaxAge || age < -MaxAge || f.replaced.Load()
}

// Replaced reports whether the database was restored under the node (ErrRestored).
func (f *Feed) Replaced() bool { return f.replaced.Load() }

// RestoredAt is when the database was last restored, Unix ms, before the node
// started; 0 when it never was.
func (f *Feed) RestoredAt() int64 { return f.restoredAt }

// Age is how old the feed is, by the monotonic clock where there is one.
func (f *Feed) Age() time.Duration { return f.now().Sub(*f.fresh.Load()) }

// VisitEnded reports whether the visit was ended before its time.
func (f *Feed) VisitEnded(vid string) bool { return f.ended.has(vid) }

// EndVisit makes this node forget a visit at once; the others hear of it by
// the change that stands beside it in the database.
func (f *Feed) EndVisit(vid string, until int64) { f.ended.add(vid, until) }

// ConsentWithdrawn reports whether the consent was withdrawn before its time.
func (f *Feed) ConsentWithdrawn(id string) bool { return f.withdrawn.has(id) }

// WithdrawConsent makes this node forget a consent at once, until (Unix ms) no
// ticket names it any more; the others hear of it as of an ended visit.
func (f *Feed) WithdrawConsent(id string, until int64) { f.withdrawn.add(id, until) }
