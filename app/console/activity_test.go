package console_test

import (
	"html"
	"net/http"
	"net/url"
	"testing"

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
