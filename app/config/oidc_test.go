package config_test

import (
	"fmt"
	"strings"
	"testing"

	"postern/app/config"
)

func TestTheSignOnIsReadWhole(t *testing.T) {
	t.Parallel()
	c, faults := load(write(t, minimal+`
console:
  oidc: {issuer: "https://pass.bank.example/realms/staff", client_id: postern, client_secret: planted, name: Haitang Pass, acr: "urn:two"}
`), nil)
	if faults != nil {
		t.Fatal(faults)
	}
	o := c.Console.OIDC
	if o.Issuer != "https://pass.bank.example/realms/staff" || o.ClientID != "postern" || o.ClientSecret.Reveal() != "planted" ||
		o.SecondFactor != config.OurSecondFactor || o.ACR != "urn:two" {
		t.Errorf("read as %+v", o)
	}
	if text := fmt.Sprintf("%+v %v", c, logged(c)); strings.Contains(text, "planted") {
		t.Error("the client's secret is printed")
	}
}

func TestASignOnsFaultsAreToldWithTheirKeys(t *testing.T) {
	t.Parallel()
	const whole = `client_id: postern, client_secret: planted`
	for name, tc := range map[string]struct{ oidc, want string }{
		"by http":              {"issuer: 'http://pass.bank.example', " + whole, "console.oidc.issuer (FILE:5): want https:// and a host, without a query"},
		"with a query":         {"issuer: 'https://pass.bank.example?a=b', " + whole, "console.oidc.issuer (FILE:5): want https:// and a host, without a query"},
		"with somebody":        {"issuer: 'https://a@pass.bank.example', " + whole, "console.oidc.issuer (FILE:5): want https:// and a host, without a query"},
		"no client":            {"issuer: 'https://pass.bank.example', client_secret: planted", "console.oidc.client_id: is missing; console.oidc.issuer needs it"},
		"no secret":            {"issuer: 'https://pass.bank.example', client_id: postern", "console.oidc.client_secret: is missing; console.oidc.issuer needs it"},
		"another's way to two": {"second_factor: both", `console.oidc.second_factor (FILE:5): want ours or trusted, have "both"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := write(t, minimal+"\nconsole:\n  oidc: {"+tc.oidc+"}\n")
			_, faults := load(file, nil)
			if got := strings.ReplaceAll(fmt.Sprint(faults), file, "FILE"); !strings.Contains(got, tc.want) {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
