package models

import "time"

// UseSpan is the time in which uses of a credential are counted together.
const UseSpan = 10 * time.Minute

// CredentialUses is how often a credential was used in a span, from an address.
type CredentialUses struct {
	CredentialID string `gorm:"primaryKey"`
	Since        int64  `gorm:"primaryKey;autoIncrement:false"` // Unix ms, a whole UseSpan
	Address      string `gorm:"primaryKey"`                     // of IPv6 its /64; empty for those that there was no room for
	Uses         int64
	LastAt       int64 // Unix ms
}

// CredentialLastUse is when and from where a credential was last used.
type CredentialLastUse struct {
	CredentialID string `gorm:"primaryKey"`
	At           int64  // Unix ms
	Address      string
}
