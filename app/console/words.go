package console

import (
	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/models"
	"postern/views/i18n"
)

// words are the faults of a form as sentences in the reader's language.
func (s *Console) words(c *gin.Context, faults errs.Fields) map[string]string {
	sentences := make(map[string]string, len(faults))
	for field, m := range faults {
		sentences[field] = m.Text
		if key, ok := i18n.ByID(m.ID); ok {
			sentences[field] = i18n.T(c.Request.Context(), key)
		}
	}
	return sentences
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
