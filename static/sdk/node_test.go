package sdk_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/static/sdk/gen/bundle"
)

// joseVersion is the independent JOSE implementation that judges the SDK's envelopes; test only.
const joseVersion = "jose@6.2.17"

// require finds a program. Without it the test is skipped, or fails where POSTERN_TEST_REQUIRE names it.
func require(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	skip(t, names[0], names[0]+" is not installed")
	return ""
}

func skip(t *testing.T, what, reason string) {
	t.Helper()
	if strings.Contains(os.Getenv("POSTERN_TEST_REQUIRE"), what) {
		t.Fatalf("%s, and POSTERN_TEST_REQUIRE names %s", reason, what)
	}
	t.Skip(reason)
}

// internals bundles the modules under test for Node and returns the file.
func internals(t *testing.T) string {
	t.Helper()
	module, err := bundle.Module(".", filepath.Join("test", "internals.ts"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "internals.mjs")
	if err := os.WriteFile(path, module, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func runNode(t *testing.T, file string, environment ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), require(t, "node"), "--test", filepath.Join("test", file))
	command.Env = append(os.Environ(), environment...)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

func TestModulesInNode(t *testing.T) {
	t.Parallel()
	require(t, "node")
	module := internals(t)
	for _, file := range []string{"envelope.test.mjs", "at.test.mjs", "modules.test.mjs"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			runNode(t, file, "POSTERN_SDK_INTERNALS="+module)
		})
	}
}

func TestIndependentImplementationAgrees(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fetches a module")
	}
	require(t, "node")
	jose := installJose(t)
	runNode(t, "jose.test.mjs", "POSTERN_SDK_INTERNALS="+internals(t), "POSTERN_SDK_JOSE="+jose)
}

// installJose fetches the judge into a folder that the test throws away, and returns its entry module.
func installJose(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	npm := exec.CommandContext(ctx, require(t, "npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, joseVersion)
	if output, err := npm.CombinedOutput(); err != nil {
		skip(t, "jose", joseVersion+" cannot be fetched: "+firstLine(output))
	}
	return filepath.Join(folder, "node_modules", "jose", "dist", "webapi", "index.js")
}

func firstLine(output []byte) string {
	line, _, _ := strings.Cut(string(output), "\n")
	return line
}
