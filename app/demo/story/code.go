package story

import (
	"strings"

	"postern/views/demo"
	"postern/views/ui"
)

// maxString is the longest text that a screen shows whole, characters.
const maxString = 34

var shown = ui.JSON{Token: maxString, Text: maxString}

// compactParts are the parts of a compact JWE or JWS for their colours.
func compactParts(compact string) []demo.Part {
	classes := []string{"header", "key", "iv", "content", "tag"}
	if strings.Count(compact, ".") == 2 {
		classes = []string{"header", "claims", "signature"}
	}
	return parts(ui.Compact(compact, classes...))
}

func jsonLines(document string) []demo.Line { return lines(shown.Lines(document)) }

func formLines(encoded string) []demo.Line {
	return lines(ui.JSON{Token: 2 * maxString, Text: 2 * maxString}.Form(encoded))
}

func lines(of [][]ui.Span) (list []demo.Line) {
	for _, line := range of {
		list = append(list, parts(line))
	}
	return list
}

func parts(of []ui.Span) (list []demo.Part) {
	for _, s := range of {
		list = append(list, demo.Part{Class: s.Class, Text: s.Text})
	}
	return list
}
