package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"postern/models"
)

const rollupColumns = rollupKey + ", count, duration_sum, duration_max, upstream_sum, upstream_max"

// RollupSums are the columns of rollups that came later than the others; all of
// them are added up.
var RollupSums = append(slices.Clone(models.TookColumns[:]), "disclosed", "fields")

// allRollupColumns are the columns of a rollup in the order of insertion.
var allRollupColumns = rollupColumns + ", " + strings.Join(RollupSums, ", ")

// AddedUp continues what becomes of a rollup that is there: the columns are added up.
func AddedUp(columns ...string) string {
	var b strings.Builder
	for _, c := range columns {
		b.WriteString(", " + c + " = rollups." + c + " + excluded." + c)
	}
	return b.String()
}

// add makes the sum of two counts of the same thing.
func add(a, b models.Rollup) models.Rollup {
	a.Count += b.Count
	a.DurationSum, a.DurationMax = a.DurationSum+b.DurationSum, max(a.DurationMax, b.DurationMax)
	a.UpstreamSum, a.UpstreamMax = a.UpstreamSum+b.UpstreamSum, max(a.UpstreamMax, b.UpstreamMax)
	a.Took, a.Disclosed, a.Fields = a.Took.Plus(b.Took), a.Disclosed+b.Disclosed, a.Fields+b.Fields
	return a
}

// rollupSums adds up counts by what they are of.
type rollupSums map[models.Rollup]models.Rollup

func (s rollupSums) add(r models.Rollup) {
	key := models.Rollup{Span: r.Span, Start: r.Start, Kind: r.Kind, ApplicationID: r.ApplicationID,
		ServiceID: r.ServiceID, RouteID: r.RouteID, Outcome: r.Outcome}
	r.Node = ""
	if sum, ok := s[key]; ok {
		r = add(sum, r)
	}
	s[key] = r
}

// list is in the order of the primary key: who locks rows locks them so.
func (s rollupSums) list() []models.Rollup {
	return slices.SortedFunc(maps.Values(s), func(a, b models.Rollup) int {
		return cmp.Or(cmp.Compare(a.Span, b.Span), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.ApplicationID, b.ApplicationID), cmp.Compare(a.ServiceID, b.ServiceID),
			cmp.Compare(a.RouteID, b.RouteID), cmp.Compare(a.Outcome, b.Outcome))
	})
}

// ofDay is an hour's count as one of its day in a zone.
func ofDay(r models.Rollup, zone *time.Location) models.Rollup {
	if r.Span == models.SpanHour {
		r.Span, r.Start = models.SpanDay, DayOf(time.UnixMilli(r.Start).In(zone)).UnixMilli()
	}
	return r
}

// DayOf is when the day of a time begins, in the time's own zone.
func DayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

var nodesRollupsSQL = "SELECT " + allRollupColumns + " FROM rollups WHERE node <> '' AND start < ? ORDER BY start LIMIT ?"

// AddUpRollups moves counts of hours before a time, out of up to limit rows that
// nodes have to themselves, into the hour's row of all nodes, and adds them to
// the day's in the time's zone. It returns how many rows it took. What a node
// counts later goes into a new row of its own and is added by the next time.
func (tx *Tx) AddUpRollups(before time.Time, limit int) (int64, error) {
	query := nodesRollupsSQL
	if tx.db.Name() == string(Postgres) {
		query += " FOR UPDATE" // a node that counts waits, finds the row gone and makes another
	}
	var rows []models.Rollup
	if err := tx.db.Raw(query, before.UnixMilli(), limit).Scan(&rows).Error; err != nil {
		return 0, fmt.Errorf("read rollups of nodes: %w", err)
	}
	sums := rollupSums{}
	for _, r := range rows {
		sums.add(r)
		sums.add(ofDay(r, before.Location()))
		err := tx.db.Exec(`DELETE FROM rollups WHERE span = ? AND start = ? AND kind = ? AND application_id = ?
			AND service_id = ? AND route_id = ? AND outcome = ? AND node = ?`,
			r.Span, r.Start, r.Kind, r.ApplicationID, r.ServiceID, r.RouteID, r.Outcome, r.Node).Error
		if err != nil {
			return 0, fmt.Errorf("delete rollup of node: %w", err)
		}
	}
	for _, r := range sums.list() {
		if err := tx.addRollup(r); err != nil {
			return 0, err
		}
	}
	return int64(len(rows)), nil
}

func (tx *Tx) addRollup(r models.Rollup) error {
	larger := "max"
	if tx.db.Name() == string(Postgres) {
		larger = "greatest"
	}
	args := []any{
		r.Span, r.Start, r.Kind, r.ApplicationID, r.ServiceID, r.RouteID, r.Outcome,
		r.Count, r.DurationSum, r.DurationMax, r.UpstreamSum, r.UpstreamMax,
	}
	for _, n := range r.Took.Counts() {
		args = append(args, n)
	}
	args = append(args, r.Disclosed, r.Fields)
	err := tx.db.Exec(`INSERT INTO rollups (`+allRollupColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?`+strings.Repeat(", ?", len(RollupSums))+`)
		ON CONFLICT (`+rollupKey+`) DO UPDATE SET count = rollups.count + excluded.count,
		duration_sum = rollups.duration_sum + excluded.duration_sum,
		duration_max = `+larger+`(rollups.duration_max, excluded.duration_max),
		upstream_sum = rollups.upstream_sum + excluded.upstream_sum,
		upstream_max = `+larger+`(rollups.upstream_max, excluded.upstream_max)`+AddedUp(RollupSums...), args...).Error
	if err != nil {
		return fmt.Errorf("add rollup: %w", err)
	}
	return nil
}

// HourlyRollups lists the counts of all nodes for hours that begin in [from,
// until), Unix ms.
func (s *Store) HourlyRollups(ctx context.Context, from, until int64) ([]models.Rollup, error) {
	var rows []models.Rollup
	err := s.read(ctx).Table("rollups").Find(&rows, "span = 'hour' AND start >= ? AND start < ?", from, until).Error
	if err != nil {
		return nil, fmt.Errorf("read hourly rollups: %w", err)
	}
	sums := rollupSums{}
	for _, r := range rows {
		sums.add(r)
	}
	return sums.list(), nil
}

// DailyRollups lists the counts of days of the zone from one day's begin until
// before another's, Unix ms; hours that were not added up yet are in them.
func (s *Store) DailyRollups(ctx context.Context, from, until int64, zone *time.Location) ([]models.Rollup, error) {
	var rows []models.Rollup
	// One statement, for one moment: a row is an hour's of a node or in the day's.
	err := s.read(ctx).Table("rollups").
		Find(&rows, "(span = 'day' OR span = 'hour' AND node <> '') AND start >= ? AND start < ?", from, until).Error
	if err != nil {
		return nil, fmt.Errorf("read daily rollups: %w", err)
	}
	sums := rollupSums{}
	for _, r := range rows {
		sums.add(ofDay(r, zone))
	}
	return sums.list(), nil
}

// startsOf is the query of the different begins, in [from, until), of the rollups
// that a condition is of. It steps from one to the next along an index and never
// meets two rows of one begin. Its arguments are from, until, until.
func startsOf(where string) string {
	return `(WITH RECURSIVE s(start) AS (SELECT min(r.start) FROM rollups r WHERE ` + where + ` AND r.start >= ?
		UNION ALL SELECT (SELECT min(r.start) FROM rollups r WHERE ` + where + ` AND r.start > s.start) FROM s WHERE s.start < ?)
		SELECT s.start FROM s WHERE s.start < ?)`
}

// The begins of days, of hours, and of hours that are in no day yet.
var (
	dayStarts  = startsOf("r.span = 'day'")
	hourStarts = startsOf("r.span = 'hour'")
	nodeStarts = startsOf("r.node <> ''")
)
