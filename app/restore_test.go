package app_test

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/backup"
	"postern/app/keyring"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// copied makes a copy of the world's database; the function that it returns
// stops the gateway, puts the copy back as an operator would, and starts it again.
func copied(t *testing.T, w *apptest.World) (restore func()) {
	t.Helper()
	restorer := backup.Restorer{Database: w.Config.Store, Masters: keyring.Masters{w.Config.Master}, Now: w.Config.Now, Rand: w.Config.Rand}
	begun := func(done backup.Restored, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if !done.At.Equal(w.Clock.Now()) || !done.NewestEvent.Before(done.At) {
			t.Errorf("restored %+v at %v", done, w.Clock.Now())
		}
		w.Open()
	}
	if w.Config.Store.Driver == string(store.Postgres) {
		dsn, err := url.Parse(w.Config.Store.DSN)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(dsn.Path, "/")
		w.Close() // a database that is a template may have no sessions
		storetest.Administer(t, "CREATE DATABASE "+name+"_copy TEMPLATE "+name)
		t.Cleanup(func() { storetest.Administer(t, "DROP DATABASE IF EXISTS "+name+"_copy WITH (FORCE)") })
		w.Open()
		return func() {
			w.Close()
			storetest.Administer(t, "DROP DATABASE "+name+" WITH (FORCE)")
			storetest.Administer(t, "CREATE DATABASE "+name+" TEMPLATE "+name+"_copy")
			begun(restorer.Finish(t.Context()))
		}
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "copy.db")
	if _, err := backup.Write(t.Context(), w.Config.Store.Path, file, w.Config.Rand); err != nil { // beside the gateway
		t.Fatal(err)
	}
	return func() {
		w.Close()
		begun(restorer.FromFile(t.Context(), file, filepath.Join(folder, "old.db")))
	}
}

// long lets ATs live for ten minutes and VTs for two hours: longer than the
// copies of the tests are old.
func long(w *apptest.World) {
	setApplication(w, apptest.Travel, func(a *models.Application) { a.ATLifetime = 600 })
	setService(w, func(s *models.Service) { s.VTLifetime, s.MaxAge = 7200, 7200 })
}

// assertForm is a form of step B with an assertion of certain claims.
func assertForm(w *apptest.World, change map[string]any) url.Values {
	form := w.TokenForm(apptest.Travel)
	form.Set("client_assertion", w.Assertion(apptest.Travel, change))
	return form
}

func TestAnOldCopyMakesNothingFresh(t *testing.T) {
	t.Parallel()
	for name, age := range map[string]time.Duration{"of two minutes": 2 * time.Minute, "of an hour": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) { restoreCopyOf(t, w, age) })
		})
	}
}

// life is what happened before and after a copy was made.
type life struct {
	kept, unspent, spentLater, issuedLater *apptest.Page // ATs by their pages
	visit, visitLater, visitUnderLaterKey  *apptest.Page
	write                                  map[string]any // carried out after the copy
	assertions                             []url.Values   // used after the copy
	keys                                   []string
}

func restoreCopyOf(t *testing.T, w *apptest.World, age time.Duration) {
	long(w)
	withoutC3 := url.Values{"scope": {"account.balance:read loan:apply"}} // such visits may grow old
	l := life{
		unspent: w.NewPage(w.AT(apptest.Travel, nil)), spentLater: w.NewPage(w.AT(apptest.Travel, nil)),
		kept: w.NewVisit(apptest.Travel, withoutC3), visit: w.NewVisit(apptest.Travel, withoutC3),
	}
	restore := copied(t, w)
	w.Later(age / 2)
	l.visitLater = w.NewVisit(apptest.Travel, withoutC3)
	if age < 10*time.Minute {
		l.spentLater.Open()
	}
	l.write = l.visit.Plain("POST", "/loans/applications")
	expect(t, l.visit.Call(l.write), 200, "", sealed)
	w.Rotate(models.TicketKey)
	w.Later(age / 2)
	l.visitUnderLaterKey, l.issuedLater = w.NewVisit(apptest.Travel, nil), w.NewPage(w.AT(apptest.Travel, nil))
	l.assertions = []url.Values{
		assertForm(w, nil), assertForm(w, map[string]any{"iat": nil}), assertForm(w, map[string]any{"iat": w.Clock.Now().Unix() + 10}),
		assertForm(w, map[string]any{"iat": nil, "exp": w.Clock.Now().Unix() + 310}),
	}
	for _, form := range l.assertions {
		expectError(t, w.PostForm("/oauth/token", form), 200, "")
	}
	l.keys = append(w.KeyIDs(apptest.SignatureUse), w.KeyIDs(apptest.EncryptionUse)...)
	writes := len(w.Bank.Seen())

	restore()
	if n := w.Count("visits WHERE ended_at = 0"); n != 0 {
		t.Errorf("%d visits of before live on record", n)
	}
	nothingOfBeforeWorks(t, w, l)
	w.Later(11 * time.Second) // fresh assertions are told from old ones by now
	aVisitOfAfterWorks(t, w)
	nothingOfBeforeWorks(t, w, l)
	if n := len(w.Bank.Seen()); n != writes+1 {
		t.Errorf("the bank was asked %d times for what came before", n-writes-1)
	}
	if alarms := w.Events(backup.EventRestored); len(alarms) != 1 || !alarms[0].Alarm || alarms[0].Detail["newest_event"] == "" {
		t.Errorf("the restore is on record as %+v", alarms)
	}
	nothingOfBeforeWorks(t, w, l) // after another start, too
}

func nothingOfBeforeWorks(t *testing.T, w *apptest.World, l life) {
	t.Helper()
	ak := w.Claims(w.NewPage(l.unspent.AT).AT).AK
	for _, form := range l.assertions {
		expectError(t, w.PostForm("/oauth/token", form), 401, "invalid_client")
	}
	if ring := w.Ring(); ring != nil {
		fresh, err := ring.NewestAK("A256", models.Production)
		if err != nil {
			t.Fatal(err)
		}
		for name, page := range map[string]*apptest.Page{
			"unspent": l.unspent, "spent after the copy": l.spentLater, "spent before it": l.kept,
			"issued after it": l.issuedLater, "issued and spent after it": l.visitLater,
		} {
			for _, p := range []*apptest.Page{page, w.NewPage(page.AT)} { // the same R, and another
				plain := map[string]any{"at": page.AT, "jti": apptest.NewID(), "iat": w.Clock.Now().Unix()}
				if a := p.TryExchange(p.SealTo(ak, "vt-req+jwe", plain)); a.Code() != "bad_envelope" {
					t.Errorf("an AT %s, under its AK: %d %s", name, a.HTTP, a.Plain)
				}
				if a := p.TryExchange(p.SealTo(fresh.JWK, "vt-req+jwe", plain)); a.Code() != "invalid_at" {
					t.Errorf("an AT %s, under the new AK: %d %s", name, a.HTTP, a.Plain)
				}
			}
			wantInactive(t, introspect(w, apptest.Service, apptest.Secret, page.AT))
		}
	}
	for _, p := range []*apptest.Page{l.kept, l.visit, l.visitLater, l.visitUnderLaterKey} {
		expect(t, p.Get("/loans/offers"), 401, "invalid_vt", inClear)
		expect(t, renew(p), 401, "invalid_vt", inClear)
		expect(t, p.Send(closings, "close+jwe", p.ExchangePlain()), 401, "invalid_vt", inClear)
		wantInactive(t, introspect(w, apptest.Service, apptest.Secret, p.Visit.VT))
	}
	l.write["iat"] = w.Clock.Now().Unix()
	expect(t, l.visit.Call(l.write), 401, "invalid_vt", inClear)
	for _, kid := range append(w.KeyIDs(apptest.SignatureUse), w.KeyIDs(apptest.EncryptionUse)...) {
		if slices.Contains(l.keys, kid) {
			t.Errorf("key %s is published as before", kid)
		}
	}
}

func aVisitOfAfterWorks(t *testing.T, w *apptest.World) {
	t.Helper()
	p := w.NewVisit(apptest.Travel, url.Values{"subject": {"user-7781"}})
	expect(t, p.Get("/loans/offers"), 200, "", sealed)
	expect(t, renewed(t, p).Send(closings, "close+jwe", p.ExchangePlain()), 200, "", sealed)
	if _, err := w.ReadAT(w.AT(apptest.Travel, nil)); err != nil {
		t.Errorf("an AT by the published keys: %v", err)
	}
}

// Which of the consents in an old copy were withdrawn after it was made nobody
// can know: none of them opens anything any more, and everybody is asked again.
func TestARestoreEndsTheConsentsOfBefore(t *testing.T) {
	t.Parallel()
	each(t, seeded(demanding(0)), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, subject("user-7781"))
		give(t, p)
		restore := copied(t, w)
		w.Later(time.Second)
		consent(t, p, "withdraw", map[string]any{"scope": guarded})
		w.Later(time.Second)
		restore()
		w.Later(11 * time.Second)
		later := w.NewVisit(apptest.Travel, subject("user-7781"))
		shows(t, later, false, "after the restore")
		if list := partnerList(t, w, apptest.Travel, "user-7781"); len(list) != 1 || list[0].Active || list[0].WithdrawnBy != "restore" {
			t.Errorf("listed %+v", list)
		}
		give(t, later)
		shows(t, later, true, "given anew")
	})
}

func TestAfterARestoreAssertionsShowThatTheyAreNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	restore := copied(t, w)
	restore()
	restored := w.Clock.Now()
	for _, tc := range []struct {
		name     string
		after    time.Duration // of the restore
		iat, exp int64         // seconds, from now; iat 99: none
		http     int
	}{
		{"made at the moment of the restore", 0, 0, 60, 401},
		{"made by a clock that is ten seconds ahead", 0, 10, 60, 401},
		{"made before and ending as late as ever", 0, -1, 310, 401},
		{"made ten seconds later", 10 * time.Second, 0, 60, 401},
		{"made eleven seconds later", 11 * time.Second, 0, 60, 200},
		{"without its time, ending when one of before could", 11 * time.Second, 99, 299, 401},
		{"without its time, ending later", 11 * time.Second, 99, 300, 200},
		{"of a clock that is ten seconds behind", 21 * time.Second, -10, 60, 200},
		{"without its time, five minutes later", 311 * time.Second, 99, 1, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.Later(restored.Add(tc.after).Sub(w.Clock.Now()))
			change := map[string]any{"iat": w.Clock.Now().Unix() + tc.iat, "exp": w.Clock.Now().Unix() + tc.exp}
			if tc.iat == 99 {
				change["iat"] = nil
			}
			rec := w.PostForm("/oauth/token", assertForm(w, change))
			if rec.Code != tc.http {
				t.Errorf("got %d %s, want %d", rec.Code, rec.Body, tc.http)
			}
		})
	}
	for _, e := range w.Events("at.refused") {
		if e.Reason != "assertion_before_restore" {
			t.Errorf("refused for %q", e.Reason)
		}
	}
}

// A node that an operator forgot to stop holds what was true in another history.
func TestANodeUnderWhichTheDatabaseWasRestoredDecidesNothing(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p, page := w.NewVisit(apptest.Travel, nil), w.NewPage(w.AT(apptest.Travel, nil))
		err := w.App.Store().Write(t.Context(), func(tx *store.Tx) error {
			return tx.BeginAnew(models.Restore{At: w.Clock.Now().UnixMilli()})
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := w.App.Refresh(t.Context()); err == nil {
				t.Error("the node goes on as if nothing had happened")
			}
			expectError(t, w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)), 503, "temporarily_unavailable")
			expect(t, page.TryOpen(), 503, "unavailable", sealed)
			expect(t, p.Get("/loans/offers"), 503, "unavailable", sealed)
			if rec := readiness(w, ""); rec.Code != 503 || !strings.Contains(rec.Body.String(), "feed: the database was restored") {
				t.Errorf("/readyz says %d %s", rec.Code, rec.Body)
			}
		}
		w.Restart()
		w.Later(11 * time.Second)
		aVisitOfAfterWorks(t, w)
	})
}
