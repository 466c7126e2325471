package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"postern/app"
	"postern/app/config"
	"postern/app/jobs"
	"postern/app/store"
	"postern/models"
)

type jobsCommand struct {
	List listJobsCommand `cmd:"" help:"Say when each job last ran, where, and what came of it."`
	Run  runJobCommand   `cmd:"" help:"Run one job now, beside a gateway that may be running."`
}

type listJobsCommand struct {
	settings
}

func (c listJobsCommand) Run(i invocation) error {
	s, configured, err := c.beside(i, "zone")
	if err != nil {
		return err
	}
	defer s.Close()
	runs, err := s.LastJobs(i.ctx)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		_, err := fmt.Fprintln(i.Out, "No job has run yet.")
		return err
	}
	w := tabwriter.NewWriter(i.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "job\tnode\tbegan\ttook\tresult\t\n")
	for _, r := range runs {
		took := "-"
		if r.EndedAt != 0 {
			took = (time.Duration(r.EndedAt-r.BeganAt) * time.Millisecond).String()
		}
		began := time.UnixMilli(r.BeganAt).In(configured.Zone).Format(time.DateTime)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, r.Node, began, took, r.Result, outcome(r))
	}
	return w.Flush()
}

// outcome is what a run has to say, on one line.
func outcome(r models.JobRun) string {
	return strings.Join(strings.Fields(r.Note+" "+r.Error), " ")
}

type runJobCommand struct {
	settings
	Name string `arg:"" enum:"keys,days,retention" help:"The job: keys (rotates and retires them), days (adds up the counts of past days) or retention (deletes what is past its time)."`
}

func (c runJobCommand) Run(i invocation) error {
	sections := []string{"zone", "retention"}
	if c.Name == "keys" {
		sections = append(sections, "keys", "master_key", "other_master_key")
	}
	s, configured, err := c.beside(i, sections...)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := c.jobs(i, s, configured)
	if err != nil {
		return err
	}
	runner, err := jobs.New(jobs.Options{
		Store: s, Node: "command line", Now: i.Now, Rand: i.Rand, Log: i.log(slog.LevelError), Jobs: list,
	})
	if err != nil {
		return err
	}
	run, err := runner.RunNow(i.ctx, c.Name)
	switch {
	case errors.Is(err, jobs.ErrRunning):
		return fmt.Errorf("%s is running on another node", c.Name)
	case err != nil:
		return err
	case run.Result != models.JobOK:
		return fmt.Errorf("%s %s: %s", c.Name, run.Result, outcome(run))
	}
	_, err = fmt.Fprintf(i.Out, "%s ok %s\n", c.Name, outcome(run))
	return err
}

// jobs are those that can be run; the keys' only where it is asked for, because
// nothing else needs the master key.
func (c runJobCommand) jobs(i invocation, s *store.Store, configured config.Config) ([]jobs.Job, error) {
	live, err := settingsNow(i, s, configured)
	if err != nil {
		return nil, err
	}
	list := []jobs.Job{
		jobs.Days{Store: s, Zone: configured.Zone, Now: i.Now}.Job(),
		jobs.Retention{Store: s, Days: live.Retention, Zone: configured.Zone, Now: i.Now}.Job(),
	}
	if c.Name != "keys" {
		return list, nil
	}
	ring, err := loadRing(i, configured, s)
	if err != nil {
		return nil, err
	}
	return append(list, app.TendKeys(ring)), nil
}
