package records

import (
	"context"
	"slices"

	"postern/models"
)

const (
	maxRuns = 50 // of an application; fewer are kept
	// weatherLag is for how long, ms, a node may still feel weather that a run has ended: the
	// feed brings it the end within a second.
	weatherLag = 1000
)

// RunOf is the id of the conformance run that had raised the bad weather to blame for a
// refusal of an application's, by its reason and time (Unix ms); "" where no weather is, where
// somebody had raised it, or where the run is kept no more.
func (r *Records) RunOf(ctx context.Context, application, reason string, at int64) (string, error) {
	if !models.ByWeather(reason) {
		return "", nil
	}
	list, err := r.o.Store.ConformanceRuns(ctx, application, maxRuns)
	return runAt(list, at), err
}

// runAt is the run of a list that was on at a time: nobody else raises weather then.
func runAt(list []models.ConformanceRun, at int64) string {
	i := slices.IndexFunc(list, func(run models.ConformanceRun) bool {
		return run.BeganAt <= at && (run.EndedAt == 0 || at <= run.EndedAt+weatherLag)
	})
	if i < 0 {
		return ""
	}
	return list[i].ID
}

// RunOf is Records.RunOf of an application of the partner's.
func (o Own) RunOf(ctx context.Context, application, reason string, at int64) (string, error) {
	if len(o.of(application)) != 1 || application == "" {
		return "", nil
	}
	return o.r.RunOf(ctx, application, reason, at)
}

// readRuns reads the conformance runs of the X-ray's application, where weather is to blame
// for something in it.
func (r *Records) readRuns(ctx context.Context, x *XRay) (err error) {
	if slices.ContainsFunc(x.Events, func(e models.Event) bool { return models.ByWeather(e.Reason) }) ||
		slices.ContainsFunc(x.Calls, func(c models.Call) bool { return models.ByWeather(c.Reason) }) {
		x.runs, err = r.o.Store.ConformanceRuns(ctx, x.ApplicationID, maxRuns)
	}
	return err
}

// RunOf is what Records.RunOf says of a step's refusal.
func (x XRay) RunOf(s Step) string {
	if !models.ByWeather(s.Reason) {
		return ""
	}
	return runAt(x.runs, s.From)
}
