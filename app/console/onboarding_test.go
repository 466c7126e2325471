package console_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

const newClient = "qingshan-h5"

// stepPartner, stepApplication and stepScopes are what the forms of the wizard send.
func stepPartner(change func(url.Values)) url.Values {
	v := profile(change)
	v.Set("id", "qingshan")
	v.Set("name", "Qingshan Mall")
	v.Set("do", "continue")
	return v
}

func (d *desk) stepApplication() url.Values {
	return url.Values{
		"application.id": {newClient}, "application.name": {"Qingshan Mall H5"}, "application.environment": {"production"}, "application.suite": {"A256"},
		"application.auth_method": {"private_key_jwt"}, "application.address_mode": {"off"}, "application.return_addresses": {apptest.Back},
		"application.sig": {string(d.PublicJWK(newClient, "sig"))}, "application.enc": {string(d.PublicJWK(newClient, "enc"))}, "do": {"continue"},
	}
}

func stepScopes() url.Values {
	field := func(part string) string { return "scope." + code("loan.offer:read") + "." + part }
	return url.Values{field("on"): {"yes"}, field("purpose"): {"Loan offers at the checkout"}, field("ends"): {"2027-06-30"}, "do": {"continue"}}
}

var draftPath = regexp.MustCompile(`/console/onboarding/[0-9a-zA-Z-]+/`)

// begin takes the wizard's first step and returns the draft's address.
func (d *desk) begin() string {
	d.T.Helper()
	to := d.submit(officer, "/console/onboarding", stepPartner(nil))
	if !strings.HasSuffix(to, "/application") {
		d.T.Fatalf("the first step led to %s", to)
	}
	return draftPath.FindString(to)
}

func TestAPartnerIsOnboardedByTwoPersonsAndServed(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		draft := d.begin()
		// Interrupted with half an application typed, and resumed from the list.
		half := d.stepApplication()
		half.Set("application.id", "half typed")
		half.Set("do", "leave")
		if to := d.submit(officer, draft+"application", half); !strings.HasPrefix(to, "/console/partners?") {
			t.Errorf("leaving led to %s", to)
		}
		if list := d.page(officer, "/console/partners"); !strings.Contains(list, draft+"application") || !strings.Contains(said(list), "Qingshan Mall") {
			t.Errorf("the list does not lead back: %s", said(list))
		}
		if list := d.page(reviewer, "/console/partners"); strings.Contains(list, draft) {
			t.Error("somebody else sees the draft")
		}
		if again := d.page(officer, draft+"application"); !strings.Contains(again, "half typed") {
			t.Error("what was typed is lost")
		}
		if to := d.submit(officer, draft+"application", d.stepApplication()); !strings.HasSuffix(to, "/services") {
			t.Fatalf("the application led to %s", to)
		}
		d.submit(officer, draft+"services", url.Values{"service": {apptest.Service}, "do": {"continue"}})
		d.submit(officer, draft+"scopes", stepScopes())
		review := said(d.page(officer, draft+"review"))
		for _, want := range []string{"Partner Qingshan Mall", "Application Qingshan Mall H5", newClient, "signature key", "may use scope loan.offer:read", "security contact"} {
			if !strings.Contains(review, want) {
				t.Errorf("the review does not say %q: %s", want, review)
			}
		}
		to := d.submit(officer, draft+"review", url.Values{"reason": {why}})
		number := regexp.MustCompile(`approvals/(\d+)`).FindStringSubmatch(to)
		if number == nil {
			t.Fatalf("handing in led to %s", to)
		}
		if rec := d.get(officer, "/console/partners/qingshan"); rec.Code != http.StatusNotFound {
			t.Errorf("before the approval: status %d", rec.Code)
		}
		if rec := d.post(officer, draft+"partner", stepPartner(nil)); rec.Code != http.StatusConflict {
			t.Errorf("what was handed in is changed: status %d", rec.Code)
		}
		if rec := d.PostForm("/oauth/token", d.TokenForm(newClient)); rec.Code == http.StatusOK {
			t.Error("it is served before the approval")
		}
		wants(t, said(d.page(reviewer, "/console/approvals/"+number[1])), "What to look at first", "Unified social credit code yes", "Contract covers all dates yes", "Security contact yes", "Source addresses enforced no")
		d.approve(number[1])
		lacks(t, d.page(reviewer, "/console/approvals/"+number[1]), "What to look at first")
		page := said(d.page(audit, "/console/partners/qingshan"))
		if !strings.Contains(page, "active") || !strings.Contains(page, "91350100M000100Y43") {
			t.Errorf("the partner's page: %s", page)
		}
		if at := d.AT(newClient, url.Values{"scope": {"loan.offer:read"}}); at == "" {
			t.Error("no AT")
		}
		if list := d.page(officer, "/console/partners"); strings.Contains(list, draft) {
			t.Error("what was approved still stands among the drafts")
		}
	})
}

func TestTheWizardTellsEachStepItsFaults(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		refused := func(path string, form url.Values, field, want string) {
			t.Helper()
			rec := d.post(officer, path, form)
			body := rec.Body.String()
			if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(said(body), want) || field != "" && !strings.Contains(body, `href="#`+field+`"`) {
				t.Errorf("%s: status %d, want %q at %s: %s", path, rec.Code, want, field, said(body))
			}
		}
		taken := stepPartner(nil)
		taken.Set("id", "p_travel")
		refused("/console/onboarding", taken, "id", "This id is taken")
		refused("/console/onboarding", url.Values{}, "id", "Write an id")
		refused("/console/onboarding", stepPartner(func(v url.Values) { v.Set("credit_code", "91350100M000100Y44") }), "credit_code", "business licence")
		draft := d.begin()
		if rec := d.get(officer, draft+"review"); rec.Code != http.StatusSeeOther || !strings.HasSuffix(rec.Header().Get("Location"), "/application") {
			t.Errorf("a step that is to come: status %d, %s", rec.Code, rec.Header().Get("Location"))
		}
		for field, c := range map[string]struct{ value, want string }{
			"application.id":          {"a:b", "Leave out the colon"},
			"application.addresses":   {"203.0.113.7\n10.20.0.0/8", "Line 2"},
			"application.daily_quota": {"12 million", "Digits only"},
			"application.sig":         {"", "Paste the public key"},
			"application.enc":         {"not a key", "This key cannot be taken"},
			"application.environment": {"moon", "Choose sandbox or production"},
		} {
			form := d.stepApplication()
			form.Set(field, c.value)
			refused(draft+"application", form, field, c.want)
		}
		if rec := d.get(officer, draft+"application"); !strings.Contains(rec.Body.String(), "Qingshan Mall H5") {
			t.Error("what was typed is lost")
		}
		taken = d.stepApplication()
		taken.Set("application.id", apptest.Travel)
		refused(draft+"application", taken, "application.id", "This id is taken")
		d.submit(officer, draft+"application", d.stepApplication())
		refused(draft+"services", url.Values{"do": {"continue"}}, "", "Choose a service")
		d.submit(officer, draft+"services", url.Values{"service": {apptest.Service}, "do": {"continue"}})
		refused(draft+"scopes", url.Values{"do": {"continue"}}, "", "Choose a scope")
		scopes := stepScopes()
		scopes.Set("scope."+code("loan.offer:read")+".purpose", "")
		refused(draft+"scopes", scopes, "scope."+code("loan.offer:read")+".purpose", "Say what it is for")
		scopes = stepScopes()
		scopes.Set("scope."+code("loan.offer:read")+".ends", "soon")
		refused(draft+"scopes", scopes, "scope."+code("loan.offer:read")+".ends", "Write a day")
		d.submit(officer, draft+"scopes", stepScopes())
		refused(draft+"review", url.Values{}, "reason", "Say why")
		if n := d.Count("change_requests"); n != 0 {
			t.Errorf("%d requests were made", n)
		}
	})
}

func TestAPrivateKeyIsNotKept(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		draft := d.begin()
		form := d.stepApplication()
		form.Set("application.sig", private)
		rec := d.post(officer, draft+"application", form)
		marker := strings.Split(private, "\n")[1]
		if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(said(rec.Body.String()), "This is a private key") || strings.Contains(rec.Body.String(), marker) {
			t.Errorf("status %d: %s", rec.Code, said(rec.Body.String()))
		}
		db := d.Database()
		defer db.Close()
		var content string
		if err := db.QueryRow("SELECT content FROM onboarding_drafts").Scan(&content); err != nil || strings.Contains(content, marker) {
			t.Errorf("the draft has it: %v", err)
		}
		// The public half as PEM is taken, with its thumbprint as kid.
		public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		form.Set("application.sig", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
		if to := d.submit(officer, draft+"application", form); !strings.HasSuffix(to, "/services") {
			t.Errorf("led to %s", to)
		}
	})
}

func TestASecretIsShownOnceAndItsHashAloneIsKept(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		draft := d.begin()
		form := d.stepApplication()
		form.Set("application.auth_method", "client_secret_basic")
		form.Del("application.sig")
		rec := d.post(officer, draft+"application", form)
		secret := regexp.MustCompile(`<code id="secret"[^>]*>([A-Za-z0-9_-]{43})</code>`).FindStringSubmatch(rec.Body.String())
		if rec.Code != http.StatusOK || secret == nil || rec.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("status %d, %s", rec.Code, said(rec.Body.String()))
		}
		if to := d.submit(officer, draft+"kept", url.Values{"kept": {"yes"}}); !strings.HasSuffix(to, "/services") {
			t.Errorf("led to %s", to)
		}
		if again := d.page(officer, draft+"application"); strings.Contains(again, secret[1]) {
			t.Error("it is shown again")
		}
		d.Close()
		db := d.Database()
		defer db.Close()
		for _, column := range []string{"content FROM onboarding_drafts", "body FROM events"} {
			rows, err := db.Query("SELECT " + column)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var text string
				if err := rows.Scan(&text); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(text, secret[1]) {
					t.Errorf("%s has the secret", column)
				}
			}
			rows.Close()
		}
		d.Open()
	})
}

func TestAPartnerIsSuspendedByOneAndResumedByTwo(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		page := d.NewVisit(apptest.Travel, nil)
		if a := page.Get("/loans/offers"); a.HTTP != http.StatusOK {
			t.Fatalf("before: %d", a.HTTP)
		}
		d.Restart() // what the ledger had queued is on disk
		if form := said(d.page(security, "/console/partners/p_travel/suspend")); !strings.Contains(form, "Suspend Lianhe Travel: 1 live visit ends now") {
			t.Errorf("the button does not say what ends: %s", form)
		}
		if to := d.submit(security, "/console/partners/p_travel/suspend", url.Values{"reason": {why}}); !strings.Contains(to, "done=applied") {
			t.Errorf("led to %s", to)
		}
		d.Refresh()
		if a := page.Get("/loans/offers"); a.HTTP == http.StatusOK {
			t.Error("a visit goes on")
		}
		if form := said(d.page(security, "/console/partners/p_travel")); !strings.Contains(form, "0 live now") {
			t.Errorf("visits still count as live: %s", form)
		}
		if rec := d.post(officer, "/console/partners/p_travel/suspend", url.Values{"reason": {why}}); rec.Code != http.StatusConflict {
			t.Errorf("a second time: status %d", rec.Code)
		}
		to := d.submit(officer, "/console/partners/p_travel/resume", url.Values{"reason": {why}})
		if waiting := said(d.page(officer, "/console/partners/p_travel")); !strings.Contains(waiting, "waits for a reviewer") || !strings.Contains(waiting, "suspended") {
			t.Errorf("the page: %s", waiting)
		}
		d.approve(numberOf(t, to))
		if a := page.Get("/loans/offers"); a.HTTP == http.StatusOK {
			t.Error("the old visit came back")
		}
		if a := d.NewVisit(apptest.Travel, nil).Get("/loans/offers"); a.HTTP != http.StatusOK {
			t.Errorf("a new visit: %d", a.HTTP)
		}
	})
}

func TestAPartnerIsClosedWholeByTwoAndOnRecord(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		page := d.NewVisit(apptest.Travel, nil)
		d.Restart()
		const path = "/console/partners/p_travel/close"
		if rec := d.post(officer, path, url.Values{"reason": {why}, "confirm": {"p_rent"}}); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("another id: status %d", rec.Code)
		}
		events := d.Count("events")
		number := numberOf(t, d.submit(officer, path, url.Values{"reason": {why}, "confirm": {"p_travel"}}))
		if list := said(d.page(reviewer, "/console/approvals/"+number)); !strings.Contains(list, "Application app_travel") || !strings.Contains(list, "Grant g1") || !strings.Contains(list, "Credential app_travel-sig") {
			t.Errorf("the reviewer reads: %s", list)
		}
		if a := page.Get("/loans/offers"); a.HTTP != http.StatusOK {
			t.Errorf("before the approval: %d", a.HTTP)
		}
		d.Restart()
		d.approve(number)
		if a := page.Get("/loans/offers"); a.HTTP == http.StatusOK {
			t.Error("a visit goes on")
		}
		record := said(d.page(audit, "/console/partners/p_travel"))
		for _, want := range []string{"Removal record", "Applications 1", "Grants 5", "Credentials 2", "Live visits 1", why} {
			if !strings.Contains(record, want) {
				t.Errorf("the record does not say %q: %s", want, record)
			}
		}
		if d.Count("events") <= events {
			t.Error("the ledger did not grow")
		}
		db := d.Database()
		defer db.Close()
		for query, want := range map[string]int{
			"SELECT count(*) FROM applications WHERE partner_id = 'p_travel' AND status = 'closed'":             1,
			"SELECT count(*) FROM grants WHERE application_id = 'app_travel' AND ended_at > 0":                  5,
			"SELECT count(*) FROM credentials WHERE application_id = 'app_travel' AND revoked_at > 0":           2,
			"SELECT count(*) FROM events WHERE kind = 'partner.closed' AND partner_id = 'p_travel'":             1,
			"SELECT count(*) FROM grants WHERE application_id = 'app_rent' AND ended_at > 0":                    0,
			"SELECT count(*) FROM partner_removals WHERE partner_id = 'p_travel' AND visits = 1 AND grants = 5": 1,
		} {
			var n int
			if err := db.QueryRow(query).Scan(&n); err != nil || n != want {
				t.Errorf("%s: %d, %v, want %d", query, n, err, want)
			}
		}
		if rec := d.post(officer, "/console/partners/p_travel/resume", url.Values{"reason": {why}}); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("a closed partner resumes: status %d", rec.Code)
		}
	})
}

func TestAFormOnWhatHasMovedSaysWhoMovedIt(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		const edit = "/console/partners/p_travel/edit"
		seen := carried(d.page(officer, edit)).Get("seen")
		first := profile(func(v url.Values) { v.Set("seen", seen) })
		d.submit(officer, "/console/partners/p_travel", first)
		late := profile(func(v url.Values) { v.Set("seen", seen); v.Set("legal_name", "Typed meanwhile") })
		rec := d.post(officer, "/console/partners/p_travel", late)
		if rec.Code != http.StatusConflict || !strings.Contains(said(rec.Body.String()), "the officer changed this at 22 November 2026, 18:05:11") || !strings.Contains(rec.Body.String(), "Typed meanwhile") {
			t.Errorf("status %d: %s", rec.Code, said(rec.Body.String()))
		}
		late.Set("seen", carried(rec.Body.String()).Get("seen"))
		if to := d.submit(officer, "/console/partners/p_travel", late); !strings.Contains(to, "done=asked") {
			t.Errorf("once more: led to %s", to) // another legal name needs a second person
		}
	})
}

func TestWhoMayOnlyStopMakesLimitsStricterAlone(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.Write(func(tx *store.Tx, _ int64) error {
			a := apptest.Application("app_travel", "p_travel")
			a.DailyQuota = 1000
			return tx.SaveApplication(a)
		})
		const path = "/console/partners/p_travel/applications/app_travel/limits"
		limits := func(quota string) url.Values {
			return url.Values{"seen": carried(d.page(security, path))["seen"], "address_mode": {"off"}, "return_addresses": {apptest.Back + "\nlianhe://home"}, "daily_quota": {quota}, "reason": {why}}
		}
		if rec := d.post(security, path, limits("2000")); rec.Code != http.StatusForbidden || d.Count("change_requests") != 0 {
			t.Errorf("wider by security: status %d", rec.Code)
		}
		if to := d.submit(security, path, limits("500")); !strings.Contains(to, "done=applied") {
			t.Errorf("stricter by security: %s", to)
		}
		if to := d.submit(officer, path, limits("2000")); !strings.Contains(to, "done=asked") {
			t.Errorf("wider by an officer: %s", to)
		}
	})
}

func TestGrantsAndCredentials(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		to := d.submit(officer, "/console/partners/p_rent/grants", url.Values{
			"application": {"app_rent"}, "scope": {"loan.offer:read"}, "purpose": {"Offers for tenants"}, "starts": {"2026-12-01"}, "ends": {"2027-03-31"}, "reason": {why},
		})
		d.approve(numberOf(t, to))
		db := d.Database()
		defer db.Close()
		var id, by string
		var starts, ends int64
		if err := db.QueryRow("SELECT id, starts_at, ends_at, approved_by FROM grants WHERE purpose = 'Offers for tenants'").Scan(&id, &starts, &ends, &by); err != nil {
			t.Fatal(err)
		}
		if starts != 1796054400000 || ends != 1806508800000 { // midnights in Shanghai
			t.Errorf("from %d until %d", starts, ends)
		}
		grant := "/console/partners/p_rent/grants/" + code(id)
		edit := d.page(officer, grant)
		if !strings.Contains(edit, `value="2027-03-31"`) {
			t.Error("the form has another last day")
		}
		if to := d.submit(officer, grant, url.Values{"seen": carried(edit)["seen"], "ends": {"2027-01-31"}, "reason": {why}}); !strings.Contains(to, "done=applied") {
			t.Errorf("a shorter one: %s", to)
		}
		wants(t, said(d.page(officer, "/console/partners/p_rent/history")), "end of 31 January 2027")
		if rec := d.post(officer, grant, url.Values{"seen": carried(edit)["seen"], "ends": {"2027-02-01"}, "reason": {why}}); rec.Code != http.StatusConflict {
			t.Errorf("on what has moved: status %d", rec.Code)
		}
		if to := d.submit(reviewer, grant+"/end", url.Values{"reason": {why}}); !strings.Contains(to, "done=applied") {
			t.Errorf("ended: %s", to)
		}
		if rec := d.post(officer, "/console/partners/p_rent/grants", url.Values{"application": {"app_travel"}, "scope": {"loan.offer:read"}, "purpose": {"x"}, "reason": {why}}); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("for another partner's application: status %d", rec.Code)
		}

		to = d.submit(officer, "/console/partners/p_rent/applications/app_rent/credentials", url.Values{"kind": {"sig"}, "key": {string(d.PublicJWK("another", "sig"))}, "reason": {why}})
		d.approve(numberOf(t, to))
		if page := said(d.page(support, "/console/partners/p_rent/credentials")); !strings.Contains(page, "another-sig") {
			t.Errorf("credentials: %s", page)
		}
		if to := d.submit(security, "/console/partners/p_rent/credentials/"+code("app_rent-sig")+"/revoke", url.Values{"reason": {why}}); !strings.Contains(to, "done=applied") {
			t.Errorf("revoked: %s", to)
		}
		if page := said(d.page(support, "/console/partners/p_rent/credentials")); !strings.Contains(page, "revoked") {
			t.Errorf("credentials: %s", page)
		}
	})
}

func TestADraftThatWaitsIsInReview(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.Write(func(tx *store.Tx, now int64) error {
			return tx.SavePartner(models.Partner{ID: "p_draft", Name: "Draft Ltd", Status: models.Draft, CreatedAt: now, UpdatedAt: now})
		})
		if page := said(d.page(support, "/console/partners?q=draft")); !strings.Contains(page, "p_draft draft") {
			t.Errorf("before: %s", page)
		}
		to := d.submit(officer, "/console/partners/p_draft/activate", url.Values{"reason": {why}})
		if page := said(d.page(support, "/console/partners?q=draft")); !strings.Contains(page, "p_draft in review") {
			t.Errorf("meanwhile: %s", page)
		}
		d.approve(numberOf(t, to))
		if page := said(d.page(support, "/console/partners?q=draft")); !strings.Contains(page, "p_draft active") {
			t.Errorf("after: %s", page)
		}
	})
}

func TestNotesAreAddedAndRead(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.submit(reviewer, "/console/partners/p_travel/notes", url.Values{"note": {"They move offices in May."}})
		if page := said(d.page(support, "/console/partners/p_travel/notes")); !strings.Contains(page, "They move offices in May.") || !strings.Contains(page, "the reviewer") || strings.Contains(page, "Add the note") {
			t.Errorf("notes: %s", page)
		}
		if rec := d.post(reviewer, "/console/partners/p_travel/notes", url.Values{"note": {strings.Repeat("x", 2001)}}); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(said(rec.Body.String()), "1 to 2,000") {
			t.Errorf("too long: status %d", rec.Code)
		}
	})
}
