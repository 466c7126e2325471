// Package i18n holds every sentence that a person reads on a screen, in
// English and in Chinese (zh-CN), and the forms of dates, times and numbers.
//
// A message is declared once with both texts side by side, so neither a key
// nor a translation can be missing: def takes both. Messages live in one file
// per area (common.go, demo.go, …). A context carries the reader's language.
//
// It does not own the wire's error_description, which is English, nor logs.
package i18n
