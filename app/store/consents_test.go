package store_test

import (
	"database/sql"
	"strings"
	"testing"

	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// Consents are looked up at step D and listed for people, and never go while
// they hold: no question may read all of them.
func TestConsentsAreFoundByAnIndex(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]store.ConsentFilter{
		"all, a page at a time": {After: "x"},
		"by id":                 {ID: "x", ApplicationID: "a"},
		"of a customer":         {ApplicationID: "a", Visitor: models.Visitor{CustomerMAC: "m", SubjectMAC: "n", VID: "v"}, LiveAt: 1},
		"of a customer, newest": {ApplicationID: "a", Visitor: models.Visitor{CustomerMAC: "m", SubjectMAC: "n"}, OneSubject: true, LiveAt: 1, Newest: true},
		"of a subject, newest":  {ApplicationID: "a", ScopeID: "s", Visitor: models.Visitor{SubjectMAC: "n"}, OneSubject: true, LiveAt: 1, Newest: true},
		"of a customer alone":   {Visitor: models.Visitor{CustomerMAC: "m"}},
		"of a subject":          {ApplicationID: "a", Visitor: models.Visitor{SubjectMAC: "n", VID: "v"}, LiveAt: 1},
		"of a visit":            {ApplicationID: "a", Visitor: models.Visitor{VID: "v"}, LiveAt: 1},
		"of a partner's user":   {ApplicationID: "a", ScopeID: "s", SubjectMAC: "n", After: "x"},
		"of an application":     {ApplicationID: "a", After: "x"},
		"of a scope":            {ScopeID: "s", LiveAt: 1},
		"of both":               {ApplicationID: "a", ScopeID: "s", After: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				query := s.ConsentSQL(t.Context(), f)
				err := s.WriteGroup(t.Context(), func(tx *sql.Tx) error {
					plan, err := explain(tx, s, query)
					// One person's are few: sorting them is no reading of all.
					if whole := wholeScan(plan); whole != "" && !(name == "of a customer alone" && strings.Contains(whole, "TEMP B-TREE")) {
						t.Errorf("%q in\n%s\nof %s", whole, plan, query)
					}
					if s.Dialect() == store.SQLite && !strings.Contains(plan, "SEARCH") {
						t.Errorf("no index in\n%s\nof %s", plan, query)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
