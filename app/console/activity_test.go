package console_test

import (
	"crypto/rand"
	"encoding/csv"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/app/apptest"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

func TestEverybodySeesTheirOwnDoingsAndTwoSeeAll(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.asked()
		wants(t, h.page(models.OfficerRole, "/console/activity"), "asked for a change", reason, "signed in")
		lacks(t, h.page(models.ReviewerRole, "/console/activity"), "asked for a change")
		for _, role := range []models.StaffRole{models.AuditRole, models.SecurityRole} {
			wants(t, h.page(role, "/console/activity"), "asked for a change", "officer", reason)
			lacks(t, h.page(role, "/console/activity?who=me"), "asked for a change")
		}
		// What the auditor reads is on record.
		wants(t, h.page(models.SecurityRole, "/console/activity"), "read what others did", "audit")
		officer := regexpOf(t, `href="/console/staff/(stf_[^"]+)">officer<`, h.page(models.AuditRole, "/console/staff"))
		wants(t, h.page(models.AuditRole, "/console/activity?who="+officer), "asked for a change")
		// Others get their own, whoever they name.
		lacks(t, h.page(models.ReviewerRole, "/console/activity?who="+officer), "asked for a change")
	})
}

func TestActivityIsReadByKey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for range 70 {
			h.asked()
		}
		first := h.page(models.OfficerRole, "/console/activity")
		older := regexpOf(t, `href="(/console/activity\?after=[^"]+)"`, first)
		second := h.page(models.OfficerRole, unescaped(older))
		wants(t, first+second, "asked for a change", "set a password", "signed in") // within a millisecond the order is anybody's
		for _, forged := range []string{"x", "a.b", older[len("/console/activity?after=") : len(older)-20]} {
			rec := h.as(models.OfficerRole, "/console/activity?"+url.Values{"after": {forged}}.Encode(), nil)
			if rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("a forged place %q answers %d", forged, rec.Code)
			}
			wants(t, rec.Body.String(), "Open the list again")
		}
	})
}

// unescaped is an address as a browser reads it in a page.
func unescaped(href string) string { return html.UnescapeString(href) }

func TestActivitySaysInWhichRoleAndFromWhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		r := h.request(models.OfficerRole, "/console/changes", url.Values{"text": {newPartner}, "reason": {reason}, "do": {"submit"}})
		r.RemoteAddr = "203.0.113.7:4711"
		r.Header.Set("X-Forwarded-For", "198.51.100.9") // nobody trusts who says so
		if rec := h.Internal(r); rec.Code != http.StatusSeeOther {
			t.Fatalf("submit: %d", rec.Code)
		}
		page := h.page(models.AuditRole, "/console/activity?did=asking")
		wants(t, page, "Onboarding officer · 203.0.113.7")
		lacks(t, page, "198.51.100.9")
		// What is signed for by its hash says it, too.
		var body string
		err := h.Database().QueryRowContext(t.Context(), "SELECT body FROM events WHERE kind = 'change.requested'").Scan(&body)
		if err != nil || !strings.Contains(body, `"actor_role":"officer","actor_address":"203.0.113.7"`) {
			t.Errorf("the event is %s, %v", body, err)
		}
	})
}

func TestActivityIsFilteredByWhatItsAddressSays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.asked()
		officer := regexpOf(t, `href="/console/staff/(stf_[^"]+)">officer<`, h.page(models.AuditRole, "/console/staff"))
		list := func(query string) string { return h.page(models.AuditRole, "/console/activity?"+query) }
		wants(t, list("did=asking&time=24h&who="+officer), "asked for a change")
		lacks(t, list("did=signing_in&time=24h&who="+officer), "asked for a change")
		lacks(t, list("did=asking&time=24h&partner=p_travel"), "asked for a change")
		lacks(t, list("did=asking&from=1&until=2"), "asked for a change")
		wants(t, list("did=stopping"), "Nothing matches these filters.")
		// The filters go along with whose list it is, and with a person's name.
		wants(t, html.UnescapeString(list("did=asking")), `href="/console/activity?did=asking&who=me"`, `href="/console/activity?did=asking&who=`+officer+`"`)
		// Which part was read is on record.
		wants(t, h.page(models.SecurityRole, "/console/activity?did=reading"), "read what others did", "p_travel")
		// One's own list is filtered as well, and offers nobody else's.
		own := h.page(models.OfficerRole, "/console/activity?did=asking")
		wants(t, own, "asked for a change")
		lacks(t, own, "command line", "who=stf_")
		for _, wrong := range []string{"did=x", "time=x", "from=x", "from=5&until=2", "after=x"} {
			if rec := h.as(models.AuditRole, "/console/activity?"+wrong, nil); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s answers %d", wrong, rec.Code)
			}
		}
	})
}

func TestWhoSignedInIsNoPartOfAPartnersHistory(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for _, kind := range []string{"session.signed_in", "member.invited"} {
			e, err := ledger.Make(ledger.Event{Kind: kind, Outcome: "ok", PartnerID: "p_travel", Actor: "prt_somebody"}, h.Clock.Now(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			h.Write(func(tx *store.Tx, _ int64) error { return tx.AppendEvent(e) })
		}
		history := h.page(models.OfficerRole, "/console/partners/"+"p_travel"+"/history")
		wants(t, history, "took somebody into")
		lacks(t, history, "signed in")
		wants(t, h.page(models.AuditRole, "/console/activity?who=prt_somebody&partner="+"p_travel"), "took somebody into", "signed in")
	})
}

func TestActivityNamesTheVisitThatSomebodyEnded(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		visit := d.NewVisit(apptest.Travel, nil)
		visits := "/console/visits/" + visit.Visit.VID
		d.submit(security, visits+"/end", url.Values{"reason": {why}})
		wants(t, d.page(audit, "/console/activity?did=stopping"), "ended a visit", `href="`+visits+`"`, "why it was changed", why)
	})
}

func TestActivityIsTakenAlongByWhoReadsIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.asked()
		form := func(values ...string) url.Values {
			f := url.Values{"format": {"csv"}, "reason": {"=case 2026-118"}}
			for i := 0; i < len(values); i += 2 {
				f.Set(values[i], values[i+1])
			}
			return f
		}
		export := func(role models.StaffRole, f url.Values) [][]string {
			rec := h.as(role, "/console/activity/export", f)
			cells, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(rec.Body.String(), "\ufeff"))).ReadAll()
			if rec.Code != http.StatusOK || err != nil || len(cells) < 2 || cells[0][2] != "who" {
				t.Fatalf("%s: %d, %v: %.300s", role, rec.Code, err, rec.Body)
			}
			return cells[1:]
		}
		whose := func(rows [][]string) map[string]bool {
			names := map[string]bool{}
			for _, row := range rows {
				names[row[2]] = true
			}
			return names
		}
		officer := regexpOf(t, `href="/console/staff/(stf_[^"]+)">officer<`, h.page(models.AuditRole, "/console/staff"))
		if all := whose(export(models.AuditRole, form())); !all["officer"] || !all["audit"] {
			t.Errorf("the auditor takes along what %v did", all)
		}
		// Others get their own, whoever they name.
		if own := whose(export(models.ReviewerRole, form("who", officer))); len(own) != 1 || !own["reviewer"] {
			t.Errorf("the reviewer takes along what %v did", own)
		}
		for _, row := range export(models.AuditRole, form("who", officer, "did", "asking")) {
			if row[3] != officer || row[6] != "change.requested" || !strings.Contains(row[15], reason) {
				t.Errorf("a line of the officer's requests: %q", row)
			}
		}
		taken := h.Events("activity.exported")
		if len(taken) != 3 || taken[1].Reason != "=case 2026-118" || taken[1].Detail["format"] != "csv" {
			t.Errorf("on record: %+v", taken)
		}
		// What was said on record is no formula in a sheet.
		wants(t, h.as(models.AuditRole, "/console/activity/export", form("did", "reading")).Body.String(), "'=case 2026-118")
		for fault, f := range map[string]url.Values{"no reason": form("reason", " x "), "no such form": form("format", "exe"), "no such time": form("from", "yesterday")} {
			if rec := h.as(models.AuditRole, "/console/activity/export", f); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", fault, rec.Code)
			}
		}
		wants(t, h.page(models.OfficerRole, "/console/activity/export?did=asking"), "Only mine", "requests and decisions")
	})
}

func TestActivityIsReadBetweenTwoMomentsOfOnesOwn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.asked()
		wants(t, h.page(models.OfficerRole, "/console/activity?did=asking"), `name="from"`, `name="until"`, `<input type="hidden" name="did" value="asking"`)
		before := h.page(models.OfficerRole, "/console/activity?from=2020-01-01T00:00&until=2020-01-02T00:00")
		wants(t, before, "Nothing matches these filters", `value="2020-01-01T00:00"`)
		wants(t, h.page(models.OfficerRole, "/console/activity?from=2020-01-01T00:00"), "asked for a change")
		for _, bad := range []string{"from=yesterday", "from=2020-01-02T00:00&until=2020-01-01T00:00", "time=ages", "did=nothing"} {
			rec := h.as(models.OfficerRole, "/console/activity?"+bad, nil)
			if rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", bad, rec.Code)
			}
			wants(t, rec.Body.String(), "a time is written 2026-11-27T09:00")
		}
	})
}
