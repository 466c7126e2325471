package jobs_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"postern/app/jobs"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// newRunner is a runner of one node; its clock is the bubble's where there is one.
func newRunner(t *testing.T, s *store.Store, node string, list ...jobs.Job) *jobs.Runner {
	t.Helper()
	r, err := jobs.New(jobs.Options{Store: s, Node: node, Now: time.Now, Rand: rand.Reader, Jobs: list})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ticking is a job that tells when it began.
func ticking(name string, began chan<- time.Time) jobs.Job {
	return jobs.Job{
		Name: name, Every: time.Hour, Limit: time.Minute,
		Do: func(context.Context) (string, error) {
			began <- time.Now()
			return "done", nil
		},
	}
}

func lastRuns(t *testing.T, s *store.Store) []models.JobRun {
	t.Helper()
	list, err := s.LastJobs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestJobsRunWhenTheirTimeHasCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := storetest.SQLite(t)
		began := make(chan time.Time, 10)
		late := ticking("late", began)
		late.After = 5 * time.Minute
		r := newRunner(t, s, "a", ticking("early", began), late)
		start := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx); close(done) }()
		for _, want := range []time.Duration{0, 5 * time.Minute, time.Hour, time.Hour + 5*time.Minute, 2 * time.Hour} {
			if got := (<-began).Sub(start); got != want {
				t.Errorf("a run began after %v, want %v", got, want)
			}
		}
		stop()
		<-done
		if got := r.LastSuccess(); got["late"].Sub(start) != time.Hour+5*time.Minute {
			t.Errorf("successes: %v", got)
		}
	})
}

func TestAStopCancelsTheJobThatRunsAndSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := storetest.SQLite(t)
		running := make(chan struct{})
		r := newRunner(t, s, "a", jobs.Job{
			Name: "endless", Every: time.Hour, Limit: time.Hour, Alone: true,
			Do: func(ctx context.Context) (string, error) {
				close(running)
				<-ctx.Done()
				return "half of it", ctx.Err()
			},
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx); close(done) }()
		<-running
		stop()
		<-done
		list := lastRuns(t, s)
		if len(list) != 1 || list[0].Result != models.JobCancelled || list[0].Note != "half of it" || list[0].EndedAt == 0 {
			t.Errorf("on record: %+v", list)
		}
		if run, err := newRunner(t, s, "b", ticking("endless", make(chan time.Time, 1))).RunNow(t.Context(), "endless"); err != nil || run.Result != models.JobOK {
			t.Errorf("after the stop: %+v, %v", run, err)
		}
	})
}

func TestAJobThatTakesTooLongFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, storetest.SQLite(t), "a", jobs.Job{
			Name: "slow", Limit: time.Minute,
			Do: func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		})
		start := time.Now()
		run, err := r.RunNow(t.Context(), "slow")
		if err != nil || run.Result != models.JobFailed || run.Error == "" || time.Since(start) != time.Minute {
			t.Errorf("after %v: %+v, %v", time.Since(start), run, err)
		}
	})
}

func TestOneNodeDoesForAllWhatIsDoneAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := storetest.SQLite(t)
		began := make(chan time.Time, 10)
		alone := ticking("alone", began)
		alone.Alone = true
		ctx, stop := context.WithCancel(t.Context())
		start := time.Now()
		runners := []*jobs.Runner{newRunner(t, s, "a", alone), newRunner(t, s, "b", alone)}
		done := make(chan struct{})
		for _, r := range runners {
			go func() { r.Run(ctx); done <- struct{}{} }()
		}
		for hour := range 3 {
			if got := (<-began).Sub(start); got != time.Duration(hour)*time.Hour {
				t.Errorf("run %d began after %v", hour, got)
			}
		}
		stop()
		<-done
		<-done
		for _, r := range runners {
			if got := r.LastSuccess()["alone"].Sub(start); got < time.Hour {
				t.Errorf("a node has heard of a success after %v only", got)
			}
		}
	})
}

func TestAJobIsNotRunTwiceAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		other := newRunner(t, s, "b", jobs.Job{Name: "alone", Limit: time.Minute, Alone: true})
		r := newRunner(t, s, "a", jobs.Job{
			Name: "alone", Limit: time.Minute, Alone: true,
			Do: func(ctx context.Context) (string, error) {
				if _, err := other.RunNow(ctx, "alone"); !errors.Is(err, jobs.ErrRunning) {
					t.Errorf("the second run: %v", err)
				}
				return "", errors.New("own \x00 error")
			},
		})
		run, err := r.RunNow(t.Context(), "alone")
		if err != nil || run.Result != models.JobFailed || run.Error != "own \uFFFD error" {
			t.Errorf("%+v, %v", run, err)
		}
		if _, err := r.RunNow(t.Context(), "nothing"); !errors.Is(err, jobs.ErrNoJob) {
			t.Errorf("an unknown job: %v", err)
		}
	})
}

func TestARunThatAProcessNeverEndedIsLost(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		old := models.JobRun{Name: "tick", Node: "a", BeganAt: 1, Result: models.JobRunning}
		if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.BeginJob(old) }); err != nil {
			t.Fatal(err)
		}
		began := make(chan time.Time, 1)
		if _, err := newRunner(t, s, "a", ticking("tick", began)).RunNow(t.Context(), "tick"); err != nil {
			t.Fatal(err)
		}
		var lost int
		stmt, err := s.ReadStmt(t.Context(), "SELECT count(*) FROM jobs WHERE result = ? AND ended_at > 0")
		if err != nil {
			t.Fatal(err)
		}
		if err := stmt.QueryRow("lost").Scan(&lost); err != nil || lost != 1 {
			t.Errorf("%d lost runs, %v", lost, err)
		}
	})
}

func TestTheHistoryOfAJobIsBounded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i := range int64(250) {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				return tx.BeginJob(models.JobRun{Name: "tick", Node: "a", BeganAt: i, Result: models.JobOK})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		stmt, err := s.ReadStmt(t.Context(), "SELECT count(*), min(began_at) FROM jobs WHERE name = ?")
		if err != nil {
			t.Fatal(err)
		}
		var n, oldest int
		if err := stmt.QueryRow("tick").Scan(&n, &oldest); err != nil || n != 200 || oldest != 50 {
			t.Errorf("%d runs from %d on, %v", n, oldest, err)
		}
	})
}
