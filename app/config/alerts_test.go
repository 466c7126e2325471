package config_test

import (
	"strings"
	"testing"
)

func TestAlertsThatCannotBeToldAreFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ yaml, key, problem string }{
		"an unknown rule":                    {"rules: {refusal: {on: false}}", "alerts.rules.refusal", "is unknown; known here are refusals, unredeemed"},
		"an unknown receiver":                {"pager: {url: x}", "alerts.pager", "is unknown; known here are remind, rules, mail"},
		"an unknown rule of a receiver":      {"mail: {rules: [disc]}", "alerts.mail.rules", `there is no rule "disc"; known are refusals`},
		"an unknown severity":                {"wecom: {severity: high}", "alerts.wecom.severity", "want warning or critical"},
		"an unknown language":                {"wecom: {language: fr}", "alerts.wecom.language", "want zh-CN or en"},
		"a switch that is neither":           {"rules: {disk: {on: maybe}}", "alerts.rules.disk.on", "want true or false"},
		"mail in clear over a network":       {"mail: {host: \"mail.example:25\", security: none, from: a@b.example, to: [c@d.example]}", "alerts.mail.security", "is another machine"},
		"mail to nobody":                     {"mail: {host: \"mail.example:25\", from: a@b.example}", "alerts.mail.to", "is missing"},
		"mail to what is no address":         {"mail: {host: \"mail.example:25\", from: a@b.example, to: [\"x\\ny\"]}", "alerts.mail.to", "want addresses"},
		"mail from nobody":                   {"mail: {host: \"mail.example:25\", to: [c@d.example]}", "alerts.mail.from", "want the sender's address"},
		"mail with half a name":              {"mail: {host: \"mail.example:25\", from: a@b.example, to: [c@d.example], user: u}", "alerts.mail.user", "go together"},
		"a webhook in clear":                 {"webhook: {url: \"http://soc.bank.example/PLANTED\", secret: 0123456789abcdef}", "alerts.webhook.url", "https://"},
		"a webhook that anybody may call":    {"webhook: {url: \"https://soc.bank.example/PLANTED\", secret: short}", "alerts.webhook.secret", "16 characters"},
		"a robot of DingTalk without secret": {"dingtalk: {url: \"https://oapi.dingtalk.com/PLANTED\"}", "alerts.dingtalk.secret", "is missing"},
		"an address that is none":            {"wecom: {url: \"https://%zz?key=PLANTED\"}", "alerts.wecom.url", "https://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := load(write(t, minimal+"alerts: {"+tc.yaml+"}\n"), nil)
			if len(faults) != 1 || faults[0].Key != tc.key || !strings.Contains(faults[0].Problem, tc.problem) {
				t.Errorf("got %v, want %s: %s", faults, tc.key, tc.problem)
			}
			if strings.Contains(faults.Err().Error(), "PLANTED") {
				t.Errorf("a fault tells a secret: %v", faults)
			}
		})
	}
}
