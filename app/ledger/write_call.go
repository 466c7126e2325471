package ledger

import (
	"context"
	"fmt"
	"time"

	"postern/models"
)

// BeginWrite puts a call other than GET and HEAD on record before it is
// forwarded (protocol section 6). Of any number of calls with one (VID, JTI)
// exactly one is first and may be forwarded; the others are told its state. A
// call that runs for longer than maxRunning, or was running when this node last
// stopped, is told as unknown. State, Node and StartedAt of w are the ledger's.
func (l *Ledger) BeginWrite(ctx context.Context, w models.WriteCall, maxRunning time.Duration) (first bool, state models.WriteState, err error) {
	now := l.options.Now()
	w.State, w.Node, w.StartedAt = models.WriteRunning, l.process, now.UnixMilli()
	e := &beginEntry{call: w}
	if err := l.await(ctx, e); err != nil {
		return false, "", err
	}
	if e.first {
		return true, models.WriteRunning, nil
	}
	return false, l.tellState(e.found, now.Add(-maxRunning).UnixMilli()), nil
}

// tellState reads "running" with doubt: its process may be gone.
func (l *Ledger) tellState(w models.WriteCall, oldest int64) models.WriteState {
	if w.State != models.WriteRunning {
		return w.State
	}
	if w.StartedAt < oldest || w.Node != l.process && sameNode(w.Node, l.process) {
		return models.WriteUnknown
	}
	return models.WriteRunning
}

// sameNode reports whether two processes, "node#word", are of one node.
func sameNode(a, b string) bool { return nodeOf(a) == nodeOf(b) }

func nodeOf(process string) string {
	for i := len(process) - 1; i >= 0; i-- {
		if process[i] == '#' {
			return process[:i]
		}
	}
	return process
}

// EndWrite queues what became of a write call; after a crash it stays unknown.
// ErrUnavailable means that the queue is full.
func (l *Ledger) EndWrite(w models.WriteCall, state models.WriteState) error {
	return l.later(&endWriteEntry{vid: w.VID, jti: w.JTI, outcome: state})
}

type beginEntry struct {
	waiting
	call  models.WriteCall
	first bool
	found models.WriteCall // the one that was first
}

func (e *beginEntry) join(g *group) {
	e.first, e.found = false, models.WriteCall{}
	g.begins = append(g.begins, e)
}

func (g *group) writeBegins() error {
	firsts := map[string]*beginEntry{}
	var rows [][]any
	for _, e := range g.begins {
		key := joinKey(e.call.VID, e.call.JTI)
		if firsts[key] != nil {
			continue
		}
		firsts[key] = e
		w := e.call
		rows = append(rows, []any{w.VID, w.JTI, string(w.State), w.Node, w.StartedAt})
	}
	inserted, err := g.insertNew(writeCallTable, rows)
	if err != nil {
		return err
	}
	for _, e := range g.begins {
		key := joinKey(e.call.VID, e.call.JTI)
		if e.first = inserted[key] && firsts[key] == e; e.first {
			continue
		}
		row := g.tx.QueryRowContext(g.ctx, g.ledger.sql.loadWriteCall, e.call.VID, e.call.JTI)
		if err := row.Scan(&e.found.State, &e.found.Node, &e.found.StartedAt); err != nil {
			return fmt.Errorf("read write call: %w", err)
		}
	}
	return nil
}

type endWriteEntry struct {
	waiting
	vid, jti string
	outcome  models.WriteState
}

func (e *endWriteEntry) join(g *group) { g.endings = append(g.endings, e) }

func (g *group) writeEndings() error {
	if len(g.endings) == 0 {
		return nil
	}
	endings := sortedBy(g.endings, func(e *endWriteEntry) string { return joinKey(e.vid, e.jti) })
	if g.onSQLite() {
		for _, e := range endings {
			if _, err := g.exec(g.ledger.sql.endCall, string(e.outcome), e.vid, e.jti); err != nil {
				return fmt.Errorf("end write call: %w", err)
			}
		}
		return nil
	}
	states, vids, jtis := make([]string, len(endings)), make([]string, len(endings)), make([]string, len(endings))
	for i, e := range endings {
		states[i], vids[i], jtis[i] = string(e.outcome), e.vid, e.jti
	}
	if _, err := g.exec(g.ledger.sql.endCall, states, vids, jtis); err != nil {
		return fmt.Errorf("end write calls: %w", err)
	}
	return nil
}
