package entrance

import (
	"context"

	"postern/models"
	"postern/views/i18n"
)

var staffRoles = map[models.StaffRole]i18n.Key{
	models.SystemRole: i18n.RoleSystem, models.SecurityRole: i18n.RoleSecurity, models.AuditRole: i18n.RoleAudit,
	models.OfficerRole: i18n.RoleOfficer, models.ReviewerRole: i18n.RoleReviewer, models.SupportRole: i18n.RoleSupport,
}

var portalRoles = map[models.PortalRole]i18n.Key{
	models.PortalOwner: i18n.PortalOwnerRole, models.PortalDeveloper: i18n.PortalDeveloperRole, models.PortalViewer: i18n.PortalViewerRole,
}

// StaffRole is what a role of the bank's staff is called, in the reader's language.
func StaffRole(ctx context.Context, role models.StaffRole) string {
	return i18n.T(ctx, staffRoles[role])
}

// PortalRole is what a role in a partner's team is called, in the reader's language.
func PortalRole(ctx context.Context, role models.PortalRole) string {
	return i18n.T(ctx, portalRoles[role])
}
