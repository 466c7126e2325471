package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/models"
)

const anAlert = `INSERT INTO alerts (id, rule, subject_kind, subject_id, subject_name, severity, first_at, last_at, count, numbers, reminded_at)
	VALUES ('0199a000-0000-7000-8000-000000000001', 'disk', 'node', 'n1', '', 'critical', 1000, 2000, 1, '{"free":"5","limit":"10"}', 1000)`

var anAlertPath = "/console/alerts/0199a000-0000-7000-8000-000000000001"

// Each number of the overview leads to a page that is there and may be opened.
func TestOverviewLeadsToWhatIsBehindItsNumbers(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		p := d.NewVisit(apptest.Travel, nil)
		p.Get("/loans/offers")
		p.Get("/nowhere")
		d.NewPage(p.AT).TryOpen()
		d.Exec(anAlert)
		d.Restart()
		for _, role := range models.StaffRoles {
			page := d.page(role, "/console")
			wants(t, page, "at_spent", `data-uplot`, "Show as table", "now-tiles", "Alerts to acknowledge", "no_route")
			_, main, _ := strings.Cut(page, "<main")
			for _, m := range regexp.MustCompile(`href="(/console/[^"]+)"`).FindAllStringSubmatch(main, -1) {
				if rec := d.get(role, strings.ReplaceAll(m[1], "&amp;", "&")); rec.Code != http.StatusOK {
					t.Errorf("%s: %s: %d", role, m[1], rec.Code)
				}
			}
			for _, span := range []string{"24h", "7d", "30d"} {
				wants(t, d.page(role, "/console?time="+span+"&partner=p_travel"), "at_spent")
			}
		}
		lacks(t, d.page(system, "/console"), "Partners to look at", "Car instalments")
		wants(t, d.page(officer, "/console"), "Partners to look at", "Waiting for me", "Ends within 30 days")
		wants(t, d.page(support, "/console/calls?code=no_route"), "Lianhe Travel", "/console/visits/"+p.Visit.VID)
		lacks(t, d.page(support, "/console/calls?partner=p_rent"), p.Visit.VID)
		for _, path := range []string{"/console?time=1y", "/console/calls?from=x", "/console/calls?after=x"} {
			if rec := d.get(support, path); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", path, rec.Code)
			}
		}
		if rec := d.get(support, "/console?partner=none"); rec.Code != http.StatusNotFound {
			t.Errorf("a partner that is none: %d", rec.Code)
		}
	})
}

// The share of refusals is of calls, too, and leads to reasons that come to it.
func TestRefusalsAddUpToTheirReasons(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		p := d.NewVisit(apptest.Travel, nil)
		p.Get("/nowhere")
		d.NewPage(p.AT).TryOpen()
		d.Restart()
		page := d.page(support, "/console?time=24h")
		wants(t, page, `href="/console?time=24h#why"`, `id="why"`)
		_, why, _ := strings.Cut(page, `id="why"`)
		wants(t, why, "24 hours · 2", "/console/calls?code=no_route", "/console/log?code=at_spent")
	})
}

// A sandbox's faults are played on purpose, and say nothing of the bank's systems.
func TestHealthIsOfProduction(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.NewVisit(apptest.Travel, nil).Get("/loans/offers")
		d.Restart()
		d.Exec("UPDATE rollups SET outcome = 'upstream_unavailable' WHERE kind = 'call'")
		wants(t, d.page(officer, "/console/now/health"), "100.0%", "Car instalments")
		d.Exec("UPDATE applications SET environment = 'sandbox' WHERE id = '" + apptest.Travel + "'")
		d.Restart()
		page := d.page(officer, "/console/now/health")
		wants(t, page, "Production called no upstream in these two hours.")
		lacks(t, page, "100.0%")
	})
}

// However few its requests are, a partner that is refused all of them is not steady.
func TestWhoIsRefusedEverythingStandsOut(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.NewVisit(apptest.Travel, nil)
		d.Restart()
		wants(t, d.page(officer, "/console"), ">steady<")
		d.Exec("UPDATE rollups SET outcome = 'invalid_scope'")
		d.Restart()
		page := d.page(officer, "/console")
		wants(t, page, "all refused: 2 × invalid_scope")
		lacks(t, page, ">steady<")
	})
}

// What ends of others hides nothing that ends of the partner.
func TestWhatEndsIsOfThePartner(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		soon := d.Clock.Now().Add(24 * time.Hour)
		for i := range 6 {
			id := fmt.Sprintf("p_%d", i)
			d.Exec("INSERT INTO partners (id, name, status, contract_ends, created_at, updated_at) SELECT '" + id + "', 'Other', 'active', '" + soon.Format(time.DateOnly) + "', 0, 0")
		}
		d.Exec(fmt.Sprintf("UPDATE partners SET contract_ends = '%s' WHERE id = 'p_rent'", soon.AddDate(0, 0, 9).Format(time.DateOnly)))
		d.Exec(fmt.Sprintf("UPDATE grants SET ends_at = %d WHERE application_id = '%s'", soon.AddDate(0, 0, 3).UnixMilli(), apptest.Travel))
		page := d.page(officer, "/console?partner=p_rent")
		_, ends, _ := strings.Cut(page, "Ends within 30 days")
		ends, _, _ = strings.Cut(ends, "</section>")
		wants(t, ends, "/console/partners/p_rent")
		lacks(t, ends, "/console/partners/p_travel", "/console/partners/p_0")
	})
}

// What fails is one part; what is empty says what to do first.
func TestOverviewStandsWithoutAPart(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.Exec("ALTER TABLE rollups RENAME TO rollups_away")
		page := d.page(officer, "/console")
		wants(t, page, "could not be read", "The other parts of the page are right.", "Ends within 30 days", "Waiting for me")
		d.Exec("ALTER TABLE rollups_away RENAME TO rollups")
		lacks(t, d.page(officer, "/console"), "could not be read")
	})
}

// A page that asks for its parts again keeps nobody signed in.
func TestOverviewAskingAgainIsNoUseOfASession(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.page(officer, "/console")
		for range 40 {
			d.Later(2 * time.Minute)
			if d.get(officer, "/console/now/tiles").Code != http.StatusOK {
				break
			}
		}
		if rec := d.get(officer, "/console/now/health"); rec.Code == http.StatusOK {
			t.Error("80 minutes of asking by itself keep the session alive")
		}
	})
}

func TestAlertIsAcknowledgedByWhoeverMay(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.Exec(anAlert)
		for _, role := range []models.StaffRole{support, audit} {
			if rec := d.post(role, anAlertPath+"/acknowledge", url.Values{"note": {"seen"}}); rec.Code != http.StatusForbidden {
				t.Errorf("%s: %d", role, rec.Code)
			}
			wants(t, d.page(role, anAlertPath), "your role reads only")
		}
		long := strings.Repeat("x", 501)
		rec := d.post(security, anAlertPath+"/acknowledge", url.Values{"note": {long}})
		if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), long) {
			t.Errorf("too long a note: %d; what was typed must be kept", rec.Code)
		}
		if rec := d.post(security, "/console/alerts/none/acknowledge", url.Values{"note": {"x"}}); rec.Code != http.StatusNotFound {
			t.Errorf("no alert: %d", rec.Code)
		}
		d.submit(system, anAlertPath+"/acknowledge", url.Values{"note": {"the disk was cleaned"}})
		again := d.post(security, anAlertPath+"/acknowledge", url.Values{"note": {"mine"}})
		if again.Code != http.StatusConflict || !strings.Contains(again.Body.String(), "the system acknowledged this") {
			t.Errorf("a second time: %d %s", again.Code, said(again.Body.String()))
		}
		wants(t, d.page(officer, anAlertPath), "the disk was cleaned", "the system")
		lacks(t, d.page(officer, "/console"), anAlertPath)
		got := d.Events("alert.acknowledged")
		if len(got) != 1 || got[0].Actor == "" || got[0].Actor == "the system" || got[0].Detail["rule"] != "disk" {
			t.Errorf("on record: %+v", got)
		}
	})
}
