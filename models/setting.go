package models

// Setting is what two persons have set in the console.
type Setting struct {
	Key       string `gorm:"primaryKey"`
	Value     string
	ChangedBy string // account
	ChangedAt int64
}
