package i18n

import "iter"

// All walks the catalogue: id, then the texts (English, Chinese, and English
// for one, which may be empty).
func All() iter.Seq2[string, [3]string] {
	return func(yield func(string, [3]string) bool) {
		for id, k := range byID {
			if !yield(id, [3]string{k.message.texts[English], k.message.texts[Chinese], k.message.one}) {
				return
			}
		}
	}
}

// Explanations walks what there is to say about refusals, by code or reason.
func Explanations() iter.Seq2[string, Explanation] {
	return func(yield func(string, Explanation) bool) {
		for code, e := range byCode {
			if !yield(code, e) {
				return
			}
		}
		for reason, e := range byReason {
			if !yield(reason[1], e) {
				return
			}
		}
		_ = yield(weatherMark, whyWeather) && yield(weatherMark+"run", WhyRun)
	}
}
