package app_test

import (
	"net/url"
	"strings"
	"testing"

	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

// sandboxApp is an application of the sandbox with the scopes of the travel app.
const sandboxApp = "app_sandbox"

// echoSeed is a service without any upstream, with samples on all its routes but
// one, and an application of the sandbox.
func echoSeed(s *apptest.Seed) {
	a := apptest.Application(sandboxApp, "p_travel")
	a.Environment = models.Sandbox
	s.Applications = append(s.Applications, a)
	for _, scope := range []string{"loan.offer:read", "account.balance:read", "loan:apply", "me:read", "session:open"} {
		s.Grants = append(s.Grants, apptest.Grant("sandbox "+scope, sandboxApp, scope))
	}
	s.Upstreams = nil
	samples := map[string]string{
		"offers": apptest.Offers, "apply": `{"application_id":"A-7","officer":"desk-17"}`, "signin": `{"signed_in":true}`,
		"me": `{"accounts":[{"no":"6222021001110018","balance":5}]}`, "mine": `{"offer":{"rate":"3.85"}}`,
	}
	for i := range s.Routes {
		s.Routes[i].SampleReply = samples[s.Routes[i].ID]
	}
	s.Routes = append(s.Routes, models.Route{ID: "head", ServiceID: apptest.Service, Method: "HEAD", Pattern: "/loans/offers",
		Resource: "loan.offer", Action: "read", SampleReply: apptest.Offers},
		models.Route{ID: "card", ServiceID: apptest.Service, Method: "GET", Pattern: "/customers/{who}/card", Resource: "loan.offer", Action: "read",
			Bindings: map[string]string{"who": "{customer}"}, SampleReply: `{"offer":{"rate":"1"}}`})
}

func TestTheSandboxAnswersFromSampleReplies(t *testing.T) {
	t.Parallel()
	each(t, seeded(echoSeed), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(sandboxApp, url.Values{"subject": {"user-7781"}})
		for _, c := range []struct {
			name, method, path string
			want               string // in a reply
			not                string
			code               string // of a refusal
		}{
			{"a read is cut to the scopes", "GET", "/loans/offers", `"limit":186000.00,"rate":"3.85"}`, "310101199001011234", ""},
			{"a name is masked", "GET", "/loans/offers", `"phone":"138****6027"`, "core-7", ""},
			{"it is JSON", "GET", "/loans/offers", `"headers":{"content-type":"application/json"}`, "", ""},
			{"a write", "POST", "/loans/applications", `"body":{"application_id":"A-7"}`, "desk-17", ""},
			{"HEAD has no body", "HEAD", "/loans/offers", `"body":null`, "", ""},
			{"a bound user", "GET", "/users/user-7781/profile", `"rate":"3.85"`, "", ""},
			{"another user", "GET", "/users/user-1/profile", "", "", "scope_denied"},
			{"a customer who is not there", "GET", "/me/accounts", "", "", "customer_required"},
			{"a route without a sample", "GET", "/accounts/1/balance", "", "", "upstream_unavailable"},
			{"no route", "GET", "/nothing", "", "", "no_route"},
		} {
			a := p.Call(p.Plain(c.method, c.path))
			if a.Code() != c.code || (c.code == "") != (a.HTTP == 200) {
				t.Errorf("%s: answer %d %s, want code %q", c.name, a.HTTP, a.Plain, c.code)
			}
			if text := string(a.Plain); !strings.Contains(text, c.want) || c.not != "" && strings.Contains(text, c.not) {
				t.Errorf("%s: reply %s: want %s in it, and not %q", c.name, text, c.want, c.not)
			}
		}
		if n := len(w.Bank.Seen()); n != 0 {
			t.Errorf("the bank was asked %d times", n)
		}
	})
}

func TestTheSandboxSignsInACustomerOfItsOwn(t *testing.T) {
	t.Parallel()
	each(t, seeded(echoSeed), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(sandboxApp, nil)
		expect(t, p.Get("/customers/sandbox-customer/card"), 403, "customer_required", sealed)
		before := p.Visit
		p.Call(p.Plain("POST", "/session/sign-in")).Into(p, &p.Visit)
		p.Take(p.Visit)
		if p.Visit.SID == before.SID {
			t.Fatal("the sign-in gave no fresh ticket")
		}
		if a := p.Get("/me/accounts"); a.HTTP != 200 || !strings.Contains(string(a.Plain), `0018"`) || strings.Contains(string(a.Plain), "6222021001110018") {
			t.Errorf("behind the sign-in: %d %s", a.HTTP, a.Plain)
		}
		expect(t, p.Get("/customers/sandbox-customer/card"), 200, "", sealed)
		expect(t, p.Get("/customers/c-81/card"), 403, "scope_denied", sealed)
		if n := len(w.Events("customer.bound")); n != 1 {
			t.Errorf("%d events tell of the sign-in, want 1", n)
		}
	})
}

func TestAnEchoIsGuardedAndRecordedAsAReply(t *testing.T) {
	t.Parallel()
	each(t, seeded(echoSeed), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(sandboxApp, nil)
		plain := p.Plain("POST", "/loans/applications")
		expect(t, p.Call(plain), 200, "", sealed)
		w.Restart() // what became of it is on disk
		again := p.Call(plain)
		expect(t, again, 409, "replayed", sealed)
		if first := readProblem(t, again.Plain).First; first != "done" {
			t.Errorf("first is %q, want done", first)
		}
		expect(t, p.Get("/accounts/1/balance"), 502, "upstream_unavailable", sealed)
		w.Restart()
		for where, want := range map[string]int{
			"calls WHERE method = 'POST' AND status = 200 AND code = '' AND reason = 'echo' AND rule <> '' AND shape_id <> '' AND upstream_time = 0": 1,
			"calls WHERE status = 0 AND code = 'replayed' AND reason = 'jti'":                                                                        1,
			"calls WHERE status = 0 AND code = 'upstream_unavailable' AND reason = 'no_sample'":                                                      1,
		} {
			if n := w.Count(where); n != want {
				t.Errorf("%d rows of %s, want %d", n, where, want)
			}
		}
	})
}

func TestProductionIsNeverAnsweredFromASample(t *testing.T) {
	t.Parallel()
	for name, upstreams := range map[string][]models.Environment{"without any upstream": nil, "with the sandbox's only": {models.Sandbox}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, seeded(echoSeed), func(t *testing.T, w *apptest.World) {
				setUpstreams(w, upstreams...)
				p := w.NewVisit(apptest.Travel, nil)
				expect(t, p.Get("/loans/offers"), 502, "upstream_unavailable", sealed)
				expect(t, p.Call(p.Plain("POST", "/loans/applications")), 502, "upstream_unavailable", sealed)
				w.Restart()
				if n := w.Count("calls WHERE reason = 'no_upstream'"); n != 2 || len(w.Bank.Seen()) != 0 {
					t.Errorf("%d calls on record without an upstream, want 2; the bank was asked %d times", n, len(w.Bank.Seen()))
				}
			})
		})
	}
}

func TestASandboxUpstreamIsAskedWhereThereIsOne(t *testing.T) {
	t.Parallel()
	each(t, seeded(echoSeed), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(sandboxApp, nil)
		setUpstreams(w, models.Production)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		if len(w.Bank.Seen()) != 0 {
			t.Error("a call of the sandbox reached production's upstream")
		}
		setUpstreams(w, models.Sandbox)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		if len(w.Bank.Seen()) != 1 {
			t.Error("the sandbox's upstream was not asked")
		}
	})
}

// setUpstreams makes the bank the upstream of the loan service in these environments.
func setUpstreams(w *apptest.World, environments ...models.Environment) {
	w.T.Helper()
	var list []models.Upstream
	for _, e := range environments {
		list = append(list, models.Upstream{ServiceID: apptest.Service, Environment: e, BaseURL: w.Bank.URL})
	}
	w.Write(func(tx *store.Tx, now int64) error { return tx.SetUpstreams(apptest.Service, list, now) })
}
