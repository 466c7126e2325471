package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"postern/app/apptest"
)

// What stops something at once, or shows for whom a visit was, takes a proof that is
// fresh of who does it; without one nothing moves and nothing typed is lost.
func TestWhatStopsAtOnceNeedsAProofThatIsFresh(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		visit := d.NewVisit(apptest.Travel, url.Values{"subject": {"user-20817733"}})
		d.Later(6 * time.Minute)
		visitID := visit.Visit.VID
		for path, form := range map[string]url.Values{
			"/console/partners/p_travel/suspend":                                           {},
			"/console/partners/p_travel/applications/app_travel/suspend":                   {},
			"/console/partners/p_travel/applications/app_travel/close":                     {},
			"/console/partners/p_travel/applications/app_travel/limits":                    {"rate": {"1"}},
			"/console/partners/p_travel/credentials/" + code("app_travel-sig") + "/revoke": {},
			"/console/partners/p_travel/grants/" + code("g1") + "/end":                     {},
			"/console/partners/p_travel/applications/app_travel/credentials":               {"kind": {"secret"}},
			"/console/visits/" + visitID + "/end":                                          {},
			"/console/live/end":                                                            {"target": {"partner:p_travel"}},
			"/console/kill-switch/freezes":                                                 {"target": {"partner:p_travel"}, "stops": {"all"}},
			"/console/partners/p_travel":                                                   {"name": {"Lianhe"}},
			"/console/changes":                                                             {"text": {"partners: [{ id: p_travel, status: suspended }]"}, "do": {"submit"}},
			"/console/visits/subject":                                                      {"visit": {visitID}},
		} {
			as := officer
			if path == "/console/visits/subject" {
				as = support
			}
			form.Set("reason", why)
			before := d.fingerprint()
			rec := d.post(as, path, form)
			if rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d to %s", path, rec.Code, rec.Header().Get("Location"))
				continue
			}
			wants(t, rec.Body.String(), `name="verify_password"`, why)
			lacks(t, rec.Body.String(), "user-20817733")
			if after := d.fingerprint(); after != before {
				t.Errorf("%s changed something: %s, then %s", path, before, after)
			}
		}
		if rec := d.post(support, "/console/account/email", url.Values{"email": {"support@bank.example"}}); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("another address for notices: %d", rec.Code)
		} else {
			wants(t, rec.Body.String(), `name="verify_password"`, "support@bank.example")
		}
		wrong := url.Values{"reason": {why}, "verify_password": {"not the password at all"}, "verify_code": {"000000"}}
		rec := d.post(officer, "/console/visits/"+visitID+"/end", wrong)
		wants(t, rec.Body.String(), "Password or code is wrong", why)
		calls(t, visit, 200, "")
	})
}

// A form that comes when its session has ended changes nothing, and what was typed
// can be sent again, but for passwords and codes.
func TestAFormThatComesTooLateIsKept(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		const path = "/console/partners/p_travel/suspend"
		form := url.Values{"reason": {`"><script>late</script>`}, "verify_password": {"a secret"}, "verify_code": {"123456"}}
		d.Later(24 * time.Hour)
		before := d.fingerprint()
		rec := d.post(officer, path, form)
		page := rec.Body.String()
		if rec.Code != http.StatusUnauthorized || d.fingerprint() != before {
			t.Errorf("a form that comes too late: %d", rec.Code)
		}
		wants(t, page, `action="`+path+`"`, `name="reason" value="&#34;&gt;&lt;script&gt;late`, "Send again", `target="_blank"`)
		lacks(t, page, "<script>late", "a secret", "123456")

		r := d.request(officer, http.MethodPost, path, form)
		r.Header.Del("Cookie")
		stranger := httptest.NewRecorder()
		d.InternalHandler().ServeHTTP(stranger, r)
		lacks(t, stranger.Body.String(), "late")
	})
}
