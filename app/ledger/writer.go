package ledger

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// soloTries is how often an entry is tried alone. Of two nodes that race for one
// row the loser's first try may fail on the winner's commit; its second sees it.
const soloTries = 2

// clockInterval is how often the writer looks for newer events of other nodes.
const clockInterval = 10 * time.Second

// The writer lets callers gather where one follows the other within
// crowdedWithin: as long as each tick brings somebody, gatherTicks at most. A
// commit costs as much as the rows of several callers, and whoever comes too late
// for one waits for the whole of it. A caller alone waits for nobody.
const (
	crowdedWithin = time.Millisecond
	gatherTick    = 100 * time.Microsecond
	gatherTicks   = 16
)

// run is the writer goroutine.
func (l *Ledger) run() {
	defer close(l.stopped)
	crowd := false
	var ended time.Time
	for l.queue.wait() {
		if crowd && l.options.Now().Sub(ended) < crowdedWithin {
			l.gather()
		}
		entries, callers := l.queue.take()
		crowd = callers > 0
		l.commit(entries)
		l.watchClock()
		ended = l.options.Now()
	}
}

// gather returns when nobody comes any more.
func (l *Ledger) gather() {
	for range gatherTicks {
		before := l.queue.callersWaiting()
		time.Sleep(gatherTick)
		if now := l.queue.callersWaiting(); now == before || now >= l.options.MaxGroup {
			return
		}
	}
}

// commit writes entries as one group; if a row is at fault, each on its own.
func (l *Ledger) commit(entries []entry) {
	err := l.attempt(entries)
	switch {
	case err == nil:
		l.recovered()
		answer(entries)
	case store.RowFault(err):
		l.commitEach(entries)
	default:
		l.fail(entries, err)
	}
}

func (l *Ledger) commitEach(entries []entry) {
	for i, e := range entries {
		solo := []entry{e}
		var err error
		for range soloTries {
			if err = l.attempt(solo); err == nil || !store.RowFault(err) {
				break
			}
		}
		switch {
		case err == nil:
			answer(solo)
		case store.RowFault(err):
			l.refuse(e, err)
		default: // the store is gone: the rest would only wait for it, too
			l.fail(entries[i:], err)
			return
		}
	}
}

// attempt commits entries in one transaction.
func (l *Ledger) attempt(entries []entry) error {
	ctx := context.Background()
	if l.store.Dialect() == store.Postgres {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, groupTimeout)
		defer cancel()
	}
	g := &group{ledger: l, ctx: ctx}
	for _, e := range entries {
		e.join(g)
	}
	err := l.store.WriteGroup(ctx, func(tx *sql.Tx) error {
		g.tx = tx
		if err := g.write(); err != nil {
			return err
		}
		if l.options.BeforeCommit != nil {
			l.options.BeforeCommit()
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, e := range g.events {
		l.sawEvent(e.At)
	}
	l.rememberShapes(g.shapes)
	return nil
}

// answer tells whoever waits that its entry's result stands.
func answer(entries []entry) {
	for _, e := range entries {
		if w := e.state(); w.done != nil {
			close(w.done)
		}
	}
}

// refuse ends an entry that the database will not take, however often it is tried.
func (l *Ledger) refuse(e entry, cause error) {
	w := e.state()
	if w.done == nil {
		l.log.Error("record was refused by the database", slog.Any("err", cause))
		return
	}
	w.err = (&errs.Error{
		Kind:    errs.Internal,
		Message: "Something went wrong on our side.",
		Reason:  "ledger_row_refused",
	}).Wrap(cause)
	close(w.done)
}

// fail answers callers that nothing is on record, and keeps records for later.
func (l *Ledger) fail(entries []entry, cause error) {
	var records []entry
	for _, e := range entries {
		w := e.state()
		if w.done == nil {
			records = append(records, e)
			continue
		}
		w.err = ErrUnavailable.Wrap(cause)
		close(w.done)
	}
	if len(records) > 0 {
		l.queue.putBack(records)
	}
	if !l.failing.Swap(true) { // callers return their errors; this line says it once
		l.log.Error("ledger could not write", slog.Any("err", cause))
	}
}

func (l *Ledger) recovered() {
	if l.failing.Swap(false) {
		l.log.Info("ledger wrote again")
	}
}

// watchClock looks now and then for events of other nodes. A fault is left to
// the next write, which will tell of it.
func (l *Ledger) watchClock() {
	since := l.options.Now().Sub(l.refreshedAt)
	if since >= 0 && since < clockInterval {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()
	if err := l.refreshClock(ctx); err != nil {
		l.log.Debug("newest event was not read", slog.Any("err", err))
	}
}

// group is one transaction: what its entries want, by table. Stages go through
// the tables in one order and through each by key, so that two nodes never wait
// for each other in a circle.
type group struct {
	ledger *Ledger
	ctx    context.Context
	tx     *sql.Tx

	issues  []*issueEntry
	spends  []*spendEntry
	revokes []*revokeEntry
	ends    []*endVisitEntry
	binds   []*bindEntry
	begins  []*beginEntry
	endings []*endWriteEntry
	calls   []models.Call
	shapes  []models.Shape
	changes []models.Change
	events  []models.Event
}

func (g *group) write() error {
	for _, stage := range []func() error{
		g.writeIssues, g.writeSpends, g.writeRevokes, g.writeEnds, g.writeBinds,
		g.writeBegins, g.writeEndings, g.writeShapes, g.writeCalls, g.writeChanges, g.writeEvents, g.writeRollups,
	} {
		if err := stage(); err != nil {
			return err
		}
	}
	return nil
}
