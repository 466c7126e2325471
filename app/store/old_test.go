package store_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"postern/app/store"
	"postern/app/store/storetest"
)

// Each statement of retention finds its rows by an index: it runs every hour,
// over tables that grow to tens of millions of rows.
func TestRetentionReadsNoWholeTable(t *testing.T) {
	t.Parallel()
	wantIndexes(t, store.RetentionSQL(), wholeScan)
}

// The rules of alerts look every minute. What they count they may sort: it is a
// bounded part of a table.
func TestAlertsReadNoWholeTable(t *testing.T) {
	t.Parallel()
	wantIndexes(t, store.AlertSQL(), func(plan string) string {
		var kept strings.Builder
		for step := range strings.Lines(plan) {
			// Of PostgreSQL, sequential is what reads a derived table, never one of ours.
			if !strings.Contains(step, "TEMP B-TREE") && !strings.HasPrefix(step, "SCAN ended") && !strings.HasPrefix(step, "SCAN (") {
				kept.WriteString(step)
			}
		}
		return wholeScan(kept.String())
	})
}

// wantIndexes asks both databases how they would do each query; whole finds what
// reads a whole table.
func wantIndexes(t *testing.T, queries map[string]string, whole func(plan string) string) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.WriteGroup(t.Context(), func(tx *sql.Tx) error {
			for name, query := range queries {
				if plan, err := explain(tx, s, query); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				} else if step := whole(plan); step != "" {
					t.Errorf("%s: %q in\n%s", name, step, plan)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// explain returns the database's plan, a step on each line.
func explain(tx *sql.Tx, s *store.Store, query string) (string, error) {
	if s.Dialect() == store.Postgres {
		// Where it has another way, PostgreSQL then takes it, though the tables are empty.
		if _, err := tx.Exec("SET LOCAL enable_seqscan = off"); err != nil {
			return "", err
		}
		return lines(tx, "EXPLAIN "+strings.ReplaceAll(query, "?", "'1'"), 1)
	}
	args := make([]any, strings.Count(query, "?"))
	for i := range args {
		args[i] = 1
	}
	return lines(tx, "EXPLAIN QUERY PLAN "+query, 4, args...)
}

// lines reads the last of so many columns.
func lines(tx *sql.Tx, query string, columns int, args ...any) (string, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		row, targets := make([]string, columns), make([]any, columns)
		for i := range row {
			targets[i] = &row[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return "", err
		}
		b.WriteString(row[columns-1] + "\n")
	}
	return b.String(), rows.Err()
}

// wholeScan returns the step that reads a table from end to end or sorts it.
func wholeScan(plan string) string {
	for step := range strings.Lines(plan) {
		if strings.Contains(step, "Seq Scan") || strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "USING") ||
			strings.Contains(step, "TEMP B-TREE") {
			return strings.TrimSpace(step)
		}
	}
	return ""
}
