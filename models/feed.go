package models

import "time"

// Feed is how far a feed of the ledger's events has come. Its name stands for
// the position, whatever target the configuration gives it.
type Feed struct {
	Name        string `gorm:"primaryKey"`
	Position    int64  // every event up to this seq was delivered
	Delivered   int64  // how many in all, repeats not counted
	DeliveredAt int64  // of the last success, Unix ms; 0 for none
	FailedAt    int64  // of the last failure, Unix ms; 0 for none
	Error       string // why it failed; empty once it has delivered again
}

// FeedLag is a feed and what it has not delivered.
type FeedLag struct {
	Feed
	// Waiting is how many events were not delivered. Of those that have no seq yet
	// ten thousand are counted at most.
	Waiting int64
	// WaitingSince is when the first of them happened, Unix ms; 0 where none waits.
	WaitingSince int64
}

// Behind is how long the first event that was not delivered has been waiting.
func (f FeedLag) Behind(now time.Time) time.Duration {
	if f.WaitingSince == 0 {
		return 0
	}
	return max(0, now.Sub(time.UnixMilli(f.WaitingSince)))
}
