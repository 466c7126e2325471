package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app/approval"
	"postern/app/apptest"
	"postern/app/bankfile"
	"postern/app/catalog"
	"postern/app/identity"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/models"
)

// bank has an officer and a reviewer beside an office.
type bank struct {
	*office
	officer, reviewer approval.By
}

func newBank(t *testing.T, db store.Config) bank {
	t.Helper()
	if testing.Short() {
		t.Skip("setting up so many persons takes long under the race detector, which others try")
	}
	o := newOffice(t, apptest.New(t, db, apptest.Options{}))
	links, err := o.App.Identity().SetUp(t.Context(), "test")
	if err != nil || len(links) != 2 {
		t.Fatal(links, err)
	}
	b := bank{office: o}
	for by, role := range map[*approval.By]models.StaffRole{&b.officer: models.OfficerRole, &b.reviewer: models.ReviewerRole} {
		link, err := o.App.Identity().Invite(t.Context(), "test", identity.Invitation{Login: string(role), Name: string(role), Roles: []models.StaffRole{role}})
		if err != nil {
			t.Fatal(err)
		}
		link.Account.Status = models.AccountActive
		o.Write(func(tx *store.Tx, _ int64) error { return tx.SaveAccount(link.Account) })
		*by = approval.By{Account: link.Account.ID, Person: link.Account.PersonID}
	}
	return b
}

func onBoth(t *testing.T, test func(*testing.T, bank)) {
	t.Helper()
	for name, config := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newBank(t, config(t)))
		})
	}
}

// ledTo is where a form led, without what the page says there.
func (o *office) ledTo(name, path string, form url.Values) string {
	o.t.Helper()
	rec := o.as(name, path, form)
	if rec.Code != http.StatusSeeOther {
		o.t.Fatalf("%s as %s: %d\n%.900s", path, name, rec.Code, rec.Body)
	}
	to, _, _ := strings.Cut(rec.Header().Get("Location"), "?")
	return to
}

func newApplication(name string) url.Values {
	return url.Values{"name": {name}, "auth_method": {"private_key_jwt"}, "address_mode": {"off"}, "return_addresses": {"lianhe://home"}}
}

// keepsCredentials registers, ends and keeps credentials of an application in the
// sandbox, as its developer.
func (b bank) keepsCredentials(path, id string) {
	t, list := b.t, path+"/credentials"
	t.Helper()
	refused := func(what, name, path string, form url.Values, want int) *httptest.ResponseRecorder {
		t.Helper()
		rec := b.as(name, path, form)
		if rec.Code != want {
			t.Errorf("%s: %d, want %d\n%.600s", what, rec.Code, want, rec.Body)
		}
		return rec
	}
	key := func(text string) url.Values { return url.Values{"kind": {string(models.SignatureKey)}, "key": {text}} }
	private := `{"kty":"EC","crv":"P-256","kid":"mine","use":"sig","x":"AA","y":"AA","d":"c2VjcmV0LXNlY3JldC1zZWNyZXQ"}`
	if rec := refused("a private key", "developer", list, key(private), http.StatusUnprocessableEntity); strings.Contains(rec.Body.String(), "c2VjcmV0") {
		t.Error("a private key comes back in the form")
	}
	refused("no key", "developer", list, key(""), http.StatusUnprocessableEntity)
	refused("a secret, where keys authenticate", "developer", list, url.Values{"kind": {string(models.ClientSecret)}}, http.StatusUnprocessableEntity)
	refused("by a viewer", "viewer", list, key(string(b.PublicJWK(id, "sig"))), http.StatusForbidden)
	refused("by another partner", "other", list, key(string(b.PublicJWK(id, "sig"))), http.StatusNotFound)
	refused("in production", "owner", "/portal/applications/"+apptest.Travel+"/credentials", key(string(b.PublicJWK(id, "sig"))), http.StatusForbidden)
	b.ledTo("developer", list, key(string(b.PublicJWK(id, "sig"))))
	once := string(b.PublicJWK(id, "sig"))
	for what, form := range map[string]url.Values{
		"the same key for the other use": {"kind": {"enc"}, "key": {strings.NewReplacer(`"sig"`, `"enc"`, `,"alg":"ES256"`, "").Replace(once)}},
		"the same key under another kid": key(strings.Replace(once, `"kid":"`, `"kid":"again-`, 1)),
	} {
		if rec := refused(what, "developer", list, form, http.StatusUnprocessableEntity); !strings.Contains(rec.Body.String(), "registered the same key already") {
			t.Errorf("%s is not named: %.3000s", what, rec.Body)
		}
	}

	page := b.as("developer", path, nil).Body.String()
	one := ""
	for _, found := range regexp.MustCompile(`href="(`+regexp.QuoteMeta(list)+`/[^"/]+)"`).FindAllStringSubmatch(page, -1) {
		if one = found[1]; one != list+"/new" {
			break
		}
	}
	end, keep, freeze, thaw := one+"/end", one+"/keep", one+"/freeze", one+"/thaw"
	if one == "" || !strings.Contains(b.as("developer", one, nil).Body.String(), end) || strings.Contains(b.as("viewer", one, nil).Body.String(), end) {
		t.Fatalf("the developer is not led to %q, or the viewer as well", end)
	}
	for _, action := range []string{"", "/end", "/freeze"} {
		foreign, unknown := b.as("other", one+action, nil), b.as("other", list+"/nothing"+action, nil)
		if foreign.Code != http.StatusNotFound || unpathed(foreign, one) != unpathed(unknown, list+"/nothing") {
			t.Errorf("%s of another partner: %d\n%s\n%s", action, foreign.Code, unpathed(foreign, one), unpathed(unknown, list+"/nothing"))
		}
	}
	refused("another partner's thaw", "other", thaw, url.Values{}, http.StatusNotFound)
	refused("the last one, frozen without a word", "developer", freeze, url.Values{}, http.StatusConflict)
	b.ledTo("developer", freeze, url.Values{"anyway": {"yes"}})
	if page := b.as("developer", one, nil).Body.String(); !strings.Contains(page, thaw) || !strings.Contains(page, "frozen") {
		t.Error("a frozen credential cannot be thawed")
	}
	b.ledTo("developer", thaw, url.Values{})
	refused("another partner's", "other", end, url.Values{"when": {"now"}}, http.StatusNotFound)
	refused("at another time", "developer", end, url.Values{"when": {"2099"}}, http.StatusUnprocessableEntity)
	b.ledTo("developer", end, url.Values{"when": {"24h"}, "anyway": {"yes"}})
	if page := b.as("developer", one, nil).Body.String(); !strings.Contains(page, keep) {
		t.Error("an end that has not come cannot be taken back")
	}
	b.ledTo("developer", keep, url.Values{})
	if page := b.as("developer", one, nil).Body.String(); strings.Contains(page, keep) {
		t.Error("the end was not taken back")
	}
	b.Exec(fmt.Sprintf("UPDATE credentials SET not_after = %[1]d, bank_end = %[1]d", b.Clock.Now().Add(72*time.Hour).UnixMilli())) // whoever has set an end, this one comes first
	refused("the last one, without a word", "developer", end, url.Values{"when": {"now"}}, http.StatusConflict)
	b.ledTo("developer", end, url.Values{"when": {"now"}, "anyway": {"yes"}})
	refused("once it is over", "developer", end, url.Values{"when": {"24h"}}, http.StatusNotFound)
	refused("back from its end", "developer", keep, url.Values{}, http.StatusNotFound)

	other := newApplication("By a secret")
	other.Set("auth_method", string(models.ClientSecretBasic))
	secrets := b.ledTo("developer", "/portal/applications", other)
	var shown []string
	for range selfservice.MaxCredentials {
		rec := refused("a secret", "developer", secrets+"/credentials", url.Values{"kind": {string(models.ClientSecret)}}, http.StatusOK)
		shown = append(shown, regexp.MustCompile(`[A-Za-z0-9_-]{43}`).FindAllString(rec.Body.String(), -1)...)
	}
	refused("one more", "developer", secrets+"/credentials", url.Values{"kind": {string(models.ClientSecret)}}, http.StatusConflict)
	page = b.as("developer", secrets, nil).Body.String()
	if len(shown) < selfservice.MaxCredentials {
		t.Errorf("%d secrets were shown", len(shown))
	}
	for _, secret := range shown {
		if strings.Contains(page, secret) {
			t.Errorf("shown again: %s", secret)
		}
	}
}

func TestASandboxIsThePartnersOwn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		path := b.ledTo("developer", "/portal/applications", newApplication("Lianhe test"))
		if !regexp.MustCompile(`^/portal/applications/app_test_[2-9a-z]{10}$`).MatchString(path) {
			t.Fatalf("made at %s", path)
		}
		id := strings.TrimPrefix(path, "/portal/applications/")
		if page := b.as("viewer", path, nil).Body.String(); !strings.Contains(page, id) || strings.Contains(page, path+"/edit") {
			t.Error("a viewer reads the application, and is offered nothing")
		}

		edit := formOf(t, b.as("developer", path+"/edit", nil).Body.String())
		edit.Set("name", "Lianhe trial")
		b.ledTo("developer", path+"/edit", edit)
		if rec := b.as("developer", path+"/edit", edit); rec.Code != http.StatusConflict {
			t.Errorf("the form from before the change: %d", rec.Code)
		}

		// What belongs to another partner, or to nobody, answers alike.
		for _, action := range []string{"", "/edit", "/close"} {
			foreign, unknown := b.as("other", path+action, nil), b.as("other", "/portal/applications/app_test_2222222222"+action, nil)
			if foreign.Code != http.StatusNotFound || unnamed(foreign) != unnamed(unknown) {
				t.Errorf("%s of another partner: %d\n%s\n%s", action, foreign.Code, unnamed(foreign), unnamed(unknown))
			}
		}
		if rec := b.as("other", path+"/close", url.Values{}); rec.Code != http.StatusNotFound {
			t.Errorf("another partner closes it: %d", rec.Code)
		}

		b.keepsCredentials(path, id)

		// An application that the bank has stopped does not come back by the partner.
		bad := newApplication("Bad")
		bad.Set("return_addresses", "javascript:alert(1)")
		if rec := b.as("developer", "/portal/applications", bad); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "javascript:alert(1)") {
			t.Errorf("a bad return address: %d", rec.Code)
		}
		b.ledTo("developer", path+"/close", url.Values{})
		if rec := b.as("developer", path+"/edit", nil); rec.Code != http.StatusNotFound {
			t.Errorf("a closed application is changed: %d", rec.Code)
		}
	})
}

// unnamed is a page without the ids in it: of the request, and of what was asked for.
func unnamed(rec *httptest.ResponseRecorder) string {
	return regexp.MustCompile(`01[0-9A-HJKMNP-TV-Z]{24}|01[0-9A-Z]{2}…[0-9A-Z]{4}|app_test_[2-9a-z]{10}`).ReplaceAllString(rec.Body.String(), "…")
}

// unpathed is unnamed without the address that was asked for.
func unpathed(rec *httptest.ResponseRecorder, path string) string {
	body := strings.NewReplacer(path, "…", url.QueryEscape(path), "…").Replace(rec.Body.String())
	return unnamed(&httptest.ResponseRecorder{Body: bytes.NewBufferString(body)})
}

// formOf are the fields of the page's form that has an edit of an application.
func formOf(t *testing.T, page string) url.Values {
	t.Helper()
	v := url.Values{"auth_method": {"private_key_jwt"}, "address_mode": {"off"}, "return_addresses": {"lianhe://home"}}
	m := regexp.MustCompile(`name="seen" value="([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no form in\n%.900s", page)
	}
	v.Set("seen", m[1])
	return v
}

func TestProductionIsAskedForAndGoesTheParcelsWay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		service, ctx := b.App.SelfService(), t.Context()
		live := newApplication("Lianhe live")
		if rec := b.as("developer", "/portal/requests", live); rec.Code != http.StatusForbidden {
			t.Errorf("who may not change production asks: %d", rec.Code)
		}
		b.led(b.as("owner", "/portal/team/"+b.ids["developer"], url.Values{"role": {"developer"}, "production": {"yes"}}), "/portal/team")
		if rec := b.as("developer", "/portal/requests", live); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "Lianhe live") {
			t.Errorf("without a reason: %d", rec.Code)
		}
		live.Set("reason", "Two thousand visits a day from December on.")
		path := b.ledTo("developer", "/portal/requests", live)
		if rec := b.as("other", path, nil); rec.Code != http.StatusNotFound {
			t.Errorf("another partner reads the request: %d", rec.Code)
		}
		if rec := b.as("other", path+"/reply", url.Values{"text": {"Let it pass."}}); rec.Code != http.StatusNotFound {
			t.Errorf("another partner answers: %d", rec.Code)
		}
		says := func(want string) {
			t.Helper()
			if page := b.as("viewer", path, nil).Body.String(); !strings.Contains(page, want) {
				t.Errorf("the request lacks %q", want)
			}
		}
		says("submitted")
		if rec := b.as("viewer", "/portal/requests?below=1", nil); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("a place that nobody handed out: %d", rec.Code)
		}

		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(service.Question(ctx, b.officer, 1, "Which addresses will you call from?"))
		says("question for you")
		says("Which addresses will you call from?")
		b.ledTo("developer", path+"/reply", url.Values{"text": {"From 203.0.113.0/28, by December."}})
		says("in review")

		out, err := service.Propose(ctx, b.officer, 1, "As the contract has it.")
		check(err)
		if out.Applied || out.Request == 0 {
			t.Fatalf("proposed: %+v", out)
		}
		if _, err := service.Propose(ctx, b.officer, 1, "Once more, please."); err == nil {
			t.Error("proposed twice")
		}
		r, _, err := b.App.Store().RequestByID(ctx, out.Request)
		check(err)
		verdict := approval.Verdict{Request: r.ID, ContentHash: r.ContentHash, PlanHash: r.PlanHash, Reason: "Compared with the contract."}
		if err := b.App.Approvals().Approve(ctx, b.officer, verdict); err == nil {
			t.Error("the officer approved alone")
		}
		if b.Count("applications") != 3 {
			t.Errorf("%d applications before anybody approved", b.Count("applications"))
		}
		check(b.App.Approvals().Approve(ctx, b.reviewer, verdict))
		says("approved")
		page := b.as("developer", "/portal/applications?world=production", nil).Body.String()
		if !regexp.MustCompile(`app_live_[2-9a-z]{10}`).MatchString(page) || !strings.Contains(page, "Lianhe live") {
			t.Error("the application is not there")
		}
		if rec := b.as("developer", path+"/withdraw", url.Values{}); rec.Code != http.StatusConflict {
			t.Errorf("withdrawn after all: %d", rec.Code)
		}
	})
}

// What the bank changed between the asking and the answer stays as the bank has it.
func TestAnAnswerTakesNothingBackThatTheBankChanged(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		service, ctx, live := b.App.SelfService(), t.Context(), "/portal/applications/"+apptest.Travel+"/edit"
		b.led(b.as("owner", "/portal/team/"+b.ids["developer"], url.Values{"role": {"developer"}, "production": {"yes"}}), "/portal/team")
		edit := formOf(t, b.as("developer", live, nil).Body.String())
		edit.Set("name", "Lianhe Travel, renewed")
		edit.Set("reason", "Our company has another name.")
		b.ledTo("developer", live, edit)
		b.Exec("UPDATE applications SET daily_quota = 77 WHERE id = '" + apptest.Travel + "'")
		out, err := service.Propose(ctx, b.officer, 1, "As the register has it.")
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := b.App.Store().RequestByID(ctx, out.Request)
		if err != nil {
			t.Fatal(err)
		}
		verdict := approval.Verdict{Request: r.ID, ContentHash: r.ContentHash, PlanHash: r.PlanHash, Reason: "Compared with the register."}

		// Whoever asked at the partner does not decide at the bank.
		asker := b.reviewer
		b.Exec("UPDATE partner_requests SET maker_person = '" + asker.Person + "'")
		if err := b.App.Approvals().Approve(ctx, asker, verdict); !errors.Is(err, approval.ErrOwn) {
			t.Errorf("who asked at the partner approved: %v", err)
		}
		b.Exec("UPDATE partner_requests SET maker_person = 'somebody'")
		if err := b.App.Approvals().Approve(ctx, b.reviewer, verdict); err != nil {
			t.Fatal(err)
		}
		var a partners.Application
		if err := b.App.Store().Business(ctx, func(read store.Business) (err error) {
			a, _, err = partners.ReadApplication(read, apptest.Travel)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if a.Name != "Lianhe Travel, renewed" || a.DailyQuota != 77 {
			t.Errorf("the application is %q with a quota of %d", a.Name, a.DailyQuota)
		}
	})
}

func TestWhatWasWithdrawnIsNotApproved(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		service, ctx := b.App.SelfService(), t.Context()
		b.led(b.as("owner", "/portal/team/"+b.ids["developer"], url.Values{"role": {"developer"}, "production": {"yes"}}), "/portal/team")
		live := newApplication("Lianhe live")
		live.Set("reason", "Two thousand visits a day from December on.")
		path := b.ledTo("developer", "/portal/requests", live)
		out, err := service.Propose(ctx, b.officer, 1, "As the contract has it.")
		if err != nil {
			t.Fatal(err)
		}
		b.ledTo("developer", path+"/withdraw", url.Values{})
		b.led(b.as("developer", path+"/withdraw", url.Values{}), path) // clicked twice
		r, _, err := b.App.Store().RequestByID(ctx, out.Request)
		if err != nil {
			t.Fatal(err)
		}
		err = b.App.Approvals().Approve(ctx, b.reviewer, approval.Verdict{Request: r.ID, ContentHash: r.ContentHash, PlanHash: r.PlanHash, Reason: "Compared with the contract."})
		if err == nil || b.Count("applications") != 3 {
			t.Errorf("approved what was withdrawn: %v, %d applications", err, b.Count("applications"))
		}
	})
}

// Whatever a partner's user sends, no more than the own sandbox moves.
func TestNothingButTheOwnSandboxChangesOnAPartnersWord(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		path := b.ledTo("developer", "/portal/applications", newApplication("Lianhe test"))
		var own partners.Application
		if err := b.App.Store().Business(t.Context(), func(r store.Business) (err error) {
			own, _, err = partners.ReadApplication(r, strings.TrimPrefix(path, "/portal/applications/"))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		with := func(change func(*partners.Application)) partners.Application {
			a := own
			change(&a)
			return a
		}
		anew := func(change func(*partners.Application)) partners.Application {
			return with(func(a *partners.Application) { a.ID = "app_test_2345678923"; change(a) })
		}
		submit := func(partner string, things ...any) error {
			content, err := bankfile.Compose(things...)
			if err != nil {
				t.Fatal(err)
			}
			_, err = b.App.Approvals().Submit(t.Context(), approval.By{Account: b.ids["developer"]}, approval.Ask{
				Kind: bankfile.Kind, Subject: "partner " + partner, Content: content, Reason: "Because I may.", Partner: partner,
			})
			return err
		}
		for name, things := range map[string][]any{
			"an application in production":  {anew(func(a *partners.Application) { a.Environment = models.Production })},
			"another partner's application": {anew(func(a *partners.Application) { a.Partner = "p_nanfeng" })},
			"a limit of its own":            {with(func(a *partners.Application) { a.CallRate = 10_000 })},
			"a longer life of its ATs":      {anew(func(a *partners.Application) { a.ATLifetime = 600 })},
			"a stop of its own":             {with(func(a *partners.Application) { a.Status = models.Suspended })},
			"the partner itself":            {partners.Partner{ID: "p_travel", Name: "Better", Status: models.Active}},
			"a grant":                       {partners.Grant{ID: "grt_own", Application: own.ID, Scope: "loan.offer:read", Purpose: "Because I may."}},
			"a scope":                       {catalog.Scope{ID: "loan.offer:read", Service: apptest.Service, Title: "More"}},
			"the own beside another's":      {with(func(a *partners.Application) { a.Name = "New" }), anew(func(a *partners.Application) { a.Environment = models.Production })},
		} {
			before := b.Count("events")
			if err := submit("p_travel", things...); !errors.Is(err, approval.ErrNotOwn) {
				t.Errorf("%s: %v", name, err)
			}
			if n := b.Count("events") - before; n != 0 {
				t.Errorf("%s left %d events", name, n)
			}
		}
		if err := submit("p_nanfeng", with(func(a *partners.Application) { a.Name = "New" })); !errors.Is(err, approval.ErrNotOwn) {
			t.Errorf("of another partner: %v", err)
		}
		if err := submit("p_travel", with(func(a *partners.Application) { a.Name = "New" })); err != nil {
			t.Errorf("the own name: %v", err)
		}
		b.Exec("UPDATE applications SET status = 'suspended' WHERE id = '" + own.ID + "'")
		if err := submit("p_travel", with(func(a *partners.Application) { a.Name = "New" })); !errors.Is(err, approval.ErrNotOwn) {
			t.Errorf("what the bank stopped came back: %v", err)
		}
	})
}
