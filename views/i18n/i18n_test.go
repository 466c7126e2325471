package i18n_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"postern/views/i18n"
)

var verb = regexp.MustCompile(`%(\[\d+\])?[-+# 0.\d]*[a-zA-Z]`)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	for id, texts := range i18n.All() {
		english, chinese, one := texts[0], texts[1], texts[2]
		if strings.TrimSpace(english) == "" || strings.TrimSpace(chinese) == "" {
			t.Errorf("%s: a language has no text", id)
		}
		if area, name, ok := strings.Cut(id, "."); !ok || area == "" || name == "" || strings.ToLower(id) != id {
			t.Errorf("%s: ids read area.name in lower case", id)
		}
		if got, want := arguments(chinese), arguments(english); !slices.Equal(got, want) {
			t.Errorf("%s: Chinese takes arguments %v, English %v", id, got, want)
		}
		if one != "" && len(arguments(one)) > len(arguments(english)) {
			t.Errorf("%s: the form for one takes more arguments than the other", id)
		}
		checkTone(t, id, texts[:])
		checkSpaces(t, id, chinese)
	}
}

// arguments lists the verbs of a text in the order of the arguments.
func arguments(text string) []string {
	found := verb.FindAllString(strings.ReplaceAll(text, "%%", ""), -1)
	slices.Sort(found)
	return found
}

// checkTone holds the texts to the house's words: no exclamation marks, no
// "please", and 你 instead of 您.
func checkTone(t *testing.T, id string, texts []string) {
	t.Helper()
	for _, text := range texts {
		lower := strings.ToLower(text)
		for _, unwanted := range []string{"!", "！", "please", "oops", "successfully", "您", "请您"} {
			if strings.Contains(lower, unwanted) {
				t.Errorf("%s: %q says %q", id, text, unwanted)
			}
		}
	}
}

// checkSpaces wants a space between Han and Latin letters or digits, but not
// inside dates, where 年, 月 and 日 follow digits directly.
func checkSpaces(t *testing.T, id, chinese string) {
	t.Helper()
	text := []rune(verb.ReplaceAllString(chinese, "\uFFFC"))
	for i := 1; i < len(text); i++ {
		a, b := text[i-1], text[i]
		if (isHan(a) && isLatin(b)) || (isLatin(a) && isHan(b)) {
			t.Errorf("%s: no space between %q and %q in %q", id, a, b, chinese)
		}
	}
}

func isHan(r rune) bool   { return unicode.Is(unicode.Han, r) }
func isLatin(r rune) bool { return r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

func TestCatalogueHoldsItsRulesAgainstMistakes(t *testing.T) {
	t.Parallel()
	var wrong testing.T
	checkSpaces(&wrong, "x.y", "签发AT")
	if !wrong.Failed() {
		t.Error("Han next to Latin went unnoticed")
	}
	var rude testing.T
	checkTone(&rude, "x.y", []string{"Please wait"})
	if !rude.Failed() {
		t.Error("a please went unnoticed")
	}
}

func TestT(t *testing.T) {
	t.Parallel()
	zh := i18n.WithLang(t.Context(), i18n.Chinese)
	if got := i18n.T(t.Context(), i18n.CommonKept); got != "kept" {
		t.Errorf("without a language: %q, want English", got)
	}
	if got := i18n.T(zh, i18n.CommonKept); got != "保留" {
		t.Errorf("Chinese: %q", got)
	}
	if got := i18n.T(zh, i18n.Key{}); got != "" {
		t.Errorf("the zero key reads %q, want nothing", got)
	}
	if got := i18n.T(t.Context(), i18n.DemoSteps, 1); got != "1 step" {
		t.Errorf("one: %q", got)
	}
	if got := i18n.T(t.Context(), i18n.DemoSteps, 7); got != "7 steps" {
		t.Errorf("seven: %q", got)
	}
	if got := i18n.T(t.Context(), i18n.DemoSteps, 12000); got != "12,000 steps" {
		t.Errorf("an amount: %q", got)
	}
	if got := i18n.T(t.Context(), i18n.ConsoleRequestNo, int64(12000)); got != "CR-12000" {
		t.Errorf("a number that names: %q", got)
	}
	if k, ok := i18n.ByID("common.kept"); !ok || k != i18n.CommonKept {
		t.Error("a message is not found by its id")
	}
	if _, ok := i18n.ByID("common.nothing"); ok {
		t.Error("an unknown id was found")
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, chosen, accept string
		want                 i18n.Lang
	}{
		{"what was chosen wins", "zh-CN", "en-GB,en;q=0.9", i18n.Chinese},
		{"the first known language of the browser", "", "fr-FR, zh-TW;q=0.8, en;q=0.5", i18n.Chinese},
		{"an unknown choice counts as none", "tlh", "en", i18n.English},
		{"English when nothing is known", "", "", i18n.English},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := i18n.Pick(tc.chosen, tc.accept); got != tc.want {
				t.Errorf("got %s, want %s", got.Tag(), tc.want.Tag())
			}
		})
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	en := t.Context()
	zh := i18n.WithLang(en, i18n.Chinese)
	at := time.Date(2026, 11, 20, 10, 5, 11, 204e6, time.UTC)
	for _, tc := range []struct{ name, got, want string }{
		{"an English date", i18n.Date(en, at), "20 November 2026"},
		{"a Chinese date", i18n.Date(zh, at), "2026年11月20日"},
		{"a time of day", i18n.Clock(zh, at), "10:05:11"},
		{"a time with milliseconds", i18n.ClockMillis(en, at), "10:05:11.204"},
		{"an English stamp", i18n.Stamp(en, at), "20 November 2026, 10:05:11"},
		{"a Chinese stamp", i18n.Stamp(zh, at), "2026年11月20日 10:05:11"},
		{"thousands", i18n.Number(en, 1234567), "1,234,567"},
		{"a number below a thousand", i18n.Number(en, 999), "999"},
		{"a negative number", i18n.Number(en, -1000), "-1,000"},
		{"a size", i18n.Bytes(en, 1904), "1,904 B"},
		{"less than a millisecond", i18n.Duration(en, 400*time.Microsecond), "under 1 ms"},
		{"milliseconds", i18n.Duration(zh, 16*time.Millisecond), "16 毫秒"},
		{"part of a second", i18n.Duration(en, 610*time.Millisecond), "0.61 s"},
		{"seconds", i18n.Duration(zh, 41*time.Second), "41.0 秒"},
		{"minutes", i18n.Duration(en, 250*time.Second), "4 min 10 s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.got != tc.want {
				t.Errorf("got %q, want %q", tc.got, tc.want)
			}
		})
	}
}
