package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"postern/models"
)

// A partner's first owner comes in on the word of two persons of the bank, by a link
// that is shown once.
func TestAFirstOwnerIsLetInByTwo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const tab = "/console/partners/p_travel/portal"
		wants(t, h.page(models.OfficerRole, tab), "Nobody of this partner can sign in", "Ask for an owner")
		lacks(t, h.page(models.SupportRole, tab), "Ask for an owner</button>")
		if rec := h.as(models.SupportRole, tab, url.Values{}); rec.Code != http.StatusForbidden {
			t.Errorf("support asks: %d", rec.Code)
		}
		form := url.Values{"name": {"何静 <b>"}, "email": {"not an address"}, "production": {"yes"}, "reason": {reason}}
		rec := h.as(models.OfficerRole, tab, form)
		if rec.Code != http.StatusUnprocessableEntity {
			t.Fatalf("a faulty address: %d", rec.Code)
		}
		wants(t, rec.Body.String(), "such as he.jing@partner.example", "not an address", reason)
		form.Set("email", "he.jing@lianhe.example")
		form.Set("name", "He Jing")
		if rec = h.as(models.OfficerRole, tab, form); rec.Code != http.StatusSeeOther {
			t.Fatalf("ask: %d\n%.600s", rec.Code, rec.Body)
		}
		path, _, _ := strings.Cut(rec.Header().Get("Location"), "?")
		wants(t, h.page(models.OfficerRole, tab), "Nobody of this partner can sign in")
		page := h.page(models.ReviewerRole, path)
		wants(t, page, "He Jing (he.jing@lianhe.example) comes into the portal", "may change what is in production")
		approve := url.Values{
			"content": {regexpOf(t, `name="content" value="([^"]+)"`, page)}, "plan": {regexpOf(t, `name="plan" value="([^"]+)"`, page)}, "reason": {reason},
		}
		if rec := h.as(models.OfficerRole, path+"/approve", approve); rec.Code != http.StatusForbidden {
			t.Errorf("who asked approves: %d", rec.Code)
		}
		if rec := h.as(models.ReviewerRole, path+"/approve", approve); rec.Code != http.StatusSeeOther {
			t.Fatalf("approve: %d\n%.600s", rec.Code, rec.Body)
		}

		link := tab + regexpOf(t, `action="/console/partners/p_travel/portal(/[^/"]+/link)"`, h.page(models.OfficerRole, tab))
		if rec := h.as(models.ReviewerRole, link, url.Values{}); rec.Code != http.StatusForbidden {
			t.Errorf("who approved makes the link: %d", rec.Code)
		}
		if rec := h.as(models.OfficerRole, strings.Replace(link, "p_travel", "p_nanfeng", 1), url.Values{}); rec.Code != http.StatusNotFound {
			t.Errorf("through another partner: %d", rec.Code)
		}
		shown := h.as(models.OfficerRole, link, url.Values{})
		token := regexpOf(t, `/portal/setup/([A-Za-z0-9_-]{40,})`, shown.Body.String())
		rec = h.Portal(httptest.NewRequest(http.MethodGet, "/portal/setup/"+token, nil))
		if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "He Jing") {
			t.Errorf("the link: %d", rec.Code)
		}
		if rec := h.Internal(httptest.NewRequest(http.MethodGet, "/console/setup/"+token, nil)); rec.Code != http.StatusNotFound {
			t.Errorf("the link in the console: %d", rec.Code)
		}
		lacks(t, h.page(models.AuditRole, "/console/activity"), token, "he.jing@")
	})
}
