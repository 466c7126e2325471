package app_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"postern/app/apptest"
	"postern/app/store/storetest"
	"postern/app/web"
	"postern/models"
)

var (
	tickedStep  = regexp.MustCompile(`(?s)<li class="is-done">.*?<span class="p-check-what">\s*<(?:a[^>]*|span)>([^<]+)<`)
	currentStep = regexp.MustCompile(`(?s)<li class="is-current">.*?<span class="p-check-what">\s*<(?:a[^>]*|span)>([^<]+)<`)
)

// ticked are the steps of the way that are done, and the one that is next.
func (b bank) ticked() (done []string, next string) {
	b.t.Helper()
	page := b.as("owner", "/portal", nil).Body.String()
	for _, found := range tickedStep.FindAllStringSubmatch(page, -1) {
		done = append(done, found[1])
	}
	if found := currentStep.FindStringSubmatch(page); found != nil {
		next = found[1]
	}
	return done, next
}

// The way to production is ticked by what the gateway has seen: each step by what a
// partner, the bank or a page does, and none by anybody's word.
func TestTheWayToProductionTicksItself(t *testing.T) {
	b := newBank(t, storetest.SQLiteConfig(t))
	b.Exec("UPDATE applications SET status = 'closed'") // as if the bank had only just taken the partner on
	b.Exec("DELETE FROM grants")
	b.Refresh()
	b.offers("loan.offer:read", true)
	b.live()
	count := func(application string, kind models.RollupKind, outcome string) {
		b.Exec(fmt.Sprintf(`INSERT INTO rollups (span, start, kind, application_id, service_id, route_id, outcome, node, count, duration_sum,
			duration_max, upstream_sum, upstream_max) VALUES ('hour', %d, '%s', '%s', '', '', '%s', 'n', 1, 0, 0, 0, 0)`, b.Clock.Now().UnixMilli()-1, kind, application, outcome))
	}
	made := ""
	for _, s := range []struct {
		does func()
		next string
	}{
		{func() {}, "Contacts on record"},
		{func() {
			b.Exec("INSERT INTO partner_contacts (partner_id, position, kind, name, phone, email) VALUES ('p_travel', 0, 'technical', 'A', '', 'a@b.example'), ('p_travel', 1, 'security', 'B', '', 'b@b.example')")
		}, "Application made"},
		{func() { made = b.ledTo("developer", "/portal/applications", newApplication("Coupons")) }, "Keys registered"},
		{func() {
			b.ledTo("developer", made+"/credentials", url.Values{"kind": {"sig"}, "key": {string(b.PublicJWK("new", "sig"))}})
		}, "Keys registered"},
		{func() {
			b.ledTo("developer", made+"/credentials", url.Values{"kind": {"enc"}, "key": {string(b.PublicJWK("new", "enc"))}})
		}, "Scope chosen"},
		{func() {
			b.ledTo("developer", "/portal/scopes/"+web.PathPart("loan.offer:read"), url.Values{"application": {strings.TrimPrefix(made, "/portal/applications/")}, "purpose": {"Offers"}})
		}, "Addresses listed"},
		{func() {
			page := b.as("developer", made+"/edit", nil).Body.String()
			seen := regexp.MustCompile(`name="seen" value="([^"]+)"`).FindStringSubmatch(page)
			form := newApplication("Coupons")
			form.Set("seen", seen[1])
			form.Set("addresses", "203.0.113.0/28")
			b.ledTo("developer", made+"/edit", form)
		}, "First AT received"},
		{func() { count(strings.TrimPrefix(made, "/portal/applications/"), models.RollupAT, "invalid_client") }, "First AT received"},
		{func() { count(strings.TrimPrefix(made, "/portal/applications/"), models.RollupAT, "ok") }, "First visit opened (VT)"},
		{func() { count(strings.TrimPrefix(made, "/portal/applications/"), models.RollupVT, "ok") }, "First sealed call answered"},
		{func() { count(strings.TrimPrefix(made, "/portal/applications/"), models.RollupCall, "ok") }, "Production requested"},
		{func() {
			form := newApplication("Live")
			form.Set("reason", "Our users wait for it.")
			b.ledTo("owner", "/portal/requests", form)
		}, "Approved by the bank"},
		{func() { b.Exec("UPDATE applications SET status = 'active' WHERE id = '" + apptest.Travel + "'") }, "First live visit"},
		{func() { count(apptest.Travel, models.RollupVT, "ok") }, ""},
	} {
		s.does()
		if done, next := b.ticked(); next != s.next {
			t.Fatalf("next is %q, want %q; done: %q", next, s.next, done)
		}
	}
	if done, _ := b.ticked(); len(done) != 12 {
		t.Errorf("done are %q", done)
	}
}
