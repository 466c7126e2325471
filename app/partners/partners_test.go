package partners_test

import (
	"crypto/rand"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

var now = time.Date(2026, 11, 22, 10, 5, 11, 0, time.UTC)

const hash = "XlGelA0XxgxNU7TeEHQ-g68TzkYmFZmsUZhwGaS6hXY"

// classes are the scopes of a test's catalog.
type classes map[string]string

func (c classes) Offered(scope string) bool { return c[scope] != "" }

func (c classes) Class(scope string) (service, class string) {
	if c[scope] == "" {
		return "", ""
	}
	return "urn:h5:" + scope, c[scope]
}

// save does what a form does: stage, check, save.
func save(t *testing.T, s *store.Store, scopes classes, n partners.Names, stage func(*partners.Registry) errs.Fields) (faults errs.Fields, err error) {
	t.Helper()
	err = s.Write(t.Context(), func(tx *store.Tx) error {
		b, err := tx.Business()
		if err != nil {
			return err
		}
		r, err := partners.Read(b, n)
		if err != nil {
			return err
		}
		faults = stage(r)
		if err := r.Check(scopes, now, func(kind, _, field string, m errs.Message) { faults.Check(false, kind+"."+field, m.ID, m.Text) }); err != nil {
			return err
		}
		if err := faults.Invalid(); err != nil {
			return err
		}
		return r.Save(change.Writer{Tx: tx, Now: now, Rand: rand.Reader, Actor: "officer"})
	})
	return faults, err
}

func TestAFormSavesAnApplicationWithItsEvent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		_, err := save(t, s, nil, partners.Names{Partners: []string{"p"}, Applications: []string{"a"}}, func(r *partners.Registry) errs.Fields {
			f := r.Partners.Stage(partners.Partner{ID: "p", Name: "P", Status: models.Active})
			f.Below("application", r.Applications.Stage(partners.Application{ID: "a", Partner: "p", Name: "A", Environment: models.Sandbox, Addresses: []string{"203.0.113.7"}}))
			f.Below("credential", r.Credentials.Stage(partners.Credential{ID: "c", Application: "a", SecretHash: hash}))
			return f
		})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.ApplicationProfile(t.Context(), "a")
		if err != nil || p.Application.Suite != "A256" || p.Application.AuthMethod != models.PrivateKeyJWT || p.Addresses[0] != "203.0.113.7/32" ||
			p.Credentials[0].Use != models.ClientSecret || p.Credentials[0].NotBefore != now.UnixMilli() {
			t.Errorf("saved %+v, %v", p, err)
		}
		faults, err := save(t, s, nil, partners.Names{Applications: []string{"b"}}, func(r *partners.Registry) errs.Fields {
			return r.Applications.Stage(partners.Application{ID: "b", Partner: "q", Name: "B", Environment: models.Sandbox})
		})
		if errs.KindOf(err) != errs.Invalid || faults["application.partner"].ID != "rule.no_partner" {
			t.Errorf("an application of nobody: %v, %v", faults, err)
		}
	})
}

func TestASecretAloneOpensNoServiceOfClassA2(t *testing.T) {
	t.Parallel()
	scopes := classes{"rates": "A1", "loan": "A2"}
	grant := func(scope string, change func(*partners.Grant)) partners.Grant {
		g := partners.Grant{ID: "g-" + scope, Application: "a", Scope: scope, Purpose: "P"}
		if change != nil {
			change(&g)
		}
		return g
	}
	for _, c := range []struct {
		name   string
		method models.AuthMethod
		grant  partners.Grant
		want   string // id of the fault
	}{
		{"a key for A2", models.PrivateKeyJWT, grant("loan", nil), ""},
		{"a secret for A1", models.ClientSecretBasic, grant("rates", nil), ""},
		{"a secret for A2", models.ClientSecretBasic, grant("loan", nil), "rule.secret_for_a2"},
		{"a secret for A2 that was", models.ClientSecretBasic, grant("loan", func(g *partners.Grant) { g.Ended = true }), ""},
		{"a secret for A2 that has run out", models.ClientSecretBasic, grant("loan", func(g *partners.Grant) {
			g.StartsAt, g.EndsAt = now.Add(-2*time.Hour), now.Add(-time.Hour)
		}), ""},
		{"a secret for A2 that is to come", models.ClientSecretBasic, grant("loan", func(g *partners.Grant) { g.StartsAt = now.Add(time.Hour) }), "rule.secret_for_a2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := partners.Read(store.Business{}, partners.Names{})
			if err != nil {
				t.Fatal(err)
			}
			r.Partners.Stage(partners.Partner{ID: "p", Name: "P"})
			r.Applications.Stage(partners.Application{ID: "a", Partner: "p", Name: "A", Environment: models.Production, AuthMethod: c.method})
			r.Grants.Stage(c.grant)
			var got string
			if err := r.Check(scopes, now, func(_, _, _ string, m errs.Message) { got = m.ID }); err != nil || got != c.want {
				t.Errorf("fault %q and error %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestOfAGrantOnlyTheEndChanges(t *testing.T) {
	t.Parallel()
	before := partners.Grant{ID: "g", Application: "a", Scope: "s", Purpose: "P", ApprovedBy: "X", StartsAt: now, EndsAt: now.Add(time.Hour)}
	for field, change := range map[string]func(*partners.Grant){
		"application": func(g *partners.Grant) { g.Application = "b" },
		"scope":       func(g *partners.Grant) { g.Scope = "t" },
		"purpose":     func(g *partners.Grant) { g.Purpose = "Q" },
		"approved_by": func(g *partners.Grant) { g.ApprovedBy = "Y" },
		"starts_at":   func(g *partners.Grant) { g.StartsAt = now.Add(time.Second) },
		"":            func(g *partners.Grant) { g.EndsAt, g.Ended = time.Time{}, true },
	} {
		after := before
		change(&after)
		faults := after.Follow(before)
		if field == "" && len(faults) != 0 || field != "" && (len(faults) != 1 || faults[field].ID != "rule.grant_history") {
			t.Errorf("%s: %v", field, faults)
		}
	}
	ended := before
	ended.Ended = true
	if faults := before.Follow(ended); faults["ended"].ID != "rule.grant_ended" {
		t.Errorf("a grant that was ended comes back: %v", faults)
	}
}

func TestNothingIsSavedUnchecked(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		r, err := partners.Read(store.Business{}, partners.Names{})
		if err != nil {
			return err
		}
		r.Partners.Stage(partners.Partner{ID: "p", Name: "P"})
		return r.Save(change.Writer{Tx: tx, Now: now, Rand: rand.Reader})
	})
	if !errors.Is(err, change.ErrUnchecked) {
		t.Errorf("got %v", err)
	}
}

// What the reference says of keys that are needed is what is refused.
func TestWhatIsNeededIsWhatTheReferenceSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults errs.Fields
		of     reflect.Type
		more   string // one of two, so that the reference calls neither needed
	}{
		"partner":     {partners.Partner{}.Normalize().Validate(), reflect.TypeFor[partners.Partner](), ""},
		"application": {partners.Application{}.Normalize().Validate(), reflect.TypeFor[partners.Application](), ""},
		"credential":  {partners.Credential{}.Normalize().Validate(), reflect.TypeFor[partners.Credential](), "jwk"},
		"grant":       {partners.Grant{}.Normalize().Validate(), reflect.TypeFor[partners.Grant](), ""},
	} {
		var want, got []string
		for _, f := range reflect.VisibleFields(c.of) {
			if field, _, _ := strings.Cut(f.Tag.Get("field"), ","); f.Tag.Get("need") != "" || field == c.more && field != "" {
				want = append(want, field)
			}
		}
		for field := range c.faults {
			got = append(got, field)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: an empty one lacks %q, the reference says %q", name, got, want)
		}
	}
}
