package console_test

import (
	"crypto/rand"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

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
