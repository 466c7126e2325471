package models

// PortalRole is what somebody of a partner is for.
type PortalRole string

// The roles, widest first.
const (
	PortalOwner     PortalRole = "owner"     // and who is in the team
	PortalDeveloper PortalRole = "developer" // looks after applications and credentials
	PortalViewer    PortalRole = "viewer"    // reads
)

// PortalRoles lists them.
var PortalRoles = []PortalRole{PortalOwner, PortalDeveloper, PortalViewer}

// Member says for which partner an account of the portal is, and as what. Who works
// for two partners has two accounts.
type Member struct {
	AccountID  string `gorm:"primaryKey"`
	PartnerID  string
	Role       PortalRole
	Production bool // may change what is in production, as far as the role goes
	GivenBy    string
	GivenAt    int64
}

// Roles are what the portal's rules know of a member: the role, and the one beside it
// of who may change what is in production.
func (m Member) Roles() []string {
	if m.Production {
		return []string{string(m.Role), string(m.Role.Live())}
	}
	return []string{string(m.Role)}
}

// Live is the role beside r of who may change what is in production.
func (r PortalRole) Live() PortalRole { return r + "_live" }
