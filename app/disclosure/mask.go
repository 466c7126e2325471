package disclosure

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hidden stands where a mask shows nothing of a value or of a part, whatever its length.
const hidden = "****"

// maskOrder is the masks from the one that shows least to the one that shows most. amount shows
// nothing; name a letter of each word; card four digits; address the region; id_number seven of
// eighteen; phone seven of eleven; email the whole domain.
var maskOrder = []Mask{MaskAmount, MaskName, MaskCard, MaskAddress, MaskIDNumber, MaskPhone, MaskEmail}

// shows is the mask's place in maskOrder, -1 when it is unknown.
func (m Mask) shows() int {
	for i, known := range maskOrder {
		if m == known {
			return i
		}
	}
	return -1
}

func (m Mask) known() bool { return m.shows() >= 0 }

// Apply returns value with most of it replaced by stars, after the habits of JR/T 0171-2020 annex
// A. It counts characters, not octets:
//
//   - phone: a mainland number of 11 digits shows 3 and 4, 138****6027; any other the last 4;
//   - id_number: 14 characters and more show 3 and 4, fewer the first and the last;
//   - name: the first character of each word, 周**, Z*** Y***;
//   - card: the last 4 digits or letters, **0018, whatever stands between them;
//   - email: the first character before the @ and the domain, a***@example.com;
//   - address: up to six leading Han characters, which are province and city; an address that
//     begins otherwise begins with the house, and shows nothing;
//   - amount: nothing.
//
// But for the two with a fixed form (the 11-digit phone, an e-mail's domain) never more than half
// of the characters are shown, and a value too short for its mask shows none. A mask that is
// unknown hides everything.
func (m Mask) Apply(value string) string {
	switch m {
	case MaskPhone:
		return maskPhone(value)
	case MaskIDNumber:
		return maskIDNumber(value)
	case MaskName:
		return maskName(value)
	case MaskCard:
		return maskCard(value)
	case MaskEmail:
		return maskEmail(value)
	case MaskAddress:
		return maskAddress(value)
	default:
		return "***"
	}
}

func maskPhone(value string) string {
	runes := []rune(value)
	switch {
	case isMainlandMobile(value):
		return value[:3] + hidden + value[7:]
	case len(runes) >= 8:
		return hidden + string(runes[len(runes)-4:])
	default:
		return hidden
	}
}

// isMainlandMobile reports 11 ASCII digits of which the first is 1.
func isMainlandMobile(value string) bool {
	if len(value) != 11 || value[0] != '1' {
		return false
	}
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' {
			return false
		}
	}
	return true
}

func maskIDNumber(value string) string {
	runes := []rune(value)
	n := len(runes)
	switch {
	case n >= 14: // 18 characters since 1999, 15 before; GB 11643
		return string(runes[:3]) + strings.Repeat("*", n-7) + string(runes[n-4:])
	case n >= 4:
		return string(runes[:1]) + strings.Repeat("*", n-2) + string(runes[n-1:])
	default:
		return hidden
	}
}

// maskName keeps the first letter of each word and everything that separates words. A word of one
// letter is hidden: it would be shown whole.
func maskName(value string) string {
	runes := []rune(value)
	if !slices.ContainsFunc(runes, func(r rune) bool { return !isNameSeparator(r) }) {
		return hidden
	}

	var masked strings.Builder
	for i, r := range runes {
		switch {
		case isNameSeparator(r), startsWord(runes, i):
			masked.WriteRune(r)
		default:
			masked.WriteByte('*')
		}
	}
	return masked.String()
}

// startsWord reports whether a word of at least two letters begins at i.
func startsWord(runes []rune, i int) bool {
	begins := i == 0 || isNameSeparator(runes[i-1])
	return begins && i+1 < len(runes) && !isNameSeparator(runes[i+1])
}

// isNameSeparator reports what stands between the parts of a name: spaces, hyphens, and the dots
// of transcribed names (阿依古丽·买买提).
func isNameSeparator(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("-·•・．.", r)
}

func maskCard(value string) string {
	var digits []rune
	for _, r := range value {
		if unicode.IsDigit(r) || unicode.IsLetter(r) {
			digits = append(digits, r)
		}
	}
	if len(digits) < 8 {
		return hidden
	}
	return "**" + string(digits[len(digits)-4:])
}

func maskEmail(value string) string {
	local, domain, found := strings.Cut(value, "@")
	if !found || local == "" || domain == "" || strings.ContainsAny(domain, "@ \t\"<>") {
		return hidden
	}
	first, size := utf8.DecodeRuneInString(local)
	if size == len(local) { // a single letter would be shown whole
		return "***@" + domain
	}
	return string(first) + "***@" + domain
}

func maskAddress(value string) string {
	const region = 6 // 浙江省杭州市
	limit := min(region, utf8.RuneCountInString(value)/2)
	shown := 0
	for at, r := range value {
		if shown == limit || !unicode.Is(unicode.Han, r) {
			return value[:at] + hidden
		}
		shown++
	}
	return hidden
}
