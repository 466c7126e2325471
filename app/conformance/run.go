package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/models"
)

const (
	// Kept is how many runs of an application are kept; those that were not played to their
	// end make room first.
	Kept = 10
	// Patience is for how long a stage waits at most for something to observe.
	Patience = 3 * time.Minute
	// every is how often runs that are on are looked at.
	every = 2 * time.Second
	// atOnce is how many of them.
	atOnce = 100
	// nobody is whose acts the steps are that a run takes by itself.
	nobody = ""
)

// Refusals.
var (
	ErrOn = errs.New(errs.Conflict, "run_on", "A run is on already.")
	// ErrNone is a run that there is not, or not of whom it is asked for.
	ErrNone = errs.New(errs.NotFound, "no_run", "There is no such run.")
	ErrOff  = errs.New(errs.Conflict, "run_off", "No run is on.")
	// ErrStage is weather to be skipped that is not on.
	ErrStage = errs.New(errs.Invalid, "no_stage", "The run is not at this weather.")
)

// errMoved rolls back a step that somebody else has taken.
var errMoved = errors.New("somebody else has moved the run")

// Options are what Runs works with.
type Options struct {
	Store  *store.Store
	Sign   func(typ string, payload []byte) ([]byte, error) // a compact JWS by a key of the gateway's JWKS
	Verify func(ctx context.Context, typ, compact string) (payload []byte, holds bool, err error)
	Issuer string
	Now    func() time.Time
	Rand   io.Reader
	Log    *slog.Logger
}

// Runs may be used by any number of goroutines.
type Runs struct{ o Options }

// New returns the runs of all applications.
func New(o Options) *Runs { return &Runs{o} }

// Begin begins a run. Weather that is over the application ends: the run makes its own.
// selfservice.ErrNoWeather for what is no application of the partner's sandbox, ErrOn.
func (r *Runs) Begin(ctx context.Context, u selfservice.User, application string) error {
	return r.write(ctx, u.Account, func(w change.Writer, b store.Business) error {
		a, err := selfservice.InSandbox(b, u.Partner, application)
		if err != nil {
			return err
		}
		if _, on, err := w.ConformanceRunOn(a.ID); err != nil {
			return err
		} else if on {
			return ErrOn
		}
		over, err := w.WeatherOver(a.ID, w.At())
		if err != nil {
			return err
		}
		for _, spell := range over {
			if err := selfservice.SetWeather(w, a.Partner, models.WeatherSpell{ApplicationID: a.ID, Kind: spell.Kind}); err != nil {
				return err
			}
		}
		run := models.ConformanceRun{PartnerID: a.Partner, ApplicationID: a.ID, AccountID: u.Account, BeganAt: w.At(), Observed: []models.Observation{}}
		if run.ID, err = ledger.NewID(w.Now, w.Rand); err != nil {
			return err
		}
		run = raised(run, models.Weathers, a.AuthMethod, w.At())
		if err := w.BeginConformanceRun(run, Kept); err != nil {
			return err
		}
		if err := told(w, "conformance.began", run, map[string]string{}); err != nil {
			return err
		}
		return raise(w, run)
	})
}

// Skip ends a stage of the run that is on before it is over; nothing if it is over. What was
// found stays: no fault is skipped away. ErrOff; ErrStage of a stage that has not come yet, or
// that there is not.
func (r *Runs) Skip(ctx context.Context, u selfservice.User, application string, of models.Weather) error {
	return r.change(ctx, u, application, func(w change.Writer, b store.Business, run models.ConformanceRun, o models.Observation) error {
		if slices.ContainsFunc(run.Observed, func(o models.Observation) bool { return o.Weather == of }) {
			return nil // another tab's click
		}
		if run.Stage != of {
			return ErrStage
		}
		if err := told(w, "conformance.skipped", run, map[string]string{"weather": string(of)}); err != nil {
			return err
		}
		return r.next(w, b, run, o, "")
	})
}

// Stop ends the run that is on. What was found stays. ErrOff.
func (r *Runs) Stop(ctx context.Context, u selfservice.User, application string) error {
	return r.change(ctx, u, application, func(w change.Writer, b store.Business, run models.ConformanceRun, o models.Observation) error {
		return r.next(w, b, run, o, models.RunStopped)
	})
}

// change changes the run that is on of an application of the user's partner, of whose stage
// so much was observed. Where a node takes a step meanwhile, it is tried again: there are no
// more steps than stages.
func (r *Runs) change(ctx context.Context, u selfservice.User, application string, f func(change.Writer, store.Business, models.ConformanceRun, models.Observation) error) error {
	for {
		if err := r.changeOnce(ctx, u, application, f); !errors.Is(err, errMoved) {
			return err
		}
	}
}

func (r *Runs) changeOnce(ctx context.Context, u selfservice.User, application string, f func(change.Writer, store.Business, models.ConformanceRun, models.Observation) error) error {
	before, on, err := r.o.Store.ConformanceRunOn(ctx, application)
	if err != nil {
		return err
	}
	if !on || before.PartnerID != u.Partner {
		return ErrOff
	}
	seen, done, err := r.Look(ctx, before)
	if err != nil {
		return err
	}
	return r.write(ctx, u.Account, func(w change.Writer, b store.Business) error {
		run, on, err := w.ConformanceRunOn(application)
		if err != nil {
			return err
		}
		if !on {
			return ErrOff
		}
		o := left(seen, done)
		if run.Stage != seen.Weather || run.StageAt != seen.From { // it has just gone on
			o = left(models.Observation{Weather: run.Stage, From: run.StageAt, Until: w.At()}, false)
		}
		return f(w, b, run, o)
	})
}

// left is what is written down of a stage that is left: what was observed, or, before that is
// done, that it was not played to its end, and whether it was felt.
func left(o models.Observation, done bool) models.Observation {
	if !done {
		o.Verdict, o.Finding = models.NotPlayed, models.Unfinished
	}
	return o
}

// Run looks after the runs that are on until ctx ends. Every node does: what has been
// observed is the same for all, and of a step that several take one counts.
func (r *Runs) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := r.Step(ctx); err != nil && ctx.Err() == nil {
				r.o.Log.WarnContext(ctx, "conformance runs do not go on", slog.Any("err", err))
			}
		case <-ctx.Done():
			return
		}
	}
}

// Step takes the step of each run that is on for which it is time.
func (r *Runs) Step(ctx context.Context) error {
	list, err := r.o.Store.ConformanceRunsOn(ctx, atOnce)
	if err != nil {
		return err
	}
	var faults []error
	for _, run := range list {
		if err := r.step(ctx, run); err != nil {
			faults = append(faults, fmt.Errorf("run %s: %w", run.ID, err))
		}
	}
	return errors.Join(faults...)
}

// Look is what can be observed by now of the stage that a run is at.
func (r *Runs) Look(ctx context.Context, run models.ConformanceRun) (o models.Observation, done bool, err error) {
	t, err := r.read(ctx, run)
	if err != nil {
		return o, false, err
	}
	o, done = observe(run.Stage, run.StageAt, t, r.o.Now().UnixMilli())
	return o, done, nil
}

func (r *Runs) step(ctx context.Context, run models.ConformanceRun) error {
	o, done, err := r.Look(ctx, run)
	if err != nil {
		return err
	}
	gone := false
	err = r.o.Store.Business(ctx, func(b store.Business) error {
		_, err := selfservice.InSandbox(b, run.PartnerID, run.ApplicationID)
		if gone = errors.Is(err, selfservice.ErrNoWeather); gone {
			err = nil
		}
		return err
	})
	if err != nil || !done && !gone {
		return err
	}
	err = r.write(ctx, nobody, func(w change.Writer, b store.Business) error {
		return r.next(w, b, run, left(o, done), "")
	})
	if errors.Is(err, errMoved) { // by another node, which is as good
		return nil
	}
	return err
}

// next ends the stage of a run with what was observed, and begins the one after it or ends
// the run: how it shall, if that is said, with its application, or after the last one.
func (r *Runs) next(w change.Writer, b store.Business, run models.ConformanceRun, o models.Observation, how models.RunEnd) error {
	a, err := selfservice.InSandbox(b, run.PartnerID, run.ApplicationID)
	closed := errors.Is(err, selfservice.ErrNoWeather)
	if err != nil && !closed {
		return err
	}
	to, at := run, slices.Index(models.Weathers, run.Stage)
	if at < 0 { // a kind of another release: there is no place for it, nor anything that follows
		return r.end(w, run, to, a.AuthMethod, models.RunStopped)
	}
	to.Observed = append(slices.Clone(run.Observed), o)
	if closed {
		how = cmp.Or(how, models.RunClosed)
	}
	if how != "" {
		return r.end(w, run, to, a.AuthMethod, how)
	}
	to = raised(to, models.Weathers[at+1:], a.AuthMethod, w.At())
	if to.Stage == "" {
		return r.end(w, run, to, a.AuthMethod, howEnded(to))
	}
	if err := r.move(w, run, to); err != nil {
		return err
	}
	return raise(w, to)
}

// howEnded is how a run ended that came to its last stage: one of which all was skipped was
// not played, and is kept as long as one that was stopped.
func howEnded(run models.ConformanceRun) models.RunEnd {
	if slices.ContainsFunc(run.Observed, func(o models.Observation) bool { return o.Verdict != models.NotPlayed && o.Verdict != models.NotFelt }) {
		return models.RunFinished
	}
	return models.RunStopped
}

// end ends a run that has come from one state to another, with its weather, and signs what
// it came to.
func (r *Runs) end(w change.Writer, from, to models.ConformanceRun, method models.AuthMethod, how models.RunEnd) (err error) {
	to.Observed, to.Stage, to.EndedAt, to.Ended = slices.Clone(to.Observed), "", w.At(), how
	for _, weather := range models.Weathers[min(len(to.Observed), len(models.Weathers)):] {
		to.Observed = append(to.Observed, unplayed(weather, method))
	}
	if to.Result, err = r.sign(to); err != nil {
		return err
	}
	if err := r.move(w, from, to); err != nil {
		return err
	}
	met, of := models.Met(to.Observed)
	return told(w, "conformance.ended", to, map[string]string{"how": string(how), "met": strconv.Itoa(met) + "/" + strconv.Itoa(of)})
}

// move writes a step, and ends the weather of the stage that it leaves.
func (r *Runs) move(w change.Writer, from, to models.ConformanceRun) error {
	moved, err := w.MoveConformanceRun(from, to)
	if err == nil && !moved {
		err = errMoved
	}
	if err != nil {
		return err
	}
	return selfservice.SetWeather(w, from.PartnerID, models.WeatherSpell{ApplicationID: from.ApplicationID, Kind: from.Stage})
}

// raised is a run at the first of the stages that its application can feel, or at none.
func raised(run models.ConformanceRun, stages []models.Weather, method models.AuthMethod, now int64) models.ConformanceRun {
	run.Stage, run.StageAt = "", now
	for _, w := range stages {
		o := unplayed(w, method)
		if o.Verdict == models.NotPlayed {
			run.Stage = w
			break
		}
		run.Observed = append(run.Observed, o)
	}
	return run
}

// unplayed is what is said of weather that was not raised. Whoever comes with a secret says
// nothing of a time, and cannot feel it.
func unplayed(w models.Weather, method models.AuthMethod) models.Observation {
	if w == models.ClockAhead && method == models.ClientSecretBasic {
		return models.Observation{Weather: w, Verdict: models.NotFelt, Finding: models.HasSecret}
	}
	return models.Observation{Weather: w, Verdict: models.NotPlayed, Finding: models.Unfinished}
}

// raise raises the weather of a run's stage. It ends with it, or by itself where no node is
// there to go on; not before what felt it last has been watched.
func raise(w change.Writer, run models.ConformanceRun) error {
	return selfservice.SetWeather(w, run.PartnerID, models.WeatherSpell{
		ApplicationID: run.ApplicationID, Kind: run.Stage, Until: w.Now.Add(Patience + Aftermath).UnixMilli(),
	})
}

func told(w change.Writer, kind string, run models.ConformanceRun, detail map[string]string) error {
	detail["id"] = run.ID
	return w.Event(ledger.Event{Kind: kind, PartnerID: run.PartnerID, ApplicationID: run.ApplicationID}, detail)
}

// write writes a step, or nothing: errMoved where somebody else took one meanwhile.
func (r *Runs) write(ctx context.Context, actor string, f func(change.Writer, store.Business) error) error {
	return r.o.Store.Write(ctx, func(tx *store.Tx) error {
		b, err := tx.Business()
		if err != nil {
			return err
		}
		return f(change.NewWriter(ctx, tx, actor, r.o.Now(), r.o.Rand), b)
	})
}
