package catalog_test

import (
	"crypto/rand"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app/catalog"
	"postern/app/change"
	"postern/app/errs"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

var now = time.Date(2026, 11, 22, 10, 5, 11, 0, time.UTC)

func loan() catalog.Service {
	return catalog.Service{
		ID: "urn:h5:loan", Name: " Loan ", H5URL: "https://loan.bank.example/h5", APIID: "OP10972302H5000100000001", Status: models.Active,
		Origins: []string{"https://loan.bank.example"},
		Routes:  []catalog.Route{{ID: "offer", Method: "GET", Pattern: "/offer", Resource: "offer", Action: "read"}},
	}
}

// save does what a form does with one service.
func save(t *testing.T, s *store.Store, in catalog.Service) (faults errs.Fields, err error) {
	t.Helper()
	err = s.Write(t.Context(), func(tx *store.Tx) error {
		b, err := tx.Business()
		if err != nil {
			return err
		}
		c, err := catalog.Read(b, []string{in.ID}, []string{})
		if err != nil {
			return err
		}
		faults = c.Services.Stage(in)
		if err := c.Check(func(_, _, field string, m errs.Message) { faults.Check(false, field, m.ID, m.Text) }); err != nil {
			return err
		}
		if err := faults.Invalid(); err != nil {
			return err
		}
		return c.Save(change.Writer{Tx: tx, Now: now, Rand: rand.Reader, Actor: "officer"})
	})
	return faults, err
}

func TestAFormSavesAServiceWithItsEvent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if _, err := save(t, s, loan()); err != nil {
			t.Fatal(err)
		}
		p, err := s.ServiceProfile(t.Context(), "urn:h5:loan")
		if err != nil || p.Service.Name != "Loan" || p.Service.Class != "A2" || len(p.Origins) != 1 || len(p.Routes) != 1 {
			t.Errorf("saved %+v, %v", p, err)
		}
		second := loan()
		second.ID = "urn:h5:second"
		faults, err := save(t, s, second)
		if errs.KindOf(err) != errs.Invalid || faults["origins.0"].ID != "origin_taken" || faults["routes.0.id"].ID != "route_taken" {
			t.Errorf("a second service on its origin: %v, %v", faults, err)
		}
		second.Origins, second.H5URL = []string{"https://second.bank.example"}, "https://second.bank.example/"
		second.Routes[0].ID = "second"
		if _, err := save(t, s, second); err != nil {
			t.Error(err)
		}
	})
}

func TestAnOriginIsFreeAgainOnceItsServiceIsClosed(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	for _, status := range []models.Status{models.Active, models.Closed} {
		closing := loan()
		closing.Status, closing.Routes = status, nil
		if _, err := save(t, s, closing); err != nil {
			t.Fatal(err)
		}
	}
	next := loan()
	next.ID = "urn:h5:next"
	if _, err := save(t, s, next); err != nil {
		t.Error(err)
	}
	back := loan()
	if faults, _ := save(t, s, back); faults["status"].ID != "status_step" {
		t.Errorf("a closed service comes back: %v", faults)
	}
}

func TestNothingIsSavedUnchecked(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	for name, prepare := range map[string]func(*catalog.Catalog) error{
		"not checked": func(c *catalog.Catalog) error { c.Services.Stage(loan()); return nil },
		"with a fault": func(c *catalog.Catalog) error {
			c.Services.Stage(catalog.Service{ID: "urn:h5:loan"})
			return c.Check(func(string, string, string, errs.Message) {})
		},
		"leading nowhere": func(c *catalog.Catalog) error {
			c.Scopes.Stage(catalog.Scope{ID: "a:b", Service: "urn:h5:none", Title: "A"})
			return c.Check(func(string, string, string, errs.Message) {})
		},
	} {
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			c, err := catalog.Read(store.Business{}, nil, nil)
			if err != nil {
				return err
			}
			return errors.Join(prepare(c), c.Save(change.Writer{Tx: tx, Now: now, Rand: rand.Reader}))
		})
		if !errors.Is(err, change.ErrUnchecked) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What the reference says of keys that are needed is what is refused.
func TestWhatIsNeededIsWhatTheReferenceSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults errs.Fields
		of     reflect.Type
		prefix string
	}{
		"service":    {catalog.Service{}.Normalize().Validate(), reflect.TypeFor[catalog.Service](), ""},
		"upstream":   {catalog.Service{Upstreams: make([]catalog.Upstream, 1)}.Normalize().Validate(), reflect.TypeFor[catalog.Upstream](), "upstreams.0."},
		"route":      {catalog.Service{Routes: make([]catalog.Route, 1)}.Normalize().Validate(), reflect.TypeFor[catalog.Route](), "routes.0."},
		"scope":      {catalog.Scope{}.Normalize().Validate(), reflect.TypeFor[catalog.Scope](), ""},
		"permission": {catalog.Scope{Permissions: make([]catalog.Permission, 1)}.Normalize().Validate(), reflect.TypeFor[catalog.Permission](), "permissions.0."},
	} {
		var want, got []string
		for _, f := range reflect.VisibleFields(c.of) {
			if f.Tag.Get("need") != "" {
				want = append(want, f.Tag.Get("field"))
			}
		}
		for field := range c.faults {
			if rest, below := strings.CutPrefix(field, c.prefix); below && !strings.Contains(rest, ".") {
				got = append(got, rest)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: an empty one lacks %q, the reference says %q", name, got, want)
		}
	}
}
