package app_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/authority"
	"postern/app/bankfile"
	"postern/app/store/storetest"
)

func readPage(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// errorRow is a row of the page's tables: a code, a status and more.
var errorRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([0-9]{3}) \\|")

func TestTheProtocolPageNamesEveryCodeWithItsStatus(t *testing.T) {
	t.Parallel()
	_, section, ok := strings.Cut(readPage(t, "docs", "protocol.md"), "\n## 7. ")
	if !ok {
		t.Fatal("docs/protocol.md has no section 7")
	}
	section, _, _ = strings.Cut(section, "\n## 8. ")
	rows := errorRow.FindAllStringSubmatch(section, -1)
	if len(rows) != 16 {
		t.Errorf("section 7 has %d codes, the protocol 16", len(rows))
	}
	for _, row := range rows {
		// What is no code of the protocol has the status of unavailable.
		if got := strconv.Itoa(authority.Status(row[1])); got != row[2] {
			t.Errorf("%s is %s on the page, %s in the code", row[1], row[2], got)
		}
	}
}

// endpoint is a method and a path as the page writes them.
var endpoint = regexp.MustCompile("`(GET|POST) (/[a-z0-9/._-]+)`")

func TestTheProtocolPageNamesEndpointsThatExist(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{})
	named := endpoint.FindAllStringSubmatch(readPage(t, "docs", "protocol.md"), -1)
	if len(named) < 10 {
		t.Fatalf("the page names %d endpoints", len(named))
	}
	for _, n := range named {
		rec := w.Do(httptest.NewRequest(n[1], n[2], http.NoBody))
		if rec.Code == http.StatusNotFound || rec.Code == http.StatusMethodNotAllowed {
			t.Errorf("%s %s is %d", n[1], n[2], rec.Code)
		}
	}
}

var partnerExample = filepath.Join("..", "docs", "examples", "partner.go")

// The page promises that it and a JOSE library are enough; the examples prove it.
func TestClientsWrittenFromTheProtocolPageWork(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fetches a module and builds a program")
	}
	settings := serveExamples(t)
	t.Run("a whole visit in Node", func(t *testing.T) {
		t.Parallel()
		output := run(t, settings, "node", nodeExample(t))
		for _, want := range []string{"of Lianhe Travel us****81", `G 200 {`, `"phone":"138****6027"`, "closed 204"} {
			if !strings.Contains(output, want) {
				t.Errorf("the example did not print %s:\n%s", want, output)
			}
		}
	})
	t.Run("a partner's back end in Go", func(t *testing.T) {
		t.Parallel()
		output := run(t, settings, "go", "run", partnerExample)
		if !strings.HasPrefix(output, apptest.H5URL+"#at=eyJ") || strings.Count(output, ".") != strings.Count(apptest.H5URL, ".")+2 {
			t.Errorf("the example printed %s", output)
		}
	})
}

// An example that cannot begin says in one line what it misses.
func TestClientsSayWhatTheyMiss(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fetches a module and builds a program")
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	settings, empty := serveExamples(t), t.TempDir()
	for _, tc := range []struct {
		name    string
		command func(t *testing.T) []string
	}{
		{"in Node", func(t *testing.T) []string { return []string{"node", nodeExample(t)} }},
		{"in Go", func(*testing.T) []string { return []string{"go", "run", partnerExample} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			words := tc.command(t)
			for other, want := range map[string]string{
				"GATEWAY=" + address: "is the demo running at " + address + "? GATEWAY= names another gateway: ",
				"KEYS=" + empty:      "no keys of " + apptest.Travel + " in " + empty + ": CLIENT_ID= names the application and KEYS= their folder",
			} {
				output, err := runs(t, append(slices.Clone(settings), other), words[0], words[1:]...)
				first, rest, _ := strings.Cut(output, "\n")
				rest = strings.TrimPrefix(rest, "exit status 1\n") // of go run
				if err == nil || !strings.HasPrefix(first, want) || rest != "" {
					t.Errorf("with %s: %v, and it printed:\n%s", other, err, output)
				}
			}
		})
	}
}

// docs/first-visit.md promises a visit with keys that the example made and
// docs/examples/sandbox.yaml, with no bank behind the gateway.
func TestTheFirstVisitWorks(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fetches a module and builds a program")
	}
	const client = "example-app"
	address, w := serveReal(t, func(s *apptest.Seed) { *s = apptest.Seed{} })
	folder := t.TempDir()
	keys := filepath.Join(folder, "keys")
	run(t, nil, "go", "run", partnerExample, "make-keys", keys, client)
	if info, err := os.Stat(filepath.Join(keys, client+"-sig.jwk")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a private key is not for its owner alone: %v %v", info, err)
	}
	if output, err := runs(t, nil, "go", "run", partnerExample, "make-keys", keys, client); err == nil || !strings.Contains(output, "file exists") {
		t.Errorf("keys are written over: %v %s", err, output)
	}
	document, err := bankfile.Read("sandbox.yaml", []byte(readPage(t, "docs", "examples", "sandbox.yaml")), os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := document.Apply(t.Context(), w.App.Store(), bankfile.Options{Now: time.Now()}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	settings := []string{"GATEWAY=" + address, "KEYS=" + keys, "CLIENT_ID=" + client}
	if output := run(t, settings, "go", "run", partnerExample); !strings.HasPrefix(output, "http://localhost:8090/h5#at=eyJ") {
		t.Errorf("the partner's back end printed %s", output)
	}
	output := run(t, settings, "node", nodeExample(t))
	_, reply, _ := strings.Cut(output, "G 200 ")
	reply, rest, _ := strings.Cut(reply, "\n")
	if reply == "" || !strings.Contains(readPage(t, "docs", "first-visit.md"), "\nG 200 "+reply+"\n") || rest != "closed 204\n" {
		t.Errorf("the page shows another visit than:\n%s", output)
	}
}

// serveReal serves a gateway on the real clock, which the examples read.
func serveReal(t *testing.T, seed func(*apptest.Seed)) (address string, w *apptest.World) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = "http://" + listener.Addr().String()
	w = apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{Seed: seed, Config: func(c *app.Config) {
		c.Issuer, c.Now = address, time.Now
	}})
	server := &http.Server{Handler: w.Handler(), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }() // ends with the close below
	t.Cleanup(func() { _ = server.Close() })
	return address, w
}

// serveExamples serves a gateway with an application for the examples, and
// returns the settings that lead them to it.
func serveExamples(t *testing.T) []string {
	t.Helper()
	address, w := serveReal(t, nil)
	keys := t.TempDir()
	signing, encryption := w.Key(apptest.Travel, "sig"), w.Key(apptest.Travel, "enc")
	for name, key := range map[string]any{"-sig.jwk": signing, "-enc.jwk": encryption} {
		jwk, err := json.Marshal(key)
		if err == nil {
			err = os.WriteFile(filepath.Join(keys, apptest.Travel+name), jwk, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return []string{"GATEWAY=" + address, "KEYS=" + keys, "CLIENT_ID=" + apptest.Travel, "SERVICE=" + apptest.Service}
}

// nodeExample puts the example beside the library that it imports, in a folder
// that the test throws away, and returns its path.
func nodeExample(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	npm, err := exec.LookPath("npm")
	if err != nil {
		skipOrFail(t, "node", "npm is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	output, err := exec.CommandContext(ctx, npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, "jose@6.2.17").CombinedOutput()
	if err != nil {
		skipOrFail(t, "jose", fmt.Sprintf("jose cannot be fetched: %v %s", err, output))
	}
	path := filepath.Join(folder, "visit.mjs")
	if err := os.WriteFile(path, []byte(readPage(t, "docs", "examples", "visit.mjs")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs an example to its end and returns what it printed.
func run(t *testing.T, settings []string, program string, args ...string) string {
	t.Helper()
	output, err := runs(t, settings, program, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return output
}

// runs is run for an example that may fail.
func runs(t *testing.T, settings []string, program string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		skipOrFail(t, program, program+" is not installed")
	}
	command := exec.CommandContext(t.Context(), path, args...)
	command.Env = append(os.Environ(), settings...)
	output, err := command.CombinedOutput()
	return string(output), err
}

func skipOrFail(t *testing.T, what, reason string) {
	t.Helper()
	if strings.Contains(os.Getenv("POSTERN_TEST_REQUIRE"), what) {
		t.Fatalf("%s, and POSTERN_TEST_REQUIRE names %s", reason, what)
	}
	t.Skip(reason)
}
