package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/models"
)

// FillOfCounts says how many counts a database is filled with, for measurements.
type FillOfCounts struct {
	Days         int // that are over; the hours of Now's day are counted by nodes
	Applications int // app-0, app-1, ... of partner-0, ...
	Each         int // applications of a partner
	Nodes        int
	Live, Alerts int       // visits that are live, and alerts that nobody has acknowledged
	Now          time.Time // in the bank's zone
}

// errNotEmpty refuses a database that has counted.
var errNotEmpty = errors.New("fill counts: this database is not empty")

// FillCounts writes counts as a gateway would have made them over days, with what
// else the overview looks at: for measurements on a database of their own. It
// returns how many counts it wrote.
func (s *Store) FillCounts(ctx context.Context, f FillOfCounts, told func(day time.Time)) (rows int64, err error) {
	var some int64
	if err := s.read(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM rollups LIMIT 1) AS r").Scan(&some).Error; err != nil || some > 0 {
		return 0, errors.Join(err, errNotEmpty)
	}
	today := DayOf(f.Now)
	for i := f.Days; i >= 0; i-- {
		day, next := today.AddDate(0, 0, -i), today.AddDate(0, 0, 1-i)
		err := s.Write(ctx, func(tx *Tx) error {
			var n int64
			if i > 0 {
				n, err = tx.fillCounts(f, models.SpanHour, "", day, next)
				rows += n
				if err != nil {
					return err
				}
				n, err = tx.fillCounts(f, models.SpanDay, "", day, day.Add(time.Hour))
				rows += n
				return err
			}
			for node := range f.Nodes {
				n, err = tx.fillCounts(f, models.SpanHour, fmt.Sprintf("node-%d", node), day, f.Now)
				rows += n
				if err != nil {
					return err
				}
			}
			return tx.fillRest(f)
		})
		if err != nil {
			return rows, err
		}
		told(day)
	}
	if s.dialect != Postgres {
		return rows, nil
	}
	// It does so by itself within minutes; until then it reads from tables what its indexes hold.
	if err := s.read(ctx).Exec("VACUUM ANALYZE").Error; err != nil {
		return rows, fmt.Errorf("settle database: %w", err)
	}
	return rows, nil
}

func (tx *Tx) fillCounts(f FillOfCounts, span, node string, from, until time.Time) (int64, error) {
	hours := int64(1)
	if span == models.SpanDay {
		hours = int64(from.AddDate(0, 0, 1).Sub(from) / time.Hour)
	}
	result := tx.db.Exec(fillCountsSQL, map[string]any{
		"span": span, "node": node, "from": from.UnixMilli(), "until": until.UnixMilli(), "hour": time.Hour.Milliseconds(), "hours": hours, "apps": f.Applications,
	})
	if result.Error != nil {
		return 0, fmt.Errorf("fill counts: %w", result.Error)
	}
	return result.RowsAffected, nil
}

func (tx *Tx) fillRest(f FillOfCounts) error {
	at := f.Now.UnixMilli()
	err := tx.db.Exec(fillLiveSQL, map[string]any{"n": f.Live, "apps": f.Applications, "each": f.Each, "at": at}).Error
	if err != nil {
		return fmt.Errorf("fill live visits: %w", err)
	}
	for i := range f.Alerts {
		err := tx.SaveAlert(models.Alert{
			ID: fmt.Sprintf("fill-%d", i), Rule: "refusals", SubjectKind: "application", SubjectID: fmt.Sprintf("app-%d", i%f.Applications),
			Severity: models.Warning, FirstAt: at, LastAt: at, Count: 1, Numbers: map[string]string{"refused": "120", "all": "200"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fillCountsSQL counts for each hour and application thirteen things: what was
// issued, opened, renewed and closed, calls of four routes, and five reasons.
const fillCountsSQL = `WITH RECURSIVE h(at) AS (SELECT CAST(@from AS BIGINT) UNION ALL SELECT at + @hour FROM h WHERE at + @hour < @until),
	a(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM a WHERE i + 1 < @apps),
	k(kind, route, outcome, n) AS (VALUES
		('at', '', 'ok', 40), ('at', '', 'rate_limited', 1), ('vt', '', 'ok', 38), ('vt', '', 'at_expired', 1), ('vt', '', 'at_spent', 1),
		('renew', '', 'ok', 9), ('close', '', 'ok', 30),
		('call', 'offers', 'ok', 70), ('call', 'offers', 'scope_denied', 2), ('call', 'quote', 'ok', 40), ('call', 'apply', 'ok', 9),
		('call', 'apply', 'upstream_timeout', 1), ('call', 'holder', 'ok', 30))
	INSERT INTO rollups (span, start, kind, application_id, service_id, route_id, outcome, node, count, duration_sum, duration_max, upstream_sum, upstream_max, took_10, took_20, took_50, disclosed, fields)
	SELECT CAST(@span AS TEXT), h.at, k.kind, 'app-' || CAST(a.i AS TEXT), 'urn:h5:bench', k.route, k.outcome, CAST(@node AS TEXT),
		(n + a.i % 7) * @hours, CASE k.kind WHEN 'call' THEN n * 18000 ELSE 0 END, CASE k.kind WHEN 'call' THEN 42000 ELSE 0 END,
		CASE k.kind WHEN 'call' THEN n * 12000 ELSE 0 END, CASE k.kind WHEN 'call' THEN 31000 ELSE 0 END,
		CASE k.kind WHEN 'call' THEN n / 2 ELSE 0 END, CASE k.kind WHEN 'call' THEN n - n / 2 ELSE 0 END, CASE k.kind WHEN 'call' THEN a.i % 7 ELSE 0 END,
		CASE WHEN k.kind = 'call' AND k.outcome = 'ok' THEN n ELSE 0 END, CASE WHEN k.kind = 'call' AND k.outcome = 'ok' THEN n * 4 ELSE 0 END
	FROM h, k, a`

const fillLiveSQL = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < @n)
	INSERT INTO visits (vid, at_hash, partner_id, application_id, service_id, environment, scope, opened_at, dead_after)
	SELECT 'live-' || CAST(i AS TEXT), 'live-' || CAST(i AS TEXT), 'partner-' || CAST((i % @apps) / @each AS TEXT), 'app-' || CAST(i % @apps AS TEXT),
		'urn:h5:bench', 'production', 'account.statement:read', CAST(@at AS BIGINT), CAST(@at AS BIGINT) + 1800000 + i FROM n`
