package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/models"
)

// announcementForm is the form of a new announcement, filled in.
func (h *house) announcementForm(changes map[string]string) url.Values {
	now := h.Clock.Now().In(time.FixedZone("", 8*3600))
	return with(url.Values{
		"kind": {"maintenance"}, "service": {""}, "title_zh": {"系统维护"}, "text_zh": {"今晚停机。"}, "title_en": {"Maintenance"}, "text_en": {"Tonight."},
		"from": {now.Add(time.Hour).Format("2006-01-02T15:04")}, "until": {now.Add(3 * time.Hour).Format("2006-01-02T15:04")},
	}, changes)
}

func TestOfficersTellPartnersSomething(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const list = "/console/announcements"
		h.Later(time.Second) // what the house was made of is of before
		wants(t, h.page(models.ReviewerRole, list), "No announcement")
		lacks(t, h.page(models.ReviewerRole, list), list+"/new")
		h.refusedTo(list, models.OfficerRole)
		wants(t, h.page(models.OfficerRole, list+"/new"), "all partners", apptest.Service, "at most 80 characters", "At most 2,000 characters", "Within 366 days")

		// A preview shows both languages and writes nothing; what is typed is text.
		preview := h.as(models.OfficerRole, list, h.announcementForm(map[string]string{"show": "preview", "text_en": "a < b <script>\nnext"}))
		if preview.Code != http.StatusOK || h.Count("announcements") != 0 {
			t.Fatalf("preview: %d, %d rows", preview.Code, h.Count("announcements"))
		}
		wants(t, preview.Body.String(), "a &lt; b &lt;script&gt;\nnext", "今晚停机。", "As partners read it in Chinese", "to come")

		// What is wrong is said beside its field, and nothing typed is lost.
		long := strings.Repeat("长", 81)
		for field, change := range map[string]map[string]string{
			"kind": {"kind": "advert"}, "service": {"service": "urn:h5:none"}, "title_zh": {"title_zh": long}, "title_en": {"title_en": "two\nlines"}, "text_en": {"text_en": "bell \a"},
			"text_zh": {"text_zh": ""}, "from": {"from": "soon"}, "until": {"until": "2020-01-01T00:00"},
		} {
			rec := h.as(models.OfficerRole, list, h.announcementForm(change))
			if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `id="`+field+`-error"`) || !strings.Contains(rec.Body.String(), "Tonight.") && field != "text_en" {
				t.Errorf("%s: %d\n%.300s", field, rec.Code, rec.Body)
			}
		}
		none := h.as(models.OfficerRole, list, h.announcementForm(map[string]string{"title_zh": "", "text_zh": "", "title_en": " ", "text_en": ""}))
		if none.Code != http.StatusUnprocessableEntity || !strings.Contains(none.Body.String(), "in both") {
			t.Errorf("without words: %d", none.Code)
		}
		if n := h.Count("announcements"); n != 0 {
			t.Errorf("what was refused made %d rows", n)
		}

		rec := h.as(models.OfficerRole, list, h.announcementForm(map[string]string{"service": apptest.Service}))
		made, _, _ := strings.Cut(rec.Header().Get("Location"), "?")
		if rec.Code != http.StatusSeeOther {
			t.Fatalf("publish: %d\n%.600s", rec.Code, rec.Body)
		}
		for _, role := range []models.StaffRole{models.OfficerRole, models.ReviewerRole, models.SupportRole, models.SecurityRole, models.AuditRole} {
			wants(t, h.page(role, list), "Maintenance", "to come")
			wants(t, h.page(role, made), "系统维护", "Tonight.")
		}
		lacks(t, h.page(models.ReviewerRole, made), "/edit", "/withdraw")
		wants(t, h.page(models.OfficerRole, list+"?show=planned"), "Maintenance")
		lacks(t, h.page(models.OfficerRole, list+"?show=current"), ">Maintenance<")
		h.refusedTo(made, models.OfficerRole)
		h.refusedTo(made+"/withdraw", models.OfficerRole)

		// Two change it at the same time: the second is told, and keeps what they wrote.
		seen := regexpOf(t, `name="seen" value="([^"]+)"`, h.page(models.OfficerRole, made+"/edit"))
		h.Later(time.Second)
		first := h.as(models.OfficerRole, made, h.announcementForm(map[string]string{"seen": seen, "title_en": "Maintenance, moved"}))
		if first.Code != http.StatusSeeOther {
			t.Fatalf("change: %d\n%.600s", first.Code, first.Body)
		}
		second := h.as(models.OfficerRole, made, h.announcementForm(map[string]string{"seen": seen, "title_en": "Mine"}))
		if second.Code != http.StatusConflict || !strings.Contains(second.Body.String(), `value="Mine"`) {
			t.Errorf("changed meanwhile: %d", second.Code)
		}
		if rec := h.as(models.OfficerRole, made+"/withdraw", url.Values{"seen": {seen}}); rec.Code != http.StatusConflict {
			t.Errorf("withdrawn as it is no more: %d", rec.Code)
		}
		seen = regexpOf(t, `name="seen" value="([^"]+)"`, h.page(models.OfficerRole, made))
		h.Later(time.Second)
		for range 2 { // clicked twice
			if rec := h.as(models.OfficerRole, made+"/withdraw", url.Values{"seen": {seen}}); rec.Code != http.StatusSeeOther {
				t.Errorf("withdraw: %d", rec.Code)
			}
		}
		wants(t, h.page(models.ReviewerRole, made), "withdrawn", "Maintenance, moved")
		wants(t, h.page(models.ReviewerRole, list+"?show=past"), "Maintenance, moved")
		if rec := h.as(models.OfficerRole, made+"/edit", nil); rec.Code != http.StatusConflict {
			t.Errorf("the form of what was withdrawn: %d", rec.Code)
		}
		for _, kind := range []string{"made", "changed", "withdrawn"} {
			if n := h.Count("events WHERE kind = 'announcement." + kind + "' AND service_id = '" + apptest.Service + "' AND actor <> ''"); n != 1 {
				t.Errorf("%d events of %s", n, kind)
			}
		}
		wants(t, h.page(models.AuditRole, "/console/activity"), "published an announcement", "withdrew an announcement", "今晚停机。")
	})
}

// What is to come later than a day is on no first page yet, and nobody is told that it is.
func TestWhatIsToComeIsNotSaidToBeThere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const list = "/console/announcements"
		h.Later(time.Second)
		now := h.Clock.Now().In(time.FixedZone("", 8*3600))
		for days, want := range map[int]string{0: "announcement-made", 3: "announcement-planned"} {
			rec := h.as(models.OfficerRole, list, h.announcementForm(map[string]string{
				"from": now.AddDate(0, 0, days).Add(time.Hour).Format("2006-01-02T15:04"), "until": now.AddDate(0, 0, days+1).Format("2006-01-02T15:04"),
			}))
			if to := rec.Header().Get("Location"); !strings.HasSuffix(to, "done="+want) {
				t.Errorf("in %d days: %d %s", days, rec.Code, to)
			}
		}
		wants(t, h.page(models.OfficerRole, list), "over or withdrawn", "23 November 2026, ")
		wants(t, h.page(models.AuditRole, "/console/activity"), ">all partners<")
	})
}

// Who wrote too much is told so, and how to get back to it.
func TestAFormThatIsTooLongSaysSo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		rec := h.as(models.OfficerRole, "/console/announcements", h.announcementForm(map[string]string{"text_en": strings.Repeat("long ", 300_000)}))
		if rec.Code != http.StatusRequestEntityTooLarge || !strings.Contains(rec.Body.String(), "what you typed is still there") {
			t.Errorf("too long: %d %.600s", rec.Code, rec.Body)
		}
	})
}
