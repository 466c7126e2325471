package sdk_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postern/static/sdk"
	"postern/static/sdk/gen/bundle"
)

// maxCompressed is the script's budget in octets, gzip at its best level.
const maxCompressed = 15 << 10

func TestCommittedFilesAreWhatTheGeneratorWrites(t *testing.T) {
	t.Parallel()
	files, err := bundle.Files(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 {
		t.Fatalf("generator writes %d files, want 3", len(files))
	}
	for name, want := range files {
		got, ok := sdk.File(name)
		if !ok || !bytes.Equal(got, want) {
			t.Errorf("%s differs from its sources: run go generate ./static/sdk", name)
		}
	}
}

func TestUnknownFileIsNotServed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ".", "..", "../../sdk.go", "postern.js/", "nope.js"} {
		if _, ok := sdk.File(name); ok {
			t.Errorf("File(%q) is served", name)
		}
	}
}

func TestIntegrityIsThatOfTheScript(t *testing.T) {
	t.Parallel()
	script, _ := sdk.File("postern.js")
	if got, want := sdk.Integrity(), bundle.Integrity(script); got != want {
		t.Fatalf("Integrity() = %q, want %q", got, want)
	}
	digest, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sdk.Integrity(), "sha384-"))
	if err != nil || len(digest) != 48 {
		t.Fatalf("Integrity() = %q is not a SHA-384", sdk.Integrity())
	}
}

// Developers of pages copy the hash from the page that tells how to load it.
func TestTheDocsNameTheIntegrity(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/sdk.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), `integrity="`+sdk.Integrity()+`"`) {
		t.Errorf("docs/sdk.md does not name %s", sdk.Integrity())
	}
}

// A released address never changes its bytes: pages pin them.
func TestReleasedScriptKeepsItsBytes(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("releases.txt")
	if err != nil {
		t.Fatal(err)
	}
	entry := regexp.MustCompile(`(?m)^` + sdk.Version + `: (\S+)$`).FindStringSubmatch(string(list))
	if entry == nil {
		t.Fatalf("releases.txt has no line for version %s", sdk.Version)
	}
	if entry[1] != "unreleased" && entry[1] != sdk.Integrity() {
		t.Fatalf("version %s was released as %s, the script is %s: a changed script needs a new version", sdk.Version, entry[1], sdk.Integrity())
	}
}

func TestScriptStaysInItsBudget(t *testing.T) {
	t.Parallel()
	script, _ := sdk.File("postern.js")
	var compressed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if _, err := writer.Write(script); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d octets, %d compressed", len(script), compressed.Len())
	if compressed.Len() > maxCompressed {
		t.Fatalf("%d octets compressed, budget %d", compressed.Len(), maxCompressed)
	}
}

// A strict Content-Security-Policy allows none of these.
func TestScriptNeedsNoEvalAndNoInline(t *testing.T) {
	t.Parallel()
	script, _ := sdk.File("postern.js")
	forbidden := regexp.MustCompile(`\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write|\.style\b|createElement|import\(`)
	if found := forbidden.Find(script); found != nil {
		t.Fatalf("script contains %q", found)
	}
}

// The bundler rewrites syntax for old webViews but adds no built-ins that they lack.
func TestScriptUsesNoBuiltinsYoungerThanItsEngines(t *testing.T) {
	t.Parallel()
	script, _ := sdk.File("postern.js")
	young := regexp.MustCompile(`\.(?:flat|flatMap|matchAll|replaceAll|at|allSettled|any|finally|trimEnd)\(|Object\.fromEntries|structuredClone|globalThis|BigInt|AbortSignal\.|randomUUID|\?\?|\?\.[a-zA-Z(\[]`)
	if found := young.Find(script); found != nil {
		t.Fatalf("script uses %q", found)
	}
}

func TestDeclarationsNameWhatTheScriptExports(t *testing.T) {
	t.Parallel()
	script, _ := sdk.File("postern.js")
	declarations, _ := sdk.File("postern.d.ts")
	// The bundler registers the exports in one call: export(target, {name:()=>value, …}).
	table := regexp.MustCompile(`[\w$]+\([\w$]+,\{((?:\w+:\(\)=>[\w$]+,?)+)\}\)`).FindSubmatch(script)
	if table == nil {
		t.Fatal("no table of exports in the script")
	}
	exported := names(regexp.MustCompile(`(\w+):\(\)=>`), table[1])
	declared := names(regexp.MustCompile(`(?m)^  (?:const|function|class) (\w+)`), declarations)
	if !slices.Equal(exported, declared) {
		t.Fatalf("script exports %v, declarations name %v", exported, declared)
	}
}

func names(pattern *regexp.Regexp, text []byte) []string {
	var found []string
	for _, match := range pattern.FindAllSubmatch(text, -1) {
		found = append(found, string(match[1]))
	}
	slices.Sort(found)
	return found
}
