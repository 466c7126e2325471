package bankfile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"postern/app/change"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// consentOf is a file that gives the example's scope loan.offer:read a consent.
func consentOf(version int, text string, more string) string {
	return fmt.Sprintf("scopes: [{id: loan.offer:read, consent: {version: %d, purpose_en: Offer, purpose_zh: 额度, text_en: %q, text_zh: 同意, %s}}]", version, text, more)
}

func lines(p change.Plan) []string {
	var list []string
	for _, t := range p.Things {
		for _, d := range t.Differences {
			list = append(list, fmt.Sprint(d.Effect)+" "+d.Text)
		}
	}
	return list
}

func TestConsentIsAppliedVersionByVersion(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		applied(t, s, example(t))
		first := applied(t, s, consentOf(1, "One\n\ntwo", "days: 30"))
		if first.Widening() != 0 || len(lines(first)) != 1 || !strings.Contains(first.String(), "narrows     consent: version 1 must be agreed to before C2 and C3 fields leave (Offer)") {
			t.Errorf("demanding it: %s", first)
		}
		if again := applied(t, s, consentOf(1, "One\n\ntwo", "days: 30")); len(again.Things) != 0 {
			t.Errorf("the same again: %s", again)
		}
		if same := applied(t, s, "scopes: [{id: loan.offer:read, title: Offers}]"); strings.Contains(same.String(), "consent") {
			t.Errorf("what is not mentioned stays: %s", same)
		}
		exported := export(t, s)
		if again := applied(t, s, exported); len(again.Things) != 0 {
			t.Errorf("the export changes: %s", again)
		}
		if !strings.Contains(exported, "version: 1") || !strings.Contains(exported, "consent: {}") {
			t.Errorf("exported %s", exported)
		}
		raised := applied(t, s, consentOf(2, "Three", ""))
		for _, want := range []string{
			"narrows     consent: version 1 -> 2, everybody is asked again", "WIDENS      consent, text_en says something else",
			"WIDENS      consent, days: 30 -> until withdrawn",
		} {
			if !strings.Contains(raised.String(), want) {
				t.Errorf("raising it says %s, want %q", raised, want)
			}
		}
		ceased := applied(t, s, "scopes: [{id: loan.offer:read, consent: {}}]")
		if ceased.Widening() != 1 || !strings.Contains(ceased.String(), "WIDENS      consent: none is demanded any longer") {
			t.Errorf("ceasing: %s", ceased)
		}
		for name, text := range map[string]string{"an older number": consentOf(1, "Four", ""), "its number": consentOf(2, "Four", "")} {
			if _, err := apply(t, s, text); err == nil || !strings.Contains(err.Error(), "was in use with another text: take a higher number") {
				t.Errorf("%s after a pause: %v", name, err)
			}
		}
		applied(t, s, consentOf(2, "Three", "")) // word for word what it was
		var kept []models.ConsentText
		if err := s.Business(t.Context(), func(b store.Business) (err error) {
			kept, err = b.ConsentTexts([]string{"loan.offer:read"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(kept) != 2 || kept[0].TextEN != "One\n\ntwo" || kept[0].Days != 30 || kept[1].TextEN != "Three" || kept[0].Hash() == kept[1].Hash() {
			t.Errorf("kept %+v", kept)
		}
	})
}

func TestAConsentThatNobodyCouldGiveIsRefused(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	applied(t, s, example(t))
	applied(t, s, consentOf(3, "Three", ""))
	for _, tc := range []struct{ name, text, want string }{
		{"another text under the same number", consentOf(3, "Other", ""), "version 3 says something else"},
		{"another purpose under the same number", strings.Replace(consentOf(3, "Three", ""), "Offer", "Ads", 1), "version 3 says something else"},
		{"a lower number", consentOf(2, "Other", ""), "version 3 says something else"},
		{"no version", consentOf(0, "Other", ""), "want a version from 1 on"},
		{"a negative time", consentOf(4, "Other", "days: -1"), "want 0 to 3650 days"},
		{"no text", consentOf(4, "", ""), "want 1 to 4000 characters that a person can agree to"},
		{"a text without end", consentOf(4, strings.Repeat("x", 4001), ""), "want 1 to 4000 characters"},
		{"a text that hides some of it", consentOf(4, "a\u202eb", ""), "none of which turns or hides text"},
		{"a purpose of two lines", strings.Replace(consentOf(4, "Other", ""), "purpose_en: Offer", `purpose_en: "a\nb"`, 1), "does not say what for"},
		{"half of it", "scopes: [{id: loan.offer:read, consent: {version: 4}}]", "want 1 to 4000 characters"},
		{"an unknown key", "scopes: [{id: loan.offer:read, consent: {words: x}}]", "unknown key"},
		{"a list", "scopes: [{id: loan.offer:read, consent: [1]}]", "want keys with values"},
		{"nothing that waits for it", `scopes: [{id: loan.offer:read, consent: {version: 4, purpose_en: a, purpose_zh: b, text_en: c, text_zh: d},
  permissions: [{resource: loan.offer, action: read, fields: [{path: offer.rate, class: C1, treatment: keep}, {path: x, class: C3, treatment: drop}]}]}]`,
			"nothing to agree to"},
	} {
		if _, err := apply(t, s, tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
	if plan := applied(t, s, consentOf(3, "Three", "")); len(plan.Things) != 0 || slices.Contains(lines(plan), "") {
		t.Errorf("a refused file changed something: %s", plan)
	}
}
