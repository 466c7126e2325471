package models

import "encoding/json"

// Event is one line of the ledger. Body is its canonical form, the truth; the
// other columns repeat parts of it for search. LeafHash is SHA-256(0x00 || Body),
// base64url (RFC 6962 section 2.1).
type Event struct {
	ID            string `gorm:"primaryKey"` // UUIDv7
	At            int64
	Kind          string // e.g. "at.issued", "at.refused", "vt.issued"
	Outcome       string // "ok" or the wire code of the refusal
	Reason        string // why, for staff
	RequestID     string
	PartnerID     string
	ApplicationID string
	ServiceID     string
	VID           string `gorm:"column:vid"`
	Actor         string // the account, or "command line", that caused it; empty where no person did
	Alarm         bool
	Body          string
	LeafHash      string
	Seq           *int64 // its number, from 1 and without gaps, once it has one (docs/decisions/0020)
}

// Detail is what the line says besides its columns, by name; empty where it says nothing
// more, or the body is not to be read.
func (e Event) Detail() map[string]string {
	var body struct {
		Detail map[string]string `json:"detail"`
	}
	if err := json.Unmarshal([]byte(e.Body), &body); err != nil {
		return nil
	}
	return body.Detail
}

// ATRow is one issued AT. The AT itself is never stored: only its hash.
type ATRow struct {
	ATHash        string `gorm:"column:at_hash;primaryKey"` // base64url SHA-256 of the compact AT
	JTI           string `gorm:"column:jti"`
	PartnerID     string
	ApplicationID string
	ServiceID     string
	Environment   Environment
	Suite         string
	Scope         string
	SubjectSealed string // the partner's user id, sealed; empty when none was given
	SubjectMAC    string `gorm:"column:subject_mac"` // HMAC of it, for search
	AKKID         string `gorm:"column:ak_kid"`
	ReturnTo      string
	IssuedAt      int64
	ExpiresAt     int64
	RevokedAt     int64
	SpentAt       int64
	RHash         string `gorm:"column:r_hash"`
	VID           string `gorm:"column:vid"`
}

// TableName is at_rows.
func (ATRow) TableName() string { return "at_rows" }

// Visit is what one spent AT opened.
type Visit struct {
	VID            string `gorm:"column:vid;primaryKey"`
	ATHash         string `gorm:"column:at_hash"`
	PartnerID      string
	ApplicationID  string
	ServiceID      string
	Environment    Environment
	Scope          string
	SubjectSealed  string
	SubjectMAC     string `gorm:"column:subject_mac"`
	CustomerSealed string // the opaque id that the bank's sign-in route gave
	CustomerMAC    string `gorm:"column:customer_mac"`
	AuthTime       int64
	OpenedAt       int64
	DeadAfter      int64 // no ticket of the visit opens anything past this
	Epoch          int64 // of the application when the visit was opened
	EndedAt        int64
	EndReason      string // closed, revoked, at_reused
}

// WriteState is what became of a write call that was let through.
type WriteState string

// The states that `first` tells (protocol section 6).
const (
	WriteRunning WriteState = "running"
	WriteDone    WriteState = "done"
	WriteUnknown WriteState = "unknown"
)

// WriteCall guards a call other than GET and HEAD: its row is durable before
// anything is forwarded.
type WriteCall struct {
	VID       string `gorm:"column:vid;primaryKey"`
	JTI       string `gorm:"column:jti;primaryKey"`
	State     WriteState
	Node      string
	StartedAt int64
}

// Call is the record of one business call.
type Call struct {
	ID            string `gorm:"primaryKey"`
	At            int64
	VID           string `gorm:"column:vid"`
	RequestID     string
	PartnerID     string
	ApplicationID string
	ServiceID     string
	RouteID       string
	Method        string
	Status        int    // the upstream's, or the echo's; 0 when nothing answered
	Code          string // wire code of a refusal, else empty
	Reason        string // of a refusal; "echo" when the sandbox answered from a sample reply
	Rule          string // the policy rule that decided
	PolicyVersion int64  // number of the newest change that the node knew when it decided
	ShapeID       string
	Duration      int64 // microseconds, whole call
	UpstreamTime  int64 // microseconds
	BytesIn       int64
	BytesOut      int64
	Fields        int64 `gorm:"-"` // kinds of fields that left in the reply; counted, and in the shape
}

// Shape is an interned list of which fields were kept, masked and dropped.
type Shape struct {
	ID        string `gorm:"primaryKey"`
	Canonical string
	FirstSeen int64
	LastSeen  int64 // up to a day before the last call that had it
	Left      int64 `gorm:"-"` // how many kinds of fields left, kept or masked
}
