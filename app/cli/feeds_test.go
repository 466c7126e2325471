package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app/store"
	"postern/app/store/storetest"
)

// feedsFile is a configuration file with one feed.
func feedsFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "postern.yaml")
	if err := os.WriteFile(path, []byte("feeds: [{name: archive, file: {path: events.jsonl}}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFeedsAreListedAndForgotten(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	s := storetest.Open(t, c)
	if code, out, errors := run(t, "feeds", "list", "--db", c.Path); code != 0 || out != "There are no feeds.\n" {
		t.Fatalf("exit %d: %s%s", code, out, errors)
	}
	file := feedsFile(t)
	code, out, errors := run(t, "feeds", "list", "--db", c.Path, "--config", file)
	if code != 0 || !regexp.MustCompile(`(?m)^archive +file events.jsonl +0 .*has not begun$`).MatchString(out) {
		t.Errorf("before it begins: exit %d: %s%s", code, out, errors)
	}
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.BeginFeed("archive"); err != nil {
			return err
		}
		if _, err := tx.MoveFeed("archive", 0, 7, 1); err != nil {
			return err
		}
		if _, err := tx.TakeLease("feed archive", "node-1", 0, time.Now().Add(time.Hour).UnixMilli()); err != nil {
			return err
		}
		return tx.FailFeed("archive", "disk\nfull", time.Now().UnixMilli())
	})
	if err != nil {
		t.Fatal(err)
	}
	code, out, errors = run(t, "feeds", "list", "--db", c.Path)
	if code != 0 || !regexp.MustCompile(`(?m)^archive +not configured here +7 .*\d{4}-\S+ \S+ disk full$`).MatchString(out) {
		t.Errorf("once it has begun: exit %d: %s%s", code, out, errors)
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"archive", "--config", file}, "archive is still configured"},
		{[]string{"archive"}, "a node still delivers archive"},
		{[]string{"other"}, "there is no feed other"},
	} {
		if code, _, errors := run(t, append([]string{"feeds", "forget", "--db", c.Path}, tc.args...)...); code != 1 || !strings.Contains(errors, tc.want) {
			t.Errorf("%v: exit %d: %s", tc.args, code, errors)
		}
	}
	err = s.Write(t.Context(), func(tx *store.Tx) error { return tx.ReleaseLease("feed archive", "node-1") })
	if err != nil {
		t.Fatal(err)
	}
	if code, out, errors := run(t, "feeds", "forget", "archive", "--db", c.Path); code != 0 || !strings.HasPrefix(out, "archive is forgotten") {
		t.Errorf("exit %d: %s%s", code, out, errors)
	}
	if lags, err := s.FeedLags(t.Context()); err != nil || len(lags) != 0 {
		t.Errorf("left: %+v, %v", lags, err)
	}
	stmt, err := s.ReadStmt(t.Context(), "SELECT body FROM events WHERE kind = 'feed.forgotten'")
	if err != nil {
		t.Fatal(err)
	}
	var body string
	if err := stmt.QueryRow().Scan(&body); err != nil || !strings.Contains(body, `"feed":"archive"`) {
		t.Errorf("its event: %s, %v", body, err)
	}
}

func TestServeRefusesAFeedWhoseFilesCannotBeRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "postern.yaml")
	text := "feeds: [{name: siem, syslog: {address: 'siem.bank.example:6514', ca: none.pem}}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errors := run(t, "serve", "--config", path, "--issuer", "https://gateway.bank.example")
	if code != 1 || !strings.Contains(errors, "feeds[0].syslog: open none.pem") {
		t.Errorf("exit %d: %s", code, errors)
	}
}
