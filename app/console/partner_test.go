package console_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

func code(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// screens are the routes of partners with a valid id each, and who gets what: the
// first letters of the roles that may.
var screens = []struct {
	method, path string
	may          []models.StaffRole
}{
	{"GET", "/console/partners", readers}, {"GET", "/console/partners/p_travel", readers},
	{"GET", "/console/partners/p_travel/applications", readers}, {"GET", "/console/partners/p_travel/grants", readers},
	{"GET", "/console/partners/p_travel/credentials", readers}, {"GET", "/console/partners/p_travel/limits", readers},
	{"GET", "/console/partners/p_travel/history", readers}, {"GET", "/console/partners/p_travel/notes", readers},
	{"POST", "/console/partners/p_travel/notes", stoppers},
	{"GET", "/console/partners/p_travel/edit", makers}, {"POST", "/console/partners/p_travel", makers},
	{"GET", "/console/partners/p_travel/activate", makers}, {"POST", "/console/partners/p_travel/activate", makers},
	{"GET", "/console/partners/p_travel/suspend", askers}, {"POST", "/console/partners/p_travel/suspend", askers},
	{"GET", "/console/partners/p_travel/resume", thawers}, {"POST", "/console/partners/p_travel/resume", thawers},
	{"GET", "/console/partners/p_travel/close", makers}, {"POST", "/console/partners/p_travel/close", makers},
	{"GET", "/console/partners/p_travel/applications/new", makers}, {"POST", "/console/partners/p_travel/applications", makers},
	{"GET", "/console/partners/p_travel/applications/app_travel", readers},
	{"GET", "/console/partners/p_travel/applications/app_travel/edit", makers}, {"POST", "/console/partners/p_travel/applications/app_travel", makers},
	{"GET", "/console/partners/p_travel/applications/app_travel/limits", askers}, {"POST", "/console/partners/p_travel/applications/app_travel/limits", askers},
	{"GET", "/console/partners/p_travel/applications/app_travel/activate", makers}, {"POST", "/console/partners/p_travel/applications/app_travel/activate", makers},
	{"GET", "/console/partners/p_travel/applications/app_travel/suspend", askers}, {"POST", "/console/partners/p_travel/applications/app_travel/suspend", askers},
	{"GET", "/console/partners/p_travel/applications/app_travel/resume", thawers}, {"POST", "/console/partners/p_travel/applications/app_travel/resume", thawers},
	{"GET", "/console/partners/p_travel/applications/app_travel/close", makers}, {"POST", "/console/partners/p_travel/applications/app_travel/close", makers},
	{"GET", "/console/partners/p_travel/applications/app_travel/credentials/new", makers}, {"POST", "/console/partners/p_travel/applications/app_travel/credentials", makers},
	{"GET", "/console/partners/p_travel/credentials/" + code("app_travel-sig") + "/revoke", askers},
	{"POST", "/console/partners/p_travel/credentials/" + code("app_travel-sig") + "/revoke", askers},
	{"GET", "/console/partners/p_travel/grants/new", makers}, {"POST", "/console/partners/p_travel/grants", makers},
	{"GET", "/console/partners/p_travel/grants/" + code("g1"), makers}, {"POST", "/console/partners/p_travel/grants/" + code("g1"), makers},
	{"GET", "/console/partners/p_travel/grants/" + code("g1") + "/end", askers}, {"POST", "/console/partners/p_travel/grants/" + code("g1") + "/end", askers},
	{"GET", "/console/onboarding/new", makers}, {"POST", "/console/onboarding", makers},
}

var (
	readers  = []models.StaffRole{officer, reviewer, security, audit, support}
	makers   = []models.StaffRole{officer}
	thawers  = []models.StaffRole{officer, security}
	stoppers = []models.StaffRole{officer, reviewer, security}
	askers   = []models.StaffRole{officer, reviewer, security, support} // who stops, and who asks for it
)

func TestEachRoleGetsWhatItMay(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		before := d.fingerprint()
		for _, s := range screens {
			for _, role := range []models.StaffRole{system, security, audit, officer, reviewer, support} {
				rec := d.Internal(d.request(role, s.method, s.path, url.Values{}))
				want := []int{http.StatusForbidden}
				if contains(s.may, role) {
					// An empty form is no reason to change anything.
					want = []int{http.StatusOK, http.StatusUnprocessableEntity, http.StatusConflict}
				}
				if !contains(want, rec.Code) {
					t.Errorf("%s %s as %s: status %d, want one of %v", s.method, s.path, role, rec.Code, want)
				}
			}
			rec := d.Internal(d.request("", s.method, s.path, url.Values{}))
			if rec.Code != http.StatusSeeOther && rec.Code != http.StatusUnauthorized {
				t.Errorf("%s %s by nobody: status %d", s.method, s.path, rec.Code)
			}
		}
		if after := d.fingerprint(); strings.Replace(after, "onboarding_drafts=1ns", "onboarding_drafts=0s", 1) != before {
			t.Errorf("forms that were refused changed something:\n%s\n%s", before, after)
		}
	})
}

func contains[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

func TestWhatIsNotThePartnersIsNotThere(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		for _, path := range []string{
			"/console/partners/nobody", "/console/partners/p_travel/applications/app_rent", "/console/partners/p_travel/grants/" + code("g6"),
			"/console/partners/p_travel/grants/%21%21", "/console/partners/p_travel/credentials/" + code("app_rent-sig") + "/revoke",
			"/console/partners/%00", "/console/onboarding/none/partner",
		} {
			if rec := d.get(officer, path); rec.Code != http.StatusNotFound {
				t.Errorf("%s: status %d", path, rec.Code)
			}
		}
		if rec := d.post(officer, "/console/partners/p_travel/grants/"+code("g6")+"/end", url.Values{"reason": {why}}); rec.Code != http.StatusNotFound {
			t.Errorf("another partner's grant was ended: status %d", rec.Code)
		}
	})
}

// profile is what the form of a partner sends.
func profile(change func(url.Values)) url.Values {
	v := url.Values{
		"name": {"Lianhe Travel"}, "legal_name": {"Shanghai Lianhe Travel Ltd"}, "credit_code": {"91350100m000100y43"}, "contract": {"HT-2026-0317"},
		"contract_ends": {"2027-06-30"}, "risk": {"medium"}, "reason": {why},
		"contacts.0.kind": {"security"}, "contacts.0.name": {"He Jing"}, "contacts.0.phone": {"+86 138 0000 6027"},
	}
	if change != nil {
		change(v)
	}
	return v
}

// personal finds the contact's name and the end of her number, whole or
// masked, but not four digits inside a random id or a hash.
var personal = regexp.MustCompile(`He Jing|(?:^|[^0-9A-Za-z_-]|0000[ -]?)6027`)

func TestAProfileIsWrittenAndNothingPersonalGoesIntoTheLedger(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		form := profile(func(v url.Values) {
			v.Set("seen", carried(d.page(officer, "/console/partners/p_travel/edit")).Get("seen"))
		})
		if to := d.submit(officer, "/console/partners/p_travel", form); !strings.Contains(to, "done=applied") {
			t.Errorf("led to %s", to)
		}
		page := said(d.page(audit, "/console/partners/p_travel"))
		for _, want := range []string{"Shanghai Lianhe Travel Ltd", "91350100M000100Y43", "HT-2026-0317", "30 June 2027", "He Jing", "+86 138 0000 6027", "Security contact"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not say %q: %s", want, page)
			}
		}
		if history := said(d.page(audit, "/console/partners/p_travel/history")); !strings.Contains(history, why) || !strings.Contains(history, "security contact is added") {
			t.Errorf("history: %s", history)
		}
		d.Close()
		db := d.Database()
		defer db.Close()
		rows, err := db.Query("SELECT body FROM events")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var body string
			if err := rows.Scan(&body); err != nil {
				t.Fatal(err)
			}
			if said := personal.FindString(body); said != "" {
				t.Errorf("an event says %q: %s", said, body)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		d.Open()
	})
}

func TestAFormKeepsWhatWasTypedAndMarksTheField(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		seen := carried(d.page(officer, "/console/partners/p_travel/edit")).Get("seen")
		before := d.fingerprint()
		for field, c := range map[string]struct{ value, want string }{
			"credit_code":      {"91350100M000100Y44", "unified social credit code"},
			"contract_ends":    {"30 June", "Write a day"},
			"name":             {"", "1 to 200 characters"},
			"contacts.0.phone": {"call me", "Write a number"},
			"reason":           {"no", "Say why"},
			"risk":             {"none", "Choose low, medium or high"},
		} {
			rec := d.post(officer, "/console/partners/p_travel", profile(func(v url.Values) { v.Set(field, c.value); v.Set("seen", seen) }))
			body := rec.Body.String()
			if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(said(body), c.want) || !strings.Contains(body, `href="#`+field+`"`) {
				t.Errorf("%s: status %d, %s", field, rec.Code, said(body))
			}
			if !strings.Contains(body, "Shanghai Lianhe Travel Ltd") {
				t.Errorf("%s: what was typed is lost", field)
			}
		}
		if d.fingerprint() != before {
			t.Error("a refused form changed something")
		}
	})
}

func TestACompanyIsOnePartner(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		const code = "91350100M000100Y43"
		ask := func(partner string) string {
			text := "partners: [{id: " + partner + ", name: New, credit_code: " + code + "}]"
			return numberOf(t, d.submit(officer, "/console/changes", url.Values{"text": {text}, "do": {"submit"}, "reason": {why}}))
		}
		first, second := ask("p_first"), ask("p_second") // nobody has it yet
		d.approve(first)
		form := carried(d.page(reviewer, "/console/approvals/"+second))
		form.Set("reason", why)
		if rec := d.post(reviewer, "/console/approvals/"+second+"/approve", form); rec.Code != http.StatusConflict {
			t.Errorf("the second of two requests for one company: %d", rec.Code)
		}
		edit := func(partner string) url.Values {
			seen := carried(d.page(officer, "/console/partners/"+partner+"/edit")).Get("seen")
			return profile(func(v url.Values) { v.Set("seen", seen); v.Set("credit_code", code) })
		}
		rec := d.post(officer, "/console/partners/p_rent", edit("p_rent"))
		if rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("a second partner of one company: %d", rec.Code)
		}
		wants(t, said(rec.Body.String()), "Another partner has this unified social credit code")
		both := "partners: [{id: p_a, name: A, credit_code: 9144030071526726XG}, {id: p_b, name: B, credit_code: 9144030071526726XG}]"
		rec = d.post(officer, "/console/changes", url.Values{"text": {both}, "do": {"preview"}})
		wants(t, said(rec.Body.String()), "partner p_b has the same unified social credit code")
		d.Exec("UPDATE partners SET status = 'closed' WHERE id = 'p_first'")
		d.submit(officer, "/console/partners/p_rent", edit("p_rent")) // a company may come back
	})
}

func TestStoredMarkupIsText(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>`
		d.Write(func(tx *store.Tx, now int64) error {
			if err := tx.SavePartner(models.Partner{ID: "p_evil", Name: evil, Status: models.Active, LegalName: evil, CreditCode: evil, Contract: evil, ContractEnds: evil, Risk: models.RiskHigh}); err != nil {
				return err
			}
			if err := tx.SetContacts("p_evil", []models.Contact{{PartnerID: "p_evil", Kind: models.SecurityContact, Name: evil, Phone: evil, Email: evil}}, now); err != nil {
				return err
			}
			a := apptest.Application("app_evil", "p_evil")
			a.Name = evil
			if err := tx.SaveApplication(a); err != nil {
				return err
			}
			if err := tx.SetAddresses("app_evil", []string{evil}, now); err != nil {
				return err
			}
			g := apptest.Grant("g_evil", "app_evil", "loan.offer:read")
			g.Purpose = evil
			if err := tx.SaveGrant(g, now); err != nil {
				return err
			}
			return tx.AddNote(models.PartnerNote{ID: "n_evil", PartnerID: "p_evil", AccountID: "x", Text: evil})
		})
		for _, tail := range []string{"", "/applications", "/grants", "/credentials", "/limits", "/history", "/notes", "/edit", "/suspend", "/close", "/applications/app_evil", "/applications/app_evil/edit", "/applications/app_evil/limits", "/grants/new"} {
			body := d.page(officer, "/console/partners/p_evil"+tail)
			if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img") {
				t.Errorf("%s has stored markup as markup", tail)
			}
		}
		if body := d.page(officer, "/console/partners?q="+url.QueryEscape(evil)); strings.Contains(body, "<img") {
			t.Error("the list has stored markup as markup")
		}
	})
}

func TestAPageOfAnotherSiteChangesNothing(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		before := d.fingerprint()
		for _, s := range screens {
			if s.method != http.MethodPost {
				continue
			}
			r := d.request(officer, s.method, s.path, url.Values{"reason": {why}, "confirm": {"p_travel"}})
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			if rec := d.Internal(r); rec.Code != http.StatusForbidden {
				t.Errorf("%s: status %d", s.path, rec.Code)
			}
		}
		if d.fingerprint() != before {
			t.Error("it changed something")
		}
	})
}

func TestTheListIsSearchedFilteredAndPagedByKey(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.Write(func(tx *store.Tx, now int64) error {
			for i := range 60 {
				id := "many-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
				if err := tx.SavePartner(models.Partner{ID: id, Name: "Many " + id, Status: models.Draft, Risk: models.RiskHigh, Contract: "C-" + id, CreatedAt: now, UpdatedAt: now}); err != nil {
					return err
				}
			}
			return nil
		})
		for query, want := range map[string]string{
			"q=lianhe": "p_travel", "q=p_tr": "p_travel", "q=TRAVEL": "p_travel", "status=suspended": "p_nanfeng", "q=c-many-ab": "many-ab",
		} {
			page := said(d.page(support, "/console/partners?"+query))
			if !strings.Contains(page, want) || strings.Contains(page, "p_rent") {
				t.Errorf("%s: %s", query, page)
			}
		}
		first := d.page(officer, "/console/partners?risk=high")
		if n := strings.Count(said(first), "many-"); n < 50 || strings.Contains(first, "p_travel") {
			t.Errorf("the first page names %d", n)
		}
		_, next, found := strings.Cut(first, "place=")
		if !found {
			t.Fatal("there is no second page")
		}
		place, _, _ := strings.Cut(next, "&#34;")
		place, _, _ = strings.Cut(place, `"`)
		place, _, _ = strings.Cut(place, "&")
		second := said(d.page(officer, "/console/partners?risk=high&place="+place))
		if !strings.Contains(second, "many-ch") || strings.Contains(second, "many-aa ") {
			t.Errorf("the second page: %s", second)
		}
		for name, forged := range map[string]string{
			"of another filter": "/console/partners?place=" + place, "of another order": "/console/partners?risk=high&sort=created&place=" + place,
			"made up": "/console/partners?risk=high&place=eyJsIjoicGFydG5lcnMi.AAAA", "no cursor": "/console/partners?place=x",
		} {
			if rec := d.get(officer, forged); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("a place %s: status %d", name, rec.Code)
			}
		}
	})
}
