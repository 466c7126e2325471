package models

// KeyUse says what one of the gateway's own keys is for.
type KeyUse string

// The uses of keys. ApplicationKey is AK; TicketKey seals VTs; SubjectKey seals
// and hashes the partner's user ids at rest; EvidenceKey signs what the ledger holds.
const (
	ApplicationKey KeyUse = "ak"
	SigningKey     KeyUse = "sig"
	TicketKey      KeyUse = "ticket"
	SubjectKey     KeyUse = "subject"
	EvidenceKey    KeyUse = "evidence"
)

// Key is one of the gateway's own keys. The private part is sealed under the
// master key, which is not in the database.
type Key struct {
	KID           string `gorm:"column:kid;primaryKey"`
	Use           KeyUse
	Suite         string      // "A256" or "GM"; empty for keys that nobody outside seals or verifies with
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
	ChangeSettings    ChangeKind = "settings"
)

// Restore is one return to an old copy of the database.
type Restore struct {
	At          int64 `gorm:"primaryKey;autoIncrement:false"` // what was made before is dead
	NewestEvent int64 // of the copy: what happened after it is lost
}

// FreezeScope says which traffic a freeze stops.
type FreezeScope string

// What a freeze stops. FreezeNothing is a drill's.
const (
	FreezeAT      FreezeScope = "at"
	FreezeVT      FreezeScope = "vt"
	FreezeCall    FreezeScope = "call"
	FreezeAll     FreezeScope = "all"
	FreezeNothing FreezeScope = "nothing"
)

// FreezeTarget is what a freeze is about.
type FreezeTarget string

// The targets of freezes. Everything has no id.
const (
	FreezePartner     FreezeTarget = "partner"
	FreezeApplication FreezeTarget = "application"
	FreezeService     FreezeTarget = "service"
	FreezeDataScope   FreezeTarget = "scope"
	FreezeEverything  FreezeTarget = "everything"
)

// Freeze stops traffic at once, for one partner, application, service or scope,
// or for everything.
type Freeze struct {
	ID         string `gorm:"primaryKey"`
	TargetKind FreezeTarget
	TargetID   string
	Stops      FreezeScope
	Reason     string
	StartedAt  int64
	EndedAt    int64
	StartedBy  string // the account; empty for those of before there were screens
	EndedBy    string
	Visits     int64 // how many ended with it
}

// Drill reports whether it only measures how fast the nodes obey.
func (f Freeze) Drill() bool { return f.Stops == FreezeNothing }

// Live reports whether it is in force.
func (f Freeze) Live() bool { return f.EndedAt == 0 && !f.Drill() }

// FreezeNode is when a node obeyed a freeze.
type FreezeNode struct {
	FreezeID string `gorm:"primaryKey"`
	Node     string `gorm:"primaryKey"`
	ObeyedAt int64  // by the node's clock, Unix ms
	InFlight int64  // calls that were on their way through it then; none of them is answered unless it had been before
}

// Node is a gateway that serves the database, by its last word.
type Node struct {
	Name      string `gorm:"primaryKey"`
	Version   string
	StartedAt int64
	SeenAt    int64
	StoppedAt int64 // it ended in order; 0 while it runs, or if it was killed
	Ready     bool
	FeedAge   int64 // ms
	InFlight  int64 // calls
}
