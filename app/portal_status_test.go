package app_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// inOffices runs a test on both databases.
func inOffices(t *testing.T, test func(*testing.T, *office)) {
	t.Helper()
	for name, config := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newOffice(t, apptest.New(t, config(t), apptest.Options{})))
		})
	}
}

// asksFrom gets an AT for an application from an address.
func (o *office) asksFrom(address, client string) {
	o.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/oauth/token", strings.NewReader(o.TokenForm(client).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = address + ":40000"
	if rec := o.Do(r); rec.Code != http.StatusOK {
		o.t.Fatalf("AT from %s: %d %s", address, rec.Code, rec.Body)
	}
	if err := o.App.FlushUses(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

// says holds what a page has, and what it has not.
func (o *office) says(name, path string, want, not []string) {
	o.t.Helper()
	rec := o.as(name, path, nil)
	if rec.Code != http.StatusOK {
		o.t.Fatalf("%s as %s: %d", path, name, rec.Code)
	}
	for _, text := range want {
		if !strings.Contains(rec.Body.String(), text) {
			o.t.Errorf("%s does not tell %s %q", path, name, text)
		}
	}
	for _, text := range not {
		if strings.Contains(rec.Body.String(), text) {
			o.t.Errorf("%s tells %s %q", path, name, text)
		}
	}
}

const (
	serverA = "198.51.100.7"
	serverB = "203.0.113.9"
	serverC = "203.0.113.77" // another partner's
)

// Whose newest AT is from before a change of AKs still uses the old one, until it asks
// again or that AT is over; the servers are the partner's own.
func TestServersThatStillUseTheOldAKAreCounted(t *testing.T) {
	t.Parallel()
	inOffices(t, func(t *testing.T, o *office) {
		const page, behind = "/portal/status", "of your servers still use"
		o.asksFrom(serverA, apptest.Travel)
		o.asksFrom(serverB, apptest.Travel)
		o.asksFrom(serverC, apptest.Rent)
		o.says("viewer", page, []string{"key that signs ATs"}, []string{behind, serverA})

		o.Rotate(models.ApplicationKey)
		o.says("viewer", page, []string{"published, not used yet"}, []string{behind})
		o.Later(5*time.Minute + 15*time.Second) // the new one is in use
		o.says("viewer", page, []string{"2 " + behind + " the old AK", serverA + ", " + serverB, "0 of 2 have the new key", "superseded"}, []string{serverC})
		o.says("other", page, nil, []string{behind, serverA, serverB, serverC})

		o.asksFrom(serverA, apptest.Travel)
		o.says("viewer", page, []string{"1 of your servers still uses the old AK", serverB, "1 of 2 have the new key"}, []string{serverA})

		o.Later(5 * time.Minute) // the AT that B got is over
		o.says("viewer", page, []string{"None of your servers uses the old AK", "1 of 2 have the new key"}, []string{behind, serverB})
		o.Later(8 * time.Minute) // the old AK opens nothing any more
		o.says("viewer", page, nil, []string{"the old AK"})
	})
}

// A credential with an end that servers still use says how many and which.
func TestServersThatStillUseAKeyThatEndsAreNamed(t *testing.T) {
	t.Parallel()
	inOffices(t, func(t *testing.T, o *office) {
		o.says("viewer", "/portal/status", nil, []string{"Your keys that end"})
		o.Exec(fmt.Sprintf("UPDATE credentials SET not_after = %d WHERE id = '%s-sig'", o.Clock.Now().Add(72*time.Hour).UnixMilli(), apptest.Travel))
		o.says("viewer", "/portal/status", []string{"Your keys that end", "none of your servers"}, nil)
		o.Refresh()
		o.asksFrom(serverA, apptest.Travel)
		o.asksFrom(serverB, apptest.Travel)
		o.asksFrom(serverC, apptest.Rent)
		o.says("viewer", "/portal/status", []string{"2 of your servers still use it", serverA, serverB}, []string{serverC})
		o.says("other", "/portal/status", nil, []string{"Your keys that end", serverA})
	})
}

// Hours and stops are in words, on the bank's clock; of a freeze what stops and since when,
// and never why. Another partner's are not there.
func TestStatusSaysWhatStops(t *testing.T) {
	t.Parallel()
	inOffices(t, func(t *testing.T, o *office) {
		const page = "/portal/status"
		o.says("viewer", page, []string{"always open", "the bank&#39;s clock"}, []string{"frozen"})
		now := o.Clock.Now()
		stop := func(from, until time.Duration, why string) {
			o.Exec(fmt.Sprintf("INSERT INTO service_stops (service_id, starts_at, ends_at, reason_en, reason_zh) VALUES ('%s', %d, %d, '%s', '%s')",
				apptest.Service, now.Add(from).UnixMilli(), now.Add(until).UnixMilli(), why, why))
		}
		stop(48*time.Hour, 50*time.Hour, "core-switch")
		stop(40*24*time.Hour, 41*24*time.Hour, "later-than-listed")
		o.Exec("INSERT INTO service_hours (service_id, days, opens, closes) VALUES ('" + apptest.Service + "', 'mon tue wed thu fri sat sun', '00:00', '24:00')")
		at := func(d time.Duration) string {
			return now.Add(d).In(time.FixedZone("", 8*3600)).Format("2 January 2006, 15:04")
		}
		o.says("viewer", page, []string{"open now", "every day 00:00 to 24:00", at(48*time.Hour) + " to " + at(50*time.Hour)}, []string{"core-switch", "later-than-listed", at(40 * 24 * time.Hour)})
		stop(-time.Hour, 2*time.Hour, "day-end")
		o.says("viewer", page, []string{"planned stop until " + at(2*time.Hour)}, []string{"day-end"})
		o.Exec("DELETE FROM service_stops")
		o.Exec("UPDATE service_hours SET closes = '00:01'")
		o.says("viewer", page, []string{"closed until "}, nil)
		o.Exec("UPDATE service_hours SET closes = '24:00'")

		freezes := func(kind models.FreezeTarget, id string, stops models.FreezeScope) {
			o.Write(func(tx *store.Tx, now int64) error {
				return tx.SaveFreeze(models.Freeze{ID: apptest.NewID(), TargetKind: kind, TargetID: id, Stops: stops, Reason: "stolen-phone", StartedAt: now}, now)
			})
		}
		freezes(models.FreezePartner, "p_travel", models.FreezeAT)
		freezes(models.FreezeDataScope, "loan.offer:read", models.FreezeCall)
		frozen := "The bank has frozen "
		o.says("viewer", page, []string{frozen, "no new ATs, since", frozen + "loan.offer:read", "no calls, since"}, []string{"stolen-phone"})
		o.says("other", page, nil, []string{frozen})
		freezes(models.FreezeService, apptest.Service, models.FreezeAll)
		o.says("other", page, []string{frozen, "no ATs, no visits, no calls"}, []string{"stolen-phone", "no new ATs"})
		o.Exec("UPDATE freezes SET ended_at = 1")
		freezes(models.FreezeEverything, "", models.FreezeVT)
		o.says("other", page, []string{frozen + "all traffic", "no new visits"}, nil)
	})
}

// announces publishes something as an officer would.
func (o *office) announces(a models.Announcement) models.Announcement {
	o.t.Helper()
	if a.StartsAt == 0 {
		a.StartsAt = o.Clock.Now().Add(-time.Hour).UnixMilli()
	}
	if a.EndsAt == 0 {
		a.EndsAt = o.Clock.Now().Add(time.Hour).UnixMilli()
	}
	o.Clock.Add(time.Millisecond) // of one moment there is no order
	a, err := o.App.Announcements().Save(o.t.Context(), "officer", a, a.UpdatedAt)
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

// An announcement is seen by all roles of those whom it concerns, as text, from when it is
// published until it is withdrawn; those in force on the first page, two at most.
func TestAnnouncementsReachWhomTheyConcern(t *testing.T) {
	t.Parallel()
	inOffices(t, func(t *testing.T, o *office) {
		const page = "/portal/status"
		o.Exec("UPDATE grants SET ended_at = 1 WHERE id = 'g7'") // Nanfeng has no service any more
		o.says("viewer", page, []string{"Nothing was announced"}, nil)
		all := o.announces(models.Announcement{Kind: models.Information, TitleEN: "For <b>everybody</b>", TextEN: "First line\n<script>alert(1)</script>"})
		o.announces(models.Announcement{Kind: models.Incident, ServiceID: apptest.Service, TitleZH: "贷款页面故障", TextZH: "正在处理。"})
		soon := o.announces(models.Announcement{Kind: models.Maintenance, TitleEN: "Weekend work", TextEN: "We move.", StartsAt: o.Clock.Now().Add(72 * time.Hour).UnixMilli(), EndsAt: o.Clock.Now().Add(80 * time.Hour).UnixMilli()})
		for _, name := range []string{"owner", "developer", "viewer"} {
			o.says(name, page, []string{"For &lt;b&gt;everybody&lt;/b&gt;", "First line\n&lt;script&gt;", `lang="zh-CN"`, "贷款页面故障", "Weekend work", "to come"}, []string{"<script>alert", "<b>everybody"})
			o.says(name, "/portal", []string{"贷款页面故障", "For &lt;b&gt;everybody", page + "#" + all.ID}, []string{"Weekend work", "All announcements"})
		}
		for _, path := range []string{page, "/portal"} {
			o.says("other", path, []string{"For &lt;b&gt;everybody"}, []string{"贷款页面故障"})
		}
		o.announces(models.Announcement{Kind: models.Alteration, TitleEN: "A third thing", TextEN: "Read it."})
		o.says("viewer", "/portal", []string{"A third thing", "贷款页面故障", "All announcements"}, []string{"everybody"})

		soon.TitleEN = "Weekend work is off"
		soon = o.announces(soon)
		o.says("viewer", page, []string{"Weekend work is off"}, nil)
		if err := o.App.Announcements().Withdraw(t.Context(), "officer", soon, soon.UpdatedAt); err != nil {
			t.Fatal(err)
		}
		o.says("viewer", page, nil, []string{"Weekend work"})
		if n := o.Count("events WHERE kind LIKE 'announcement.%'"); n != 6 {
			t.Errorf("%d events of six changes", n)
		}

		for range 10 {
			o.announces(models.Announcement{Kind: models.Information, TitleEN: "One of many", TextEN: "x"})
		}
		o.says("viewer", page, []string{"One of many", "?below="}, []string{"A third thing"})
	})
}

// heardBy are the messages that a program was told, by their topics.
func heardBy(t *testing.T, l *listener) (list []map[string]string) {
	t.Helper()
	_, bodies := l.heard()
	for _, text := range bodies {
		var m struct {
			Topic string
			Data  map[string]string
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		m.Data["topic"] = m.Topic
		list = append(list, m.Data)
	}
	return list
}

// What is frozen of a service or a scope, and what is announced for a service, is told to
// the programs of partners that hold it; what is for all to all of them, however many.
func TestProgramsHearOfWhatConcernsTheirServices(t *testing.T) {
	t.Parallel()
	for name, config := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := apptest.New(t, config(t), apptest.Options{Config: func(c *app.Config) { c.Portal.PrivateWebhooks = true }})
			b := bank{office: newOffice(t, w)}
			b.tellsPartners()
			b.Exec("UPDATE partners SET status = 'active'")
			own, foreign := listen(t), listen(t)
			topics := []string{"announcement", "access.frozen", "access.thawed"}
			hook := b.ledTo("developer", "/portal/webhooks", url.Values{"url": {own.URL}, "topics": topics})
			b.ledTo("other", "/portal/webhooks", url.Values{"url": {foreign.URL}, "topics": topics})
			b.Exec("UPDATE grants SET ended_at = 1 WHERE id = 'g7'")
			// As if many partners listened: more than are held at once.
			b.Exec("INSERT INTO webhooks (id, partner_id, url, topics, paused, created_at, updated_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) " +
				"SELECT '0-' || i, 'p_rent', '" + own.URL + "/many', '[\"announcement\"]', FALSE, 0, 0 FROM n")
			frozen := func(kind string, service, target string) {
				b.Exec("DELETE FROM webhook_deliveries")
				b.Write(func(tx *store.Tx, _ int64) error {
					e, err := ledger.Make(ledger.Event{
						Kind: kind, Outcome: "ok", ServiceID: service, Detail: map[string]string{"id": "f1", "target": target, "stops": "all", "because": "stolen-phone"},
					}, b.Clock.Now(), rand.Reader)
					if err != nil {
						return err
					}
					return tx.AppendEvent(e)
				})
				b.tellsPartners()
			}
			frozen("freeze.started", apptest.Service, "service "+apptest.Service)
			if got := heardBy(t, own); len(got) != 1 || got[0]["topic"] != "access.frozen" || got[0]["target"] != "service "+apptest.Service || got[0]["stops"] != "all" || got[0]["because"] != "" {
				t.Errorf("of its service it was told %v", got)
			}
			frozen("freeze.ended", apptest.Service, "scope loan.offer:read")
			if got := heardBy(t, own); len(got) != 1 || got[0]["topic"] != "access.thawed" {
				t.Errorf("of its scope it was told %v", got)
			}
			frozen("freeze.started", apptest.Service, "scope loan.basic:read") // which Travel does not hold
			if got := heardBy(t, own); len(got) != 0 {
				t.Errorf("of another scope it was told %v", got)
			}
			if got := heardBy(t, foreign); len(got) != 0 {
				t.Errorf("who holds nothing was told %v", got)
			}
			frozen("freeze.started", "", "everything")
			if got, others := heardBy(t, own), heardBy(t, foreign); len(got) != 1 || len(others) != 1 {
				t.Errorf("of everything they were told %v and %v", got, others)
			}

			b.Exec("DELETE FROM webhook_deliveries")
			a := b.announces(models.Announcement{Kind: models.Maintenance, ServiceID: apptest.Service, TitleEN: "Quiet words", TextEN: "never-told"})
			b.Later(time.Second)
			runJob(t, b.World, "evidence")
			if _, err := b.App.Webhooks().Gather(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n, mine := b.Count("webhook_deliveries"), b.Count("webhook_deliveries WHERE webhook_id = '"+strings.TrimPrefix(hook, "/portal/webhooks/")+"'"); n != 251 || mine != 1 {
				t.Errorf("an announcement made %d messages, and %d for the one", n, mine)
			}
			if n := b.Count("webhook_deliveries WHERE body LIKE '%Quiet words%' OR body LIKE '%never-told%' OR body NOT LIKE '%" + a.ID + "%' OR body NOT LIKE '%\"kind\":\"maintenance\"%'"); n != 0 {
				t.Errorf("%d messages say what they should not, or not what they should", n)
			}
		})
	}
}
