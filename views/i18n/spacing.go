package i18n

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// argument is a place in a text that takes an argument of its own index, or the next.
var argument = regexp.MustCompile(`%(?:\[(\d+)\])?[sdv]`)

// closed is a Chinese text without the spaces that would come to stand between two
// Han characters. Catalogues have a space between Han and an argument, which is
// right beside Latin and digits; names are either.
func closed(text string, args []any) string {
	var b strings.Builder
	end, next := 0, 0
	before := rune(0) // the last character of what is written, as its reader sees it
	for _, at := range argument.FindAllStringSubmatchIndex(text, -1) {
		if at[2] >= 0 {
			n, _ := strconv.Atoi(text[at[2]:at[3]])
			next = n - 1
		}
		word := ""
		if next < len(args) {
			word, _ = args[next].(string)
		}
		next++

		between := text[end:at[0]]
		first, _ := utf8.DecodeRuneInString(word)
		between = trimmed(between, before, first)
		b.WriteString(between)
		b.WriteString(text[at[0]:at[1]])
		before, _ = utf8.DecodeLastRuneInString(word)
		end = at[1]
	}
	b.WriteString(trimmed(text[end:], before, 0))
	return b.String()
}

// trimmed is what stands between two arguments, without a space at an end of it that
// has Han at both sides. before and after are the arguments' characters beside it.
func trimmed(between string, before, after rune) string {
	if rest, cut := strings.CutPrefix(between, " "); cut && han(before) {
		first, _ := utf8.DecodeRuneInString(rest)
		if rest == "" {
			first = after
		}
		if han(first) {
			between = rest
		}
	}
	if rest, cut := strings.CutSuffix(between, " "); cut && han(after) {
		if last, _ := utf8.DecodeLastRuneInString(rest); han(last) {
			between = rest
		}
	}
	return between
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

// After is what stands between a sentence and the next one: a space, but nothing
// after Chinese marks, which have their own air.
func After(sentence string) string {
	switch last, _ := utf8.DecodeLastRuneInString(sentence); last {
	case '。', '：', '；', '，', '？', '！':
		return ""
	}
	return " "
}
