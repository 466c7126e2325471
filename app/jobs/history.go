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

// historyRest is how long others have the writer to themselves between two steps.
const historyRest = 20 * time.Millisecond

func (h History) run(ctx context.Context) (string, error) {
	began, total := h.Now(), int64(0)
	for h.Now().Sub(began) < budget {
		n, err := h.Store.FoldCalls(ctx, began.Add(-historyAge), began.Add(-historySettles), h.Zone)
		total += n
		if err != nil || n == 0 {
			return fmt.Sprintf("counted %d calls", total), err
		}
		select {
		case <-ctx.Done():
			return fmt.Sprintf("counted %d calls", total), context.Cause(ctx)
		case <-time.After(historyRest):
		}
	}
	return fmt.Sprintf("counted %d calls; more are left for the next run", total), nil
}
