package bench

import (
	"slices"
	"time"
)

// Result is what a run found. Only its ratios mean anything beyond the machine
// and the minute that it was made in.
type Result struct {
	Where      string     `json:"where"` // which process and cores the server had
	Database   string     `json:"database"`
	Processors int        `json:"processors"` // GOMAXPROCS of the server; 0 if unknown
	Callers    int        `json:"concurrency"`
	Steps      []Step     `json:"steps"`
	Issuances  *Issuances `json:"issuances,omitempty"`
}

// Step is what came of one step's load.
type Step struct {
	Step       string       `json:"step"`
	Requests   int          `json:"requests"`
	PerSecond  float64      `json:"requests_per_second"` // successes
	P50        float64      `json:"p50_ms"`
	P95        float64      `json:"p95_ms"`
	P99        float64      `json:"p99_ms"`
	Errors     int          `json:"errors"`
	FirstError string       `json:"first_error,omitempty"`
	CPU        float64      `json:"cpu_us_per_request"` // of the server's process; 0 if unknown
	Rows       *Rows        `json:"rows,omitempty"`     // nil if the ledger is out of reach
	Compared   []Comparison `json:"compared,omitempty"`
}

// Rows holds successes against what the ledger holds.
type Rows struct {
	Of       string `json:"of"`       // which rows
	Expected int    `json:"expected"` // successes, those of the warm-up included
	Found    int    `json:"found"`
}

// Comparison is something bare that ran in turns with a step.
type Comparison struct {
	Name      string  `json:"name"`
	PerSecond float64 `json:"per_second"` // median of the rounds
	Ratio     float64 `json:"ratio"`      // the step's rate to it: median of the rounds' ratios
	CPU       float64 `json:"cpu_us"`     // of the server's process, each time; median of the rounds
	// CPURatio is the same by CPU time: its CPU to the step's. On one core that
	// is busy all the time both are one; while others use the core, too, this
	// one still holds.
	CPURatio float64 `json:"cpu_ratio"`
}

// Issuances is a run of a given number of step B.
type Issuances struct {
	Asked          int     `json:"asked"`
	Errors         int     `json:"errors"`
	FirstError     string  `json:"first_error,omitempty"`
	P50            float64 `json:"p50_ms"`
	P99            float64 `json:"p99_ms"`
	ResidentBefore int64   `json:"resident_before"` // octets, of the server's process
	ResidentAfter  int64   `json:"resident_after"`
	ResidentMost   int64   `json:"resident_most"` // of the samples after every batch
	Rows           *Rows   `json:"rows,omitempty"`
}

// Errors counts failed requests, and successes that are not on record or
// records of no success.
func (r Result) Errors() int {
	n := 0
	for _, s := range r.Steps {
		n += s.Errors + s.Rows.missing()
	}
	if i := r.Issuances; i != nil {
		n += i.Errors + i.Rows.missing()
	}
	return n
}

func (r *Rows) missing() int {
	if r == nil {
		return 0
	}
	return max(r.Expected-r.Found, r.Found-r.Expected)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
