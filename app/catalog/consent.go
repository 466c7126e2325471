package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postern/app/change"
	"postern/app/errs"
	"postern/models"
)

// Consent is what a person must have agreed to before fields of class C2 and C3, and replies that leave whole, leave under the scope (PIPL articles 23 and 29). An empty mapping demands nothing.
type Consent struct {
	// The number of this text. Whatever changes here needs a higher one, and everybody is asked again.
	Version int64 `field:"version" need:"always"`
	// What the data is for, in English: one line that heads the question.
	PurposeEN string `field:"purpose_en" need:"always"`
	// The same in Chinese.
	PurposeZH string `field:"purpose_zh" need:"always"`
	// What the person agrees to, in English: who gets which data, for what, and how to take it back. At most 4000 characters; an empty line parts paragraphs.
	TextEN string `field:"text_en" need:"always"`
	// The same in Chinese.
	TextZH string `field:"text_zh" need:"always"`
	// For how many days a consent is good, at most 3650. 0 is until it is withdrawn.
	Days int64 `field:"days" default:"0"`
}

// The bounds of a consent.
const (
	maxConsentText = 4000 // characters
	maxConsentDays = 3650
)

func (c Consent) normalize() Consent {
	for _, text := range []*string{&c.PurposeEN, &c.PurposeZH, &c.TextEN, &c.TextZH} {
		*text = norm.NFC.String(strings.TrimSpace(strings.ReplaceAll(*text, "\r\n", "\n")))
	}
	return c
}

// demanded reports whether the scope demands consent.
func (c Consent) demanded() bool { return c != (Consent{}) }

func (c Consent) validate() errs.Fields {
	var f errs.Fields
	f.Check(c.Version >= 1 && c.Version <= 1_000_000, "version", "consent_version", "want a version from 1 on")
	for part, purpose := range map[string]string{"purpose_en": c.PurposeEN, "purpose_zh": c.PurposeZH} {
		f.Check(models.ReadableName(purpose), part, "purpose", fmt.Sprintf("%.60q does not say what for: want 1 to 200 characters on one line, none of which turns or hides text", purpose))
	}
	for part, text := range map[string]string{"text_en": c.TextEN, "text_zh": c.TextZH} {
		f.Check(readableText(text), part, "consent_text", fmt.Sprintf("want 1 to %d characters that a person can agree to, none of which turns or hides text", maxConsentText))
	}
	f.Check(c.Days >= 0 && c.Days <= maxConsentDays, "days", "consent_days", fmt.Sprintf("want 0 to %d days", maxConsentDays))
	return f
}

// readableText is models.ReadableName for more than one line.
func readableText(text string) bool {
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxConsentText {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r))
	})
}

// guards reports whether there is anything under the scope that waits for consent.
func (s Scope) guards() bool {
	return slices.ContainsFunc(s.Permissions, func(p Permission) bool {
		return p.Raw || slices.ContainsFunc(p.Fields, func(f Field) bool { return f.disclosed().Guarded() })
	})
}

// checkConsent: where nothing waits for it people would be asked for nothing.
func (s Scope) checkConsent(f *errs.Fields) {
	if !s.Consent.demanded() {
		return
	}
	f.Below("consent", s.Consent.validate())
	f.Check(s.guards(), "consent", "consent_idle", "no field of class C2 or C3 and no raw reply leaves under this scope, so there is nothing to agree to")
}

// follow: a version is one text for ever, and a later one has a higher number.
func (c Consent) follow(before Consent) errs.Fields {
	var f errs.Fields
	if c.demanded() && before.demanded() && c != before {
		f.Check(c.Version > before.Version, "consent.version", "consent_raise",
			fmt.Sprintf("version %d says something else, and people have agreed to it: give this one a higher number", before.Version))
	}
	return f
}

func (c Consent) compare(to *change.Comparison, before Consent) {
	switch {
	case c == before:
	case !before.demanded():
		to.Note(change.Narrows, "consent: version %d must be agreed to before C2 and C3 fields leave (%s)", c.Version, c.PurposeEN)
	case !c.demanded():
		to.Note(change.Widens, "consent: none is demanded any longer; C2 and C3 fields leave without it")
	default:
		to.Note(change.Narrows, "consent: version %d -> %d, everybody is asked again", before.Version, c.Version)
		// Nobody can tell that people are not asked for more.
		to.Text("consent, purpose_en", before.PurposeEN, c.PurposeEN, change.Widens)
		to.Text("consent, purpose_zh", before.PurposeZH, c.PurposeZH, change.Widens)
		for _, text := range [][3]string{{"text_en", before.TextEN, c.TextEN}, {"text_zh", before.TextZH, c.TextZH}} {
			if text[1] != text[2] {
				to.Note(change.Widens, "consent, %s says something else", text[0])
			}
		}
		to.Limit(change.Limit{Field: "consent, days", Before: before.Days, After: c.Days, Zero: maxConsentDays + 1, Default: "until withdrawn"})
	}
}

func (c Consent) row(scope string, at int64) models.ConsentText {
	return models.ConsentText{
		ScopeID: scope, Version: c.Version, PurposeEN: c.PurposeEN, PurposeZH: c.PurposeZH,
		TextEN: c.TextEN, TextZH: c.TextZH, Days: c.Days, CreatedAt: at,
	}
}

func consentOf(t models.ConsentText) Consent {
	return Consent{
		Version: t.Version, PurposeEN: t.PurposeEN, PurposeZH: t.PurposeZH, TextEN: t.TextEN, TextZH: t.TextZH, Days: t.Days,
	}
}

// checkConsents holds what scopes demand against all that they ever demanded:
// also where consent was not demanded in between.
func (c *Catalog) checkConsents(report Report) {
	for _, x := range c.Scopes.Staged() {
		now := x.After.Consent
		if !now.demanded() || now == x.Before.Consent {
			continue
		}
		for _, version := range slices.Sorted(maps.Keys(c.texts[x.After.ID])) {
			if version > now.Version || version == now.Version && c.texts[x.After.ID][version] != now {
				report("scope", x.After.ID, "consent.version", errs.Message{ID: "consent_used",
					Text: fmt.Sprintf("version %d was in use with another text: take a higher number", version)})
				break
			}
		}
	}
}
