package bankfile_test

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/app/bankfile"
	"postern/app/directory"
	"postern/app/disclosure"
	"postern/app/records"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/policies"
)

// BenchmarkPreview counts calls that are of many kinds, and then previews a draft
// that takes fields and a route away from all of them: what the job does with each
// call, and how long somebody waits for the page.
func BenchmarkPreview(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.Store{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		for _, calls := range []int{50_000, 1_000_000} {
			for _, tuples := range []int{1_000, 50_000} {
				b.Run(fmt.Sprintf("%s/calls=%d/tuples=%d", name, calls, tuples), func(b *testing.B) { benchmarkPreview(b, open(b), calls, tuples) })
			}
		}
	}
}

const (
	benchApplications = 20
	benchRoutes       = 10
)

func benchmarkPreview(b *testing.B, s *store.Store, calls, tuples int) {
	text := benchBusiness(func(int) string { return "keep" }, benchRoutes)
	applied(b, s, text)
	recordMany(b, s, calls, tuples)
	began, took := time.Now(), 0.0
	for n := int64(0); ; {
		some, err := s.FoldCalls(b.Context(), now.AddDate(0, 0, -30), now, time.UTC)
		if err != nil {
			b.Fatal(err)
		}
		if n += some; some > 0 {
			continue
		}
		if n != int64(calls) {
			b.Fatalf("%d of %d calls were counted", n, calls)
		}
		took = float64(time.Since(began).Milliseconds())
		break
	}

	compiler, err := policies.NewCompiler()
	if err != nil {
		b.Fatal(err)
	}
	d, err := directory.Open(b.Context(), s, compiler)
	if err != nil {
		b.Fatal(err)
	}
	r := records.New(records.Options{Store: s, Now: func() time.Time { return now }, Zone: time.UTC, Rand: rand.Reader})
	draft := benchBusiness(func(field int) string { return []string{"keep", "drop"}[field%2] }, benchRoutes-1)
	for b.Loop() {
		err := s.Business(b.Context(), func(picture store.Business) error {
			rows, err := bankfile.Draft(picture, draft, now)
			if err != nil {
				return err
			}
			p, err := r.Preview(b.Context(), picture, d, rows, 30)
			if err == nil && p.Calls != int64(calls) {
				b.Errorf("%d of %d calls were looked at", p.Calls, calls)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(took/float64(calls)*10_000, "ms/10000-counted")
}

// benchBusiness is a service whose scope opens a permission of each route, so many.
func benchBusiness(treatment func(field int) string, open int) string {
	var t strings.Builder
	t.WriteString("services:\n  - id: urn:x\n    name: X\n    class: A1\n    status: active\n    h5_url: https://x.example/\n    origins: [https://x.example]\n    api_id: OPABCDEF01ABCDEFABCDEFGH\n    routes:\n")
	for i := range benchRoutes {
		fmt.Fprintf(&t, "      - { id: r%d, method: GET, pattern: /r%d, resource: x%d, action: read, owner_check: upstream }\n", i, i, i)
	}
	t.WriteString("scopes:\n  - id: s\n    service: urn:x\n    title: T\n    permissions:\n")
	for i := range open {
		fmt.Fprintf(&t, "      - { resource: x%d, action: read, fields: [", i)
		for f := range 12 {
			fmt.Fprintf(&t, " { path: f%d, class: C1, treatment: %s },", f, treatment(f))
		}
		t.WriteString(" ] }\n")
	}
	t.WriteString("partners: [{ id: p, name: P, status: active }]\napplications:\n")
	for i := range benchApplications {
		fmt.Fprintf(&t, "  - { id: a%d, partner: p, name: A%d, environment: production, status: active }\n", i, i)
	}
	t.WriteString("grants:\n")
	for i := range benchApplications {
		fmt.Fprintf(&t, "  - { id: g%d, application: a%d, scope: s, purpose: P, starts_at: %s }\n", i, i, now.AddDate(0, 0, -40).Format(time.RFC3339))
	}
	return t.String()
}

// recordMany writes calls of so many kinds, as the ledger would have over a day;
// what comes one after the other is of another kind.
func recordMany(b *testing.B, s *store.Store, calls, tuples int) {
	b.Helper()
	shapes := tuples / benchApplications / benchRoutes
	at := now.AddDate(0, 0, -1).UnixMilli()
	exec := func(query string, args ...any) {
		err := s.WriteGroup(b.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(s.Rebind(query), args...)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for i := range benchApplications {
		exec(`INSERT INTO visits (vid, at_hash, partner_id, application_id, service_id, environment, scope, opened_at, dead_after)
			VALUES (?, '', 'p', ?, 'urn:x', 'production', 's', 0, 0)`, fmt.Sprintf("v%d", i), fmt.Sprintf("a%d", i))
	}
	for i := range shapes {
		shape := disclosure.Shape{Kept: []string{fmt.Sprintf("f%d", i%12)}, Dropped: []string{fmt.Sprintf("g%d", i)}}
		exec(`INSERT INTO shapes (id, canonical, first_seen) VALUES (?, ?, 0)`, fmt.Sprintf("s%d", i), string(shape.Canonical()))
	}
	number := "printf('%012d', i)"
	if s.Dialect() == store.Postgres {
		number = "lpad(CAST(i AS TEXT), 12, '0')"
	}
	id := fmt.Sprintf("%012x", at)
	exec(fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d)
		INSERT INTO calls (id, at, vid, request_id, partner_id, application_id, service_id, route_id, status, shape_id)
		SELECT '%s-%s-7000-8000-' || %s, %d, 'v' || CAST(i %% %d AS TEXT), '', 'p', 'a' || CAST(i %% %d AS TEXT), 'urn:x',
			'r' || CAST(i / %d %% %d AS TEXT), 200, 's' || CAST(i / %d %% %d AS TEXT) FROM n`,
		calls, id[:8], id[8:], number, at, benchApplications, benchApplications, benchApplications, benchRoutes, benchApplications*benchRoutes, shapes))
}
