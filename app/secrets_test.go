package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"postern/app"
	"postern/app/apptest"
	"postern/app/store"
)

// logBuffer is a log that many goroutines write.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) text() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

// secrets are what must appear nowhere, by name.
type secrets map[string][]byte

func (s secrets) add(name string, value []byte) {
	if len(value) < 12 {
		panic("a secret this short would be found anywhere") // a fault of the test
	}
	s[name] = value
}

// in names the secrets that stand in text in any of the forms that programs
// write octets in.
func (s secrets) in(text []byte) []string {
	var found []string
	for name, v := range s {
		for form, written := range map[string][]byte{
			"raw":       v,
			"base64url": []byte(base64.RawURLEncoding.EncodeToString(v)),
			"base64":    []byte(base64.RawStdEncoding.EncodeToString(v)),
			"hex":       []byte(hex.EncodeToString(v)),
			"HEX":       []byte(strings.ToUpper(hex.EncodeToString(v))),
			"quoted":    []byte(url.QueryEscape(string(v))),
			"numbers":   []byte(strings.Trim(fmt.Sprint(v), "[]")),
		} {
			if bytes.Contains(text, written) {
				found = append(found, name+" as "+form)
			}
		}
	}
	return found
}

// know takes in what one page of a visit holds.
func (s secrets) know(name string, p *apptest.Page) {
	s.add(name+": AT", []byte(p.AT))
	s.add(name+": AT's signature", []byte(p.AT[strings.LastIndexByte(p.AT, '.')+1:]))
	s.add(name+": R", p.R)
	if p.Visit.VT == "" {
		return
	}
	up, down := p.Keys()
	s.add(name+": VT", []byte(p.Visit.VT))
	s.add(name+": VT's end", []byte(p.Visit.VT[len(p.Visit.VT)-40:]))
	s.add(name+": K_up", up)
	s.add(name+": K_down", down)
}

func TestSecretsAppearNowhere(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	o := apptest.Options{Seed: tokenSeed, Config: func(c *app.Config) {
		c.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	}}
	each(t, o, func(t *testing.T, w *apptest.World) {
		known := secrets{}
		live(t, w, known)
		for name, d := range w.PrivateMembers() {
			known.add("private member of "+name, d)
		}
		places := lookEverywhere(t, w, log)
		for place, text := range places {
			if found := known.in(text); len(found) != 0 {
				t.Errorf("%s holds %q", place, found)
			}
		}
		for _, place := range []string{"log", "database", "metrics", "what the bank saw"} {
			if len(places[place]) == 0 {
				t.Errorf("nothing was looked through in %s", place)
			}
		}
		// Nor are personal data: the subject at rest, and values of replies.
		personal := secrets{"subject": []byte("subject-of-the-partner"), "phone": []byte("13812346027"), "identity": []byte("310101199001011234"), "customer's body": []byte("a-loan-for-a-boat"), "customer": []byte(plantedCustomer)}
		for _, place := range []string{"log", "database", "metrics"} {
			if found := personal.in(places[place]); len(found) != 0 {
				t.Errorf("%s holds %q", place, found)
			}
		}
	})
}

// live runs visits that go well and visits that fail in every way, and tells
// what they held.
func live(t *testing.T, w *apptest.World, known secrets) {
	known.add("secret", []byte(newSecret))
	known.add("old secret", []byte(oldSecret))
	known.add("upstream's secret", []byte(apptest.Secret))
	for _, secret := range []string{newSecret, oldSecret, newSecret + "x"} {
		r := newTokenRequest(secretForm(w))
		useBasic(r, secretApp, secret)
		r.send(w)
		r.header.Del("Authorization")
		r.form.Set("client_secret", secret)
		r.send(w)
		r.query = "?client_secret=" + url.QueryEscape(secret)
		r.send(w)
	}

	good := w.NewVisit(apptest.Travel, url.Values{"subject": {"subject-of-the-partner"}})
	known.know("good", good)
	good.Get("/loans/offers")
	write := good.Plain("POST", "/loans/applications")
	write["body"] = map[string]string{"purpose": "a-loan-for-a-boat"}
	good.Call(write)
	good.Call(write)
	good.Get("/nothing")
	good.Get("/me/accounts")
	good.Post(calls, good.Seal("renew+jwe", good.ExchangePlain()))
	introspect(w, apptest.Service, apptest.Secret, good.AT)
	introspect(w, apptest.Service, apptest.Secret, good.Visit.VT)
	signIn(t, good)
	w.Bank.Answer(answering(200, "application/json", `{"holder":{"phone":"13812346027"},"holder":{}}`))
	good.Get("/loans/offers")
	w.Bank.Answer(hijack(nobody))
	good.Call(good.Plain("POST", "/loans/applications"))
	known.know("renewed", renewed(t, good))
	thief := w.NewPage(good.AT)
	expect(t, thief.TryOpen(), 409, "at_spent", sealed)
	known.know("thief", thief)

	refused := w.NewPage(w.AT(apptest.Travel, nil))
	known.know("refused", refused)
	refused.Origin = "https://evil.example"
	expect(t, refused.TryOpen(), 403, "origin_denied", sealed)
	revoke(w, apptest.Travel, refused.AT)
	w.Exec("ALTER TABLE visits RENAME TO visits_away")
	failed := w.NewPage(w.AT(apptest.Travel, nil))
	expect(t, failed.TryOpen(), 503, "unavailable", sealed)
	known.know("failed", failed)
	w.Exec("ALTER TABLE visits_away RENAME TO visits")
	// A caller that puts a secret where it does not belong.
	for _, path := range []string{"/oauth/token?at=", "/gateway/v1/calls?vt=", "/x/"} {
		r := httptest.NewRequest(http.MethodPost, path+url.QueryEscape(good.AT), nil)
		r.Header.Set("Referer", good.AT)
		r.Header.Set("User-Agent", good.Visit.VT)
		r.Header.Set("X-Request-Id", good.Visit.VT)
		w.Do(r)
	}
}

// plantedCustomer is whom the bank's sign-in says the visitor is.
const plantedCustomer = "customer-of-the-bank-77"

func signIn(t *testing.T, p *apptest.Page) {
	p.W.Bank.Answer(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		rw.Header().Set("Postern-Customer", plantedCustomer)
		_, _ = io.WriteString(rw, `{"signed_in":true}`)
	})
	expect(t, p.Call(p.Plain("POST", "/session/sign-in")), 200, "", sealed)
	if n := p.W.Count("visits WHERE customer_sealed <> '' AND customer_mac <> ''"); n != 1 {
		t.Fatalf("%d visits are bound to a customer, want 1", n)
	}
}

func nobody(io.Writer) {}

// lookEverywhere stops the gateway and gathers all that it wrote.
func lookEverywhere(t *testing.T, w *apptest.World, log *logBuffer) map[string][]byte {
	places := map[string][]byte{"metrics": w.Internal(httptest.NewRequest(http.MethodGet, "/metrics", nil)).Body.Bytes()}
	for _, seen := range w.Bank.Seen() {
		places["what the bank saw"] = fmt.Appendf(places["what the bank saw"], "%s %s\n%v\n%s\n", seen.Method, seen.URI, seen.Header, seen.Body)
	}
	w.Close()
	places["log"] = log.text()
	if w.Config.Store.Driver == string(store.SQLite) {
		places["database"] = databaseFiles(t, filepath.Dir(w.Config.Store.Path))
	} else {
		places["database"] = everyRow(t, w)
	}
	return places
}

// databaseFiles is every octet of the database, its log and its index.
func databaseFiles(t *testing.T, folder string) []byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw...)
	}
	return all
}

// everyRow is every row of every table as text, as a dump would have it.
func everyRow(t *testing.T, w *apptest.World) []byte {
	t.Helper()
	db := w.Database()
	defer db.Close()
	list := func(query string) []string {
		rows, err := db.QueryContext(context.Background(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var all []string
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			all = append(all, text)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	var dump []byte
	for _, table := range list("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1") {
		dump = append(dump, strings.Join(list("SELECT x::text FROM "+table+" x"), "\n")...)
	}
	return dump
}

func TestTheSearchForSecretsFinds(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	o := apptest.Options{Config: func(c *app.Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) }}
	each(t, o, func(t *testing.T, w *apptest.World) {
		known := secrets{}
		p := w.NewVisit(apptest.Travel, nil)
		known.know("planted", p)
		w.Config.Log.Info("planted", slog.String("r", hex.EncodeToString(p.R)), slog.String("vt", p.Visit.VT))
		w.Exec("UPDATE partners SET name = '" + base64.RawURLEncoding.EncodeToString(p.R) + " " + p.AT + "' WHERE id = 'p_rent'")
		plain := p.Plain("GET", "/accounts/1/balance")
		plain["query"] = "currency=" + p.AT
		expect(t, p.Call(plain), 200, "", sealed)
		plain = p.Plain("GET", "/loans/offers")
		plain["headers"] = map[string]string{"accept": p.Visit.VT}
		expect(t, p.Call(plain), 200, "", sealed)

		places := lookEverywhere(t, w, log)
		for place, want := range map[string][]string{
			"log":               {"planted: R as hex", "planted: VT as raw"},
			"database":          {"planted: R as base64url", "planted: AT as raw"},
			"what the bank saw": {"planted: AT as raw", "planted: VT as raw"},
		} {
			found := strings.Join(known.in(places[place]), "\n")
			for _, f := range want {
				if !strings.Contains(found, f) {
					t.Errorf("%s: %s was not found: %s", place, f, found)
				}
			}
		}
	})
}
