package app_test

import (
	"slices"
	"strings"
	"time"

	"postern/app/apptest"
	"postern/app/web"
	"postern/models"
)

// noPages are the rows of the table that answer with no page, and why.
var noPages = map[string]string{
	"/console/sign-in/sign-on": "it leads to the bank's sign-on",
	"/console/log/stream":      "a stream of events",
	"/console/find":            "it leads to what was found",
	"/console/now/:part":       "a part of a page that renews itself",
	"/portal/log/stream":       "a stream of events",

	"/portal/applications/:application/conformance/now":         "a page that renews itself",
	"/portal/applications/:application/conformance/:run/result": "a file",
	"/console/partners/:partner/conformance/:run/result":        "a file",

	"/console/evidence/checkpoints/:size": "a file",
	"/console/evidence/proofs/:event":     "a file",
}

const (
	off = models.OfficerRole
	rev = models.ReviewerRole
	sec = models.SecurityRole
	sys = models.SystemRole
	aud = models.AuditRole
	sup = models.SupportRole
)

// fullShots are the screens of a gateway with some busy hours behind it, each as
// whoever sees most of it.
func (s *studio) fullShots() []shot {
	return slices.Concat([]shot{
		{name: "sign-in", as: outsider, path: "/console/sign-in"},
		{name: "sign-in-refused", as: outsider, path: "/console/sign-in", script: `document.querySelector("#login").value = "wang.lei"; document.querySelector("#password").value = "wrong"; document.querySelector("#password").form.requestSubmit()`, status: 401, once: true},
		{name: "sign-on-failed", as: outsider, path: "/console/sign-on", status: 409, once: true},
		{name: "second", as: halfway, path: "/console/second"},
		{name: "setup", as: outsider, path: "/console/setup/" + s.link},
		{name: "enrol", as: invited, path: "/console/enrol"},
		{name: "authenticator", as: enrolling, path: "/console/enrol/authenticator"},

		{name: "overview", as: rev, path: "/console"},
		{name: "overview-system", as: sys, path: "/console", once: true},
		{name: "overview-week", as: off, path: "/console?time=7d", once: true},
		{name: "menu", as: off, path: "/console/menu", once: true},
		{name: "account", as: off, path: "/console/account"},
		{name: "verify", as: newcomer, path: "/console/verify?next=%2Fconsole%2Faccount"},
		{name: "password", as: off, path: "/console/account/password"},
		{name: "authenticator-new", as: off, path: "/console/account/authenticators/new"},
		{name: "passkey-new", as: off, path: "/console/account/passkeys/new"},
		{name: "factor", as: off, path: s.find(off, "/console/account", "/console/account/factors/[^/\"]+")},
		{name: "recovery-codes", as: off, path: "/console/account/recovery-codes"},

		{name: "approvals", as: rev, path: "/console/approvals"},
		{name: "approvals-all", as: rev, path: "/console/approvals?show=all"},
		{name: "approval", as: rev, path: s.find(rev, "/console/approvals", `/console/approvals/\d+`)},
		{name: "approval-own", as: off, path: s.find(off, "/console/approvals", `/console/approvals/\d+`), once: true},
		{name: "partner-conformance", as: rev, path: s.find(rev, coupons, "/console/partners/p_travel/conformance/[0-9a-f-]{36}")},
		{name: "partner-requests", as: off, path: "/console/partner-requests"},
		{name: "partner-request", as: off, path: "/console/partner-requests/4"},
		{name: "partner-request-inside", as: off, path: "/console/partner-requests/3", once: true},
		{name: "partner-request-answered", as: rev, path: "/console/partner-requests/1", once: true},
		{name: "change-new", as: off, path: "/console/changes/new"},
	}, s.partnerShots(), s.applicationShots(), s.catalogueShots(), s.logShots(), s.controlShots(), s.portalShots(), s.refusedShots())
}

func (s *studio) partnerShots() []shot {
	const p = "/console/partners/p_travel"
	draft := s.kept[0]
	list := []shot{
		{name: "partners", as: off, path: "/console/partners"},
		{name: "partners-none-found", as: off, path: "/console/partners?q=nobody", once: true},
		{name: "partner", as: off, path: p},
		{name: "partner-suspended", as: off, path: "/console/partners/p_nanfeng", once: true},
		{name: "partner-frozen", as: off, path: "/console/partners/yunqi", once: true},
		{name: "partner-statement", as: off, path: p + "/statement"},
		{name: "partner-statement-printed", as: off, path: p + "/statement", print: true, once: true},
		{name: "statements", as: off, path: "/console/statements"},
		{name: "partner-edit", as: off, path: p + "/edit"},
		{name: "partner-activate", as: off, path: "/console/partners/qingshan/activate"},
		{name: "partner-suspend", as: off, path: p + "/suspend"},
		{name: "partner-resume", as: off, path: "/console/partners/p_nanfeng/resume"},
		{name: "partner-close", as: off, path: p + "/close"},
		{name: "onboarding-new", as: off, path: "/console/onboarding/new"},
	}
	for _, tab := range []string{"applications", "grants", "credentials", "limits", "history", "portal", "notes"} {
		list = append(list, shot{name: "partner-" + tab, as: off, path: p + "/" + tab})
	}
	for _, step := range []string{"partner", "application", "services", "scopes", "review"} {
		list = append(list, shot{name: "onboarding-" + step, as: off, path: draft + step})
	}
	return list
}

func (s *studio) applicationShots() []shot {
	const p = "/console/partners/p_travel"
	const a, sandbox, nanfeng = p + "/applications/" + apptest.Travel, p + "/applications/travel-sandbox", "/console/partners/p_nanfeng/applications/" + apptest.Nanfeng
	return []shot{
		{name: "application-new", as: off, path: p + "/applications/new"},
		{name: "application", as: off, path: a},
		{name: "application-sandbox", as: off, path: sandbox, once: true},
		{name: "application-edit", as: off, path: a + "/edit"},
		{name: "application-limits", as: off, path: a + "/limits"},
		{name: "application-activate", as: off, path: sandbox + "/activate"},
		{name: "application-suspend", as: off, path: a + "/suspend"},
		{name: "application-resume", as: off, path: nanfeng + "/resume"},
		{name: "application-close", as: off, path: a + "/close"},
		{name: "credential-new", as: off, path: a + "/credentials/new"},
		{name: "credential-revoke", as: off, path: s.find(off, p+"/credentials", p+`/credentials/[^/"]+/revoke`)},
		{name: "grant-new", as: off, path: p + "/grants/new"},
		{name: "grant", as: off, path: s.find(off, p+"/grants", p+`/grants/[^/"?n][^/"?]*`)},
		{name: "grant-end", as: off, path: s.find(off, p+"/grants", p+`/grants/[^/"]+/end`)},
	}
}

func (s *studio) catalogueShots() []shot {
	const loan = "/console/services/" + apptest.Service
	return []shot{
		{name: "services", as: off, path: "/console/services"},
		{name: "service-new", as: off, path: "/console/services/new"},
		{name: "service", as: off, path: loan},
		{name: "service-hours", as: off, path: "/console/services/urn:h5:card", once: true},
		{name: "service-edit", as: off, path: loan + "/edit"},
		{name: "route-new", as: off, path: loan + "/routes/new"},
		{name: "route", as: off, path: loan + "/routes/balance"},
		{name: "scopes", as: off, path: "/console/scopes"},
		{name: "scope-new-service", as: off, path: "/console/scopes/new", once: true},
		{name: "scope-new", as: off, path: "/console/scopes/new?service=" + apptest.Service},
		{name: "scope", as: off, path: "/console/scopes/loan.offer:read"},
		{name: "scope-consent", as: off, path: "/console/scopes/card:read", once: true},
		{name: "scope-edit", as: off, path: "/console/scopes/loan.offer:read/edit"},
		{name: "scope-preview", as: off, path: "/console/scopes/loan.offer:read/edit", script: previewed},
		{name: "announcements", as: off, path: "/console/announcements"},
		{name: "announcement", as: off, path: s.announcement()},
		{name: "announcement-new", as: off, path: "/console/announcements/new"},
		{name: "announcement-edit", as: off, path: s.announcement() + "/edit"},
		{name: "announcement-preview", as: off, path: s.announcement() + "/edit", script: `document.querySelector("button[value=preview]").click()`, once: true},
		{name: "x-announcement-errors", as: off, path: "/console/announcements/new", script: sent, status: 422, once: true},
		{name: "simulator", as: rev, path: "/console/simulator?app=" + apptest.Travel + "&method=GET&path=%2Floans%2Foffers"},
		{name: "simulator-refused", as: rev, path: "/console/simulator?app=" + apptest.Rent + "&method=POST&path=%2Floans%2Fapplications", once: true},
	}
}

func (s *studio) logShots() []shot {
	row := s.find(sup, "/console/log?code=origin_denied", `/console/log/[0-9a-f-]{36}[^"]*`)
	return []shot{
		{name: "log", as: aud, path: "/console/log"},
		{name: "log-filtered", as: sup, path: "/console/log?refused=1&partner=p_nanfeng", once: true},
		{name: "log-row", as: sup, path: row},
		{name: "log-export", as: aud, path: "/console/log/export"},
		{name: "log-export-many", as: aud, path: "/console/log/export", script: `const f = document.querySelector("main form"); f.noValidate = true; f.insertAdjacentHTML("beforeend", "<input type=hidden name=ask value=1>"); f.requestSubmit()`, status: 422, once: true},
		{name: "log-export-approved", as: aud, path: s.export, once: true},
		{name: "calls", as: sup, path: "/console/calls"},
		{name: "calls-refused", as: sup, path: "/console/calls?refused=1", once: true},
		{name: "visits", as: sup, path: "/console/visits"},
		{name: "visits-found", as: sup, path: "/console/visits/find?app=" + apptest.Travel + "&when=" + s.now("2006-01-02T15:04")},
		{name: "xray", as: sup, path: "/console/visits/" + s.vid},
		{name: "xray-unused", as: sup, path: "/console/visits/at/" + s.jti},
		{name: "xray-refused", as: sup, path: s.find(sup, "/console/log/"+rowOf(row), `/console/visits/(?:request|at)/[^"]+`)},
		{name: "xray-request", as: sup, path: s.find(sup, "/console/log/"+rowOf(s.find(sup, "/console/log?code=at_spent", `/console/log/[0-9a-f-]{36}[^"]*`)), `/console/visits/request/[^"]+`)},
		{name: "activity", as: aud, path: "/console/activity"},
		{name: "activity-export", as: aud, path: "/console/activity/export?did=asking"},
		{name: "evidence", as: aud, path: "/console/evidence"},
	}
}

func rowOf(link string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(link, "/console/log/"), "?")
	return id
}

func (s *studio) controlShots() []shot {
	return []shot{
		{name: "kill-switch", as: sec, path: "/console/kill-switch"},
		{name: "kill-switch-order", as: sec, path: "/console/kill-switch?target=partner:p_travel", once: true},
		{name: "kill-switch-freeze", as: sec, path: s.find(sec, "/console/kill-switch", `/console/kill-switch/freezes/[^/"]+`)},
		{name: "kill-switch-drill", as: sec, path: "/console/kill-switch/drill"},
		{name: "live", as: sec, path: "/console/live"},
		{name: "live-end", as: sec, path: "/console/live/end?target=partner:p_travel"},
		{name: "visit-end", as: sec, path: "/console/visits/" + s.vid + "/end"},
		{name: "keys", as: sec, path: "/console/keys"},
		{name: "key-rotate", as: sec, path: "/console/keys/ak-production/rotate"},
		{name: "key-replace", as: sec, path: "/console/keys/ak-production/replace"},
		{name: "key-retire", as: sec, path: strings.TrimSuffix(s.find(sec, "/console/keys", `/console/keys/[^/"]+/retire-now`), "-now"), status: 409}, // it still opens what it made
		{name: "key-retire-now", as: sec, path: s.find(sec, "/console/keys", `/console/keys/[^/"]+/retire-now`)},
		{name: "alerts", as: sec, path: "/console/alerts"},
		{name: "alert", as: sec, path: s.find(sec, "/console/alerts", `/console/alerts/[^/"]+`)},
		{name: "settings", as: sys, path: "/console/settings"},
		{name: "settings-edit", as: sys, path: "/console/settings/retention/edit"},
		{name: "settings-alerts", as: sys, path: "/console/settings/alerts/edit", once: true},
		{name: "staff", as: sys, path: "/console/staff"},
		{name: "staff-new", as: sys, path: "/console/staff/new"},
		{name: "staff-member", as: sec, path: s.member(newcomer)},
		{name: "staff-invited", as: sys, path: s.member(invited), once: true},
		{name: "staff-left", as: sys, path: s.left, once: true},
	}
}

// portalShots are the partners' house. A new screen there is a line here.
func (s *studio) portalShots() []shot {
	line := s.find(viewer, "/portal/log?world=production&why=other_r", `/portal/log/[0-9a-f-]{36}[^"]*`)
	const team, sandbox, live = "/portal/team", "/portal/applications/travel-sandbox", "/portal/applications/" + apptest.Travel
	return []shot{
		{name: "portal-sign-in", as: stranger, path: "/portal/sign-in"},
		{name: "portal-second", as: portal + halfway, path: "/portal/second"},
		{name: "portal-setup", as: stranger, path: "/portal/setup/" + s.linked},
		{name: "portal-enrol", as: portal + invited, path: "/portal/enrol"},
		{name: "portal-authenticator", as: portal + enrolling, path: "/portal/enrol/authenticator"},
		{name: "portal-home", as: owner, path: "/portal"},
		{name: "portal-home-none", as: other, path: "/portal", once: true},
		{name: "portal-status", as: viewer, path: "/portal/status"},
		{name: "portal-status-other", as: other, path: "/portal/status", once: true},
		{name: "portal-applications", as: owner, path: "/portal/applications"},
		{name: "portal-applications-live", as: owner, path: "/portal/applications?world=production"},
		{name: "portal-applications-none", as: other, path: "/portal/applications", once: true},
		{name: "portal-application", as: owner, path: sandbox},
		{name: "portal-application-live", as: owner, path: "/portal/applications/" + apptest.Travel},
		{name: "portal-application-new", as: developer, path: "/portal/applications/new"},
		{name: "portal-application-edit", as: developer, path: sandbox + "/edit"},
		{name: "portal-application-live-edit", as: owner, path: "/portal/applications/" + apptest.Travel + "/edit"},
		{name: "portal-application-close", as: developer, path: sandbox + "/close"},
		{name: "portal-code", as: developer, path: sandbox + "/code?in=go"},
		{name: "portal-code-page", as: owner, path: live + "/code?in=page", once: true},
		{name: "portal-credential-new", as: developer, path: sandbox + "/credentials/new"},
		{name: "portal-try", as: developer, path: "/portal/applications/app_test_coupons222/try"},
		{name: "portal-try-stopped", as: developer, path: sandbox + "/try", once: true},
		{name: "portal-conformance", as: developer, path: ownCoupons + "/conformance"},
		{name: "portal-conformance-run", as: viewer, path: s.find(developer, ownCoupons+"/conformance", ownCoupons+"/conformance/[0-9a-f-]{36}")},
		{name: "portal-conformance-none", as: developer, path: sandbox + "/conformance"},
		{name: "portal-try-choice", as: owner, path: "/portal/try"},
		{name: "portal-explain", as: developer, path: "/portal/explain"},
		{name: "x-portal-explain", as: developer, path: "/portal/explain", script: `document.querySelector("#text").value = "` + s.SignWith("travel-next", "sig", "JWT", map[string]any{"iss": "travel-sandbox", "sub": "travel-sandbox", "aud": "https://elsewhere.example", "jti": "1", "exp": 4102444800}) + `"; ` + sent, once: true},
		{name: "portal-credential-live-new", as: owner, path: live + "/credentials/new"},
		{name: "portal-credential", as: developer, path: sandbox + "/credentials/" + web.PathPart("next-sig")},
		{name: "portal-credential-frozen", as: developer, path: sandbox + "/credentials/" + web.PathPart("rests-sig")},
		{name: "portal-credential-live", as: owner, path: live + "/credentials/" + web.PathPart(apptest.Travel+"-sig"), once: true},
		{name: "portal-credential-end", as: developer, path: sandbox + "/credentials/" + web.PathPart("next-sig") + "/end"},
		{name: "portal-credential-live-end", as: owner, path: live + "/credentials/" + web.PathPart("live-sig") + "/end", once: true},
		{name: "portal-credential-freeze", as: developer, path: sandbox + "/credentials/" + web.PathPart("next-sig") + "/freeze"},
		{name: "x-portal-secret", as: developer, path: "/portal/applications/app_test_coupons222/credentials/new", script: `document.querySelector("#kind").value = "secret"; ` + sent, once: true},
		{name: "x-portal-credential-errors", as: developer, path: sandbox + "/credentials/new", script: sent, status: 422, once: true},
		{name: "portal-webhooks", as: owner, path: "/portal/webhooks"},
		{name: "portal-webhooks-none", as: other, path: "/portal/webhooks", once: true},
		{name: "portal-webhook", as: owner, path: s.find(owner, "/portal/webhooks", "/portal/webhooks/[^/\"]{20,}")},
		{name: "portal-webhook-new", as: developer, path: "/portal/webhooks/new"},
		{name: "portal-webhook-edit", as: owner, path: s.find(owner, "/portal/webhooks", "/portal/webhooks/[^/\"]{20,}") + "/edit"},
		{name: "x-portal-webhook-errors", as: developer, path: "/portal/webhooks/new", script: sent, status: 422, once: true},
		{name: "portal-docs", as: viewer, path: "/portal/docs"},
		{name: "portal-docs-protocol", as: developer, path: "/portal/docs/protocol"},
		{name: "portal-scopes", as: owner, path: "/portal/scopes"},
		{name: "portal-scopes-live", as: owner, path: "/portal/scopes?world=production"},
		{name: "portal-scope", as: developer, path: "/portal/scopes/" + web.PathPart("loan.offer:read")},
		{name: "portal-scope-live", as: owner, path: "/portal/scopes/" + web.PathPart("loan.basic:read") + "?world=production"},
		{name: "x-portal-scope-errors", as: owner, path: "/portal/scopes/" + web.PathPart("loan.basic:read") + "?world=production", script: sent, status: 422, once: true},
		{name: "portal-scope-held", as: owner, path: "/portal/scopes/" + web.PathPart("loan.offer:read") + "?world=production", once: true},
		{name: "portal-grant-end", as: owner, path: "/portal/grants/" + web.PathPart("g2") + "/end"},
		{name: "portal-log", as: owner, path: "/portal/log?world=production"},
		{name: "portal-log-none", as: other, path: "/portal/log", once: true},
		{name: "portal-log-row", as: viewer, path: line},
		{name: "portal-log-export", as: developer, path: "/portal/log/export?world=production&refused=1"},
		{name: "portal-calls", as: owner, path: "/portal/calls?world=production"},
		{name: "portal-calls-none", as: other, path: "/portal/calls", once: true},
		{name: "portal-usage", as: owner, path: "/portal/usage?world=production"},
		{name: "portal-usage-none", as: other, path: "/portal/usage", once: true},
		{name: "portal-calls-export", as: developer, path: "/portal/calls/export?world=production"},
		{name: "portal-visit", as: viewer, path: "/portal/visits/" + s.vid},
		{name: "portal-visit-unused", as: viewer, path: "/portal/visits/at/" + s.jti},
		{name: "portal-visit-refused", as: viewer, path: s.find(viewer, line, `/portal/visits/request/[^"]+`)},
		{name: "portal-requests", as: owner, path: "/portal/requests"},
		{name: "portal-requests-none", as: other, path: "/portal/requests", once: true},
		{name: "portal-request-new", as: owner, path: "/portal/requests/new"},
		{name: "portal-request", as: owner, path: "/portal/requests/4"},
		{name: "portal-request-inside", as: owner, path: "/portal/requests/3"},
		{name: "portal-request-question", as: owner, path: "/portal/requests/1"},
		{name: "portal-account", as: owner, path: "/portal/account"},
		{name: "portal-verify", as: viewer, path: "/portal/verify?next=%2Fportal%2Faccount"},
		{name: "portal-password", as: owner, path: "/portal/account/password"},
		{name: "portal-authenticator-new", as: owner, path: "/portal/account/authenticators/new"},
		{name: "portal-passkey-new", as: owner, path: "/portal/account/passkeys/new"},
		{name: "portal-factor", as: owner, path: s.find(owner, "/portal/account", "/portal/account/factors/[^/\"]+")},
		{name: "portal-recovery-codes", as: owner, path: "/portal/account/recovery-codes"},
		{name: "portal-team", as: owner, path: team},
		{name: "portal-team-viewer", as: viewer, path: team, once: true},
		{name: "portal-member-new", as: owner, path: team + "/new"},
		{name: "portal-member-invited", as: owner, path: team + "/" + s.people[portal+invited].account},
		{name: "portal-member", as: owner, path: team + "/" + s.people[developer].account},
		{name: "x-portal-hand-over", as: owner, path: team + "/" + s.people[portal+invited].account, script: `document.querySelector("form[action$='/link']").requestSubmit()`, once: true},
		{name: "x-portal-form-errors", as: owner, path: team + "/new", script: sent, status: 422, once: true},
		{name: "x-portal-refused", as: stranger, path: "/portal/sign-in", script: `document.querySelector("#login").value = "owner@portal.example"; document.querySelector("#password").value = "wrong"; document.querySelector("#password").form.requestSubmit()`, status: 401, once: true},
		{name: "x-portal-forbidden", as: viewer, path: team + "/new", status: 403, once: true},
		{name: "x-portal-not-found", as: owner, path: team + "/nobody", status: 404, once: true},
	}
}

// previewed drops every field and asks for the preview of that as a browser without script does.
const previewed = `{ for (const all of document.querySelectorAll("input[type=radio][value=drop]")) all.checked = true;
	const old = document.querySelector("button[value=history]"), plain = old.cloneNode(true);
	for (const name of plain.getAttributeNames()) if (name.startsWith("hx-")) plain.removeAttribute(name);
	old.replaceWith(plain); plain.click() }`

// sent sends a page's form as it is, past the browser's own checks.
const sent = `document.querySelector("main form[method=post]").noValidate = true; document.querySelector("main form[method=post]").requestSubmit()`

// member is the page of an account.
func (s *studio) member(who models.StaffRole) string {
	return "/console/staff/" + s.people[who].account
}

// refusedShots are the states in which a page does not do what it is for.
func (s *studio) refusedShots() []shot {
	const p = "/console/partners/p_travel"
	submit := `document.querySelector("main form[method=post]").requestSubmit()`
	return []shot{
		{name: "x-forbidden", as: sup, path: p + "/edit", status: 403, once: true},
		{name: "x-not-found", as: off, path: "/console/partners/nobody", status: 404, once: true},
		{name: "x-form-errors", as: off, path: p + "/edit", script: `document.querySelector("#name").value = ""; document.querySelector("#credit_code").value = "91350100M000100Y44"; ` + submit, status: 422, once: true},
		{name: "x-log-empty", as: sup, path: "/console/log?code=no_route&service=urn:h5:none", once: true},
		{name: "x-visit-none", as: sup, path: "/console/visits/find?q=nothing", status: 404, once: true},
	}
}

// runningShots are the screens of an application over which a conformance run is on.
func (s *studio) runningShots() []shot {
	own := "/portal/applications/" + conforms
	return []shot{
		{name: "x-portal-conformance-on", as: developer, path: own + "/conformance"},
		{name: "x-portal-conformance-watched", as: viewer, path: own + "/conformance", once: true},
		{name: "x-portal-try-run", as: developer, path: own + "/try"},
	}
}

// emptyShots are the lists of a gateway that was just set up, and a page whose
// table is gone.
func (s *studio) emptyShots() []shot {
	return []shot{
		{name: "empty-overview", as: off, path: "/console", once: true},
		{name: "empty-approvals", as: off, path: "/console/approvals", once: true},
		{name: "empty-partner-requests", as: off, path: "/console/partner-requests", once: true},
		{name: "empty-partners", as: off, path: "/console/partners", once: true},
		{name: "empty-services", as: off, path: "/console/services", once: true},
		{name: "empty-announcements", as: off, path: "/console/announcements", once: true},
		{name: "empty-scopes", as: off, path: "/console/scopes", once: true},
		{name: "empty-simulator", as: off, path: "/console/simulator", once: true},
		{name: "empty-log", as: sup, path: "/console/log", once: true},
		{name: "empty-visits", as: sup, path: "/console/visits", once: true},
		{name: "empty-calls", as: sup, path: "/console/calls", once: true},
		{name: "empty-statements", as: off, path: "/console/statements", once: true},
		{name: "empty-alerts", as: sec, path: "/console/alerts", once: true},
		{name: "empty-keys", as: sec, path: "/console/keys", once: true},
		{name: "empty-settings", as: sys, path: "/console/settings", once: true},
		{name: "empty-staff", as: sys, path: "/console/staff", once: true},
		{name: "empty-evidence", as: aud, path: "/console/evidence", once: true},
		{name: "empty-activity", as: off, path: "/console/activity", once: true},
	}
}

// announcement is the page of the newest one.
func (s *studio) announcement() string {
	return s.find(off, "/console/announcements", `/console/announcements/[0-9a-f-]{36}`)
}

// now is the bank's clock in a layout.
func (s *studio) now(layout string) string {
	return s.Clock.Now().In(time.FixedZone("", 8*3600)).Format(layout)
}
