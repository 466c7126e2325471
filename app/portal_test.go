package app_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/identity"
	"postern/models"
	"postern/policies"
)

// office is a gateway whose partners' users sign in to the portal.
type office struct {
	*apptest.World
	t       *testing.T
	cookies map[string]string // session by name
	ids     map[string]string // account by name
}

const officePassword = "four words that differ"

// newOffice has, of the partner p_travel, "owner", "developer" and "viewer", and of
// p_nanfeng "other", an owner.
func newOffice(t *testing.T, w *apptest.World) *office {
	t.Helper()
	o := &office{World: w, t: t, cookies: map[string]string{}, ids: map[string]string{}}
	o.owner("p_travel", "owner")
	o.owner("p_nanfeng", "other")
	for _, role := range []models.PortalRole{models.PortalDeveloper, models.PortalViewer} {
		rec := o.as("owner", "/portal/team", url.Values{"name": {string(role)}, "email": {string(role) + "@lianhe.example"}, "role": {string(role)}})
		if rec.Code != http.StatusOK {
			t.Fatalf("invite %s: %d\n%.600s", role, rec.Code, rec.Body)
		}
		o.enrol(string(role), tokenIn(t, rec.Body.String()))
	}
	return o
}

func tokenIn(t *testing.T, page string) string {
	t.Helper()
	m := regexp.MustCompile(`/portal/setup/([A-Za-z0-9_-]{40,})`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no link in\n%.800s", page)
	}
	return m[1]
}

func (o *office) owner(partner, name string) {
	o.t.Helper()
	link, err := o.App.Users().InviteUser(o.t.Context(), "test", partner, identity.MemberInvitation{
		Name: name, Email: name + "@" + strings.TrimPrefix(partner, "p_") + ".example", Role: models.PortalOwner,
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.enrol(name, link.Token)
}

// enrol goes through a link to its end, in the pages.
func (o *office) enrol(name, token string) {
	o.t.Helper()
	rec := o.as(name, "/portal/setup/"+token, url.Values{})
	o.led(rec, "/portal/enrol")
	rec = o.as(name, "/portal/enrol", url.Values{"name": {name}, "login": {name}, "password": {officePassword}, "again": {officePassword}})
	o.led(rec, "/portal/enrol/authenticator")
	page := o.as(name, "/portal/enrol/authenticator", nil).Body.String()
	m := regexp.MustCompile(`<code class="p-mono">([A-Z2-7 ]+)</code>`).FindStringSubmatch(page)
	if m == nil {
		o.t.Fatalf("no seed in\n%.800s", page)
	}
	code, err := identity.TOTPCode(strings.ReplaceAll(m[1], " ", ""), o.Clock.Now())
	if err != nil {
		o.t.Fatal(err)
	}
	if rec = o.as(name, "/portal/enrol/authenticator", url.Values{"code": {code}}); rec.Code != http.StatusOK {
		o.t.Fatalf("first code of %s: %d\n%.600s", name, rec.Code, rec.Body)
	}
	who, err := o.App.Users().Current(o.t.Context(), models.PortalRealm, o.cookies[name])
	if err != nil {
		o.t.Fatal(name, err)
	}
	o.ids[name] = who.Account.ID
}

func (o *office) led(rec *httptest.ResponseRecorder, to string) {
	o.t.Helper()
	if rec.Code != http.StatusSeeOther || !strings.HasPrefix(rec.Header().Get("Location"), to) {
		o.t.Fatalf("want the way to %s, have %d %s\n%.600s", to, rec.Code, rec.Header().Get("Location"), rec.Body)
	}
}

// as sends a request as somebody; form nil is a GET. The cookie that comes back is kept.
func (o *office) as(name, path string, form url.Values) *httptest.ResponseRecorder {
	o.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.Header.Set("Accept-Language", "en")
	if cookie := o.cookies[name]; cookie != "" {
		r.AddCookie(&http.Cookie{Name: "postern-portal", Value: cookie})
	}
	rec := o.Portal(r)
	for _, c := range rec.Result().Cookies() {
		if c.Name == "postern-portal" {
			o.cookies[name] = c.Value
		}
	}
	return rec
}

func TestATeamLooksAfterItself(t *testing.T) {
	t.Parallel()
	for name, config := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			aTeamLooksAfterItself(t, newOffice(t, apptest.New(t, config(t), apptest.Options{})))
		})
	}
}

func aTeamLooksAfterItself(t *testing.T, o *office) {
	t.Helper()
	page := o.as("owner", "/portal/team", nil).Body.String()
	for _, want := range []string{"owner@travel.example", "developer@lianhe.example", "Viewer", "view only", "/portal/team/" + o.ids["viewer"]} {
		if !strings.Contains(page, want) {
			t.Errorf("the team lacks %q", want)
		}
	}
	if strings.Contains(page, "nanfeng") {
		t.Error("the team has another partner's owner")
	}

	// A role holds from the next page on.
	o.led(o.as("owner", "/portal/team/"+o.ids["developer"], url.Values{"role": {"owner"}, "production": {"yes"}}), "/portal/team?done=role-set")
	if rec := o.as("developer", "/portal/team/new", nil); rec.Code != http.StatusOK {
		t.Errorf("a new owner invites: %d", rec.Code)
	}
	o.led(o.as("developer", "/portal/team/"+o.ids["owner"], url.Values{"role": {"viewer"}}), "/portal/team?done=role-set")
	if rec := o.as("owner", "/portal/team/new", nil); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "Viewer") {
		t.Errorf("a former owner invites: %d", rec.Code)
	}

	// Who is removed is out at once.
	o.led(o.as("developer", "/portal/team/"+o.ids["owner"]+"/remove", url.Values{}), "/portal/team?done=removed")
	o.led(o.as("owner", "/portal/team", nil), "/portal/sign-in")
	if _, err := o.App.Users().SignIn(t.Context(), models.PortalRealm, "owner", officePassword, identity.Client{Address: "127.0.0.1"}); err == nil {
		t.Error("who was removed signs in")
	}
	for _, kind := range []string{"member.invited", "member.changed", "member.removed"} {
		if !o.recorded("p_travel", kind) {
			t.Errorf("no %s is on record for the partner", kind)
		}
	}
}

func (o *office) recorded(partner, kind string) bool {
	o.t.Helper()
	stmt, err := o.App.Store().ReadStmt(o.t.Context(), o.App.Store().Rebind("SELECT count(*) FROM events WHERE partner_id = ? AND kind = ?"))
	if err != nil {
		o.t.Fatal(err)
	}
	var n int
	if err := stmt.QueryRowContext(o.t.Context(), partner, kind).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n > 0
}

func TestALastOwnerStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t, newWorld(t, apptest.Options{}))
	// Somebody who is an owner, and not in yet, is nobody to rely on.
	rec := o.as("owner", "/portal/team", url.Values{"name": {"Second"}, "email": {"second@lianhe.example"}, "role": {"owner"}})
	second := tokenIn(t, rec.Body.String())
	if rec := o.as("owner", "/portal/team/"+o.ids["owner"]+"/remove", url.Values{}); rec.Code != http.StatusConflict {
		t.Errorf("an owner removes themselves: %d", rec.Code)
	}
	o.enrol("second", second)
	o.led(o.as("second", "/portal/team/"+o.ids["owner"], url.Values{"role": {"developer"}}), "/portal/team")
	if rec := o.as("second", "/portal/team/"+o.ids["second"], url.Values{"role": {"viewer"}}); rec.Code != http.StatusConflict {
		t.Errorf("the last owner gives it up: %d", rec.Code)
	}
}

// What is another partner's is answered as what does not exist, to the octet.
func TestAnotherPartnersMembersAreNotThere(t *testing.T) {
	t.Parallel()
	o := newOffice(t, newWorld(t, apptest.Options{}))
	id := regexp.MustCompile(`01[0-9A-HJKMNP-TV-Z]{24}|01[0-9A-Z]{2}…[0-9A-Z]{4}`) // of requests, whole and shortened
	answer := func(path string, form url.Values, account string) string {
		rec := o.as("owner", strings.Replace(path, ":account", account, 1), form)
		return fmt.Sprint(rec.Code, rec.Header().Get("Location"), id.ReplaceAllString(strings.ReplaceAll(rec.Body.String(), account, "X"), "…"))
	}
	before := snapshotMembers(t, o)
	for _, r := range o.App.PortalScreens() {
		if !strings.Contains(r.Pattern, ":account") {
			continue
		}
		var form url.Values
		if r.Method == http.MethodPost {
			form = url.Values{"role": {"viewer"}}
		}
		foreign, random := answer(r.Pattern, form, o.ids["other"]), answer(r.Pattern, form, "usr_AAAAAAAAAAAAAAAA")
		if foreign != random || !strings.HasPrefix(foreign, "404") {
			at := 0
			for at < min(len(foreign), len(random))-1 && foreign[at] == random[at] {
				at++
			}
			at = max(0, at-100)
			t.Errorf("%s %s: of another\n…%.300s\nof nobody\n…%.300s", r.Method, r.Pattern, foreign[at:], random[at:])
		}
	}
	if after := snapshotMembers(t, o); after != before {
		t.Errorf("members were\n%s\nand are\n%s", before, after)
	}
}

func snapshotMembers(t *testing.T, o *office) string {
	t.Helper()
	var b strings.Builder
	for _, partner := range []string{"p_travel", "p_nanfeng"} {
		team, err := o.App.Users().Team(t.Context(), partner)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%+v\n", team)
	}
	return b.String()
}

func TestAHouseIsNoWayIntoTheOther(t *testing.T) {
	t.Parallel()
	o := newOffice(t, newWorld(t, apptest.Options{}))
	r := httptest.NewRequest(http.MethodGet, "/console/partners", nil)
	r.AddCookie(&http.Cookie{Name: "postern-staff", Value: o.cookies["owner"]})
	if rec := o.Internal(r); rec.Code != http.StatusSeeOther {
		t.Errorf("a partner's session in the console: %d", rec.Code)
	}
	for _, path := range []string{"/console", "/metrics", "/readyz", "/oauth/token"} {
		if rec := o.as("owner", path, nil); rec.Code != http.StatusNotFound {
			t.Errorf("%s on the portal's listener: %d", path, rec.Code)
		}
	}
	r = httptest.NewRequest(http.MethodPost, "/portal/team", strings.NewReader("name=x&email=x@y.example&role=owner"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.AddCookie(&http.Cookie{Name: "postern-portal", Value: o.cookies["owner"]})
	if rec := o.Portal(r); rec.Code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", rec.Code)
	}
}

func TestOfAClosedPartnerNobodyIsIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, newWorld(t, apptest.Options{}))
	err := o.App.Store().WriteGroup(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE partners SET status = 'closed' WHERE id = 'p_travel'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	o.led(o.as("owner", "/portal", nil), "/portal/sign-in")
	if rec := o.as("other", "/portal", nil); rec.Code != http.StatusOK {
		t.Errorf("another partner's owner: %d", rec.Code)
	}
}

func TestAnInvitationEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t, newWorld(t, apptest.Options{}))
	rec := o.as("owner", "/portal/team", url.Values{"name": {"Late"}, "email": {"late@lianhe.example"}, "role": {"viewer"}})
	token := tokenIn(t, rec.Body.String())
	o.Clock.Add(identity.InvitationLife - time.Second)
	if rec := o.as("nobody", "/portal/setup/"+token, nil); rec.Code != http.StatusOK {
		t.Errorf("in time: %d", rec.Code)
	}
	o.Clock.Add(time.Second)
	if rec := o.as("nobody", "/portal/setup/"+token, nil); rec.Code != http.StatusNotFound {
		t.Errorf("too late: %d", rec.Code)
	}
}

func TestWhatAPartnersUserMayIsWrittenDown(t *testing.T) {
	t.Parallel()
	rules, err := policies.NewPortal()
	if err != nil {
		t.Fatal(err)
	}
	var head []string
	for _, role := range models.PortalRoles {
		head = append(head, string(role))
	}
	holdMatrix(t, "testdata/portal_matrix.golden", newWorld(t, apptest.Options{}).App.PortalScreens(), head, func(role string) (policies.Rights, error) { return rules.Rights(role) })
}
