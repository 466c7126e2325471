package jobs_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app/config"
	"postern/app/jobs"
	"postern/app/store"
	"postern/app/store/storetest"
)

const day = 24 * time.Hour

// retention is the job as of a time, with the settings that hold by default.
func retention(s *store.Store, now time.Time) jobs.Retention {
	return jobs.Retention{Store: s, Days: func() config.Retention { return config.Default().Retention }, Zone: halfPast, Now: func() time.Time { return now }}
}

// insert runs SQL past everything that would set times itself.
func insert(t testing.TB, s *store.Store, statements ...string) {
	t.Helper()
	err := s.WriteGroup(context.Background(), func(tx *sql.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func ms(age time.Duration) int64 { return testTime.Add(-age).UnixMilli() }

func atRow(name string, expired time.Duration, vid string) string {
	return fmt.Sprintf(`INSERT INTO at_rows (at_hash, jti, partner_id, application_id, service_id, environment, suite, scope, ak_kid,
		issued_at, expires_at, vid) VALUES ('%s', '', '', '', '', '', '', '', '', 0, %d, '%s')`, name, ms(expired), vid)
}

func visit(name string, dead time.Duration) string {
	return fmt.Sprintf(`INSERT INTO visits (vid, at_hash, partner_id, application_id, service_id, environment, scope, opened_at, dead_after)
		VALUES ('%s', '', '', '', '', '', '', 0, %d)`, name, ms(dead))
}

func call(age time.Duration) string {
	hex := fmt.Sprintf("%012x", ms(age))
	return fmt.Sprintf(`INSERT INTO calls (id, at, vid, request_id, partner_id, application_id, service_id)
		VALUES ('%s-%s-7abc-8000-00000000abcd', %d, '%v', '', '', '', '')`, hex[:8], hex[8:], ms(age), age)
}

// names lists a column in order.
func names(t testing.TB, s *store.Store, query string) string {
	t.Helper()
	stmt, err := s.ReadStmt(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := stmt.Query()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// givenConsent is one that was given so long ago and ends at a time, 0 for never.
func givenConsent(id string, age time.Duration, ends int64) string {
	return fmt.Sprintf(`INSERT INTO consents (id, partner_id, application_id, service_id, scope_id, version, vid, given_at, ends_at)
		VALUES ('%s', 'p', 'a', 's', 'sc', 1, 'v', %d, %d)`, id, ms(age), ends)
}

func TestRetentionDeletesWhatIsPastItsTimeAndNothingElse(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		years := 1826 * day
		insert(t, s,
			atRow("old", years+time.Hour, "v-old"), visit("v-old", years+time.Minute),
			atRow("unspent", years+time.Hour, ""),
			atRow("alive", years+time.Hour, "v-alive"), visit("v-alive", -time.Hour), // whatever made it live so long
			atRow("young", years-time.Hour, "v-young"), visit("v-young", years-time.Hour),
			"INSERT INTO services (id, name, h5_url, status, created_at, updated_at) VALUES ('s', '', '', 'active', 1, 1)",
			"INSERT INTO scopes (id, service_id, title) VALUES ('sc', 's', '')",
			"INSERT INTO consent_texts VALUES ('sc', 1, '', '', '', '', 0, 1)",
			givenConsent("open", 3*years, 0), givenConsent("over", 3*years, ms(years+time.Hour)), givenConsent("lately", 3*years, ms(years-time.Hour)),
			call(180*day+time.Hour), call(180*day-time.Hour),
			fmt.Sprintf("INSERT INTO shapes VALUES ('gone', '', 1, %d)", ms(183*day)),
			fmt.Sprintf("INSERT INTO shapes VALUES ('used', '', 1, %d)", ms(181*day)),
			fmt.Sprintf("INSERT INTO shapes VALUES ('of-an-older-gateway', '', %d, 0)", ms(0)),
			fmt.Sprintf("INSERT INTO assertion_jtis VALUES ('a', 'gone', %d)", ms(2*time.Hour)),
			fmt.Sprintf("INSERT INTO assertion_jtis VALUES ('a', 'kept', %d)", ms(59*time.Minute)),
			fmt.Sprintf("INSERT INTO write_calls VALUES ('gone', 'j', 'done', 'a', %d)", ms(4*time.Hour)),
			fmt.Sprintf("INSERT INTO write_calls VALUES ('kept', 'j', 'done', 'a', %d)", ms(3*time.Hour)),
			fmt.Sprintf("INSERT INTO changes (at, kind, subject) VALUES (%d, 'keys', 'gone')", ms(31*day)),
			fmt.Sprintf("INSERT INTO changes (at, kind, subject, until) VALUES (%d, 'visit_ended', 'matters', %d)", ms(31*day), ms(-time.Hour)),
			fmt.Sprintf("INSERT INTO changes (at, kind, subject) VALUES (%d, 'keys', 'young')", ms(29*day)),
			fmt.Sprintf("INSERT INTO changes (at, kind, subject) VALUES (%d, 'keys', 'newest')", ms(31*day)),
			"INSERT INTO quota_counts VALUES ('a', '2026-10-22', 1)",
			"INSERT INTO quota_counts VALUES ('a', '2026-10-23', 1)",
			fmt.Sprintf("INSERT INTO rollups (span, start, kind, application_id, service_id, route_id, outcome, node, count, duration_sum, duration_max, upstream_sum, upstream_max) VALUES ('hour', %d, 'at', '', '', '', 'gone', '', 1, 0, 0, 0, 0)", ms(401*day)),
			fmt.Sprintf("INSERT INTO rollups (span, start, kind, application_id, service_id, route_id, outcome, node, count, duration_sum, duration_max, upstream_sum, upstream_max) VALUES ('hour', %d, 'at', '', '', '', 'not-added-up', 'a', 1, 0, 0, 0, 0)", ms(401*day)),
			fmt.Sprintf("INSERT INTO rollups (span, start, kind, application_id, service_id, route_id, outcome, node, count, duration_sum, duration_max, upstream_sum, upstream_max) VALUES ('day', %d, 'at', '', '', '', 'day', '', 1, 0, 0, 0, 0)", ms(401*day)),
			fmt.Sprintf("INSERT INTO rollups (span, start, kind, application_id, service_id, route_id, outcome, node, count, duration_sum, duration_max, upstream_sum, upstream_max) VALUES ('hour', %d, 'at', '', '', '', 'young', '', 1, 0, 0, 0, 0)", ms(399*day)),
			"INSERT INTO events (id, at, kind, outcome, body, leaf_hash) VALUES ('event', 1, 'at.issued', 'ok', '{}', '-')",
		)
		for _, want := range []string{
			"deleted 3 of at_rows and visits, 1 of consents, 1 of calls, 1 of shapes, 1 of assertion_jtis, 1 of write_calls, 1 of changes, 1 of quota_counts, 1 of rollups",
			"nothing was past its time",
		} {
			if note, err := retention(s, testTime).Job().Do(t.Context()); err != nil || note != want {
				t.Errorf("%q, %v; want %q", note, err, want)
			}
		}
		for _, kept := range [][2]string{
			{"SELECT at_hash FROM at_rows", "alive young"}, {"SELECT vid FROM visits", "v-alive v-young"},
			{"SELECT id FROM consents", "lately open"}, {"SELECT scope_id FROM consent_texts", "sc"},
			{"SELECT vid FROM calls", "4319h0m0s"}, {"SELECT id FROM shapes", "of-an-older-gateway used"},
			{"SELECT jti FROM assertion_jtis", "kept"}, {"SELECT vid FROM write_calls", "kept"},
			{"SELECT subject FROM changes", "matters newest young"}, {"SELECT day FROM quota_counts", "2026-10-23"},
			{"SELECT outcome FROM rollups", "day not-added-up young"}, {"SELECT id FROM events", "event"},
		} {
			if got := names(t, s, kept[0]); got != kept[1] {
				t.Errorf("%s: %q, want %q", kept[0], got, kept[1])
			}
		}
	})
}

func TestRetentionGoesInSmallStepsAndStopsWhenAsked(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var many []string
		for i := range 1500 {
			many = append(many, call(200*day+time.Duration(i)*time.Second))
		}
		insert(t, s, many...)
		ctx, stop := context.WithCancel(t.Context())
		r := retention(s, testTime)
		looks := 0
		r.Now = func() time.Time {
			if looks++; looks == 12 { // in the second or third batch of calls
				stop()
			}
			return testTime
		}
		if note, err := r.Job().Do(ctx); err == nil || !strings.HasSuffix(note, " of calls") {
			t.Errorf("after the stop: %q, %v", note, err)
		}
		left := number(t, s, "SELECT count(*) FROM calls")
		if left == 0 || left == len(many) {
			t.Errorf("%d of %d calls are left after the stop", left, len(many))
		}
		if _, err := retention(s, testTime).Job().Do(t.Context()); err != nil {
			t.Error(err)
		}
		if left := number(t, s, "SELECT count(*) FROM calls"); left != 0 {
			t.Errorf("%d calls are left", left)
		}
	})
}

func TestRetentionLeavesForTheNextRunWhatItHasNoTimeFor(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	insert(t, s, call(200*day), call(201*day))
	r := retention(s, testTime)
	now := testTime
	r.Now = func() time.Time { now = now.Add(5 * time.Minute); return now }
	if note, err := r.Job().Do(t.Context()); err != nil || !strings.HasSuffix(note, "more is left for the next run") {
		t.Errorf("%q, %v", note, err)
	}
}

func TestNothingIsDeletedOrAddedUpAtTheStart(t *testing.T) {
	t.Parallel()
	for _, j := range []jobs.Job{retention(nil, testTime).Job(), jobs.Days{}.Job()} {
		if j.After < 5*time.Minute || !j.Alone || j.Limit == 0 {
			t.Errorf("%s: after %v, alone %v, at most %v", j.Name, j.After, j.Alone, j.Limit)
		}
	}
}
