package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// ErrNested is the answer to a Write, WriteGroup or ledger append from inside
// the callback of a Write or WriteGroup: on SQLite it would wait for itself for
// ever. It is a programming error, found by the first test that runs the path.
var ErrNested = errors.New("write inside a write")

// turn is the line in which a writer waits.
type turn int

const (
	businessTurn turn = iota
	groupTurn
)

// writeLock stands in front of SQLite's one writer connection. A waiting group
// goes first: hundreds of visitors wait for it, and one form for the other.
// Business writes still get in, because the ledger's one writer lets go between
// two groups.
type writeLock struct {
	mu      sync.Mutex
	held    bool
	waiting [2][]chan struct{} // by turn, oldest first
}

// acquire returns when the caller holds the lock, or with ctx's error.
func (l *writeLock) acquire(ctx context.Context, t turn) error {
	l.mu.Lock()
	if !l.held {
		l.held = true
		l.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	l.waiting[t] = append(l.waiting[t], mine)
	l.mu.Unlock()

	select {
	case <-mine:
		return nil
	case <-ctx.Done():
		l.abandon(mine, t)
		return fmt.Errorf("wait for the writer: %w", context.Cause(ctx))
	}
}

// abandon leaves the line. If the lock was handed over in the same moment it
// is passed on.
func (l *writeLock) abandon(mine chan struct{}, t turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.waiting[t], mine); i >= 0 {
		l.waiting[t] = slices.Delete(l.waiting[t], i, i+1)
		return
	}
	l.handOver()
}

func (l *writeLock) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handOver()
}

// handOver gives the lock to the next in line; l.mu is held.
func (l *writeLock) handOver() {
	for _, t := range []turn{groupTurn, businessTurn} {
		if line := l.waiting[t]; len(line) > 0 {
			l.waiting[t] = line[1:]
			close(line[0])
			return
		}
	}
	l.held = false
}

// insiders are the goroutines that are inside the callback of a transaction.
//
// They are known by goroutine id and not by a mark in the callback's context: a
// callback that closes over the outer context, or over none, would slip past
// the mark and hang. The id costs microseconds, so it is read only while a
// transaction runs; a process that is not writing pays one atomic load.
type insiders struct {
	count [2]atomic.Int32 // by turn
	mu    sync.Mutex
	ids   map[uint64]turn
}

// enter puts the calling goroutine in and returns what takes it out.
func (in *insiders) enter(t turn) (leave func()) {
	id := goroutineID()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ids == nil {
		in.ids = map[uint64]turn{}
	}
	in.ids[id] = t
	in.count[t].Add(1)
	return func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		delete(in.ids, id)
		in.count[t].Add(-1)
	}
}

// holdCaller reports whether the calling goroutine is inside a transaction of
// one of the turns.
func (in *insiders) holdCaller(turns ...turn) bool {
	running := false
	for _, t := range turns {
		running = running || in.count[t].Load() > 0
	}
	if !running {
		return false
	}
	id := goroutineID()
	in.mu.Lock()
	defer in.mu.Unlock()
	t, inside := in.ids[id]
	return inside && slices.Contains(turns, t)
}

// goroutineID reads the number out of "goroutine 42 [running]:", the first
// line of a stack. Go offers no other way to tell goroutines apart.
func goroutineID() uint64 {
	var buffer [64]byte
	line := buffer[:runtime.Stack(buffer[:], false)]
	line = bytes.TrimPrefix(line, []byte("goroutine "))
	digits, _, _ := bytes.Cut(line, []byte(" "))
	id, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return 0
	}
	return id
}
