package limit

import (
	"errors"
	"sync"
	"time"
)

// ErrFull is returned by [ReplayWindow.First] when the window can remember no
// more. The caller must refuse the message as temporarily unavailable.
var ErrFull = errors.New("replay window is full")

// ReplayWindow remembers which messages were seen, each for at least the time
// it was made for, by the clock of its callers. It is safe for concurrent use.
//
// Two generations of keys take turns: one collects, the other is only asked. A
// key is forgotten when its generation has been replaced twice, that is after
// one to two times keep. Nothing is ever forgotten earlier to make room. When
// the clock is set back, keys are remembered until it has caught up.
type ReplayWindow struct {
	maxEntries int
	keep       time.Duration

	mu       sync.Mutex
	began    time.Time // when current began; zero before the first key
	current  map[[32]byte]struct{}
	previous map[[32]byte]struct{}
}

// NewReplayWindow returns a window that holds at most maxEntries keys (below
// one counts as one) and remembers each for at least keep (below one second
// counts as one second). A message that is
// accepted up to 60 s on either side of its time needs keep of 120 s or more. At
// 1,000 messages a second that is 240,000 keys, about 15 MB.
func NewReplayWindow(maxEntries int, keep time.Duration) *ReplayWindow {
	return &ReplayWindow{
		maxEntries: max(maxEntries, 1),
		keep:       max(keep, time.Second),
		current:    make(map[[32]byte]struct{}),
		previous:   make(map[[32]byte]struct{}),
	}
}

// First reports whether key is seen for the first time, and remembers it. Of
// any number of concurrent calls with one key exactly one gets true. The key is
// 32 octets that name one message, such as a visit's id and a message's id of 16
// octets each, or a SHA-256.
//
// It returns ErrFull for a new key when there is no room; known keys are still
// recognised then.
func (w *ReplayWindow) First(key [32]byte, now time.Time) (first bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turn(now)

	if w.knows(key) {
		return false, nil
	}
	if len(w.current)+len(w.previous) >= w.maxEntries {
		return false, ErrFull
	}
	w.current[key] = struct{}{}

	return true, nil
}

// Seen reports whether key is remembered, and remembers nothing.
func (w *ReplayWindow) Seen(key [32]byte, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turn(now)

	return w.knows(key)
}

// Len is how many keys are remembered now; for metrics.
func (w *ReplayWindow) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()

	return len(w.current) + len(w.previous)
}

// turn begins a new generation when the current one has lasted for keep.
func (w *ReplayWindow) turn(now time.Time) {
	if w.began.IsZero() {
		w.began = now
	}
	age := now.Sub(w.began)
	if age < w.keep {
		return
	}

	// Fresh maps grow step by step; clearing a large one would hold the lock for
	// milliseconds.
	w.previous, w.current = w.current, make(map[[32]byte]struct{})
	w.began = w.began.Add(w.keep)
	if age >= 2*w.keep {
		w.previous = make(map[[32]byte]struct{})
		w.began = now
	}
}

// knows reports whether key is in either generation.
func (w *ReplayWindow) knows(key [32]byte) bool {
	if _, found := w.current[key]; found {
		return true
	}
	_, found := w.previous[key]

	return found
}
