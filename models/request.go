package models

// RequestState is where a change request stands.
type RequestState string

// The states. Only what is submitted can be decided; what was sent back is
// submitted anew, as another request.
const (
	RequestSubmitted RequestState = "submitted"
	RequestSentBack  RequestState = "sent_back"
	RequestApproved  RequestState = "approved" // and applied, in the same transaction
	RequestRejected  RequestState = "rejected"
	RequestWithdrawn RequestState = "withdrawn"
	RequestExpired   RequestState = "expired"
	RequestOutdated  RequestState = "outdated" // what it was made on has moved
)

// RequestStates lists the states, the open one first.
var RequestStates = []RequestState{
	RequestSubmitted, RequestSentBack, RequestApproved, RequestRejected, RequestWithdrawn, RequestExpired, RequestOutdated,
}

// ChangeRequest is what somebody has asked to change and another person decides.
type ChangeRequest struct {
	ID            int64  `gorm:"primaryKey;autoIncrement"`
	Kind          string // which use case applies it, e.g. "business"
	Subject       string // what it is mainly about, e.g. "partner lianhe-travel"
	Content       string // the change, in the canonical octets of its kind
	ContentHash   string // base64url SHA-256 of it
	Plan          string // what it would change, as of when it was made: change.Plan, JSON
	PlanHash      string // base64url SHA-256 of it: the version that it was made on
	Reason        string // the maker's
	State         RequestState
	Maker         string // account, or "command line"
	MakerPerson   string // empty where nobody knows
	Checker       string
	CheckerPerson string
	Decision      string // the checker's reason
	MadeAt        int64
	ExpiresAt     int64
	DecidedAt     int64
	Answers       int64 // the partner's request that it was made for; 0 for none
	WarnedAt      int64 // when its maker was told that its time is nearly over; 0 for never
}

// ChangeComment is what somebody has said about a change request.
type ChangeComment struct {
	ID        string `gorm:"primaryKey"`
	RequestID int64
	AccountID string
	At        int64
	Text      string
}
