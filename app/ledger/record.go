package ledger

import (
	"context"
	"fmt"
	"time"

	"postern/models"
)

const (
	// maxSeenShapes bounds what the writer remembers of shapes that are on disk.
	maxSeenShapes = 4096
	// shapeAgain is how long it remembers one: then it says again that it is in
	// use, for retention deletes what has not been seen for long. Milliseconds.
	shapeAgain = 24 * 60 * 60 * 1000
)

// Record queues the record of a call, to be committed within CallDelay; a crash
// may lose it. shape, if not nil, is what c.ShapeID names. An empty c.ID is
// filled. ErrUnavailable means that the queue is full: the reply must not leave.
func (l *Ledger) Record(c models.Call, shape *models.Shape) error {
	e, err := l.newCallEntry(c, shape)
	if err != nil {
		return err
	}
	return l.later(e)
}

// RecordNow is Record for services whose records must be on disk before the
// reply leaves.
func (l *Ledger) RecordNow(ctx context.Context, c models.Call, shape *models.Shape) error {
	e, err := l.newCallEntry(c, shape)
	if err != nil {
		return err
	}
	return l.await(ctx, e)
}

func (l *Ledger) newCallEntry(c models.Call, shape *models.Shape) (*callEntry, error) {
	if c.ID == "" {
		id, err := NewID(time.UnixMilli(c.At), l.options.Rand)
		if err != nil {
			return nil, fmt.Errorf("record call: %w", err)
		}
		c.ID = id
	}
	c.Reason, c.RequestID, c.Method = storable(c.Reason), storable(c.RequestID), storable(c.Method)
	return &callEntry{call: c, shape: shape}, nil
}

type callEntry struct {
	waiting
	call  models.Call
	shape *models.Shape
}

func (e *callEntry) join(g *group) {
	g.calls = append(g.calls, e.call)
	if e.shape == nil {
		return
	}
	if at, seen := g.ledger.seenShapes[e.shape.ID]; !seen || e.shape.FirstSeen-at >= shapeAgain {
		g.shapes = append(g.shapes, *e.shape)
	}
}

// writeShapes interns the group's shapes, each once.
func (g *group) writeShapes() error {
	var rows [][]any
	for i, s := range sortedBy(g.shapes, func(s models.Shape) string { return s.ID }) {
		if i == 0 || s.ID != g.shapes[i-1].ID {
			rows = append(rows, []any{s.ID, s.Canonical, s.FirstSeen, s.FirstSeen})
		}
	}
	return g.insert(shapeTable, rows)
}

// rememberShapes is called after the commit: what was rolled back is not there.
func (l *Ledger) rememberShapes(shapes []models.Shape) {
	if len(l.seenShapes)+len(shapes) > maxSeenShapes {
		clear(l.seenShapes)
	}
	for _, s := range shapes {
		l.seenShapes[s.ID] = s.FirstSeen
	}
}

func (g *group) writeCalls() error {
	rows := make([][]any, len(g.calls))
	for i, c := range g.calls {
		rows[i] = []any{c.ID, c.VID, c.RequestID, c.PartnerID, c.ApplicationID, c.ServiceID, c.RouteID, c.Method,
			c.Code, c.Reason, c.Rule, c.ShapeID, c.At, int64(c.Status), c.PolicyVersion, c.Duration, c.UpstreamTime, c.BytesIn, c.BytesOut}
	}
	return g.insert(callTable, rows)
}
