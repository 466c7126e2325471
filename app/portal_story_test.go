package app_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"postern/app"
	"postern/app/apptest"
	"postern/app/identity"
	"postern/app/limit"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/app/web"
	"postern/models"
)

// What we promise of the portal, as one person lives it at a browser: invited, a whole
// visit in the sandbox, by the portal and by code of their own; a failure understood
// without asking anybody; production; and a key rotated on a Friday evening, under load,
// without a request lost.
func TestAPartnersWholeStory(t *testing.T) {
	t.Parallel()
	s := newStory(t)

	s.invited()
	s.looksAround()
	s.signsInAgain()
	keys := t.TempDir()
	test := s.hasAnApplication(keys)
	s.takesAScope(test)
	s.triesAVisit(test)
	s.runsTheSamples(test, keys)
	s.understandsAFailure(test)
	live, first := s.goesLive()
	s.rotates(live, first)

	for name, b := range map[string]*tab{"partner": s.partner, "officer": s.officer, "reviewer": s.reviewer} {
		t.Log("at the browser of the " + name)
		b.calm()
	}
}

// story is a gateway with all its doors open, the newcomer at one browser and two of the
// bank's staff at others.
type story struct {
	*apptest.World
	t                          *testing.T
	gateway                    string // address
	partner, officer, reviewer *tab
	seed                       string // of the newcomer's authenticator
	heard                      *overheard
	private                    []string // what no request may hold
}

// storyLife is how long the browsers may stay open, on a machine that is busy with others.
const storyLife = 8 * time.Minute

const newcomersLogin = "zhou.hang@haitang.example"

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{t: t, heard: &overheard{}}
	doors := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { s.Handler().ServeHTTP(rw, r) }))
	t.Cleanup(func() { doors.CloseClientConnections(); doors.Close() })
	s.gateway = doors.URL
	house := serving(t, func() http.Handler { return s.heard.before(s.PortalHandler()) })
	var bank string
	s.World, bank = servedWith(t, storetest.SQLiteConfig(t), nil, func(o *apptest.Options) {
		console := o.Config
		o.From = time.Now() // programs of the partner's have no other clock
		o.Seed = offering
		o.Config = func(c *app.Config) {
			console(c)
			c.Issuer, c.Portal.Address, c.Bank = s.gateway, house, "Haitang Bank"
			c.Rates.AT = limit.Rate{PerSecond: 100_000, Burst: 1_000_000} // the clock stands still while servers ask
		}
	})
	s.Write(func(tx *store.Tx, now int64) error {
		return tx.SetContacts("p_haitang", []models.Contact{
			{PartnerID: "p_haitang", Kind: models.TechnicalContact, Name: "Zhou Hang"}, {PartnerID: "p_haitang", Position: 1, Kind: models.SecurityContact, Name: "He Jing"},
		}, now)
	})
	s.partner, s.officer, s.reviewer = newTabFor(t, house, storyLife), newTabFor(t, bank, storyLife), newTabFor(t, bank, storyLife)
	admins, err := s.App.Identity().SetUp(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range admins { // the house is closed until both are there
		who := visitor(t, s.World)
		who.enrol(link, string(link.Role), string(link.Role), who.next)
	}
	for role, b := range map[models.StaffRole]*tab{models.OfficerRole: s.officer, models.ReviewerRole: s.reviewer} {
		link, err := s.App.Identity().Invite(t.Context(), "test", identity.Invitation{Login: string(role), Name: string(role), Roles: []models.StaffRole{role}})
		if err != nil {
			t.Fatal(err)
		}
		who := visitor(t, s.World)
		who.enrol(link, string(role), string(role), who.next)
		for name, value := range who.jar {
			b.run(network.SetCookie(name, value).WithURL(bank))
		}
	}
	b := s.partner
	chromedp.ListenTarget(b.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok && strings.HasPrefix(e.Request.URL, "http") && !strings.HasPrefix(e.Request.URL, house) {
			t.Errorf("the browser asked somebody else: %s", e.Request.URL)
		}
	})
	b.run(network.Enable())
	return s
}

// offering is a bank whose loan service a partner may have, in the sandbox from samples,
// and a partner that has nothing yet but people to call.
func offering(seed *apptest.Seed) {
	for i := range seed.Scopes {
		seed.Scopes[i].Offered = true
	}
	for i := range seed.Routes {
		if seed.Routes[i].ID == "offers" {
			seed.Routes[i].SampleReply = apptest.Offers
		}
	}
	seed.Partners = append(seed.Partners, models.Partner{ID: "p_haitang", Name: "Haitang Travel", LegalName: "Haitang Travel Ltd", Status: models.Active})
}

// overheard is everything that the portal was sent, as it came.
type overheard struct {
	mutex sync.Mutex
	texts []string
}

func (s *overheard) before(h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the browser has gone
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mutex.Lock()
		s.texts = append(s.texts, fmt.Sprint(r.URL, r.Header, string(body)))
		s.mutex.Unlock()
		h.ServeHTTP(rw, r)
	})
}

// lacks fails the test where something was sent that is in one of some texts' forms.
func (s *overheard) lacks(t *testing.T, secrets []string) {
	t.Helper()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.texts) < 50 || len(secrets) == 0 {
		t.Fatalf("%d requests were seen and %d secrets looked for", len(s.texts), len(secrets))
	}
	for _, text := range s.texts {
		plain, err := url.QueryUnescape(text)
		if err != nil {
			plain = ""
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) || strings.Contains(plain, secret) {
				t.Errorf("a private key was sent: %.80s…", text)
			}
		}
	}
}

// code is what the newcomer's authenticator shows.
func (s *story) code() string {
	s.t.Helper()
	code, err := identity.TOTPCode(s.seed, s.Clock.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return code
}

// sound holds a page to its policy and to axe-core, wide and narrow.
func (s *story) sound(b *tab, where string) {
	s.t.Helper()
	b.calm()
	b.accessible(where)
	b.drop() // axe-core tries inline styles of its own
}

// says waits for words on the page.
func (b *tab) says(words string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.readyState === "complete" && document.querySelector("main").innerText.replace(/\s+/g, " ").includes(%q)`, words))
}

// follows a link, and waits for the page that it leads to.
func (b *tab) follows(selector string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector(%q)`, selector))
	to := b.eval(fmt.Sprintf(`(a => a.pathname + a.search)(document.querySelector(%q))`, selector))
	b.run(chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).click()`, selector), nil))
	b.at(to)
}

// does presses the button of a form, and waits until the address says that it is done.
func (b *tab) does(selector, done string) {
	b.t.Helper()
	b.press(selector)
	b.until(fmt.Sprintf(`(location.pathname + location.search).includes(%q) && document.readyState === "complete"`, done))
}

// invited is how somebody comes in: an officer asks, a reviewer agrees, and the link that
// the officer is shown then is opened.
func (s *story) invited() {
	desk := "/console/partners/p_haitang/portal"
	s.officer.open(desk)
	s.officer.fill("name", "Zhou Hang", "email", newcomersLogin, "production", "yes", "reason", "Their head of engineering, as the contract names.")
	s.officer.says("You asked for this")
	s.approved()
	s.officer.open(desk)
	s.officer.press(`form[action$="/link"] button`)
	s.officer.until(`document.querySelector(".p-secret-block code")`)
	link := s.officer.eval(`document.querySelector(".p-secret-block code").textContent`)
	b := s.partner
	if !strings.HasPrefix(link, b.address+"/portal/setup/") {
		s.t.Fatalf("the link leads to %s", link)
	}
	b.open(strings.TrimPrefix(link, b.address))
	b.press(".btn.is-primary")
	b.at("/portal/enrol")
	if login := b.eval(`document.querySelector("#login").value`); login != newcomersLogin {
		s.t.Errorf("the login that is proposed is %q", login)
	}
	b.fill("password", passphrase, "again", passphrase)
	b.at("/portal/enrol/authenticator")
	s.seed = strings.ReplaceAll(b.eval(`document.querySelector(".p-by-hand code").textContent`), " ", "")
	b.fill("code", s.code())
	b.keepCodes()
	b.at("/portal")
}

// approved has the reviewer approve what waits.
func (s *story) approved() {
	b := s.reviewer
	b.open("/console/approvals")
	b.press("main .p-line a")
	b.until(`document.querySelector("#reason")`)
	b.run(chromedp.SetValue("#reason", "Compared with the contract.", chromedp.ByQuery))
	b.press("form:has(#reason) .is-primary")
	b.says("approved")
	s.Refresh()
}

// looksAround reads the first screens in both languages.
func (s *story) looksAround() {
	b := s.partner
	for _, language := range []string{"zh-CN", "en"} {
		b.open("/portal")
		b.run(chromedp.Evaluate(fmt.Sprintf(`document.querySelector('.p-preferences [value=%q]').click()`, language), nil))
		b.until(fmt.Sprintf(`document.documentElement.lang === %q && document.readyState === "complete"`, language))
		var screens []string
		if err := json.Unmarshal([]byte(b.eval(`JSON.stringify([...document.querySelectorAll(".p-portal-nav a")].map(a => a.pathname + a.search))`)), &screens); err != nil || len(screens) < 6 {
			s.t.Fatal(screens, err)
		}
		for _, screen := range append(screens, "/portal/explain", "/portal/applications/new") {
			b.open(screen)
			b.until(`document.querySelector("h1")`)
			b.fits(screen, 1440)
			if head := b.eval(`document.querySelector("h1").innerText + document.title`); strings.ContainsFunc(head, func(r rune) bool { return unicode.Is(unicode.Han, r) }) != (language == "zh-CN") {
				s.t.Errorf("%s in %s is headed %q", screen, language, head)
			}
		}
	}
	b.open("/portal")
	b.says("Next: make an application in the sandbox.")
	s.sound(b, "the first page of a newcomer")
}

// signsInAgain goes out, and comes in by password and code.
func (s *story) signsInAgain() {
	b := s.partner
	b.open("/portal")
	b.run(chromedp.Evaluate(`document.querySelector('form[action$="/sign-out"]').requestSubmit()`, nil))
	b.until(`location.pathname === "/portal/sign-in"`)
	s.Later(30 * time.Second) // a code is good once
	b.open("/portal")
	s.comesIn("/portal")
}

// comesIn signs in on the page that asks for it, and is led on.
func (s *story) comesIn(to string) {
	b := s.partner
	b.until(`location.pathname === "/portal/sign-in" && document.readyState === "complete"`)
	b.fill("login", newcomersLogin, "password", passphrase)
	b.until(`location.pathname === "/portal/second" && document.readyState === "complete"`)
	b.fill("code", s.code())
	b.at(to)
}

// proves shows password and code in a form that asks for them, as it does minutes after the
// last time.
func (s *story) proves() {
	s.t.Helper()
	if s.partner.eval(`Boolean(document.querySelector("#verify_code"))`) == "true" {
		s.Later(30 * time.Second)
		s.partner.run(chromedp.SetValue("#verify_password", passphrase, chromedp.ByQuery), chromedp.SetValue("#verify_code", s.code(), chromedp.ByQuery))
	}
}

// hasAnApplication makes one in the sandbox, with both keys, and says where it calls from.
func (s *story) hasAnApplication(keys string) string {
	b := s.partner
	b.follows(`main a[href="/portal/applications/new"]`)
	b.fill("name", "Haitang H5", "return_addresses", "https://app.haitang.example/back")
	b.until(`location.search === "?done=made" && document.readyState === "complete"`)
	path := b.eval(`location.pathname`)
	for _, use := range []string{"sig", "enc"} {
		b.follows(`main a[href$="/credentials/new"]`)
		if proposed := b.eval(`document.querySelector("#kind").value`); proposed != use {
			s.t.Errorf("the form begins with %q where %q is missing", proposed, use)
		}
		if use == "sig" {
			s.sound(b, "the form of a key")
		}
		s.makesAKey(keys, use)
		b.does("form:has(#key) .is-primary", "?done=registered")
	}
	b.open("/portal")
	b.says("Next: choose a scope.")
	b.follows(`main a[href="` + path + `/edit"]`)
	b.fill("addresses", "127.0.0.1/32", "address_mode", string(models.AddressEnforce))
	b.until(`location.search === "?done=changed"`)
	s.Refresh()
	return strings.TrimPrefix(path, "/portal/applications/")
}

// makesAKey has the page make one, and finds its private part in the downloads.
func (s *story) makesAKey(folder, use string) {
	b := s.partner
	b.run(chromedp.ActionFunc(func(ctx context.Context) error {
		return browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithBrowserContextID(chromedp.FromContext(ctx).BrowserContextID).WithDownloadPath(folder).Do(ctx)
	}), chromedp.SetValue("#kind", use, chromedp.ByQuery))
	b.press(`[data-make="pem"]`)
	b.until(`document.querySelector("#key").value && !document.querySelector('[data-said="made"]').hidden`)
	key := s.key(folder, use)
	octets, err := key.Bytes()
	if err != nil {
		s.t.Fatal(err)
	}
	s.private = append(s.private, base64.RawURLEncoding.EncodeToString(octets), base64.StdEncoding.EncodeToString(octets), hex.EncodeToString(octets))
	text, err := os.ReadFile(filepath.Join(folder, use+".private.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.private = append(s.private, strings.Split(string(text), "\n")[1:3]...)
}

// key is a private key in the downloads, once it is there.
func (s *story) key(folder, use string) *ecdsa.PrivateKey {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	for {
		text, err := os.ReadFile(filepath.Join(folder, use+".private.pem"))
		if block, _ := pem.Decode(text); err == nil && block != nil {
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				s.t.Fatal(err)
			}
			return key.(*ecdsa.PrivateKey)
		}
		if ctx.Err() != nil {
			s.t.Fatalf("no private key was downloaded: %v", err)
		}
	}
}

// takesAScope takes one in the sandbox, from the first page on.
func (s *story) takesAScope(application string) {
	b, offer := s.partner, web.PathPart("loan.offer:read")
	b.open("/portal")
	b.follows(`main a[href^="/portal/scopes"]`)
	b.follows(`main a[href*="` + offer + `"]`)
	if chosen := b.eval(`document.querySelector("#application").value`); chosen != application {
		s.t.Errorf("the form offers %s", chosen)
	}
	s.sound(b, "a scope")
	b.fill("purpose", "Loan offers at the end of a booking")
	b.until(`location.search.includes("taken-scope") && document.readyState === "complete"`)
	b.follows(`.p-header-actions a[href$="/try"]`)
	s.Refresh()
}

// triesAVisit walks a visit from B to G by the portal.
func (s *story) triesAVisit(application string) {
	b := s.partner
	b.at("/portal/applications/" + application + "/try")
	for _, step := range [][2]string{{"B", "Open the page"}, {"C", "Exchange AT for VT"}, {"D", "Call the bank"}, {"G", "Call again"}} {
		b.tries(step[0], step[1])
	}
	b.says("138****6027")
	if status := b.eval(`document.querySelector(".p-try-head .p-badge").textContent`); status != "200" {
		s.t.Errorf("the call was answered with %s", status)
	}
	s.sound(b, "a visit that was tried")
}

// runsTheSamples makes the same visit by programs as the page shows them, with the keys
// that the browser made.
func (s *story) runsTheSamples(application, keys string) {
	for _, name := range []string{"in Go", "in Node"} {
		program := samples[name]
		s.partner.open("/portal/applications/" + application + "/code?in=" + program.in)
		text := s.partner.eval(`document.querySelector("#program").textContent`)
		s.t.Run(name, func(t *testing.T) {
			if behind := time.Since(s.Clock.Now()) + 20*time.Second; behind > 0 {
				s.Later(behind) // the program looks at the real clock, some seconds from now
			}
			a := s.NewPage(opened(t, program.run(t, keys, text))).Open().Get("/loans/offers")
			if a.HTTP != http.StatusOK || !strings.Contains(string(a.Plain), "138****6027") {
				t.Errorf("its visit is answered %d %s", a.HTTP, a.Plain)
			}
		})
	}
}

// understandsAFailure puts up bad weather by a click, fails in it, and reads why.
func (s *story) understandsAFailure(application string) {
	b := s.partner
	b.open("/portal/applications/" + application + "/try")
	b.press(`.p-header-actions [value="over"]`)
	b.until(`!document.querySelector('.p-header-actions [value="over"]') && document.readyState === "complete"`)
	b.press(`.p-weather [name="kind"][value="spent_at"] + button`)
	b.until(`document.querySelector('[value="spent_at"] + [aria-checked="true"]')`)
	b.tries("B", "Open the page")
	b.tries("C", "Exchange AT for VT")
	b.tries("D", "Exchange AT for VT")
	b.until(`document.querySelector(".p-try-head .p-badge").textContent === "409"`)
	id := b.eval(`document.querySelector(".p-try-head [data-copy]").dataset.copy`)
	b.press(`.p-weather [name="kind"][value="spent_at"] + button`)
	b.until(`document.querySelector('[value="spent_at"] + [aria-checked="false"]')`)

	b.open("/portal")
	b.follows(`.p-header-actions a[href="/portal/explain"]`)
	s.explained(id, "at_spent", "Your team has put bad weather over this sandbox", "had opened a visit before", "Forget h5_url")
	s.sound(b, "an explanation")
}

// explained pastes something and reads what is said about it; what is on record a moment
// later is asked for again.
func (s *story) explained(text string, words ...string) {
	s.t.Helper()
	b := s.partner
	for range 20 {
		b.run(chromedp.Evaluate(`document.querySelector("h1").remove()`, nil)) // the next page has one
		b.fill("text", text)
		b.until(`document.querySelector("h1") && document.readyState === "complete"`)
		if b.eval(`document.querySelector("main").innerText.includes("Nothing of yours is on record")`) != "true" {
			break
		}
	}
	for _, want := range words {
		b.says(want)
	}
}

// goesLive asks for production, piece by piece, and gets it by two persons of the bank. It
// returns the application and what its server calls with.
func (s *story) goesLive() (application string, server *server) {
	b, keys := s.partner, s.t.TempDir()
	b.open("/portal")
	b.says("Next: ask for production.")
	b.follows(`main a[href="/portal/requests/new"]`)
	b.fill("name", "Haitang Travel", "return_addresses", "https://app.haitang.example/back", "addresses", "127.0.0.1/32",
		"reason", "Two thousand visits a day from December on, at the end of a booking.")
	b.until(`location.pathname.startsWith("/portal/requests/") && location.search === "?done=asked" && document.readyState === "complete"`)
	s.agreed()
	b.follows(`.p-header-actions a[href^="/portal/applications/app_live_"]`)
	path := b.eval(`location.pathname`)
	b.open("/portal")
	b.says("still missing: Signature key, Encryption key, Scope")
	for _, use := range []string{"sig", "enc"} {
		b.open("/portal")
		b.follows(`main li.is-current a[href="` + path + `"]`)
		b.follows(`main a[href$="/credentials/new"]`)
		s.makesAKey(keys, use)
		s.proves()
		b.run(chromedp.SetValue("#reason", "The first of its kind, for our servers in Shanghai.", chromedp.ByQuery))
		b.does("form:has(#key) .is-primary", "?done=asked")
		s.agreed()
	}
	b.open("/portal/scopes/" + web.PathPart("loan.offer:read") + "?world=production")
	b.fill("purpose", "Loan offers at the end of a booking", "reason", "It is what the visit is for.")
	b.until(`location.search === "?done=asked" && document.readyState === "complete"`)
	s.agreed()

	server = s.server(strings.TrimPrefix(path, "/portal/applications/"), keys)
	at := server.opens(server.mustGet())
	if a := s.NewPage(at).Open().Get("/loans/offers"); a.HTTP != http.StatusOK {
		s.t.Fatalf("the first live visit is answered %d %s", a.HTTP, a.Plain)
	}
	return server.client, server
}

// agreed takes up what the newcomer has just asked for, submits and approves it at the
// bank, and shows the newcomer that.
func (s *story) agreed() {
	request, b := strings.TrimPrefix(s.partner.eval(`location.pathname`), "/portal"), s.officer
	b.open("/console/partner-requests")
	b.follows(`main a[href="/console/partner-` + strings.TrimPrefix(request, "/") + `"]`)
	b.does(`button[form="take"]`, "?done=taken")
	s.partner.open("/portal" + request)
	s.partner.until(`document.querySelector("main .p-badge").textContent.includes("in review")`)
	b.fill("reason", "As the contract has it.")
	b.says("You asked for this")
	s.approved()
	s.partner.open("/portal" + request)
	s.partner.says("approved")
}
