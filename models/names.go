package models

import (
	"regexp"
	"unicode"
	"unicode/utf8"
)

// MaxID is the longest id, octets: names that callers make up are kept in
// memory, and longer ones are never looked up.
const MaxID = 255

var (
	plainID   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	printable = regexp.MustCompile(`^[!-~]+$`)
)

// PlainID reports whether text may be the id of a partner, an application or a
// route: letters, digits and ". _ -" behind a letter or digit.
func PlainID(text string) bool { return len(text) <= MaxID && plainID.MatchString(text) }

// PrintableID reports whether text may be the id of a grant or a credential:
// ASCII that can be seen.
func PrintableID(text string) bool { return len(text) <= MaxID && printable.MatchString(text) }

// maxName is the longest name of something, characters.
const maxName = 200

// ReadableName reports whether text may be shown to people as a name: on one
// line, and with nothing in it that turns or hides what stands around it.
func ReadableName(text string) bool {
	if text == "" || utf8.RuneCountInString(text) > maxName || !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return false
		}
	}
	return true
}
