package store

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Fill says with how many rows a log is filled, for measurements.
type Fill struct {
	Rows         int   // of events; every fourth comes with an AT, a visit and a call
	From, Until  int64 // over which they are spread evenly, Unix ms
	Applications int   // app-0, app-1, ... of partner-0, ...
	Each         int   // applications of a partner
}

// fillStep is how many events one transaction of a filling writes.
const fillStep = 20_000

// FillLog writes rows as they would have been written over a long time: for
// measurements on a database of their own, and not for anything that serves.
func (s *Store) FillLog(ctx context.Context, f Fill, told func(done int)) error {
	for from := 0; from < f.Rows; from += fillStep {
		until := min(from+fillStep, f.Rows)
		err := s.Write(ctx, func(tx *Tx) error {
			for _, statement := range []string{fillEventsSQL, fillATsSQL, fillVisitsSQL, fillCallsSQL} {
				err := tx.db.Exec(s.fillText(statement), map[string]any{
					"from": from, "until": until, "start": f.From, "span": f.Until - f.From, "rows": f.Rows, "apps": f.Applications, "each": f.Each,
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

// fillText writes the ids of a statement of filling out, in a database's own words:
// {ID} is an id with the time in it, {X42:n} is X and n in 42 digits.
func (s *Store) fillText(statement string) string {
	hex, digits := "printf('%%0%[1]dx', %[2]s)", "printf('%%0%[1]dd', %[2]s)"
	if s.dialect == Postgres {
		hex, digits = "lpad(to_hex(%[2]s), %[1]d, '0')", "lpad(CAST(%[2]s AS TEXT), %[1]d, '0')"
	}
	id := fmt.Sprintf(hex, 8, "at / 65536") + " || '-' || " + fmt.Sprintf(hex, 4, "at % 65536") + " || '-7' || " + fmt.Sprintf(hex, 3, "i % 4096") +
		" || '-8000-' || " + fmt.Sprintf(hex, 12, "i")
	return fillNumbered.ReplaceAllStringFunc(strings.ReplaceAll(statement, "{ID}", "("+id+")"), func(part string) string {
		m := fillNumbered.FindStringSubmatch(part)
		width, _ := strconv.Atoi(m[2]) // digits, by the pattern
		return "('" + m[1] + "' || " + fmt.Sprintf(digits, width, m[3]) + ")"
	})
}

var fillNumbered = regexp.MustCompile(`\{([A-Z])(\d+):([^}]+)\}`)

// fillNumbers numbers the rows of a step and gives each its time.
const fillNumbers = `WITH RECURSIVE n(i) AS (SELECT CAST(@from AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < @until),
	r AS (SELECT i, CAST(@start AS BIGINT) + i * @span / @rows AS at, (i * 7919) % @apps AS app FROM n),
	f AS (SELECT i, at, app, 'app-' || CAST(app AS TEXT) AS app_id, 'partner-' || CAST(app / @each AS TEXT) AS partner FROM r) `

const fillEventsSQL = fillNumbers + `INSERT INTO events (id, at, kind, outcome, reason, request_id, partner_id, application_id, service_id, vid, alarm, body, leaf_hash)
	SELECT {ID}, at,
		CASE i % 4 WHEN 0 THEN 'at.issued' WHEN 1 THEN 'vt.issued' WHEN 2 THEN CASE WHEN i % 50 = 2 THEN 'vt.refused' ELSE 'vt.renewed' END ELSE 'visit.closed' END,
		CASE WHEN i % 50 = 2 THEN 'at_spent' ELSE 'ok' END, CASE WHEN i % 50 = 2 THEN 'other_r' ELSE '' END,
		{R25:i}, partner, app_id, 'urn:h5:bench', CASE i % 4 WHEN 0 THEN '' ELSE {V21:i / 4} END, FALSE,
		'{"id":"' || {ID} || '","at":' || CAST(at AS TEXT) || ',"kind":"vt.issued","outcome":"ok","request_id":"' || {R25:i} || '","partner_id":"' || partner
			|| '","application_id":"' || app_id || '","service_id":"urn:h5:bench","vid":"' || {V21:i / 4} || '","detail":{"ak":"bench","jti":"' || {J21:i / 4} || '"}}',
		{L42:i}
	FROM f`

const fillATsSQL = fillNumbers + `INSERT INTO at_rows (at_hash, jti, partner_id, application_id, service_id, environment, suite, scope, subject_mac, ak_kid, issued_at, expires_at, spent_at, r_hash, vid)
	SELECT {H42:i / 4}, {J21:i / 4}, partner, app_id, 'urn:h5:bench', 'production', 'A256', 'account.statement:read',
		{M42:(i / 4) % 1000000}, 'bench', at / 1000 * 1000, at / 1000 * 1000 + 120000, at, {X42:i / 4}, {V21:i / 4}
	FROM f WHERE i % 4 = 0`

const fillVisitsSQL = fillNumbers + `INSERT INTO visits (vid, at_hash, partner_id, application_id, service_id, environment, scope, opened_at, dead_after, ended_at, end_reason)
	SELECT {V21:i / 4}, {H42:i / 4}, partner, app_id, 'urn:h5:bench', 'production', 'account.statement:read', at, at + 1800000, at + 60000, 'closed'
	FROM f WHERE i % 4 = 0`

const fillCallsSQL = fillNumbers + `INSERT INTO calls (id, at, vid, request_id, partner_id, application_id, service_id, route_id, method, status, rule, duration, upstream_time)
	SELECT {ID}, at, {V21:i / 4}, {C25:i}, partner, app_id, 'urn:h5:bench', 'statement', 'GET', 200, 'account.statement:read', 16000, 12000
	FROM f WHERE i % 4 = 0`
