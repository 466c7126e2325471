package jobs

import (
	"context"
	"fmt"
	"time"

	"postern/app/store"
)

// Days adds past days' counts up: those of all nodes by hour, and those of all
// hours by day of the bank's zone.
type Days struct {
	Store *store.Store
	Zone  *time.Location
	Now   func() time.Time
}

// Job is the job that does it: the numbers are right without it, and what it has
// added up is read faster.
func (d Days) Job() Job {
	return Job{
		Name: "days", About: "adds up the counts of past days",
		Every: time.Hour, After: 5 * time.Minute, Limit: budget + 10*time.Minute, Alone: true,
		Do: d.run,
	}
}

func (d Days) run(ctx context.Context) (string, error) {
	began := d.Now().In(d.Zone)
	today := store.DayOf(began)
	n, done, err := store.Batches{Store: d.Store, Now: d.Now, Budget: budget}.Run(ctx, began, func(tx *store.Tx, limit int) (int64, error) {
		return tx.AddUpRollups(today, max(1, limit/3)) // each may touch its own row, the hour's and the day's
	})
	note := fmt.Sprintf("added up %d counts", n)
	if err == nil && !done {
		note += "; more are left for the next run"
	}
	return note, err
}
