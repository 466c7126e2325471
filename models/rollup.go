package models

// RollupKind says what a Rollup counts.
type RollupKind string

// The kinds: answers at step B, first answers at step D, answers that were given
// again there, renewals and closings by pages, records of calls.
const (
	RollupAT    RollupKind = "at"
	RollupVT    RollupKind = "vt"
	RollupAgain RollupKind = "again"
	RollupRenew RollupKind = "renew"
	RollupClose RollupKind = "close"
	RollupCall  RollupKind = "call"
)

// The spans of a Rollup.
const (
	SpanHour = "hour"
	SpanDay  = "day"
)

// Rollup counts what was answered in an hour or a day of the bank's zone. Until
// a day's hours are added up, each node has rows of its own.
type Rollup struct {
	Span          string
	Start         int64 // Unix ms
	Kind          RollupKind
	ApplicationID string // empty where the caller proved to be none
	ServiceID     string
	RouteID       string // of calls only
	Outcome       string // "ok" or the wire code of the refusal
	Node          string // which counted; empty once added up
	Count         int64
	DurationSum   int64 // microseconds, of calls only; so the others
	DurationMax   int64
	UpstreamSum   int64
	UpstreamMax   int64
	Took          Took  `gorm:"embedded"`
	Disclosed     int64 // replies of which something left, of calls only
	Fields        int64 // kinds of fields that left in them
}
