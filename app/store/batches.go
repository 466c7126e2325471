package store

import (
	"context"
	"time"
)

// How much is written at once. Who asks for a token waits for the same writer,
// so a transaction is short, and three times as long is left to others after it.
const (
	maxBatch  = 500
	minBatch  = 20
	longBatch = slowTransaction / 2
	restAfter = 3
	minRest   = 5 * time.Millisecond
)

// Batches do in many small transactions what may be a lot.
type Batches struct {
	Store  *Store
	Now    func() time.Time
	Budget time.Duration // how long one run goes on
}

// Run calls do, which touches up to limit rows, until it finds none: then it is
// done. Else the run has used up its budget since it began.
func (b Batches) Run(ctx context.Context, began time.Time, do func(tx *Tx, limit int) (int64, error)) (total int64, done bool, err error) {
	for size := minBatch; b.Now().Sub(began) < b.Budget; {
		n, took, err := b.one(ctx, size, do)
		if err != nil {
			return total, false, err
		}
		if total += n; n == 0 {
			return total, true, nil
		}
		if !sleep(ctx, max(minRest, restAfter*took)) {
			return total, false, context.Cause(ctx)
		}
		size = nextSize(size, took)
	}
	return total, false, nil
}

func (b Batches) one(ctx context.Context, size int, do func(*Tx, int) (int64, error)) (n int64, took time.Duration, err error) {
	err = b.Store.Write(ctx, func(tx *Tx) (err error) {
		start := b.Now() // the wait for the writer is not the batch's
		n, err = do(tx, size)
		took = b.Now().Sub(start)
		return err
	})
	return n, took, err
}

// nextSize keeps batches as large as the time of a transaction allows.
func nextSize(size int, took time.Duration) int {
	switch {
	case took > longBatch:
		return max(minBatch, size/2)
	case took < longBatch/3:
		return min(maxBatch, size*2)
	}
	return size
}

// sleep reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
