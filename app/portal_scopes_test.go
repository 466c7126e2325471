package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/app/approval"
	"postern/app/apptest"
	"postern/app/bankfile"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/app/web"
	"postern/models"
)

// offers puts a scope into partners' catalogue, or takes it out.
func (b bank) offers(scope string, offered bool) {
	b.t.Helper()
	b.Write(func(tx *store.Tx, now int64) error {
		return tx.SaveScope(models.Scope{ID: scope, ServiceID: apptest.Service, Title: "Loan offers", Offered: offered}, now)
	})
	b.Refresh()
}

// grantsOf are the grants of an application.
func (b bank) grantsOf(application string) (list []models.Grant) {
	b.t.Helper()
	err := b.App.Store().Business(b.t.Context(), func(read store.Business) (err error) {
		list, err = read.GrantsOf([]string{application})
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// ends ends a grant on the bank's word.
func (b bank) ends(id string) {
	b.t.Helper()
	var g partners.Grant
	err := b.App.Store().Business(b.t.Context(), func(read store.Business) error {
		r, err := partners.Read(read, partners.Names{Partners: []string{}, Applications: []string{}, Credentials: []string{}, Grants: []string{id}})
		g, _ = r.Grants.Current(id)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	g.Ended = true
	content, err := bankfile.Compose(g)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.App.Approvals().Submit(b.t.Context(), b.officer, approval.Ask{Kind: bankfile.Kind, Subject: "partner p_travel", Content: content, Reason: "not for them"}); err != nil {
		b.t.Fatal(err)
	}
}

// A partner uses in its own sandbox what the bank offers, and nothing else; what the bank
// has ended there stays ended.
func TestAPartnerTakesInItsSandboxWhatIsOffered(t *testing.T) {
	onBoth(t, func(t *testing.T, b bank) {
		const scope = "loan.offer:read"
		b.offers(scope, true)
		made := b.ledTo("developer", "/portal/applications", newApplication("Coupons"))
		id := strings.TrimPrefix(made, "/portal/applications/")
		page, hidden := "/portal/scopes/"+web.PathPart(scope), "/portal/scopes/"+web.PathPart("me:read")
		form := url.Values{"application": {id}, "purpose": {"Offers in the app"}}

		list := b.as("viewer", "/portal/scopes", nil).Body.String()
		if !strings.Contains(list, page) || strings.Contains(list, "loan.basic:read") {
			t.Error("the catalogue has not what is offered, or more than that")
		}
		for what, c := range map[string]struct {
			as, path string
			form     url.Values
			want     int
		}{
			"a viewer takes":                        {"viewer", page, form, http.StatusForbidden},
			"of another partner":                    {"other", page, form, http.StatusUnprocessableEntity},
			"an application that is not there":      {"developer", page, url.Values{"application": {"nobody"}, "purpose": {"x"}}, http.StatusUnprocessableEntity},
			"one in production":                     {"developer", page, url.Values{"application": {apptest.Travel}, "purpose": {"x"}}, http.StatusUnprocessableEntity},
			"without a purpose":                     {"developer", page, url.Values{"application": {id}}, http.StatusUnprocessableEntity},
			"a scope that there is not":             {"developer", "/portal/scopes/" + web.PathPart("no:such"), form, http.StatusNotFound},
			"an address that is none":               {"developer", "/portal/scopes/!", form, http.StatusNotFound},
			"a developer without production, there": {"developer", page + "?world=production", url.Values{"application": {apptest.Travel}, "purpose": {"x"}}, http.StatusForbidden},
		} {
			if rec := b.as(c.as, c.path, c.form); rec.Code != c.want {
				t.Errorf("%s: %d, want %d\n%.400s", what, rec.Code, c.want, rec.Body)
			}
		}
		if held := b.grantsOf(id); len(held) != 0 {
			t.Fatalf("after refusals it holds %v", held)
		}

		b.ledTo("developer", page, form)
		held := b.grantsOf(id)
		if len(held) != 1 || held[0].ScopeID != scope || held[0].StartsAt == 0 {
			t.Fatalf("it holds %v", held)
		}
		if rec := b.as("developer", page, form); rec.Code != http.StatusConflict {
			t.Errorf("taken twice: %d", rec.Code)
		}
		give := "/portal/grants/" + web.PathPart(held[0].ID) + "/end"
		if page := b.as("developer", made, nil).Body.String(); !strings.Contains(page, give) || !strings.Contains(page, "not used yet") {
			t.Error("the application's page does not lead to giving it back, or says that it was used")
		}
		foreign, unknown := b.as("other", give, nil), b.as("other", "/portal/grants/"+web.PathPart("nothing")+"/end", nil)
		if foreign.Code != http.StatusNotFound || unpathed(foreign, give) != unpathed(unknown, "/portal/grants/"+web.PathPart("nothing")+"/end") {
			t.Errorf("another partner's grant: %d\n%s\n%s", foreign.Code, foreign.Body, unknown.Body)
		}
		if rec := b.as("viewer", give, url.Values{}); rec.Code != http.StatusForbidden {
			t.Errorf("given back by a viewer: %d", rec.Code)
		}
		b.ledTo("developer", give, url.Values{})
		if g := b.grantsOf(id)[0]; g.EndedAt == 0 || g.EndedBy != models.PartnerSide {
			t.Errorf("given back, it is %+v", g)
		}
		b.ledTo("developer", page, form) // its own word can be taken back
		for _, g := range b.grantsOf(id) {
			if g.EndedAt == 0 {
				b.ends(g.ID)
			}
		}
		if rec := b.as("developer", page, form); rec.Code != http.StatusConflict && rec.Code != http.StatusForbidden {
			t.Errorf("taken again what the bank has ended: %d", rec.Code)
		}

		often := strings.TrimPrefix(b.ledTo("developer", "/portal/applications", newApplication("Often")), "/portal/applications/")
		form.Set("application", often)
		for range 20 {
			b.ledTo("developer", page, form)
			for _, g := range b.grantsOf(often) {
				if g.EndedAt == 0 {
					b.ledTo("developer", "/portal/grants/"+web.PathPart(g.ID)+"/end", url.Values{})
				}
			}
		}
		if rec := b.as("developer", page, form); rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "twenty times") {
			t.Errorf("taken for ever: %d", rec.Code)
		}

		b.offers(scope, false)
		if rec := b.as("other", page, nil); rec.Code != http.StatusNotFound || unpathed(rec, page) != unpathed(b.as("other", hidden, nil), hidden) {
			t.Errorf("a scope that is not offered can be told from one that is none: %d", rec.Code)
		}
	})
}

// In production the bank decides: the request becomes a change request, which two persons
// of the bank let take effect; what is given back ends at once.
func TestAPartnerAsksForAScopeInProduction(t *testing.T) {
	onBoth(t, func(t *testing.T, b bank) {
		const scope = "loan.basic:read"
		b.live()
		b.offers(scope, true)
		page := "/portal/scopes/" + web.PathPart(scope) + "?world=production"
		form := url.Values{"application": {apptest.Travel}, "purpose": {"That there is an offer"}, "ends": {"2027-06-30"}, "reason": {"A line on the first screen."}}
		if rec := b.as("owner", page, url.Values{"application": {apptest.Travel}, "purpose": {"x"}, "ends": {"soon"}, "reason": {"why"}}); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), `value="x"`) {
			t.Errorf("an end that is no day: %d", rec.Code)
		}
		before := len(b.grantsOf(apptest.Travel))
		request := b.ledTo("owner", page, form)
		if said := b.as("viewer", request, nil).Body.String(); !strings.Contains(said, scope) || !strings.Contains(said, "That there is an offer") {
			t.Error("the request does not say what it asks for")
		}
		if len(b.grantsOf(apptest.Travel)) != before {
			t.Fatal("it was granted by asking")
		}
		list, err := b.App.Store().PartnerRequests(t.Context(), "p_travel", 0, 5)
		if err != nil || len(list) == 0 {
			t.Fatal(list, err)
		}
		out, err := b.App.SelfService().Propose(t.Context(), b.officer, list[0].ID, "as they say")
		if err != nil {
			t.Fatal(err)
		}
		asked, _, err := b.App.Store().RequestByID(t.Context(), out.Request)
		if err == nil {
			err = b.App.Approvals().Approve(t.Context(), b.reviewer, approval.Verdict{Request: asked.ID, ContentHash: asked.ContentHash, PlanHash: asked.PlanHash, Reason: "Compared with the contract."})
		}
		if err != nil {
			t.Fatal(err)
		}
		var g models.Grant
		for _, row := range b.grantsOf(apptest.Travel) {
			if row.ScopeID == scope {
				g = row
			}
		}
		if g.ID == "" || g.EndsAt == 0 || g.ApprovedBy == "" {
			t.Fatalf("granted: %+v", g)
		}
		if rec := b.as("owner", page, form); rec.Code != http.StatusConflict {
			t.Errorf("asked for what it holds: %d", rec.Code)
		}
		give := "/portal/grants/" + web.PathPart(g.ID) + "/end"
		if rec := b.as("viewer", give, url.Values{}); rec.Code != http.StatusForbidden {
			t.Errorf("given back by who has no right in production: %d", rec.Code)
		}
		b.ledTo("owner", give, url.Values{})
		if rec := b.as("owner", give, url.Values{}); rec.Code != http.StatusNotFound {
			t.Errorf("given back twice: %d", rec.Code)
		}
	})
}

// What is held and was not used for 90 days is pointed out, from the counts of routes.
func TestAScopeThatIsNotUsedIsPointedOut(t *testing.T) {
	b := newBank(t, storetest.SQLiteConfig(t))
	page := "/portal/scopes/" + web.PathPart("loan.offer:read") + "?world=production"
	b.Write(func(tx *store.Tx, now int64) error {
		return tx.SaveGrant(models.Grant{ID: "g1", ApplicationID: apptest.Travel, ScopeID: "loan.offer:read", Purpose: "p", StartsAt: now - 100*24*3600*1000}, now)
	})
	if said := b.as("owner", page, nil).Body.String(); !strings.Contains(said, "not used for 90 days") {
		t.Error("nothing is said of a scope that nobody uses")
	}
	for _, c := range []struct{ outcome, words string }{{"not_permitted", "not used for 90 days"}, {"ok", "Last used"}} {
		b.Exec(fmt.Sprintf(`INSERT INTO rollups (span, start, kind, application_id, service_id, route_id, outcome, node, count, duration_sum,
			duration_max, upstream_sum, upstream_max) VALUES ('day', %d, 'call', '%s', '%s', 'offers', '%s', '', 1, 0, 0, 0, 0)`,
			b.Clock.Now().Add(-24*time.Hour).UnixMilli(), apptest.Travel, apptest.Service, c.outcome))
		if said := b.as("owner", page, nil).Body.String(); !strings.Contains(said, c.words) {
			t.Errorf("after calls that end as %s it does not say %q", c.outcome, c.words)
		}
	}
}
