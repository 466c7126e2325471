package console_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/bankfile"
	"postern/app/catalog"
	"postern/app/store"
	"postern/models"
)

const offers = "/console/scopes/loan.offer:read"

// dump is the whole business as a file: what a refused request must leave alone.
func (h *house) dump() string {
	h.t.Helper()
	text, err := bankfile.Export(h.t.Context(), h.App.Store())
	if err != nil {
		h.t.Fatal(err)
	}
	waiting, err := h.App.Store().CountRequests(h.t.Context(), models.RequestSubmitted, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprintf("%s\n%d requests wait", text, waiting)
}

// sample gives a route a sample reply, past the console.
func (h *house) sample(route, reply string) {
	h.t.Helper()
	h.Write(func(tx *store.Tx, now int64) error {
		b, err := tx.Business()
		if err != nil {
			return err
		}
		rows, err := b.RoutesByID([]string{route})
		if err != nil {
			return err
		}
		rows[0].SampleReply = reply
		return tx.SaveRoute(rows[0], now)
	})
}

const offerSample = `{"offer":{"limit":"186000.00","rate":"3.85"},"holder":{"name":"Zhou Yifan","phone":"13812346027","id_no":"33010619940816204X"},"trace":"core-<b>7</b>"}`

// form is the form of a page as a browser would send it: hidden fields, texts,
// what is ticked and chosen.
func (h *house) form(role models.StaffRole, path string) url.Values {
	h.t.Helper()
	return formOf(h.page(role, path))
}

var (
	inputs    = regexp.MustCompile(`<input[^>]*>`)
	selects   = regexp.MustCompile(`(?s)<select[^>]*name="([^"]*)".*?</select>`)
	chosen    = regexp.MustCompile(`<option value="([^"]*)" selected>`)
	option    = regexp.MustCompile(`<option value="([^"]*)"`)
	textareas = regexp.MustCompile(`(?s)<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>`)
)

func formOf(page string) url.Values {
	_, page, _ = strings.Cut(page, `<main`)
	values := url.Values{}
	attribute := func(tag, name string) string {
		m := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag)
		if m == nil {
			return ""
		}
		return html.UnescapeString(m[1])
	}
	for _, tag := range inputs.FindAllString(page, -1) {
		kind, name := attribute(tag, "type"), attribute(tag, "name")
		if name == "" || (kind == "radio" || kind == "checkbox") && !strings.Contains(tag, " checked") {
			continue
		}
		values.Set(name, attribute(tag, "value"))
	}
	for _, m := range selects.FindAllStringSubmatch(page, -1) {
		pick := chosen.FindStringSubmatch(m[0])
		if pick == nil {
			pick = option.FindStringSubmatch(m[0])
		}
		if pick != nil {
			values.Set(m[1], html.UnescapeString(pick[1]))
		}
	}
	for _, m := range textareas.FindAllStringSubmatch(page, -1) {
		values.Set(m[1], html.UnescapeString(m[2]))
	}
	return values
}

// rowOf is the prefix of the names of a field's row in the editor.
func rowOf(t *testing.T, form url.Values, path string) string {
	t.Helper()
	for name, values := range form {
		if strings.HasSuffix(name, ".path") && values[0] == path {
			return strings.TrimSuffix(name, "path")
		}
	}
	t.Fatalf("the form has no row for %s", path)
	return ""
}

func TestWhoMayDoWhatWithServicesAndScopes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		readers := []models.StaffRole{models.OfficerRole, models.ReviewerRole, models.SupportRole, models.SecurityRole, models.AuditRole}
		makers := []models.StaffRole{models.OfficerRole}
		service := "/console/services/" + apptest.Service
		before := h.dump()
		for _, tc := range []struct {
			path string
			form url.Values // nil is a GET
			may  []models.StaffRole
		}{
			{"/console/services", nil, readers}, {service, nil, readers}, {service + "/routes/offers", nil, readers},
			{"/console/scopes", nil, readers}, {"/console/scopes?service=" + apptest.Service, nil, readers}, {offers, nil, readers},
			{"/console/simulator", nil, readers}, {"/console/simulator?app=" + apptest.Travel, nil, readers},
			{"/console/simulator?app=" + apptest.Travel + "&method=GET&path=/loans/offers", nil, readers},
			{"/console/simulator?service=" + apptest.Service + "&route=offers", nil, readers},
			{"/console/services/new", nil, makers}, {service + "/edit", nil, makers}, {service + "/routes/new", nil, makers},
			{"/console/scopes/new?service=" + apptest.Service, nil, makers}, {offers + "/edit", nil, makers},
			{"/console/services", url.Values{"id": {"urn:h5:new"}, "name": {"New"}}, makers},
			{service + "/edit", url.Values{"name": {"Other"}}, makers}, {service + "/check", url.Values{}, makers},
			{service + "/routes", url.Values{"id": {"new"}}, makers}, {service + "/routes/offers", url.Values{"act": {"drop"}}, makers},
			{"/console/scopes", url.Values{"service": {apptest.Service}, "id": {"x"}}, makers}, {offers + "/edit", url.Values{"title": {"Other"}}, makers},
		} {
			for _, role := range append(slices.Clone(models.StaffRoles), "") {
				rec := h.as(role, tc.path, tc.form)
				switch {
				case slices.Contains(tc.may, role):
					if rec.Code == http.StatusForbidden || rec.Code >= http.StatusInternalServerError || rec.Code == http.StatusUnauthorized {
						t.Errorf("%s by %s: %d", tc.path, role, rec.Code)
					}
				case role == "" && tc.form == nil:
					if rec.Code != http.StatusSeeOther || !strings.HasPrefix(rec.Header().Get("Location"), "/console/sign-in") {
						t.Errorf("%s without a session: %d to %q", tc.path, rec.Code, rec.Header().Get("Location"))
					}
				case role == "":
					if rec.Code != http.StatusUnauthorized {
						t.Errorf("POST %s without a session: %d", tc.path, rec.Code)
					}
				case rec.Code != http.StatusForbidden:
					t.Errorf("%s by %s: %d, want 403", tc.path, role, rec.Code)
				}
			}
		}
		if after := h.dump(); after != before {
			t.Errorf("something was changed:\n%s", after)
		}
	})
}

func TestPathsThatNameNothingAreNotThere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for _, path := range []string{
			"/console/services/urn:h5:none", "/console/services/~", "/console/services/~!!", "/console/services/%00", "/console/services/~AA",
			"/console/services/%ff%fe", "/console/services/..%2f..%2fetc", "/console/scopes/none", "/console/scopes/none/edit",
			"/console/services/" + apptest.Service + "/routes/none", "/console/simulator?service=" + apptest.Service + "&route=none",
			"/console/simulator?service=x&route=y", "/console/simulator?app=none", "/console/simulator?app=%00&path=/x",
			"/console/simulator?app=" + apptest.Travel + "&path=/no/such", "/console/scopes/new?service=none",
		} {
			if rec := h.as(models.OfficerRole, path, nil); rec.Code != http.StatusNotFound {
				t.Errorf("%s: %d", path, rec.Code)
			}
		}
		for _, path := range []string{
			"/console/services?after=x", "/console/services?after=%27%3B--", "/console/scopes?after=eyJsIjoiIn0.AAAA", offers + "?after=..",
			"/console/simulator?service=" + apptest.Service + "&route=offers&after=1",
		} {
			if rec := h.as(models.OfficerRole, path, nil); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d, want 422", path, rec.Code)
			}
		}
	})
}

func TestListsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.Write(func(tx *store.Tx, now int64) error {
			for i := range 60 {
				id := fmt.Sprintf("extra.%02d:read", i)
				if err := tx.SaveScope(models.Scope{ID: id, ServiceID: apptest.Service, Title: "Extra <i>" + id}, now); err != nil {
					return err
				}
				if err := tx.SaveGrant(models.Grant{ID: fmt.Sprintf("h%02d", i), ApplicationID: apptest.Travel, ScopeID: "loan.basic:read", Purpose: "<script>x</script>", StartsAt: 1, EndsAt: 2}, now); err != nil {
					return err
				}
			}
			return nil
		})
		page := h.page(models.AuditRole, "/console/scopes?service="+url.QueryEscape(apptest.Service))
		wants(t, page, "extra.00:read", "Extra &lt;i&gt;", "Older")
		lacks(t, page, "extra.59:read", "<i>extra", "me:read")
		next := html.UnescapeString(regexpOf(t, `href="(/console/scopes\?after=[^"]*)"`, page))
		wants(t, h.page(models.AuditRole, next), "extra.59:read", "me:read")
		if rec := h.as(models.AuditRole, strings.Replace(next, "/scopes?", "/services?", 1), nil); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("a place of one list is one in another: %d", rec.Code)
		}
		holders := h.page(models.AuditRole, "/console/scopes/loan.basic:read")
		wants(t, holders, "&lt;script&gt;x&lt;/script&gt;", "Older", apptest.Nanfeng, apptest.Rent)
		lacks(t, holders, "<script>x")
		rest := h.page(models.AuditRole, html.UnescapeString(regexpOf(t, `href="(/console/scopes/loan\.basic:read\?after=[^"]*)"`, holders)))
		wants(t, rest, apptest.Travel)
		lacks(t, rest, apptest.Nanfeng, apptest.Rent)
	})
}

func TestTheEditorShowsWhatLeavesAndAsksForTheChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.sample("offers", offerSample)
		editor := h.page(models.OfficerRole, offers+"/edit")
		wants(t, editor, "1 field has no decision yet", "trace", "core-&lt;b&gt;7&lt;/b&gt;", "C3 never leaves as it is", "***6027", `hx-post="/console/scopes/loan.offer:read/edit"`)
		lacks(t, editor, "<b>7</b>", " style=")
		form := formOf(editor)

		// What is shown follows what is decided, without a change.
		before := h.dump()
		trace := rowOf(t, form, "trace")
		form.Set(trace+"treatment", "keep")
		form.Set(trace+"class", "C1")
		form.Set("act", "show")
		rec := h.as(models.OfficerRole, offers+"/edit", form)
		if rec.Code != http.StatusOK {
			t.Fatalf("show: %d", rec.Code)
		}
		lacks(t, rec.Body.String(), "no decision yet")
		r := h.request(models.OfficerRole, offers+"/edit", form)
		r.Header.Set("HX-Request", "true")
		part := h.Internal(r).Body.String()
		wants(t, part, `id="preview"`, "core-&lt;b&gt;7", "3 kept")
		lacks(t, part, "<html", "13812346027", "33010619940816204X")
		if h.dump() != before {
			t.Error("looking has changed something")
		}

		// Without a reason, and with a C3 field kept, it comes back as it was typed.
		form.Del("act")
		form.Set("title", `Offers "for" <all>`)
		if rec = h.as(models.OfficerRole, offers+"/edit", form); rec.Code != http.StatusUnprocessableEntity {
			t.Fatalf("without a reason: %d", rec.Code)
		}
		wants(t, rec.Body.String(), "Say why, in 5 to 1,000 characters.", `value="Offers &#34;for&#34; &lt;all&gt;"`)
		form.Set("reason", "The page shows where it came from.")
		form.Set(trace+"class", "")
		if rec = h.as(models.OfficerRole, offers+"/edit", form); rec.Code != http.StatusUnprocessableEntity {
			t.Fatalf("an unclassified field kept: %d", rec.Code)
		}
		wants(t, rec.Body.String(), "cannot be kept", `id="`+strings.TrimSuffix(trace, ".")+`-error"`)
		if h.dump() != before {
			t.Error("a refused form has changed something")
		}

		// Whole, it waits for a reviewer, who reads it in Chinese.
		form.Set(trace+"class", "C1")
		rec = h.as(models.OfficerRole, offers+"/edit", form)
		if where := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || where != "/console/approvals/1?done=asked" {
			t.Fatalf("submitted: %d to %s", rec.Code, where)
		}
		asked := h.request(models.ReviewerRole, "/console/approvals/1", nil)
		asked.Header.Set("Accept-Language", "zh-CN")
		wants(t, h.Internal(asked).Body.String(), "数据范围 loan.offer:read", "字段 trace（loan.offer:read）", "原文传出，级别 C1", "放宽")
	})
}

func TestNarrowingWaitsForAReviewerAndAnOldFormIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.sample("offers", offerSample)
		old := h.form(models.OfficerRole, offers+"/edit")
		form := h.form(models.OfficerRole, offers+"/edit")
		form.Set(rowOf(t, form, "offer.limit")+"treatment", "drop")
		form.Set("reason", "Partners need the rate alone.")
		before := h.dump()
		if rec := h.as(models.OfficerRole, offers+"/edit", form); rec.Header().Get("Location") != "/console/approvals/1?done=asked" {
			t.Fatalf("narrowing: %d to %q", rec.Code, rec.Header().Get("Location"))
		}
		h.Refresh()
		if now := h.dump(); now != strings.Replace(before, "0 requests", "1 requests", 1) {
			t.Error("narrowing took effect on one person's word")
		}
		h.approve(1)
		wants(t, h.page(models.SupportRole, offers), "Partners need the rate alone.", "officer")

		old.Set("title", "Typed before")
		old.Set("reason", "I did not see the other change.")
		rec := h.as(models.OfficerRole, offers+"/edit", old)
		if rec.Code != http.StatusConflict {
			t.Fatalf("an old form: %d", rec.Code)
		}
		wants(t, rec.Body.String(), "Not saved: reviewer changed this on 22 November 2026", `value="Typed before"`)
		again := formOf(rec.Body.String())
		if rec = h.as(models.OfficerRole, offers+"/edit", again); rec.Code != http.StatusSeeOther {
			t.Errorf("who has seen it may send it: %d", rec.Code)
		}
	})
}

func TestAServiceIsMadeAndChangedByItsForms(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		form := h.form(models.OfficerRole, "/console/services/new")
		for name, value := range map[string]string{
			"id": "urn:h5:cards", "name": "Cards", "h5_url": "https://cards.bank.example/h5", "origins": "https://CARDS.bank.example\nhttps://cards.bank.example",
			"hours.0.days.mon": "yes", "hours.0.from": "9 o'clock", "hours.0.to": "21:00",
			"stops.1.from": "2026-12-01T23:00", "stops.1.to": "2026-12-01T22:00", "stops.1.reason_en": "Day-end", "stops.1.reason_zh": "日终",
			"upstream.sandbox.base_url": "ftp://x", "upstream.sandbox.timeout": "soon", "vt_lifetime": "-4", "reason": "Cards come next.",
		} {
			form.Set(name, value)
		}
		before := h.dump()
		rec := h.as(models.OfficerRole, "/console/services", form)
		if rec.Code != http.StatusUnprocessableEntity || h.dump() != before {
			t.Fatalf("a faulty service: %d", rec.Code)
		}
		page := rec.Body.String()
		for _, id := range []string{"origins", "hours.0.from", "stops.1.to", "upstream.sandbox.base_url", "upstream.sandbox.timeout", "vt_lifetime"} {
			wants(t, page, `href="#`+id+`"`, `id="`+id+`-error"`)
		}
		wants(t, page, "Line 1: ", `value="9 o&#39;clock"`, `value="2026-12-01T22:00"`)
		for name, value := range map[string]string{
			"origins": "https://cards.bank.example", "hours.0.from": "09:00", "stops.1.to": "2026-12-02T02:00", "upstream.sandbox.base_url": "https://core.bank.internal",
			"upstream.sandbox.timeout": "", "vt_lifetime": "",
		} {
			form.Set(name, value)
		}
		if rec = h.as(models.OfficerRole, "/console/services", form); rec.Code != http.StatusSeeOther {
			t.Fatalf("a service: %d\n%s", rec.Code, rec.Body)
		}
		h.approve(1)
		page = h.page(models.SupportRole, "/console/services/urn:h5:cards")
		wants(t, page, "Cards", "draft", "Mon", "09:00–21:00", "Day-end", "https://core.bank.internal", "There is no route yet")

		route := h.form(models.OfficerRole, "/console/services/urn:h5:cards/routes/new")
		for name, value := range map[string]string{
			"id": "new", "pattern": "/cards/{id}", "resource": "card", "action": "read", "sample_reply": `{"no":"6228480402564890018"}`, "reason": "Cards are read.",
		} {
			route.Set(name, value)
		}
		rec = h.as(models.OfficerRole, "/console/services/urn:h5:cards/routes", route)
		if rec.Code != http.StatusUnprocessableEntity {
			t.Fatalf("a route that nobody checks: %d", rec.Code)
		}
		route.Set("owner_check", "upstream")
		if rec = h.as(models.OfficerRole, "/console/services/urn:h5:cards/routes", route); rec.Code != http.StatusSeeOther {
			t.Fatalf("a route: %d", rec.Code)
		}
		h.approve(2)
		// Its name is a screen's, and it has a page all the same.
		wants(t, h.page(models.SupportRole, "/console/services/urn:h5:cards"), "/routes/~bmV3")
		wants(t, h.page(models.SupportRole, "/console/services/urn:h5:cards/routes/~bmV3"), "/cards/{id}")

		scope := h.form(models.OfficerRole, "/console/scopes/new?service=urn:h5:cards")
		scope.Set("act", "add")
		scope.Set("add", "card:read")
		scope = formOf(h.as(models.OfficerRole, "/console/scopes", scope).Body.String())
		row := rowOf(t, scope, "no")
		scope.Set("id", "card:read")
		scope.Set("title", "Read a card")
		scope.Set(row+"treatment", "mask")
		scope.Set("reason", "Cards are shown masked.")
		if scope.Get(row+"mask") != "card" {
			t.Errorf("the mask offered for a card's number: %q", scope.Get(row+"mask"))
		}
		if rec = h.as(models.OfficerRole, "/console/scopes", scope); rec.Code != http.StatusSeeOther {
			t.Fatalf("a scope: %d", rec.Code)
		}
		h.approve(3)
		wants(t, h.page(models.SupportRole, "/console/scopes/card:read"), "**0018", "Read a card")

		drop := h.form(models.OfficerRole, "/console/services/urn:h5:cards/routes/~bmV3")
		drop.Set("act", "drop")
		drop.Set("reason", "Cards are not read after all.")
		if rec = h.as(models.OfficerRole, "/console/services/urn:h5:cards/routes/~bmV3", drop); rec.Header().Get("Location") != "/console/approvals/4?done=asked" {
			t.Errorf("taking a route away: %d to %q", rec.Code, rec.Header().Get("Location"))
		}
		h.approve(4)
		wants(t, h.page(models.SupportRole, "/console/services/urn:h5:cards"), "There is no route yet")
	})
}

// approve lets the reviewer approve a request.
func (h *house) approve(id int) {
	h.t.Helper()
	path := fmt.Sprintf("/console/approvals/%d", id)
	form := h.form(models.ReviewerRole, path)
	form.Set("reason", "It is as agreed.")
	if rec := h.as(models.ReviewerRole, path+"/approve", form); rec.Code != http.StatusSeeOther {
		h.t.Fatalf("approve %d: %d\n%s", id, rec.Code, rec.Body)
	}
	h.Refresh()
}

func TestAnEditedServiceKeepsWhatItsFormDoesNotShow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		path := "/console/services/" + apptest.Service
		form := h.form(models.OfficerRole, path+"/edit")
		form.Set("status", "suspended")
		form.Set("api_id", "OP10972302H5010000000001")
		form.Set("reason", "The page is being mended.")
		if rec := h.as(models.OfficerRole, path+"/edit", form); rec.Header().Get("Location") != "/console/approvals/1?done=asked" {
			t.Fatalf("suspend: %d to %q\n%s", rec.Code, rec.Header().Get("Location"), rec.Body)
		}
		h.approve(1)
		var after catalog.Service
		err := h.App.Store().Business(t.Context(), func(b store.Business) error {
			read, err := catalog.Read(b, []string{apptest.Service}, []string{})
			after, _ = read.Services.Current(apptest.Service)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if after.Upstreams[0].IntrospectionHash == "" || len(after.Routes) != 7 || after.Status != models.Suspended {
			t.Errorf("after: %+v", after)
		}
	})
}

func TestTheSimulatorAnswersInAllDirections(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.sample("offers", offerSample)
		call := h.page(models.SupportRole, "/console/simulator?app="+apptest.Travel+"&method=get&path=/loans/offers")
		wants(t, call, "Allowed.", "loan.offer:read/loan.offer:read", "Z*** Y****", "dropped, named by no scope")
		lacks(t, call, "<b>7</b>")
		wants(t, h.page(models.SupportRole, "/console/simulator?app="+apptest.Rent+"&method=GET&path=/accounts/1/balance"), "Refused: scope_denied.")
		wants(t, h.page(models.SupportRole, "/console/simulator?app="+apptest.Nanfeng+"&method=GET&path=/loans/offers"),
			"Refused: not_active.", "its partner suspended", "The policy alone would allow it")
		other := h.as(models.SupportRole, "/console/simulator?app="+apptest.Travel+"&method=DELETE&path=/loans/offers", nil)
		if other.Code != http.StatusNotFound {
			t.Errorf("no route: %d", other.Code)
		}
		wants(t, other.Body.String(), "There is one for: GET.")

		reach := h.page(models.SupportRole, "/console/simulator?app="+apptest.Rent)
		wants(t, reach, "GET /loans/offers", "GET /accounts/{id}/balance", "scope_denied", "loan.basic:read/loan.offer:read")
		who := h.page(models.SupportRole, "/console/simulator?service="+apptest.Service+"&route=offers")
		wants(t, who, apptest.Travel, apptest.Rent, apptest.Nanfeng, "not_active")
		balance := h.page(models.SupportRole, "/console/simulator?service="+apptest.Service+"&route=balance")
		wants(t, balance, apptest.Travel)
		lacks(t, balance, "Chengzi Rent")
	})
}

func TestALookAtThePageReadsItsStatusAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		answer := make(chan func(http.ResponseWriter, *http.Request), 1)
		page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (<-answer)(w, r) }))
		t.Cleanup(page.Close)
		address := strings.Replace(page.URL, "127.0.0.1", "localhost", 1) + "/h5"
		h.Write(func(tx *store.Tx, now int64) error {
			return tx.SaveService(models.Service{ID: apptest.Service, Name: "Loans", H5URL: address, Class: "A2", Status: models.Active, UpdatedAt: now})
		})
		check := "/console/services/" + apptest.Service + "/check"
		for _, tc := range []struct {
			name   string
			answer func(http.ResponseWriter, *http.Request)
			want   string
		}{
			{"it answers", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("customers' secrets")) }, "answers 200 at this address"},
			{"it moves", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://elsewhere.example/at?token=1", http.StatusFound)
			}, "answers 302 and leads to https://elsewhere.example"},
			{"it fails", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "The page answers 502"},
		} {
			answer <- tc.answer
			rec := h.as(models.OfficerRole, check, url.Values{})
			wants(t, rec.Body.String(), tc.want)
			lacks(t, rec.Body.String(), "secrets", "token=1")
		}
		page.Close()
		wants(t, h.as(models.OfficerRole, check, url.Values{}).Body.String(), "Nobody answers")
		wants(t, h.as(models.OfficerRole, check, url.Values{}).Body.String(), "Nobody answers")
		if rec := h.as(models.OfficerRole, check, url.Values{}); rec.Code != http.StatusTooManyRequests {
			t.Errorf("the sixth look at once: %d", rec.Code)
		}
		h.Clock.Add(5 * time.Second)
		if rec := h.as(models.OfficerRole, check, url.Values{}); rec.Code != http.StatusOK {
			t.Errorf("a look later: %d", rec.Code)
		}
	})
}
