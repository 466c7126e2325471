package app_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/config"
	"postern/app/entrance"
	"postern/app/identity"
	"postern/app/store"
	"postern/models"
)

const (
	consoleAddress = "https://console.bank.example"
	passphrase     = "copper lantern 7 orchard"
)

// withConsole are options of a console behind TLS.
func withConsole() apptest.Options {
	return apptest.Options{Config: func(c *app.Config) { c.Console = config.Console{Address: consoleAddress} }}
}

// The houses that somebody can come into, by their first page.
const (
	consoleHouse = "/console"
	portalHouse  = "/portal"
)

// somebody is a browser before a house, without script, and whose it is.
type somebody struct {
	t       *testing.T
	w       *apptest.World
	house   string
	jar     map[string]string
	login   string
	secret  string // of the authenticator
	account string
	agent   string // the browser's; empty: it says none
}

func (b *somebody) do(method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if b.agent != "" {
		r.Header.Set("User-Agent", b.agent)
	}
	for name, value := range b.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	listener := b.w.Internal
	if b.house == portalHouse {
		listener = b.w.Portal
	}
	rec := listener(r)
	for _, c := range rec.Result().Cookies() {
		if b.jar[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.jar, c.Name)
		}
	}
	return rec
}

func (b *somebody) get(path string) *httptest.ResponseRecorder {
	return b.do(http.MethodGet, path, nil)
}

func (b *somebody) post(path string, pairs ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

// leads wants an answer that leads on to a path.
func (b *somebody) leads(rec *httptest.ResponseRecorder, to string) {
	b.t.Helper()
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != to {
		b.t.Fatalf("answer %d to %q, want 303 to %q\n%s", rec.Code, rec.Header().Get("Location"), to, words(rec))
	}
}

func (b *somebody) wants(rec *httptest.ResponseRecorder, status int, text string) {
	b.t.Helper()
	if rec.Code != status || !strings.Contains(rec.Body.String(), text) {
		b.t.Fatalf("answer %d, want %d and %q\n%s", rec.Code, status, text, words(rec))
	}
}

var tags = regexp.MustCompile(`(?s)<svg.*?</svg>|<[^>]*>|\s+`)

func words(rec *httptest.ResponseRecorder) string {
	return strings.TrimSpace(tags.ReplaceAllString(rec.Body.String(), " "))
}

// code is what the authenticator shows; the clock goes on, so that each counts.
func (b *somebody) code() string {
	b.t.Helper()
	b.w.Later(30 * time.Second)
	return b.next()
}

// next is code of who has not shown one for a while.
func (b *somebody) next() string {
	b.t.Helper()
	return b.codeAt(b.w.Clock.Now())
}

// last is the code before next, which counts as well.
func (b *somebody) last() string {
	b.t.Helper()
	return b.codeAt(b.w.Clock.Now().Add(-30 * time.Second))
}

func (b *somebody) codeAt(at time.Time) string {
	b.t.Helper()
	code, err := identity.TOTPCode(b.secret, at)
	if err != nil {
		b.t.Fatal(err)
	}
	return code
}

// visitor is a browser before the console that nobody has signed in with.
func visitor(t *testing.T, w *apptest.World) *somebody { return visitorOf(t, w, consoleHouse) }

func visitorOf(t *testing.T, w *apptest.World, house string) *somebody {
	return &somebody{t: t, w: w, house: house, jar: map[string]string{}}
}

var shownSecret = regexp.MustCompile(`<code class="p-mono">([A-Z2-7 ]+)</code>`)

// setUp goes the way from a link to a session, by the pages.
func setUp(t *testing.T, w *apptest.World, link identity.Link, login string) *somebody {
	t.Helper()
	return enrolled(t, w, link, login, "Wang Lei")
}

// enrolled is setUp of somebody with a name of their own.
func enrolled(t *testing.T, w *apptest.World, link identity.Link, login, name string) *somebody {
	t.Helper()
	b := visitor(t, w)
	b.enrol(link, login, name, b.code)
	return b
}

// enrol follows a link to the end, by the pages of its house.
func (b *somebody) enrol(link identity.Link, login, name string, code func() string) {
	b.t.Helper()
	b.begin(link, login, name)
	b.secret = shown(b.t, b.get(b.house+"/enrol/authenticator"))
	b.wants(b.post(b.house+"/enrol/authenticator", "code", code()), http.StatusOK, "Recovery codes")
	b.wants(b.get(b.house+"/account"), http.StatusOK, login)
}

// begin follows a link as far as the authenticator.
func (b *somebody) begin(link identity.Link, login, name string) {
	b.t.Helper()
	b.login, b.account = login, link.Account.ID
	b.wants(b.get(b.house+"/setup/"+link.Token), http.StatusOK, "Begin")
	b.leads(b.post(b.house+"/setup/"+link.Token), b.house+"/enrol")
	b.leads(b.post(b.house+"/enrol", "login", login, "name", name, "password", passphrase, "again", passphrase), b.house+"/enrol/authenticator")
}

// comeIn signs in by password and code.
func (b *somebody) comeIn(code func() string) {
	b.t.Helper()
	b.leads(b.post(b.house+"/sign-in", "login", b.login, "password", passphrase), b.house+"/second?next="+url.QueryEscape(b.house))
	b.leads(b.post(b.house+"/second", "code", code()), b.house)
}

// prefers says in which language or theme somebody reads.
func (b *somebody) prefers(what, value string) { b.post(b.house+"/preferences", what, value) }

func shown(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	found := shownSecret.FindStringSubmatch(rec.Body.String())
	if found == nil {
		t.Fatalf("no secret is shown\n%s", words(rec))
	}
	return strings.ReplaceAll(found[1], " ", "")
}

// firstTwo are the two administrators, both in.
func firstTwo(t *testing.T, w *apptest.World) (system, security *somebody) {
	t.Helper()
	links, err := w.App.Identity().SetUp(t.Context(), "command line")
	if err != nil {
		t.Fatal(err)
	}
	return setUp(t, w, links[0], "lin.tao"), setUp(t, w, links[1], "he.jing")
}

// passkey adds one by the pages.
func (b *somebody) passkey() *apptest.Passkey {
	b.t.Helper()
	b.wants(b.get("/console/account/passkeys/new"), http.StatusOK, "Add a passkey")
	key := apptest.NewPasskey(b.t, consoleAddress)
	asked := b.post("/console/account/passkeys/options")
	b.wants(asked, http.StatusOK, `"rp":{"name":"Postern","id":"console.bank.example"}`)
	b.leads(b.post("/console/account/passkeys", "name", "Laptop", "answer", string(key.Create(asked.Body.Bytes()))), "/console/account?done=passkey-added")
	return key
}

func (b *somebody) byPasskey(key *apptest.Passkey, next string) *httptest.ResponseRecorder {
	b.t.Helper()
	asked := b.post("/console/sign-in/passkey/options")
	b.wants(asked, http.StatusOK, `"userVerification":"required"`)
	return b.post("/console/sign-in/passkey", "answer", string(key.Get(asked.Body.Bytes())), "next", next)
}

func TestSigningInByPasswordAndByPasskey(t *testing.T) {
	t.Parallel()
	each(t, withConsole(), func(t *testing.T, w *apptest.World) {
		a, _ := firstTwo(t, w)
		key := a.passkey()

		b := visitor(t, w)
		b.leads(b.get("/console/account"), "/console/sign-in?next=%2Fconsole%2Faccount")
		b.wants(b.get("/console/sign-in?next=%2Fconsole%2Faccount"), http.StatusOK, "Sign in with a passkey")
		b.leads(b.post("/console/sign-in", "login", a.login, "password", passphrase, "next", "/console/account"), "/console/second?next=%2Fconsole%2Faccount")
		b.wants(b.get("/console/second"), http.StatusOK, "Use a passkey")
		b.leads(b.post("/console/second", "code", a.code(), "next", "/console/account"), "/console/account")
		b.leads(b.post("/console/sign-out"), "/console/sign-in")
		b.leads(b.get("/console/account"), "/console/sign-in?next=%2Fconsole%2Faccount")

		b.leads(b.byPasskey(key, "/console/account"), "/console/account")
		b.wants(b.get("/console/account"), http.StatusOK, "Laptop")

		b = visitor(t, w)
		b.leads(b.post("/console/sign-in", "login", a.login, "password", passphrase), "/console/second?next=%2Fconsole")
		asked := b.post("/console/second/passkey/options")
		b.wants(asked, http.StatusOK, `"allowCredentials":[{`)
		b.leads(b.post("/console/second/passkey", "answer", string(key.Get(asked.Body.Bytes()))), "/console")

		b = visitor(t, w)
		wrong := *key
		wrong.Origin = "https://evil.example"
		b.wants(b.byPasskey(&wrong, ""), http.StatusUnauthorized, "did not open anything")
		b.wants(b.post("/console/sign-in/passkey", "answer", ""), http.StatusUnauthorized, "did not open anything")
		if b.jar["__Host-postern-staff"] != "" || b.jar["__Host-postern-challenge"] != "" {
			t.Errorf("cookies %v", b.jar)
		}
	})
}

// TestEveryWrongSignInLooksAlike compares everything but the ids of the answer,
// and what it cost: an argon2id run each.
func TestEveryWrongSignInLooksAlike(t *testing.T) {
	t.Parallel()
	each(t, withConsole(), func(t *testing.T, w *apptest.World) {
		a, c := firstTwo(t, w)
		locked := visitor(t, w)
		for range 5 {
			locked.post("/console/sign-in", "login", a.login, "password", "wrong wrong wrong")
		}
		account, err := w.App.Identity().Account(t.Context(), c.account)
		if err != nil {
			t.Fatal(err)
		}
		invited, err := w.App.Identity().Invite(t.Context(), "command line", identity.Invitation{Login: "sun.yue", Name: "Sun Yue", Roles: []models.StaffRole{models.AuditRole}})
		if err != nil {
			t.Fatal(err)
		}
		var first string
		try := func(what, login, password string) {
			t.Helper()
			before := w.App.Identity().Hashed()
			rec := visitor(t, w).post("/console/sign-in", "login", login, "password", password)
			if ran := w.App.Identity().Hashed() - before; ran != 1 {
				t.Errorf("%s: %d runs of argon2id, want 1", what, ran)
			}
			got := alike(rec, login)
			if first == "" {
				first = got
			}
			if rec.Code != http.StatusUnauthorized || got != first {
				t.Errorf("%s: answer %d\n%s\nand the first was\n%s", what, rec.Code, got, first)
			}
		}
		try("a wrong password", c.login, "wrong wrong wrong")
		try("an unknown login", "nobody", passphrase)
		try("a locked account", a.login, passphrase)
		try("an account that nobody has set up", invited.Account.Login, passphrase)
		try("no login", "", passphrase)
		try("no password", c.login, "")
		try("a password that is too long", c.login, strings.Repeat("a", 2000))
		// What is no text is told so before anybody is looked for.
		if rec := visitor(t, w).post("/console/sign-in", "login", "a\x00b", "password", passphrase); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("an octet that no database keeps: %d", rec.Code)
		}
		account.Status = models.AccountDisabled
		w.Write(func(tx *store.Tx, _ int64) error { return tx.SaveAccount(account) })
		try("a disabled account", c.login, passphrase)
	})
}

// alike is an answer without what tells one request from another.
func alike(rec *httptest.ResponseRecorder, login string) string {
	h := rec.Header().Clone()
	h.Del("X-Request-Id")
	h.Del("Content-Length") // the login stands in the field
	body := rec.Body.String()
	body = strings.ReplaceAll(body, `value="`+html.EscapeString(login)+`"`, `value=""`)
	// The cursor begins where something is missing.
	body = regexp.MustCompile(` autofocus(="")?`).ReplaceAllString(body, "")
	return fmt.Sprint(h) + body
}

func TestNobodySkipsTheSecondFactor(t *testing.T) {
	t.Parallel()
	each(t, withConsole(), func(t *testing.T, w *apptest.World) {
		a, _ := firstTwo(t, w)
		half := visitor(t, w)
		half.leads(half.post("/console/sign-in", "login", a.login, "password", passphrase), "/console/second?next=%2Fconsole")
		cookie := half.jar["__Host-postern-staff"]
		link, err := w.App.Identity().Invite(t.Context(), "command line", identity.Invitation{Login: "sun.yue", Name: "Sun Yue", Roles: []models.StaffRole{models.AuditRole}})
		if err != nil {
			t.Fatal(err)
		}
		enrolling := visitor(t, w)
		enrolling.leads(enrolling.post("/console/setup/"+link.Token), "/console/enrol")
		for _, s := range w.App.ConsoleScreens() {
			path := regexp.MustCompile(`:[a-z]+`).ReplaceAllString(s.Pattern, "1")
			if s.Access.String() == entrance.Anybody.String() {
				continue
			}
			for _, who := range []struct {
				name   string
				cookie string
				next   string
				open   entrance.Access
			}{
				{"nobody", "", "/console/sign-in", entrance.Access{}},
				{"password only", cookie, "/console/second", entrance.Second},
				{"link only", enrolling.jar["__Host-postern-staff"], "/console/enrol", entrance.Enrolled},
			} {
				if s.Access.String() == who.open.String() {
					continue
				}
				b := visitor(t, w)
				b.jar["__Host-postern-staff"] = who.cookie
				rec := b.do(s.Method, path, nil)
				led := rec.Code == http.StatusSeeOther && strings.HasPrefix(rec.Header().Get("Location"), who.next)
				if !led && rec.Code != http.StatusUnauthorized {
					t.Errorf("%s gets %d at %s %s", who.name, rec.Code, s.Method, path)
				}
			}
		}
	})
}

func TestAPlantedSessionOpensNothing(t *testing.T) {
	t.Parallel()
	each(t, withConsole(), func(t *testing.T, w *apptest.World) {
		a, c := firstTwo(t, w)
		key := a.passkey()
		// The attacker's own half session in the victim's browser, and the reverse.
		attacker := visitor(t, w)
		attacker.post("/console/sign-in", "login", c.login, "password", passphrase)
		planted := attacker.jar["__Host-postern-staff"]
		for name, in := range map[string]func(*somebody){
			"by passkey": func(b *somebody) { b.leads(b.byPasskey(key, ""), "/console") },
			"by password and code": func(b *somebody) {
				b.leads(b.post("/console/sign-in", "login", a.login, "password", passphrase), "/console/second?next=%2Fconsole")
				b.leads(b.post("/console/second", "code", a.code()), "/console")
			},
		} {
			victim := visitor(t, w)
			victim.jar["__Host-postern-staff"] = planted
			in(victim)
			if victim.jar["__Host-postern-staff"] == planted {
				t.Errorf("%s: the session kept a cookie that was there before", name)
			}
			victim.wants(victim.get("/console/account"), http.StatusOK, a.login)
			attacker.leads(attacker.get("/console/account"), "/console/second")
		}
		made := visitor(t, w)
		made.jar["__Host-postern-staff"] = "chosen-by-the-attacker"
		made.leads(made.byPasskey(key, ""), "/console")
		if made.jar["__Host-postern-staff"] == "chosen-by-the-attacker" {
			t.Error("a session took a cookie that was made up")
		}
		// Without the name's prefix a cookie of another host of the domain is not read.
		plain := visitor(t, w)
		plain.jar["postern-staff"] = made.jar["__Host-postern-staff"]
		plain.leads(plain.get("/console/account"), "/console/sign-in?next=%2Fconsole%2Faccount")
	})
}

func TestOnlyTheConsolesOwnPagesChangeAnything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConsole())
	a, _ := firstTwo(t, w)
	for _, s := range w.App.ConsoleScreens() {
		if s.Method != http.MethodPost {
			continue
		}
		path := regexp.MustCompile(`:[a-z]+`).ReplaceAllString(s.Pattern, "1")
		for name, header := range map[string][]string{
			"another site":                {"Sec-Fetch-Site", "cross-site"},
			"another host of the domain":  {"Sec-Fetch-Site", "same-site"},
			"an older browser, elsewhere": {"Origin", "https://evil.example"},
			"a page without an origin":    {"Origin", "null"},
		} {
			if rec := a.do(http.MethodPost, path, nil, header...); rec.Code != http.StatusForbidden {
				t.Errorf("%s: %d at %s", name, rec.Code, path)
			}
		}
		for _, media := range []string{"application/json", "text/plain", "multipart/form-data; boundary=a", ""} {
			b := visitor(t, w)
			b.jar = a.jar
			if s.Access.String() != entrance.Anybody.String() && s.Access.String() != entrance.Insider.String() {
				continue
			}
			if rec := b.do(http.MethodPost, path, nil, "Content-Type", media); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%q: %d at %s", media, rec.Code, path)
			}
		}
	}
	a.wants(a.get("/console/account"), http.StatusOK, a.login)
}

func TestNobodyIsLedAwayFromTheConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConsole())
	a, _ := firstTwo(t, w)
	key := a.passkey()
	for _, next := range []string{
		"https://evil.example", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, "/console@evil.example", "/consolevil",
		"/console.evil.example", "javascript:alert(1)", "/console\r\nSet-Cookie: a=b", "/console/\\evil", "https:evil.example", "http:///evil.example",
		"/console:80", " https://evil.example", "\t//evil.example", "/%2f/evil.example", "//user:pass@evil.example/console", "data:text/html,x", "/", "",
		"?next=//evil.example", "/console/../..//evil.example", "/console/%2e%2e/%2e%2e//evil.example", "/console/./a",
	} {
		rec := visitor(t, w).byPasskey(key, next)
		got, err := url.Parse(rec.Header().Get("Location"))
		if err != nil || rec.Code != http.StatusSeeOther || got.Host != "" || got.Scheme != "" || !strings.HasPrefix(got.Path, "/console") ||
			strings.HasPrefix(got.Path, "//") || strings.Contains(rec.Header().Get("Location"), "evil") {
			t.Errorf("next %q: %d to %q", next, rec.Code, rec.Header().Get("Location"))
		}
	}
	rec := visitor(t, w).byPasskey(key, "/console/approvals?of=me")
	if got := rec.Header().Get("Location"); got != "/console/approvals?of=me" {
		t.Errorf("led to %q", got)
	}
}

func TestEverybodyChangesHowTheyGetIn(t *testing.T) {
	t.Parallel()
	each(t, withConsole(), func(t *testing.T, w *apptest.World) {
		a, _ := firstTwo(t, w)
		key := a.passkey()
		elsewhere := func() *somebody {
			b := visitor(t, w)
			b.leads(b.byPasskey(key, ""), "/console")
			return b
		}
		ended := func(what string, b *somebody) {
			t.Helper()
			if rec := b.get("/console/account"); rec.Code != http.StatusSeeOther {
				t.Errorf("%s: a session elsewhere goes on", what)
			}
		}
		old := a.jar["__Host-postern-staff"]
		w.Later(6 * time.Minute)
		const page = "/console/account/password"
		const changed = "another lantern 8 orchard"
		change := func(old, now string, more ...string) *httptest.ResponseRecorder {
			return a.post(page, append(more, "old", old, "password", now, "again", now)...)
		}
		a.wants(a.get(page), http.StatusOK, "Prove that it is you")
		a.wants(change(passphrase, changed), http.StatusUnprocessableEntity, "Prove that it is you")
		a.wants(change(passphrase, changed, "verify_password", passphrase, "verify_code", "000000"), http.StatusUnprocessableEntity, "Password or code is wrong")
		asked := a.post("/console/verify/passkey/options")
		other := elsewhere()
		a.leads(change(passphrase, changed, "verify_passkey", string(key.Get(asked.Body.Bytes()))), "/console/account?done=password-changed")
		ended("password", other)
		if a.jar["__Host-postern-staff"] == old {
			t.Error("the session kept its cookie")
		}
		a.wants(change("wrong wrong wrong", changed+"!"), http.StatusUnprocessableEntity, "This is not your password")
		a.wants(change(changed, changed), http.StatusUnprocessableEntity, "This is the password that you have")
		a.wants(change(changed, "short"), http.StatusUnprocessableEntity, "12 characters")
		b := visitor(t, w)
		b.wants(b.post("/console/sign-in", "login", a.login, "password", passphrase), http.StatusUnauthorized, "did not work")

		other = elsewhere()
		made := a.post("/console/account/recovery-codes")
		a.wants(made, http.StatusOK, "postern-recovery-codes.txt")
		ended("recovery codes", other)
		code := regexp.MustCompile(`[A-Z2-7]{4}(-[A-Z2-7]{4}){3}`).FindString(made.Body.String())
		b.leads(b.post("/console/sign-in", "login", a.login, "password", changed), "/console/second?next=%2Fconsole")
		b.leads(b.post("/console/second", "code", code), "/console")

		// Another authenticator, and away with the first: the passkey stays.
		second := &somebody{t: t, w: w, secret: shown(t, a.get("/console/account/authenticators/new"))}
		a.wants(a.post("/console/account/authenticators", "name", "Phone", "code", "000000"), http.StatusUnprocessableEntity, "not the code")
		a.wants(a.post("/console/account/authenticators", "name", "", "code", second.code()), http.StatusUnprocessableEntity, "up to 60")
		a.leads(a.post("/console/account/authenticators", "name", "Phone", "code", second.code()), "/console/account?done=authenticator-added")
		pages := regexp.MustCompile(`/console/account/factors/fac_[\w-]+`).FindAllString(a.get("/console/account").Body.String(), -1)
		if len(pages) != 3 {
			t.Fatalf("%d factors", len(pages))
		}
		a.leads(a.post(pages[0]+"/rename", "name", "旧手机"), "/console/account?done=factor-renamed")
		a.wants(a.get("/console/account"), http.StatusOK, "旧手机")
		a.wants(a.post(pages[0]+"/rename", "name", "a\u202eb"), http.StatusUnprocessableEntity, "up to 60")
		a.leads(a.post(pages[0]+"/remove"), "/console/account?done=factor-removed")
		a.wants(a.post(pages[0]+"/remove"), http.StatusNotFound, "nothing here")
		a.leads(a.post(pages[2]+"/remove"), "/console/account?done=factor-removed")
		a.wants(a.get(pages[1]), http.StatusOK, "your last second factor")
		a.wants(a.post(pages[1]+"/remove"), http.StatusConflict, "last second factor")
		b = visitor(t, w)
		b.leads(b.post("/console/sign-in", "login", a.login, "password", changed), "/console/second?next=%2Fconsole")
		b.wants(b.post("/console/second", "code", a.code()), http.StatusUnauthorized, "does not count")
		for _, kind := range []string{"account.password_set", "factor.recovery_made", "factor.added", "factor.renamed", "factor.removed", "session.verified"} {
			if !slices.Contains(kinds(t, w), kind) {
				t.Errorf("no event %s", kind)
			}
		}
	})
}

// kinds are the kinds of all events.
func kinds(t *testing.T, w *apptest.World) (list []string) {
	t.Helper()
	stmt, err := w.App.Store().ReadStmt(t.Context(), "SELECT DISTINCT kind FROM events")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := stmt.QueryContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			t.Fatal(err)
		}
		list = append(list, kind)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestAFactorOfSomebodyElseIsNotThere asks for another's factor by its id.
func TestAFactorOfSomebodyElseIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConsole())
	a, c := firstTwo(t, w)
	page := regexp.MustCompile(`/console/account/factors/fac_[\w-]+`).FindString(c.get("/console/account").Body.String())
	a.wants(a.get(page), http.StatusNotFound, "nothing here")
	a.wants(a.post(page+"/rename", "name", "Mine"), http.StatusNotFound, "nothing here")
	a.wants(a.post(page+"/remove"), http.StatusNotFound, "nothing here")
}
