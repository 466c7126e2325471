package store

import (
	"context"
	"fmt"
	"time"

	"postern/models"
)

// StatementRow is what was counted of an application and a service on a day of the
// bank's zone.
type StatementRow struct {
	Day           int64 // begin of the day, Unix ms
	ApplicationID string
	ServiceID     string
	Kind          models.RollupKind
	OK, Refused   int64
	Disclosed     int64 // replies of which something left
	Fields        int64 // kinds of fields that left in them
}

// One statement, for one moment: a count is an hour's of a node or in the day's.
var statementSQL = `SELECT start AS day, application_id, service_id, kind, sum(disclosed) AS disclosed, sum(fields) AS fields,
		sum(CASE WHEN outcome = 'ok' THEN count ELSE 0 END) AS ok, sum(CASE WHEN outcome = 'ok' THEN 0 ELSE count END) AS refused
	FROM (SELECT * FROM rollups WHERE application_id IN ? AND span = 'day' AND start >= ? AND start < ?
		UNION ALL SELECT * FROM rollups WHERE application_id IN ? AND span = 'hour' AND node <> '' AND start IN ` + nodeStarts + `) AS counted
	GROUP BY start, application_id, service_id, kind`

// Statement lists what was counted of applications on the days of a zone that
// begin in [from, until).
func (s *Store) Statement(ctx context.Context, applications []string, from, until time.Time) ([]StatementRow, error) {
	var rows []StatementRow
	first, end := from.UnixMilli(), until.UnixMilli()
	if err := s.read(ctx).Raw(statementSQL, applications, first, end, applications, first, end, end).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read statement: %w", err)
	}
	type key struct {
		day                  int64
		application, service string
		kind                 models.RollupKind
	}
	at, list := map[key]int{}, []StatementRow{}
	for _, r := range rows {
		r.Day = DayOf(time.UnixMilli(r.Day).In(from.Location())).UnixMilli()
		k := key{r.Day, r.ApplicationID, r.ServiceID, r.Kind}
		i, known := at[k]
		if !known {
			i = len(list)
			at[k] = i
			list = append(list, StatementRow{Day: r.Day, ApplicationID: r.ApplicationID, ServiceID: r.ServiceID, Kind: r.Kind})
		}
		sum := &list[i]
		sum.OK, sum.Refused = sum.OK+r.OK, sum.Refused+r.Refused
		sum.Disclosed, sum.Fields = sum.Disclosed+r.Disclosed, sum.Fields+r.Fields
	}
	return list, nil
}

var visitsOpenedSQL = `SELECT application_id, start, sum(count) AS count
	FROM (SELECT r.application_id, r.start, r.count FROM applications a CROSS JOIN rollups r WHERE a.id IN ? AND r.application_id = a.id
			AND r.span = 'day' AND r.kind = 'vt' AND r.outcome = 'ok' AND r.start >= ? AND r.start < ?
		UNION ALL SELECT application_id, start, count FROM rollups WHERE span = 'hour' AND kind = 'vt' AND application_id IN ? AND outcome = 'ok' AND node <> '' AND start IN ` + nodeStarts + `) AS counted
	GROUP BY application_id, start`

// VisitsOpened counts the visits that applications opened, by hour or day (Unix
// ms) that begins in [from, until).
func (s *Store) VisitsOpened(ctx context.Context, applications []string, from, until int64) ([]Traffic, error) {
	var list []Traffic
	if err := s.read(ctx).Raw(visitsOpenedSQL, applications, from, until, applications, from, until, until).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("count visits by month: %w", err)
	}
	return list, nil
}

// CountsBegun is when counts begin that were not made before, Unix ms; 0 where
// they are as old as the database.
func (s *Store) CountsBegun(ctx context.Context, what string) (since int64, err error) {
	if err := s.read(ctx).Raw("SELECT coalesce(max(since), 0) FROM counts_begun WHERE what = ?", what).Scan(&since).Error; err != nil {
		return 0, fmt.Errorf("read when counts begin: %w", err)
	}
	return since, nil
}
