package feeds

import (
	"context"
	"time"

	"postern/app/store"
)

const (
	numberLease = "event numbers"
	// numberFor keeps a second node from doing the same work. That two do not give
	// one number is the doing of the lease's row, which the transaction locks.
	numberFor = 5 * time.Second
	// numberBudget is how long one turn goes on over old events.
	numberBudget = time.Minute
)

// numberer gives committed events their numbers.
type numberer struct {
	store *store.Store
	node  string
	now   func() time.Time
}

// Number gives all committed events of a database their numbers, for who needs them
// where there may be no feed.
func Number(ctx context.Context, s *store.Store, node string, now func() time.Time) error {
	return numberer{s, node, now}.all(ctx)
}

// all numbers what waits, in small transactions; what another node is at, it
// leaves. It writes nothing where nothing waits.
func (n numberer) all(ctx context.Context) error {
	waiting, err := n.store.Unnumbered(ctx)
	if err != nil || !waiting {
		return err
	}
	batches := store.Batches{Store: n.store, Now: n.now, Budget: numberBudget}
	_, _, err = batches.Run(ctx, n.now(), n.some)
	return err
}

func (n numberer) some(tx *store.Tx, limit int) (int64, error) {
	now := n.now()
	mine, err := tx.TakeLease(numberLease, n.node, now.UnixMilli(), now.Add(numberFor).UnixMilli())
	if err != nil || !mine {
		return 0, err
	}
	return tx.NumberEvents(limit)
}
