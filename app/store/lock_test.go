package store

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// inLine starts a goroutine that acquires l, notes its name and lets go; it
// returns once the goroutine stands in line.
func inLine(ctx context.Context, l *writeLock, t turn, done *sync.WaitGroup, note func()) {
	before := l.standing(t)
	done.Go(func() {
		if l.acquire(ctx, t) != nil {
			return
		}
		note()
		l.release()
	})
	for l.standing(t) == before {
		runtime.Gosched()
	}
}

func (l *writeLock) standing(t turn) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting[t])
}

func TestWaitingGroupGoesFirst(t *testing.T) {
	t.Parallel()
	var l writeLock
	if err := l.acquire(t.Context(), businessTurn); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []string
	note := func(name string) func() {
		return func() { mu.Lock(); defer mu.Unlock(); order = append(order, name) }
	}
	var done sync.WaitGroup
	inLine(t.Context(), &l, businessTurn, &done, note("business 1"))
	inLine(t.Context(), &l, businessTurn, &done, note("business 2"))
	inLine(t.Context(), &l, groupTurn, &done, note("group"))
	l.release()
	done.Wait()
	if want := []string{"group", "business 1", "business 2"}; !slices.Equal(order, want) {
		t.Errorf("order: got %v, want %v", order, want)
	}
	if l.held {
		t.Error("the lock is held by nobody")
	}
}

func TestOneWhoLeavesTheLineIsPassedOver(t *testing.T) {
	t.Parallel()
	var l writeLock
	if err := l.acquire(t.Context(), businessTurn); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { left <- l.acquire(ctx, groupTurn) }()
	var done sync.WaitGroup
	ran := false
	inLine(t.Context(), &l, businessTurn, &done, func() { ran = true })
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	l.release()
	done.Wait()
	if !ran {
		t.Error("the next in line was not let in")
	}
}

func TestALockHandedToOneWhoLeavesIsPassedOn(t *testing.T) {
	t.Parallel()
	var l writeLock
	for range 2000 { // the hand-over and the end of the context race; both ways must work
		if err := l.acquire(t.Context(), businessTurn); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var both sync.WaitGroup
		both.Go(func() {
			if l.acquire(ctx, groupTurn) == nil {
				l.release()
			}
		})
		both.Go(cancel)
		l.release()
		both.Wait()
		if l.held {
			t.Fatal("the lock was lost")
		}
	}
}
