package app_test

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/app/approval"
	"postern/app/apptest"
	"postern/app/bankfile"
	"postern/app/selfservice"
	"postern/app/web"
	"postern/models"
)

const liveTravel = "/portal/applications/" + apptest.Travel

// live lets the owner and the developer change what is in production: the one by the
// bank, the other by the owner.
func (b bank) live() {
	b.t.Helper()
	b.Exec("UPDATE members SET production = TRUE WHERE account_id = '" + b.ids["owner"] + "'")
	b.led(b.as("owner", "/portal/team/"+b.ids["developer"], url.Values{"role": {"developer"}, "production": {"yes"}}), "/portal/team")
}

// keyed is a form with a key of a name.
func (b bank) keyed(name, reason string) url.Values {
	return url.Values{"kind": {"sig"}, "key": {string(b.PublicJWK(name, "sig"))}, "reason": {reason}}
}

// asks asks for an AT of Travel's with an assertion that a key of a name has signed.
func (b bank) asks(name string) *httptest.ResponseRecorder {
	b.t.Helper()
	form, now := b.TokenForm(apptest.Travel), b.Clock.Now().Unix()
	form.Set("client_assertion", b.SignWith(name, "sig", "JWT", map[string]any{
		"iss": apptest.Travel, "sub": apptest.Travel, "aud": apptest.Issuer, "jti": apptest.NewID(), "exp": now + 60,
	}))
	return b.PostForm("/oauth/token", form)
}

func (b bank) gets(name string, want int) {
	b.t.Helper()
	b.Refresh()
	if rec := b.asks(name); rec.Code != want {
		b.t.Errorf("an AT by %s: %d, want %d: %s", name, rec.Code, want, rec.Body)
	}
	b.Later(time.Second)
}

// stale has the proof of whoever is signed in be too old.
func (b bank) stale(name string) {
	b.Exec("UPDATE sessions SET verified_at = 0 WHERE account_id = '" + b.ids[name] + "'")
}

func (b bank) wants(what string, rec *httptest.ResponseRecorder, want int) {
	b.t.Helper()
	if rec.Code != want {
		b.t.Errorf("%s: %d, want %d\n%.900s", what, rec.Code, want, rec.Body)
	}
}

// credentialOf is the address of the credential of Travel's whose kid is a name's.
func (b bank) credentialOf(name string) string {
	b.t.Helper()
	page := b.as("owner", liveTravel, nil).Body.String()
	m := regexp.MustCompile(`href="(`+liveTravel+`/credentials/[^"/]+)"`).FindAllStringSubmatch(page, -1)
	for _, found := range m {
		if strings.Contains(b.as("owner", found[1], nil).Body.String(), ">"+name+"-sig<") {
			return found[1]
		}
	}
	b.t.Fatalf("no credential %s in\n%.2000s", name, page)
	return ""
}

func TestAFurtherCredentialInProductionIsAnOwnersToAdd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		list := liveTravel + "/credentials"
		b.wants("before production is the owner's", b.as("owner", list, b.keyed("further", "")), http.StatusForbidden)
		b.live()
		b.wants("a developer adds", b.as("developer", list, b.keyed("further", "")), http.StatusForbidden)
		b.wants("another partner", b.as("other", list, b.keyed("further", "")), http.StatusNotFound)
		b.stale("owner")
		b.wants("without a proof", b.as("owner", list, b.keyed("further", "")), http.StatusUnprocessableEntity)
		b.gets("further", http.StatusUnauthorized)
		b.proves("owner")
		if to := b.ledTo("owner", list, b.keyed("further", "")); to != liveTravel {
			t.Errorf("led to %s", to)
		}
		b.gets("further", http.StatusOK)
		b.gets(apptest.Travel, http.StatusOK)
		told := b.Count("deliveries WHERE news = 'decided'")
		if n := b.Count("partner_requests WHERE inside AND state = 'approved'"); n != 1 || told != b.mailed() {
			t.Errorf("%d on record, the bank was told %d times", n, told)
		}
		if page := b.as("viewer", "/portal/requests/1", nil).Body.String(); !strings.Contains(page, "took effect") || !strings.Contains(page, "further-sig") {
			t.Errorf("the request says\n%.1500s", page)
		}

		// Which server uses which, once it has been written down.
		if err := b.App.FlushUses(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"further": "1 request since ", apptest.Travel: "1 request since "} {
			if page := b.as("viewer", b.credentialOf(name), nil).Body.String(); !strings.Contains(page, want) || !strings.Contains(page, "192.0.2.1") {
				t.Errorf("of %s the page says\n%.3000s", name, page)
			}
		}

		// Old and new stand side by side until the end, to the second.
		old := b.credentialOf(apptest.Travel)
		b.wants("a viewer ends", b.as("viewer", old+"/end", url.Values{"when": {"1h"}}), http.StatusForbidden)
		b.wants("another partner ends", b.as("other", old+"/end", url.Values{"when": {"1h"}}), http.StatusNotFound)
		b.ledTo("developer", old+"/end", url.Values{"when": {"1h"}})
		b.wants("a developer takes it back", b.as("developer", old+"/keep", url.Values{}), http.StatusForbidden)
		b.ledTo("owner", old+"/keep", url.Values{})
		b.ledTo("owner", old+"/end", url.Values{"when": {"1h"}})
		b.Later(time.Hour - 10*time.Second)
		b.gets(apptest.Travel, http.StatusOK)
		b.Later(10 * time.Second)
		b.gets(apptest.Travel, http.StatusUnauthorized)
		b.gets("further", http.StatusOK)
		if reasons := b.Count("events WHERE reason = 'key_ended'"); reasons != 1 {
			t.Errorf("%d refusals say that the key has ended", reasons)
		}

		// Now it is the last.
		b.proves("owner")
		b.proves("developer")
		further := b.credentialOf("further")
		rec := b.as("owner", further+"/end", url.Values{"when": {"24h"}})
		if b.wants("the last one", rec, http.StatusConflict); !strings.Contains(rec.Body.String(), "no visit can begin") {
			t.Error("nobody is told what stops")
		}
		b.wants("frozen, the last one", b.as("developer", further+"/freeze", url.Values{}), http.StatusConflict)
		b.ledTo("developer", further+"/freeze", url.Values{"anyway": {"yes"}})
		b.gets("further", http.StatusUnauthorized)
		b.wants("a developer thaws", b.as("developer", further+"/thaw", url.Values{}), http.StatusForbidden)
		b.wants("none works: the first is the bank's", b.as("owner", list, b.keyed("third", "")), http.StatusUnprocessableEntity)
		b.ledTo("owner", further+"/thaw", url.Values{})
		b.gets("further", http.StatusOK)
		if reasons := b.Count("events WHERE reason = 'key_frozen'"); reasons != 1 {
			t.Errorf("%d refusals say that the key is frozen", reasons)
		}

		// What the bank has frozen or ended no partner brings back.
		b.ledTo("developer", further+"/freeze", url.Values{"anyway": {"yes"}})
		b.applies("credentials: [{id: " + web.FromPathPart(path.Base(further)) + ", frozen: bank}]")
		b.wants("the bank's ice over the partner's", b.as("owner", further+"/thaw", url.Values{}), http.StatusForbidden)
	})
}

func TestWhereAPartnerHasChosenSoASecondMemberConfirms(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		list := liveTravel + "/credentials"
		b.Exec("UPDATE members SET production = TRUE WHERE account_id = '" + b.ids["owner"] + "'")
		b.wants("one member alone", b.as("owner", "/portal/team/second", url.Values{"second": {"on"}}), http.StatusConflict)
		b.live()
		b.wants("a developer", b.as("developer", "/portal/team/second", url.Values{"second": {"on"}}), http.StatusForbidden)
		b.ledTo("owner", "/portal/team/second", url.Values{"second": {"on"}})

		path := b.ledTo("owner", list, b.keyed("further", ""))
		if path != "/portal/requests/1" {
			t.Fatalf("led to %s", path)
		}
		b.gets("further", http.StatusUnauthorized)
		if n := b.Count("deliveries WHERE news = 'confirm'"); n != 1 && b.mailed() > 0 {
			t.Errorf("%d members were told", n)
		}
		b.wants("who asked confirms", b.as("owner", path+"/confirm", url.Values{}), http.StatusForbidden)
		b.wants("a viewer confirms", b.as("viewer", path+"/confirm", url.Values{}), http.StatusForbidden)
		b.wants("another partner confirms", b.as("other", path+"/confirm", url.Values{}), http.StatusForbidden)
		b.Exec("UPDATE members SET production = TRUE WHERE account_id = '" + b.ids["other"] + "'")
		b.wants("another partner's owner confirms", b.as("other", path+"/confirm", url.Values{}), http.StatusNotFound)
		if _, err := b.App.SelfService().Propose(t.Context(), b.officer, 1, "As they wish."); err == nil {
			t.Error("the bank answers what is not its own")
		}
		if err := b.App.SelfService().Decline(t.Context(), b.officer, 1, "As they wish."); err == nil {
			t.Error("the bank declines what is not its own")
		}
		b.stale("developer")
		rec := b.as("developer", path+"/confirm", url.Values{})
		if b.wants("without a proof", rec, http.StatusSeeOther); !strings.HasPrefix(rec.Header().Get("Location"), "/portal/verify") {
			t.Errorf("led to %s", rec.Header().Get("Location"))
		}
		b.proves("developer")
		b.Exec("UPDATE members SET production = FALSE WHERE account_id = '" + b.ids["owner"] + "'")
		b.wants("for somebody who may not change production any more", b.as("developer", path+"/confirm", url.Values{}), http.StatusConflict)
		b.Exec("UPDATE members SET production = TRUE WHERE account_id = '" + b.ids["owner"] + "'")
		b.ledTo("developer", path+"/confirm", url.Values{})
		b.gets("further", http.StatusOK)
		b.wants("once more", b.as("developer", path+"/confirm", url.Values{}), http.StatusConflict)
		if page := b.as("viewer", path, nil).Body.String(); !strings.Contains(page, "Confirmed by") || !strings.Contains(page, "developer") {
			t.Error("the request does not say who confirmed it")
		}

		// What was narrowed since does not come back with what was asked before.
		one := b.credentialOf("further")
		b.ledTo("developer", one+"/freeze", url.Values{})
		thaw := b.ledTo("owner", one+"/thaw", url.Values{})
		b.ledTo("developer", one+"/end", url.Values{"when": {"1h"}})
		b.wants("thawed behind its end", b.as("developer", thaw+"/confirm", url.Values{}), http.StatusConflict)

		// To do without takes two as well.
		b.wants("agreed to what nobody asked", b.as("developer", "/portal/team/second/drop", url.Values{}), http.StatusConflict)
		b.ledTo("owner", "/portal/team/second", url.Values{"second": {"off"}})
		b.wants("who asked agrees", b.as("owner", "/portal/team/second/drop", url.Values{}), http.StatusConflict)
		b.ledTo("owner", "/portal/team/second", url.Values{"second": {"stay"}})
		b.ledTo("owner", "/portal/team/second", url.Values{"second": {"off"}})
		b.ledTo("developer", "/portal/team/second/drop", url.Values{})
		b.ledTo("owner", list, b.keyed("third", ""))
		b.gets("third", http.StatusOK)
	})
}

func TestWhatMembersAskedOfEachOtherIsNotConfirmedBeyondTheRoomThereIs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		b.live()
		b.Exec("UPDATE partners SET second_member = TRUE WHERE id = 'p_travel'")
		has := b.Count("credentials WHERE application_id = '" + apptest.Travel + "'")
		var asked []string
		for i := range selfservice.MaxCredentials - has + 1 {
			asked = append(asked, b.ledTo("owner", liveTravel+"/credentials", b.keyed("further"+strconv.Itoa(i), "")))
		}
		for _, path := range asked[1:] {
			b.ledTo("developer", path+"/confirm", url.Values{})
		}
		rec := b.as("developer", asked[0]+"/confirm", url.Values{})
		if b.wants("one too many", rec, http.StatusConflict); !strings.Contains(rec.Body.String(), "as many credentials as it can have") {
			t.Errorf("it says\n%.1500s", rec.Body)
		}
	})
}

func TestTheFirstCredentialOfAKindIsTheBanksToApprove(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		list, ctx := liveTravel+"/credentials", t.Context()
		b.live()
		b.Exec("UPDATE credentials SET revoked_at = 1 WHERE application_id = '" + apptest.Travel + "' AND use = 'sig'")
		b.Refresh()
		b.wants("without a reason", b.as("developer", list, b.keyed("first", "")), http.StatusUnprocessableEntity)
		path := b.ledTo("developer", list, b.keyed("first", "Our first signing key."))
		b.gets("first", http.StatusUnauthorized)
		b.wants("the team confirms it", b.as("owner", path+"/confirm", url.Values{}), http.StatusNotFound)
		out, err := b.App.SelfService().Propose(ctx, b.officer, 1, "As the contract has it.")
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := b.App.Store().RequestByID(ctx, out.Request)
		if err != nil {
			t.Fatal(err)
		}
		verdict := approval.Verdict{Request: r.ID, ContentHash: r.ContentHash, PlanHash: r.PlanHash, Reason: "Compared with the contract."}
		if err := b.App.Approvals().Approve(ctx, b.officer, verdict); !errors.Is(err, approval.ErrOwn) {
			t.Errorf("the officer approves alone: %v", err)
		}
		b.gets("first", http.StatusUnauthorized)
		if err := b.App.Approvals().Approve(ctx, b.reviewer, verdict); err != nil {
			t.Fatal(err)
		}
		b.gets("first", http.StatusOK)
		if page := b.as("viewer", path, nil).Body.String(); !strings.Contains(page, "approved") || !strings.Contains(page, "first-sig") {
			t.Error("the request does not say that it was approved")
		}
	})
}

// mailed is how many of the staff are told of what partners do: none where no mail is set up.
func (b bank) mailed() int {
	return b.Count("accounts WHERE realm = '" + string(models.StaffRealm) + "' AND email <> ''")
}

// proves has whoever is signed in prove it anew.
func (b bank) proves(name string) {
	b.t.Helper()
	now := strconv.FormatInt(b.Clock.Now().UnixMilli(), 10)
	b.Exec("UPDATE sessions SET verified_at = " + now + ", seen_at = " + now + " WHERE account_id = '" + b.ids[name] + "'")
}

// applies has the bank apply a file.
func (b bank) applies(entries string) {
	b.t.Helper()
	document, err := bankfile.Read("change.yaml", []byte(entries), nil)
	if err == nil {
		_, err = document.Apply(b.t.Context(), b.App.Store(), bankfile.Options{Now: b.Clock.Now()}, rand.Reader)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.Refresh()
}
