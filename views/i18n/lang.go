package i18n

import (
	"context"
	"strings"
)

// Lang is a language that the screens speak. Its zero value is English.
type Lang int

// The languages, in the order in which a Key holds its texts.
const (
	English Lang = iota
	Chinese
	languages // how many there are
)

// Tag is the BCP 47 tag for the lang attribute: "en" or "zh-CN".
func (l Lang) Tag() string {
	if l == Chinese {
		return "zh-CN"
	}
	return "en"
}

// Other is the language that a two-way switch leads to.
func (l Lang) Other() Lang {
	if l == Chinese {
		return English
	}
	return Chinese
}

type langKey struct{}

// WithLang returns a copy of ctx whose reader reads l.
func WithLang(ctx context.Context, l Lang) context.Context {
	return context.WithValue(ctx, langKey{}, l)
}

// From is the reader's language; English when nothing is known.
func From(ctx context.Context) Lang {
	l, _ := ctx.Value(langKey{}).(Lang)
	return l
}

// Parse reads one language tag, such as a cookie's value; ok is false for
// languages that the screens do not speak.
func Parse(tag string) (l Lang, ok bool) {
	primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	switch primary {
	case "zh":
		return Chinese, true
	case "en":
		return English, true
	}
	return English, false
}

// Pick chooses a language: what the reader once chose (a cookie's value, may
// be empty), else the first known one of an Accept-Language header
// (RFC 9110 section 12.5.4; browsers send it in order of preference, so the
// weights are not read), else English.
func Pick(chosen, acceptLanguage string) Lang {
	if l, ok := Parse(chosen); ok {
		return l
	}
	for entry := range strings.SplitSeq(acceptLanguage, ",") {
		tag, _, _ := strings.Cut(entry, ";")
		if l, ok := Parse(tag); ok {
			return l
		}
	}
	return English
}
