package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/models"
)

// What waits is counted for whoever decides it, and for nobody else.
func TestTheSidebarCountsWhatWaitsForTheReader(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const count = `p-nav-count`
		lacks(t, h.page(models.ReviewerRole, "/console"), count)
		path := h.asked()
		wants(t, h.page(models.ReviewerRole, "/console"), `<span class="p-nav-count">1</span>`)
		for _, role := range []models.StaffRole{models.OfficerRole, models.SupportRole, models.AuditRole, models.SystemRole} {
			lacks(t, h.page(role, "/console"), count)
		}
		if rec := h.as(models.ReviewerRole, path+"/reject", h.decision(path)); rec.Code != http.StatusSeeOther {
			t.Fatalf("reject: %d", rec.Code)
		}
		lacks(t, h.page(models.ReviewerRole, "/console"), count)

		// What partners ask for waits for officers, until one has it.
		const officer = "SELECT account_id FROM staff_roles WHERE role = 'officer'"
		for _, row := range []string{
			"'submitted', 'somebody', 1", "'in_review', 'somebody', 2", "'question', 'somebody', 0",
			"'submitted', (SELECT person_id FROM accounts WHERE id IN (" + officer + ")), 3", // the reader's own
		} {
			h.Exec(`INSERT INTO partner_requests (partner_id, application_id, content, reason, maker, made_at, state, maker_person, waits_since)
				VALUES ('p_travel', 'app_live_2', '', '', (` + officer + "), 1, " + row + ")")
		}
		page := h.page(models.OfficerRole, "/console")
		wants(t, page, `<span class="p-nav-count">2</span>`, "2 partners&#39; requests wait for an officer", `href="/console/partner-requests"`)
		lacks(t, h.page(models.ReviewerRole, "/console"), count)
		lacks(t, h.page(models.ReviewerRole, "/console"), "wait for an officer")
		h.Exec("UPDATE partner_requests SET waits_since = 0")
		lacks(t, h.page(models.OfficerRole, "/console"), count)
	})
}

func TestAnAddressForNoticesIsSetByItsOwner(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		bad := h.as(models.SupportRole, "/console/account/email", url.Values{"email": {"support@bank"}})
		if bad.Code != http.StatusUnprocessableEntity {
			t.Errorf("no address: %d", bad.Code)
		}
		wants(t, bad.Body.String(), "Enter an e-mail address such as", `value="support@bank"`)
		rec := h.as(models.SupportRole, "/console/account/email", url.Values{"email": {" support@bank.example "}})
		if rec.Code != http.StatusSeeOther {
			t.Fatalf("set: %d", rec.Code)
		}
		wants(t, h.page(models.SupportRole, rec.Header().Get("Location")), "The address for notices is saved", `value="support@bank.example"`)
		if h.Count("events WHERE kind = 'account.email_set'") != 1 || h.Count("events WHERE body LIKE '%support@bank.example%'") != 0 {
			t.Error("one event says that it was set, and none says the address")
		}
		if rec := h.as(models.SupportRole, "/console/account/email", url.Values{"email": {""}}); rec.Code != http.StatusSeeOther {
			t.Errorf("taken away: %d", rec.Code)
		}
		lacks(t, h.page(models.SupportRole, "/console/account"), "support@bank.example")
	})
}

func TestAnAddressForNoticesIsSetWithTheInvitation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		form := url.Values{"name": {"Zhou Min"}, "login": {"zhou.min"}, "email": {"zhou\r\nBcc: x@evil.example"}}
		bad := h.as(models.SystemRole, "/console/staff", form)
		if bad.Code != http.StatusUnprocessableEntity {
			t.Errorf("no address: %d", bad.Code)
		}
		wants(t, bad.Body.String(), "Enter an e-mail address such as", `value="Zhou Min"`)
		form.Set("email", "zhou.min@bank.example")
		if rec := h.as(models.SystemRole, "/console/staff", form); rec.Code != http.StatusOK {
			t.Fatalf("invite: %d\n%.400s", rec.Code, rec.Body)
		}
		if h.Count("accounts WHERE email = 'zhou.min@bank.example' AND status = 'invited'") != 1 {
			t.Error("the address is not kept")
		}
	})
}

// Who was told, and whom it did not reach, stands beside the request.
func TestARequestSaysWhoWasTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		path := h.asked()
		lacks(t, h.page(models.ReviewerRole, path), "Told")
		number := path[strings.LastIndex(path, "/")+1:]
		for id, rest := range map[string]string{
			"1": "'mail/stf_a', 'asked', 1, 1, '', 1763775900000", "2": "'mail/stf_b', 'asked', 1, 1, '', 1763775900000",
			"3": "'dingtalk/staff', 'asked', 1763776200000, 1, 'answered 503', 0", "4": "'wecom/staff', 'asked', 1763776200000, 0, '', 0",
		} {
			h.Exec("INSERT INTO deliveries (id, request_id, receiver, news, due_at, attempts, last_error, sent_at) VALUES ('d" + id + "', " + number + ", " + rest + ")")
		}
		page := h.page(models.ReviewerRole, path)
		wants(t, page, "Told", "Mail to 2 persons", "DingTalk did not take it", "WeCom, waiting")
		lacks(t, page, "answered 503")
	})
}
