package app_test

import (
	"cmp"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"postern/app"
	"postern/app/alerts"
	"postern/app/entrance"
	"postern/models"
	"postern/policies"
)

// door is a row of a house's table with an address that leads to something,
// and a form that its page would send.
type door struct {
	app.Screen
	path string
	form url.Values
	by   models.StaffRole // who has opened it
}

func (d door) String() string { return d.Method + " " + d.Pattern }

// posted is where the rows lead that no form of a planned page is sent to.
func (s *studio) posted() map[string]door {
	posts := map[string]door{
		"/console/onboarding/:draft/kept":                    {by: off, path: s.kept[0] + "kept"},
		"/console/partners/:partner/credentials/kept":        {by: off, path: "/console/partners/p_travel/credentials/kept", form: url.Values{"what": {"applied"}}},
		"/portal/applications/:application/credentials/kept": {by: developer, path: "/portal/applications/travel-sandbox/credentials/kept"},
		"/console/staff/:account/link":                       {by: sys, path: s.member(invited) + "/link"},
	}
	for house, of := range map[string]struct {
		half models.StaffRole // begins the names of who stands half way in
		in   models.StaffRole
	}{consoleHouse: {"", off}, portalHouse: {portal, owner}} {
		posts[house+"/sign-in/passkey/options"] = door{by: of.half + outsider}
		posts[house+"/second/passkey/options"] = door{by: of.half + halfway}
		posts[house+"/second/passkey"] = door{by: of.half + halfway, form: url.Values{"answer": {"{}"}}}
		posts[house+"/enrol/passkey/options"] = door{by: of.half + invited}
		for _, path := range []string{"/enrol/done", "/verify/passkey/options", "/account/passkeys/options", "/account/recovery-codes/done"} {
			posts[house+path] = door{by: of.in}
		}
	}
	return posts
}

// got is where the rows lead that answer with no page.
var got = map[string]string{
	"/console/sign-in/sign-on": "/console/sign-in/sign-on",
	"/console/find":            "/console/find?q=overview",
	"/console/log/stream":      "/console/log/stream",
	"/console/now/:part":       "/console/now/health",
	"/portal/log/stream":       "/portal/log/stream",

	"/portal/applications/:application/conformance/now": "/portal/applications/app_test_coupons222/conformance/now",
}

// An application with conformance runs, in either house.
const (
	coupons    = "/console/partners/p_travel/applications/app_test_coupons222"
	ownCoupons = "/portal/applications/app_test_coupons222"
)

// files are where the rows lead that answer with a file for an auditor, or for a partner.
func (s *studio) files() map[string]string {
	newest, _, err := s.App.Store().NewestCheckpoint(s.t.Context())
	s.must(err)
	first, _, err := s.App.Store().EventBySeq(s.t.Context(), 1)
	s.must(err)
	return map[string]string{
		"/console/evidence/checkpoints/:size": fmt.Sprint("/console/evidence/checkpoints/", newest.Size),
		"/console/evidence/proofs/:event":     "/console/evidence/proofs/" + first.ID,

		"/console/partners/:partner/conformance/:run/result":        s.find(aud, coupons, "/console/partners/p_travel/conformance/[0-9a-f-]{36}") + "/result",
		"/portal/applications/:application/conformance/:run/result": s.find(owner, ownCoupons+"/conformance", ownCoupons+"/conformance/[0-9a-f-]{36}/result"),
	}
}

// doors are all rows of both tables. It fails the test for a row to which nothing
// of the contact sheets leads.
func (s *studio) doors() (list []door) {
	s.t.Helper()
	pages, posts := map[string]door{}, s.posted()
	for _, x := range s.fullShots() {
		if x.status != 0 && x.status != http.StatusConflict {
			continue
		}
		pattern := s.route(x.path)
		if _, known := pages[pattern]; !known {
			pages[pattern] = door{path: x.path, by: x.as}
		}
		for _, d := range s.formsOf(x) {
			if _, known := posts[d.Pattern]; !known {
				posts[d.Pattern] = d
			}
		}
	}
	files := s.files()
	for _, row := range s.screens() {
		d, known := posts[row.Pattern]
		if row.Method == http.MethodGet {
			d, known = pages[row.Pattern]
			if path, bare := got[row.Pattern]; bare {
				d, known = door{path: path, by: off}, true
				if strings.HasPrefix(path, portalHouse) {
					d.by = owner
				}
			}
			if path, file := files[row.Pattern]; file {
				d, known = door{path: path, by: aud}, true
				if strings.HasPrefix(path, portalHouse) {
					d.by = owner
				}
			}
		}
		if d.Screen = row; d.path == "" {
			d.path = row.Pattern
		}
		if d.form == nil {
			d.form = url.Values{}
		}
		if !known || strings.Contains(d.path, "/:") {
			s.t.Errorf("nothing leads to %s with an id that there is: plan a picture with its form, or name one here", d)
			continue
		}
		list = append(list, d)
	}
	return list
}

// formsOf are the forms of a planned page, each filled in.
func (s *studio) formsOf(x shot) (list []door) {
	s.t.Helper()
	root, err := html.Parse(s.people[x.as].get(x.path).Body)
	s.must(err)
	for form := range root.Descendants() {
		if form.Type != html.ElementNode || form.Data != "form" || attribute(form, "method") != "post" {
			continue
		}
		actions := []string{attribute(form, "action")}
		for n := range form.Descendants() {
			if n.Type == html.ElementNode && has(n, "formaction") {
				actions = append(actions, attribute(n, "formaction"))
			}
		}
		for _, action := range actions {
			list = append(list, door{Screen: app.Screen{Pattern: s.posting(action)}, path: action, form: filledIn(form), by: x.as})
		}
	}
	return list
}

// posting is the pattern of the table that a form is sent to.
func (s *studio) posting(action string) (best string) {
	most := -1
	for _, row := range s.screens() {
		if row.Method != http.MethodPost {
			continue
		}
		row.Method = http.MethodGet // literals looks at pages
		if n := literals(row, action); n > most {
			best, most = row.Pattern, n
		}
	}
	return best
}

// typed is what somebody writes into fields that a page leaves empty, by their names.
var typed = map[string]string{
	"reason": because, "reset_reason": because, "note": because, "comment": because, "purpose": because,
	"id": "new-one", "name": "New 新", "title": "Something new", "login": "zhou.ke", "email": "zhou.ke@bank.example", "role": "support", "legal_name": "新有限公司",
	"title_en": "Something new", "text_en": "There is something new.",
	"h5_url": "https://new.bank.example/", "pattern": "/new", "resource": "new", "action": "read", "origins": "https://new.bank.example",
	"return_addresses": "https://new.example/back", "customer": "330106199408162041", "confirm": "p_travel", "text": "scopes: []\n",
	"contacts.0.kind": "security", "contacts.0.name": "林岚", "contacts.0.phone": "+86 138 0000 1180",
}

// filledIn is a form as somebody sends it who writes what it needs.
func filledIn(form *html.Node) url.Values {
	values := fieldsOf(form)
	for n := range form.Descendants() {
		name := attribute(n, "name")
		if n.Type != html.ElementNode || name == "" || values.Get(name) != "" {
			continue
		}
		if n.Data == "select" && has(n, "required") {
			values.Set(name, lastOf(n))
		} else if attribute(n, "type") == "radio" {
			values.Set(name, attribute(n, "value"))
		} else if text := typed[name]; text != "" {
			values.Set(name, text)
		}
	}
	return values
}

// lastOf is the last choice of a list.
func lastOf(list *html.Node) (value string) {
	for n := range list.Descendants() {
		if n.Data == "option" {
			value = attribute(n, "value")
		}
	}
	return value
}

// house is the one whose row it is.
func (d door) house() string {
	if strings.HasPrefix(d.Pattern, portalHouse) {
		return portalHouse
	}
	return consoleHouse
}

// let says what somebody gets who asks for a row of the table: "in", or how they
// are refused, as status and where that leads.
func let(d door, who models.StaffRole, rights policies.Rights) string {
	access, who, house := d.Access.String(), standing(who), d.house()
	switch at := map[models.StaffRole]string{outsider: house + "/sign-in", halfway: house + "/second", invited: house + "/enrol"}[who]; {
	case access == entrance.Anybody.String(),
		who == halfway && access == entrance.Second.String(),
		who == invited && access == entrance.Enrolled.String():
		return "in"
	case d.Method == http.MethodPost && (at != "" || access == entrance.Second.String() || access == entrance.Enrolled.String()):
		return "401 "
	case who == outsider && d.path != house:
		return "303 " + at + "?" + url.Values{"next": {d.path}}.Encode()
	case at != "":
		return "303 " + at
	case access == entrance.Second.String(), access == entrance.Enrolled.String():
		return "303 " + house
	case d.Access.Allows(rights):
		return "in"
	}
	return "403 "
}

// nowhere is a row's address with ids that there are not.
func nowhere(d door) string {
	segments := strings.Split(d.Pattern, "/")
	for i := range segments {
		if strings.HasPrefix(segments[i], ":") {
			segments[i] = "n0where"
		}
	}
	return strings.Join(segments, "/")
}

// spoken is an answer without what differs between any two of the same: its id
// and the address that was asked for.
func spoken(rec *httptest.ResponseRecorder, path string) string {
	text, id := fmt.Sprintf("%d %s\n%s", rec.Code, rec.Header().Get("Location"), rec.Body), rec.Header().Get("X-Request-Id")
	for _, own := range []string{id, id[:4] + "…" + id[len(id)-4:], path, url.QueryEscape(path)} {
		text = strings.ReplaceAll(text, own, "·")
	}
	return text
}

// owned are the rows about what is one person's or one partner's own, below their
// house, and what others get there: it is not there.
var owned = map[string]string{
	"/account/sessions/:session/end":  "404 ",
	"/account/factors/:factor":        "404 ",
	"/account/factors/:factor/rename": "404 ",
	"/account/factors/:factor/remove": "404 ",
	"/approvals/:request/withdraw":    "404 ",
	"/onboarding/:draft/:step":        "404 ",
	"/onboarding/:draft/drop":         "404 ",
	"/onboarding/:draft/kept":         "404 ",
	"/team/:account":                  "404 ",
	"/team/:account/link":             "404 ",
	"/team/:account/remove":           "404 ",
}

// TestWhoMayNotChangesNothingAndSeesNothing asks for every row of both
// tables, with an id that there is and a form that is good, as everybody who may not:
// each role, who has shown a password, opened a link or nothing, and, of what is one
// person's own, everybody else. They are refused as the table says, in the same words
// as for an id that there is not, and no table of the database has changed: a
// refusal is not on record.
func TestWhoMayNotChangesNothingAndSeesNothing(t *testing.T) {
	t.Parallel()
	eachStudio(t, func(t *testing.T, s *studio) {
		rights := s.rights()
		db := s.Database()
		defer db.Close()
		doors, refused := s.doors(), 0
		before := snapshot(t, db)
		for some := range slices.Chunk(doors, 8) { // to look at every table takes as long as to be refused everywhere
			for _, d := range some {
				refused += s.refusedEverybody(d, rights)
			}
			after := snapshot(t, db)
			if changed := differing(before, after); len(changed) > 0 {
				t.Errorf("one of %v was refused and changed %v", some, changed)
			}
			before = after
		}
		if least := 4 * len(doors); refused < least {
			t.Errorf("only %d requests were refused, fewer than %d", refused, least)
		}
	})
}

// eachStudio runs a test on both databases, with a gateway that has been busy and
// has nothing left to do by itself.
func eachStudio(t *testing.T, test func(t *testing.T, s *studio)) {
	t.Helper()
	for name, config := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudioOn(t, config(t), true)
			s.settle()
			test(t, s)
		})
	}
}

// rights is what everybody who tries a door may.
func (s *studio) rights() map[models.StaffRole]policies.Rights {
	s.t.Helper()
	staff, err := policies.NewStaff()
	s.must(err)
	partners, err := policies.NewPortal()
	s.must(err)
	all := map[models.StaffRole]policies.Rights{outsider: {}, halfway: {}, invited: {}, portal + outsider: {}, portal + halfway: {}, portal + invited: {}}
	for _, role := range models.StaffRoles {
		all[role], err = staff.Rights(string(role))
		s.must(err)
	}
	all[newcomer] = all[models.OfficerRole]
	for _, who := range []models.StaffRole{owner, developer, viewer} {
		all[who], err = partners.Rights(models.Member{Role: models.PortalRole(standing(who)), Production: who == owner}.Roles()...)
		s.must(err)
	}
	all[other] = all[owner]
	return all
}

// refusedEverybody tries a door as everybody who may not, and counts them.
func (s *studio) refusedEverybody(d door, rights map[models.StaffRole]policies.Rights) (n int) {
	s.t.Helper()
	for who, may := range rights {
		if s.people[who].house != d.house() {
			continue
		}
		want := let(d, who, may)
		if own, is := owned[strings.TrimPrefix(d.Pattern, d.house())]; is && want == "in" && who != d.by {
			want = own
		}
		if want != "in" {
			s.refused(d, who, want)
			n++
		}
	}
	return n
}

// refused wants somebody to be refused at a door as at one that there is not.
func (s *studio) refused(d door, who models.StaffRole, want string) {
	s.t.Helper()
	rec := s.people[who].do(d.Method, d.path, d.form, "Sec-Fetch-Site", "same-origin")
	if got := fmt.Sprintf("%d %s", rec.Code, rec.Header().Get("Location")); got != want {
		s.t.Errorf("%s by %s: %q, want %q", d, who, got, want)
	}
	if !strings.Contains(d.Pattern, ":") {
		return
	}
	other := nowhere(d)
	none := s.people[who].do(d.Method, other, d.form, "Sec-Fetch-Site", "same-origin")
	if spoken(rec, d.path) != spoken(none, other) {
		s.t.Errorf("%s by %s tells whether there is such a thing", d, who)
	}
}

// unheld are the columns that change while somebody is refused: a session that is
// used, a node that says that it is there. Jobs write down that they ran.
var unheld = map[string]string{"sessions": "seen_at", "nodes": "seen_at"}

var jobsOwn = []string{"jobs", "leases"}

// settle runs every job, so that those whose turn comes while a test looks at the
// tables find nothing to do.
func (s *studio) settle() {
	s.t.Helper()
	for _, name := range []string{"keys", "days", "history", "retention", "requests", "credentials", "webhooks", alerts.JobNode, alerts.JobAll, alerts.JobMessages} {
		s.Later(time.Millisecond) // the node may have begun the same one in this
		_, err := s.App.RunJob(s.t.Context(), name)
		s.must(err)
	}
	s.Refresh()
}

// snapshot is what each table holds: how many rows, and a hash of them all.
func snapshot(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	held := map[string]string{}
	for _, table := range tablesOf(t, db) {
		if slices.Contains(jobsOwn, table) {
			continue
		}
		rows, err := db.Query("SELECT * FROM " + table)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := linesOf(rows, unheld[table])
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(lines)
		held[table] = fmt.Sprintf("%d %x", len(lines), sha256.Sum256([]byte(strings.Join(lines, "\n"))))
	}
	return held
}

func tablesOf(t *testing.T, db *sql.DB) (list []string) {
	t.Helper()
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table'")
	if err != nil {
		rows, err = db.Query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	if err := rows.Err(); err != nil || len(list) < 40 {
		t.Fatalf("tables %v: %v", list, err)
	}
	return list
}

// linesOf are rows as text, without one column.
func linesOf(rows *sql.Rows, without string) (lines []string, err error) {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		var line strings.Builder
		for i, cell := range cells {
			if columns[i] != without {
				fmt.Fprintf(&line, "%q ", fmt.Sprint(*cell.(*any)))
			}
		}
		lines = append(lines, line.String())
	}
	return lines, rows.Err()
}

func differing(before, after map[string]string) (tables []string) {
	for _, table := range slices.Sorted(maps.Keys(after)) {
		if before[table] != after[table] {
			tables = append(tables, table+" "+before[table]+" -> "+after[table])
		}
	}
	return tables
}

// ends is over 0 for what takes something away, so that it comes last, and what takes
// most behind the rest. What must be first is under 0.
func (d door) ends() int {
	switch {
	case strings.HasSuffix(d.Pattern, "/close"):
		return 2
	case strings.HasSuffix(d.Pattern, "/confirm"): // while what it is about works
		return -1
	}
	for _, last := range []string{"/drop", "/disable", "/end", "/remove"} {
		if strings.HasSuffix(d.Pattern, last) {
			return 1
		}
	}
	return 0
}

// TestEveryFormOfTheTableLeadsToSomething holds the addresses of the test above to
// their word: whoever may gets past the door to what there is.
func TestEveryFormOfTheTableLeadsToSomething(t *testing.T) {
	t.Parallel()
	s := newStudio(t, true)
	list := s.doors()
	slices.SortStableFunc(list, func(a, b door) int { return cmp.Compare(a.ends(), b.ends()) })
	for _, d := range list {
		if d.Method != http.MethodPost || !strings.HasPrefix(d.Access.String(), "may ") {
			continue
		}
		s.prove()
		rec := s.people[d.by].do(d.Method, d.path, d.form, "Sec-Fetch-Site", "same-origin")
		if !slices.Contains([]int{http.StatusOK, http.StatusSeeOther, http.StatusConflict, http.StatusUnprocessableEntity}, rec.Code) {
			t.Errorf("%s by %s with %v: %d\n%s", d, d.by, d.form, rec.Code, words(rec))
		}
	}
}
