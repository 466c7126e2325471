package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/models"
)

const newPartner = "partners:\n  - { id: yunqi, name: \"Yunqi <b>Mall</b>\", status: active }\n"

const reason = "The contract was signed."

// asked lets the officer ask for what widens, and returns the request's address.
func (h *house) asked() string {
	h.t.Helper()
	rec := h.as(models.OfficerRole, "/console/changes", url.Values{"text": {newPartner}, "reason": {reason}, "do": {"submit"}})
	if rec.Code != http.StatusSeeOther {
		h.t.Fatalf("submit: %d\n%.800s", rec.Code, rec.Body)
	}
	path, _, _ := strings.Cut(rec.Header().Get("Location"), "?")
	return path
}

// decision is the form of a decision on a request as its page shows it.
func (h *house) decision(path string) url.Values {
	h.t.Helper()
	form := formOf(h.page(models.ReviewerRole, path))
	form.Set("reason", "Fine with me.")
	return form
}

func (h *house) partners() int {
	h.t.Helper()
	var n int
	if err := h.Database().QueryRowContext(h.t.Context(), "SELECT count(*) FROM partners WHERE id = 'yunqi'").Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestAChangeIsAskedForLookedAtAndApproved(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		preview := h.as(models.OfficerRole, "/console/changes", url.Values{"text": {newPartner}, "do": {"preview"}})
		wants(t, preview.Body.String(), "1 thing opens more", "Yunqi &lt;b&gt;Mall&lt;/b&gt;")
		lacks(t, preview.Body.String(), "<b>Mall")
		path := h.asked()
		if h.partners() != 0 {
			t.Fatal("what widens was applied by one person")
		}
		wants(t, h.page(models.OfficerRole, path), "You asked for this", "Withdraw")
		lacks(t, h.page(models.OfficerRole, path), `name="content"`)
		wants(t, h.page(models.ReviewerRole, "/console/approvals"), "Partner Yunqi &lt;b&gt;Mall&lt;/b&gt;", reason)
		form := h.decision(path)

		for role, want := range map[models.StaffRole]int{
			models.OfficerRole: http.StatusForbidden, models.AuditRole: http.StatusForbidden, models.SupportRole: http.StatusForbidden,
			models.SecurityRole: http.StatusForbidden,
			models.SystemRole:   http.StatusNotFound, // may check roles, and sees no business
		} {
			if rec := h.as(role, path+"/approve", form); rec.Code != want || h.partners() != 0 {
				t.Errorf("approve as %s: %d, want %d", role, rec.Code, want)
			}
		}
		short := url.Values{"content": form["content"], "plan": form["plan"], "reason": {"ok"}}
		rec := h.as(models.ReviewerRole, path+"/approve", short)
		if rec.Code != http.StatusUnprocessableEntity || h.partners() != 0 {
			t.Errorf("approve without a reason: %d", rec.Code)
		}
		wants(t, rec.Body.String(), "Say why", ">ok</textarea>")

		rec = h.as(models.ReviewerRole, path+"/approve", form)
		if rec.Code != http.StatusSeeOther || h.partners() != 1 {
			t.Fatalf("approve: %d, %d partners\n%.600s", rec.Code, h.partners(), rec.Body)
		}
		wants(t, h.page(models.OfficerRole, path), "approved", "Fine with me.")
		wants(t, h.page(models.SupportRole, "/console/partners/yunqi/history"), "asked by officer")
		if rec := h.as(models.ReviewerRole, path+"/approve", form); rec.Code != http.StatusConflict {
			t.Errorf("approve again: %d", rec.Code)
		}
	})
}

func TestADecisionNeedsAProofThatIsFresh(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		path := h.asked()
		h.Later(6 * time.Minute)
		form := h.decision(path)
		wants(t, h.page(models.ReviewerRole, path), `name="verify_password"`)
		rec := h.as(models.ReviewerRole, path+"/approve", form)
		if rec.Code != http.StatusUnprocessableEntity || h.partners() != 0 {
			t.Errorf("approve without a proof: %d", rec.Code)
		}
		wants(t, rec.Body.String(), "Fine with me.", `name="verify_code"`)
		form.Set("verify_password", "not the password at all")
		form.Set("verify_code", "000000")
		rec = h.as(models.ReviewerRole, path+"/approve", form)
		if rec.Code != http.StatusUnprocessableEntity || h.partners() != 0 {
			t.Errorf("approve with a wrong proof: %d", rec.Code)
		}
		wants(t, rec.Body.String(), "Password or code is wrong", "Fine with me.")
	})
}

func TestASmallerChangeTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		var partner string
		if err := h.Database().QueryRowContext(t.Context(), "SELECT id FROM partners WHERE status = 'active' ORDER BY id LIMIT 1").Scan(&partner); err != nil {
			t.Fatal(err)
		}
		text := "partners: [{ id: " + partner + ", status: suspended }]"
		rec := h.as(models.OfficerRole, "/console/changes", url.Values{"text": {text}, "reason": {reason}, "do": {"submit"}})
		if rec.Code != http.StatusSeeOther || !strings.Contains(rec.Header().Get("Location"), "done=applied") {
			t.Fatalf("suspend: %d to %s\n%.500s", rec.Code, rec.Header().Get("Location"), rec.Body)
		}
		var status string
		if err := h.Database().QueryRowContext(t.Context(), "SELECT status FROM partners WHERE id = "+quote(partner)).Scan(&status); err != nil || status != "suspended" {
			t.Errorf("partner is %s, %v", status, err)
		}
		again := h.as(models.OfficerRole, "/console/changes", url.Values{"text": {text}, "reason": {reason}, "do": {"submit"}})
		wants(t, again.Body.String(), "there is nothing to change", "suspended }]")
	})
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func TestAFaultyFileComesBackWithItsLines(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		text := "partners:\n  - { id: \"a b\", name: X }\n  - { id: c, name: C, nonsense: 1 }\n"
		for _, do := range []string{"preview", "submit"} {
			rec := h.as(models.OfficerRole, "/console/changes", url.Values{"text": {text}, "reason": {reason}, "do": {do}})
			wants(t, rec.Body.String(), "Line 2:", "Line 3:", "nonsense: 1 }")
		}
	})
}

func TestStaffIsInvitedByOneAndGivenARoleByTwo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		form := url.Values{"name": {"Zhou Min"}, "login": {"zhou.min"}}
		for _, role := range []models.StaffRole{models.SecurityRole, models.AuditRole, models.OfficerRole, models.ReviewerRole, models.SupportRole} {
			if rec := h.as(role, "/console/staff", form); rec.Code != http.StatusForbidden {
				t.Errorf("invite as %s: %d", role, rec.Code)
			}
		}
		rec := h.as(models.SystemRole, "/console/staff", form)
		if rec.Code != http.StatusOK {
			t.Fatalf("invite: %d\n%.500s", rec.Code, rec.Body)
		}
		token := regexpOf(t, `/console/setup/([A-Za-z0-9_-]{40,})`, rec.Body.String())
		if page := h.as("", "/console/setup/"+token, nil); page.Code != http.StatusOK {
			t.Errorf("the link opens %d", page.Code)
		}
		taken := h.as(models.SystemRole, "/console/staff", form)
		if taken.Code != http.StatusUnprocessableEntity {
			t.Errorf("the same login again: %d", taken.Code)
		}
		wants(t, taken.Body.String(), "Somebody else has this login", `value="Zhou Min"`)

		member := regexpOf(t, `href="(/console/staff/stf_[^"]+)">Zhou Min`, h.page(models.SecurityRole, "/console/staff"))
		ask := url.Values{"role": {"officer"}, "what": {"give"}, "reason": {reason}}
		if rec := h.as(models.SystemRole, member+"/roles", ask); rec.Code != http.StatusForbidden {
			t.Errorf("the system administrator gives a role: %d", rec.Code)
		}
		unchosen := h.as(models.SecurityRole, member+"/roles", url.Values{"role": {""}, "what": {"give"}, "reason": {reason}})
		if unchosen.Code != http.StatusUnprocessableEntity {
			t.Errorf("no role: %d", unchosen.Code)
		}
		regexpOf(t, `(?s)id="role-error".*?(Choose a role\.)`, unchosen.Body.String())
		wants(t, unchosen.Body.String(), reason, `<option value="">Choose a role</option>`)
		rec = h.as(models.SecurityRole, member+"/roles", ask)
		if rec.Code != http.StatusSeeOther {
			t.Fatalf("ask for a role: %d\n%.500s", rec.Code, rec.Body)
		}
		path, _, _ := strings.Cut(rec.Header().Get("Location"), "?")
		if rec := h.as(models.ReviewerRole, path, nil); rec.Code != http.StatusNotFound {
			t.Errorf("a reviewer sees a request for a role: %d", rec.Code)
		}
		page := h.page(models.SystemRole, path)
		wants(t, page, "role officer is given", "Approve")
		form = url.Values{
			"content": {regexpOf(t, `name="content" value="([^"]+)"`, page)}, "plan": {regexpOf(t, `name="plan" value="([^"]+)"`, page)}, "reason": {reason},
		}
		if rec := h.as(models.SystemRole, path+"/approve", form); rec.Code != http.StatusSeeOther {
			t.Fatalf("approve: %d\n%.500s", rec.Code, rec.Body)
		}
		wants(t, h.page(models.SecurityRole, member), "Onboarding officer")
		again := h.as(models.SecurityRole, member+"/roles", ask)
		wants(t, again.Body.String(), "It is so already")
	})
}

func TestNoTabLeadsWhereTheReaderMayNotGo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for _, role := range []models.StaffRole{models.SystemRole, models.SecurityRole, models.AuditRole, models.OfficerRole, models.ReviewerRole} {
			page := h.page(role, "/console/approvals")
			opens := h.as(role, "/console/partner-requests", nil).Code == http.StatusOK
			if shown := strings.Contains(page, `href="/console/partner-requests"`); shown != opens {
				t.Errorf("%s: the tab is shown %v, and its page opens %v", role, shown, opens)
			}
		}
	})
}

func TestAdministratorsDoNotBecomeOneAnother(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		system := regexpOf(t, `href="(/console/staff/stf_[^"]+)">system<`, h.page(models.SecurityRole, "/console/staff"))
		for _, role := range []string{"security", "audit"} {
			rec := h.as(models.SecurityRole, system+"/roles", url.Values{"role": {role}, "what": {"give"}, "reason": {reason}})
			if rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("system administrator as %s: %d", role, rec.Code)
			}
			wants(t, rec.Body.String(), "three different persons", reason)
		}
		rec := h.as(models.SecurityRole, system+"/roles", url.Values{"role": {"king"}, "what": {"give"}, "reason": {reason}})
		if rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("a role that there is not: %d", rec.Code)
		}
	})
}
