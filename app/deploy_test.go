package app_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"postern/app/config"
)

// deployed are the files of deploy, by name.
func deployed(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir("../deploy", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "secrets" { // an operator's own
			return fs.SkipDir
		}
		if !entry.IsDir() {
			found[entry.Name()] = readPage(t, "deploy", entry.Name())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var variable = regexp.MustCompile(`POSTERN_[A-Z_]+`)

func TestWhatIsDeployedNamesSettingsThatExist(t *testing.T) {
	t.Parallel()
	known := []string{"POSTERN_CONFIG"}
	for _, s := range config.Settings() {
		known = append(known, s.Variable())
		if s.Secret() {
			known = append(known, s.FileVariable())
		}
	}
	files, seen := deployed(t), 0
	files["docs/operations.md"] = readPage(t, "docs", "operations.md")
	for name, text := range files {
		for _, found := range variable.FindAllString(text, -1) {
			seen++
			if !slices.Contains(known, found) {
				t.Errorf("%s names %s, which is no setting", name, found)
			}
		}
	}
	if seen < 8 {
		t.Errorf("only %d names were found; the test looks at the wrong files", seen)
	}
}

// The sample may be faulted for files that are not on this machine, and for nothing else.
func TestTheSampleConfigurationLoads(t *testing.T) {
	t.Parallel()
	c, faults := config.Load(config.Sources{File: "../deploy/postern.yaml", Getenv: func(string) string { return "" }})
	for _, f := range faults {
		if f.Key != "master_key" || !strings.Contains(f.Problem, "no such file") && !strings.Contains(f.Problem, "make one with") {
			t.Errorf("%s", f)
		}
	}
	if c.Issuer != "https://gateway.bank.example" || c.Database.Path != "/var/lib/postern/postern.db" || c.Listeners.Gateway.TLS.Cert == "" {
		t.Errorf("read %+v", c)
	}
}

// unit reads the service file: what stands last for a key, by key.
func unit(text string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			found[key] = value
		}
	}
	return found
}

func TestTheUnitIsShutAndWaitsForTheGateway(t *testing.T) {
	t.Parallel()
	c, _ := config.Load(config.Sources{File: "../deploy/postern.yaml", Getenv: func(string) string { return "" }})
	u := unit(readPage(t, "deploy", "postern.service"))
	if seconds, err := strconv.Atoi(u["TimeoutStopSec"]); err != nil || time.Duration(seconds)*time.Second <= c.Limits.StopTime {
		t.Errorf("TimeoutStopSec is %s, stopping takes up to %s", u["TimeoutStopSec"], c.Limits.StopTime)
	}
	if files, err := strconv.Atoi(u["LimitNOFILE"]); err != nil || files < 3*c.Limits.Connections {
		t.Errorf("LimitNOFILE is %s, for %d connections of each listener and those to upstreams", u["LimitNOFILE"], c.Limits.Connections)
	}
	for key, want := range map[string]string{
		"Type": "notify", "User": "postern", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "MemoryDenyWriteExecute": "yes",
		"CapabilityBoundingSet": "CAP_NET_BIND_SERVICE", "AmbientCapabilities": "CAP_NET_BIND_SERVICE", "StateDirectoryMode": "0700", "LimitCORE": "0",
	} {
		if u[key] != want {
			t.Errorf("%s is %q, want %q", key, u[key], want)
		}
	}
	if folder := "/var/lib/" + u["StateDirectory"]; filepath.Dir(c.Database.Path) != folder {
		t.Errorf("the database is at %s, the unit may write %s", c.Database.Path, folder)
	}
	if folder := "/var/log/" + u["LogsDirectory"]; !strings.Contains(readPage(t, "docs", "operations.md"), "path: "+folder+"/events.jsonl") {
		t.Errorf("the page's feed goes to another folder than %s, which the unit may write", folder)
	}
}

// composed is what the test reads of a compose file.
type composed struct {
	Services map[string]struct {
		User        string                    `yaml:"user"`
		Environment map[string]string         `yaml:"environment"`
		Ports       []string                  `yaml:"ports"`
		Volumes     []string                  `yaml:"volumes"`
		Secrets     []any                     `yaml:"secrets"`
		Networks    []string                  `yaml:"networks"`
		DependsOn   map[string]map[string]any `yaml:"depends_on"`
		ReadOnly    bool                      `yaml:"read_only"`
		CapDrop     []string                  `yaml:"cap_drop"`
		SecurityOpt []string                  `yaml:"security_opt"`
		Pids        int                       `yaml:"pids_limit"`
		Memory      string                    `yaml:"mem_limit"`
		StopGrace   string                    `yaml:"stop_grace_period"`
	} `yaml:"services"`
	Networks map[string]struct {
		Internal bool `yaml:"internal"`
	} `yaml:"networks"`
	Volumes map[string]any               `yaml:"volumes"`
	Secrets map[string]map[string]string `yaml:"secrets"`
}

func readComposed(t *testing.T) composed {
	t.Helper()
	var c composed
	if err := yaml.Unmarshal([]byte(readPage(t, "deploy", "compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Services) != 2 {
		t.Fatalf("read %d services", len(c.Services))
	}
	return c
}

func TestComposedServicesMayDoLittle(t *testing.T) {
	t.Parallel()
	c := readComposed(t)
	for name, s := range c.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") ||
			s.Pids == 0 || s.Memory == "" {
			t.Errorf("%s may do more than it needs: %+v", name, s)
		}
	}
	gateway, database := c.Services["gateway"], c.Services["database"]
	if len(database.Ports) > 0 || !slices.Equal(database.Networks, []string{"database"}) || !c.Networks["database"].Internal {
		t.Errorf("the database can be reached from outside: %+v", database)
	}
	for _, port := range gateway.Ports {
		if strings.HasSuffix(port, ":8081") && !strings.HasPrefix(port, "127.0.0.1:") {
			t.Errorf("the internal listener is published as %s", port)
		}
	}
	if gateway.DependsOn["database"]["condition"] != "service_healthy" {
		t.Error("the gateway does not wait for its database")
	}
	if grace, err := time.ParseDuration(gateway.StopGrace); err != nil || grace <= config.Default().Limits.StopTime {
		t.Errorf("it is given %s to stop", gateway.StopGrace)
	}
}

func TestWhatIsComposedIsThere(t *testing.T) {
	t.Parallel()
	c := readComposed(t)
	for name, s := range c.Services {
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, named := c.Volumes[from]; !named && !exists(filepath.Join("deploy", from)) {
				t.Errorf("%s mounts %s, which is not there", name, from)
			}
		}
		for _, secret := range s.Secrets {
			source, _ := secret.(string)
			if long, ok := secret.(map[string]any); ok {
				source, _ = long["source"].(string)
			}
			if c.Secrets[source]["file"] == "" {
				t.Errorf("%s wants the secret %v, which nothing gives", name, secret)
			}
		}
	}
	// With these variables over the sample nothing is missing but the secrets' own files.
	environment := c.Services["gateway"].Environment
	_, faults := config.Load(config.Sources{File: "../deploy/postern.yaml", Getenv: func(name string) string { return environment[name] }})
	for _, f := range faults {
		if f.Key != "master_key" && f.Key != "database.dsn" {
			t.Errorf("%s", f)
		}
	}
}

func TestTheImageHoldsNothingButTheGateway(t *testing.T) {
	t.Parallel()
	text := readPage(t, "deploy", "Dockerfile")
	_, last, ok := strings.Cut(text, "\nFROM scratch\n")
	if !ok || strings.Contains(last, "FROM ") || strings.Contains(last, "RUN ") {
		t.Error("the last stage does not begin from nothing")
	}
	if !regexp.MustCompile(`(?m)^USER [1-9][0-9]*:[1-9][0-9]*$`).MatchString(last) {
		t.Error("the image has no user by number")
	}
	if host := regexp.MustCompile(`(?m)^(?:FROM|\s*image:) \S*\.\S*/`).FindString(text + readPage(t, "deploy", "compose.yaml")); host != "" {
		t.Errorf("%q names a registry's host", host)
	}
	// The program is built with the release that the module asks for.
	version := regexp.MustCompile(`FROM golang:([0-9.]+)-`).FindStringSubmatch(text)
	module := regexp.MustCompile(`(?m)^go ([0-9]+\.[0-9]+)`).FindStringSubmatch(readPage(t, "go.mod"))
	if len(version) < 2 || len(module) < 2 || !strings.HasPrefix(version[1], module[1]+".") {
		t.Errorf("the image is built with Go %v, the module asks for %v", version, module)
	}
	if _, err := os.Stat("../.dockerignore"); err != nil {
		t.Error(err)
	}
}

func TestTheOperationsPageNamesMetricsThatExist(t *testing.T) {
	t.Parallel()
	source, seen := readPage(t, "app", "metrics.go"), 0
	for _, m := range regexp.MustCompile("`(postern_[a-z_]+)`").FindAllStringSubmatch(readPage(t, "docs", "operations.md"), -1) {
		seen++
		if !strings.Contains(source, `"`+m[1]+`"`) {
			t.Errorf("%s is no metric of app/metrics.go", m[1])
		}
	}
	if seen < 8 {
		t.Errorf("the page names %d metrics", seen)
	}
}
