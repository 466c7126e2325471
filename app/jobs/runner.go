package jobs

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"sync"
	"time"

	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// Job is one thing that is done again and again.
type Job struct {
	Name  string
	About string        // what it does, for people
	Every time.Duration // from one run to the next
	After time.Duration // from the start of the node to its first run there
	Limit time.Duration // how long a run may take
	// Alone: of the nodes of one database one at a time, and none while another
	// one's last run is younger than Every. Else every node runs it for itself.
	Alone bool
	// Do returns what was done, in a line for people.
	Do func(context.Context) (note string, err error)
}

// What RunNow may answer. Compare with errors.Is.
var (
	ErrNoJob   = errs.New(errs.NotFound, "", "There is no such job.").Because("no_job")
	ErrRunning = errs.New(errs.Conflict, "", "The job is running on another node.").Because("job_running")
)

// errDone: another node has done what one node does for all.
var errDone = errors.New("done by another node")

// Options are the arguments of New; all but Log are required.
type Options struct {
	Store *store.Store
	Node  string // this node's name in the record
	Now   func() time.Time
	Rand  io.Reader
	Log   *slog.Logger // nil discards
	Jobs  []Job
}

// Runner runs a node's jobs. Run may be called once; the rest is safe for
// concurrent use.
type Runner struct {
	o      Options
	holder string // this process, where it does something alone

	mu        sync.Mutex
	succeeded map[string]time.Time // by job: when a run last ended well
}

// New makes a runner; Run starts it.
func New(o Options) (*Runner, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var word [8]byte
	if _, err := io.ReadFull(o.Rand, word[:]); err != nil {
		return nil, fmt.Errorf("open jobs: %w", err)
	}
	return &Runner{o: o, holder: o.Node + "#" + hex.EncodeToString(word[:]), succeeded: map[string]time.Time{}}, nil
}

// Run runs each job when its time has come until ctx ends; then those that run
// are cancelled, and recorded as such. No job waits for another: keys must not
// wait for rows that take their time to go.
func (r *Runner) Run(ctx context.Context) {
	r.recall(ctx)
	var all sync.WaitGroup
	for _, j := range r.o.Jobs {
		all.Go(func() { r.repeat(ctx, j) })
	}
	all.Wait()
}

func (r *Runner) repeat(ctx context.Context, j Job) {
	for due := r.o.Now().Add(j.After); sleep(ctx, due.Sub(r.o.Now())); {
		due = r.turn(ctx, j)
	}
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

// turn runs a job whose time has come, unless another node did, and returns
// when it is due again.
func (r *Runner) turn(ctx context.Context, j Job) (next time.Time) {
	began := r.o.Now()
	if j.Alone {
		r.recall(ctx)
		if last := r.LastSuccess()[j.Name]; last.After(began.Add(-j.Every)) && !last.After(began) {
			return last.Add(j.Every)
		}
	}
	run, err := r.run(ctx, j, began.Add(-j.Every))
	switch {
	case ctx.Err() != nil, errors.Is(err, ErrRunning):
	case errors.Is(err, errDone): // since it was looked up
		r.recall(ctx)
		return r.LastSuccess()[j.Name].Add(j.Every)
	case err != nil:
		r.o.Log.ErrorContext(ctx, "job was not run", slog.String("job", j.Name), slog.Any("err", err))
	case run.Result != models.JobOK:
		r.o.Log.ErrorContext(ctx, "job failed", slog.String("job", j.Name), slog.String("err", run.Error))
	}
	return began.Add(j.Every)
}

// RunNow runs a job at once, whenever it ran last, and returns what is on record
// of it; that it failed is no error of RunNow. It returns ErrNoJob or ErrRunning.
func (r *Runner) RunNow(ctx context.Context, name string) (models.JobRun, error) {
	for _, j := range r.o.Jobs {
		if j.Name == name {
			return r.run(ctx, j, time.Time{})
		}
	}
	return models.JobRun{}, ErrNoJob
}

// LastSuccess tells when each job last ended well: on this node, or, of jobs
// that one node does for all, on any as far as this one has heard.
func (r *Runner) LastSuccess() map[string]time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.succeeded)
}

func (r *Runner) noteSuccess(name string, at int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := time.UnixMilli(at); t.After(r.succeeded[name]) {
		r.succeeded[name] = t
	}
}
