package conformance

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// crowd is so many lines of somebody who merely names the application, or so many calls of a
// visit of its own, one every so many milliseconds.
type crowd struct{ n, from, every int64 }

const counting = `WITH RECURSIVE n(i, at) AS (SELECT 1, %d UNION ALL SELECT i + 1, at + %d FROM n WHERE i < %d) INSERT INTO `

func (c crowd) strangers() string {
	return fmt.Sprintf(counting, began+c.from, c.every, c.n) + `events (id, at, kind, outcome, application_id, body, leaf_hash)
		SELECT printf('%08x-%04x-7000-8000-%012d', at >> 16, at & 65535, i), at, 'at.refused', 'invalid_client', 'app', '{"detail":{}}', '-' FROM n`
}

func (c crowd) calls() string {
	return fmt.Sprintf(counting, began+c.from, c.every, c.n) + `calls (id, at, vid, request_id, partner_id, application_id, service_id, reason)
		SELECT printf('%08x-%04x-7000-8000-%012d', at >> 16, at & 65535, i), at, 'v', 'call', 'p', 'app', 's', 'weather:unavailable' FROM n`
}

func TestATapeIsReadToItsEndOrNothingPasses(t *testing.T) {
	t.Parallel()
	anAT := func(at int64) models.Event { return asked(at, time.UnixMilli(at).String()) }
	refused := []models.Event{asked(-500, "a"), turnedAway(300, "weather:origin", "a")}
	visited := []models.Event{asked(-900, "a"), opened(-500, "a", "v")}
	storm := many(3, 5000, 100, anAT)
	for _, c := range []struct {
		name             string
		weather          models.Weather
		lines            []models.Event
		strangers, calls crowd
		finding          models.Finding
		felt             int64
	}{
		{"a crowd, and nothing else", models.WrongOrigin, refused, crowd{2500, 400, 1}, crowd{}, models.Calm, 300},
		{"a storm behind a crowd", models.WrongOrigin, append(refused, storm...), crowd{2500, 400, 1}, crowd{}, models.Hammered, 300},
		{"a storm behind one that is too big", models.WrongOrigin, append(refused, storm...), crowd{mostRead + 1, 400, 0}, crowd{}, models.Unfinished, 300},
		{"a crowd before that is too big", models.WrongOrigin, refused, crowd{mostRead + 1, -599_000, 1}, crowd{}, models.Unfinished, 0},
		{"a storm after the first of many calls", models.UpstreamDown, append(visited, storm...), crowd{}, crowd{2500, 100, 10}, models.Hammered, 100},
		{"too many calls", models.UpstreamDown, visited, crowd{}, crowd{mostRead + 1, 100, 0}, models.Unfinished, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := storetest.SQLite(t)
			err := s.WriteGroup(t.Context(), func(tx *sql.Tx) error {
				for statement, n := range map[string]int64{c.strangers.strangers(): c.strangers.n, c.calls.calls(): c.calls.n} {
					if n == 0 {
						continue
					}
					if _, err := tx.Exec(statement); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			err = s.Write(t.Context(), func(tx *store.Tx) error {
				for _, e := range c.lines {
					e.ID, e.ApplicationID, e.Outcome, e.LeafHash = store.FirstEventID(e.At), "app", "ok", "-"
					if err := tx.AppendEvent(e); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			r := New(Options{Store: s, Now: func() time.Time { return time.UnixMilli(began + 30_000) }})
			o, _, err := r.Look(t.Context(), models.ConformanceRun{ApplicationID: "app", Stage: c.weather, StageAt: began})
			if err != nil {
				t.Fatal(err)
			}
			if felt := max(0, o.FeltAt-began); o.Finding != c.finding || felt != c.felt || o.Finding == models.Unfinished && o.Verdict != models.NotSeen {
				t.Errorf("got %+v, felt after %d ms", o, felt)
			}
		})
	}
}
