package app_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/selfservice"
	"postern/app/trial"
	"postern/models"
)

const trying = "/portal/applications/" + sandboxApp + "/try"

// trier is a partner's developer who tries visits.
type trier struct {
	*office
	turn string // as the page has it
}

func newTrier(t *testing.T, w *apptest.World) *trier {
	t.Helper()
	if testing.Short() {
		t.Skip("setting up so many persons takes long under the race detector, which others try")
	}
	return &trier{office: newOffice(t, w)}
}

// stays looks at the page for so long, as somebody does whose session goes on.
func (o *trier) stays(d time.Duration) {
	o.t.Helper()
	for ; d > 0; d -= 5 * time.Minute {
		o.Later(5 * time.Minute)
		o.sees("")
	}
}

var turnIn = regexp.MustCompile(`name="turn" value="(\d+)"`)

// sees reads the page, and what it was read at.
func (o *trier) sees(query string) string {
	o.t.Helper()
	rec := o.as("developer", trying+query, nil)
	if rec.Code != http.StatusOK {
		o.t.Fatalf("the page answers %d\n%.600s", rec.Code, rec.Body)
	}
	page := rec.Body.String()
	o.turn = turnIn.FindStringSubmatch(page)[1]
	return page
}

// does takes a step from the page as it is now, and sees what comes of it.
func (o *trier) does(act string, fields url.Values) string {
	o.t.Helper()
	o.sees("")
	form := url.Values{"act": {act}, "turn": {o.turn}}
	for name, values := range fields {
		form[name] = values
	}
	rec := o.as("developer", trying, form)
	if rec.Code != http.StatusSeeOther {
		o.t.Fatalf("%s: %d\n%.900s", act, rec.Code, rec.Body)
	}
	return o.sees(strings.TrimPrefix(rec.Header().Get("Location"), trying))
}

var wanted = url.Values{"service": {apptest.Service}, "subject": {"user-7781"}}

func offers(path string) url.Values {
	return url.Values{"route": {"GET /loans/offers"}, "path": {path}}
}

func (o *trier) shows(what, page string, want ...string) {
	o.t.Helper()
	for _, text := range want {
		if !strings.Contains(page, text) {
			o.t.Errorf("%s: the page lacks %s", what, text)
		}
	}
}

func TestAVisitIsTriedStepByStep(t *testing.T) {
	t.Parallel()
	each(t, seeded(echoSeed), func(t *testing.T, w *apptest.World) {
		o := newTrier(t, w)
		credentials := w.Count("credentials")
		o.shows("before", o.sees(""), "Next: Ask for an AT", apptest.Service, "account.balance:read")
		o.shows("B", o.does("B", wanted), "Your back end asks for an AT", "p-code-wrapped", "&#34;cty&#34;", "at+jwe", "&#34;ak&#34;", "Next: Open the page")
		if n := w.Count("credentials WHERE id LIKE 'try-it-%' AND not_after > 0") - 2; n != 0 || w.Count("credentials") != credentials+2 {
			t.Errorf("a trial has %d credentials more or less than two", n)
		}
		o.shows("C", o.does("C", nil), "#at=", "Next: Exchange AT for VT")
		w.Restart() // what is on goes on
		o.shows("D", o.does("D", nil), "vt-req+jwe", "vt-resp+jwe", "&#34;client_name&#34;", "us****81", "/portal/visits/", "Next: Call the bank", "so the second part is empty")
		o.shows("E", o.sees("?step=E"), "K_down", "h5-access/v1 up")
		page := o.does("G", offers(""))
		o.shows("G", page, "call+jwe", "reply+jwe", "138****6027", "Call again")
		if strings.Contains(page, "310101199001011234") {
			t.Error("a field that the scopes drop is shown")
		}
		o.shows("a refusal", o.does("G", offers("/nothing")), "no_route", "no_route")
		o.shows("a renewal", o.does("renew", nil), "renew+jwe", "vt-resp+jwe")
		o.shows("with the fresh VT", o.does("G", offers("")), "138****6027")
		o.shows("a close", o.does("close", nil), "close+jwe", "&#34;status&#34;", "Next: Ask for an AT")
		for _, kind := range []string{"at.issued", "vt.issued", "visit.closed"} {
			if w.Count("events WHERE kind = '"+kind+"' AND application_id = '"+sandboxApp+"'") != 1 {
				t.Errorf("the ledger has not one %s", kind)
			}
		}
		o.led(o.as("developer", trying, url.Values{"act": {"over"}}), trying)
		if w.Count("trials") != 0 || w.Count("credentials WHERE id LIKE 'try-it-%' AND revoked_at > 0") != 2 {
			t.Error("what a trial had is not over with it")
		}
		w.Refresh()
		w.AT(sandboxApp, nil) // the partner's own server was and is served
	})
}

func TestATrialTakesNothingFromThePartnersServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	o := newTrier(t, w)
	o.does("B", wanted)
	w.AT(sandboxApp, nil) // opened with the partner's own key
	list, err := w.App.Store().EndingOf(t.Context(), "p_travel", w.Clock.Now().UnixMilli(), 10)
	if err != nil || len(list) != 0 {
		t.Errorf("the partner is told that a trial ends: %v, %v", list, err)
	}
	if n := w.Count("application_sources WHERE application_id = '" + sandboxApp + "'"); n > 1 {
		t.Errorf("%d addresses count as the partner's servers", n)
	}
	o.stays(trial.Lasts)
	o.shows("once it has ended", o.sees("?step=B"), "Next: Ask for an AT")
	if rec := o.as("developer", trying, url.Values{"act": {"C"}, "turn": {o.turn}}); rec.Code != http.StatusConflict {
		t.Errorf("a step of a trial that has ended answers %d", rec.Code)
	}
	for i := range selfservice.MaxCredentials { // as many of its own as there can be leave room for trials
		w.Exec(fmt.Sprintf("INSERT INTO credentials (id, application_id, use, kid, public_jwk, thumbprint, secret_hash, not_before, not_after, bank_end, frozen, warned_at, revoked_at, created_at) "+
			"VALUES ('own-%[1]d', '%[2]s', 'secret', '', '', '', 'own-%[1]d', 0, 0, 0, '', 0, 0, 0)", i, sandboxApp))
	}
	o.does("B", wanted) // begins anew
}

// What the portal made for a trial is no key of the partner's: samples of code do not
// name it, and it ticks nothing.
func TestATrialsKeysAreNotThePartners(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	o := newTrier(t, w)
	o.does("B", wanted)
	w.Exec("DELETE FROM credentials WHERE application_id = '" + sandboxApp + "' AND id NOT LIKE 'try-it-%'")
	w.Refresh()
	for _, path := range []string{strings.TrimSuffix(trying, "/try") + "/code?in=node", "/portal"} {
		if rec := o.as("developer", path, nil); rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), "try-it-") {
			t.Errorf("%s answers %d, or names a key of a trial", path, rec.Code)
		}
	}
}

func TestOfTwoTabsOneTakesTheStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	o := newTrier(t, w)
	o.does("B", wanted)
	o.does("C", nil)
	o.sees("")
	form := url.Values{"act": {"D"}, "turn": {o.turn}}
	o.led(o.as("developer", trying, form), trying)
	if rec := o.as("developer", trying, form); rec.Code != http.StatusConflict {
		t.Errorf("the other tab is answered %d", rec.Code)
	}
	if n := w.Count("events WHERE alarm"); n != 0 {
		t.Error("two tabs spent an AT twice")
	}
	o.shows("the visit", o.does("G", offers("")), "138****6027")
}

func TestATrialIsSealedAtRest(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	w := newWorld(t, apptest.Options{Seed: echoSeed, Config: func(c *app.Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) }})
	o := newTrier(t, w)
	o.does("B", wanted)
	o.does("C", nil)
	page := o.does("D", nil)
	var state string
	db := w.Database()
	defer db.Close()
	if err := db.QueryRow("SELECT state FROM trials").Scan(&state); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{`"d"`, "messages", "vt-resp", "eyJ0eXAi", apptest.Service} {
		if strings.Contains(state, secret) {
			t.Errorf("%s stands in the row", secret)
		}
	}
	if long := regexp.MustCompile(`[A-Za-z0-9_-]{200,}`).FindString(page + string(log.text())); long != "" {
		t.Errorf("a whole token is shown, or logged: %.40s…", long)
	}
	w.Exec("UPDATE trials SET account_id = '" + o.ids["owner"] + "'") // somebody who can write rows takes it
	if rec := o.as("owner", trying, nil); rec.Code != http.StatusInternalServerError {
		t.Errorf("a trial that was moved to another account answers %d", rec.Code)
	}
}

func TestTriesAndWeatherAreOfOnesOwnSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	o := newTrier(t, w)
	raise := url.Values{"kind": {"spent_at"}, "on": {"yes"}}
	for _, path := range []string{"/try", "/try/weather"} {
		forms := []url.Values{{"act": {"B"}, "service": {apptest.Service}}}
		if path == "/try" {
			forms = append(forms, nil)
		} else {
			forms = []url.Values{raise}
		}
		for _, form := range forms {
			unknown := o.as("other", "/portal/applications/nothing"+path, form)
			foreign := o.as("other", "/portal/applications/"+sandboxApp+path, form)
			if foreign.Code != http.StatusNotFound || unpathed(foreign, "/portal/applications/"+sandboxApp) != unpathed(unknown, "/portal/applications/nothing") {
				t.Errorf("%s of another partner is answered %d, unlike one that there is not", path, foreign.Code)
			}
			if rec := o.as("viewer", "/portal/applications/"+sandboxApp+path, form); rec.Code != http.StatusForbidden {
				t.Errorf("%s as a viewer: %d", path, rec.Code)
			}
			if rec := o.as("owner", "/portal/applications/"+apptest.Travel+path, form); rec.Code != http.StatusNotFound && rec.Code != http.StatusForbidden {
				t.Errorf("%s in production: %d", path, rec.Code)
			}
		}
	}
	if rec := o.as("owner", trying+"/weather", url.Values{"kind": {"hail"}, "on": {"yes"}}); rec.Code != http.StatusNotFound {
		t.Errorf("weather that there is not: %d", rec.Code)
	}
	if w.Count("weather") != 0 || w.Count("trials") != 0 {
		t.Error("something was begun, or raised")
	}

	o.does("B", wanted)
	o.does("C", nil)
	o.led(o.as("developer", trying+"/weather?step=C", raise), trying+"?step=C")
	o.shows("weather", o.sees(""), `aria-checked="true"`, "1 of 8 on", "AT already spent is on.")
	o.shows("D in bad weather", o.does("D", nil), "409", "error+jwe", "at_spent", "Your team has put bad weather", "Forget h5_url", "Content-Type")
	if got := exchanges(w, sandboxApp); !strings.Contains(got, "at_spent") {
		t.Errorf("the partner's own page does not feel it: %s", got)
	}
	o.as("developer", trying+"/weather", url.Values{"kind": {"spent_at"}, "on": {"no"}})
	o.shows("D in good weather", o.does("D", nil), "200", "vt-resp+jwe")
	if !o.recorded("p_travel", "weather.raised") || !o.recorded("p_travel", "weather.ended") {
		t.Error("the weather is not on record")
	}
	o.as("developer", trying+"/weather", raise)
	o.stays(30 * time.Minute)
	o.shows("half an hour later", o.sees(""), "0 of 8 on")
	if w.Count("events WHERE kind = 'weather.raised'") != 2 || models.ByWeather("spent_at") {
		t.Error("the weather is not on record each time")
	}
}
