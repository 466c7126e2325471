package console

import (
	"context"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/models"
	"postern/views/i18n"
)

// words are the faults of a form as sentences in the reader's language.
func (s *Console) words(c *gin.Context, faults errs.Fields) map[string]string {
	sentences := make(map[string]string, len(faults))
	for field, m := range faults {
		sentences[field] = sentence(c.Request.Context(), m)
	}
	return sentences
}

// sentence says a broken rule. A rule that has no sentence of its own in English
// speaks English itself, with the value that breaks it; in Chinese there is one for
// each, under "rule." and its id.
func sentence(ctx context.Context, m errs.Message) string {
	if key, known := i18n.ByID(m.ID); known {
		return i18n.T(ctx, key)
	}
	if key, known := i18n.ByID("rule." + m.ID); known && i18n.From(ctx) == i18n.Chinese {
		return i18n.T(ctx, key)
	}
	first, size := utf8.DecodeRuneInString(m.Text)
	return string(unicode.ToUpper(first)) + m.Text[size:]
}

var roleWords = map[models.StaffRole]i18n.Key{
	models.SystemRole: i18n.RoleSystem, models.SecurityRole: i18n.RoleSecurity, models.AuditRole: i18n.RoleAudit,
	models.OfficerRole: i18n.RoleOfficer, models.ReviewerRole: i18n.RoleReviewer, models.SupportRole: i18n.RoleSupport,
}

func roleNames(c *gin.Context, roles []models.StaffRole) []string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = i18n.T(c.Request.Context(), roleWords[r])
	}
	return names
}
