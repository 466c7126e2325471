package models

// ConformanceRun plays all bad weather to an application in the sandbox, one kind after the
// other, and states what its partner's own servers make of it.
type ConformanceRun struct {
	ID            string `gorm:"primaryKey"` // UUIDv7
	PartnerID     string
	ApplicationID string
	AccountID     string // who began it
	BeganAt       int64
	Stage         Weather       // that is on; empty once the run has ended
	StageAt       int64         // since when
	Observed      []Observation `gorm:"serializer:json"` // so far, in the order of the stages
	EndedAt       int64         // 0 while it goes on
	Ended         RunEnd
	Result        string // compact JWS; empty while it goes on
}

// RunEnd is how a run came to its end.
type RunEnd string

// The ends.
const (
	RunFinished RunEnd = "finished"
	RunStopped  RunEnd = "stopped" // by somebody of the partner's
	RunClosed   RunEnd = "closed"  // with its application
)

// Verdict is what an observation comes to.
type Verdict string

// The verdicts.
const (
	AsItShould    Verdict = "pass"
	NotAsItShould Verdict = "fail"
	NotSeen       Verdict = "not_seen"    // nothing of the partner's felt the weather, or nothing came after
	NotPlayed     Verdict = "skipped"     // or the run was stopped before
	NotFelt       Verdict = "not_applied" // the application cannot feel it
)

// Finding is what was seen.
type Finding string

// The findings.
const (
	NewAssertion  Finding = "new_assertion"  // came again with another one
	Waited        Finding = "waited"         // came again when it was told to
	NewAT         Finding = "new_at"         // asked for another one
	Calm          Finding = "calm"           // did not ask for more ATs than visitors open pages
	SameAssertion Finding = "same_assertion" // came again with the one that was refused
	TooEarly      Finding = "too_early"      // came again before it was told to
	SameAT        Finding = "same_at"        // the AT that was refused was presented again
	Hammered      Finding = "hammered"       // asked for ATs again and again
	NothingCame   Finding = "nothing"        // the weather was not felt
	OnceOnly      Finding = "once"           // it was felt, and nothing came after
	Unfinished    Finding = "unfinished"     // skipped, or never played
	HasSecret     Finding = "secret"         // there is no assertion whose clock could be wrong
)

// Observation is what was seen of a partner's own servers under one kind of weather. It is
// part of signed results: names of members stay as they are.
type Observation struct {
	Weather   Weather `json:"weather"`
	Verdict   Verdict `json:"verdict"`
	Finding   Finding `json:"finding"`
	From      int64   `json:"from,omitempty"`       // Unix ms, when the weather was raised
	Until     int64   `json:"until,omitempty"`      // when it ended
	FeltAt    int64   `json:"felt_at,omitempty"`    // when it was first felt
	RequestID string  `json:"request_id,omitempty"` // of the request that felt it first
	Asked     int     `json:"asked,omitempty"`      // requests for ATs that are counted by the finding
	Waited    int64   `json:"waited_ms,omitempty"`  // until it came again
}

// Met counts what is as it should be, of those that the application can feel.
func Met(list []Observation) (met, of int) {
	for _, o := range list {
		if o.Verdict == AsItShould {
			met++
		}
		if o.Verdict != NotFelt {
			of++
		}
	}
	return met, of
}
