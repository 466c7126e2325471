package models

// AnnouncementKind says what an announcement is about.
type AnnouncementKind string

// The kinds of announcements.
const (
	Information AnnouncementKind = "information"
	Maintenance AnnouncementKind = "maintenance"
	Alteration  AnnouncementKind = "change"
	Incident    AnnouncementKind = "incident"
)

// AnnouncementKinds lists them in the order in which they are offered.
var AnnouncementKinds = []AnnouncementKind{Information, Maintenance, Alteration, Incident}

// Announcement is what the bank tells partners, as plain text. One of its two languages
// may be missing.
type Announcement struct {
	ID          string `gorm:"primaryKey"` // UUIDv7: the order in which they were made
	Kind        AnnouncementKind
	ServiceID   string // for partners that hold scopes of it; empty for all
	TitleEN     string `gorm:"column:title_en"`
	TitleZH     string `gorm:"column:title_zh"`
	TextEN      string `gorm:"column:text_en"`
	TextZH      string `gorm:"column:text_zh"`
	StartsAt    int64  // Unix ms: it is in force from then on
	EndsAt      int64  // Unix ms: and over then
	WithdrawnAt int64  // Unix ms; 0 while it stands
	CreatedAt   int64
	CreatedBy   string // the account
	UpdatedAt   int64  `gorm:"autoUpdateTime:false"` // Unix ms, as given: gorm would write seconds of its own clock
	UpdatedBy   string
}

// AnnouncementState is where an announcement stands at a moment.
type AnnouncementState string

// The states of announcements. What was withdrawn is past.
const (
	AnnouncementNow     AnnouncementState = "current"
	AnnouncementPlanned AnnouncementState = "planned"
	AnnouncementPast    AnnouncementState = "past"
)

// State is where it stands at now (Unix ms).
func (a Announcement) State(now int64) AnnouncementState {
	switch {
	case a.WithdrawnAt != 0 || a.EndsAt <= now:
		return AnnouncementPast
	case a.StartsAt > now:
		return AnnouncementPlanned
	}
	return AnnouncementNow
}
