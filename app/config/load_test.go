package config_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/app/config"
)

// minimal is what must be set.
const minimal = "issuer: https://gateway.bank.example\nmaster_key: 000102\n"

// write puts text into a file that only its owner may read.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "postern.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(file string, environment map[string]string, flags ...config.Flag) (config.Config, config.Faults) {
	return config.Load(config.Sources{File: file, Getenv: func(name string) string { return environment[name] }, Flags: flags})
}

func TestTheEnvironmentGoesOverTheFileAndFlagsOverBoth(t *testing.T) {
	t.Parallel()
	file := write(t, minimal+"node: from-file\nlog_level: debug\nlisteners: {internal: {address: \"127.0.0.1:1\"}}\n")
	c, faults := load(file, map[string]string{
		"POSTERN_LOG_LEVEL": "warn", "POSTERN_LISTENERS_INTERNAL_ADDRESS": "127.0.0.1:2", "POSTERN_ZONE": "",
	}, config.Flag{Name: "internal", Key: "listeners.internal.address", Text: "127.0.0.1:3"})
	if faults != nil {
		t.Fatal(faults)
	}
	if c.Node != "from-file" || c.LogLevel != slog.LevelWarn || c.Listeners.Internal.Address != "127.0.0.1:3" || c.Zone.String() != "Asia/Shanghai" {
		t.Errorf("read %+v", c)
	}
}

func TestEverySettingCanBeGivenInFileAndEnvironment(t *testing.T) {
	t.Parallel()
	// Two values of each type: what is read must be what was written.
	values := map[string][]string{
		"text": {"127.0.0.1:7001", "127.0.0.1:7002"}, "secret": {"postgres://a", "postgres://b"}, "whole number": {"5000", "6000"},
		"number": {"1.5", "2.5"}, "duration": {"1500ms", "1600ms"}, "level": {"debug", "error"}, "time zone": {"UTC", "Europe/Paris"},
		"list of addresses": {"10.0.0.0/8,192.0.2.1", "2001:db8::/32"},
		"true or false":     {"false", "true"}, "list of texts": {"refusals,disk", "queue"},
	}
	seen := map[string]bool{}
	for _, s := range config.Settings() {
		if seen[s.Variable()] {
			t.Errorf("%s has another setting's variable", s.Key)
		}
		seen[s.Variable()] = true
		texts := values[s.Type()]
		if strings.HasPrefix(s.Key, "keys.") || strings.HasPrefix(s.Key, "console.") && s.Type() == "duration" {
			texts = []string{"7201s", "7202s"}
		}
		if strings.HasSuffix(s.Key, ".idle_time") && !strings.HasPrefix(s.Key, "limits.") || strings.HasSuffix(s.Key, ".session_time") || s.Key == "evidence.every" {
			texts = []string{"20m1s", "21m1s"}
		}
		if strings.HasPrefix(s.Key, "alerts.") {
			for kind, fitting := range map[string][]string{
				"whole number": {"20", "21"}, "duration": {"20m1s", "21m1s"}, "secret": {"https://a.example/robot", "https://b.example/robot"},
			} {
				if s.Type() == kind {
					texts = fitting
				}
			}
		}
		for i, text := range texts {
			file, environment := "", map[string]string{}
			if i == 0 {
				file = write(t, nested(s.Key, text))
			} else {
				environment[s.Variable()] = text
			}
			c, faults := load(file, environment)
			for _, f := range faults {
				if f.Origin != "" && s.Type() != "text" && s.Type() != "duration" { // which are held against others
					t.Errorf("%s = %s: %v", s.Key, text, f)
				}
			}
			if got := logged(c)[s.Key]; !s.Secret() && strings.ReplaceAll(got, " ", ",") != standard(s, text) {
				t.Errorf("%s = %q, read as %q", s.Key, text, got)
			}
		}
	}
	if len(seen) < 30 {
		t.Errorf("%d settings; the test reads them wrongly", len(seen))
	}
}

// nested is a YAML document with one key.
func nested(key, text string) string {
	var b strings.Builder
	for i, part := range strings.Split(key, ".") {
		fmt.Fprintf(&b, "\n%s%s:", strings.Repeat("  ", i), part)
	}
	return b.String() + " \"" + text + "\"\n"
}

// standard is how a text is shown again.
func standard(s config.Setting, text string) string {
	if d, err := time.ParseDuration(text); err == nil && s.Type() == "duration" {
		return d.String()
	}
	return strings.ReplaceAll(text, "192.0.2.1", "192.0.2.1/32")
}

// logged is a configuration as it is logged.
func logged(c config.Config) map[string]string {
	values := map[string]string{}
	for _, a := range c.LogValue().Group() {
		values[a.Key] = a.Value.String()
	}
	return values
}

func TestTheDefaultsAreWithinTheirBounds(t *testing.T) {
	t.Parallel()
	environment := map[string]string{"POSTERN_ISSUER": "https://gateway.bank.example", "POSTERN_MASTER_KEY": "00"}
	for _, s := range config.Settings() {
		if s.Default() != "" {
			environment[s.Variable()] = s.Default()
		}
	}
	c, faults := load("", environment)
	if faults != nil {
		t.Fatal(faults)
	}
	want := config.Default()
	want.Issuer, want.MasterKey = "https://gateway.bank.example", config.NewSecret("00")
	if fmt.Sprintf("%+v", logged(c)) != fmt.Sprintf("%+v", logged(want)) {
		t.Errorf("the defaults as text read as %+v, want %+v", logged(c), logged(want))
	}
}

func TestSecretsComeFromFilesOfTheirOwn(t *testing.T) {
	t.Parallel()
	secret := write(t, "  s3cret\n")
	for name, environment := range map[string]map[string]string{
		"named in the environment": {"POSTERN_MASTER_KEY_FILE": secret},
		"in the environment":       {"POSTERN_MASTER_KEY": "s3cret"},
	} {
		c, _ := load(write(t, "master_key: weaker\n"), environment)
		if c.MasterKey.Reveal() != "s3cret" {
			t.Errorf("%s: read %q", name, c.MasterKey.Reveal())
		}
	}
	if c, _ := load(write(t, "master_key_file: "+secret+"\n"), nil); c.MasterKey.Reveal() != "s3cret" {
		t.Errorf("named in the file: read %q", c.MasterKey.Reveal())
	}
}

func TestACredentialOfTheServiceManagerIsRead(t *testing.T) {
	t.Parallel()
	path := write(t, "s3cret\n")
	for _, tc := range []struct {
		mode   os.FileMode
		folder string
		want   bool
	}{
		{0o440, filepath.Dir(path), true},
		{0o400, filepath.Dir(path), true},
		{0o440, filepath.Dir(filepath.Dir(path)), false},
		{0o440, "", false},
		{0o444, filepath.Dir(path), false},
		{0o460, filepath.Dir(path), false},
	} {
		if err := os.Chmod(path, tc.mode); err != nil {
			t.Fatal(err)
		}
		c, faults := load("", map[string]string{
			"POSTERN_ISSUER": "https://gateway.bank.example", "POSTERN_MASTER_KEY_FILE": path, "CREDENTIALS_DIRECTORY": tc.folder,
		})
		if got := c.MasterKey.Reveal() == "s3cret" && faults == nil; got != tc.want {
			t.Errorf("mode %o, credentials in %q: read %v, %v", tc.mode, tc.folder, got, faults)
		}
	}
}

func TestFilesThatOthersMayReadHoldNoSecrets(t *testing.T) {
	t.Parallel()
	open := func(text string) string {
		path := write(t, text)
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, file := range map[string]string{
		"a secret's own file":    write(t, minimal+"database: {dsn_file: "+open("postgres://u:s3cret@h/d")+"}\n"),
		"the configuration file": open(minimal + "database: {dsn: \"postgres://u:s3cret@h/d\"}\n"),
	} {
		_, faults := load(file, nil)
		if text := faults.Error(); !strings.Contains(text, "database.dsn") || !strings.Contains(text, "others") || strings.Contains(text, "s3cret") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if _, faults := load(open("issuer: https://gateway.bank.example\n"), map[string]string{"POSTERN_MASTER_KEY": "00"}); faults != nil {
		t.Errorf("a file without secrets: %v", faults)
	}
}
