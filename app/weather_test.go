package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

func weather(w *apptest.World, application string, kind models.Weather, until time.Duration) {
	w.T.Helper()
	w.Write(func(tx *store.Tx, now int64) error {
		return tx.SetWeather(models.WeatherSpell{ApplicationID: application, Kind: kind, Until: now + until.Milliseconds()}, now)
	})
}

// own is what belongs to one request alone.
var own = regexp.MustCompile(`"(request_id|jti)":"[^"]*"|"server_time":\d+`)

// answered is what an answer says, but for what belongs to one request alone.
func answered(a apptest.Answer) string {
	return fmt.Sprint(a.HTTP, " ", a.Typ, " ", a.Head["Content-Type"], a.Head["Retry-After"], a.Head["Www-Authenticate"], own.ReplaceAllString(string(a.Plain), ""))
}

// asksAT is step B, exchanges is step D and asksBank step G of an application's visit.
func asksAT(w *apptest.World, client string) string { return tokenFor(w, w.TokenForm(client)) }

func tokenFor(w *apptest.World, form url.Values) string {
	rec := w.PostForm("/oauth/token", form)
	return answered(apptest.Answer{HTTP: rec.Code, Plain: rec.Body.Bytes(), Head: rec.Header()})
}

// later is a step that can be asked for again and again.
func later(step func(*apptest.World, string) string) func(*apptest.World, string) func() string {
	return func(w *apptest.World, client string) func() string { return func() string { return step(w, client) } }
}

func exchanges(w *apptest.World, client string) string {
	return answered(w.NewPage(w.AT(client, nil)).TryOpen())
}

func asksBank(w *apptest.World, client string) func() string {
	p := w.NewVisit(client, nil)
	return func() string { return answered(p.Get("/loans/offers")) }
}

// refusedOne asks again and again, until an answer is no 200.
func refusedOne(t *testing.T, ask func() string) string {
	t.Helper()
	for range 5 {
		if got := ask(); !strings.HasPrefix(got, "200 ") {
			return got
		}
	}
	t.Fatal("whatever is asked for is given")
	return ""
}

// ownUpstream is echoSeed with a system of the bank's behind the sandbox, that is waited
// for so many milliseconds.
func ownUpstream(timeout int64) func(*apptest.Seed) {
	return func(s *apptest.Seed) {
		up := s.Upstreams[0]
		echoSeed(s)
		up.Environment, up.Timeout = models.Sandbox, timeout
		s.Upstreams = []models.Upstream{up}
	}
}

// refusing is the address of a system that takes no connection.
func refusing(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(nil)
	defer s.Close()
	return s.URL
}

func TestBadWeatherIsLikeTheFaultItself(t *testing.T) {
	t.Parallel()
	// Bad weather says the same wait to everybody, a limit when it has room again.
	wait := regexp.MustCompile(`"retry_after":[15]\b|\[[15]\]`)
	for _, c := range []struct {
		name  string
		kind  models.Weather
		seed  func(*apptest.Seed)
		felt  func(w *apptest.World, client string) func() string // what is there before the weather feels it as well
		fault func(t *testing.T, w *apptest.World) string
		apart *regexp.Regexp // where they differ on purpose
	}{
		{"an AT that has ended", models.ExpiredAT, echoSeed, later(exchanges), func(_ *testing.T, w *apptest.World) string {
			p := w.NewPage(w.AT(sandboxApp, nil))
			w.Later(10 * time.Minute)
			return answered(p.TryOpen())
		}, nil},
		{"a page of another origin", models.WrongOrigin, echoSeed, later(exchanges), func(_ *testing.T, w *apptest.World) string {
			p := w.NewPage(w.AT(sandboxApp, nil))
			p.Origin = "https://elsewhere.example"
			return answered(p.TryOpen())
		}, nil},
		{"an AT that was spent", models.SpentAT, echoSeed, later(exchanges), func(_ *testing.T, w *apptest.World) string {
			at := w.AT(sandboxApp, nil)
			w.NewPage(at).Open()
			return answered(w.NewPage(at).TryOpen())
		}, nil},
		{"an AK that is gone", models.RetiredAK, echoSeed, later(exchanges), func(_ *testing.T, w *apptest.World) string {
			p := w.NewPage(w.AT(sandboxApp, nil))
			body := p.Exchange(nil)
			w.Exec("UPDATE keys SET retired_at = 1 WHERE use = 'ak' AND environment = 'sandbox'")
			w.Restart()
			return answered(p.TryExchange(body))
		}, nil},
		{"a clock that is ahead", models.ClockAhead, echoSeed, later(asksAT), func(_ *testing.T, w *apptest.World) string {
			form, now := w.TokenForm(sandboxApp), w.Clock.Now().Unix()
			form.Set("client_assertion", w.Assertion(sandboxApp, map[string]any{"iat": now + 70, "exp": now + 130}))
			return tokenFor(w, form)
		}, nil},
		{"more ATs than the limit", models.RateLimit, echoSeed, later(asksAT), func(t *testing.T, w *apptest.World) string {
			setApplication(w, sandboxApp, func(a *models.Application) { a.Environment, a.ATRate = models.Sandbox, 1 })
			return refusedOne(t, later(asksAT)(w, sandboxApp))
		}, wait},
		{"more calls than the limit", models.RateLimit, echoSeed, asksBank, func(t *testing.T, w *apptest.World) string {
			setApplication(w, sandboxApp, func(a *models.Application) { a.Environment, a.CallRate = models.Sandbox, 1 })
			return refusedOne(t, asksBank(w, sandboxApp))
		}, wait},
		{"a bank's system that is down", models.UpstreamDown, ownUpstream(1000), asksBank, func(t *testing.T, w *apptest.World) string {
			w.Exec("UPDATE upstreams SET base_url = '" + refusing(t) + "'")
			w.Restart()
			return asksBank(w, sandboxApp)()
		}, nil},
		{"a bank's system that is too slow", models.SlowUpstream, ownUpstream(150), asksBank, func(_ *testing.T, w *apptest.World) string {
			w.Bank.Answer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			return asksBank(w, sandboxApp)()
		}, nil},
		{"a bank's system that is slow and in time", models.SlowUpstream, ownUpstream(10_000), asksBank, func(_ *testing.T, w *apptest.World) string {
			return asksBank(w, sandboxApp)() // whatever it took: only a clock tells it apart
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seeded(c.seed))
			ask := c.felt(w, sandboxApp)
			weather(w, sandboxApp, c.kind, time.Minute)
			felt := ask()
			weather(w, sandboxApp, c.kind, -time.Minute)
			fault := c.fault(t, w)
			if c.apart != nil {
				felt, fault = c.apart.ReplaceAllString(felt, "(wait)"), c.apart.ReplaceAllString(fault, "(wait)")
			}
			if felt != fault {
				t.Errorf("bad weather is answered by\n%s\nthe fault itself by\n%s", felt, fault)
			}
		})
	}
}

func TestBadWeatherIsOfTheSandboxAlone(t *testing.T) {
	t.Parallel()
	each(t, seeded(func(s *apptest.Seed) {
		up := s.Upstreams
		echoSeed(s)
		s.Upstreams = up // production has one, the sandbox echoes
	}), func(t *testing.T, w *apptest.World) {
		for _, c := range []struct {
			kind   models.Weather
			ask    func(w *apptest.World, client string) func() string
			want   string // in what the sandbox is answered
			reason string // in the ledger
		}{
			{models.ExpiredAT, later(exchanges), `"invalid_at"`, "at_expired"},
			{models.ClockAhead, later(asksAT), `"invalid_client"`, "assertion_from_the_future"},
			{models.RetiredAK, later(exchanges), `"bad_envelope"`, "kid"},
			{models.SpentAT, later(exchanges), `"at_spent"`, "other_r"},
			{models.WrongOrigin, later(exchanges), `"origin_denied"`, "origin"},
			{models.RateLimit, later(asksAT), `"rate_limited"`, "rate_at"},
			{models.RateLimit, asksBank, `"retry_after":5`, "rate_call"},
			{models.UpstreamDown, asksBank, `"upstream_unavailable"`, "unavailable"},
			{models.SlowUpstream, asksBank, `"rate":"3.85"`, ""},
		} {
			for _, client := range []string{sandboxApp, apptest.Travel} {
				ask := c.ask(w, client) // what is open already feels it as well
				weather(w, client, c.kind, time.Minute)
				before := w.Clock.Now()
				got, took := ask(), w.Clock.Now().Sub(before)
				weather(w, client, c.kind, -time.Minute)
				if fine := ask(); !strings.HasPrefix(fine, "200 ") {
					t.Errorf("%s is still felt by %s after its end: %s", c.kind, client, fine)
				}
				switch {
				case client == apptest.Travel && (!strings.HasPrefix(got, "200 ") || took != 0):
					t.Errorf("%s is felt in production: %s", c.kind, got)
				case client == sandboxApp && !strings.Contains(got, c.want):
					t.Errorf("%s in the sandbox: %s, want %s", c.kind, got, c.want)
				case client == sandboxApp && (took == 8*time.Second) != (c.kind == models.SlowUpstream):
					t.Errorf("%s took %s", c.kind, took)
				}
			}
			if c.reason == "" {
				continue
			}
			w.Refresh()
			marked := "weather:" + c.reason
			if w.Count("events WHERE reason = '"+marked+"'")+w.Count("calls WHERE reason = '"+marked+"'") != 1 {
				t.Errorf("the ledger does not say %s once", marked)
			}
		}
		if n := w.Count("events WHERE alarm"); n != 0 {
			t.Errorf("bad weather raised %d alarms", n)
		}
		weather(w, sandboxApp, models.ExpiredAT, time.Hour)
		for range 20 {
			exchanges(w, sandboxApp)
		}
		w.Refresh()
		w.Write(func(tx *store.Tx, now int64) error { // over before its time, it is to blame all the same
			return tx.SetWeather(models.WeatherSpell{ApplicationID: sandboxApp, Kind: models.ExpiredAT}, now)
		})
		list, err := w.App.Store().Refusals(t.Context(), 0, 10, 1, 10)
		if err != nil || len(list) != 0 {
			t.Errorf("alerts would be told of %v, %v", list, err)
		}
		w.Exec("DELETE FROM weather")
		if list, err = w.App.Store().Refusals(t.Context(), 0, 10, 1, 10); err != nil || len(list) != 1 {
			t.Errorf("without weather they are not told: %v, %v", list, err)
		}
	})
}

func TestASlowUpstreamThatMayNotBeSlowTimesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(ownUpstream(3000)))
	call := asksBank(w, sandboxApp)
	weather(w, sandboxApp, models.SlowUpstream, time.Minute)
	before := w.Clock.Now()
	if got := call(); !strings.Contains(got, `"upstream_timeout"`) || w.Clock.Now().Sub(before) != 3*time.Second {
		t.Errorf("after %s: %s", w.Clock.Now().Sub(before), got)
	}
	if len(w.Bank.Seen()) != 0 {
		t.Error("the bank was asked")
	}
}
