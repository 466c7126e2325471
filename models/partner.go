package models

import "slices"

// Status is where a partner, application or service stands in its life.
type Status string

// The states. Only Active lets traffic through.
const (
	Draft     Status = "draft"
	Active    Status = "active"
	Suspended Status = "suspended"
	Closed    Status = "closed"
)

// Statuses lists the states in the order of a life.
var Statuses = []Status{Draft, Active, Suspended, Closed}

// Valid reports whether s is one of the states.
func (s Status) Valid() bool { return slices.Contains(Statuses, s) }

// May reports whether what is in state s may be put into state next. A draft
// becomes active once and never a draft again; what is closed stays closed.
func (s Status) May(next Status) bool {
	switch {
	case s == next:
		return true
	case s == Closed, next == Draft:
		return false
	case s == Draft:
		return next != Suspended
	}
	return true
}

// Environment separates the sandbox from production; an application lives in
// exactly one and never reaches the other's upstreams or keys.
type Environment string

// The two environments.
const (
	Sandbox    Environment = "sandbox"
	Production Environment = "production"
)

// Valid reports whether e is one of the two environments.
func (e Environment) Valid() bool { return e == Sandbox || e == Production }

// AuthMethod is the one way in which an application proves itself at the token
// endpoint (RFC 8414 token_endpoint_auth_methods_supported names).
type AuthMethod string

// The methods of protocol section 3.
const (
	PrivateKeyJWT     AuthMethod = "private_key_jwt"
	ClientSecretBasic AuthMethod = "client_secret_basic"
	TLSClientAuth     AuthMethod = "tls_client_auth"
)

// AuthMethods lists the methods.
var AuthMethods = []AuthMethod{PrivateKeyJWT, ClientSecretBasic, TLSClientAuth}

// Risk is how closely the bank watches a partner.
type Risk string

// The tiers of risk.
const (
	RiskLow    Risk = "low"
	RiskMedium Risk = "medium"
	RiskHigh   Risk = "high"
)

// Risks lists the tiers from the lowest.
var Risks = []Risk{RiskLow, RiskMedium, RiskHigh}

// Valid reports whether r is one of the tiers.
func (r Risk) Valid() bool { return slices.Contains(Risks, r) }

// Partner is a third party whose apps open the bank's pages.
type Partner struct {
	ID           string `gorm:"primaryKey"`
	Name         string // as the visitor knows it; shown on the bank's page
	NameKey      string // the name folded, by which lists are sorted; the store writes it
	Status       Status
	LegalName    string
	CreditCode   string // unified social credit code, 18 characters (GB 32100-2015); may be empty
	Contract     string // its number
	ContractEnds string // the last day, YYYY-MM-DD; empty: none is on record. A day of the contract is no moment, so it has no zone
	Risk         Risk
	SecondMember bool   // a second member confirms what widens its production on its own word
	SecondOffBy  string // account that has asked to do without one; empty for none
	OfficerID    string // the account of who looks after it; empty: nobody
	CreatedAt    int64
	UpdatedAt    int64 `gorm:"autoUpdateTime:false"` // Unix ms, as given: gorm would write seconds of its own clock
}

// ContactKind is what a partner's contact is for.
type ContactKind string

// The kinds of contacts.
const (
	BusinessContact  ContactKind = "business"
	TechnicalContact ContactKind = "technical"
	SecurityContact  ContactKind = "security"
	ManagerContact   ContactKind = "manager" // the bank's own, who looks after the partner
)

// ContactKinds lists the kinds.
var ContactKinds = []ContactKind{BusinessContact, TechnicalContact, SecurityContact, ManagerContact}

// Contact is somebody whom the bank calls about a partner: personal data, shown to
// staff and never written into the ledger.
type Contact struct {
	PartnerID string `gorm:"primaryKey"`
	Position  int64  `gorm:"primaryKey;autoIncrement:false"` // from 0
	Kind      ContactKind
	Name      string
	Phone     string
	Email     string
}

// TableName is partner_contacts.
func (Contact) TableName() string { return "partner_contacts" }

// PartnerTerm is a folded text by whose beginning a partner is found.
type PartnerTerm struct {
	Term      string `gorm:"primaryKey"`
	PartnerID string `gorm:"primaryKey"`
}

// PartnerNote is what somebody of the staff has noted about a partner; notes are
// added and never changed.
type PartnerNote struct {
	ID        string `gorm:"primaryKey"` // UUIDv7
	PartnerID string
	AccountID string
	At        int64
	Text      string
}

// Removal is what is left on record of a partner that was closed.
type Removal struct {
	PartnerID    string `gorm:"primaryKey"`
	At           int64
	Actor        string // who let it happen
	RequestID    int64  // the change request that was approved; 0 for none
	Reason       string
	Applications int64 // how many were closed
	Grants       int64 // ended
	Credentials  int64 // revoked
	Visits       int64 // live ones that ended
}

// TableName is partner_removals.
func (Removal) TableName() string { return "partner_removals" }

// Onboarding is a partner's registration that somebody has begun and not handed in.
type Onboarding struct {
	ID        string `gorm:"primaryKey"` // UUIDv7
	AccountID string // its maker, who alone goes on with it
	PartnerID string // as typed so far; for lists
	Name      string // the same
	Step      string // the furthest that was reached
	Content   string // what was typed, JSON; of secrets only hashes
	RequestID int64  // 0 until it was handed in
	CreatedAt int64
	UpdatedAt int64 `gorm:"autoUpdateTime:false"` // Unix ms, as given: gorm would write seconds of its own clock
}

// TableName is onboarding_drafts.
func (Onboarding) TableName() string { return "onboarding_drafts" }

// AddressMode says what an application's address list does at the token endpoint.
type AddressMode string

// The modes: AddressDryRun lets a call from elsewhere pass and puts it on record.
const (
	AddressOff     AddressMode = "off"
	AddressDryRun  AddressMode = "dry_run"
	AddressEnforce AddressMode = "enforce"
)

// AddressModes lists the modes from the strictest.
var AddressModes = []AddressMode{AddressEnforce, AddressDryRun, AddressOff}

// Application is one app of a partner in one environment; its ID is the
// OAuth client_id and holds no colon.
type Application struct {
	ID          string `gorm:"primaryKey"`
	PartnerID   string
	Name        string
	Environment Environment
	Suite       string // "A256" or "GM"
	AuthMethod  AuthMethod
	Status      Status
	Epoch       int64 // raised to end every visit of the application at once
	AddressMode AddressMode
	ATLifetime  int64 // seconds, 1 to 600; 0 means 120
	DailyQuota  int64 // ATs per day in the bank's zone; 0 means none
	ATRate      int64 // ATs per second; 0 means the gateway's default
	VTRate      int64
	CallRate    int64
	CreatedAt   int64
	UpdatedAt   int64 `gorm:"autoUpdateTime:false"` // Unix ms, as given: gorm would write seconds of its own clock
}

// ApplicationAddress is one address or prefix from which an application may
// ask for tokens.
type ApplicationAddress struct {
	ApplicationID string `gorm:"primaryKey"`
	Prefix        string `gorm:"primaryKey"` // CIDR
}

// ReturnAddress is one place in the partner's app to which the page may send
// the visitor back (protocol section 4).
type ReturnAddress struct {
	ApplicationID string `gorm:"primaryKey"`
	Address       string `gorm:"primaryKey"`
}

// CredentialUse says what a credential of an application is for.
type CredentialUse string

// The uses: SignatureKey verifies assertions, EncryptionKey is sealed to,
// ClientSecret is compared by hash.
const (
	SignatureKey  CredentialUse = "sig"
	EncryptionKey CredentialUse = "enc"
	ClientSecret  CredentialUse = "secret"
)

// Side is one of the two sides on whose word something stands; empty for neither.
type Side string

// The sides.
const (
	PartnerSide Side = "partner"
	BankSide    Side = "bank"
)

// Credential is one of several that an application may have at a time.
type Credential struct {
	ID            string `gorm:"primaryKey"`
	ApplicationID string
	Use           CredentialUse
	KID           string `gorm:"column:kid"` // for keys; unique within the application
	PublicJWK     string `gorm:"column:public_jwk"`
	Thumbprint    string // of the key (RFC 7638), whatever its kid and use
	SecretHash    string // base64url SHA-256 of the secret, which is 256 random bits
	NotBefore     int64
	NotAfter      int64 // 0 means no end
	BankEnd       int64 // the end that it was registered with or the bank has set, which no partner moves; 0 for none
	Frozen        Side  // on whose word it rests; empty while it does not
	WarnedAt      int64 // when its partner was last told that it ends; Unix ms
	RevokedAt     int64
	CreatedAt     int64
}

// LiveAt reports whether the credential may be used at now (Unix ms).
func (c Credential) LiveAt(now int64) bool {
	return c.Frozen == "" && c.RevokedAt == 0 && c.NotBefore <= now && (c.NotAfter == 0 || now < c.NotAfter)
}
