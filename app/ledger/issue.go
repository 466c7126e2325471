package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"postern/app/errs"
	"postern/models"
)

// Issue is what must be on disk before an AT leaves (protocol section 3).
type Issue struct {
	AssertionJTI     string    // empty where the client did not use an assertion
	AssertionExpires time.Time // until when the jti is kept
	Row              models.ATRow
	Event            Event
	DailyQuota       int64 // ATs per day of the bank's zone; 0 means none, and nothing is counted
}

// Issue puts an AT on record. After an error the AT must be dropped:
// ErrAssertionReplayed, ErrQuota, or ErrUnavailable, which also stands while the
// clock is more than 60 s behind the newest event.
func (l *Ledger) Issue(ctx context.Context, i Issue) error {
	now := l.options.Now()
	if l.clockBehind(now) {
		return ErrUnavailable.Because("clock_behind")
	}
	event, err := l.Make(i.Event)
	if err != nil {
		return fmt.Errorf("issue: %w", err)
	}
	local := now.In(l.options.Zone)
	e := &issueEntry{Issue: i, made: event, day: local.Format(time.DateOnly)}
	if err := l.await(ctx, e); err != nil {
		return err
	}
	if e.overQuota {
		midnight := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, l.options.Zone)
		return ErrQuota.With(errs.Help{RetryAfter: midnight.Sub(now)})
	}
	if e.replayed {
		return ErrAssertionReplayed
	}
	l.recent.add(i.Row)
	return nil
}

// UseAssertion uses an assertion up together with the event of what came of it
// when no AT did: a refusal, a revocation. ErrAssertionReplayed if it was used
// before; then the event is not written.
func (l *Ledger) UseAssertion(ctx context.Context, i Issue) error {
	event, err := l.Make(i.Event)
	if err != nil {
		return fmt.Errorf("use assertion: %w", err)
	}
	e := &issueEntry{Issue: i, made: event, withoutAT: true}
	if err := l.await(ctx, e); err != nil {
		return err
	}
	if e.replayed {
		return ErrAssertionReplayed
	}
	return nil
}

type issueEntry struct {
	waiting
	Issue
	made      models.Event
	day       string // of the bank's zone, 2026-11-22
	withoutAT bool   // only the assertion is used up
	replayed  bool
	overQuota bool
}

func (e *issueEntry) join(g *group) {
	e.replayed, e.overQuota = false, false
	g.issues = append(g.issues, e)
}

func (e *issueEntry) refused() bool { return e.replayed || e.overQuota }

// writeIssues uses up the assertions, then counts, then writes the rows of what
// is left. An assertion whose AT falls to the quota stays used.
func (g *group) writeIssues() error {
	if len(g.issues) == 0 {
		return nil
	}
	if err := g.useAssertions(); err != nil {
		return err
	}
	if err := g.countQuotas(); err != nil {
		return err
	}
	var rows [][]any
	for _, e := range g.issues {
		if e.refused() {
			continue
		}
		g.events = append(g.events, e.made)
		if e.withoutAT {
			continue
		}
		r := e.Row
		rows = append(rows, []any{r.ATHash, r.JTI, r.PartnerID, r.ApplicationID, r.ServiceID,
			string(r.Environment), r.Suite, r.Scope, r.SubjectSealed, r.SubjectMAC, r.AKKID, r.ReturnTo,
			r.IssuedAt, r.ExpiresAt})
	}
	return g.insert(atTable, rows)
}

// useAssertions marks as replayed what another entry, of this group or of
// before, has used.
func (g *group) useAssertions() error {
	first := map[string]*issueEntry{}
	var rows [][]any
	for _, e := range g.issues {
		if e.AssertionJTI == "" {
			continue
		}
		key := joinKey(e.Row.ApplicationID, e.AssertionJTI)
		if _, used := first[key]; used {
			e.replayed = true
			continue
		}
		first[key] = e
		rows = append(rows, []any{e.Row.ApplicationID, e.AssertionJTI, e.AssertionExpires.UnixMilli()})
	}
	inserted, err := g.insertNew(assertionTable, rows)
	if err != nil {
		return err
	}
	for key, e := range first {
		e.replayed = !inserted[key]
	}
	return nil
}

// quota is what one application asks for in this group.
type quota struct {
	application, day string
	entries          []*issueEntry
}

// countQuotas adds the group's ATs to the day's count of each application and
// refuses those beyond its quota; they are taken off the count again. The count
// is locked until the commit, so nodes cannot pass the quota together.
func (g *group) countQuotas() error {
	quotas := g.quotas()
	if len(quotas) == 0 {
		return nil
	}
	issued, err := g.addToQuotas(quotas)
	if err != nil {
		return fmt.Errorf("count quota: %w", err)
	}
	for _, q := range quotas {
		total := issued[joinKey(q.application, q.day)]
		counted := total - int64(len(q.entries))
		for _, e := range q.entries {
			if counted >= e.DailyQuota {
				e.overQuota = true
				continue
			}
			counted++
		}
		if counted == total {
			continue
		}
		if _, err := g.exec(g.ledger.sql.setQuota, counted, q.application, q.day); err != nil {
			return fmt.Errorf("take refused off quota: %w", err)
		}
	}
	return nil
}

// quotas gathers what is to be counted, sorted by key.
func (g *group) quotas() []*quota {
	byKey := map[string]*quota{}
	var all []*quota
	for _, e := range g.issues {
		if e.DailyQuota == 0 || e.withoutAT || e.replayed {
			continue
		}
		key := joinKey(e.Row.ApplicationID, e.day)
		q := byKey[key]
		if q == nil {
			q = &quota{application: e.Row.ApplicationID, day: e.day}
			byKey[key] = q
			all = append(all, q)
		}
		q.entries = append(q.entries, e)
	}
	slices.SortFunc(all, func(a, b *quota) int {
		return cmp.Or(cmp.Compare(a.application, b.application), cmp.Compare(a.day, b.day))
	})
	return all
}

// addToQuotas returns the new counts by application and day.
func (g *group) addToQuotas(quotas []*quota) (map[string]int64, error) {
	issued := make(map[string]int64, len(quotas))
	if g.onSQLite() {
		for _, q := range quotas {
			var total int64
			row := g.tx.QueryRowContext(g.ctx, g.ledger.sql.countQuota, q.application, q.day, len(q.entries))
			if err := row.Scan(&total); err != nil {
				return nil, err
			}
			issued[joinKey(q.application, q.day)] = total
		}
		return issued, nil
	}

	applications, days, counts := make([]string, len(quotas)), make([]string, len(quotas)), make([]int64, len(quotas))
	for i, q := range quotas {
		applications[i], days[i], counts[i] = q.application, q.day, int64(len(q.entries))
	}
	rows, err := g.tx.QueryContext(g.ctx, g.ledger.sql.countQuota, applications, days, counts)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var application, day string
		var total int64
		if err := rows.Scan(&application, &day, &total); err != nil {
			return nil, err
		}
		issued[joinKey(application, day)] = total
	}
	return issued, rows.Err()
}
