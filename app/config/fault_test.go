package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"postern/app/config"
)

func TestEveryFaultIsReportedWithItsPlaceAndWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	file := write(t, `issuer: http://bank.example
issuers: x
master_key: ["00", "01"]
database:
  dsn: mysql://root:hunter2@db/x
listeners:
  gateway:
    address: 0.0.0.0:80
    adress: x
  internal: nowhere
limits:
  header_time: soon
  connections: 0
  answer_time: 1s
  notice_time: 20s
zone: Mars/Olympus
log_level: loud
limits.idle_time: 1m
`)
	_, faults := load(file, map[string]string{
		"POSTERN_RATES_AT_BURST": "many", "POSTERN_RATES_VT_PER_SECOND": "NaN",
		"POSTERN_LISTENERS_INTERNAL_TRUSTED_PROXIES": "0.0.0.0/0", "POSTERN_MASTER_KEY": "00", "POSTERN_MASTER_KEY_FILE": "/none",
		"POSTERN_LISTENERS_INTERNAL_TLS_KEY": "k.pem",
	})
	text := strings.ReplaceAll(faults.Error(), file, "file")
	for _, want := range []string{
		"issuer (file:1): want https://host",
		"master_key (file:3): want a plain value",
		"issuers (file:2): is unknown; known here are issuer, node,",
		"database.dsn (file:5): want an address that begins with postgres://",
		"listeners.gateway.address (file:8): 0.0.0.0:80 is reached from other machines",
		"listeners.gateway.adress (file:9): is unknown; known here are address, tls, trusted_proxies",
		"listeners.internal.tls.cert: is missing; listeners.internal.tls.key needs it",
		"listeners.internal (file:10): want the keys address, tls, trusted_proxies",
		`limits.header_time (file:12): want a duration such as 500ms, 30s or 2m, have "soon"`,
		"limits.connections (file:13): want 1 to 1000000, have 0",
		"limits.answer_time (file:14): want more than limits.request_time, 30s, have 1s",
		"limits.notice_time (file:15): want at most half of limits.stop_time, 25s, have 20s",
		`zone (file:16): want a time zone such as Asia/Shanghai, have "Mars/Olympus"`,
		`log_level (file:17): want debug, info, warn or error, have "loud"`,
		"limits.idle_time (file:18): is unknown; write sections below each other",
		`rates.at.burst (POSTERN_RATES_AT_BURST): want a whole number, have "many"`,
		"rates.vt.per_second (POSTERN_RATES_VT_PER_SECOND): want 0.001 to 1000000, have NaN",
		"listeners.internal.trusted_proxies (POSTERN_LISTENERS_INTERNAL_TRUSTED_PROXIES): want the proxies' own addresses; 0.0.0.0/0 is everybody",
		"master_key (POSTERN_MASTER_KEY): is also given by POSTERN_MASTER_KEY_FILE; keep one",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(text, "hunter2") || t.Failed() {
		t.Errorf("reported:\n%s", text)
	}
}

func TestWhatIsMissingIsNamedWithTheWaysToSetIt(t *testing.T) {
	t.Parallel()
	_, faults := load("", nil)
	text := faults.Error()
	for _, want := range []string{"POSTERN_ISSUER", "POSTERN_MASTER_KEY_FILE", "openssl rand -hex 32"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	if len(faults) != 2 {
		t.Errorf("want issuer and master key alone: %s", text)
	}
}

func TestFilesThatCannotBeReadAreOneFault(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"none there":     filepath.Join(t.TempDir(), "none.yaml"),
		"no YAML":        write(t, "issuer: x\nmaster_key: 's3cret\n"),
		"a key twice":    write(t, "issuer: x\nmaster_key: s3cret\nissuer: y\n"),
		"two documents":  write(t, "issuer: x\n---\nmaster_key: s3cret\n"),
		"a list":         write(t, "- s3cret\n"),
		"a bare text":    write(t, "s3cret\n"),
		"bad indentions": write(t, "issuer: x\n  master_key: s3cret\n"),
	} {
		_, faults := load(file, nil)
		if text := faults.Error(); !strings.Contains(text, filepath.Base(file)) || strings.Contains(text, "s3cret") {
			t.Errorf("%s: %s", name, text)
		}
	}
	for name, text := range map[string]string{"empty": "", "comments": "# nothing\n", "empty sections": minimal + "limits:\n  # idle_time: 1m\nnode:\n"} {
		_, faults := load(write(t, text), map[string]string{"POSTERN_ISSUER": "https://a.example", "POSTERN_MASTER_KEY": "00"})
		if faults != nil {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

func TestListenersBeyondThisMachineNeedTLSOrAProxy(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, address, settings string
		refused                 bool
	}{
		{"loopback", "127.0.0.1:8080", "", false},
		{"another loopback", "127.0.0.2:8080", "", false},
		{"loopback in IPv6", "[::1]:8080", "", false},
		{"localhost", "localhost:8080", "", false},
		{"all addresses", "0.0.0.0:8080", "", true},
		{"all addresses in IPv6", "[::]:8080", "", true},
		{"no host", ":8080", "", true},
		{"a name", "localhost.bank.example:8080", "", true},
		{"an address of the network", "10.0.4.17:8080", "", true},
		{"with TLS", "0.0.0.0:8080", "tls: {cert: a, key: b}", false},
		{"behind a proxy", "0.0.0.0:8080", "trusted_proxies: [10.0.4.2]", false},
		{"with an empty list of proxies", "0.0.0.0:8080", "trusted_proxies: []", true},
	} {
		for _, listener := range []string{"gateway", "internal"} {
			file := write(t, minimal+"listeners:\n  "+listener+":\n    address: \""+tc.address+"\"\n    "+tc.settings+"\n")
			_, faults := load(file, map[string]string{"POSTERN_LISTENERS_" + map[string]string{"gateway": "INTERNAL", "internal": "GATEWAY"}[listener] + "_ADDRESS": "127.0.0.1:1"})
			if refused := faults != nil; refused != tc.refused {
				t.Errorf("%s, %s: %v", tc.name, listener, faults)
			}
		}
	}
}

func TestFaultsOfSomeSettings(t *testing.T) {
	t.Parallel()
	_, faults := load(write(t, "database: {path: \"mysql://x\"}\n"), nil)
	if err := faults.Of("limits").Err(); err != nil {
		t.Errorf("limits: %v", err)
	}
	some := faults.Of("database")
	if len(some) != 1 || some[0].Key != "database.path" || some.Err() == nil {
		t.Errorf("database: %v", some)
	}
	_, faults = load(write(t, "database: data.db\n"), nil)
	if some := faults.Of("database"); len(some) != 1 {
		t.Errorf("the section itself: %v", some)
	}
	if config.Faults(nil).Err() != nil {
		t.Error("no faults are an error")
	}
}
