package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "postern"

// tiers lists every package of the module, "." being main. A package imports
// packages of lower tiers only. A package that is not here fails the test: its
// author decides where it belongs.
var tiers = [...][]string{
	0: {
		"models", "app/errs", "app/filelock", "app/pemfile", "app/seal", "views/i18n", "migrations",
		"docs", "static", "static/sdk", "static/sdk/gen", "static/sdk/gen/bundle",
	},
	1: {
		"app/store", "app/store/storetest", "app/token", "app/play/keyset", "app/play/partner", "app/play/visitor", "app/limit", "app/disclosure", "app/hours", "policies", "app/config", "app/config/gen",
		"views/layout", "views/ui", "views/link", "views/entrance", "views/recordview", "views/console", "views/portal", "views/demo",
	},
	2: {"app/ledger", "app/ledger/crashrig", "app/feeds", "app/keyring", "app/clients", "app/control", "app/directory", "app/change", "app/consents", "app/sample"},
	3: {"app/authority", "app/backup", "app/partners", "app/catalog", "app/identity", "app/approval", "app/records", "app/alerts", "app/alerts/post", "app/signon", "app/settings",
		"app/killswitch", "app/evidence", "app/webhooks", "app/announcements",
	},
	4: {"app/web", "app/oauth", "app/gateway", "app/gateway/upstream", "app/entrance", "app/recordview", "app/console", "app/portal", "app/selfservice", "app/bankfile", "app/bankfile/gen", "app/trial", "app/conformance"},
	5: {
		"app", "app/apptest", "app/jobs", "app/bench", "app/doctor",
		"app/demo", "app/demo/bank", "app/demo/story", "app/demo/traffic",
	},
	6: {"app/cli", "."},
}

// neighbours lists the imports inside a tier that are meant: importer, then
// what it may import. A package may also import packages below its own folder.
var neighbours = map[string][]string{
	"models":              {"app/errs"},
	"app/store/storetest": {"app/store"},
	"app/config/gen":      {"app/config"}, // it writes the page about it
	"views/layout":        {"views/ui", "views/link"},
	"views/ui":            {"views/link"},
	"views/entrance":      {"views/layout", "views/ui", "views/link"},
	"views/console":       {"views/layout", "views/ui", "views/link", "views/entrance", "views/recordview"},
	"views/portal":        {"views/layout", "views/ui", "views/link", "views/entrance", "views/recordview"},
	"views/recordview":    {"views/ui"},
	"views/demo":          {"views/layout", "views/ui", "views/link"},
	"app/clients":         {"app/directory"},             // who is calling is looked up in it
	"app/change":          {"app/ledger"},                // a change writes its own event
	"app/keyring":         {"app/change", "app/ledger"},  // its keys change by request, too
	"app/consents":        {"app/ledger", "app/keyring"}, // a consent does, too; and how long tickets live
	"app/oauth":           {"app/web"},
	"app/gateway":         {"app/web"},
	"app/console":         {"app/web", "app/entrance", "app/recordview", "app/bankfile", "app/selfservice", "app/conformance", "app/gateway/upstream"}, // what it asks for is a bank file; upstreams and pages as the node sees them
	"app/selfservice":     {"app/bankfile"},                                                                                                            // what a partner asks for is a bank file
	"app/bankfile/gen":    {"app/bankfile"},                                                                                                            // its reference is written from its types
	"app/signon":          {"app/identity"},                                                                                                            // whose provider it is
	"app/entrance":        {"app/web"},
	"app/portal":          {"app/web", "app/entrance", "app/recordview", "app/bankfile", "app/selfservice", "app/trial", "app/conformance"},
	"app/recordview":      {"app/web"},
	"app":                 {"app/jobs"}, // it says which jobs there are
	"app/apptest":         {"app"},
	"app/demo":            {"app"}, // it runs the whole gateway, as a person would
	"app/play/visitor":    {"app/play/keyset"},
	"app/conformance":     {"app/selfservice"}, // it raises weather as a partner's user does
	"app/trial":           {"app/selfservice"}, // its credentials are registered as a partner's user registers any
	".":                   {"app/cli"},
}

// reserved lists what only some packages, and those below their folders, may
// import, by prefix of the import.
// It holds for what is built; where tests is set, for tests as well.
var reserved = []struct {
	imported string
	by       []string
	tests    bool
	why      string
}{
	{"gorm.io", []string{"app/store"}, false, "one package knows the database"},
	{"database/sql", []string{"app/store", "app/ledger", "migrations", "app/apptest"}, false, "one package knows the database; the ledger prepares SQL of its own"},
	{"github.com/casbin", []string{"policies"}, false, "decisions come from tables made in one place"},
	{module + "/app/apptest", []string{"app/apptest"}, false, "it is for tests only"},
	{module + "/app/store/storetest", []string{"app/store", "app/apptest"}, false, "it is for tests only"},
	{module + "/app/seal", []string{
		"app/authority", "app/token", "app/keyring", "app/clients", "app/directory", "app/play", "app/trial", "app/demo", "app/apptest", "app/bench", "app/cli",
		"app/seal", "static/sdk", // its own tests; the SDK's tests play the server
	}, true, "private keys and R are handled in few places"},
}

// listed is what `go list -json` says about a package.
type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestImportsPointDownwards(t *testing.T) {
	t.Parallel()
	packages, err := listPackages(t)
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages; the test looks at the wrong folder", len(packages))
	}
	for _, fault := range violations(packages) {
		t.Error(fault)
	}
}

// listPackages asks go for all packages of the module. Packages that do not
// compile at the moment are listed with what could be read.
func listPackages(t *testing.T) ([]listed, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = ".."
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}

	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("read list of packages: %w", err)
		}
		packages = append(packages, p)
	}
}

// violations returns one sentence for each import that is against the rules.
func violations(packages []listed) []string {
	var faults []string
	for _, p := range packages {
		name := folder(p.ImportPath)
		if tierOf(name) < 0 {
			faults = append(faults, fmt.Sprintf("%s is in no tier: add it to the table in app/architecture_test.go", name))
			continue
		}
		for _, imported := range p.Imports {
			faults = append(faults, direction(name, imported)...)
			faults = append(faults, reservation(name, imported, false)...)
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			faults = append(faults, reservation(name, imported, true)...)
		}
	}

	return slices.Compact(faults)
}

// direction checks one import of a built package against the tiers.
func direction(importer, path string) []string {
	if path != module && !strings.HasPrefix(path, module+"/") {
		return nil
	}
	imported := folder(path)
	from, to := tierOf(importer), tierOf(imported)
	switch {
	case strings.HasPrefix(importer, "views/") && (imported == "models" || imported == "app" || strings.HasPrefix(imported, "app/")):
		return []string{fmt.Sprintf("%s (tier %d) imports %s (tier %d): views get formatted values and know nothing of app or models", importer, from, imported, to)}
	case to < 0, to < from, strings.HasPrefix(imported, importer+"/"), slices.Contains(neighbours[importer], imported):
		return nil // a package without a tier is reported where it is listed
	case to == from:
		return []string{fmt.Sprintf("%s imports %s, both of tier %d: meet through an interface of the importer's, or list the pair", importer, imported, from)}
	}

	return []string{fmt.Sprintf("%s (tier %d) imports %s (tier %d): imports go to lower tiers only", importer, from, imported, to)}
}

// reservation checks one import against what is reserved.
func reservation(importer, path string, inTest bool) []string {
	for _, r := range reserved {
		allowed := slices.ContainsFunc(r.by, func(folder string) bool { return within(importer, folder) })
		if !within(path, r.imported) || inTest && !r.tests || allowed {
			continue
		}
		// static/sdk is allowed for its tests alone; direction covers the rest.
		return []string{fmt.Sprintf("%s imports %s: %s; allowed are %s",
			withTier(importer), withTier(folder(path)), r.why, strings.Join(r.by, ", "))}
	}

	return nil
}

// within reports whether path is folder or lies below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// folder is a package's place in the module; "." is main.
func folder(path string) string {
	if path == module {
		return "."
	}

	return strings.TrimPrefix(path, module+"/")
}

// withTier names a package and its tier; others' packages have none.
func withTier(name string) string {
	if tier := tierOf(name); tier >= 0 {
		return fmt.Sprintf("%s (tier %d)", name, tier)
	}

	return name
}

// tierOf returns the tier of a package of the module; -1 when it has none.
func tierOf(name string) int {
	return slices.IndexFunc(tiers[:], func(tier []string) bool { return slices.Contains(tier, name) })
}

func TestViolationsAreFound(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		importer string
		imported string
		test     bool
		want     string // part of the one fault; empty: none
	}{
		{"a lower tier may be imported", "app/gateway", "postern/app/authority", false, ""},
		{"a higher tier may not", "app/store", "postern/app/web", false, "app/store (tier 1) imports app/web (tier 4)"},
		{"the same tier may not", "app/partners", "postern/app/catalog", false, "both of tier 3"},
		{"a listed pair may", "app/gateway", "postern/app/web", false, ""},
		{"a listed pair holds in one direction", "app/web", "postern/app/gateway", false, "both of tier 4"},
		{"a folder's own packages may", "app/gateway", "postern/app/gateway/upstream", false, ""},
		{"a package in no tier is reported", "app/novelty", "fmt", false, "app/novelty is in no tier"},
		{"views may not know the errors of app", "views/console", "postern/app/errs", false, "views/console (tier 1) imports app/errs (tier 0)"},
		{"views may not know the models", "views/portal", "postern/models", false, "know nothing"},
		{"gorm outside the store", "app/ledger", "gorm.io/gorm", false, "one package knows the database"},
		{"SQL in the ledger", "app/ledger", "database/sql", false, ""},
		{"SQL elsewhere", "app/records", "database/sql", false, "one package knows the database"},
		{"SQL elsewhere, in a test", "app/records", "database/sql", true, ""},
		{"casbin outside policies", "app/web", "github.com/casbin/casbin/v2", false, "decisions"},
		{"sealing at the gateway", "app/gateway", "postern/app/seal", false, "app/gateway (tier 4) imports app/seal (tier 0)"},
		{"sealing in a test of the gateway", "app/gateway", "postern/app/seal", true, "private keys"},
		{"test support in the product", "app/cli", "postern/app/apptest", false, "for tests only"},
		{"test support in a test", "app/cli", "postern/app/apptest", true, ""},
		{"sealing below the demo", "app/demo/bank", "postern/app/seal", false, ""},
		{"a name that only begins alike", "app/gateway", "postern/app/sealed", true, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := listed{ImportPath: module + "/" + tc.importer}
			if tc.test {
				p.XTestImports = []string{tc.imported}
			} else {
				p.Imports = []string{tc.imported}
			}
			got := violations([]listed{p})
			if tc.want == "" && len(got) == 0 {
				return
			}
			if tc.want == "" || len(got) != 1 || !strings.Contains(got[0], tc.want) {
				t.Errorf("violations = %q, want one with %q", got, tc.want)
			}
		})
	}
}
