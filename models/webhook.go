package models

import "slices"

// Topic is what a message to a partner's program is about.
type Topic string

// The topics.
const (
	TopicEnding      Topic = "credential.ending"
	TopicCredential  Topic = "credential.changed"
	TopicApplication Topic = "application.changed" // suspended, closed, active again, or changed otherwise
	TopicFrozen      Topic = "access.frozen"       // by the bank's kill switch: the partner's own, a service or scope that it holds, or everything
	TopicThawed      Topic = "access.thawed"
	TopicDecided     Topic = "request.answered" // approved, declined, or a question
	TopicKeys        Topic = "gateway_key.rotated"
	TopicAnnounced   Topic = "announcement" // of the bank's: made, changed or withdrawn
	TopicTest        Topic = "test"         // asked for in the portal; goes to every webhook
)

// Topics lists the topics that can be chosen.
var Topics = []Topic{TopicEnding, TopicCredential, TopicApplication, TopicFrozen, TopicThawed, TopicDecided, TopicKeys, TopicAnnounced}

// Webhook is where a partner's own program is told of what becomes of what is its own.
type Webhook struct {
	ID        string `gorm:"primaryKey"` // UUIDv7
	PartnerID string
	URL       string  `gorm:"column:url"` // https, without a secret in it that the portal would hide
	Topics    []Topic `gorm:"serializer:json"`
	Paused    bool    // nothing is made for it, and nothing that waits is sent
	CreatedAt int64
	UpdatedAt int64 `gorm:"autoUpdateTime:false"` // Unix ms, as given: gorm would write seconds of its own clock
}

// Wants reports whether it is told of a topic.
func (w Webhook) Wants(t Topic) bool {
	return !w.Paused && (t == TopicTest || slices.Contains(w.Topics, t))
}

// WebhookDelivery is one message for one webhook.
type WebhookDelivery struct {
	ID        string `gorm:"primaryKey"` // UUIDv7: the order in which they go
	WebhookID string
	Topic     Topic
	Body      string // JSON, as it is sent
	DueAt     int64  // Unix ms; 0 once it was taken or given up
	Attempts  int64
	Status    int64  // of the last answer; 0 for none
	Answer    string // the beginning of what it said, or why there was none
	SentAt    int64  // when it was taken
	GaveUpAt  int64
}
