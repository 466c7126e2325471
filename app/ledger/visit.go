package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"postern/models"
)

// EndReasonRevoked stands in visits.end_reason when the AT was revoked.
const EndReasonRevoked = "revoked"

// EndVisit ends a visit on all nodes: visits.ended_at, a change that the nodes'
// feeds carry until deadAfter (Unix ms), and the event. ended is false, and
// nothing is written, if the visit had ended before or is not there.
func (l *Ledger) EndVisit(ctx context.Context, vid, reason string, deadAfter int64, e Event) (ended bool, err error) {
	made, err := l.Make(e)
	if err != nil {
		return false, fmt.Errorf("end visit: %w", err)
	}
	entry := &endVisitEntry{vid: vid, reason: reason, deadAfter: deadAfter, made: made}
	if err := l.await(ctx, entry); err != nil {
		return false, err
	}
	return entry.ended, nil
}

type endVisitEntry struct {
	waiting
	vid, reason string
	deadAfter   int64
	made        models.Event
	ended       bool
}

func (e *endVisitEntry) join(g *group) {
	e.ended = false
	g.ends = append(g.ends, e)
}

func (g *group) writeEnds() error {
	for _, e := range sortedBy(g.ends, func(e *endVisitEntry) string { return e.vid }) {
		before := len(g.changes)
		if err := g.endVisit(e.vid, e.reason, e.deadAfter, e.made.At); err != nil {
			return err
		}
		if e.ended = len(g.changes) > before; e.ended {
			g.events = append(g.events, e.made)
		}
	}
	return nil
}

// endVisit ends a visit that lives and adds the change that tells the nodes.
func (g *group) endVisit(vid, reason string, deadAfter, now int64) error {
	n, err := g.exec(g.ledger.sql.endVisit, now, reason, vid)
	if err != nil {
		return fmt.Errorf("end visit: %w", err)
	}
	if n == 1 {
		g.changes = append(g.changes, models.Change{
			At: now, Kind: models.ChangeVisitEnded, Subject: vid, Until: deadAfter,
		})
	}
	return nil
}

// Customer is whom the bank's sign-in saw, as the ledger may hold it.
type Customer struct {
	Sealed   string // for display
	MAC      string // for search
	AuthTime int64  // Unix ms
}

// BindCustomer binds a customer to a visit that lives; a later sign-in replaces
// an earlier one. It returns errs.NotFound if there is no such visit or it has
// ended.
func (l *Ledger) BindCustomer(ctx context.Context, vid string, c Customer, e Event) error {
	made, err := l.Make(e)
	if err != nil {
		return fmt.Errorf("bind customer: %w", err)
	}
	entry := &bindEntry{vid: vid, customer: c, made: made}
	if err := l.await(ctx, entry); err != nil {
		return err
	}
	if !entry.bound {
		return errNoVisit
	}
	return nil
}

type bindEntry struct {
	waiting
	vid      string
	customer Customer
	made     models.Event
	bound    bool
}

func (e *bindEntry) join(g *group) {
	e.bound = false
	g.binds = append(g.binds, e)
}

func (g *group) writeBinds() error {
	for _, e := range sortedBy(g.binds, func(e *bindEntry) string { return e.vid }) {
		n, err := g.exec(g.ledger.sql.bindCustomer, e.customer.Sealed, e.customer.MAC, e.customer.AuthTime, e.vid)
		if err != nil {
			return fmt.Errorf("bind customer: %w", err)
		}
		if e.bound = n == 1; e.bound {
			g.events = append(g.events, e.made)
		}
	}
	return nil
}

// RevokeAT revokes an AT at now (Unix ms); if it was spent, the visit that it
// opened is ended as well. It returns the row as it is afterwards. Revoking
// again changes and writes nothing. It returns errs.NotFound if there is no row.
func (l *Ledger) RevokeAT(ctx context.Context, atHash string, now int64, e Event) (models.ATRow, error) {
	made, err := l.Make(e)
	if err != nil {
		return models.ATRow{}, fmt.Errorf("revoke AT: %w", err)
	}
	entry := &revokeEntry{atHash: atHash, now: now, made: made}
	err = l.await(ctx, entry)
	l.recent.forget(atHash)
	if err != nil {
		return models.ATRow{}, err
	}
	if !entry.found {
		return models.ATRow{}, errNoAT
	}
	return entry.row, nil
}

type revokeEntry struct {
	waiting
	atHash string
	now    int64
	made   models.Event
	found  bool
	row    models.ATRow
}

func (e *revokeEntry) join(g *group) {
	e.found, e.row = false, models.ATRow{}
	g.revokes = append(g.revokes, e)
}

func (g *group) writeRevokes() error {
	for _, e := range sortedBy(g.revokes, func(e *revokeEntry) string { return e.atHash }) {
		if err := g.revoke(e); err != nil {
			return fmt.Errorf("revoke AT: %w", err)
		}
	}
	return nil
}

func (g *group) revoke(e *revokeEntry) error {
	row, err := scanAT(g.tx.QueryRowContext(g.ctx, g.ledger.sql.loadAT, e.atHash))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	e.found, e.row = true, row
	if row.RevokedAt != 0 {
		return nil
	}
	e.row.RevokedAt = e.now
	g.events = append(g.events, e.made)
	if _, err := g.exec(g.ledger.sql.revokeAT, e.now, e.atHash); err != nil {
		return err
	}
	if row.VID == "" {
		return nil
	}
	_, deadAfter, err := g.visitEnd(row.VID)
	if err != nil {
		return err
	}
	return g.endVisit(row.VID, EndReasonRevoked, deadAfter, e.now)
}
