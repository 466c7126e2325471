package app

import (
	"context"
	"log/slog"
	"time"

	"postern/app/alerts"
	"postern/app/evidence"
	"postern/app/jobs"
)

// openEvidence holds the database against this node's anchor before the node serves.
// What is wrong keeps it from deciding anything, not from starting: staff must be able
// to see it.
func (a *App) openEvidence(ctx context.Context) error {
	c := a.config
	a.evidence = evidence.New(evidence.Options{
		Store: a.store, Ring: a.ring, Issuer: c.Issuer, Node: c.Node, Config: c.Evidence, Now: c.Now, Rand: c.Rand, Log: c.Log,
	})
	if !a.evidence.Configured() {
		return nil
	}
	if _, err := a.evidence.Look(ctx); err != nil {
		c.Log.ErrorContext(ctx, "database was not found to be the one that the anchor vouches for", slog.Any("err", err))
	}
	return nil
}

// How often the events are checked against their tree, and for how long at most: see
// evidence.Keeper.Check.
const (
	checkEvery = 10 * time.Minute
	checkLimit = 2 * time.Minute
)

// evidenceJobs keep the ledger provable. One node does for all what is done in the
// database; to its own anchor each node looks itself, after there is a new checkpoint.
func (a *App) evidenceJobs() []jobs.Job {
	every := a.config.Evidence.Every
	return []jobs.Job{
		{
			Name: "evidence", About: "adds events to the ledger's tree, and signs a checkpoint of it",
			Every: every, After: every, Limit: 2 * time.Minute, Alone: true, Do: a.evidence.Grow,
		},
		{
			Name: "anchor", About: "holds the database against this node's anchor, and writes the newest checkpoint there",
			Every: every, After: every + 3*time.Second, Limit: 30 * time.Second, Do: a.evidence.Look,
		},
		{
			Name: "evidence_check", About: "holds events, tree and checkpoints against each other, some at a time",
			Every: checkEvery, After: checkEvery / 2, Limit: checkLimit, Alone: true, Do: a.evidence.Check,
		},
	}
}

// vouched is what this node knows of how the ledger is vouched for.
func (a *App) vouched(ctx context.Context, now time.Time) (alerts.Evidence, error) {
	var e alerts.Evidence
	if a.evidence.Differs() {
		e.Differs = a.evidence.Anchor().Finding
	}
	check, err := a.store.EvidenceCheck(ctx)
	if err != nil {
		return e, err
	}
	e.Fault, e.FaultSeq = check.Finding, check.FaultSeq
	e.Late, err = a.evidence.Late(ctx, now)
	return e, err
}

// Evidence keeps this node's evidence.
func (a *App) Evidence() *evidence.Keeper { return a.evidence }
