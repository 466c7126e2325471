package models

// PartnerRequestState is where a partner's request stands.
type PartnerRequestState string

// The states. While it is in one of the first three, both sides can speak.
const (
	PartnerSubmitted PartnerRequestState = "submitted" // nobody at the bank has taken it up
	PartnerInReview  PartnerRequestState = "in_review" // an officer has
	PartnerQuestion  PartnerRequestState = "question"  // the bank waits for an answer
	PartnerApproved  PartnerRequestState = "approved"  // and applied, in the same transaction
	PartnerDeclined  PartnerRequestState = "declined"
	PartnerWithdrawn PartnerRequestState = "withdrawn"
)

// Open reports whether the request can still come to something.
func (s PartnerRequestState) Open() bool {
	return s == PartnerSubmitted || s == PartnerInReview || s == PartnerQuestion
}

// PartnerRequest is what a partner's user asks of the bank. An officer makes a
// ChangeRequest of it, which another person of the bank decides. One that is Inside a
// second member of the partner decides, or nobody has to.
type PartnerRequest struct {
	ID            int64 `gorm:"primaryKey;autoIncrement"`
	PartnerID     string
	ApplicationID string // which it is about; it may not be there yet
	Content       string // the change, as a bank file
	Reason        string
	State         PartnerRequestState
	Maker         string // account of the portal
	MakerPerson   string
	MadeAt        int64
	Inside        bool   // the partner decides it by itself, and the bank is told
	Officer       string // account of the staff that has taken it up, or of the member who confirmed it; empty for none
	DecidedAt     int64
	WaitsSince    int64 // for an officer; 0 while it does not
}

// PartnerRequestNote is what one of the two sides has said about a request.
type PartnerRequestNote struct {
	ID        string `gorm:"primaryKey"` // UUIDv7
	RequestID int64
	AccountID string
	Bank      bool // said by the bank's staff
	At        int64
	Text      string
}
