package store

import (
	"context"
	"errors"
	"fmt"
)

// Fill says with how many rows a log is filled, for measurements.
type Fill struct {
	Rows         int   // of events; every fourth comes with an AT, a visit and a call
	From, Until  int64 // over which they are spread evenly, Unix ms
	Applications int   // app-0, app-1, ... of partner-0 (four each), ...
}

// fillStep is how many events one transaction of a filling writes.
const fillStep = 20_000

// errFill refuses to fill a database that serves several.
var errFill = errors.New("fill log: only SQLite is filled")

// FillLog writes rows as they would have been written over a long time: for
// measurements on a database of their own, and not for anything that serves.
func (s *Store) FillLog(ctx context.Context, f Fill, told func(done int)) error {
	if s.dialect != SQLite {
		return errFill
	}
	for from := 0; from < f.Rows; from += fillStep {
		until := min(from+fillStep, f.Rows)
		err := s.Write(ctx, func(tx *Tx) error {
			for _, statement := range []string{fillEventsSQL, fillATsSQL, fillVisitsSQL, fillCallsSQL} {
				err := tx.db.Exec(statement, map[string]any{
					"from": from, "until": until, "start": f.From, "step": float64(f.Until-f.From) / float64(f.Rows), "apps": f.Applications,
				}).Error
				if err != nil {
					return fmt.Errorf("fill log: %w", err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		told(until)
	}
	return nil
}

// fillNumbers numbers the rows of a step and gives each its time.
const fillNumbers = `WITH RECURSIVE n(i) AS (SELECT @from UNION ALL SELECT i + 1 FROM n WHERE i + 1 < @until),
	r AS (SELECT i, CAST(@start + i * @step AS INTEGER) AS at, (i * 7919) % @apps AS app FROM n) `

const fillEventsSQL = `INSERT INTO events (id, at, kind, outcome, reason, request_id, partner_id, application_id, service_id, vid, alarm, body, leaf_hash) ` + fillNumbers + `
	SELECT printf('%08x-%04x-7%03x-8000-%012x', at / 65536, at % 65536, i % 4096, i), at,
		CASE i % 4 WHEN 0 THEN 'at.issued' WHEN 1 THEN 'vt.issued' WHEN 2 THEN CASE WHEN i % 50 = 2 THEN 'vt.refused' ELSE 'vt.renewed' END ELSE 'visit.closed' END,
		CASE WHEN i % 50 = 2 THEN 'at_spent' ELSE 'ok' END, CASE WHEN i % 50 = 2 THEN 'other_r' ELSE '' END,
		printf('R%025d', i), 'partner-' || (app / 4), 'app-' || app, 'urn:h5:bench',
		CASE i % 4 WHEN 0 THEN '' ELSE printf('V%021d', i / 4) END, FALSE,
		printf('{"id":"%08x-%04x-7%03x-8000-%012x","at":%d,"kind":"vt.issued","outcome":"ok","request_id":"R%025d","partner_id":"partner-%d","application_id":"app-%d","service_id":"urn:h5:bench","vid":"V%021d","detail":{"ak":"bench","jti":"J%021d"}}',
			at / 65536, at % 65536, i % 4096, i, at, i, app / 4, app, i / 4, i / 4),
		printf('L%042d', i)
	FROM r`

const fillATsSQL = `INSERT INTO at_rows (at_hash, jti, partner_id, application_id, service_id, environment, suite, scope, subject_mac, ak_kid, issued_at, expires_at, spent_at, r_hash, vid) ` + fillNumbers + `
	SELECT printf('H%042d', i / 4), printf('J%021d', i / 4), 'partner-' || (app / 4), 'app-' || app, 'urn:h5:bench', 'production', 'A256', 'account.statement:read',
		printf('M%042d', (i / 4) % 1000000), 'bench', at / 1000 * 1000, at / 1000 * 1000 + 120000, at, printf('X%042d', i / 4), printf('V%021d', i / 4)
	FROM r WHERE i % 4 = 0`

const fillVisitsSQL = `INSERT INTO visits (vid, at_hash, partner_id, application_id, service_id, environment, scope, opened_at, dead_after, ended_at, end_reason) ` + fillNumbers + `
	SELECT printf('V%021d', i / 4), printf('H%042d', i / 4), 'partner-' || (app / 4), 'app-' || app, 'urn:h5:bench', 'production', 'account.statement:read', at, at + 1800000, at + 60000, 'closed'
	FROM r WHERE i % 4 = 0`

const fillCallsSQL = `INSERT INTO calls (id, at, vid, request_id, partner_id, application_id, service_id, route_id, method, status, rule, duration, upstream_time) ` + fillNumbers + `
	SELECT printf('%08x-%04x-7%03x-9000-%012x', at / 65536, at % 65536, i % 4096, i), at, printf('V%021d', i / 4), printf('C%025d', i), 'partner-' || (app / 4), 'app-' || app,
		'urn:h5:bench', 'statement', 'GET', 200, 'account.statement:read', 16000, 12000
	FROM r WHERE i % 4 = 0`
