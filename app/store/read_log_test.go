package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// Whatever the log and an X-ray ask is found along an index, in the index's
// order: the same time at a hundred rows and at ten million.
func TestLogReadsNoWholeTableAndSortsNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.WriteGroup(t.Context(), func(tx *sql.Tx) error {
			if s.Dialect() == store.Postgres {
				// Tables are empty: it shall say which way there is, not which is the quickest now.
				for _, way := range []string{"sort", "incremental_sort", "bitmapscan"} {
					if _, err := tx.Exec("SET LOCAL enable_" + way + " = off"); err != nil {
						return err
					}
				}
			}
			for name, query := range store.LogSQL() {
				plan, err := explain(tx, s, query)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				// What the key alone was walked for is counted, row by row.
				plan = strings.ReplaceAll(plan, "SCAN walked", "")
				if whole := wholeScan(plan); whole != "" || strings.Contains(plan, "Sort") {
					t.Errorf("%s: %q in\n%s", name, whole, plan)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// logged writes n lines, one each millisecond from 1 on; every third is refused
// and every fifth is of application b.
func logged(t *testing.T, s *store.Store, n int) {
	t.Helper()
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		for i := 1; i <= n; i++ {
			e := models.Event{
				ID: store.FirstEventID(int64(i)), At: int64(i), Kind: "vt.issued", Outcome: "ok", ApplicationID: "a",
				Body: fmt.Sprintf(`{"detail":{"jti":"j_%d"}}`, i), LeafHash: "-",
			}
			if i%3 == 0 {
				e.Outcome = "at_spent"
			}
			if i%5 == 0 {
				e.ApplicationID = "b"
			}
			if err := tx.AppendEvent(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func times(rows []models.Event) (list []int64) {
	for _, e := range rows {
		list = append(list, e.At)
	}
	return list
}

func TestWalkLog(t *testing.T) {
	t.Parallel()
	kinds := []string{"vt.issued"}
	whole := store.LogRange{From: store.FirstEventID(0), Until: store.LastEventID}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		logged(t, s, 30)
		for _, tc := range []struct {
			name  string
			span  store.LogRange
			f     store.LogFilter
			w     store.LogSteps
			want  []int64
			endAt int64 // of the line that looking stopped at
		}{
			{"the newest first", whole, store.LogFilter{Kinds: kinds}, store.LogSteps{Most: 100, Limit: 3}, []int64{30, 29, 28}, 0},
			{"behind a line", store.LogRange{From: whole.From, Until: store.FirstEventID(28)}, store.LogFilter{Kinds: kinds}, store.LogSteps{Most: 100, Limit: 2}, []int64{27, 26}, 0},
			{"to newer ones", store.LogRange{From: store.FirstEventID(28), Until: whole.Until}, store.LogFilter{Kinds: kinds}, store.LogSteps{Most: 100, Limit: 5, Forward: true}, []int64{30, 29}, 0},
			{"no further than it may", whole, store.LogFilter{Kinds: kinds, Refused: true}, store.LogSteps{Most: 5, Limit: 5}, []int64{30, 27}, 26},
			{"no further, to newer ones", whole, store.LogFilter{Kinds: kinds, Refused: true}, store.LogSteps{Most: 4, Limit: 5, Forward: true}, []int64{3}, 4},
			{"of an application", whole, store.LogFilter{Kinds: kinds, Application: "b", Outcome: "at_spent"}, store.LogSteps{Most: 100, Limit: 5}, []int64{30, 15}, 0},
			{"of several", whole, store.LogFilter{Kinds: kinds, Applications: []string{"b", "c"}}, store.LogSteps{Most: 100, Limit: 2}, []int64{30, 25}, 0},
			{"of none", whole, store.LogFilter{Kinds: kinds, Applications: []string{}}, store.LogSteps{Most: 100, Limit: 2}, nil, 0},
			{"of what no text can be", whole, store.LogFilter{Kinds: kinds, Partner: "\x00"}, store.LogSteps{Most: 100, Limit: 2}, nil, 0},
			{"of another kind", whole, store.LogFilter{Kinds: []string{"at.issued"}}, store.LogSteps{Most: 100, Limit: 2}, nil, 0},
		} {
			walk, err := s.WalkLog(t.Context(), tc.span, tc.f, tc.w)
			if err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			end := ""
			if tc.endAt != 0 {
				end = store.FirstEventID(tc.endAt)
			}
			if got := times(walk.Rows); !slices.Equal(got, tc.want) || walk.End != end {
				t.Errorf("%s: got %v to %q, want %v to %q", tc.name, got, walk.End, tc.want, end)
			}
		}
		at := models.ATRow{ApplicationID: "a", JTI: "j_7", IssuedAt: 1}
		if rows, err := s.EventsOfAT(t.Context(), at, 30, 100); err != nil || !slices.Equal(times(rows), []int64{7}) {
			t.Errorf("lines of an AT: %v, %v; _ in a jti is no wildcard", times(rows), err)
		}
	})
}
