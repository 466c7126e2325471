package cli_test

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/cli"
	"postern/app/keyring"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// consentWorld is a gateway whose customer c-81 has agreed to loan.offer:read in
// the application of Travel, where the partner calls it user-7781.
func consentWorld(t *testing.T) (*apptest.World, store.Config) {
	t.Helper()
	c := storetest.SQLiteConfig(t)
	master, err := keyring.ParseMaster(testKey)
	if err != nil {
		t.Fatal(err)
	}
	w := apptest.New(t, c, apptest.Options{Config: func(c *app.Config) { c.Master = master }, Seed: func(s *apptest.Seed) {
		s.Scopes[0].ConsentVersion = 1
		s.Consents = []models.ConsentText{{ScopeID: s.Scopes[0].ID, Version: 1, PurposeEN: "a", PurposeZH: "b", TextEN: "c", TextZH: "d"}}
	}})
	p := w.NewVisit(apptest.Travel, map[string][]string{"subject": {"user-7781"}})
	var v apptest.Visit
	p.Call(p.Plain("POST", "/session/sign-in")).Into(p, &v)
	p.Take(v)
	plain := p.ExchangePlain()
	plain["action"], plain["scope"], plain["version"] = "give", "loan.offer:read", 1
	if a := p.Send("/gateway/v1/consents", "consent+jwe", plain); a.HTTP != 200 {
		t.Fatalf("consent: %d %s", a.HTTP, a.Plain)
	}
	return w, c
}

// typing runs a command with something on standard input.
func typing(t *testing.T, text string, args ...string) (code int, out, errors string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), args, cli.Surroundings{
		In: strings.NewReader(text), Out: &stdout, Err: &stderr, Now: time.Now, Rand: rand.Reader,
		Getenv: func(name string) string { return map[string]string{"POSTERN_MASTER_KEY": testKey}[name] },
	})
	return code, stdout.String(), stderr.String()
}

func TestTheBankListsAndWithdrawsConsents(t *testing.T) {
	t.Parallel()
	w, c := consentWorld(t)
	line := regexp.MustCompile(`(?m)^([0-9a-f-]{36}) +app_travel +loan\.offer:read +1 +customer +.* +- +holds$`)
	for _, tc := range []struct {
		name, typed string
		args        []string
		found       bool
	}{
		{"all", "", nil, true},
		{"of an application and a scope", "", []string{"--app", "app_travel", "--scope", "loan.offer:read", "--live"}, true},
		{"of a customer", "c-81\n", []string{"--customer"}, true},
		{"of a partner's user", "user-7781", []string{"--subject", "--app", "app_travel"}, true},
		{"of another customer", "c-82\n", []string{"--customer"}, false},
		{"of another application", "", []string{"--app", "app_rent"}, false},
		{"of another scope", "", []string{"--scope", "me:read"}, false},
	} {
		code, out, errors := typing(t, tc.typed, append([]string{"consents", "list", "--db", c.Path}, tc.args...)...)
		if code != 0 || line.MatchString(out) != tc.found || !tc.found && out != "There are no such consents.\n" {
			t.Errorf("%s: exit %d: %s%s", tc.name, code, out, errors)
		}
		if strings.Contains(out, "c-81") || strings.Contains(out, "7781") {
			t.Errorf("%s: the list names somebody: %s", tc.name, out)
		}
	}
	for _, tc := range []struct {
		typed, want string
		args        []string
	}{
		{"", "standard input is empty", []string{"list", "--customer"}},
		{"u", "give --app, too", []string{"list", "--subject"}},
		{"", "want 1 to 500", []string{"list", "--limit", "0"}},
		{"", "say which", []string{"withdraw", "--reason", "asked for it"}},
		{"c-81", "say which", []string{"withdraw", "--customer", "--app", "app_travel", "--reason", "asked for it"}},
		{"", "say which", []string{"withdraw", "--app", "app_travel", "--scope", "loan.offer:read", "--reason", "asked for it"}},
		{"c-81", "not both", []string{"withdraw", "x", "--customer", "--reason", "asked for it"}},
		{"", "want 1 to 200 characters", []string{"withdraw", "x", "--reason", "a\nb"}},
		{"", "nothing was withdrawn", []string{"withdraw", "x", "--reason", "asked for it"}},
		{"c-82", "nothing was withdrawn", []string{"withdraw", "--customer", "--app", "app_travel", "--scope", "loan.offer:read", "--reason", "asked for it"}},
	} {
		args := append([]string{"consents", tc.args[0], "--db", c.Path}, tc.args[1:]...)
		if code, out, errors := typing(t, tc.typed, args...); code != 1 || !strings.Contains(errors, tc.want) {
			t.Errorf("%q: exit %d: %s%s; want %q", tc.args, code, out, errors, tc.want)
		}
	}
	_, out, _ := typing(t, "", "consents", "list", "--db", c.Path)
	id := line.FindStringSubmatch(out)[1]
	code, out, errors := typing(t, "", "consents", "withdraw", id, "--reason", "asked for by phone", "--db", c.Path)
	if code != 0 || !strings.Contains(out, "withdrawn: "+id) {
		t.Fatalf("exit %d: %s%s", code, out, errors)
	}
	if _, out, _ = typing(t, "", "consents", "list", "--db", c.Path); !strings.Contains(out, "withdrawn by bank: asked for by phone") {
		t.Errorf("afterwards: %s", out)
	}
	if _, out, _ = typing(t, "", "consents", "list", "--live", "--db", c.Path); out != "There are no such consents.\n" {
		t.Errorf("what holds afterwards: %s", out)
	}
	w.Refresh()
	events := w.Events("consent.withdrawn")
	if len(events) != 1 || events[0].Detail["by"] != "bank" || events[0].Detail["reason"] != "asked for by phone" ||
		!strings.HasPrefix(events[0].Detail["actor"], "bootstrap, ") || events[0].Actor != "bootstrap" || events[0].ApplicationID != apptest.Travel {
		t.Errorf("events %+v", events)
	}
}

func TestTheBankWithdrawsWhatACustomerAgreedToFromTheNextCallOn(t *testing.T) {
	t.Parallel()
	w, c := consentWorld(t)
	p := w.NewVisit(apptest.Travel, map[string][]string{"subject": {"user-7781"}})
	var v apptest.Visit
	p.Call(p.Plain("POST", "/session/sign-in")).Into(p, &v)
	p.Take(v)
	limit := func() bool { return strings.Contains(string(p.Get("/loans/offers").Plain), "186000") }
	if !limit() {
		t.Fatal("the consent of before is not remembered")
	}
	code, out, errors := typing(t, "c-81\n", "consents", "withdraw", "--customer", "--app", "app_travel", "--scope", "loan.offer:read", "--reason", "complaint", "--db", c.Path)
	if code != 0 {
		t.Fatalf("exit %d: %s%s", code, out, errors)
	}
	w.Refresh()
	if limit() {
		t.Error("it leaves after the bank withdrew the consent")
	}
}

func TestPolicyExplainShowsWhatConsentOpens(t *testing.T) {
	t.Parallel()
	w, c := consentWorld(t)
	w.Write(func(tx *store.Tx, now int64) error {
		r := models.Route{ID: "offers", ServiceID: apptest.Service, Method: "GET", Pattern: "/loans/offers", Resource: "loan.offer", Action: "read", SampleReply: apptest.Offers}
		return tx.SaveRoute(r, now)
	})
	_, out, errors := typing(t, "", "policy", "explain", "--app", "app_travel", "--path", "/loans/offers", "--db", c.Path)
	for _, want := range []string{
		`note +the scope loan\.offer:read demands consent \(version 1\)`,
		`(?s)\nfield .*\noffer\.limit +C2 +keep.*\nwithout consent .*\noffer\.limit +C\? +drop`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("want %s in %s%s", want, out, errors)
		}
	}
}
