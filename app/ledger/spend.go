package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"postern/models"
)

// SpendOutcome says what became of an attempt to spend an AT.
type SpendOutcome int

// The outcomes (protocol section 5).
const (
	// SpendGone: no unspent row that is neither revoked nor expired. Nothing was
	// written; Spent.Reason says which.
	SpendGone SpendOutcome = iota
	// SpendFirst: the spend, the visit and the event are on disk.
	SpendFirst
	// SpendAgain: the same AT with the same R within its time, for a visit that
	// lives. Only an event vt.reissued was written; Spent.VID is that visit's.
	SpendAgain
	// SpendOtherR: the AT was spent under another R. An alarm at.reused was
	// written and the first visit, Spent.VID, is ended.
	SpendOtherR
	// SpendRReused: R was seen with another AT. Nothing was written or spent.
	SpendRReused
)

// Why an AT is gone.
const (
	GoneUnknown    = "unknown"
	GoneRevoked    = "revoked"
	GoneExpired    = "expired"
	GoneVisitEnded = "visit_ended" // the same R again, too late or after the visit's end
)

// EndReasonReused stands in visits.end_reason when a second R ended the visit.
const EndReasonReused = "at_reused"

// replyWindow is how long past the AT's end the same R is answered again
// (protocol section 5), in milliseconds.
const replyWindow = 60_000

// Spend is one attempt to spend an AT and open a visit.
type Spend struct {
	ATHash string // base64url SHA-256 of the compact AT
	RHash  string // base64url hash of R
	Visit  models.Visit
	Event  Event // of the success; the ledger changes kind, outcome and vid for the others
	Now    int64 // Unix ms
}

// Spent is the result of a Spend.
type Spent struct {
	Outcome SpendOutcome
	VID     string // of the visit that the AT has opened, now or before
	Reason  string // with SpendGone: one of the Gone words
}

// Spend spends an AT: of any number of attempts with different R, on any number
// of nodes, exactly one gets SpendFirst. Its error is ErrUnavailable or a fault of the
// row itself; then nothing may be answered as spent.
func (l *Ledger) Spend(ctx context.Context, s Spend) (Spent, error) {
	if s.ATHash == "" || s.RHash == "" || s.Visit.VID == "" {
		return Spent{}, errors.New("spend: AT hash, R hash and vid are required")
	}
	if l.ClockBehind() {
		return Spent{}, ErrUnavailable.Because("clock_behind")
	}
	s.Visit.ATHash = s.ATHash
	event, err := l.Make(s.Event)
	if err != nil {
		return Spent{}, fmt.Errorf("spend: %w", err)
	}
	e := &spendEntry{Spend: s, made: event}
	err = l.await(ctx, e)
	l.recent.forget(s.ATHash) // whatever came of it
	if err != nil {
		return Spent{}, err
	}
	return e.spent, nil
}

type spendEntry struct {
	waiting
	Spend
	made  models.Event
	spent Spent
}

func (e *spendEntry) join(g *group) {
	e.spent = Spent{}
	g.spends = append(g.spends, e)
}

// writeSpends settles the group's spends in the order in which they came. Each
// round tries the first of each AT and of each R; what did not get a try is
// judged by the row as it is then, or waits for the next round.
func (g *group) writeSpends() error {
	for pending := g.spends; len(pending) > 0; {
		tries := firstOfEach(pending)
		won, err := g.claim(tries)
		if err != nil {
			return fmt.Errorf("spend AT: %w", err)
		}
		if err := g.openVisits(tries, won); err != nil {
			return err
		}
		if pending, err = g.judge(pending, tries, won); err != nil {
			return fmt.Errorf("judge spend: %w", err)
		}
	}
	return nil
}

// firstOfEach returns the entries that are the first of their AT and their R.
func firstOfEach(pending []*spendEntry) (tries []*spendEntry) {
	ats, rs := make(map[string]bool, len(pending)), make(map[string]bool, len(pending))
	for _, e := range pending {
		if !ats[e.ATHash] && !rs[e.RHash] {
			tries = append(tries, e)
		}
		ats[e.ATHash], rs[e.RHash] = true, true
	}
	return tries
}

// claim returns the AT hashes that were unspent, unrevoked and unexpired, and
// are spent now.
func (g *group) claim(tries []*spendEntry) (won map[string]bool, err error) {
	won = make(map[string]bool, len(tries))
	if !g.onSQLite() {
		return won, g.claimAtOnce(tries, won)
	}
	for _, e := range tries {
		n, err := g.exec(g.ledger.sql.claimAT, e.Now, e.RHash, e.Visit.VID, e.ATHash, e.Now, e.RHash)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			won[e.ATHash] = true
		}
	}
	return won, nil
}

func (g *group) claimAtOnce(tries []*spendEntry, won map[string]bool) error {
	ats, rs, vids := make([]string, len(tries)), make([]string, len(tries)), make([]string, len(tries))
	nows := make([]int64, len(tries))
	for i, e := range tries {
		ats[i], rs[i], vids[i], nows[i] = e.ATHash, e.RHash, e.Visit.VID, e.Now
	}
	rows, err := g.tx.QueryContext(g.ctx, g.ledger.sql.claimAT, ats, rs, vids, nows)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var at string
		if err := rows.Scan(&at); err != nil {
			return err
		}
		won[at] = true
	}
	return rows.Err()
}

func (g *group) openVisits(tries []*spendEntry, won map[string]bool) error {
	var rows [][]any
	for _, e := range tries {
		if !won[e.ATHash] {
			continue
		}
		e.spent = Spent{Outcome: SpendFirst, VID: e.Visit.VID}
		g.events = append(g.events, e.made)
		v := e.Visit
		rows = append(rows, []any{v.VID, v.ATHash, v.PartnerID, v.ApplicationID, v.ServiceID, string(v.Environment),
			v.Scope, v.SubjectSealed, v.SubjectMAC, v.CustomerSealed, v.CustomerMAC, v.AuthTime, v.OpenedAt, v.DeadAfter, v.Epoch})
	}
	return g.insert(visitTable, rows)
}

// judge gives every entry that was tried or needs no try its outcome and
// returns those whose turn is still to come.
func (g *group) judge(pending, tries []*spendEntry, won map[string]bool) (next []*spendEntry, err error) {
	tried := make(map[*spendEntry]bool, len(tries))
	for _, e := range tries {
		tried[e] = true
	}
	states := map[string]*atState{}
	for _, e := range pending {
		if tried[e] && won[e.ATHash] {
			continue // openVisits gave it its outcome
		}
		state, err := g.atState(states, e.ATHash)
		if err != nil {
			return nil, err
		}
		if state.claimable(e.Now) && !tried[e] {
			next = append(next, e)
			continue
		}
		if err := g.settle(e, state); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// settle writes what an attempt leaves that did not win.
func (g *group) settle(e *spendEntry, s *atState) error {
	e.spent = s.judge(e)
	switch e.spent.Outcome {
	case SpendAgain:
		return g.remake(e, Event{Kind: "vt.reissued", Outcome: e.Event.Outcome})
	case SpendOtherR:
		if err := g.endVisit(s.row.VID, EndReasonReused, s.deadAfter, e.Now); err != nil {
			return err
		}
		s.endedAt = cmp.Or(s.endedAt, e.Now)
		return g.remake(e, Event{Kind: "at.reused", Outcome: "at_spent", Reason: "other_r", Alarm: true})
	}
	return nil
}

// remake adds e's event with another kind and outcome, for the first visit.
func (g *group) remake(e *spendEntry, as Event) error {
	event := e.Event
	event.Kind, event.Outcome, event.Reason, event.Alarm = as.Kind, as.Outcome, as.Reason, as.Alarm
	event.VID = e.spent.VID
	made, err := g.ledger.Make(event)
	if err != nil {
		return err
	}
	g.events = append(g.events, made)
	return nil
}

// atState is an AT's row and the end of the visit that it has opened.
type atState struct {
	found     bool
	row       models.ATRow
	endedAt   int64
	deadAfter int64
}

func (s *atState) claimable(now int64) bool {
	return s.found && s.row.SpentAt == 0 && s.row.RevokedAt == 0 && s.row.ExpiresAt > now
}

// judge says what an attempt is worth that did not win the claim. Refusals
// follow the order of protocol section 5: not ours or expired before spent.
func (s *atState) judge(e *spendEntry) Spent {
	sameR := s.row.SpentAt != 0 && s.row.RHash == e.RHash
	switch {
	case !s.found:
		return Spent{Reason: GoneUnknown}
	case s.row.RevokedAt != 0:
		return Spent{VID: s.row.VID, Reason: GoneRevoked}
	case sameR && (e.Now >= s.row.ExpiresAt+replyWindow || s.endedAt != 0 || e.Now >= s.deadAfter):
		return Spent{VID: s.row.VID, Reason: GoneVisitEnded}
	case sameR:
		return Spent{Outcome: SpendAgain, VID: s.row.VID}
	case s.row.ExpiresAt <= e.Now:
		return Spent{VID: s.row.VID, Reason: GoneExpired}
	case s.row.SpentAt != 0:
		return Spent{Outcome: SpendOtherR, VID: s.row.VID}
	}
	return Spent{Outcome: SpendRReused}
}

// atState reads the state of an AT once for each round.
func (g *group) atState(known map[string]*atState, atHash string) (*atState, error) {
	if s := known[atHash]; s != nil {
		return s, nil
	}
	s := &atState{}
	known[atHash] = s
	row, err := scanAT(g.tx.QueryRowContext(g.ctx, g.ledger.sql.loadAT, atHash))
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	s.found, s.row = true, row
	if row.VID != "" {
		s.endedAt, s.deadAfter, err = g.visitEnd(row.VID)
	}
	return s, err
}

// visitEnd tells when a visit ended and when it dies; a visit that retention
// has removed is dead since the beginning of time.
func (g *group) visitEnd(vid string) (endedAt, deadAfter int64, err error) {
	err = g.tx.QueryRowContext(g.ctx, g.ledger.sql.visitEnd, vid).Scan(&endedAt, &deadAfter)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return endedAt, deadAfter, err
}

// sortedBy returns entries in the order of their keys; equal keys stay in the
// order in which they came.
func sortedBy[E any](entries []E, key func(E) string) []E {
	slices.SortStableFunc(entries, func(a, b E) int { return cmp.Compare(key(a), key(b)) })
	return entries
}
