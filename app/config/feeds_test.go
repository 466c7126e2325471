package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/app/config"
)

func TestFeedsAreAList(t *testing.T) {
	t.Parallel()
	c, faults := load(write(t, minimal+`
feeds:
  - name: archive
    file: {path: /var/log/postern/events.jsonl}
  - name: siem
    syslog:
      address: siem.bank.example:6514
      ca: ca.pem
      server_name: siem
      cert: own.pem
      key: own.key
`), map[string]string{"POSTERN_FEEDS[0]_NAME": "not-from-here"})
	if faults != nil {
		t.Fatal(faults)
	}
	want := []config.Feed{
		{Name: "archive", File: config.FeedFile{Path: "/var/log/postern/events.jsonl"}},
		{Name: "siem", Syslog: config.FeedSyslog{Address: "siem.bank.example:6514", CA: "ca.pem", ServerName: "siem", Cert: "own.pem", Key: "own.key"}},
	}
	if diff := cmp.Diff(want, c.Feeds); diff != "" {
		t.Error(diff)
	}
	if got := logged(c)["feeds[1].syslog.address"]; got != "siem.bank.example:6514" {
		t.Errorf("logged as %q", got)
	}
}

func TestAFeedsFaultsAreToldWithTheirKeys(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ feeds, want string }{
		"no list":             {"feeds: {name: a}", "feeds (FILE:3): want a list"},
		"an item of one word": {"feeds: [a]", "feeds[0] (FILE:3): want the keys name, file, syslog"},
		"an unknown key":      {"feeds: [{name: a, file: {path: f}, kinds: [calls]}]", "feeds[0].kinds (FILE:3): is unknown; known here are name, file, syslog"},
		"an unknown key of a section": {"feeds: [{name: a, syslog: {address: 'h:1', insecure: true}}]",
			"feeds[0].syslog.insecure (FILE:3): is unknown; known here are address, ca, server_name, cert, key"},
		"no name":            {"feeds: [{file: {path: f}}]", "feeds[0].name: is missing; set feeds[0].name in the file (e.g. siem)"},
		"a name with blanks": {"feeds: [{name: 'a b', file: {path: f}}]", `feeds[0].name (FILE:3): want up to 32 small letters, digits and dashes, have "a b"`},
		"a name twice":       {"feeds: [{name: a, file: {path: f}}, {name: a, file: {path: g}}]", "feeds[1].name (FILE:3): another feed has the name a"},
		"a file twice":       {"feeds: [{name: a, file: {path: f}}, {name: b, file: {path: ./f}}]", "feeds[1].file.path (FILE:3): another feed writes ./f"},
		"no target":          {"feeds: [{name: a}]", "feeds[0]: want either file.path or syslog.address"},
		"two targets":        {"feeds: [{name: a, file: {path: f}, syslog: {ca: c}}]", "feeds[0]: want either file.path or syslog.address"},
		"no port":            {"feeds: [{name: a, syslog: {address: h}}]", `feeds[0].syslog.address (FILE:3): want host:port, have "h"`},
		"half a certificate": {"feeds: [{name: a, syslog: {address: 'h:1', cert: c}}]", "feeds[0].syslog.key: is missing; feeds[0].syslog.cert needs it"},
		"too many":           {"feeds: [" + strings.Repeat("{name: a}, ", 9) + "]", "feeds (FILE:3): has 9 feeds; want 8 at most"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := write(t, minimal+tc.feeds+"\n")
			_, faults := load(file, nil)
			if faults == nil || faults[0].Error() != strings.ReplaceAll(tc.want, "FILE", file) {
				t.Errorf("got %v, want %s", faults, tc.want)
			}
			if len(faults.Of("feeds")) != len(faults) || len(faults.Of("database")) != 0 {
				t.Errorf("of the section feeds: %v", faults.Of("feeds"))
			}
		})
	}
}
