package records_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"postern/app/records"
)

// Whatever has words as something that somebody did is found under exactly one of
// the filters of activity.
func TestWhateverPeopleDoIsOneKindOfDoing(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../views/i18n/*.go")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`def\("did\.([a-z_.]+)"`).FindAllStringSubmatch(string(source), -1) {
			said[m[1]] = true
		}
	}
	if len(said) < 60 {
		t.Fatalf("found %d kinds of doings only: the test looks at the wrong place", len(said))
	}
	found := map[string]int{}
	for _, d := range records.AllDoings {
		for _, kind := range records.KindsOf(d) {
			found[kind]++
			if !said[kind] {
				t.Errorf("%s has no words", kind)
			}
		}
	}
	for kind := range said {
		if found[kind] != 1 {
			t.Errorf("%s is found under %d kinds of doings, want one", kind, found[kind])
		}
	}
}
