package control

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"postern/models"
)

// The feed's times. Overlap is how far back each poll reads again: a
// transaction that took its number early may commit late, and transactions are
// far shorter than this.
const (
	PollEvery = 250 * time.Millisecond
	MaxAge    = 5 * time.Second // protocol section 6: a staler node answers unavailable
	overlap   = 30 * time.Second
)

// Source is where changes come from; the store.
type Source interface {
	// ChangesSince lists the changes of at (Unix ms) and later, oldest first.
	ChangesSince(ctx context.Context, at int64) ([]models.Change, error)
	// EndedVisits lists the ended visits whose tickets might still open at now.
	EndedVisits(ctx context.Context, now int64) ([]models.Change, error)
	// LiveFreezes lists the freezes in force.
	LiveFreezes(ctx context.Context) ([]models.Freeze, error)
}

// Feed is the node's memory of what moved. Readers never wait.
type Feed struct {
	source Source
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex // one poll at a time; guards seen and heard
	seen    map[int64]int64
	heard   []func(models.Change)
	fresh   atomic.Int64 // Unix ms of the last complete poll
	freezes atomic.Pointer[freezeSet]
	ended   endedVisits
}

// Open reads the state of now and returns a feed that is fresh.
func Open(ctx context.Context, s Source, now func() time.Time, log *slog.Logger) (*Feed, error) {
	f := &Feed{source: s, now: now, log: log, seen: map[int64]int64{}}
	f.ended.init()
	started := now().UnixMilli()
	past, err := s.EndedVisits(ctx, started)
	if err != nil {
		return nil, fmt.Errorf("read ended visits: %w", err)
	}
	for _, c := range past {
		f.ended.add(c.Subject, c.Until)
	}
	if err := f.reloadFreezes(ctx); err != nil {
		return nil, err
	}
	return f, f.Poll(ctx)
}

// Listen registers a function that hears every change once, in the order of
// the feed. Call it before Run.
func (f *Feed) Listen(hear func(models.Change)) {
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

// Poll reads what moved since the last poll and tells the listeners.
func (f *Feed) Poll(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	started := f.now().UnixMilli()
	from := started - overlap.Milliseconds()
	changes, err := f.source.ChangesSince(ctx, from)
	if err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	for _, c := range changes {
		if _, old := f.seen[c.Seq]; old {
			continue
		}
		if err := f.hear(ctx, c); err != nil {
			return err
		}
		f.seen[c.Seq] = c.At
	}
	f.forget(from, started)
	f.fresh.Store(started)
	return nil
}

func (f *Feed) hear(ctx context.Context, c models.Change) error {
	switch c.Kind {
	case models.ChangeVisitEnded:
		f.ended.add(c.Subject, c.Until)
	case models.ChangeFreeze:
		if err := f.reloadFreezes(ctx); err != nil {
			return err
		}
	}
	for _, h := range f.heard {
		h(c)
	}
	return nil
}

func (f *Feed) forget(from, now int64) {
	for seq, at := range f.seen {
		if at < from-overlap.Milliseconds() {
			delete(f.seen, seq)
		}
	}
	f.ended.forget(now)
}

// Stale reports whether the last complete poll is older than MaxAge.
func (f *Feed) Stale() bool { return f.Age() > MaxAge }

// Age is how old the feed is.
func (f *Feed) Age() time.Duration {
	return time.Duration(f.now().UnixMilli()-f.fresh.Load()) * time.Millisecond
}

// VisitEnded reports whether the visit was ended before its time.
func (f *Feed) VisitEnded(vid string) bool { return f.ended.has(vid) }

// EndVisit makes this node forget a visit at once; the others hear of it by
// the change that stands beside it in the database.
func (f *Feed) EndVisit(vid string, until int64) { f.ended.add(vid, until) }
