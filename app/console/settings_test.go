package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/app"
	"postern/app/apptest"
	"postern/app/config"
	"postern/app/store/storetest"
	"postern/models"
)

const settingsReason = "The new rule of the records office."

// settingForm is a section's form as its page has it, with a reason.
func (h *house) settingForm(section string) url.Values {
	h.t.Helper()
	page := h.page(models.SystemRole, "/console/settings/"+section+"/edit")
	return url.Values{"seen": {regexpOf(h.t, `name="seen" value="([^"]+)"`, page)}, "reason": {settingsReason}}
}

// with is the form with other values.
func with(form url.Values, changes map[string]string) url.Values {
	form = maps.Clone(form)
	for key, value := range changes {
		form.Set(key, value)
	}
	return form
}

func TestSettingsAreReadByAdministratorsAndChangedBySystemAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for _, role := range []models.StaffRole{models.SystemRole, models.SecurityRole, models.AuditRole} {
			wants(t, h.page(role, "/console/settings"), "retention.calls_days", "issuer", apptest.Issuer, "node-1", "not configured", "127.0.0.1:8081")
		}
		wants(t, h.page(models.SystemRole, "/console/settings"), "/console/settings/retention/edit")
		lacks(t, h.page(models.SecurityRole, "/console/settings"), "/console/settings/retention/edit")
		for _, role := range []models.StaffRole{models.OfficerRole, models.ReviewerRole, models.SupportRole} {
			if rec := h.as(role, "/console/settings", nil); rec.Code != http.StatusForbidden {
				t.Errorf("the page as %s: %d", role, rec.Code)
			}
		}
		h.refusedTo("/console/settings/retention", models.SystemRole)
		for _, section := range []string{"database", "keys", "nothing"} {
			if rec := h.as(models.SystemRole, "/console/settings/"+section+"/edit", nil); rec.Code != http.StatusNotFound {
				t.Errorf("the form of %s: %d", section, rec.Code)
			}
			if rec := h.as(models.SystemRole, "/console/settings/"+section, url.Values{section + ".path": {"/tmp/x"}}); rec.Code != http.StatusNotFound {
				t.Errorf("a change of %s: %d", section, rec.Code)
			}
		}
	})
}

func TestASettingIsChangedByTwo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		other := &house{World: h.Node(), t: t, cookies: h.cookies}
		form := with(h.settingForm("retention"), map[string]string{"retention.calls_days": "365", "retention.issuance_days": "400", "retention.alerts_days": "400"})
		request := h.askedOf(models.SystemRole, "/console/settings/retention", form)
		verdict := h.verdict(models.SecurityRole, request)
		wants(t, h.page(models.SecurityRole, request), "Settings: Retention", "<del>1,826</del>", "<ins>400</ins>", "older than 400 days is deleted within an hour",
			"everything before 18 October 2025 is deleted", settingsReason)
		lacks(t, h.page(models.SecurityRole, request), "Alerts that are over") // it is as it was
		wants(t, h.page(models.SystemRole, request), "You asked for this")
		wants(t, h.page(models.AuditRole, request), "A security administrator decides this")
		for role, want := range map[models.StaffRole]int{
			models.SystemRole: http.StatusForbidden, models.AuditRole: http.StatusForbidden, models.OfficerRole: http.StatusNotFound,
			models.ReviewerRole: http.StatusNotFound, models.SupportRole: http.StatusForbidden,
		} {
			if rec := h.as(role, request+"/approve", verdict); rec.Code != want {
				t.Errorf("approve as %s: %d, want %d", role, rec.Code, want)
			}
		}
		if h.Count("settings") != 0 {
			t.Fatal("something was set before the approval")
		}
		h.approveAs(models.SecurityRole, request, verdict)
		wants(t, h.page(models.AuditRole, "/console/settings"), "console: security, 22 November 2026", "default 1,826", ">365<")
		other.Refresh()
		wants(t, other.page(models.AuditRole, "/console/settings"), ">365<")

		h.Restart()
		wants(t, h.page(models.AuditRole, "/console/settings"), ">365<")
		events := h.Events("setting.changed")
		if len(events) != 1 || events[0].Actor == "" || !strings.Contains(events[0].Detail["changes"], "retention.issuance_days: 1826 -> 400") {
			t.Errorf("the ledger has %+v", events)
		}

		// What is as the default again has no row.
		form = with(h.settingForm("retention"), map[string]string{"retention.calls_days": "180"})
		request = h.askedOf(models.SystemRole, "/console/settings/retention", form)
		h.approveAs(models.SecurityRole, request, h.verdict(models.SecurityRole, request))
		if h.Count("settings") != 1 {
			t.Errorf("%d settings are kept, want 1", h.Count("settings"))
		}
	})
}

func TestSettingsKeepTheirBounds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for section, values := range map[string]map[string]string{
			"retention": {"retention.calls_days": "179"},
			"alerts":    {"alerts.rules.refusals.percent": "101"},
		} {
			for key, value := range values {
				rec := h.as(models.SystemRole, "/console/settings/"+section, with(h.settingForm(section), values))
				if rec.Code != http.StatusUnprocessableEntity {
					t.Errorf("%s %s: %d", key, value, rec.Code)
				}
				wants(t, rec.Body.String(), "Enter a value from", `value="`+value+`"`, settingsReason)
			}
		}
		for _, wrong := range []map[string]string{
			{"alerts.rules.refusals.on": "perhaps"}, {"alerts.rules.refusals.nothing": "1"}, {"alerts.remind": "1h"},
			{"alerts.rules.spent_twice.window": "soon"}, {"alerts.mail.password": "x"},
		} {
			if rec := h.as(models.SystemRole, "/console/settings/alerts", with(h.settingForm("alerts"), wrong)); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%v: %d", wrong, rec.Code)
			}
		}
		if rec := h.as(models.SystemRole, "/console/settings/alerts", h.settingForm("alerts")); rec.Code != http.StatusConflict {
			t.Errorf("nothing to change: %d", rec.Code)
		}
		if h.Count("change_requests") != 0 {
			t.Error("something was asked for")
		}
	})
}

func TestAStaleFormOfSettingsIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		stale := with(h.settingForm("alerts"), map[string]string{"alerts.rules.refusals.count": "300"})
		form := with(h.settingForm("alerts"), map[string]string{"alerts.rules.refusals.count": "200", "alerts.rules.queue.on": "false"})
		first := h.askedOf(models.SystemRole, "/console/settings/alerts", form)
		second := h.askedOf(models.SystemRole, "/console/settings/alerts", stale)
		late := h.verdict(models.SecurityRole, second)
		wants(t, h.page(models.SecurityRole, first), "no longer looked at", "Many refusals")
		h.approveAs(models.SecurityRole, first, h.verdict(models.SecurityRole, first))
		if rec := h.as(models.SecurityRole, second+"/approve", late); rec.Code != http.StatusConflict {
			t.Errorf("a request of before: %d", rec.Code)
		}
		rec := h.as(models.SystemRole, "/console/settings/alerts", stale)
		if rec.Code != http.StatusConflict {
			t.Errorf("a form of before: %d", rec.Code)
		}
		wants(t, rec.Body.String(), "Somebody else has changed these settings", `value="300"`)
		h.Later(6 * 60e9)
		rec = h.as(models.SystemRole, "/console/settings/alerts", with(h.settingForm("alerts"), map[string]string{"alerts.rules.refusals.count": "300"}))
		if rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("without a fresh proof: %d", rec.Code)
		}
		wants(t, rec.Body.String(), `name="verify_password"`, `value="300"`)
	})
}

// told is a house whose node was told something by file and environment, secrets
// among it.
func toldHouse(t *testing.T) (h *house, secrets []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "postern.yaml")
	text := "issuer: " + apptest.Issuer + "\nretention:\n  calls_days: 200\nalerts:\n  mail: {host: \"mail.bank.example:587\", user: postern, from: a@bank.example, to: [b@bank.example], password: swordfish-in-a-mail}\n" +
		"  webhook: {url: \"https://hook.bank.example/hook-path-secret\", secret: hook-signing-secret}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	secrets = []string{
		strings.Repeat("0f1e", 16), "swordfish-in-a-database", "swordfish-in-a-mail", "hook-path-secret", "hook-signing-secret", "swordfish-at-the-provider",
	}
	variables := map[string]string{
		"POSTERN_MASTER_KEY": secrets[0], "POSTERN_DATABASE_DSN": "postgres://u:swordfish-in-a-database@db.bank.example/postern",
		"POSTERN_RETENTION_ISSUANCE_DAYS": "2000", "POSTERN_CONSOLE_OIDC_ISSUER": "https://login.bank.example/realm",
		"POSTERN_CONSOLE_OIDC_CLIENT_ID": "postern", "POSTERN_CONSOLE_OIDC_CLIENT_SECRET": secrets[5],
	}
	told, faults := config.Load(config.Sources{
		File: file, Getenv: func(name string) string { return variables[name] },
		Flags: []config.Flag{{Name: "listen", Key: "listeners.gateway.address", Text: "127.0.0.1:4444"}},
	})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return newHouseOf(t, storetest.SQLiteConfig(t), apptest.Options{Config: func(c *app.Config) {
		c.Told, c.Retention, c.Alerts, c.Version = told, told.Retention, told.Alerts, "postern v9.9.9"
	}}), secrets
}

func TestSecretsAreSaidToBeSetAndNotShown(t *testing.T) {
	t.Parallel()
	h, secrets := toldHouse(t)
	page := h.page(models.AuditRole, "/console/settings")
	wants(t, page, "master_key", "alerts.mail.password", "database.dsn", "environment POSTERN_MASTER_KEY", "postern.yaml:5", "flag --listen",
		"127.0.0.1:4444, without TLS", "login.bank.example", "postern v9.9.9", ">set<", ">not set<", "SQLite")
	for _, path := range []string{"/console/settings", "/console/settings/retention/edit", "/console/settings/alerts/edit"} {
		lacks(t, h.page(models.SystemRole, path), append(secrets, "[redacted]", "db.bank.example", "hook.bank.example")...)
	}
}

func TestWhatTheFileSaysIsNotChangedHere(t *testing.T) {
	t.Parallel()
	h, _ := toldHouse(t)
	edit := h.page(models.SystemRole, "/console/settings/retention/edit")
	wants(t, edit, "Set elsewhere", "retention.calls_days", "200", "POSTERN_RETENTION_ISSUANCE_DAYS", `name="retention.alerts_days"`)
	lacks(t, edit, `name="retention.calls_days"`, `name="retention.issuance_days"`)
	for _, key := range []string{"retention.calls_days", "retention.issuance_days"} {
		rec := h.as(models.SystemRole, "/console/settings/retention", with(h.settingForm("retention"), map[string]string{key: "3000"}))
		if rec.Code != http.StatusUnprocessableEntity || h.Count("change_requests") != 0 {
			t.Errorf("a forged change of %s: %d", key, rec.Code)
		}
		wants(t, rec.Body.String(), "change it there")
	}
	// A row that was set before the file said something does not count.
	h.Exec("INSERT INTO settings (key, value, changed_by, changed_at) VALUES ('retention.calls_days', '900', 'x', 1), ('retention.alerts_days', '500', 'x', 1), ('retention.changes_days', 'many', 'x', 1)")
	h.Restart()
	wants(t, h.page(models.SystemRole, "/console/settings"), ">200<", ">500<")
	lacks(t, h.page(models.SystemRole, "/console/settings"), ">900<", ">many<")
}
