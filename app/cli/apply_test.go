package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app/cli"
)

const example = "../../docs/examples/bank.yaml"

// file writes a file into a folder of its own and names it.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bank.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestApplyAndExport(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "postern.db")
	for _, step := range []struct {
		name, db  string
		args      []string
		code      int
		want, not string // in what was printed
	}{
		{"a dry run without a database makes none", db, []string{"apply", "--dry-run", "-f", example}, 0, "There is no database", ""},
		{"nothing is exported from nowhere", db, []string{"export"}, 1, "no such file", ""},
		{"the example is applied", db, []string{"apply", "-f", example}, 0, "Changed 16, of which 16 widen", "There is no database"},
		{"it is applied once", db, []string{"apply", "-f", example}, 0, "Nothing to change", "Changed"},
		{"a dry run says what would change", db, []string{"apply", "--dry-run", "-f", file(t, "partners: [{id: travel, status: suspended}]")}, 0,
			"narrows     status: active -> suspended\n\nWould change 1, of which 0 widen", "Changed"},
		{"it changed nothing", db, []string{"export"}, 0, "name: Lianhe Travel 联合出行\n    status: active", "suspended"},
		{"a bad file is refused with its lines", db, []string{"apply", "-f", file(t, "partners:\n  - id: travel\n    status: gone")}, 1,
			"postern: bank.yaml is refused and nothing was changed; 1 fault:\n  line 3: partner travel, status: ", ""},
		{"a dry run refuses it too", db, []string{"apply", "--dry-run", "-f", file(t, "a: b")}, 1, `unknown section "a"`, ""},
		{"a file that is not there", db, []string{"apply", "-f", "none.yaml"}, 1, "no such file", ""},
	} {
		code, out, errors := run(t, append(step.args, "--db", step.db)...)
		if printed := out + errors; code != step.code || !strings.Contains(printed, step.want) || step.not != "" && strings.Contains(printed, step.not) {
			t.Errorf("%s: exit %d, want %d, with %q and without %q:\n%s", step.name, code, step.code, step.want, step.not, printed)
		}
		if _, err := os.Stat(db); err == nil && strings.Contains(step.name, "makes none") {
			t.Error("the dry run made a database")
		}
	}
	_, exported, _ := run(t, "export", "--db", db)
	if code, out, _ := run(t, "apply", "-f", file(t, exported), "--db", db); code != 0 || !strings.Contains(out, "Nothing to change") {
		t.Errorf("what was exported changes %s", out)
	}
}

// docs/first-visit.md applies the sandbox beside the keys that the example made.
func TestTheSandboxExampleIsApplied(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a program")
	}
	folder := t.TempDir()
	db, path := filepath.Join(folder, "postern.db"), filepath.Join(folder, "sandbox.yaml")
	text, err := os.ReadFile("../../docs/examples/sandbox.yaml")
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errors := run(t, "apply", "--db", db, "-f", path); code != 1 || !strings.Contains(errors, "there is no file keys/example-app-sig.pub.jwk") {
		t.Errorf("without keys: exit %d: %s", code, errors)
	}
	made, err := exec.CommandContext(t.Context(), "go", "run", "../../docs/examples/partner.go", "make-keys", filepath.Join(folder, "keys"), "example-app").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, made)
	}
	for _, want := range []string{"Changed 7, of which 7 widen", "Nothing to change"} {
		if code, out, errors := run(t, "apply", "--db", db, "-f", path); code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, want %s: %s%s", code, want, out, errors)
		}
	}
	if _, out, _ := run(t, "policy", "explain", "--db", db, "--app", "example-app", "--path", "/loans/offers"); !strings.Contains(out, `"138****6027"`) {
		t.Errorf("the phone number is not masked: %s", out)
	}
}

// serving is the log of a gateway that runs.
type serving struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func (s *serving) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		select {
		case s.more <- struct{}{}:
		default:
		}
	}()
	return s.text.Write(b)
}

// address waits for the line that names the listener.
func (s *serving) address(t *testing.T) string {
	t.Helper()
	for range s.more {
		s.mu.Lock()
		lines := strings.Split(s.text.String(), "\n")
		s.mu.Unlock()
		for _, line := range lines {
			var opened struct{ Msg, Address string }
			if json.Unmarshal([]byte(line), &opened) == nil && opened.Msg == "listeners opened" {
				return opened.Address
			}
		}
	}
	return ""
}

// startGateway runs postern serve until the test ends; it gives its address.
func startGateway(t *testing.T, db string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	log, ended := &serving{more: make(chan struct{}, 1)}, make(chan int, 1)
	go func() {
		code := cli.Run(ctx, []string{"serve", "--issuer", "http://localhost:1", "--db", db, "--listen", "127.0.0.1:0", "--internal", "127.0.0.1:0"},
			cli.Surroundings{Out: log, Err: log, Now: time.Now, Rand: rand.Reader, Getenv: func(name string) string {
				return map[string]string{"POSTERN_MASTER_KEY": strings.Repeat("0123456789abcdef", 4)}[name]
			}})
		close(log.more)
		ended <- code
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("the gateway ended with %d: %s", code, log.text.String())
		}
	})
	address := log.address(t)
	if address == "" {
		t.Fatalf("the gateway did not open: %s", log.text.String())
	}
	return address
}

func TestARunningGatewayTakesUpAFileWithinASecond(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "postern.db")
	address := startGateway(t, db)
	// A page's browser asks whether it may call; it may from the origins of
	// active services.
	allowed := func() bool {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, "http://"+address+"/gateway/v1/visit-tokens", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://loan.bank.example")
		r.Header.Set("Access-Control-Request-Method", http.MethodPost)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.Header.Get("Access-Control-Allow-Origin") != ""
	}
	if allowed() {
		t.Fatal("the origin is listed before")
	}
	for _, step := range []struct {
		file string
		want bool
	}{{example, true}, {file(t, "services: [{id: 'urn:h5:loan', status: suspended}]"), false}} {
		if code, _, errors := run(t, "apply", "-f", step.file, "--db", db); code != 0 {
			t.Fatalf("exit %d: %s", code, errors)
		}
		began, poll := time.Now(), time.NewTicker(20*time.Millisecond)
		for allowed() != step.want && time.Since(began) < 10*time.Second {
			<-poll.C
		}
		poll.Stop()
		took := time.Since(began)
		t.Logf("it took %s", took)
		if took >= 10*time.Second {
			t.Errorf("after %s the gateway still goes by what was before", took)
		}
	}
}
