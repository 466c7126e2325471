package jobs

import (
	"context"
	"time"

	"postern/app/store"
)

// How much is written at once. Who asks for a token waits for the same writer,
// so a transaction is short, and three times as long is left to others after it.
const (
	maxBatch  = 500
	minBatch  = 20
	longBatch = 25 * time.Millisecond // half of what a transaction may take
	restAfter = 3
	minRest   = 5 * time.Millisecond
	// budget is how long one run goes on; the next one goes on from there.
	budget = 20 * time.Minute
)

// inBatches does in many small transactions what may be a lot.
type inBatches struct {
	store *store.Store
	now   func() time.Time
}

// run calls do, which touches up to limit rows, until it finds none: then it is
// done. Else the run has used up its time since it began.
func (b inBatches) run(ctx context.Context, began time.Time, do func(tx *store.Tx, limit int) (int64, error)) (total int64, done bool, err error) {
	for size := minBatch; b.now().Sub(began) < budget; {
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

func (b inBatches) one(ctx context.Context, size int, do func(*store.Tx, int) (int64, error)) (n int64, took time.Duration, err error) {
	err = b.store.Write(ctx, func(tx *store.Tx) (err error) {
		start := b.now() // the wait for the writer is not the batch's
		n, err = do(tx, size)
		took = b.now().Sub(start)
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
