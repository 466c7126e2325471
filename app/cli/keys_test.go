package cli_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/cli"
	"postern/app/keyring"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// runBeside runs a command on a world's database, clock and master key.
func runBeside(t *testing.T, w *apptest.World, args ...string) (code int, out, errors string) {
	t.Helper()
	return runBesideWith(t, w, map[string]string{"POSTERN_MASTER_KEY": testKey}, args...)
}

// runBesideWith is runBeside with settings of its own.
func runBesideWith(t *testing.T, w *apptest.World, settings map[string]string, args ...string) (code int, out, errors string) {
	t.Helper()
	environment := maps.Clone(settings)
	environment["POSTERN_ZONE"] = "UTC"
	if c := w.Config.Store; c.Driver == string(store.Postgres) {
		environment["POSTERN_DATABASE_DSN"] = c.DSN
	} else {
		environment["POSTERN_DATABASE_PATH"] = c.Path
	}
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), args, cli.Surroundings{
		Out: &stdout, Err: &stderr, Now: w.Clock.Now, Rand: rand.Reader, Getenv: func(name string) string { return environment[name] },
	})
	return code, stdout.String(), stderr.String()
}

// listedKeys is what keys list --json says.
func listedKeys(t *testing.T, w *apptest.World, more ...string) []map[string]string {
	t.Helper()
	code, out, errors := runBeside(t, w, append([]string{"keys", "list", "--json"}, more...)...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errors)
	}
	var list []map[string]string
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return list
}

// kidOf finds the one key of a use in production, or in all environments, with a state.
func kidOf(t *testing.T, w *apptest.World, use, state string) string {
	t.Helper()
	for _, k := range listedKeys(t, w, "--all") {
		if k["use"] == use && k["environment"] != "sandbox" && k["state"] == state {
			return k["kid"]
		}
	}
	t.Fatalf("no %s key is %s", use, state)
	return ""
}

// serveWorld runs a gateway on a world's database and leads the world's
// requests to it.
func serveWorld(t *testing.T, open func(testing.TB) store.Config) *apptest.World {
	t.Helper()
	w := newServedWorld(t, open(t))
	s := serve(t, w, map[string]string{"POSTERN_LIMITS_NOTICE_TIME": "0s"})
	w.Through(&door{address: s.gateway, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}})
	t.Cleanup(func() {
		s.stop()
		<-s.ended
	})
	return w
}

// TestARunningGatewayTakesUpWhatKeysDoes runs the commands beside a gateway.
func TestARunningGatewayTakesUpWhatKeysDoes(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) store.Config{"SQLite": storetest.SQLiteConfig, "PostgreSQL": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serveWorld(t, open)
			t.Run("a successor is published at once", func(t *testing.T) { publishes(t, w) })
			t.Run("a compromised AK opens nothing more", func(t *testing.T) { replacesAK(t, w) })
			t.Run("a compromised ticket key ends its visits", func(t *testing.T) { replacesTicketKey(t, w) })
			t.Run("a compromised signing key is gone from the JWKS", func(t *testing.T) { replacesSigningKey(t, w) })
			t.Run("who did it is on record", func(t *testing.T) { recorded(t, w) })
		})
	}
}

func publishes(t *testing.T, w *apptest.World) {
	used := kidOf(t, w, "ak", "in use")
	code, out, errors := runBeside(t, w, "keys", "rotate", "ak")
	if code != 0 || !strings.Contains(out, "is published now, and used from") || !strings.Contains(out, used+" makes nothing new from then on") {
		t.Fatalf("exit %d: %s%s", code, out, errors)
	}
	began := time.Now()
	fresh := kidOf(t, w, "ak", "published")
	eventually(t, "the new AK is listed", func() bool { return listed(w, fresh) })
	t.Logf("listed after %s", time.Since(began))
	if at := w.AT(apptest.Travel, nil); !strings.Contains(string(w.Claims(at).AK), used) {
		t.Error("the new AK is used before its time")
	}
	code, _, errors = runBeside(t, w, "keys", "retire", used)
	if code != 1 || !strings.Contains(errors, "is the newest of its kind, or in use") {
		t.Errorf("retiring a key in use: exit %d, %s", code, errors)
	}
}

func listed(w *apptest.World, kid string) bool {
	for _, k := range w.KeySet() {
		if k.KID() == kid {
			return true
		}
	}
	return false
}

func replacesAK(t *testing.T, w *apptest.World) {
	old := w.NewPage(w.AT(apptest.Travel, nil))
	open := w.NewVisit(apptest.Travel, nil)
	agree(t, w, "ATs that carry it and are not spent open no visit", "keys", "rotate", "ak", "--now")
	eventually(t, "the old AK opens nothing", func() bool { return old.TryOpen().Code() == "bad_envelope" })
	if a := open.Get("/loans/offers"); a.HTTP != http.StatusOK {
		t.Errorf("an open visit: %d %s", a.HTTP, a.Plain)
	}
	w.NewVisit(apptest.Travel, nil)
}

func replacesTicketKey(t *testing.T, w *apptest.World) {
	open := w.NewVisit(apptest.Travel, nil)
	at := w.NewPage(w.AT(apptest.Travel, nil))
	agree(t, w, "Every visit whose VT it sealed ends", "keys", "rotate", "ticket", "--now")
	eventually(t, "the old ticket opens nothing", func() bool { return open.Get("/loans/offers").Code() == "invalid_vt" })
	if a := at.Open().Get("/loans/offers"); a.HTTP != http.StatusOK {
		t.Errorf("a visit under the new key: %d %s", a.HTTP, a.Plain)
	}
}

func replacesSigningKey(t *testing.T, w *apptest.World) {
	old := w.AT(apptest.Travel, nil)
	kid, _ := w.Header(old)["kid"].(string)
	agree(t, w, "fetch the JWKS once more, past the cache", "keys", "rotate", "signing", "--now")
	eventually(t, "the old key is not listed", func() bool { return !listed(w, kid) })
	if _, err := w.ReadAT(old); err == nil {
		t.Error("an AT of the old key is believed")
	}
	if _, err := w.ReadAT(w.AT(apptest.Travel, nil)); err != nil {
		t.Errorf("an AT of the new key: %v", err)
	}
}

// agree runs a command that ends something: first it only says what, then it
// does it.
func agree(t *testing.T, w *apptest.World, says string, args ...string) {
	t.Helper()
	before := len(listedKeys(t, w, "--all"))
	code, out, errors := runBeside(t, w, args...)
	if code != 1 || !strings.Contains(out, says) || !strings.Contains(errors, "nothing was changed; add --yes") {
		t.Fatalf("exit %d: %s%s", code, out, errors)
	}
	if len(listedKeys(t, w, "--all")) != before {
		t.Fatal("it was done without --yes")
	}
	if code, out, errors = runBeside(t, w, append(args, "--yes")...); code != 0 || !strings.Contains(out, says) {
		t.Fatalf("with --yes: exit %d: %s%s", code, out, errors)
	}
}

func recorded(t *testing.T, w *apptest.World) {
	db := w.Database()
	defer db.Close()
	var all, ours int
	if err := db.QueryRow(`SELECT count(*), sum(CASE WHEN body LIKE '%"actor":"command line","actor_address":"command line"%"by":"cli"%"user":"_%' THEN 1 ELSE 0 END) FROM events WHERE kind = 'key.rotated'`).Scan(&all, &ours); err != nil {
		t.Fatal(err)
	}
	if all != 4 || ours != 4 {
		t.Errorf("%d rotations are on record, %d of them by a person; want 4", all, ours)
	}
}

func TestRetiringAKey(t *testing.T) {
	t.Parallel()
	w := newServedWorld(t, storetest.SQLiteConfig(t))
	say := func(want int, what string, args ...string) {
		t.Helper()
		code, out, errors := runBeside(t, w, args...)
		if code != want || !strings.Contains(out+errors, what) {
			t.Errorf("%v: exit %d, want %d with %q: %s%s", args, code, want, what, out, errors)
		}
	}
	ticket, ak := kidOf(t, w, "ticket", "in use"), kidOf(t, w, "ak", "in use")
	say(0, "", "keys", "rotate", "ticket")
	say(0, "", "keys", "rotate", "ak")
	w.Clock.Add(keyring.PublishBefore)
	say(1, ticket+" still opens what it made, until 2026-11-22 13:10:21", "keys", "retire", ticket)
	say(1, "nothing was changed; add --yes", "keys", "retire", ticket, "--now")
	say(0, "Every visit whose VT it sealed ends", "keys", "retire", ticket, "--now", "--yes")
	say(1, "retired already", "keys", "retire", ticket, "--now", "--yes")
	w.Clock.Add(keyring.PublishAfter)
	say(0, "its private part is deleted", "keys", "retire", ak)
	say(1, "there is no key nobody", "keys", "retire", "nobody")
	say(1, "postern keys rotate ak --environment production --now", "keys", "retire", kidOf(t, w, "ak", "in use"), "--now", "--yes")
	say(2, `must be one of "ak","signing","ticket"`, "keys", "rotate", "subject") // it never rotates
	say(1, "the subject key does not rotate", "keys", "retire", kidOf(t, w, "subject", "in use"))
	say(1, "serves all environments", "keys", "rotate", "ticket", "--environment", "sandbox")
	say(1, "want production or sandbox", "keys", "rotate", "ak", "--environment", "test")
	say(2, "must be one of", "keys", "rotate", "master")
}

// TestKeysListTellsNoSecret looks for the private part of every key in all that
// is printed, sealed or not.
func TestKeysListTellsNoSecret(t *testing.T) {
	t.Parallel()
	w := newServedWorld(t, storetest.SQLiteConfig(t))
	w.Open() // for its ring
	secrets := []string{testKey}
	for _, d := range w.PrivateMembers() {
		secrets = append(secrets, base64.RawURLEncoding.EncodeToString(d))
	}
	rows, err := w.App.Store().LiveKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range rows {
		secrets = append(secrets, k.SealedPrivate)
	}
	var printed strings.Builder
	for _, args := range [][]string{{"list"}, {"list", "--all"}, {"list", "--json"}, {"rotate", "ak"}, {"rotate", "signing", "--now", "--yes"}, {"list", "--all", "--json"}} {
		code, out, errors := runBeside(t, w, append([]string{"keys"}, args...)...)
		if code != 0 {
			t.Fatalf("%v: exit %d: %s", args, code, errors)
		}
		printed.WriteString(out + errors)
	}
	for _, s := range secrets {
		if strings.Contains(printed.String(), s) {
			t.Error("a secret is printed")
		}
	}
	for _, member := range []string{`"d"`, "sealed", "private\"", `"k"`} {
		if strings.Contains(printed.String(), member) {
			t.Errorf("%s is printed", member)
		}
	}
	if !strings.Contains(printed.String(), w.Config.Master.ID()) {
		t.Error("the master key is not named")
	}
}

func TestKeysWantTheMasterKeyOfTheDatabase(t *testing.T) {
	t.Parallel()
	w := newServedWorld(t, storetest.SQLiteConfig(t))
	for name, c := range map[string]struct{ key, want string }{
		"another one": {strings.Repeat("ab12", 16), keyring.ErrMasterKey.Error()},
		"none":        {"", "master_key: is missing"},
	} {
		code, _, errors := runWith(t, map[string]string{"POSTERN_MASTER_KEY": c.key, "POSTERN_DATABASE_PATH": w.Config.Store.Path}, "keys", "rotate", "ak")
		if code != 1 || !strings.Contains(errors, c.want) {
			t.Errorf("%s: exit %d, %s; want %q", name, code, errors, c.want)
		}
	}
	if code, out, errors := runWith(t, map[string]string{"POSTERN_DATABASE_PATH": w.Config.Store.Path}, "keys", "list"); code != 0 || !strings.Contains(out, string(models.TicketKey)) {
		t.Errorf("listing needs no master key: exit %d, %s", code, errors)
	}
}

// TestTheMasterKeyIsReplacedUnderOpenVisits goes through the steps of
// docs/security.md with one node.
func TestTheMasterKeyIsReplacedUnderOpenVisits(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) store.Config{"SQLite": storetest.SQLiteConfig, "PostgreSQL": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newServedWorld(t, open(t))
			fresh := strings.Repeat("ab12", 16)
			restart := func(master, other string) (stop func()) {
				t.Helper()
				s := serve(t, w, map[string]string{"POSTERN_LIMITS_NOTICE_TIME": "0s", "POSTERN_MASTER_KEY": master, "POSTERN_OTHER_MASTER_KEY": other})
				w.Through(&door{address: s.gateway, client: &http.Client{Transport: &http.Transport{}}})
				return func() {
					s.stop()
					if code := <-s.ended; code != 0 {
						t.Errorf("exit %d:\n%s", code, s.log)
					}
				}
			}
			stop := restart(testKey, fresh)
			visit := w.NewVisit(apptest.Travel, nil)
			answers := func(when string) {
				t.Helper()
				if a := visit.Get("/loans/offers"); a.HTTP != http.StatusOK {
					t.Errorf("%s: %d %s", when, a.HTTP, a.Plain)
				}
			}
			stop()
			stop = restart(fresh, testKey)
			answers("with both")
			environment := map[string]string{"POSTERN_MASTER_KEY": fresh, "POSTERN_OTHER_MASTER_KEY": testKey}
			if code, out, errors := runBesideWith(t, w, environment, "keys", "reseal"); code != 0 || !strings.Contains(out, "7 keys were sealed anew") {
				t.Fatalf("exit %d: %s%s", code, out, errors)
			}
			answers("after the keys were sealed anew")
			stop()
			stop = restart(fresh, "")
			answers("with the new one alone")
			w.NewVisit(apptest.Travel, nil)
			stop()
			if code, _, errors := runBeside(t, w, "keys", "rotate", "ak"); code != 1 || !strings.Contains(errors, keyring.ErrMasterKey.Error()) {
				t.Errorf("with the old one alone: exit %d, %s", code, errors)
			}
		})
	}
}
