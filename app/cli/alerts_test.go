package cli_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app/alerts"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// plantAlert puts an alert into a database.
func plantAlert(t *testing.T, s *store.Store, a models.Alert) {
	t.Helper()
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.RaiseAlert(a)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAlertsAreListedAndAcknowledged(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	s := storetest.Open(t, c)
	if code, out, errors := run(t, "alerts", "list", "--db", c.Path); code != 0 || out != "There is no alert.\n" {
		t.Fatalf("exit %d: %s%s", code, out, errors)
	}
	at := time.Date(2026, 11, 22, 10, 5, 11, 0, time.UTC).UnixMilli()
	plantAlert(t, s, models.Alert{
		ID: "a-1", Rule: alerts.Disk, SubjectKind: "node", SubjectID: "node-1", Severity: models.Warning, FirstAt: at, LastAt: at, RemindedAt: at,
		Count: 1, Numbers: map[string]string{"free": "512", "limit": "1024"},
	})
	plantAlert(t, s, models.Alert{
		ID: "a-0", Rule: "of_a_later_release", SubjectKind: "strangers", Severity: models.Critical, FirstAt: at, LastAt: at, RemindedAt: at,
		Count: 1, Numbers: map[string]string{}, ResolvedAt: at,
	})
	list := func(want string, args ...string) {
		t.Helper()
		code, out, errors := run(t, append([]string{"alerts", "list", "--db", c.Path}, args...)...)
		if code != 0 || !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("exit %d: %s%s\nwant %s", code, out, errors, want)
		}
	}
	list(`(?m)^a-1 +warning +open +disk +node node-1 +2026-11-22 18:05:11 +2026-11-22 18:05:11 +512 MiB are free beside the database; the limit is 1024 MiB\.$`)
	list(`(?m)^a-0 +critical +resolved, not acknowledged +of_a_later_release +strangers +`)

	for _, tc := range []struct{ id, by, note, want string }{
		{"a-1", "Wang Min", "cleaned up", "a-1 (disk, node node-1) is acknowledged by Wang Min. It is not over"},
		{"a-0", "Wang Min", "a drill", "It is over."},
	} {
		code, out, errors := run(t, "alerts", "ack", tc.id, "--by", tc.by, "--note", tc.note, "--db", c.Path)
		if code != 0 || !strings.Contains(out, tc.want) {
			t.Errorf("exit %d: %s%s", code, out, errors)
		}
	}
	list(`(?m)\Aalert.*\na-1 .* acknowledged +disk .*\[Wang Min: cleaned up\]\n\z`)
	list(`(?m)^a-0 .* resolved .*\[Wang Min: a drill\]$`, "--all")
	for _, tc := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"a-1", "--by", "b", "--note", "n"}, "a-1 is acknowledged already, by Wang Min", 1},
		{[]string{"a-9", "--by", "b", "--note", "n"}, "there is no alert a-9", 1},
		{[]string{"a-1", "--by", "", "--note", "n"}, "Say who acknowledges it", 1},
		{[]string{"a-1", "--by", "b", "--note", ""}, "Say in a line", 1},
		{[]string{"a-1", "--by", "b"}, "missing flags: --note", 2},
	} {
		if code, _, errors := run(t, append([]string{"alerts", "ack", "--db", c.Path}, tc.args...)...); code != tc.code || !strings.Contains(errors, tc.want) {
			t.Errorf("%q: exit %d: %s", tc.args, code, errors)
		}
	}
}

func TestRulesAreTold(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	s := storetest.Open(t, c)
	plantAlert(t, s, models.Alert{ID: "a-1", Rule: alerts.Disk, SubjectKind: "node", SubjectID: "n", Severity: models.Warning, Numbers: map[string]string{}})
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		return tx.BeginJob(models.JobRun{Name: alerts.JobNode, Node: "n", BeganAt: 1, EndedAt: 1_795_341_911_000, Result: models.JobOK})
	})
	if err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"POSTERN_ALERTS_RULES_REFUSALS_ON": "false", "POSTERN_ALERTS_RULES_DISK_FREE_MIB": "77"}
	code, out, errors := runWith(t, environment, "alerts", "rules", "--db", c.Path)
	for _, want := range []string{
		`(?m)^refusals +off +count 100, percent 20, hours 2 +never +0$`, `(?m)^disk +on +free_mib 77 +2026-11-22 18:05:11 +1$`,
	} {
		if code != 0 || !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("exit %d: %s%s\nwant %s", code, out, errors, want)
		}
	}
}

func TestAReceiverIsTried(t *testing.T) {
	t.Parallel()
	answer := `{"errcode":0,"errmsg":"ok"}`
	robot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
	t.Cleanup(robot.Close)
	secret := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(secret, []byte(robot.URL+"/?key=planted-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"POSTERN_ALERTS_WECOM_URL_FILE": secret}
	if code, out, errors := runWith(t, environment, "alerts", "test", "wecom"); code != 0 || out != "wecom took the test message.\n" {
		t.Errorf("exit %d: %s%s", code, out, errors)
	}
	answer = `{"errcode":93000,"errmsg":"invalid webhook url planted-key"}`
	code, out, errors := runWith(t, environment, "alerts", "test", "wecom")
	if code != 1 || !strings.Contains(errors, "wecom did not take it: the robot refused it: 93000 invalid webhook url") || strings.Contains(out+errors, "planted-key") {
		t.Errorf("exit %d: %s%s", code, out, errors)
	}
	if code, _, errors := runWith(t, environment, "alerts", "test", "mail"); code != 1 || !strings.Contains(errors, "there is no receiver mail in the configuration; set alerts.mail") {
		t.Errorf("exit %d: %s", code, errors)
	}
	if code, _, errors := runWith(t, environment, "alerts", "test", "pager"); code != 2 || !strings.Contains(errors, "must be one of") {
		t.Errorf("exit %d: %s", code, errors)
	}
}

// refuser speaks as much SMTP as one message needs, and knows everybody but gone@.
func refuser(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, "220 mail\r\n")
		letter := false
		for in := bufio.NewScanner(c); in.Scan(); {
			switch line := in.Text(); {
			case letter && line != ".":
			case strings.HasPrefix(line, "RCPT") && strings.Contains(line, "gone@"):
				fmt.Fprint(c, "550 no such mailbox\r\n")
			case line == "DATA":
				letter = true
				fmt.Fprint(c, "354 go on\r\n")
			default:
				letter = false
				fmt.Fprint(c, "250 ok\r\n")
			}
		}
	}()
	return l.Addr().String()
}

func TestOneReaderWhoIsGoneIsNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "postern.yaml")
	text := "alerts: { mail: { host: \"" + refuser(t) + "\", security: none, from: p@bank.example, to: [gone@bank.example, soc@bank.example] } }\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errors := runWith(t, nil, "alerts", "test", "mail", "--config", file)
	if code != 1 || !strings.Contains(errors, "some of those whom mail tells got it, others did not") || !strings.Contains(errors, "gone@bank.example") {
		t.Errorf("exit %d: %s", code, errors)
	}
}
