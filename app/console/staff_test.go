package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/models"
)

// memberOf is the address of somebody's page.
func (h *house) memberOf(name string) string {
	h.t.Helper()
	return regexpOf(h.t, `href="(/console/staff/stf_[^"]+)">`+name+`<`, h.page(models.SecurityRole, "/console/staff"))
}

// refusedTo tries a POST as everybody but some; nobody may get through.
func (h *house) refusedTo(path string, but ...models.StaffRole) {
	h.t.Helper()
	for _, role := range models.StaffRoles {
		if strings.Contains(" "+words(but)+" ", " "+string(role)+" ") {
			continue
		}
		if rec := h.as(role, path, url.Values{}); rec.Code != http.StatusForbidden {
			h.t.Errorf("%s as %s: %d", path, role, rec.Code)
		}
	}
}

func words(roles []models.StaffRole) string {
	var list []string
	for _, r := range roles {
		list = append(list, string(r))
	}
	return strings.Join(list, " ")
}

func TestWhoLeavesIsShutOutAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		support := h.memberOf("support")
		h.refusedTo(support+"/disable", models.SystemRole)
		h.refusedTo(support+"/enable", models.SystemRole)
		h.refusedTo(support+"/sessions/end", models.SecurityRole)
		h.page(models.SupportRole, "/console")

		lacks(t, h.page(models.AuditRole, support), "Browsers signed in", "127.0.0.1")
		page := h.page(models.SecurityRole, support)
		wants(t, page, "Browsers signed in with this account", "127.0.0.1")
		session := regexpOf(t, `(/console/staff/[^"]+/sessions/ses_[^"]+/end)`, page)
		h.refusedTo(session, models.SecurityRole)
		if rec := h.as(models.SecurityRole, h.memberOf("officer")+session[strings.Index(session, "/sessions/"):], url.Values{}); rec.Code != http.StatusNotFound {
			t.Errorf("a session under somebody else's name: %d", rec.Code)
		}
		rec := h.as(models.SecurityRole, session, url.Values{})
		if rec.Code != http.StatusSeeOther || h.as(models.SupportRole, "/console", nil).Code != http.StatusSeeOther {
			t.Errorf("after its sessions were ended: %d", rec.Code)
		}
		wants(t, h.page(models.SystemRole, support), "Disable the account")
		rec = h.as(models.SystemRole, support+"/disable", url.Values{})
		if rec.Code != http.StatusSeeOther {
			t.Fatalf("disable: %d\n%.400s", rec.Code, rec.Body)
		}
		wants(t, h.page(models.SystemRole, rec.Header().Get("Location")), "Disabled: nobody gets in with this account")
		wants(t, h.page(models.SystemRole, support), "disabled", "Enable the account")
		if rec := h.as(models.SystemRole, support+"/enable", url.Values{}); rec.Code != http.StatusSeeOther {
			t.Errorf("enable: %d", rec.Code)
		}
		// The last administrator of an office, and oneself, stay.
		if rec := h.as(models.SystemRole, h.memberOf("security")+"/disable", url.Values{}); rec.Code != http.StatusConflict {
			t.Errorf("the last security administrator: %d", rec.Code)
		}
		if rec := h.as(models.SystemRole, h.memberOf("system")+"/disable", url.Values{}); rec.Code != http.StatusConflict {
			t.Errorf("oneself: %d", rec.Code)
		}
		h.Later(6 * time.Minute)
		rec = h.as(models.SystemRole, support+"/disable", url.Values{})
		if !strings.HasPrefix(rec.Header().Get("Location"), "/console/verify?") {
			t.Errorf("without a fresh proof it leads to %q", rec.Header().Get("Location"))
		}
		wants(t, h.page(models.SystemRole, support), "Disable the account")
	})
}

func TestANewLinkForWhoIsInTakesTwo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		officer := h.memberOf("officer")
		h.refusedTo(officer+"/reset", models.SecurityRole)
		for _, role := range []models.StaffRole{models.SystemRole, models.SecurityRole} {
			if rec := h.as(role, officer+"/link", url.Values{}); rec.Code != http.StatusForbidden {
				t.Errorf("a link on one person's word, as %s: %d", role, rec.Code)
			}
		}
		short := h.as(models.SecurityRole, officer+"/reset", url.Values{"reset_reason": {"x"}})
		wants(t, short.Body.String(), "Say why", ">x</textarea>")
		h.Clock.Add(time.Second) // the list is newest first, and the making of the house alone fills a page
		rec := h.as(models.SecurityRole, officer+"/reset", url.Values{"reset_reason": {"The phone was stolen."}})
		if rec.Code != http.StatusSeeOther {
			t.Fatalf("ask: %d\n%.400s", rec.Code, rec.Body)
		}
		path, _, _ := strings.Cut(rec.Header().Get("Location"), "?")
		page := h.page(models.SystemRole, path)
		wants(t, page, "becomes the account&#39;s owner", "The phone was stolen.")
		form := url.Values{
			"content": {regexpOf(t, `name="content" value="([^"]+)"`, page)}, "plan": {regexpOf(t, `name="plan" value="([^"]+)"`, page)}, "reason": {reason},
		}
		if rec := h.as(models.SecurityRole, path+"/approve", form); rec.Code != http.StatusForbidden {
			t.Errorf("who asked approves: %d", rec.Code)
		}
		if rec := h.as(models.SystemRole, path+"/approve", form); rec.Code != http.StatusSeeOther {
			t.Fatalf("approve: %d\n%.400s", rec.Code, rec.Body)
		}
		if rec := h.as(models.SystemRole, officer+"/link", url.Values{}); rec.Code != http.StatusForbidden {
			t.Errorf("who approved makes the link: %d", rec.Code)
		}
		link := h.as(models.SecurityRole, officer+"/link", url.Values{})
		if link.Code != http.StatusOK {
			t.Fatalf("the link: %d\n%.400s", link.Code, link.Body)
		}
		regexpOf(t, `/console/setup/([A-Za-z0-9_-]{40,})`, link.Body.String())
		h.page(models.OfficerRole, "/console") // what there was stays good
		if rec := h.as(models.SecurityRole, officer+"/link", url.Values{}); rec.Code != http.StatusForbidden {
			t.Errorf("a second link: %d", rec.Code)
		}
		wants(t, h.page(models.AuditRole, "/console/activity"), "made a set-up link for who was in", "agreed to a new set-up link")
	})
}
