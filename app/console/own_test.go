package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/app/apptest"
	"postern/app/identity"
	"postern/models"
)

// colleague is the id of another officer's account.
func (d *desk) colleague() string {
	d.T.Helper()
	_, err := d.App.Identity().Invite(d.T.Context(), "test", identity.Invitation{Login: "chen.jing", Name: "Chen Jing", Roles: []models.StaffRole{officer}})
	if err != nil {
		d.T.Fatal(err)
	}
	return d.account("chen.jing")
}

func (d *desk) account(login string) (id string) {
	d.T.Helper()
	db := d.Database()
	defer db.Close()
	if err := db.QueryRow("SELECT id FROM accounts WHERE login = '" + login + "'").Scan(&id); err != nil {
		d.T.Fatal(err)
	}
	return id
}

// keep makes an account the one that looks after Lianhe Travel.
func (d *desk) keep(account string) {
	d.T.Helper()
	d.Exec(fmt.Sprintf("UPDATE partners SET officer_id = '%s' WHERE id = 'p_travel'", account))
}

// stops are the forms that stop something of Lianhe Travel's.
func stops(vid string) map[string]url.Values {
	return map[string]url.Values{
		"/console/partners/p_travel/suspend":                                           {},
		"/console/partners/p_travel/applications/app_travel/suspend":                   {},
		"/console/partners/p_travel/applications/app_travel/limits":                    {"daily_quota": {"7"}},
		"/console/partners/p_travel/credentials/" + code("app_travel-sig") + "/revoke": {},
		"/console/partners/p_travel/grants/" + code("g1") + "/end":                     {},
		"/console/visits/" + vid + "/end":                                              {},
		"/console/live/end":                                                            {"target": {"partner:p_travel"}},
		"/console/kill-switch/freezes":                                                 {"target": {"application:app_travel"}, "stops": {"all"}},
	}
}

const theirs = "Chen Jing looks after Lianhe Travel. Chen Jing, a reviewer or security can stop it."

func TestAnOfficerStopsNothingThatAnotherLooksAfter(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		visit := d.NewVisit(apptest.Travel, nil)
		d.keep(d.colleague())
		forms := stops(visit.Visit.VID)
		forms["/console/partners/p_travel/applications/app_travel/close"] = url.Values{}
		forms["/console/changes"] = url.Values{"text": {"partners: [{ id: p_travel, status: suspended }]"}, "do": {"submit"}}
		for path, form := range forms {
			if strings.HasSuffix(path, "/limits") {
				form = formOf(d.page(officer, path))
				form.Set("daily_quota", "7")
			}
			form.Set("reason", why)
			before := d.fingerprint()
			rec := d.post(officer, path, form)
			if rec.Code != http.StatusForbidden {
				t.Errorf("%s: %d to %s", path, rec.Code, rec.Header().Get("Location"))
				continue
			}
			wants(t, said(rec.Body.String()), theirs)
			if after := d.fingerprint(); after != before {
				t.Errorf("%s changed something: %s, then %s", path, before, after)
			}
		}
		calls(t, visit, 200, "")

		// Nobody is led there.
		for _, path := range []string{
			"/console/partners/p_travel/suspend", "/console/visits/" + visit.Visit.VID + "/end", "/console/partners/p_travel/applications/app_travel/suspend",
			"/console/partners/p_travel/credentials/" + code("app_travel-sig") + "/revoke", "/console/partners/p_travel/grants/" + code("g1") + "/end",
		} {
			if rec := d.get(officer, path); rec.Code != http.StatusForbidden || !strings.Contains(said(rec.Body.String()), theirs) {
				t.Errorf("%s: %d %s", path, rec.Code, said(rec.Body.String()))
			}
		}
		for _, path := range []string{"/console/partners/p_travel", "/console/partners/p_travel/applications/app_travel", "/console/live?app=app_travel", killSwitch + "?target=partner:p_travel"} {
			page := d.page(officer, path)
			wants(t, said(page), theirs)
			lacks(t, page, "/suspend\"", visit.Visit.VID+"/end", "Freeze Lianhe")
		}
		lacks(t, d.page(officer, "/console/partners/p_travel/credentials"), "/revoke")

		// Nor does their word let anybody else's stop take effect.
		number := numberOf(t, d.submit(support, killSwitch+"/freezes", url.Values{"target": {"partner:p_travel"}, "stops": {"all"}, "reason": {why}}))
		form := carried(d.page(officer, "/console/approvals/"+number))
		form.Set("reason", why)
		before := d.fingerprint()
		if rec := d.post(officer, "/console/approvals/"+number+"/approve", form); rec.Code != http.StatusForbidden || d.fingerprint() != before {
			t.Errorf("another officer approves it: %d", rec.Code)
		}
		d.submit(reviewer, "/console/approvals/"+number+"/approve", form)
		d.Refresh()
		calls(t, visit, 401, "invalid_vt")
	})
}

func TestAnOfficerOnlyAsksToChangeWhatIsShared(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.keep(d.account("officer")) // whoever reaches it, a service is nobody's own
		visit := d.NewVisit(apptest.Travel, nil)
		for _, c := range []struct{ name, text string }{
			{"a stop that is planned", "services: [{ id: " + apptest.Service + ", stops: [{ from: 2026-12-01T00:00:00Z, to: 2026-12-02T00:00:00Z, reason_en: Upkeep, reason_zh: 维护 }] }]"},
			{"another title of a scope", "scopes: [{ id: 'loan.offer:read', title: Offers }]"},
			{"a service out of service", "services: [{ id: " + apptest.Service + ", status: suspended }]"},
		} {
			text := url.Values{"text": {c.text}, "reason": {why}}
			text.Set("do", "preview")
			wants(t, said(d.post(officer, "/console/changes", text).Body.String()), "it takes effect once a reviewer has approved it")
			text.Set("do", "submit")
			number := numberOf(t, d.submit(officer, "/console/changes", text))
			d.Refresh()
			calls(t, visit, 200, "")
			form := carried(d.page(reviewer, "/console/approvals/"+number))
			form.Set("reason", why)
			d.submit(reviewer, "/console/approvals/"+number+"/approve", form)
		}
		d.Refresh()
		calls(t, visit, 403, "not_active")
	})
}

func TestWhoStopsAPartner(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		other := d.colleague()
		for _, c := range []struct {
			name   string
			keeper string
			off    bool // the keeper's account is disabled
			by     models.StaffRole
		}{
			{"whoever looks after it", d.account("officer"), false, officer},
			{"any officer where nobody does", "", false, officer},
			{"any officer where who did has left", other, true, officer},
			{"a reviewer, whoever does", other, false, reviewer},
			{"security, whoever does", other, false, security},
		} {
			d.Exec("UPDATE accounts SET status = 'invited' WHERE id = '" + other + "'")
			if c.off {
				d.Exec("UPDATE accounts SET status = 'disabled' WHERE id = '" + other + "'")
			}
			d.Exec("UPDATE partners SET status = 'active' WHERE id = 'p_travel'")
			d.keep(c.keeper)
			if to := d.submit(c.by, "/console/partners/p_travel/suspend", url.Values{"reason": {why}}); !strings.HasSuffix(to, "done=applied") {
				t.Errorf("%s: %s", c.name, to)
			}
		}
	})
}

func TestWhoRegistersAPartnerLooksAfterItUntilTwoSayOtherwise(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		wants(t, said(d.page(officer, "/console/partners/p_travel")), "Looked after by nobody: any officer may stop it")
		wants(t, d.page(officer, "/console/onboarding/new"), `<option value="officer" selected>`)
		other := d.colleague()
		edit := "/console/partners/p_travel/edit"
		form := formOf(d.page(officer, edit))
		form.Set("reason", why)
		before := d.fingerprint()
		form.Set("officer", "reviewer")
		if rec := d.post(officer, "/console/partners/p_travel", form); rec.Code != http.StatusUnprocessableEntity || d.fingerprint() != before {
			t.Errorf("who is no officer looks after a partner: %d", rec.Code)
		}
		form.Set("officer", "chen.jing")
		number := numberOf(t, d.submit(officer, "/console/partners/p_travel", form))
		wants(t, said(d.page(reviewer, "/console/approvals/"+number)), "looked after by nothing chen.jing")
		lacks(t, said(d.page(officer, "/console/partners/p_travel")), "Chen Jing")
		d.approve(number)
		wants(t, said(d.page(officer, "/console/partners/p_travel")), "Looked after by Chen Jing", theirs)

		// Others of its facts change without naming the officer again.
		d.submit(reviewer, "/console/partners/p_travel/suspend", url.Values{"reason": {why}})
		wants(t, said(d.page(officer, "/console/partners/p_travel")), "Looked after by Chen Jing")

		wants(t, d.page(officer, "/console/partners?officer=chen.jing"), "Lianhe Travel", "Chen Jing")
		lacks(t, said(d.page(officer, "/console/partners?officer=chen.jing")), "Chengzi Rent")
		lacks(t, said(d.page(officer, "/console/partners?officer=me")), "Lianhe Travel")
		wants(t, said(d.page(officer, "/console/partners?officer=nobody")), "Chengzi Rent")
		wants(t, said(d.page(officer, "/console/partners?officer=x'or'1")), "Chengzi Rent", "Lianhe Travel") // no officer: not said
		// Who has left stays named, and stops nobody.
		d.Exec("UPDATE accounts SET status = 'disabled' WHERE id = '" + other + "'")
		wants(t, said(d.page(officer, "/console/partners/p_travel")), "Chen Jing, no officer any more: any officer may stop it")
	})
}

func TestSupportAsksForWhateverOthersStop(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		visit := d.NewVisit(apptest.Travel, nil)
		wants(t, said(d.page(support, "/console/partners/p_travel")), "Ask for suspension", "Ask to freeze", "Ask to end the live visits")
		lacks(t, said(d.page(support, "/console/partners/p_travel")), "Suspend at once")
		wants(t, said(d.page(support, "/console/partners/p_travel/credentials")), "Ask to revoke")
		wants(t, said(d.page(support, "/console/partners/p_travel/limits")), "Ask to lower")
		wants(t, said(d.page(support, "/console/live?app=app_travel")), "Ask to end")
		numbers := map[string]string{}
		for path, form := range stops(visit.Visit.VID) {
			if !strings.HasPrefix(path, "/console/live") && !strings.HasPrefix(path, killSwitch) {
				form = formOf(d.page(support, path))
				wants(t, said(d.page(support, path)), "Your role may ask", "Ask")
			}
			form.Set("reason", why)
			if strings.HasSuffix(path, "/limits") {
				wider := url.Values{}
				for name, values := range form {
					wider[name] = values
				}
				wider.Set("at_rate", "100000")
				if rec := d.post(support, path, wider); rec.Code != http.StatusForbidden {
					t.Errorf("support asks for more: %d", rec.Code)
				}
				form.Set("daily_quota", "7")
			}
			numbers[path] = numberOf(t, d.submit(support, path, form))
		}
		calls(t, visit, 200, "") // nothing has stopped
		wants(t, said(d.page(reviewer, "/console/approvals")), "Suspend: Partner Lianhe Travel", "End: Visit", "Freeze: Application", "Urgent")
		lacks(t, said(d.page(reviewer, "/console/approvals")), "0 things open more")
		wants(t, said(d.page(reviewer, "/console/approvals/"+numbers["/console/partners/p_travel/suspend"])), "Live visits that end: 1.")
		wants(t, d.page(reviewer, "/console/approvals/"+numbers["/console/partners/p_travel/suspend"]), "/console/live?app=app_travel&amp;service=")
		one := d.page(reviewer, "/console/approvals/"+numbers["/console/visits/"+visit.Visit.VID+"/end"])
		wants(t, one, "A live visit of ", `href="/console/visits/`+visit.Visit.VID+`"`)
		if rec := d.get(support, "/console/partners/p_travel/edit"); rec.Code != http.StatusForbidden {
			t.Errorf("support edits a partner: %d", rec.Code)
		}

		// One visit ends, and the limit is lower, once another person says so.
		end, limits := numbers["/console/visits/"+visit.Visit.VID+"/end"], numbers["/console/partners/p_travel/applications/app_travel/limits"]
		d.approve(end)
		d.Refresh()
		calls(t, visit, 401, "invalid_vt")
		d.approve(limits)
		wants(t, said(d.page(support, "/console/partners/p_travel/limits")), "7")
		d.approve(numbers["/console/partners/p_travel/suspend"])
		wants(t, said(d.page(support, "/console/partners/p_travel")), "suspended")
	})
}
