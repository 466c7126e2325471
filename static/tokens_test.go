package static_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var token = regexp.MustCompile(`--p-([a-z0-9-]+): (#[0-9A-F]{6});`)

// themes reads the colours of ui/tokens.css: light, then dark over light.
func themes(t *testing.T) map[string]map[string]string {
	t.Helper()
	css, err := os.ReadFile("ui/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(css), `[data-bs-theme="dark"]`)
	if !ok {
		t.Fatal("there is no dark theme")
	}
	both := map[string]map[string]string{"light": {}, "dark": {}}
	for _, m := range token.FindAllStringSubmatch(light, -1) {
		both["light"][m[1]], both["dark"][m[1]] = m[2], m[2]
	}
	for _, m := range token.FindAllStringSubmatch(dark, -1) {
		both["dark"][m[1]] = m[2]
	}
	return both
}

// contrast is WCAG 2.2's contrast ratio of two colours "#RRGGBB".
func contrast(a, b string) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(colour string) float64 {
	n, _ := strconv.ParseUint(colour[1:], 16, 32) // the expression above matched it
	linear := func(shift int) float64 {
		c := float64(n>>shift&0xFF) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}

// TestTokensKeepTheirContrast holds every pair of colours that stand on each
// other: 4.5 for text, 3 for outlines one must see (WCAG 2.2, 1.4.3 and 1.4.11).
// The numbers are what was designed, to a tenth.
func TestTokensKeepTheirContrast(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		front, back string
		light, dark float64
	}{
		{"input", "surface", 3.3, 3.5}, {"input", "bg", 3.0, 3.8},
		{"text", "surface", 17.3, 14.7}, {"text", "bg", 16.0, 16.1},
		{"text-2", "surface", 8.1, 8.9}, {"text-2", "bg", 7.5, 9.7},
		{"text-3", "surface", 5.6, 6.1}, {"text-3", "bg", 5.1, 6.6}, {"text-3", "sunken", 5.0, 6.5},
		{"accent", "surface", 7.2, 8.1}, {"accent", "bg", 6.6, 8.9},
		{"surface", "accent-strong", 9.4, 3.0}, {"surface", "primary", 7.1, 3.0},
		{"ok", "surface", 6.1, 8.9}, {"ok", "bg", 5.7, 9.7},
		{"warn", "surface", 6.4, 9.3}, {"warn", "bg", 5.9, 10.1},
		{"bad", "surface", 6.5, 8.6}, {"bad", "bg", 6.0, 9.3},
		{"ice", "surface", 6.8, 9.7}, {"ice", "bg", 6.2, 10.6},
		{"sand", "surface", 7.8, 8.3}, {"sand", "bg", 7.2, 9.0},
		{"accent", "accent-soft", 5.4, 6.9}, {"ok", "ok-soft", 5.4, 6.9}, {"warn", "warn-soft", 5.4, 6.9},
		{"bad", "bad-soft", 5.4, 6.9}, {"ice", "ice-soft", 5.4, 6.9}, {"sand", "sand-soft", 5.4, 6.9},
		{"c1", "c1-soft", 5.4, 6.9}, {"surface", "text", 17.2, 14.6}, {"number", "sunken", 5.4, 6.9},
		{"series-1", "surface", 4.2, 4.2}, {"series-2", "surface", 4.2, 4.2}, {"series-3", "surface", 4.2, 4.2},
		{"series-4", "surface", 4.2, 4.2}, {"series-5", "surface", 4.2, 4.2},
	} {
		for name, want := range map[string]float64{"light": tc.light, "dark": tc.dark} {
			theme := themes(t)[name]
			if theme[tc.front] == "" || theme[tc.back] == "" {
				t.Fatalf("no token %s or %s", tc.front, tc.back)
			}
			if got := math.Round(contrast(theme[tc.front], theme[tc.back])*10) / 10; got < want {
				t.Errorf("%s: %s on %s has %.2f, want %.1f", name, tc.front, tc.back, got, want)
			}
		}
	}
}

func TestWhiteIsReadOnFilledButtons(t *testing.T) {
	t.Parallel()
	for name, theme := range themes(t) {
		for _, filled := range []string{"primary", "primary-hover", "accent-strong", "danger"} {
			if got := contrast("#FFFFFF", theme[filled]); got < 4.5 {
				t.Errorf("%s: white on %s has %.2f", name, filled, got)
			}
		}
	}
}
