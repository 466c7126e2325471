package jobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postern/app/config"
	"postern/app/directory"
	"postern/app/store"
)

// What is kept whatever the settings say.
const (
	// clockSlack is more than the clocks of nodes differ.
	clockSlack = time.Hour
	// guardAge is how long what guards a visit stays: no visit lives longer, and
	// no AT is answered again 60 s past its end (protocol section 5).
	guardAge = directory.MaxMaxAge*time.Second + time.Minute + clockSlack
	// shapeSlack is more than the time for which a ledger remembers that a shape
	// is on disk before it says so again.
	shapeSlack = 2 * 24 * time.Hour
	// sessionAge is for how long it can be told who was signed in from where: half
	// a year at least (JR/T 0071).
	sessionAge = 200 * 24 * time.Hour
	// quotaAge is for who wonders about last week's quota.
	quotaAge = 30 * 24 * time.Hour
	// usesAge is more than a rotation takes that ends in a week.
	usesAge = 10 * 24 * time.Hour
	// trialAge is for who wonders what the portal's credentials were used for.
	trialAge = 24 * time.Hour
	// weatherAge is longer than any rule of alerts looks back.
	weatherAge = 8 * 24 * time.Hour
	// deliveryAge is for who wonders what a receiver was told; none is tried that long.
	deliveryAge = 30 * 24 * time.Hour
)

// Retention deletes what is past its time, in small transactions.
type Retention struct {
	Store *store.Store
	Days  func() config.Retention // asked at each run
	Zone  *time.Location          // the bank's, in which days begin
	Now   func() time.Time
}

// Job is the job that does it: on one node, some minutes after its start at the
// earliest, for a start under load has enough to do.
func (r Retention) Job() Job {
	return Job{
		Name: "retention", About: "deletes what is past its time",
		Every: time.Hour, After: 10 * time.Minute, Limit: budget + 10*time.Minute, Alone: true,
		Do: r.run,
	}
}

// step deletes rows of one kind.
type step struct {
	what   string
	delete func(tx *store.Tx, limit int) (int64, error)
}

// steps are everything that goes. Events do not: they wait for the tree in
// which they can be proved (docs/decisions/0017).
func (r Retention) steps(now time.Time) []step {
	kept := r.Days()
	old := func(kind store.Old, age time.Duration) step {
		return step{string(kind), func(tx *store.Tx, limit int) (int64, error) {
			return tx.DeleteOld(kind, now.Add(-age), limit)
		}}
	}
	return []step{
		{"at_rows and visits", func(tx *store.Tx, limit int) (int64, error) {
			return tx.DeleteOldATs(now.Add(-max(days(kept.Issuance), guardAge)), limit)
		}},
		old(store.OldConsents, days(kept.Issuance)),
		old(store.OldCalls, days(kept.Calls)),
		old(store.OldShapes, max(days(kept.Calls), historyAge)+shapeSlack),
		old(store.OldTupleDays, historyAge),
		old(store.OldTuples, historyAge),
		old(store.OldAssertions, clockSlack),
		old(store.OldWriteCalls, guardAge),
		old(store.OldChanges, max(days(kept.Changes), guardAge)),
		old(store.OldQuotaCounts, quotaAge),
		old(store.OldRollups, days(kept.HourlyCounts)),
		old(store.OldAlerts, days(kept.Alerts)),
		old(store.OldDeliveries, deliveryAge),
		old(store.OldWebhooks, deliveryAge),
		old(store.OldUses, usesAge),
		old(store.OldSources, days(kept.Alerts)),
		old(store.OldSessions, sessionAge),
		old(store.OldSetupLinks, sessionAge),
		old(store.OldChallenges, clockSlack),
		old(store.OldWeather, weatherAge),
		{"trials and their credentials", func(tx *store.Tx, limit int) (int64, error) {
			return tx.DeleteOldTrials(now.Add(-trialAge), limit)
		}},
	}
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// run deletes kind by kind. What it has done so far it tells even when it fails.
func (r Retention) run(ctx context.Context) (string, error) {
	began := r.Now()
	if err := r.trustClock(ctx, began); err != nil {
		return "", err
	}
	told := []string{}
	for _, s := range r.steps(began.In(r.Zone)) {
		n, done, err := store.Batches{Store: r.Store, Now: r.Now, Budget: budget}.Run(ctx, began, s.delete)
		if n > 0 {
			told = append(told, fmt.Sprintf("%d of %s", n, s.what))
		}
		if err != nil {
			return deleted(told), err
		}
		if !done {
			return deleted(told) + "; more is left for the next run", nil
		}
	}
	return deleted(told), nil
}

// clockTrust is how far this clock may be ahead of the database server's: what is
// deleted by a clock that runs years ahead is gone.
const clockTrust = time.Minute

// trustClock compares with the server's clock. SQLite has this machine's only.
func (r Retention) trustClock(ctx context.Context, now time.Time) error {
	server, known, err := r.Store.ServerClock(ctx)
	if err != nil {
		return err
	}
	if off := now.Sub(server); known && off > clockTrust {
		return fmt.Errorf("this clock is %s ahead of the database server's: nothing is deleted by it", off.Round(time.Second))
	}
	return nil
}

func deleted(told []string) string {
	if len(told) == 0 {
		return "nothing was past its time"
	}
	return "deleted " + strings.Join(told, ", ")
}
