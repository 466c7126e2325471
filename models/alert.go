package models

// Severity says how urgent an alert is.
type Severity string

// The severities. Critical means that somebody should look now, at night too.
const (
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// Severities lists the severities, the least first.
var Severities = []Severity{Warning, Critical}

// AtLeast reports whether s is as urgent as other, or more.
func (s Severity) AtLeast(other Severity) bool { return s == other || s == Critical }

// AlertState is where an alert stands.
type AlertState string

// The states of an alert. What is resolved may still want an acknowledgement.
const (
	AlertOpen         AlertState = "open"
	AlertAcknowledged AlertState = "acknowledged" // and lasting
	AlertResolved     AlertState = "resolved"
)

// Subject is what an alert is about.
type Subject struct {
	Kind string // application, upstream, credential, certificate, node, feed, strangers
	ID   string
	Name string // for people; empty where the id is all there is
}

// Alert is one condition that lasted, or lasts, and that a person of the bank
// should look at. Of one rule and subject there is one that lasts.
type Alert struct {
	ID          string `gorm:"primaryKey"` // UUIDv7
	Rule        string // e.g. "refusals"; docs/alerts.md has a section for each
	SubjectKind string
	SubjectID   string
	SubjectName string
	Severity    Severity // the worst it has been
	FirstAt     int64    // Unix ms; so the others
	LastAt      int64    // when it was last seen
	Count       int64    // how many looks have seen it
	// Numbers are what the last look has seen and what is allowed, by name.
	Numbers    map[string]string `gorm:"serializer:json"`
	RemindedAt int64             // when receivers were last told of it
	AckedAt    int64             // 0 until somebody has acknowledged it
	AckedBy    string
	AckNote    string
	ResolvedAt int64 // 0 while it lasts
}

// State is where the alert stands.
func (a Alert) State() AlertState {
	switch {
	case a.ResolvedAt != 0:
		return AlertResolved
	case a.AckedAt != 0:
		return AlertAcknowledged
	}
	return AlertOpen
}

// Subject is what the alert is about.
func (a Alert) Subject() Subject { return Subject{a.SubjectKind, a.SubjectID, a.SubjectName} }

// News says why a receiver is told of an alert.
type News string

// The kinds of news.
const (
	NewsRaised   News = "raised"
	NewsWorse    News = "worse" // it has become critical
	NewsReminder News = "reminder"
	NewsResolved News = "resolved"

	// Of change requests.
	NewsAsked    News = "asked"
	NewsApproved News = "approved"
	NewsSentBack News = "sent_back"
	NewsRejected News = "rejected"
	NewsOutdated News = "outdated"
	NewsExpired  News = "expired"
	NewsExpiring News = "expiring" // nobody has decided it, and its time is nearly over

	// Of partners' requests, beside NewsAsked and NewsApproved.
	NewsReplied  News = "replied"  // the partner has said something
	NewsQuestion News = "question" // the bank has asked the partner
	NewsDeclined News = "declined"
	NewsPrepared News = "prepared" // an officer has made a change request of it
	NewsDecided  News = "decided"  // the partner has widened its production by itself; the bank is told
	NewsConfirm  News = "confirm"  // it waits for a second member of the partner

	// Of credentials.
	NewsEnding News = "ending"

	// Of accounts.
	NewsRecovered News = "recovered" // a new set-up link was made on the command line
)

// Delivery is one piece of news for one receiver: of an alert, a change request,
// a partner's request or an account.
type Delivery struct {
	ID               string `gorm:"primaryKey"` // UUIDv7: the order in which they go
	AlertID          string
	RequestID        int64
	PartnerRequestID int64
	AccountID        string
	CredentialID     string
	Receiver         string // a queue: "mail", "wecom/staff", or "mail/" and the id of the account that is written to
	News             News
	DueAt            int64 // Unix ms; so the others
	Attempts         int64
	LastError        string
	SentAt           int64 // 0 until it is sent
	GaveUpAt         int64 // 0 unless it was tried for too long
}

// ApplicationSource is an address from which an application has asked for ATs.
type ApplicationSource struct {
	ApplicationID string `gorm:"primaryKey"`
	Prefix        string `gorm:"primaryKey"` // CIDR: an IPv4 address, the /64 of an IPv6 one
	FirstAt       int64
	LastAt        int64 // up to a day before the last time
}
