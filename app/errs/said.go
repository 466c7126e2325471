package errs

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSaid is how much is kept of what another side says, characters.
const maxSaid = 200

// Said is what another side says, as it may be kept, told and shown: on one line, without
// control characters, which a database may not take, and at most 200 characters of it.
func Said(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if utf8.RuneCountInString(text) > maxSaid {
		return string([]rune(text)[:maxSaid]) + "…"
	}
	return text
}
