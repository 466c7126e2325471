package cli_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

func TestPolicyExplainWantsAWholePath(t *testing.T) {
	t.Parallel()
	code, _, errors := run(t, "policy", "explain", "--app", "nobody", "--path", "loans")
	if code != 1 || !strings.Contains(errors, "a path starts with /, as in /loans") {
		t.Errorf("exit %d: %s", code, errors)
	}
}

func TestPolicyExplainNamesTheMethodThatHasARoute(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	apptest.New(t, c, apptest.Options{Seed: func(s *apptest.Seed) {
		for method, pattern := range map[string]string{"PUT": "/accounts/own/balance", "DELETE": "/accounts/{id}/balance"} {
			s.Routes = append(s.Routes, models.Route{
				ID: method, ServiceID: apptest.Service, Method: method, Pattern: pattern, Resource: "loan", Action: "apply", OwnerCheck: "upstream",
			})
		}
	}})
	for _, tc := range []struct{ method, path, want string }{
		{"GET", "/session/sign-in", "no service has a route for GET /session/sign-in; there is one for POST: use --method POST\n"},
		{"post", "/loans/offers", "no service has a route for POST /loans/offers; there is one for GET: use --method GET\n"},
		{"POST", "/accounts/own/balance", "; there is one for DELETE and GET and PUT: use --method DELETE or GET or PUT\n"},
		{"POST", "/accounts/1/balance", "; there is one for DELETE and GET: use --method DELETE or GET\n"},
		{"GET", "/nothing", "no service has a route for GET /nothing\n"},
		{"GET", "/session/sign-in/", "no service has a route for GET /session/sign-in/\n"},
	} {
		code, _, errors := run(t, "policy", "explain", "--db", c.Path, "--app", apptest.Travel, "--method", tc.method, "--path", tc.path)
		if code != 1 || !strings.HasSuffix(errors, tc.want) {
			t.Errorf("%s %s: exit %d, want %s: %s", tc.method, tc.path, code, tc.want, errors)
		}
	}
}

func TestPolicyExplainKnowsWhatIsFrozen(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ kind, id, want string }{
		{"application", apptest.Travel, "the application is frozen"},
		{"partner", "p_travel", "the partner is frozen"},
		{"service", apptest.Service, "the service is frozen"},
		{"scope", "loan.offer:read", "the scope loan.offer:read is frozen"},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			t.Parallel()
			c := storetest.SQLiteConfig(t)
			w := apptest.New(t, c, apptest.Options{})
			explain := func() string {
				code, out, errors := run(t, "policy", "explain", "--db", c.Path, "--app", apptest.Travel, "--path", "/loans/offers")
				if code != 0 {
					t.Fatalf("exit %d: %s", code, errors)
				}
				return out
			}
			if out := explain(); !regexp.MustCompile(`decision +allowed`).MatchString(out) {
				t.Fatalf("before the freeze: %s", out)
			}
			w.Write(func(tx *store.Tx, now int64) error {
				return tx.SaveFreeze(models.Freeze{ID: "f", TargetKind: models.FreezeTarget(tc.kind), TargetID: tc.id, Stops: models.FreezeAll, StartedAt: now}, now)
			})
			if out := explain(); !regexp.MustCompile(`decision +refused`).MatchString(out) || !strings.Contains(out, tc.want) {
				t.Errorf("under the freeze: %s", out)
			}
		})
	}
}

func TestPolicyExplainSaysWhereTheSandboxEchoes(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	apptest.New(t, c, apptest.Options{Seed: func(s *apptest.Seed) {
		s.Applications[0].Environment = models.Sandbox
	}})
	for app, want := range map[string]bool{apptest.Travel: true, apptest.Rent: false} {
		_, out, _ := run(t, "policy", "explain", "--db", c.Path, "--app", app, "--path", "/loans/offers")
		if strings.Contains(out, "answered from the route's sample reply") != want || !strings.Contains(out, "allowed") {
			t.Errorf("%s: %s", app, out)
		}
	}
}

func TestPolicyExplainKnowsWhatIsClosed(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	w := apptest.New(t, c, apptest.Options{})
	now := time.Now() // as the command has it
	w.Write(func(tx *store.Tx, at int64) error {
		return tx.SetStops(apptest.Service, []models.ServiceStop{{
			ServiceID: apptest.Service, StartsAt: now.Add(-time.Hour).UnixMilli(), EndsAt: now.Add(time.Hour).UnixMilli(), ReasonEN: "Day-end", ReasonZH: "日终",
		}}, at)
	})
	_, out, _ := run(t, "policy", "explain", "--db", c.Path, "--app", apptest.Travel, "--path", "/loans/offers")
	for _, want := range []string{`decision +refused`, `reason +unavailable; the policy alone says `, `the service is closed until \S+\+08:00 by a planned stop \(Day-end / 日终\): calls are refused as unavailable`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("want %s in\n%s", want, out)
		}
	}
}
