package keyring

import (
	"time"

	"postern/app/config"
	"postern/models"
)

// clockSlack is what nodes may differ by: a node takes a second to hear of a
// new key and opens nothing when it has heard nothing for five, and clocks are
// not quite the same.
const clockSlack = 10 * time.Second

// The overlap of keys. Protocol section 8 asks that a key is listed 300 s before
// its first use and 660 s after its last, on every node.
//
// After its last use an AK must open what the last AT that carries it may bring:
// an AT lives 600 s at most, and is answered again for 60 s (protocol sections 3
// and 5). A ticket key must open the tickets of its last use until the longest
// visit is over: app/directory lets none live longer than 9,000 s.
const (
	PublishBefore  = 300*time.Second + clockSlack
	PublishAfter   = 660*time.Second + clockSlack
	TicketOutlives = 3 * time.Hour
)

// TendEvery is how often Tend wants to be called, at least.
const TendEvery = time.Minute

// lead is how long before the end of a key's life its successor is made, so that
// it can take over in time.
const lead = PublishBefore + TendEvery

// lifetime is how long a key is used at most; 0 is for ever. The subject key
// does not rotate: see ErrSubjectKey.
func lifetime(lives config.Keys, use models.KeyUse) time.Duration {
	switch use {
	case models.ApplicationKey:
		return lives.AKLifetime
	case models.SigningKey:
		return lives.SigningLifetime
	case models.TicketKey:
		return lives.TicketLifetime
	}
	return 0
}

// outlives is how long after its last use a key still opens or verifies what
// was made with it.
func outlives(use models.KeyUse) time.Duration {
	if use == models.TicketKey {
		return TicketOutlives
	}
	return PublishAfter
}

// State is what a key does.
type State string

// The states of a key, in their order.
const (
	Published  State = "published" // listed, not used yet
	InUse      State = "in use"
	Superseded State = "superseded" // opens what it made
	Retired    State = "retired"    // its private part is gone
)

// Status is what one key does now and is going to do. Nothing in it is secret.
type Status struct {
	KID         string
	Kind        Kind
	MasterKeyID string // of the master key that seals it; of a retired one, that sealed it
	State       State
	MadeAt      time.Time
	FirstUse    time.Time
	LastUse     time.Time // zero while no successor is known
	RotatesAt   time.Time // when its successor will be made; zero when it has one, or never will
	RetiresAt   time.Time // when it opens nothing any more, or has been retired; zero for never
}

// StatusOf tells what a key does at now, with the lifetimes that hold.
func StatusOf(row models.Key, lives config.Keys, now time.Time) Status {
	s := Status{
		KID: row.KID, Kind: kindOf(row), MasterKeyID: row.MasterKeyID, State: stateOf(row, now),
		MadeAt: time.UnixMilli(row.CreatedAt), FirstUse: time.UnixMilli(row.ActiveFrom),
	}
	life := lifetime(lives, row.Use)
	switch {
	case row.ActiveUntil != 0:
		s.LastUse = time.UnixMilli(row.ActiveUntil)
		s.RetiresAt = s.LastUse.Add(outlives(row.Use))
	case life != 0:
		s.RotatesAt = s.FirstUse.Add(life - lead)
		s.RetiresAt = s.FirstUse.Add(life + outlives(row.Use))
	}
	if row.RetiredAt != 0 {
		s.RetiresAt = time.UnixMilli(row.RetiredAt)
	}
	return s
}

// Status tells what a key does now, with the ring's lifetimes.
func (r *Ring) Status(row models.Key) Status { return StatusOf(row, r.o.Lives, r.o.Now()) }

func stateOf(row models.Key, now time.Time) State {
	ms := now.UnixMilli()
	switch {
	case row.RetiredAt != 0:
		return Retired
	case row.ActiveUntil != 0 && row.ActiveUntil <= ms:
		return Superseded
	case row.ActiveFrom > ms:
		return Published
	}
	return InUse
}
