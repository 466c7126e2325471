package conformance

import (
	"context"
	"slices"
	"time"

	"postern/app/store"
	"postern/models"
)

// tape is what the ledger has of a stage, the oldest first: what the partner's own servers
// asked for, and what became of it. It has nothing of trials, nor of anybody who only says
// that it is the application.
type tape struct {
	asks    []event       // for ATs, granted or not
	refused []event       // exchanges of these ATs that were refused
	calls   []models.Call // of visits that these ATs opened
	gap     int64         // Unix ms, from when on lines were too many to be read; 0 where all were
}

// known is until when a tape tells what happened. What was not read may be anything: it is no
// silence, and nothing passes by it.
func (t tape) known(now int64) int64 {
	if t.gap == 0 {
		return now
	}
	return min(now, t.gap)
}

// event is a line of the ledger, as far as it matters here.
type event struct {
	at                              int64
	jti, assertion, reason, request string
}

// What is read for a stage at most, and at once. Anybody who names the client_id can fill the
// ledger of an application, so a stage that is not read to its end does not pass.
const (
	mostRead = 20_000
	atATime  = 2000
)

// before is how far back lines are read to know whose an AT is: none lives longer.
const before = 10 * time.Minute

var kinds = []string{"at.issued", "at.refused", "vt.issued", "vt.refused"}

// read reads the tape of a run's stage.
func (r *Runs) read(ctx context.Context, run models.ConformanceRun) (tape, error) {
	lines, gap, err := r.lines(ctx, run.ApplicationID, run.StageAt-before.Milliseconds())
	if err != nil {
		return tape{}, err
	}
	calls, all, err := r.calls(ctx, run.ApplicationID, run.StageAt)
	if err != nil {
		return tape{}, err
	}
	if !all {
		gap = run.StageAt // the oldest are missing, and the first fault with them
	}
	t := record(run.StageAt, lines, calls)
	t.gap = gap
	return t, nil
}

// lines reads the lines of an application since a time, the oldest first, without those that
// cannot count; gap is from when on there were too many.
func (r *Runs) lines(ctx context.Context, application string, since int64) (list []models.Event, gap int64, err error) {
	f := store.LogFilter{Application: application, Kinds: kinds}
	span := store.LogRange{From: store.FirstEventID(since), Until: store.LastEventID}
	gap = since
	for range mostRead / atATime {
		walk, err := r.o.Store.WalkLog(ctx, span, f, store.LogSteps{Most: atATime, Limit: atATime, Forward: true})
		if err != nil {
			return nil, 0, err
		}
		for _, e := range slices.Backward(walk.Rows) {
			gap = e.At
			if !ofAT(e) || proved(e.Detail()) {
				list = append(list, e)
			}
		}
		if walk.End == "" {
			return list, 0, nil
		}
		span.From = walk.End
	}
	return list, gap, nil
}

// calls reads the calls of an application since a time, the oldest first; all is false where
// there were too many.
func (r *Runs) calls(ctx context.Context, application string, since int64) (list []models.Call, all bool, err error) {
	f, place := store.CallFilter{From: since, Applications: []string{application}}, store.CallPlace{}
	for range mostRead / atATime {
		walk, err := r.o.Store.WalkCallsOf(ctx, f, place, atATime, atATime)
		if err != nil {
			return nil, false, err
		}
		list = append(list, walk.Rows...)
		if place = walk.End; place == (store.CallPlace{}) {
			all = true
			break
		}
	}
	slices.Reverse(list)
	return list, all, nil
}

func ofAT(e models.Event) bool { return e.Kind == "at.issued" || e.Kind == "at.refused" }

// proved reports whether a request for an AT is the partner's own, by its details.
func proved(detail map[string]string) bool {
	return detail["credential"] != "" && !models.OfTrial(detail["credential"])
}

// record makes a tape of lines of the ledger and of calls, each the oldest first: of what
// happened since a stage began.
func record(since int64, lines []models.Event, calls []models.Call) (t tape) {
	own, visits := map[string]bool{}, map[string]string{} // by jti; jti by vid
	var presented []event
	for _, e := range lines {
		detail := e.Detail()
		x := event{at: e.At, jti: detail["jti"], assertion: detail["assertion"], reason: e.Reason, request: e.RequestID}
		switch {
		case ofAT(e):
			if !proved(detail) {
				continue
			}
			own[x.jti] = x.jti != ""
			if e.At >= since {
				t.asks = append(t.asks, x)
			}
		case e.Kind == "vt.issued":
			visits[e.VID] = x.jti
		case e.Kind == "vt.refused":
			presented = append(presented, x)
		}
	}
	for _, x := range presented { // lines of one millisecond are in no order
		if own[x.jti] && x.at >= since {
			t.refused = append(t.refused, x)
		}
	}
	for _, c := range calls {
		if own[visits[c.VID]] && c.At >= since {
			t.calls = append(t.calls, c)
		}
	}
	return t
}
