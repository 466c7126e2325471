package app_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages are the README and everything under docs that is written in Markdown,
// by their path in the repository.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{"README.md": readPage(t, "README.md")}
	err := filepath.WalkDir(filepath.Join("..", "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			name, _ := filepath.Rel("..", path) // both are relative
			found[filepath.ToSlash(name)] = readPage(t, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func exists(path string) bool {
	_, err := os.Stat(filepath.Join("..", path))
	return err == nil
}

var (
	link = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	// inTree is a file or folder of the repository that stands between backticks.
	inTree = regexp.MustCompile("`((?:app|deploy|docs|migrations|models|policies|static|views)/[A-Za-z0-9_./-]+)`")
	// pointer is a file and the names of tests in it: `file`: `TestA`, `TestB`.
	pointer = regexp.MustCompile("`([a-z0-9_/]+_test\\.go)`: ((?:`(?:Test|Fuzz)[A-Za-z0-9_]+`(?:, )?)+)")
	quoted  = regexp.MustCompile("`([^`]+)`")
	// planned are places that are reserved and not built.
	planned = map[string]bool{
		"app/console": true, "app/portal": true, "views/console": true, "views/portal": true,
	}
)

func TestThePapersNameWhatExists(t *testing.T) {
	t.Parallel()
	all := pages(t)
	if len(all) < 15 {
		t.Fatalf("found %d pages; the test looks at the wrong folder", len(all))
	}
	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if !exists(filepath.Join(filepath.Dir(name), m[1])) {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
		for _, m := range inTree.FindAllStringSubmatch(text, -1) {
			if !planned[m[1]] && !exists(m[1]) {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
	}
}

func TestTheSecurityPageNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	pointers := pointer.FindAllStringSubmatch(readPage(t, "docs", "security.md"), -1)
	if len(pointers) < 20 {
		t.Fatalf("the page points to %d files of tests", len(pointers))
	}
	for _, p := range pointers {
		text, err := os.ReadFile(filepath.Join("..", p[1]))
		if err != nil {
			t.Errorf("docs/security.md: %v", err)
			continue
		}
		for _, test := range quoted.FindAllStringSubmatch(p[2], -1) {
			if !strings.Contains(string(text), "\nfunc "+test[1]+"(") {
				t.Errorf("docs/security.md: %s has no %s", p[1], test[1])
			}
		}
	}
}

// function is a name and the file that a page says it is in.
var function = regexp.MustCompile("`([A-Za-z]+)` in `([a-z0-9_/]+\\.go)`")

func TestThePapersNameFunctionsWhereTheyAre(t *testing.T) {
	t.Parallel()
	seen := 0
	for name, text := range pages(t) {
		for _, m := range function.FindAllStringSubmatch(text, -1) {
			seen++
			source, err := os.ReadFile(filepath.Join("..", m[2]))
			if err != nil || !regexp.MustCompile(`(?m)^(func (\([^)]*\) )?|type |\t)`+m[1]+`\b`).Match(source) {
				t.Errorf("%s: %s is not in %s", name, m[1], m[2])
			}
		}
	}
	if seen < 15 {
		t.Errorf("the papers name %d functions in files; the test reads them wrongly", seen)
	}
}
