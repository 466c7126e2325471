package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/identity"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// desk is a gateway with all of its staff signed in.
type desk struct {
	*apptest.World
	cookies map[models.StaffRole]string
}

const (
	officer  = models.OfficerRole
	reviewer = models.ReviewerRole
	security = models.SecurityRole
	audit    = models.AuditRole
	support  = models.SupportRole
	system   = models.SystemRole
)

const why = "The contract was signed."

// eachDesk runs a test on both databases.
func eachDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	for name, config := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLiteConfig, "postgres": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newDesk(t, apptest.New(t, config(t), apptest.Options{})))
		})
	}
}

func newDesk(t *testing.T, w *apptest.World) *desk {
	t.Helper()
	d := &desk{World: w, cookies: map[models.StaffRole]string{}}
	known := w.App.Identity()
	links, err := known.SetUp(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		d.enrol(l, l.Role)
	}
	for _, role := range []models.StaffRole{audit, officer, reviewer, support} {
		l, err := known.Invite(t.Context(), "test", identity.Invitation{Login: string(role), Name: string(role), Roles: []models.StaffRole{role}})
		if err != nil {
			t.Fatal(err)
		}
		d.enrol(l, role)
	}
	return d
}

// password is nobody's real one.
const password = "quiet lantern over seven rivers"

func (d *desk) enrol(l identity.Link, role models.StaffRole) {
	t, known, browser := d.T, d.App.Identity(), identity.Client{Address: "127.0.0.1", Agent: "test"}
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(role, err)
		}
	}
	cookie, err := known.OpenLink(t.Context(), models.StaffRealm, l.Token, browser)
	must(err)
	must(known.SetPassword(t.Context(), models.StaffRealm, cookie, identity.Enrolment{Login: string(role), Name: "the " + string(role), Password: password, Again: password}))
	seed, err := known.OfferTOTP(t.Context(), models.StaffRealm, cookie)
	must(err)
	code, err := identity.TOTPCode(seed.Secret, d.Clock.Now())
	must(err)
	cookie, _, err = known.ConfirmTOTP(t.Context(), models.StaffRealm, cookie, code, browser)
	must(err)
	d.cookies[role] = cookie
}

func (d *desk) request(as models.StaffRole, method, path string, form url.Values) *http.Request {
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cookie := d.cookies[as]; cookie != "" {
		r.AddCookie(&http.Cookie{Name: "postern-staff", Value: cookie})
	}
	return r
}

func (d *desk) get(as models.StaffRole, path string) *httptest.ResponseRecorder {
	return d.Internal(d.request(as, http.MethodGet, path, nil))
}

func (d *desk) post(as models.StaffRole, path string, form url.Values) *httptest.ResponseRecorder {
	return d.Internal(d.request(as, http.MethodPost, path, form))
}

// page is a page that must be there.
func (d *desk) page(as models.StaffRole, path string) string {
	d.T.Helper()
	rec := d.get(as, path)
	if rec.Code != http.StatusOK {
		d.T.Fatalf("%s %s: status %d: %s", as, path, rec.Code, said(rec.Body.String()))
	}
	return rec.Body.String()
}

// submit posts a form that must be taken, and returns where it leads.
func (d *desk) submit(as models.StaffRole, path string, form url.Values) string {
	d.T.Helper()
	rec := d.post(as, path, form)
	if rec.Code != http.StatusSeeOther {
		d.T.Fatalf("%s %s: status %d: %s", as, path, rec.Code, said(rec.Body.String()))
	}
	return rec.Header().Get("Location")
}

var (
	tags    = regexp.MustCompile(`(?s)<script.*?</script>|<[^>]*>`)
	spaces  = regexp.MustCompile(`\s+`)
	hidden  = regexp.MustCompile(`name="(content|plan|seen|history)" value="([^"]*)"`)
	request = regexp.MustCompile(`/console/approvals/(\d+)\?done=asked`)
)

// said is a page's main part as one reads it.
func said(html string) string {
	if _, main, ok := strings.Cut(html, "<main"); ok {
		html = "<main" + main
	}
	return spaces.ReplaceAllString(tags.ReplaceAllString(html, " "), " ")
}

// carried are the hidden values of a page's form.
func carried(html string) url.Values {
	v := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(html, -1) {
		v.Set(m[1], m[2])
	}
	return v
}

// approve lets the reviewer approve a request by its page.
func (d *desk) approve(number string) {
	d.T.Helper()
	path := "/console/approvals/" + number
	form := carried(d.page(reviewer, path))
	form.Set("reason", why)
	d.submit(reviewer, path+"/approve", form)
	d.Refresh()
}

// numberOf is the request that a change became.
func numberOf(t testing.TB, location string) string {
	t.Helper()
	m := request.FindStringSubmatch(location)
	if m == nil {
		t.Fatalf("%s names no request", location)
	}
	return m[1]
}

// fingerprint is everything that a refused form must leave alone.
func (d *desk) fingerprint() string {
	d.T.Helper()
	db := d.Database()
	defer db.Close()
	var b strings.Builder
	for _, table := range []string{"partners", "applications", "grants", "credentials", "partner_contacts", "partner_notes", "onboarding_drafts", "change_requests", "application_addresses", "partner_removals", "events WHERE kind <> 'page.read'"} {
		var n int
		if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
			d.T.Fatal(err)
		}
		b.WriteString(table + "=" + time.Duration(n).String() + " ")
	}
	for _, query := range []string{
		"SELECT coalesce(max(updated_at), 0) + count(CASE WHEN status = 'active' THEN 1 END) FROM partners",
		"SELECT coalesce(max(updated_at), 0) + count(CASE WHEN status = 'active' THEN 1 END) + sum(epoch) FROM applications",
		"SELECT coalesce(sum(ended_at), 0) + coalesce(sum(ends_at), 0) FROM grants", "SELECT coalesce(sum(revoked_at), 0) FROM credentials",
	} {
		var n int64
		if err := db.QueryRow(query).Scan(&n); err != nil {
			d.T.Fatal(err)
		}
		b.WriteString(time.Duration(n).String() + " ")
	}
	return b.String()
}
