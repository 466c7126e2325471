package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"postern/app/apptest"
	"postern/app/identity"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// house is a gateway with its staff signed in.
type house struct {
	*apptest.World
	t       *testing.T
	cookies map[models.StaffRole]string
}

// newHouse opens a gateway on a database and signs one of each role in.
func newHouse(t *testing.T, c store.Config) *house {
	t.Helper()
	return newHouseOf(t, c, apptest.Options{})
}

// newHouseOf is newHouse of a gateway that was told something.
func newHouseOf(t *testing.T, c store.Config, o apptest.Options) *house {
	t.Helper()
	h := &house{World: apptest.New(t, c, o), t: t, cookies: map[models.StaffRole]string{}}
	known := h.App.Identity()
	links, err := known.SetUp(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		h.enrol(known, link, link.Role)
	}
	for _, role := range models.StaffRoles {
		if h.cookies[role] != "" {
			continue
		}
		link, err := known.Invite(t.Context(), "test", identity.Invitation{Login: string(role), Name: string(role), Roles: []models.StaffRole{role}})
		if err != nil {
			t.Fatal(err)
		}
		h.enrol(known, link, role)
	}
	return h
}

func (h *house) enrol(known *identity.Identity, link identity.Link, role models.StaffRole) {
	h.t.Helper()
	browser := identity.Client{Address: "127.0.0.1", Agent: "test"}
	const password = "four words that differ"
	fail := func(err error) {
		if err != nil {
			h.t.Helper()
			h.t.Fatal(role, err)
		}
	}
	cookie, err := known.OpenLink(h.t.Context(), models.StaffRealm, link.Token, browser)
	fail(err)
	fail(known.SetPassword(h.t.Context(), models.StaffRealm, cookie, identity.Enrolment{
		Login: string(role), Name: string(role), Password: password, Again: password,
	}))
	seed, err := known.OfferTOTP(h.t.Context(), models.StaffRealm, cookie)
	fail(err)
	code, err := identity.TOTPCode(seed.Secret, h.Clock.Now())
	fail(err)
	cookie, _, err = known.ConfirmTOTP(h.t.Context(), models.StaffRealm, cookie, code, browser)
	fail(err)
	h.cookies[role] = cookie
}

// as sends a request as somebody with a role; form nil is a GET.
func (h *house) as(role models.StaffRole, path string, form url.Values) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.Internal(h.request(role, path, form))
}

func (h *house) request(role models.StaffRole, path string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.Header.Set("Accept-Language", "en")
	if cookie := h.cookies[role]; cookie != "" {
		r.AddCookie(&http.Cookie{Name: "postern-staff", Value: cookie})
	}
	return r
}

// page is the text of a page that must be there.
func (h *house) page(role models.StaffRole, path string) string {
	h.t.Helper()
	rec := h.as(role, path, nil)
	if rec.Code != http.StatusOK {
		h.t.Fatalf("%s as %s: %d\n%.600s", path, role, rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// settled is the house once what the gateway had queued is on disk.
func (h *house) settled() {
	h.t.Helper()
	h.Restart()
}

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	for name, config := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLiteConfig, "postgres": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newHouse(t, config(t)))
		})
	}
}

func wants(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

func lacks(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(page, part) {
			t.Errorf("the page has %q", part)
		}
	}
}

// inner answers through the house's internal listener as it is now.
func (h *house) inner(w http.ResponseWriter, r *http.Request) { h.InternalHandler().ServeHTTP(w, r) }

func regexpOf(t *testing.T, pattern, text string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("nothing fits %s", pattern)
	}
	return m[1]
}
