package ledger

import (
	"cmp"
	"slices"
	"time"

	"postern/models"
)

// counted says which events are counted, and as what: each answer at step B, at
// step D, to a renewal and to a closing is one of them. Calls are counted by their
// records.
var counted = map[string]models.RollupKind{
	"at.issued":          models.RollupAT,
	"at.refused":         models.RollupAT,
	"vt.issued":          models.RollupVT,
	"vt.refused":         models.RollupVT,
	"at.reused":          models.RollupVT,
	"vt.reissued":        models.RollupAgain,
	"vt.renewed":         models.RollupRenew,
	"vt.renewal_refused": models.RollupRenew,
	"visit.closed":       models.RollupClose,
	"vt.close_refused":   models.RollupClose,
}

// outcomeOK is the outcome of a call that was let through; its record has no code.
const outcomeOK = "ok"

// rollupKey is what is counted apart.
type rollupKey struct {
	start                                int64
	kind                                 models.RollupKind
	application, service, route, outcome string
}

func (k rollupKey) compare(other rollupKey) int {
	return cmp.Or(cmp.Compare(k.start, other.start), cmp.Compare(k.kind, other.kind),
		cmp.Compare(k.application, other.application), cmp.Compare(k.service, other.service),
		cmp.Compare(k.route, other.route), cmp.Compare(k.outcome, other.outcome))
}

// tally is what is counted: durations in microseconds, of calls only.
type tally struct {
	count, duration, longest, upstream, longestUpstream int64
	took                                                [len(models.TookColumns)]int64
	disclosed, fields                                   int64
}

// writeRollups adds what the group writes to the counts of its hours, in the
// same transaction: the counts are those of the rows, whatever happens
// (docs/decisions/0017). A node counts into rows of its own, so no other waits.
func (g *group) writeRollups() error {
	tallies := g.tallies()
	if len(tallies) == 0 {
		return nil
	}
	keys := make([]rollupKey, 0, len(tallies))
	for k := range tallies {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, rollupKey.compare)
	rows := make([][]any, len(keys))
	for i, k := range keys {
		t := tallies[k]
		rows[i] = []any{models.SpanHour, string(k.kind), k.application, k.service, k.route, k.outcome, g.ledger.options.Node,
			k.start, t.count, t.duration, t.longest, t.upstream, t.longestUpstream}
		for _, n := range t.took {
			rows[i] = append(rows[i], n)
		}
		rows[i] = append(rows[i], t.disclosed, t.fields)
	}
	return g.insert(rollupTable, rows)
}

func (g *group) tallies() map[rollupKey]*tally {
	tallies := map[rollupKey]*tally{}
	at := func(k rollupKey) *tally {
		t := tallies[k]
		if t == nil {
			t = &tally{}
			tallies[k] = t
		}
		t.count++
		return t
	}
	for _, e := range g.events {
		if kind := counted[e.Kind]; kind != "" {
			at(rollupKey{g.ledger.hourOf(e.At), kind, e.ApplicationID, e.ServiceID, "", e.Outcome})
		}
	}
	for _, c := range g.calls {
		t := at(rollupKey{g.ledger.hourOf(c.At), models.RollupCall, c.ApplicationID, c.ServiceID, c.RouteID, cmp.Or(c.Code, outcomeOK)})
		t.duration, t.longest = t.duration+c.Duration, max(t.longest, c.Duration)
		t.upstream, t.longestUpstream = t.upstream+c.UpstreamTime, max(t.longestUpstream, c.UpstreamTime)
		t.took[models.TookColumn(c.Duration)]++
		if c.Fields > 0 {
			t.disclosed, t.fields = t.disclosed+1, t.fields+c.Fields
		}
	}
	return tallies
}

// hourOf is when the hour of a time begins in the bank's zone; Unix ms, both.
func (l *Ledger) hourOf(at int64) int64 {
	t := time.UnixMilli(at).In(l.options.Zone)
	return at - int64(t.Minute())*60_000 - int64(t.Second())*1000 - int64(t.Nanosecond())/1_000_000
}
