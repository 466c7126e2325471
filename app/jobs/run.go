package jobs

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"postern/app/store"
	"postern/models"
)

const (
	// leaseSlack is how long a lease outlasts its run at most: nodes' clocks differ.
	leaseSlack = time.Minute
	// recordTimeout bounds the last words about a run that was cancelled.
	recordTimeout = 5 * time.Second
	// budget is how long one run of a job in batches goes on; the next one goes on
	// from there.
	budget = 20 * time.Minute
	// maxError is how much of an error is kept, octets.
	maxError = 1000
)

// run runs a job and puts it on record, before and after. What one node does for
// all it does not, and says errDone, if a run since then went well; a zero time
// asks for none.
func (r *Runner) run(ctx context.Context, j Job, since time.Time) (models.JobRun, error) {
	run := models.JobRun{Name: j.Name, Node: r.o.Node, BeganAt: r.o.Now().UnixMilli(), Result: models.JobRunning}
	if err := r.begin(ctx, j, run, since); err != nil {
		return models.JobRun{}, err
	}

	limited, cancel := context.WithTimeout(ctx, j.Limit)
	note, err := j.Do(limited)
	cancel()

	run.EndedAt, run.Result, run.Note = r.o.Now().UnixMilli(), models.JobOK, note
	if err != nil {
		run.Result, run.Error = models.JobFailed, storable(err.Error())
		if ctx.Err() != nil {
			run.Result = models.JobCancelled
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := r.end(last, j, run); err != nil {
		return models.JobRun{}, err
	}
	if run.Result == models.JobOK {
		r.noteSuccess(run.Name, run.EndedAt)
	}
	return run, nil
}

func (r *Runner) begin(ctx context.Context, j Job, run models.JobRun, since time.Time) error {
	return r.o.Store.Write(ctx, func(tx *store.Tx) error {
		if j.Alone {
			if err := r.takeTurn(tx, j, run, since); err != nil {
				return err
			}
		}
		return tx.BeginJob(run)
	})
}

// takeTurn takes the job's lease, and looks only then who has been here: before,
// another node could come and go in between.
func (r *Runner) takeTurn(tx *store.Tx, j Job, run models.JobRun, since time.Time) error {
	until := run.BeganAt + (j.Limit + leaseSlack).Milliseconds()
	taken, err := tx.TakeLease(j.lease(), r.holder, run.BeganAt, until)
	switch {
	case err != nil:
		return err
	case !taken:
		return ErrRunning
	case since.IsZero():
		return nil
	}
	last, err := tx.LastJobSuccess(j.Name)
	if err != nil {
		return err
	}
	if last > since.UnixMilli() && last <= run.BeganAt {
		return errDone
	}
	return nil
}

func (r *Runner) end(ctx context.Context, j Job, run models.JobRun) error {
	return r.o.Store.Write(ctx, func(tx *store.Tx) error {
		if j.Alone {
			if err := tx.ReleaseLease(j.lease(), r.holder); err != nil {
				return err
			}
		}
		return tx.EndJob(run)
	})
}

func (j Job) lease() string { return "job " + j.Name }

// recall reads what is on record of runs that went well. A fault is left to the
// write that follows, which will tell of it.
func (r *Runner) recall(ctx context.Context) {
	runs, err := r.o.Store.LastJobs(ctx)
	if err != nil {
		r.o.Log.DebugContext(ctx, "last jobs were not read", slog.Any("err", err))
		return
	}
	alone := map[string]bool{}
	for _, j := range r.o.Jobs {
		alone[j.Name] = j.Alone
	}
	for _, run := range runs {
		if forAll, known := alone[run.Name]; known && run.Result == models.JobOK && (forAll || run.Node == r.o.Node) {
			r.noteSuccess(run.Name, run.EndedAt)
		}
	}
}

// storable is an error's text as a text column takes it.
func storable(text string) string {
	text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	return strings.ToValidUTF8(text[:min(len(text), maxError)], "\uFFFD")
}
