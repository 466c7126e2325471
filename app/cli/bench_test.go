package cli_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"postern/app/cli"
)

func run(t *testing.T, args ...string) (code int, out, errors string) {
	t.Helper()
	return runWith(t, nil, args...)
}

// runWith runs a command in an environment of its own.
func runWith(t *testing.T, environment map[string]string, args ...string) (code int, out, errors string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), args, cli.Surroundings{
		Out: &stdout, Err: &stderr, Now: time.Now, Rand: rand.Reader, Getenv: func(name string) string { return environment[name] },
	})
	return code, stdout.String(), stderr.String()
}

func TestBenchPrintsWhatAMachineReads(t *testing.T) {
	t.Parallel()
	code, out, errors := run(t, "bench", "--steps", "B", "--duration", "100ms", "--concurrency", "2", "--json")
	if code != 0 {
		t.Fatalf("exit %d: %s%s", code, out, errors)
	}
	var result struct {
		Steps []struct {
			Step     string `json:"step"`
			Requests int    `json:"requests"`
		} `json:"steps"`
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if len(result.Steps) != 1 || result.Steps[0].Step != "B" || result.Steps[0].Requests == 0 {
		t.Errorf("steps = %+v, want B alone", result.Steps)
	}
}

func TestBenchRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		args string
		code int
		want string
	}{
		{"a target and nothing else", "--target http://localhost:1", 1, "also needs --client-id, --key-file with two files, --resource, as in --target"},
		{"a target with one key", "--target http://localhost:1 --client-id c --resource urn:h5:x --key-file bench_test.go", 1, "--key-file sig.jwk,enc.jwk"},
		{"a target beside a database", "--target http://localhost:1 --db x.db", 1, "does not go with"},
		{"a flag that it does not know", "--fast", 2, "--fast"},
		{"a duration that is none", "--duration soon", 2, "duration"},
		{"a key file that is not there", "--target http://localhost:1 --key-file /nowhere/key.jwk", 2, "key.jwk"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			code, out, errors := run(t, append([]string{"bench"}, strings.Fields(tc.args)...)...)
			if code != tc.code || !strings.Contains(errors, tc.want) {
				t.Errorf("exit %d, %q, %q; want %d with %q", code, out, errors, tc.code, tc.want)
			}
		})
	}
}
