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
}

// event is a line of the ledger, as far as it matters here.
type event struct {
	at                              int64
	jti, assertion, reason, request string
}

// What is read of a stage at most. A partner who fills it has hammered long before.
const (
	mostLines = 2000
	mostCalls = 500
)

// before is how far back lines are read to know whose an AT is: none lives longer.
const before = 10 * time.Minute

var kinds = []string{"at.issued", "at.refused", "vt.issued", "vt.refused"}

// read reads the tape of a run's stage.
func (r *Runs) read(ctx context.Context, run models.ConformanceRun) (tape, error) {
	f := store.LogFilter{Application: run.ApplicationID, Kinds: kinds}
	begin, long := store.FirstEventID(run.StageAt), store.FirstEventID(run.StageAt-before.Milliseconds())
	earlier, err := r.o.Store.WalkLog(ctx, store.LogRange{From: long, Until: begin}, f, store.LogSteps{Most: mostLines, Limit: mostLines})
	if err != nil {
		return tape{}, err
	}
	since, err := r.o.Store.WalkLog(ctx, store.LogRange{From: begin, Until: store.LastEventID}, f, store.LogSteps{Most: mostLines, Limit: mostLines, Forward: true})
	if err != nil {
		return tape{}, err
	}
	calls, err := r.o.Store.WalkCallsOf(ctx, store.CallFilter{From: run.StageAt, Applications: []string{run.ApplicationID}}, store.CallPlace{}, mostLines, mostCalls)
	if err != nil {
		return tape{}, err
	}
	lines := slices.Concat(since.Rows, earlier.Rows)
	slices.Reverse(lines)
	slices.Reverse(calls.Rows)
	return record(run.StageAt, lines, calls.Rows), nil
}

// record makes a tape of lines of the ledger and of calls, each the oldest first: of what
// happened since a stage began.
func record(since int64, lines []models.Event, calls []models.Call) (t tape) {
	own, visits := map[string]bool{}, map[string]string{} // by jti; jti by vid
	var presented []event
	for _, e := range lines {
		detail := e.Detail()
		x := event{at: e.At, jti: detail["jti"], assertion: detail["assertion"], reason: e.Reason, request: e.RequestID}
		switch e.Kind {
		case "at.issued", "at.refused":
			if detail["credential"] == "" || models.OfTrial(detail["credential"]) {
				continue
			}
			own[x.jti] = x.jti != ""
			if e.At >= since {
				t.asks = append(t.asks, x)
			}
		case "vt.issued":
			visits[e.VID] = x.jti
		case "vt.refused":
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
