package models

// KeyUse says what one of the gateway's own keys is for.
type KeyUse string

// The uses of keys. ApplicationKey is AK; TicketKey seals VTs; SubjectKey seals
// and hashes the partner's user ids at rest.
const (
	ApplicationKey KeyUse = "ak"
	SigningKey     KeyUse = "sig"
	TicketKey      KeyUse = "ticket"
	SubjectKey     KeyUse = "subject"
)

// Key is one of the gateway's own keys. The private part is sealed under the
// master key, which is not in the database.
type Key struct {
	KID           string `gorm:"column:kid;primaryKey"`
	Use           KeyUse
	Suite         string      // "A256" or "GM"; empty for symmetric keys
	Environment   Environment // empty for keys of all environments
	PublicJWK     string      `gorm:"column:public_jwk"` // for who reads the table; never published
	SealedPrivate string
	MasterKeyID   string
	CreatedAt     int64
	ActiveFrom    int64 // first use
	ActiveUntil   int64 // last use to make something new; 0 while it is the newest
	RetiredAt     int64 // gone: opens and verifies nothing any more
}

// Change tells every node that something it may have in memory has moved.
type Change struct {
	Seq     int64 `gorm:"primaryKey;autoIncrement"`
	At      int64
	Kind    ChangeKind
	Subject string
	Until   int64 // for ended visits and withdrawn consents: when the row stops mattering
}

// ChangeKind says what a Change is about.
type ChangeKind string

// The kinds of change. Subject is the id of what changed; for ChangeVisitEnded the vid,
// for ChangeConsent that of the consent.
const (
	ChangeApplication ChangeKind = "application"
	ChangePartner     ChangeKind = "partner"
	ChangeService     ChangeKind = "service"
	ChangeVisitEnded  ChangeKind = "visit_ended"
	ChangeConsent     ChangeKind = "consent_withdrawn"
	ChangeFreeze      ChangeKind = "freeze"
	ChangeKeys        ChangeKind = "keys"
)

// Restore is one return to an old copy of the database.
type Restore struct {
	At          int64 `gorm:"primaryKey;autoIncrement:false"` // what was made before is dead
	NewestEvent int64 // of the copy: what happened after it is lost
}

// FreezeScope says which traffic a freeze stops.
type FreezeScope string

// What a freeze stops.
const (
	FreezeAT   FreezeScope = "at"
	FreezeVT   FreezeScope = "vt"
	FreezeCall FreezeScope = "call"
	FreezeAll  FreezeScope = "all"
)

// Freeze stops traffic at once, for one partner, application, service or scope.
type Freeze struct {
	ID         string `gorm:"primaryKey"`
	TargetKind string // partner, application, service or scope
	TargetID   string
	Stops      FreezeScope
	Reason     string
	StartedAt  int64
	EndedAt    int64
}

// QuotaCount is how many ATs an application was issued on a day of the bank's zone.
type QuotaCount struct {
	ApplicationID string `gorm:"primaryKey"`
	Day           string `gorm:"primaryKey"` // 2026-11-22
	Issued        int64
}
