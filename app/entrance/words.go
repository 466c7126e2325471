package entrance

import (
	"context"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/views/i18n"
)

// Words are the faults of a form as sentences in the reader's language.
func (e *Entrance) Words(c *gin.Context, faults errs.Fields) map[string]string {
	sentences := make(map[string]string, len(faults))
	for field, m := range faults {
		sentences[field] = Sentence(c.Request.Context(), m)
	}
	return sentences
}

// Sentence says a broken rule. A rule that has no sentence of its own in English
// speaks English itself, with the value that breaks it; in Chinese there is one for
// each, under "rule." and its id.
func Sentence(ctx context.Context, m errs.Message) string {
	if key, known := i18n.ByID(m.ID); known {
		return i18n.T(ctx, key)
	}
	if key, known := i18n.ByID("rule." + m.ID); known && i18n.From(ctx) == i18n.Chinese {
		return i18n.T(ctx, key)
	}
	first, size := utf8.DecodeRuneInString(m.Text)
	return string(unicode.ToUpper(first)) + m.Text[size:]
}
