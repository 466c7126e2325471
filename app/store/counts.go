package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"postern/models"
)

// OutcomeCount is how often a kind of request had an outcome.
type OutcomeCount struct {
	Kind    models.RollupKind
	Outcome string // "ok" or the wire code of the refusal
	Count   int64
}

// OutcomeCounts are those of a time.
type OutcomeCounts []OutcomeCount

// OutcomeCounts adds up the counts of the hours that begin in [from, until),
// Unix ms, over all applications.
func (s *Store) OutcomeCounts(ctx context.Context, from, until int64) (OutcomeCounts, error) {
	var list OutcomeCounts
	err := s.read(ctx).Raw(`SELECT kind, outcome, sum(count) AS count FROM rollups
		WHERE span = 'hour' AND start >= ? AND start < ? GROUP BY kind, outcome`, from, until).Scan(&list).Error
	if err != nil {
		return nil, fmt.Errorf("count outcomes: %w", err)
	}
	return list, nil
}

// OK is how many of a kind went well.
func (l OutcomeCounts) OK(kind models.RollupKind) (n int64) {
	for _, c := range l {
		if c.Kind == kind && c.Outcome == "ok" {
			n += c.Count
		}
	}
	return n
}

// Refused is how many of a kind did not.
func (l OutcomeCounts) Refused(kind models.RollupKind) (n int64) {
	for _, c := range l {
		if c.Kind == kind && c.Outcome != "ok" {
			n += c.Count
		}
	}
	return n
}

// Refusals lists the most frequent refusals, at most limit.
func (l OutcomeCounts) Refusals(limit int) []OutcomeCount {
	list := slices.DeleteFunc(slices.Clone(l), func(c OutcomeCount) bool { return c.Outcome == "ok" })
	slices.SortFunc(list, func(a, b OutcomeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Outcome, b.Outcome))
	})
	return list[:min(len(list), limit)]
}
