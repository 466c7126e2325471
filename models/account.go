package models

// Person is a human being. Maker and checker of a change are persons: whoever
// has two accounts is still one.
type Person struct {
	ID        string `gorm:"primaryKey"`
	Name      string
	CreatedAt int64
}

// TableName is where gorm looks: it would say people.
func (Person) TableName() string { return "persons" }

// Realm is the house whose door an account opens.
type Realm string

// The realms: the bank's console, and the partners' portal.
const (
	StaffRealm  Realm = "staff"
	PortalRealm Realm = "portal"
)

// AccountStatus is where an account stands.
type AccountStatus string

// The states. Only an active account gets in.
const (
	AccountInvited  AccountStatus = "invited" // has no password and no second factor yet
	AccountActive   AccountStatus = "active"
	AccountDisabled AccountStatus = "disabled"
)

// Account is how a person signs in.
type Account struct {
	ID           string `gorm:"primaryKey"`
	Realm        Realm
	PersonID     string
	Login        string // folded; unique within the realm
	Name         string // as the screens show it
	Email        string // where news of requests go; empty for nowhere
	Status       AccountStatus
	PasswordHash string // argon2id, PHC string format; empty when there is none
	PasswordAt   int64
	Failures     int64 // wrong passwords and codes since the last sign-in
	LockedUntil  int64
	ResetUntil   int64  // until when a new set-up link may be made although it is active; 0 for never
	Language     string // "en", "zh-CN", or empty: the browser's
	Theme        string // "light", "dark", or empty: the browser's
	CreatedAt    int64
	UpdatedAt    int64 `gorm:"autoUpdateTime:false"` // Unix ms, as given: gorm would write seconds of its own clock
}

// StaffRole is what somebody of the bank is for.
type StaffRole string

// The roles. The first three are the administrators, which exclude each other.
const (
	SystemRole   StaffRole = "system"
	SecurityRole StaffRole = "security"
	AuditRole    StaffRole = "audit"
	OfficerRole  StaffRole = "officer"
	ReviewerRole StaffRole = "reviewer"
	SupportRole  StaffRole = "support"
)

// StaffRoles lists the roles, administrators first.
var StaffRoles = []StaffRole{SystemRole, SecurityRole, AuditRole, OfficerRole, ReviewerRole, SupportRole}

// Administers reports whether r is one of the three that exclude each other.
func (r StaffRole) Administers() bool { return r == SystemRole || r == SecurityRole || r == AuditRole }

// StaffRoleRow gives a role to an account. The person stands in it as well, so
// that the database can hold the administrators apart over a person's accounts.
type StaffRoleRow struct {
	AccountID string    `gorm:"primaryKey"`
	Role      StaffRole `gorm:"primaryKey"`
	PersonID  string
	GivenBy   string
	GivenAt   int64
}

// TableName is where gorm looks.
func (StaffRoleRow) TableName() string { return "staff_roles" }

// FactorKind is a way to prove oneself beside, or in place of, a password.
type FactorKind string

// The kinds.
const (
	TOTPFactor    FactorKind = "totp"    // RFC 6238
	PasskeyFactor FactorKind = "passkey" // WebAuthn
	OIDCFactor    FactorKind = "oidc"    // the bank's own sign-on
)

// Factor is one of an account's.
type Factor struct {
	ID        string `gorm:"primaryKey"`
	AccountID string
	Kind      FactorKind
	Name      string // as its owner calls it
	Sealed    string // a TOTP's seed, sealed under the gateway's subject key
	External  string // a passkey's credential id, base64url; an issuer and its sub
	Public    string // a passkey's public record, JSON
	Step      int64  // the last TOTP time step that was used: each counts once
	Confirmed bool   // its owner has shown once that it works; others do not count
	CreatedAt int64
	UsedAt    int64
}

// Second reports whether f can follow a password, or be used in its place.
func (f Factor) Second() bool {
	return f.Confirmed && (f.Kind == TOTPFactor || f.Kind == PasskeyFactor)
}

// RecoveryCode stands in for a second factor, once. Its hash is SHA-256,
// base64url: the code is 80 random bits.
type RecoveryCode struct {
	AccountID string `gorm:"primaryKey"`
	Hash      string `gorm:"primaryKey"`
	UsedAt    int64
}

// Stage is how far somebody has got in.
type Stage string

// The stages. Only StageFull opens anything but its own next step.
const (
	StageSecond Stage = "second" // the password was right; the second factor is to come
	StageEnrol  Stage = "enrol"  // came by a set-up link; password and second factor are to be set
	StageFull   Stage = "full"
)

// Session is a browser that somebody has signed in with.
type Session struct {
	ID         string `gorm:"primaryKey"`
	Hash       string // base64url SHA-256 of the cookie, which is 256 random bits
	AccountID  string
	Stage      Stage
	CreatedAt  int64
	SeenAt     int64 // written once a minute at most
	EndsAt     int64
	VerifiedAt int64 // when its owner last proved to be there
	Address    string
	Agent      string // what the browser says it is, shortened
	EndedAt    int64
	EndReason  string
}

// SetupLink is a one-time link by which somebody sets a password and a second
// factor. Its hash is SHA-256 of the token, base64url.
type SetupLink struct {
	Hash      string `gorm:"primaryKey"`
	AccountID string
	MadeAt    int64
	EndsAt    int64
	UsedAt    int64
}

// Challenge is what was asked of a browser and is not answered yet, or waits in a
// session until its owner has shown something; it is taken once.
type Challenge struct {
	Hash      string `gorm:"primaryKey"` // base64url SHA-256 of a cookie, or of the session and the kind
	Kind      string
	AccountID string
	Content   string // JSON
	EndsAt    int64
}
