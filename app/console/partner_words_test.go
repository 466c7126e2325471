package console_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"postern/views/i18n"
)

// sources are the texts of packages whose words the console says in two languages.
func sources(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[file] = string(text)
		}
	}
	return texts
}

var notes = regexp.MustCompile(`\.Note\([^"\n]*("(?:[^"\\]|\\.)*")`)

func TestEveryDifferenceIsSaidInChinese(t *testing.T) {
	t.Parallel()
	found := 0
	for file, text := range sources(t, "partners", "change") {
		for _, m := range notes.FindAllStringSubmatch(text, -1) {
			format, err := strconv.Unquote(m[1])
			if err != nil {
				t.Fatal(err)
			}
			if found++; !i18n.KnowsDifference(format) {
				t.Errorf("%s: there is no Chinese sentence for %q", file, format)
			}
		}
	}
	if found < 15 {
		t.Errorf("the test found %d formats; it looks for them in the wrong way", found)
	}
}

var ruleIDs = regexp.MustCompile(`"(rule\.[a-z0-9_]+)"`)

func TestEveryRuleHasItsSentence(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for file, text := range sources(t, "partners", "bankfile", "console") {
		for _, m := range ruleIDs.FindAllStringSubmatch(text, -1) {
			if m[1] == "rule.no_" { // completed by a kind
				continue
			}
			found[m[1]] = true
			if _, ok := i18n.ByID(m[1]); !ok {
				t.Errorf("%s: there is no sentence for %s", file, m[1])
			}
		}
	}
	for _, kind := range []string{"partner", "application", "scope"} {
		if _, ok := i18n.ByID("rule.no_" + kind); !ok {
			t.Errorf("there is no sentence for rule.no_%s", kind)
		}
	}
	if len(found) < 40 {
		t.Errorf("the test found %d rules; it looks for them in the wrong way", len(found))
	}
}

// An id that is no rule of the catalogue's would be said in English to everybody.
func TestRulesOfPartnersAreNamedAsTheCatalogueNamesThem(t *testing.T) {
	t.Parallel()
	check := regexp.MustCompile(`\bCheck\([^\n]*?, (?:"[a-z_.]+"|field), "([^"]*)"`)
	for file, text := range sources(t, "partners") {
		if filepath.Base(file) == "partners_test.go" || filepath.Base(file) == "profile_test.go" {
			continue
		}
		for _, m := range check.FindAllStringSubmatch(text, -1) {
			if _, ok := i18n.ByID(m[1]); !ok {
				t.Errorf("%s: there is no sentence for %q", file, m[1])
			}
		}
	}
}
