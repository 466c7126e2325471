package cli_test

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/cli"
	"postern/app/keyring"
	"postern/app/store/storetest"
)

// servedWorld is a world and a gateway that serve runs on its database.
func servedWorld(t *testing.T) (*apptest.World, served, map[string]string) {
	t.Helper()
	w := apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{})
	w.Close() // its master key is not the one below
	master, err := keyring.ParseMaster(testKey)
	if err != nil {
		t.Fatal(err)
	}
	w.Config.Master = master
	w.Exec("DELETE FROM keys")
	s := serve(t, w, nil)
	return w, s, map[string]string{
		"POSTERN_ISSUER": apptest.Issuer, "POSTERN_MASTER_KEY": testKey, "POSTERN_DATABASE_PATH": w.Config.Store.Path,
		"POSTERN_LISTENERS_GATEWAY_ADDRESS": s.gateway, "POSTERN_LISTENERS_INTERNAL_ADDRESS": s.internal,
	}
}

// command runs a command by the world's clock.
func command(t *testing.T, w *apptest.World, environment map[string]string, args ...string) (code int, out, errors string) {
	t.Helper()
	var stdout, stderr strings.Builder
	code = cli.Run(t.Context(), args, cli.Surroundings{
		Out: &stdout, Err: &stderr, Now: w.Clock.Now, Rand: rand.Reader, Getenv: func(name string) string { return environment[name] },
	})
	return code, stdout.String(), stderr.String()
}

func TestBackUpARunningGatewayAndRestoreItsCopy(t *testing.T) {
	t.Parallel()
	w, s, environment := servedWorld(t)
	folder := t.TempDir()
	file, old := filepath.Join(folder, "copy.db"), filepath.Join(folder, "old.db")
	code, out, errors := command(t, w, environment, "backup", file)
	if code != 0 || !strings.Contains(out, "schema        ") || !strings.Contains(out, "master key    ") {
		t.Fatalf("backup: %d, %s%s", code, out, errors)
	}
	if strings.Contains(out, "WARNING") {
		t.Errorf("the right master key is warned of: %s", out)
	}
	foreign := map[string]string{"POSTERN_MASTER_KEY": strings.ReplaceAll(testKey, "00", "ff"), "POSTERN_DATABASE_PATH": w.Config.Store.Path}
	if code, out, _ := command(t, w, foreign, "backup", file+".foreign"); code != 0 || !strings.Contains(out, "WARNING: the configured master key") {
		t.Errorf("under another master key: exit %d, %s", code, out)
	}
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"a backup over a file", []string{"backup", file}, "is there already"},
		{"a restore that says nothing of the old database", []string{"restore", file}, "--keep-old FILE"},
		{"a restore under a gateway", []string{"restore", file, "--keep-old", old}, "stop the gateway first"},
		{"PostgreSQL's step", []string{"restore", "--after-pg-restore"}, "for PostgreSQL"},
		{"no file", []string{"restore"}, "which copy"},
	} {
		if code, _, errors := command(t, w, environment, tc.args...); code != 1 || !strings.Contains(errors, tc.want) {
			t.Errorf("%s: exit %d, %q", tc.name, code, errors)
		}
	}
	s.stop()
	if code := <-s.ended; code != 0 {
		t.Fatalf("serve ended with %d", code)
	}
	w.Clock.Add(time.Minute)
	code, out, errors = command(t, w, environment, "restore", file, "--keep-old", old)
	if code != 0 || !strings.Contains(out, w.Config.Store.Path) || !strings.Contains(out, "revoked credentials") {
		t.Fatalf("restore: %d, %s%s", code, out, errors)
	}
	if _, err := os.Stat(old); err != nil {
		t.Errorf("the old database: %v", err)
	}
	again := serve(t, w, nil)
	if status := ask(t, again.internal, "/readyz"); status != http.StatusOK {
		t.Errorf("the restored gateway says %d", status)
	}
}

func ask(t *testing.T, address, path string) (status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

func TestPostgreSQLIsCopiedByItsOwnTools(t *testing.T) {
	t.Parallel()
	environment := map[string]string{"POSTERN_DATABASE_DSN": "postgres://u:s3cret@127.0.0.1:1/x", "POSTERN_MASTER_KEY": testKey}
	for name, tc := range map[string]struct{ args, want string }{
		"backup":                 {"backup copy.db", "pg_dump --format=custom"},
		"restore":                {"restore copy.db", "--after-pg-restore"},
		"its step with a file":   {"restore copy.db --after-pg-restore", "takes no file"},
		"its step, out of reach": {"restore --after-pg-restore", "reach PostgreSQL"},
	} {
		code, out, errors := runWith(t, environment, strings.Fields(tc.args)...)
		if code != 1 || !strings.Contains(errors, tc.want) || strings.Contains(out+errors, "s3cret") {
			t.Errorf("%s: exit %d, %q", name, code, errors)
		}
	}
}

func TestRestoreAsksForTheMasterKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{"": "master_key: is missing", "short": "master_key: "} {
		code, _, errors := runWith(t, map[string]string{"POSTERN_MASTER_KEY": key}, "restore", "copy.db")
		if code != 1 || !strings.Contains(errors, want) {
			t.Errorf("key %q: exit %d, %q", key, code, errors)
		}
	}
}

func TestDoctorBesideARunningGateway(t *testing.T) {
	t.Parallel()
	w, s, environment := servedWorld(t)
	code, out, errors := command(t, w, environment, "doctor")
	if code != 0 || errors != "" || strings.Contains(out, "FAILED") || strings.Count(out, "a gateway answers") != 2 {
		t.Errorf("exit %d, %s%s", code, out, errors)
	}
	s.stop()
	<-s.ended
	environment["POSTERN_MASTER_KEY"] = strings.Repeat("0123456789abcdef", 4)
	code, out, errors = command(t, w, environment, "doctor", "--json")
	var answer struct {
		OK       bool
		Findings []struct{ Check, State, Found, Advice string }
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if code != 1 || answer.OK || !strings.Contains(errors, "1 of ") {
		t.Errorf("exit %d, %s%s", code, out, errors)
	}
	for _, f := range answer.Findings {
		if bad := f.State == "FAILED"; bad != (f.Check == "keys") || bad && f.Advice == "" || f.Found == "" {
			t.Errorf("found %+v", f)
		}
	}
}
