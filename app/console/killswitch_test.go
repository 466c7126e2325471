package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/store/storetest"
	"postern/models"
)

const killSwitch = "/console/kill-switch"

// freezes freezes something at once and returns the page of its stopwatch.
func (d *desk) freezes(as models.StaffRole, target, stops string) string {
	d.T.Helper()
	to := d.submit(as, killSwitch+"/freezes", url.Values{"target": {target}, "stops": {stops}, "reason": {why}})
	d.Refresh()
	path, _, ok := strings.Cut(to, "?done=applied")
	if !ok {
		d.T.Fatalf("the freeze leads to %s", to)
	}
	return path
}

// calls wants a page's call to be answered with a status, and a code if refused.
func calls(t *testing.T, p *apptest.Page, status int, code string) {
	t.Helper()
	a := p.Get("/loans/offers")
	if a.HTTP != status || (code != "" && !strings.Contains(string(a.Plain), code)) {
		t.Errorf("a call: %d %s, want %d %s", a.HTTP, a.Plain, status, code)
	}
}

func TestAFrozenPartnerIsStoppedAtOnceAndThawedByTwo(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		visit, at := d.NewVisit(apptest.Travel, nil), d.AT(apptest.Travel, nil)
		wants(t, said(d.page(officer, killSwitch+"?target=partner:p_travel")), "up to 1 live visit ends now", "Live visits that end now: 1.")
		freeze := d.freezes(officer, "partner:p_travel", "all")

		calls(t, visit, 401, "invalid_vt")
		if a := d.NewPage(at).TryOpen(); a.HTTP != 403 {
			t.Errorf("an exchange under the freeze: %d", a.HTTP)
		}
		if rec := d.PostForm("/oauth/token", d.TokenForm(apptest.Travel)); rec.Code != 401 {
			t.Errorf("an AT under the freeze: %d", rec.Code)
		}
		wants(t, said(d.page(support, freeze)), "1 of 1", "obeyed", "Visits ended 1", "none after it", why)
		wants(t, said(d.page(officer, killSwitch)), "Frozen now", "Everything, since", "Ask to thaw")
		for path, frozen := range map[string]bool{
			"/console/partners/p_travel": true, "/console/partners/p_travel/applications/app_travel": true, "/console/partners/p_rent": false,
		} {
			if says := strings.Contains(said(d.page(support, path)), "1 freeze is in force"); says != frozen {
				t.Errorf("%s says that something is frozen: %v", path, says)
			}
		}
		if events := d.Events("freeze.started"); len(events) != 1 {
			t.Errorf("%d events of the freeze", len(events))
		}

		if rec := d.post(support, freeze+"/thaw", url.Values{"reason": {why}}); rec.Code != http.StatusForbidden {
			t.Errorf("support asks for the thaw: %d", rec.Code)
		}
		number := numberOf(t, d.submit(officer, freeze+"/thaw", url.Values{"reason": {why}}))
		wants(t, said(d.page(security, killSwitch)), "Thaw waits for review")
		form := carried(d.page(reviewer, "/console/approvals/"+number))
		form.Set("reason", why)
		for _, role := range []models.StaffRole{officer, security} {
			if rec := d.post(role, "/console/approvals/"+number+"/approve", form); rec.Code != http.StatusForbidden {
				t.Errorf("%s approves the thaw: %d", role, rec.Code)
			}
		}
		calls(t, visit, 401, "")
		d.approve(number)

		calls(t, d.NewVisit(apptest.Travel, nil), 200, "")
		calls(t, visit, 401, "invalid_vt") // what has ended does not come back
		wants(t, said(d.page(officer, killSwitch)), "Nothing is frozen", "thawed, since")
		if rec := d.post(officer, freeze+"/thaw", url.Values{"reason": {why}}); rec.Code != http.StatusNotFound {
			t.Errorf("a second thaw: %d", rec.Code)
		}
	})
}

func TestHowFarAFreezeGoesIsSaidAndKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t, apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{}))
	visit := d.NewVisit(apptest.Travel, nil)
	d.freezes(security, "service:"+apptest.Service, "vt")
	calls(t, visit, 200, "")
	if a := d.NewPage(d.AT(apptest.Travel, nil)).TryOpen(); a.HTTP != 403 {
		t.Errorf("a new visit of the frozen service: %d", a.HTTP)
	}
	d.freezes(reviewer, "everything:", "call")
	calls(t, visit, 403, "not_active")
	d.AT(apptest.Travel, nil)
	d.freezes(security, "everything:", "at")
	if rec := d.PostForm("/oauth/token", d.TokenForm(apptest.Travel)); rec.Code != 401 {
		t.Errorf("an AT while everything is frozen: %d", rec.Code)
	}
}

func TestWhoMayFreezeWhat(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		visit := d.NewVisit(apptest.Travel, nil)
		everything := url.Values{"target": {"everything:"}, "stops": {"all"}, "reason": {why}}
		before := d.fingerprint()
		for _, role := range []models.StaffRole{audit, system} {
			if rec := d.post(role, killSwitch+"/freezes", everything); rec.Code != http.StatusForbidden {
				t.Errorf("%s freezes everything: %d", role, rec.Code)
			}
		}
		wants(t, said(d.page(officer, killSwitch+"?target=everything:")), "Your role may ask: a security administrator or a reviewer decides.", "Ask to freeze Everything")
		if after := d.fingerprint(); after != before {
			t.Errorf("before %s\nafter  %s", before, after)
		}
		calls(t, visit, 200, "")

		// Support asks, and another person decides; an officer asks as well, and decides
		// nothing of the kind.
		asked := numberOf(t, d.submit(officer, killSwitch+"/freezes", url.Values{"target": {"service:" + apptest.Service}, "stops": {"all"}, "reason": {why}}))
		calls(t, visit, 200, "")
		wants(t, said(d.page(reviewer, "/console/approvals/"+asked)), "frozen")
		wants(t, said(d.page(support, killSwitch+"?target=everything:")), "Ask to freeze Everything")
		number := numberOf(t, d.submit(support, killSwitch+"/freezes", everything))
		calls(t, visit, 200, "")
		form := carried(d.page(security, "/console/approvals/"+number))
		form.Set("reason", why)
		if rec := d.post(officer, "/console/approvals/"+number+"/approve", form); rec.Code != http.StatusForbidden {
			t.Errorf("an officer lets everything be frozen: %d", rec.Code)
		}
		calls(t, visit, 200, "")
		d.submit(security, "/console/approvals/"+number+"/approve", form)
		d.Refresh()
		calls(t, visit, 401, "invalid_vt")
	})
}

func TestAFreezeThatIsNotSaidWellStopsNothingAndLosesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{}))
	visit, before := d.NewVisit(apptest.Travel, nil), d.fingerprint()
	for name, c := range map[string]struct {
		form   url.Values
		status int
		says   []string
	}{
		"no answer how far":      {url.Values{"target": {"partner:p_travel"}, "reason": {"<b>" + why}}, 422, []string{"Say how far it goes.", "&lt;b&gt;" + why}},
		"a drill by a forged":    {url.Values{"target": {"everything:"}, "stops": {"nothing"}, "reason": {why}}, 422, []string{"Say how far it goes."}},
		"no reason":              {url.Values{"target": {"partner:p_travel"}, "stops": {"all"}, "reason": {" "}}, 422, []string{"5 to 1,000 characters"}},
		"a partner there is not": {url.Values{"target": {"partner:p_nobody"}, "stops": {"all"}, "reason": {why}}, 422, []string{"There is no such thing to stop."}},
		"no kind of thing":       {url.Values{"target": {"planet:p_travel"}, "stops": {"all"}, "reason": {why}}, 422, []string{"There is no such thing to stop."}},
		"nothing chosen":         {url.Values{"stops": {"all"}, "reason": {why}}, 200, []string{"Choose what to freeze"}},
	} {
		rec := d.post(security, killSwitch+"/freezes", c.form)
		if rec.Code != c.status {
			t.Errorf("%s: %d, want %d", name, rec.Code, c.status)
		}
		wants(t, rec.Body.String(), c.says...)
	}
	d.Later(6 * time.Minute)
	rec := d.post(security, killSwitch+"/freezes", url.Values{"target": {"partner:p_travel"}, "stops": {"all"}, "reason": {why}})
	if rec.Code != 422 || !strings.Contains(rec.Body.String(), "verify_code") {
		t.Errorf("without a fresh proof: %d", rec.Code)
	}
	if after := d.fingerprint(); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	calls(t, visit, 200, "")
}

func TestADrillStopsNothingAndIsMeasured(t *testing.T) {
	t.Parallel()
	d := newDesk(t, apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{}))
	visit := d.NewVisit(apptest.Travel, nil)
	to := d.submit(officer, killSwitch+"/drills", url.Values{"reason": {why}})
	d.Refresh()
	calls(t, visit, 200, "")
	path, _, _ := strings.Cut(to, "?")
	wants(t, said(d.page(audit, path)), "drill", "1 of 1", "obeyed")
	wants(t, said(d.page(audit, killSwitch)), "Nothing is frozen", "drill, since", "0.00 s")
	if rec := d.post(support, killSwitch+"/drills", url.Values{"reason": {why}}); rec.Code != http.StatusForbidden {
		t.Errorf("support runs a drill: %d", rec.Code)
	}
}

func TestLiveVisitsEndOneByOneAndTogether(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		one, other := d.NewVisit(apptest.Travel, nil), d.NewVisit(apptest.Travel, nil)
		wants(t, said(d.page(support, "/console/live")), "2 visits are live now.")
		list := d.page(officer, "/console/live?app="+apptest.Travel)
		wants(t, list, "/console/visits/"+one.Visit.VID+"/end", "/console/visits/"+other.Visit.VID+"/end")
		// Those of a partner are its applications' together; its page leads there.
		wants(t, d.page(officer, "/console/partners/p_travel"), `href="/console/live?partner=p_travel"`)
		rent := d.NewVisit(apptest.Rent, nil).Visit.VID
		wants(t, d.page(officer, "/console/live?partner=p_travel"), one.Visit.VID, other.Visit.VID)
		lacks(t, d.page(officer, "/console/live?partner=p_travel"), rent)
		wants(t, d.page(officer, "/console/live?partner=p_rent"), rent)

		end := "/console/visits/" + one.Visit.VID + "/end"
		if rec := d.post(audit, end, url.Values{"reason": {why}}); rec.Code != http.StatusForbidden {
			t.Errorf("audit ends a visit: %d", rec.Code)
		}
		if rec := d.post(officer, end, url.Values{"reason": {"x"}}); rec.Code != 422 {
			t.Errorf("without a reason: %d", rec.Code)
		}
		calls(t, one, 200, "")
		d.submit(officer, end, url.Values{"reason": {why}})
		wants(t, said(d.page(officer, "/console/activity")), "ended a visit", why)
		calls(t, one, 401, "invalid_vt")
		calls(t, other, 200, "")
		if rec := d.post(officer, end, url.Values{"reason": {why}}); rec.Code != http.StatusConflict {
			t.Errorf("a visit that is over: %d", rec.Code)
		}
		if rec := d.post(officer, "/console/visits/"+strings.Repeat("A", 22)+"/end", url.Values{"reason": {why}}); rec.Code != http.StatusNotFound {
			t.Errorf("a visit there is not: %d", rec.Code)
		}

		all := url.Values{"target": {"service:" + apptest.Service}, "reason": {why}}
		numberOf(t, d.submit(officer, "/console/live/end", all)) // an officer only asks
		calls(t, other, 200, "")
		d.submit(security, "/console/live/end", all)
		d.Refresh()
		calls(t, other, 401, "invalid_vt")
		wants(t, said(d.page(officer, "/console/visits/"+other.Visit.VID)), "ended at once with others")
		if rec := d.post(officer, "/console/visits/"+other.Visit.VID+"/end", url.Values{"reason": {why}}); rec.Code != http.StatusConflict {
			t.Errorf("a visit that ended with others: %d", rec.Code)
		}
		wants(t, said(d.page(security, "/console/live")), "0 visits are live now.", "No visit is live")
		d.Later(2 * time.Second)
		calls(t, d.NewVisit(apptest.Travel, nil), 200, "") // nothing is frozen
	})
}
