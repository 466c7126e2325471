package jobs

import (
	"context"
	"fmt"
	"time"

	"postern/app/store"
)

const (
	// historyAge is how long it is known what was called: a preview looks at 30
	// days at most.
	historyAge = 35 * 24 * time.Hour
	// historySettles is after how long a call that began is on disk, if ever: an
	// upstream has two minutes, its record a fraction of a second, and clocks differ
	// by a minute. A call's key is of when it began.
	historySettles = 4 * time.Minute
)

// History counts calls by what they have in common, for previews of the policy
// (docs/decisions/0030).
type History struct {
	Store *store.Store
	Zone  *time.Location
	Now   func() time.Time
}

// Job is the job that does it. What it has not counted yet a preview counts for
// itself, so it may be late, but should not be long.
func (h History) Job() Job {
	return Job{
		Name: "history", About: "counts calls by what they have in common, for previews",
		Every: time.Minute, After: 30 * time.Second, Limit: budget + 10*time.Minute, Alone: true,
		Do: h.run,
	}
}

func (h History) run(ctx context.Context) (string, error) {
	began := h.Now()
	n, done, err := store.Batches{Store: h.Store, Now: h.Now, Budget: budget}.Run(ctx, began, func(tx *store.Tx, limit int) (int64, error) {
		return tx.FoldCalls(began.Add(-historyAge), began.Add(-historySettles), h.Zone, limit)
	})
	note := fmt.Sprintf("counted %d calls", n)
	if err == nil && !done {
		note += "; more are left for the next run"
	}
	return note, err
}
