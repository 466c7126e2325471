package models

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

// ConsentText is one version of what a person is asked to agree to before
// fields of class C2 and C3 leave under a scope (PIPL articles 23 and 29). It is
// never changed: consents refer to it.
type ConsentText struct {
	ScopeID   string `gorm:"primaryKey"`
	Version   int64  `gorm:"primaryKey;autoIncrement:false"`
	PurposeEN string `gorm:"column:purpose_en"`
	PurposeZH string `gorm:"column:purpose_zh"`
	TextEN    string `gorm:"column:text_en"`
	TextZH    string `gorm:"column:text_zh"`
	Days      int64  // for how long a consent is good; 0 is until it is withdrawn
	CreatedAt int64
}

// Hash is how the ledger names the text: base64url SHA-256 of the JSON array of
// scope, version, both purposes, both texts and days, as encoding/json writes it.
func (t ConsentText) Hash() string {
	// An array of texts and numbers always encodes.
	b, _ := json.Marshal([]any{t.ScopeID, t.Version, t.PurposeEN, t.PurposeZH, t.TextEN, t.TextZH, t.Days})
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Withdrawer is who ended a consent.
type Withdrawer string

// Who may end a consent. A restore ends all that the copy has: nobody can know
// which of them were withdrawn after it was made.
const (
	ByCustomer Withdrawer = "customer"
	ByPartner  Withdrawer = "partner"
	ByBank     Withdrawer = "bank"
	ByRestore  Withdrawer = "restore"
)

// Visitor is whose consent it is: the bank's customer, else the partner's
// subject, else whoever opened the visit.
type Visitor struct {
	CustomerMAC string `gorm:"column:customer_mac"` // HMAC of the bank's id; empty where nobody signed in
	SubjectMAC  string `gorm:"column:subject_mac"`  // HMAC of the partner's id under the application; empty where none was given
	VID         string `gorm:"column:vid"`          // the visit in which it was given
}

// Consent is one person's consent to one version of a scope's text, given to
// one application. Times are Unix ms.
type Consent struct {
	ID            string `gorm:"primaryKey"` // of the event that tells of it
	PartnerID     string
	ApplicationID string
	ServiceID     string
	ScopeID       string
	Version       int64
	Visitor       `gorm:"embedded"`
	GivenAt       int64
	EndsAt        int64 // from when it holds no longer; 0 is open
	WithdrawnAt   int64
	WithdrawnBy   Withdrawer
	Reason        string // of the withdrawal, for staff
}

// Live reports whether the consent holds at now (Unix ms).
func (c Consent) Live(now int64) bool { return c.EndsAt == 0 || now < c.EndsAt }
