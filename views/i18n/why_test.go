package i18n_test

import (
	"strings"
	"testing"

	"postern/views/i18n"
)

// Who reads an explanation in the portal is the partner: it says "you", and names nobody
// else by that word.
func TestAPartnersUsersAreSpokenTo(t *testing.T) {
	t.Parallel()
	spoken := func(id string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			lower := strings.ReplaceAll(strings.ToLower(text), "another partner", "")
			if strings.Contains(lower, "partner") || strings.Contains(text, "合作方") {
				t.Errorf("%s speaks of its reader: %s", id, text)
			}
		}
	}
	seen := 0
	for id, e := range i18n.Explanations() {
		for _, k := range []i18n.Key{e.YourCause, e.YourCure} {
			seen++
			spoken(id+" ("+k.ID()+")", k.In(i18n.English), k.In(i18n.Chinese))
		}
	}
	if seen < 200 {
		t.Fatalf("only %d sentences were read", seen)
	}
	for id, texts := range i18n.All() {
		if area, _, _ := strings.Cut(id, "."); area == "explain" || area == "layer" || area == "check" {
			spoken(id, texts[:]...)
		}
	}
}
