package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/app/config"
)

// toldAll loads a configuration that says something in every way.
func toldAll(t *testing.T) config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "postern.yaml")
	text := "issuer: https://gateway.bank.example\nretention: {calls_days: 200}\nfeeds:\n  - {name: siem, file: {path: /var/log/siem}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{"POSTERN_MASTER_KEY": "a-master-key-to-be-hidden", "POSTERN_NODE": "n1"}
	c, faults := config.Load(config.Sources{
		File: file, Getenv: func(name string) string { return variables[name] },
		Flags: []config.Flag{{Name: "listen", Key: "listeners.gateway.address", Text: "127.0.0.1:9"}},
	})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSettingsSayWhereTheyStand(t *testing.T) {
	t.Parallel()
	c := toldAll(t)
	for key, want := range map[string]config.OriginKind{
		"issuer": config.FromFile, "retention.calls_days": config.FromFile, "feeds[0].name": config.FromFile, "node": config.FromEnvironment,
		"master_key": config.FromEnvironment, "listeners.gateway.address": config.FromFlag, "retention.alerts_days": config.FromDefault,
	} {
		if got := c.Origin(key); got.Kind != want {
			t.Errorf("%s stands in %+v, want %q", key, got, want)
		}
	}
	if got := c.Origin("retention.calls_days").Where; !strings.HasSuffix(got, "postern.yaml:2") {
		t.Errorf("the file's line is %q", got)
	}
}

func TestWhatAProgramGaveIsNoDefault(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Issuer, c.MasterKey = "https://gateway.bank.example", config.NewSecret("set")
	for _, row := range c.Shown() {
		want := config.FromDefault
		if row.Key == "issuer" || row.Key == "master_key" {
			want = config.FromProgram
		}
		if row.Origin.Kind != want {
			t.Errorf("%s, %q, stands in %q, want %q", row.Key, row.Value, row.Origin.Kind, want)
		}
	}
}

func TestWhatIsShownHasNoSecret(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]config.Config{"as loaded": toldAll(t), "public": toldAll(t).Public()} {
		shown := c.Shown()
		if text := fmt.Sprintf("%+v", shown); strings.Contains(text, "hidden") || strings.Contains(text, "redacted") {
			t.Errorf("%s: %s", name, text)
		}
		for _, s := range shown {
			if s.Secret && (s.Value != "" || s.Set != (s.Key == "master_key")) {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
	if got := toldAll(t).Public().MasterKey.Reveal(); strings.Contains(got, "hidden") {
		t.Errorf("the public configuration holds %q", got)
	}
	if c := toldAll(t); c.Public().MasterKey.Reveal() == c.MasterKey.Reveal() {
		t.Error("taking the secrets away took them from the configuration itself, or nowhere")
	}
}

func TestOtherValuesKeepTheBoundsOfTheFile(t *testing.T) {
	t.Parallel()
	c := toldAll(t)
	next, faults := c.With(map[string]string{"retention.alerts_days": "500", "alerts.rules.queue.on": "false", "alerts.rules.spent_twice.window": "90m"})
	if err := faults.Err(); err != nil || next.Retention.Alerts != 500 || next.Alerts.Rules.Queue.On || next.Value("alerts.rules.spent_twice.window") != "1h30m" {
		t.Errorf("%+v, %v", next.Retention, err)
	}
	if c.Retention.Alerts != 400 || !c.Alerts.Rules.Queue.On {
		t.Error("the configuration before has changed")
	}
	for key, value := range map[string]string{
		"retention.alerts_days": "179", "retention.calls_days": "36501", "alerts.rules.queue.percent": "many", "alerts.rules.queue.on": "yes",
		"alerts.remind": "1h", "database.path": "x", "retention.nothing": "1", "alerts.mail.password": "x",
	} {
		if next, faults := c.With(map[string]string{key: value}); len(faults) != 1 || faults[0].Key != key || next.Value(key) != c.Value(key) {
			t.Errorf("%s = %s: %v, and it is %q", key, value, faults, next.Value(key))
		}
	}
}
