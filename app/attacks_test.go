package app_test

import (
	"encoding/csv"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"postern/app/entrance"
	"postern/app/store/storetest"
)

// inside reports whether a door is for who is wholly in.
func (d door) inside() bool {
	access := d.Access.String()
	return strings.HasPrefix(access, "may ") || access == entrance.Insider.String()
}

// places are the names under which lists are told where to go on, or in which order.
var places = []string{"after", "at", "below", "place", "sort"}

// absurd is what no page asks for; the first ones are no places of a list.
var absurd = []string{
	"eyJsIjoiIn0.AAAA", "(SELECT kid FROM keys LIMIT 1) DESC; --", "\x00", "\xff\xfe",
	"-9223372036854775809", "<script>alert(7)</script>\r\nSet-Cookie: a=b\u202e\x1b[31m" + strings.Repeat("字", 4000),
}

const noPlaces = 4

// leaks is what no page says, whatever it was asked: the database's own words.
var leaks = []string{"SQLSTATE", "syntax error", "no such column", "goroutine "}

func (s *studio) says(what string, rec *httptest.ResponseRecorder) {
	s.t.Helper()
	if rec.Code >= http.StatusInternalServerError {
		s.t.Errorf("%s: status %d", what, rec.Code)
	}
	for _, own := range leaks {
		if strings.Contains(strings.ToLower(rec.Body.String()), strings.ToLower(own)) {
			s.t.Errorf("%s: the page says %q", what, own)
		}
	}
	if len(rec.Result().Cookies()) > 0 && strings.Contains(fmt.Sprint(rec.Header()), "a=b") {
		s.t.Errorf("%s: a header was written from outside", what)
	}
	for _, live := range markup(rec) {
		s.t.Errorf("%s: live markup %s", what, live)
	}
}

// absurdities are the addresses that a page is asked for under: each of what is absurd as
// a place, and under every name that the page's own links and forms put there.
func absurdities(page *httptest.ResponseRecorder, path string) (list []string) {
	for _, value := range absurd[:noPlaces] {
		list = append(list, withPlace(path, value))
	}
	names := url.Values{}
	root, err := html.Parse(strings.NewReader(page.Body.String()))
	if err != nil {
		return nil
	}
	for n := range root.Descendants() {
		if link, err := url.Parse(attribute(n, "href")); err == nil && n.Data == "a" && (link.Path == path || link.Path == "") {
			maps.Copy(names, link.Query())
		}
		if n.Data == "form" && attribute(n, "method") == "get" {
			maps.Copy(names, fieldsOf(n))
		}
	}
	for name := range names {
		for _, value := range absurd {
			list = append(list, path+"?"+url.Values{name: {value}}.Encode())
		}
	}
	return list
}

// withPlace is a page's address with a place, by whichever name the page knows it.
func withPlace(path, place string) string {
	query := url.Values{}
	for _, name := range places {
		query.Set(name, place)
	}
	return path + "?" + query.Encode()
}

// TestNoAddressBreaksAList asks every page of the table, under each name that its
// address knows, for what it cannot be asked for: it refuses or finds nothing, says
// nothing of the database and changes nothing. An auditor's reading is on record.
func TestNoAddressBreaksAList(t *testing.T) {
	t.Parallel()
	eachStudio(t, func(t *testing.T, s *studio) {
		db := s.Database()
		defer db.Close()
		older, err := url.Parse(s.find(sup, "/console/log", `/console/log\?at=[^"]+`))
		s.must(err)
		place, lists := older.Query().Get("at"), 0
		before := snapshot(t, db)
		for _, d := range s.doors() {
			if d.Method != http.MethodGet || !d.inside() || strings.HasSuffix(d.Pattern, "/log/stream") {
				continue
			}
			path, _, _ := strings.Cut(d.path, "?")
			for _, address := range absurdities(s.people[d.by].get(d.path), path) {
				s.says(fmt.Sprintf("GET %.200s", address), s.people[d.by].get(address))
			}
			if s.people[d.by].get(withPlace(path, absurd[0])).Code != http.StatusUnprocessableEntity {
				continue
			}
			lists++
			if rec := s.people[d.by].get(withPlace(path, place)); rec.Code != http.StatusUnprocessableEntity && !strings.HasPrefix(path, "/console/log") {
				t.Errorf("%s takes a place of the log: %d", path, rec.Code)
			}
		}
		if lists < 10 {
			t.Errorf("only %d lists refuse a place that they did not hand out", lists)
		}
		after := snapshot(t, db)
		for _, table := range []string{"events", "challenges"} { // an auditor's reading; a secret that is offered
			delete(before, table)
			delete(after, table)
		}
		if changed := differing(before, after); len(changed) > 0 {
			t.Errorf("reading changed %v", changed)
		}
	})
}

// markup is what a page has that its reader did not ask for and a browser would run:
// scripts that are not the console's own files, handlers, and addresses that are code.
func markup(rec *httptest.ResponseRecorder) (live []string) {
	if !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
		return nil
	}
	root, err := html.Parse(strings.NewReader(rec.Body.String()))
	if err != nil {
		return []string{err.Error()}
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		foreign := n.Data == "script" && !strings.HasPrefix(attribute(n, "src"), "/static/") || slices.Contains([]string{"iframe", "object", "embed", "base"}, n.Data)
		for _, a := range n.Attr {
			foreign = foreign || strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc"
			if slices.Contains([]string{"href", "src", "action", "formaction", "hx-get", "hx-post"}, a.Key) {
				foreign = foreign || !harmless(n.Data, a.Val)
			}
		}
		if foreign {
			live = append(live, fmt.Sprintf("<%s %v>", n.Data, n.Attr))
		}
	}
	return live
}

// harmless reports whether an address is the console's own, the bank's sign-on or,
// of an image, the picture that an authenticator reads.
func harmless(element, address string) bool {
	if element == "img" {
		return strings.HasPrefix(address, "data:image/png;base64,")
	}
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "" && u.Host == "" || u.Scheme == "https" && u.Path == "/bank/authorize")
}

// told are the columns that hold what somebody wrote.
var told = map[string][]string{
	"partners": {"name", "legal_name", "credit_code", "contract"}, "partner_contacts": {"name", "phone", "email"}, "partner_notes": {"text"},
	"applications": {"name"}, "return_addresses": {"address"}, "services": {"name", "h5_url", "api_id"}, "service_origins": {"origin"}, "service_stops": {"reason_en", "reason_zh"},
	"upstreams": {"base_url"}, "routes": {"pattern", "sample_reply"}, "scopes": {"title"}, "consent_texts": {"purpose_en", "purpose_zh", "text_en", "text_zh"}, "grants": {"purpose"},
	"persons": {"name"}, "accounts": {"name", "email"}, "factors": {"name"}, "sessions": {"agent", "address"}, "change_requests": {"subject", "reason", "decision"}, "change_comments": {"text"},
	"freezes": {"reason"}, "alerts": {"subject_name", "ack_note", "acked_by"}, "onboarding_drafts": {"name"}, "nodes": {"version"}, "jobs": {"note", "error"},
	"calls": {"code", "reason", "rule"}, "events": {"reason"},
}

// evil is mark-up that leaves an attribute, code as an address, and a formula.
const evil = `=cmd|' /C calc'!A0 javascript:alert(7) "'><script>alert(7)</script><img src=x onerror=alert(7)>`

// TestWhatSomebodyWroteIsShownAsText puts mark-up, past every form, wherever the
// database holds what somebody wrote, and looks at every page in both languages and
// at every file that can be taken along.
func TestWhatSomebodyWroteIsShownAsText(t *testing.T) {
	t.Parallel()
	s := newStudio(t, true)
	plan, doors := s.fullShots(), s.doors()
	for table, columns := range told {
		for _, column := range columns {
			value := evil
			if strings.HasSuffix(column, "url") || column == "address" && table == "return_addresses" {
				value = "javascript:alert(7)//" + evil
			}
			// What must differ between rows does so at its end.
			s.Exec(fmt.Sprintf("UPDATE %s SET %s = '%s' || hex(randomblob(4))", table, column, strings.ReplaceAll(value, "'", "''")))
		}
	}
	shown := 0
	for _, x := range plan {
		for _, language := range []string{"en", "zh-CN"} {
			s.people[x.as].prefers("lang", language)
			rec := s.people[x.as].get(x.path)
			if want := max(x.status, http.StatusOK); x.script == "" && rec.Code != want && rec.Code != http.StatusSeeOther {
				t.Errorf("%s in %s: status %d, want %d", x.name, language, rec.Code, want)
			}
			for _, live := range markup(rec) {
				t.Errorf("%s in %s: %s", x.name, language, live)
			}
			if strings.Contains(rec.Body.String(), "&lt;script&gt;alert(7)") {
				shown++
			}
		}
	}
	if least := len(plan); shown < least {
		t.Errorf("only %d pages showed what was planted, fewer than %d", shown, least)
	}
	files := 0
	for _, d := range doors {
		if d.Method != http.MethodPost || d.Pattern != "/console/log/export" && d.Pattern != "/console/activity/export" && d.Pattern != "/console/partners/:partner/statement" {
			continue
		}
		files++
		rec := s.people[d.by].do(d.Method, d.path, d.form)
		cells, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(rec.Body.String(), "\ufeff"))).ReadAll()
		if err != nil || len(cells) < 2 || !strings.Contains(rec.Body.String(), "'=cmd") {
			t.Fatalf("%s: %d lines, %v", d, len(cells), err)
		}
		for _, line := range cells {
			for _, cell := range line {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("%s: a cell that a sheet would compute: %q", d, cell)
				}
			}
		}
	}
	if files != 3 {
		t.Errorf("%d files were taken along", files)
	}
}

// TestAFormOfAnotherSiteChangesNothing sends every form of the table, as whoever may,
// from pages that are not the console's.
func TestAFormOfAnotherSiteChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStudio(t, true)
	s.settle()
	db := s.Database()
	defer db.Close()
	doors := s.doors()
	before := snapshot(t, db)
	for _, d := range doors {
		if d.Method != http.MethodPost {
			continue
		}
		for name, header := range map[string][]string{
			"another site": {"Sec-Fetch-Site", "cross-site"}, "another host of the domain": {"Sec-Fetch-Site", "same-site"},
			"an older browser": {"Origin", "https://evil.example"}, "a page without an origin": {"Origin", "null"},
			"another port": {"Origin", "http://localhost:1"},
		} {
			rec := s.people[d.by].do(d.Method, d.path, d.form, header...)
			if rec.Code != http.StatusForbidden || len(rec.Result().Cookies()) > 0 {
				t.Errorf("%s from %s: %d %v", d, name, rec.Code, rec.Result().Cookies())
			}
		}
	}
	if changed := differing(before, snapshot(t, db)); len(changed) > 0 {
		t.Errorf("it changed %v", changed)
	}
}

// smuggled are fields that no form has and that rows do.
var smuggled = []string{
	"status", "state", "stage", "created_by", "approved_by", "maker", "maker_person", "checker", "checker_person", "decision_by", "account", "account_id",
	"person", "person_id", "actor", "realm", "given_by", "partner_id", "application_id", "environment_id", "epoch", "secret_hash", "started_by", "ended_by", "acked_by",
	"verified_at", "created_at", "approved", "is_admin", "content_hash", "plan_hash", "request_id", "Status", "ApprovedBy", "account.id", "values.status",
}

// TestFieldsThatNoFormHasAreNotTaken sends every form of the table, as whoever may,
// with fields of the rows behind it: nothing of them is in the database afterwards.
func TestFieldsThatNoFormHasAreNotTaken(t *testing.T) {
	t.Parallel()
	s := newStudio(t, true)
	list := s.doors()
	slices.SortStableFunc(list, func(a, b door) int { return a.ends() - b.ends() })
	taken := 0
	for _, d := range list {
		if d.Method != http.MethodPost || !d.inside() {
			continue
		}
		form := maps.Clone(d.form)
		for _, name := range smuggled {
			if !form.Has(name) {
				form.Set(name, "smuggled-in")
			}
		}
		s.prove()
		rec := s.people[d.by].do(d.Method, d.path, form)
		s.says(d.String(), rec)
		if rec.Code == http.StatusSeeOther {
			taken++
		}
	}
	if taken < 30 {
		t.Errorf("only %d forms were taken", taken)
	}
	s.Restart()
	db := s.Database()
	defer db.Close()
	for _, table := range tablesOf(t, db) {
		rows, err := db.Query("SELECT * FROM " + table)
		s.must(err)
		lines, err := linesOf(rows, "")
		s.must(err)
		for _, line := range lines {
			if strings.Contains(line, "smuggled-in") {
				t.Errorf("%s took a field that no form has: %s", table, line)
			}
		}
	}
}

// TestNoFieldBreaksAForm writes into each field of every form, one after another,
// what does not belong there, and sends what is no form of text. PostgreSQL is the
// database that does not take every text.
func TestNoFieldBreaksAForm(t *testing.T) {
	t.Parallel()
	s := newStudioOn(t, storetest.PostgresConfig(t), true)
	list := s.doors()
	slices.SortStableFunc(list, func(a, b door) int { return a.ends() - b.ends() })
	for _, d := range list {
		if d.Method != http.MethodPost || !d.inside() {
			continue
		}
		s.prove()
		for value, want := range map[string]int{
			"\x00": http.StatusUnprocessableEntity, "\xff\xfe": http.StatusUnprocessableEntity, // no text; no UTF-8
			strings.Repeat("x", 1<<20): http.StatusRequestEntityTooLarge,
		} {
			form := maps.Clone(d.form)
			form.Set("reason", value)
			if rec := s.people[d.by].do(d.Method, d.path, form); rec.Code != want {
				t.Errorf("%s with %.4q: %d, want %d", d, value, rec.Code, want)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(d.form)) {
			for _, value := range []string{evil + "\r\nb: c\x1b[31m\u202e", strings.Repeat("字", 30_000)} {
				form := maps.Clone(d.form)
				form.Set(name, value)
				s.says(fmt.Sprintf("%s with %s = %.20q", d, name, value), s.people[d.by].do(d.Method, d.path, form))
			}
		}
	}
}

// TestOnePersonWithTwoAccountsIsOnePerson gives the reviewer's account to the person
// who has asked: what they asked for stays undecided, by whichever way it is sent.
func TestOnePersonWithTwoAccountsIsOnePerson(t *testing.T) {
	t.Parallel()
	eachStudio(t, func(t *testing.T, s *studio) {
		officer, reviewer := s.people[off].account, s.people[rev].account
		person := fmt.Sprintf("(SELECT person_id FROM accounts WHERE id = '%s')", officer)
		forms := map[string]url.Values{}
		for _, d := range s.formsOf(shot{as: rev, path: s.find(rev, "/console/approvals", `/console/approvals/\d+`)}) {
			forms[d.path] = d.form
		}
		s.Exec(fmt.Sprintf("DELETE FROM staff_roles WHERE account_id = '%s'", reviewer))
		s.Exec(fmt.Sprintf("UPDATE accounts SET person_id = %s WHERE id = '%s'", person, reviewer))
		s.Exec(fmt.Sprintf("INSERT INTO staff_roles (account_id, person_id, role, given_by, given_at) VALUES ('%s', %s, 'reviewer', 'x', 1)", reviewer, person))
		db := s.Database()
		defer db.Close()
		before, sent := snapshot(t, db), 0
		for path, form := range forms {
			if !strings.HasPrefix(path, "/console/approvals/") || strings.HasSuffix(path, "/comments") {
				continue
			}
			sent++
			if rec := s.people[rev].do(http.MethodPost, path, form); rec.Code != http.StatusForbidden {
				t.Errorf("%s by the other account of who asked: %d\n%s", path, rec.Code, words(rec))
			}
		}
		if changed := differing(before, snapshot(t, db)); len(changed) > 0 || sent != 3 {
			t.Errorf("%d decisions by the same person changed %v", sent, changed)
		}
	})
}
