package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postern/models"
)

// Traffic is a sum of counts, over what it does not name.
type Traffic struct {
	Start         int64 // Unix ms, of the hour or the day
	Kind          models.RollupKind
	ApplicationID string
	ServiceID     string
	Outcome       string
	Count         int64
	Refused       int64 // of Count, where the sum is over outcomes
	DurationMax   int64 // microseconds, of calls only; so the others
	UpstreamSum   int64
	Took          models.Took `gorm:"embedded"`
}

// TrafficSpan says which counts are added up.
type TrafficSpan struct {
	Span         string   // models.SpanHour or SpanDay
	From, Until  int64    // of hours or days that begin in [From, Until), Unix ms
	Applications []string // nil is any
}

const hourRows = "SELECT * FROM rollups WHERE span = 'hour' AND start >= ? AND start < ?"

// A count is an hour's of a node until it is in the day's.
var dayRows = "SELECT * FROM rollups WHERE span = 'day' AND start >= ? AND start < ?%s UNION ALL SELECT * FROM rollups WHERE span = 'hour' AND node <> '' AND start IN " + nodeStarts

// rows is the query of the counts that are added up, and its arguments.
func (t TrafficSpan) rows() (query string, args []any) {
	where := ""
	if t.Applications != nil {
		where = " AND application_id IN ?"
	}
	times := []any{t.From, t.Until}
	if t.Applications != nil {
		times = append(times, t.Applications)
	}
	if t.Span == models.SpanHour {
		return hourRows + where, times
	}
	args = append(times, t.From, t.Until, t.Until)
	if t.Applications != nil {
		args = append(args, t.Applications)
	}
	return fmt.Sprintf(dayRows, where) + where, args
}

const refusedSum = "sum(CASE WHEN outcome = 'ok' THEN 0 ELSE count END) AS refused"

// tookSums adds up how long calls took.
var tookSums = func() string {
	var b strings.Builder
	for _, c := range models.TookColumns {
		b.WriteString(", sum(" + c + ") AS " + c)
	}
	return "max(duration_max) AS duration_max, sum(upstream_sum) AS upstream_sum" + b.String()
}()

// What is asked of the rows: by time, by application, by service.
var (
	trafficByTimeSQL    = "SELECT start, kind, sum(count) AS count, " + refusedSum + " FROM (%s) AS counted GROUP BY start, kind"
	callsByTimeSQL      = "SELECT start, kind, sum(count) AS count, " + refusedSum + ", " + tookSums + " FROM (%s) AS counted WHERE kind = 'call' GROUP BY start, kind"
	trafficByPartySQL   = "SELECT kind, application_id, outcome, sum(count) AS count, " + tookSums + " FROM (%s) AS counted GROUP BY kind, application_id, outcome"
	trafficByServiceSQL = "SELECT application_id, service_id, outcome, sum(count) AS count, " + tookSums + " FROM (%s) AS counted WHERE kind = 'call' GROUP BY application_id, service_id, outcome"
)

func (s *Store) traffic(ctx context.Context, query string, t TrafficSpan) ([]Traffic, error) {
	rows, args := t.rows()
	var list []Traffic
	if err := s.read(ctx).Raw(fmt.Sprintf(query, rows), args...).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read traffic: %w", err)
	}
	return list, nil
}

// TrafficByTime adds up counts by hour or day and kind. Hours that are in no day
// yet have a line each.
func (s *Store) TrafficByTime(ctx context.Context, t TrafficSpan) ([]Traffic, error) {
	return s.traffic(ctx, trafficByTimeSQL, t)
}

// CallsByTime adds up counts of calls by hour or day, with how long they took. Hours that
// are in no day yet have a line each.
func (s *Store) CallsByTime(ctx context.Context, t TrafficSpan) ([]Traffic, error) {
	return s.traffic(ctx, callsByTimeSQL, t)
}

// TrafficByParty adds up counts by kind, application and outcome.
func (s *Store) TrafficByParty(ctx context.Context, t TrafficSpan) ([]Traffic, error) {
	return s.traffic(ctx, trafficByPartySQL, t)
}

// TrafficByService adds up counts of calls by application, service and outcome.
func (s *Store) TrafficByService(ctx context.Context, t TrafficSpan) ([]Traffic, error) {
	return s.traffic(ctx, trafficByServiceSQL, t)
}

// A grant has a successor where one of the same scope goes on when it ends.
const endingGrantsSQL = `SELECT g.* FROM grants g JOIN applications a ON a.id = g.application_id
	WHERE g.ended_at = 0 AND g.ends_at > 0 AND g.ends_at > ? AND g.ends_at <= ? AND a.status = 'active' AND (? = '' OR a.partner_id = ?)
	AND NOT EXISTS (SELECT 1 FROM grants n WHERE n.application_id = g.application_id AND n.scope_id = g.scope_id AND n.id <> g.id
		AND n.ended_at = 0 AND n.starts_at <= g.ends_at AND (n.ends_at = 0 OR n.ends_at > g.ends_at))
	ORDER BY g.ends_at LIMIT ?`

// Ending asks for what ends in (After, Until], Unix ms, the soonest first.
type Ending struct {
	After, Until int64
	Partner      string // "" for all
	Limit        int
}

func (e Ending) args() []any { return []any{e.After, e.Until, e.Partner, e.Partner, e.Limit} }

// EndingGrants lists the grants of active applications that end with none of the
// same scope to go on with.
func (s *Store) EndingGrants(ctx context.Context, e Ending) ([]models.Grant, error) {
	var list []models.Grant
	if err := s.read(ctx).Raw(endingGrantsSQL, e.args()...).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read ending grants: %w", err)
	}
	return list, nil
}

const endingContractsSQL = `SELECT * FROM partners WHERE contract_ends >= ? AND contract_ends <= ? AND status <> 'closed' AND (? = '' OR id = ?)
	ORDER BY contract_ends, id LIMIT ?`

// EndingContracts lists the partners whose contracts end between two days
// (YYYY-MM-DD), both counted; the soonest first. A partner "" is all.
func (s *Store) EndingContracts(ctx context.Context, from, to, partner string, limit int) ([]models.Partner, error) {
	var list []models.Partner
	if err := s.read(ctx).Raw(endingContractsSQL, from, to, partner, partner, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read ending contracts: %w", err)
	}
	return list, nil
}

// RouteUse is when an application last called a route with success, to the day.
type RouteUse struct {
	ApplicationID, ServiceID, RouteID string
	Day                               int64 // Unix ms, its beginning; of today the hour's
}

// Days hold what the hours of nodes have been added up to; the hours of the last two days
// are read beside them, for those that are not yet.
const routeUsesSQL = `SELECT application_id, service_id, route_id, max(start) AS day FROM (
		SELECT application_id, service_id, route_id, start FROM rollups
			WHERE application_id IN ? AND span = 'day' AND start >= ? AND kind = 'call' AND outcome = 'ok'
		UNION ALL SELECT application_id, service_id, route_id, start FROM rollups
			WHERE application_id IN ? AND span = 'hour' AND start >= ? AND kind = 'call' AND outcome = 'ok') AS called
	GROUP BY application_id, service_id, route_id`

// RouteUses lists which routes applications have called since a time (Unix ms), as of now.
func (s *Store) RouteUses(ctx context.Context, applications []string, since, now int64) (list []RouteUse, err error) {
	const lately = 48 * time.Hour
	err = s.read(ctx).Raw(routeUsesSQL, applications, since, applications, now-lately.Milliseconds()).Scan(&list).Error
	if err != nil {
		return nil, fmt.Errorf("read uses of routes: %w", err)
	}
	return list, nil
}

// firstSQL looks at the beginning of what was counted of an application, in its order.
const firstSQL = `SELECT kind, min(start) AS start FROM (
		SELECT kind, start FROM (SELECT kind, start FROM rollups WHERE application_id = ? AND span = 'day' AND outcome = 'ok' ORDER BY start LIMIT ?) AS days
		UNION ALL SELECT kind, start FROM (SELECT kind, start FROM rollups WHERE application_id = ? AND span = 'hour' AND start >= ? AND outcome = 'ok' ORDER BY start LIMIT ?) AS hours
	) AS seen GROUP BY kind`

// FirstSeen is when the first AT, VT and call of an application went well, to the day, or
// within the last two days to the hour (Unix ms); what is behind its first limit counts is
// not looked at.
func (s *Store) FirstSeen(ctx context.Context, application string, now int64) (map[models.RollupKind]int64, error) {
	const limit, lately = 2000, 48 * time.Hour
	var list []Traffic
	if err := s.read(ctx).Raw(firstSQL, application, limit, application, now-lately.Milliseconds(), limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read first counts: %w", err)
	}
	first := map[models.RollupKind]int64{}
	for _, t := range list {
		first[t.Kind] = t.Start
	}
	return first, nil
}
