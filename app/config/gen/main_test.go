package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postern/app/config"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestThePageIsWhatTheSettingsSay(t *testing.T) {
	t.Parallel()
	want, err := render(filepath.Join("..", "config.go"), filepath.Join("..", "alerts.go"))
	if err != nil {
		t.Fatal(err)
	}
	if page(t) != want {
		t.Error("docs/configuration.md is not current; run: go generate ./app/config")
	}
}

func TestThePagesExampleCanBeRead(t *testing.T) {
	t.Parallel()
	found := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(page(t))
	if found == nil {
		t.Fatal("the page has no example")
	}
	folder := t.TempDir()
	key, file := filepath.Join(folder, "key"), filepath.Join(folder, "postern.yaml")
	text := strings.ReplaceAll(found[1], "/run/secrets/postern-master-key", key)
	for name, content := range map[string]string{key: "00", file: text} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, faults := config.Load(config.Sources{File: file, Getenv: func(string) string { return "" }})
	if faults != nil || len(c.Listeners.Internal.TrustedProxies) != 2 {
		t.Errorf("read %+v: %v", c, faults)
	}
}
