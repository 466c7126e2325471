package store_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"postern/app/errs"
	"postern/app/store"
	"postern/app/store/storetest"
)

// profiles reads what belongs to an application and to a service of a name.
var profiles = map[string]func(context.Context, *store.Store, string) error{
	"applications": func(ctx context.Context, s *store.Store, id string) error {
		_, err := s.ApplicationProfile(ctx, id)
		return err
	},
	"services": func(ctx context.Context, s *store.Store, id string) error {
		_, err := s.ServiceProfile(ctx, id)
		return err
	},
}

// lose takes tables out of the database: what asks them fails.
func lose(t *testing.T, s *store.Store, tables ...string) {
	t.Helper()
	err := s.WriteGroup(t.Context(), func(tx *sql.Tx) error {
		for _, table := range tables {
			if _, err := tx.ExecContext(t.Context(), "ALTER TABLE "+table+" RENAME TO lost_"+table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnUnknownNameCostsOneQuery(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		lose(t, s, "partners", "credentials", "grants", "service_origins", "upstreams", "routes")
		for table, read := range profiles {
			err := read(t.Context(), s, "unknown")
			if errs.KindOf(err) != errs.NotFound {
				t.Fatalf("%s: got %v, want NotFound", table, err)
			}
			if cause := errs.Of(err).Cause.Error(); strings.Contains(cause, "partners") || strings.Contains(cause, "origins") {
				t.Errorf("%s: more was asked after the name was not found: %v", table, cause)
			}
		}
	})
}

func TestAnOutageIsNotTakenForAnUnknownName(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		lose(t, s, "applications", "services")
		for table, read := range profiles {
			if err := read(t.Context(), s, "some"); err == nil || errs.KindOf(err) == errs.NotFound {
				t.Errorf("%s: got %v, want a fault", table, err)
			}
		}
	})
}
