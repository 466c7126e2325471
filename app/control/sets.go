package control

import (
	"context"
	"fmt"
	"sync"

	"postern/models"
)

// untilSet is a set of ids with the time (Unix ms) after which no ticket that
// has to do with them opens anyway.
type untilSet struct {
	mu    sync.RWMutex
	until map[string]int64
	swept int64
}

// sweepEvery is how often untilSet looks for what no longer matters, ms.
const sweepEvery = 60_000

func (e *untilSet) init() { e.until = map[string]int64{} }

func (e *untilSet) add(id string, until int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if until > e.until[id] {
		e.until[id] = until
	}
}

func (e *untilSet) has(id string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	_, ok := e.until[id]
	return ok
}

// forget drops what no longer matters.
func (e *untilSet) forget(now int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now-e.swept < sweepEvery {
		return
	}
	e.swept = now
	for id, until := range e.until {
		if until < now {
			delete(e.until, id)
		}
	}
}

type freezeKey struct {
	kind models.FreezeTarget
	id   string
}

// freezeSet is one immutable picture of the freezes in force.
type freezeSet struct {
	stops  map[freezeKey]map[models.FreezeScope]bool
	scopes int // how many scopes are frozen, of which everything is one more
}

func (f *Feed) reloadFreezes(ctx context.Context) error {
	list, err := f.source.LiveFreezes(ctx)
	if err != nil {
		return fmt.Errorf("read freezes: %w", err)
	}
	set := &freezeSet{stops: map[freezeKey]map[models.FreezeScope]bool{}}
	for _, z := range list {
		k := freezeKey{z.TargetKind, z.TargetID}
		if set.stops[k] == nil {
			set.stops[k] = map[models.FreezeScope]bool{}
		}
		set.stops[k][z.Stops] = true
		if z.TargetKind == models.FreezeDataScope || z.TargetKind == models.FreezeEverything {
			set.scopes++
		}
	}
	f.freezes.Store(set)
	return nil
}

// Frozen reports whether traffic of the given sort is stopped for the partner,
// application, service or scope (kind) named id, or for everything.
func (f *Feed) Frozen(kind models.FreezeTarget, id string, what models.FreezeScope) bool {
	set := f.freezes.Load()
	if len(set.stops) == 0 {
		return false
	}
	return set.stop(freezeKey{kind, id}, what) || set.stop(freezeKey{kind: models.FreezeEverything}, what)
}

func (s *freezeSet) stop(k freezeKey, what models.FreezeScope) bool {
	stops := s.stops[k]
	return stops[what] || stops[models.FreezeAll]
}

// Thawed returns the scopes that are not frozen for the given sort of traffic;
// the same slice when none is.
func (f *Feed) Thawed(scopes []string, what models.FreezeScope) []string {
	if f.freezes.Load().scopes == 0 {
		return scopes
	}
	kept := make([]string, 0, len(scopes))
	for _, s := range scopes {
		if !f.Frozen(models.FreezeDataScope, s, what) {
			kept = append(kept, s)
		}
	}
	return kept
}
