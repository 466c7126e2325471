package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"postern/app/apptest"
	"postern/app/conformance"
	"postern/models"
)

const conforming = "/portal/applications/" + sandboxApp + "/conformance"

// player is a partner's app and servers, with somebody who opens the page again and again.
type player struct {
	*trier
	lines, calls int // that its requests have made in the ledger

	// What its servers do when they are refused, or its page is; nil for nothing.
	refusedB func(form url.Values)
	refusedD func(p *apptest.Page, body []byte)
	failedG  func()
}

// asks is step B of its servers; "" where they are refused.
func (p *player) asks(form url.Values) (at string) {
	p.t.Helper()
	rec := p.PostForm("/oauth/token", form)
	p.lines++
	if rec.Code != http.StatusOK {
		return ""
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		p.t.Fatal(err)
	}
	return p.OpenAT(sandboxApp, answer.AccessToken)
}

// opens is somebody who opens the page once.
func (p *player) opens() {
	p.t.Helper()
	form := p.TokenForm(sandboxApp)
	at := p.asks(form)
	if at == "" {
		if p.refusedB != nil {
			p.refusedB(form)
		}
		return
	}
	page := p.NewPage(at)
	body := page.Exchange(nil)
	p.lines++
	if rec := page.Post("/gateway/v1/visit-tokens", body); rec.Code != http.StatusOK {
		if p.refusedD != nil {
			p.refusedD(page, body)
		}
		return
	} else {
		page.Take(p.read(page, rec))
	}
	p.calls++
	if a := page.Get("/loans/offers"); a.HTTP != http.StatusOK && p.failedG != nil {
		p.failedG()
	}
}

func (p *player) read(page *apptest.Page, rec *httptest.ResponseRecorder) (v apptest.Visit) {
	p.t.Helper()
	if err := json.Unmarshal(page.OpenExchange(rec).Plain, &v); err != nil {
		p.t.Fatal(err)
	}
	return v
}

// settles waits until the ledger has what was asked for.
func (p *player) settles() {
	p.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for p.Count("events WHERE kind IN ('at.issued', 'at.refused', 'vt.issued', 'vt.refused')") < p.lines || p.Count("calls") < p.calls {
		if time.Now().After(deadline) {
			p.t.Fatalf("the ledger has not what %d requests and %d calls should have made", p.lines, p.calls)
		}
	}
}

// plays opens the page every ten seconds, as long as a run is on.
func (p *player) plays() models.ConformanceRun {
	p.t.Helper()
	for range 80 {
		p.opens()
		p.settles()
		p.Later(10 * time.Second)
		if run := p.goesOn(); run.EndedAt != 0 {
			return run
		}
	}
	p.t.Fatal("the run does not end")
	return models.ConformanceRun{}
}

// goesOn lets the run take a step that is due, and reads it.
func (p *player) goesOn() models.ConformanceRun {
	p.t.Helper()
	if err := p.App.Conformance().Step(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.Refresh()
	return p.newest()
}

func (p *player) newest() models.ConformanceRun {
	p.t.Helper()
	list, err := p.App.Store().ConformanceRuns(p.t.Context(), sandboxApp, 1)
	if err != nil || len(list) != 1 {
		p.t.Fatalf("%d runs, %v", len(list), err)
	}
	return list[0]
}

func (p *player) begins() {
	p.t.Helper()
	p.led(p.as("developer", conforming, url.Values{"act": {"begin"}}), conforming)
}

func (p *player) finds(run models.ConformanceRun, want map[models.Weather]models.Finding) {
	p.t.Helper()
	for i, o := range run.Observed {
		if o.Weather != models.Weathers[i] || o.Finding != want[o.Weather] {
			p.t.Errorf("%s: %s, %s; want %s", o.Weather, o.Verdict, o.Finding, want[o.Weather])
		}
	}
	if len(run.Observed) != len(models.Weathers) {
		p.t.Errorf("%d things were observed", len(run.Observed))
	}
}

func TestAGoodPartnerConforms(t *testing.T) {
	t.Parallel()
	each(t, seeded(echoSeed), func(t *testing.T, w *apptest.World) {
		p := &player{trier: newTrier(t, w)}
		p.shows("before", p.as("viewer", conforming, nil).Body.String(), "How it goes")
		p.as("developer", trying+"/weather", url.Values{"kind": {"upstream_down"}, "on": {"yes"}})
		p.begins()
		p.shows("while it is on", p.as("developer", conforming, nil).Body.String(), "Now: Expired AT", "Nothing has felt it yet.", `hx-get="`+conforming+`/now"`, "Skip this one")
		if n := p.on(); n != 1 {
			t.Errorf("%d kinds of weather are on", n)
		}
		p.opens()
		p.settles()
		p.shows("once it was felt", p.as("viewer", conforming+"/now", nil).Body.String(), "What comes after it is being watched.")
		w.Restart() // what is on goes on
		run := p.plays()
		p.finds(run, map[models.Weather]models.Finding{
			models.ExpiredAT: models.NewAT, models.ClockAhead: models.NewAssertion, models.RetiredAK: models.NewAT, models.SpentAT: models.NewAT,
			models.RateLimit: models.Waited, models.SlowUpstream: models.Calm, models.UpstreamDown: models.Calm, models.WrongOrigin: models.Calm,
		})
		page := p.as("viewer", conforming, nil).Body.String()
		p.shows("the result", page, "8 of 8 as they should be", "holds", "came to its last weather", conforming+"/"+run.ID+"/result", "developer")
		if strings.Contains(page, "hx-get") {
			t.Error("the page of a run that has ended asks on")
		}
		if p.on() != 0 {
			t.Error("some weather is left")
		}
		for _, kind := range []string{"conformance.began", "conformance.ended"} {
			if !p.recorded("p_travel", kind) {
				t.Errorf("no %s is on record", kind)
			}
		}
		if n := w.Count("events WHERE kind = 'conformance.ended' AND actor = ''"); n != 1 {
			t.Error("the end that a run comes to by itself is somebody's on record")
		}
		if n := w.Count("events WHERE kind = 'weather.raised' AND actor <> ''"); n != 2 {
			t.Errorf("%d kinds of weather were raised by somebody, and two should have been", n)
		}
		p.verifies(run)
	})
}

// on counts the weather that is over the application.
func (p *player) on() (n int) {
	p.t.Helper()
	spells, err := p.App.Store().Weather(p.t.Context(), sandboxApp)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, s := range spells {
		if s.Until > p.Clock.Now().UnixMilli() {
			n++
		}
	}
	return n
}

// verifies holds the result that can be downloaded to another library and the published keys.
func (p *player) verifies(run models.ConformanceRun) {
	p.t.Helper()
	rec := p.Do(httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", http.NoBody))
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(rec.Body.Bytes(), &keys); err != nil {
		p.t.Fatal(err)
	}
	file := p.as("viewer", conforming+"/"+run.ID+"/result", nil)
	signed, err := jose.ParseSignedCompact(file.Body.String(), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || signed.Signatures[0].Protected.ExtraHeaders["typ"] != conformance.Typ {
		p.t.Fatalf("%d %s: %v", file.Code, file.Body, err)
	}
	payload, err := signed.Verify(keys.Key(signed.Signatures[0].Protected.KeyID)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	var result conformance.Result
	if err := json.Unmarshal(payload, &result); err != nil {
		p.t.Fatal(err)
	}
	if result.Issuer != apptest.Issuer || result.ID != run.ID || result.Application != sandboxApp || result.Partner != "p_travel" || result.Met != 8 || result.Of != 8 || len(result.Observations) != 8 {
		p.t.Errorf("the result says %+v", result)
	}
}

func TestABadPartnersFaultsAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	p := &player{trier: newTrier(t, w)}
	again := func() {
		for range 4 {
			p.asks(p.TokenForm(sandboxApp))
		}
	}
	p.refusedB = func(form url.Values) { p.asks(form) } // at once, with the assertion that it has
	p.refusedD = func(page *apptest.Page, body []byte) {
		page.Post("/gateway/v1/visit-tokens", body)
		p.lines++
		again()
	}
	p.failedG = again
	p.begins()
	run := p.plays()
	p.finds(run, map[models.Weather]models.Finding{
		models.ExpiredAT: models.SameAT, models.ClockAhead: models.SameAssertion, models.RetiredAK: models.SameAT, models.SpentAT: models.SameAT,
		models.RateLimit: models.TooEarly, models.SlowUpstream: models.Calm, models.UpstreamDown: models.Hammered, models.WrongOrigin: models.Hammered,
	})
	p.shows("the result", p.as("developer", conforming, nil).Body.String(), "1 of 8 as it should be", "not as it should be", "The refused AT was presented again", "Forget h5_url", "Retry-After said 5 seconds")
}

func TestARunThatNobodyPlaysSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	p := &player{trier: newTrier(t, w)}
	p.does("B", wanted) // a trial feels no weather that counts
	p.does("C", nil)
	p.begins()
	p.does("D", nil)
	p.lines = 2
	p.settles()
	for range len(models.Weathers) {
		p.stays(conformance.Patience)
		p.goesOn()
	}
	run := p.goesOn()
	if met, of := models.Met(run.Observed); met != 0 || of != 8 || run.Observed[0].Finding != models.NothingCame || run.Ended != models.RunFinished {
		t.Errorf("got %+v", run)
	}
}

func TestARunIsSkippedStoppedAndOneAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	p := &player{trier: newTrier(t, w)}
	step := func(act, stage string, want int) {
		t.Helper()
		if rec := p.as("developer", conforming, url.Values{"act": {act}, "stage": {stage}}); rec.Code != want {
			t.Fatalf("%s: %d, want %d", act, rec.Code, want)
		}
	}
	step("stop", "", http.StatusConflict)
	back := func(what, path string, form url.Values, to string) {
		t.Helper()
		p.shows(what, p.as("developer", path, form).Body.String(), `href="`+to+`"`, "Go back")
	}
	back("a conflict leads to its page", conforming, url.Values{"act": {"stop"}}, conforming)
	back("what is not there leads to the list", conforming+"/nothing", nil, conforming)
	back("an application that is not there", "/portal/applications/nothing/conformance", nil, "/portal/applications")
	step("nothing", "", http.StatusUnprocessableEntity)
	step("begin", "", http.StatusSeeOther)
	step("begin", "", http.StatusConflict)
	if rec := p.as("developer", trying+"/weather", url.Values{"kind": {"spent_at"}, "on": {"yes"}}); rec.Code != http.StatusConflict || p.on() != 1 {
		t.Errorf("weather is raised while a run is on: %d", rec.Code)
	}
	try := p.sees("")
	p.shows("Try it", try, "it makes the weather", "A conformance run has raised this weather: Expired AT.", `href="`+conforming+"/"+p.newest().ID+`"`)
	if strings.Contains(try, `role="switch"`) {
		t.Error("weather can be switched while a run makes it")
	}
	step("skip", "hail", http.StatusUnprocessableEntity)
	step("skip", "wrong_origin", http.StatusUnprocessableEntity) // its turn has not come
	step("skip", "expired_at", http.StatusSeeOther)
	step("skip", "expired_at", http.StatusSeeOther) // the other tab's
	if run := p.goesOn(); run.Stage != models.ClockAhead || len(run.Observed) != 1 || run.Observed[0].Verdict != models.NotPlayed {
		t.Errorf("after one was skipped: %+v", run)
	}
	step("stop", "", http.StatusSeeOther)
	run := p.goesOn()
	if run.Ended != models.RunStopped || len(run.Observed) != 8 || run.Result == "" || p.on() != 0 {
		t.Errorf("once stopped: %+v, %d kinds of weather", run, p.on())
	}
	w.Exec("UPDATE conformance_runs SET ended = 'finished'") // as if it had been played
	for range conformance.Kept {
		w.Later(time.Second)
		step("begin", "", http.StatusSeeOther)
		step("stop", "", http.StatusSeeOther)
	}
	if n, played := w.Count("conformance_runs"), w.Count("conformance_runs WHERE id = '"+run.ID+"'"); n != conformance.Kept || played != 1 {
		t.Errorf("%d runs are kept, and %d of those that were played", n, played)
	}
	w.Later(time.Second)
	step("begin", "", http.StatusSeeOther)
	if page := p.as("developer", conforming+"/"+run.ID, nil).Body.String(); strings.Contains(page, `value="begin"`) {
		t.Error("a further run is offered while one is on")
	}
	w.Exec("UPDATE applications SET status = 'closed' WHERE id = '" + sandboxApp + "'")
	w.Refresh()
	if run := p.goesOn(); run.Ended != models.RunClosed || p.on() != 0 {
		t.Errorf("once its application is closed: %+v", run)
	}
}

var requestIn = regexp.MustCompile(`X-Request-Id</span>\s*<span class="">: </span>\s*<span class="p-code-string">([^<]+)<`)

func TestWhoRaisedTheWeatherIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	p := &player{trier: newTrier(t, w)}
	limited := func(who, not string, links ...string) {
		t.Helper()
		page := p.does("B", wanted)
		p.lines++
		p.settles()
		w.Refresh()
		id := requestIn.FindStringSubmatch(page)[1]
		texts := append([]string{who, "until Retry-After is over", `>Retry-After</span>`, "429 Too Many Requests"}, links...)
		p.shows("Try it", page, texts...)
		explained := p.as("developer", "/portal/explain", url.Values{"text": {id}}).Body.String()
		p.shows("the explanation", explained, append(links, who, "until Retry-After is over")...)
		xray := p.as("developer", "/portal/visits/request/"+id, nil).Body.String()
		p.shows("the X-ray", xray, append(links, who)...)
		lines, err := w.App.Store().EventsOfRequest(t.Context(), id)
		if err != nil || len(lines) != 1 {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
		drawer := p.as("developer", "/portal/log/"+lines[0].ID, nil).Body.String()
		p.shows("the log", drawer, append(links, who)...)
		for name, text := range map[string]string{"Try it": page, "the explanation": explained, "the X-ray": xray, "the log": drawer} {
			if strings.Contains(text, not) || strings.Contains(text, "higher limit") {
				t.Errorf("%s blames somebody else", name)
			}
		}
	}
	const run, own = "A conformance run had put bad weather over this sandbox", "Your team has put bad weather over this sandbox"
	p.begins()
	for _, weather := range models.Weathers[:4] {
		p.led(p.as("developer", conforming, url.Values{"act": {"skip"}, "stage": {string(weather)}}), conforming)
	}
	limited(run, own, `href="`+conforming+"/"+p.newest().ID+`"`)
	p.led(p.as("developer", conforming, url.Values{"act": {"stop"}}), conforming)
	w.Later(10 * time.Second)
	p.led(p.as("developer", trying+"/weather", url.Values{"kind": {"rate_limit"}, "on": {"yes"}}), trying)
	limited(own, run)
}

func TestNoFaultIsSkippedAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	p := &player{trier: newTrier(t, w)}
	p.refusedD = func(page *apptest.Page, body []byte) { // presents the AT again
		page.Post("/gateway/v1/visit-tokens", body)
		p.lines++
	}
	leaves := func(act string, stage models.Weather) models.ConformanceRun {
		t.Helper()
		p.Refresh()
		p.opens()
		p.settles()
		p.led(p.as("developer", conforming, url.Values{"act": {act}, "stage": {string(stage)}}), conforming)
		return p.newest()
	}
	p.begins()
	if run := leaves("skip", models.ExpiredAT); run.Stage != models.ClockAhead || run.Observed[0].Finding != models.SameAT {
		t.Errorf("a fault was skipped: %+v", run)
	}
	p.led(p.as("developer", conforming, url.Values{"act": {"skip"}, "stage": {"clock_ahead"}}), conforming)
	if run := leaves("stop", ""); run.Ended != models.RunStopped || run.Observed[2].Finding != models.SameAT {
		t.Errorf("a fault was stopped away: %+v", run)
	}
	p.Later(20 * time.Second)
	p.refusedD = nil
	p.begins()
	if o := leaves("skip", models.ExpiredAT).Observed[0]; o.Verdict != models.NotPlayed || o.FeltAt == 0 {
		t.Errorf("skipped while it was watched: %+v", o)
	}
}

func TestARunOfWhichAllIsSkippedWasNotPlayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	p := &player{trier: newTrier(t, w)}
	p.begins()
	for _, weather := range models.Weathers {
		p.led(p.as("developer", conforming, url.Values{"act": {"skip"}, "stage": {string(weather)}}), conforming)
	}
	if run := p.goesOn(); run.Ended != models.RunStopped || len(run.Observed) != 8 {
		t.Errorf("got %+v", run)
	}
}

// A node of another release may know more weather.
func TestARunUnderUnknownWeatherEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	p := &player{trier: newTrier(t, w)}
	p.begins()
	w.Exec("UPDATE conformance_runs SET stage = 'hail'")
	p.stays(conformance.Patience)
	if run := p.goesOn(); run.Ended != models.RunStopped || len(run.Observed) != 8 || run.Observed[0].Verdict != models.NotPlayed {
		t.Errorf("got %+v", run)
	}
}

// An application that comes with a secret feels no clock.
func TestARunAsksNoSecretForATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	p := &player{trier: newTrier(t, w)}
	setApplication(w, sandboxApp, func(a *models.Application) {
		a.Environment, a.AuthMethod = models.Sandbox, models.ClientSecretBasic
	})
	p.begins()
	p.as("developer", conforming, url.Values{"act": {"stop"}})
	run := p.goesOn()
	if met, of := models.Met(run.Observed); met != 0 || of != 7 || run.Observed[1].Verdict != models.NotFelt {
		t.Errorf("once stopped: %+v", run)
	}
	w.Later(time.Second)
	p.begins()
	p.as("developer", conforming, url.Values{"act": {"skip"}, "stage": {"expired_at"}})
	if run := p.goesOn(); run.Stage != models.RetiredAK || run.Observed[1].Verdict != models.NotFelt {
		t.Errorf("got %+v", run)
	}
}

func TestRunsAreOfOnesOwnSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(echoSeed))
	p := &player{trier: newTrier(t, w)}
	p.begins()
	p.as("developer", conforming, url.Values{"act": {"stop"}})
	run := p.goesOn()
	for path, form := range map[string]url.Values{"/conformance": nil, "/conformance/now": nil, "/conformance/" + run.ID: nil, "/conformance/" + run.ID + "/result": nil, "/conformance?": {"act": {"begin"}}} {
		unknown := p.as("other", "/portal/applications/nothing"+path, form)
		foreign := p.as("other", "/portal/applications/"+sandboxApp+path, form)
		if foreign.Code != http.StatusNotFound || unpathed(foreign, "/portal/applications/"+sandboxApp) != unpathed(unknown, "/portal/applications/nothing") {
			t.Errorf("%s of another partner is answered %d, unlike one that there is not", path, foreign.Code)
		}
		for _, who := range []string{"owner", "developer"} {
			if rec := p.as(who, "/portal/applications/"+apptest.Travel+path, form); rec.Code != http.StatusNotFound || !strings.Contains(rec.Body.String(), "for applications in the sandbox") {
				t.Errorf("%s in production: %d", path, rec.Code)
			}
		}
	}
	if rec := p.as("viewer", conforming, url.Values{"act": {"begin"}}); rec.Code != http.StatusForbidden {
		t.Errorf("begun by a viewer: %d", rec.Code)
	}
	for _, path := range []string{"/nothing", "/" + run.ID + "x", "/nothing/result"} {
		if rec := p.as("developer", conforming+path, nil); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
	w.Exec("UPDATE conformance_runs SET observed = replace(observed, 'skipped', 'pass')")
	if page := p.as("developer", conforming, nil).Body.String(); strings.Contains(page, "8 of 8") {
		t.Error("what was changed in the row is shown, not what was signed")
	}
	w.Exec("UPDATE conformance_runs SET result = replace(result, '.', '.e')")
	p.shows("a result that was tampered with", p.as("developer", conforming, nil).Body.String(), "does not hold")
}
