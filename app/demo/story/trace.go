package story

import (
	"slices"
	"sync"
	"time"
)

// Message is one message as it travelled and as its reader opened it.
type Message struct {
	Sealed string `json:"sealed"` // compact JWE, or what went in the clear
	Opened string `json:"opened"` // JSON; "" when it could not be opened
}

// Step is one step of a visit, A to G; a visit may have several G.
type Step struct {
	Letter      string
	From, Until time.Time
	Bytes       int    // octets of the message as it travelled; 0 when none did
	Code        string // wire code, when the visit or the call stopped here
	Call        string // of G: method and path
	Request     Message
	Reply       Message
	Reached     []byte   // of G: the assertion's claims as the bank saw them, JSON
	Receipt     *Receipt // of G: what was left of the bank's answer
	Entry       *Entry   // of a refusal: what the ledger has of it; nil if that could not be read
}

// Entry is the ledger's line about a refusal. Only the bank's staff see it.
type Entry struct {
	At     time.Time
	Reason string
	VID    string // of the visit that it is about; "" for none
	Body   []byte // the line itself, JSON
}

// Opening is what whoever opened a copied link first came to have: a visit like
// the page's own.
type Opening struct {
	At    time.Time
	VID   string
	Scope string
	Ended time.Time // zero while the visit lives
}

// Trace is one visit as the demo saw it.
type Trace struct {
	ID        string
	Partner   string // the partner's short name in the demo's addresses
	Address   string // what the partner's app opened; "" when B was refused
	RequestID string // the gateway's name for B's request
	VID       string
	First     *Opening // of a copied link; nil when the page's own opening is the first
	Steps     []Step
}

// Stopped is the step at which the visit stopped; ok is false if none did.
func (t Trace) Stopped() (step Step, ok bool) {
	i := slices.IndexFunc(t.Steps, func(s Step) bool { return s.Code != "" })
	if i < 0 {
		return Step{}, false
	}
	return t.Steps[i], true
}

// step finds the first step of a letter.
func (t Trace) step(letter string) (Step, bool) {
	i := slices.IndexFunc(t.Steps, func(s Step) bool { return s.Letter == letter })
	if i < 0 {
		return Step{}, false
	}
	return t.Steps[i], true
}

// took is the time from the first step's start to the last one's end.
func (t Trace) took() time.Duration {
	if len(t.Steps) == 0 {
		return 0
	}
	return t.Steps[len(t.Steps)-1].Until.Sub(t.Steps[0].From)
}

const (
	maxTraces = 200
	// maxSteps bounds what one page may report.
	maxSteps = 40
)

// Book holds the newest traces. It is safe for concurrent use.
type Book struct {
	mu     sync.Mutex
	traces map[string]Trace
	order  []string
}

// Add files a trace and forgets the oldest beyond the limit.
func (b *Book) Add(t Trace) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.traces == nil {
		b.traces = map[string]Trace{}
	}
	b.traces[t.ID] = t
	b.order = append(b.order, t.ID)
	if len(b.order) > maxTraces {
		delete(b.traces, b.order[0])
		b.order = slices.Delete(b.order, 0, 1)
	}
}

// Find returns a trace by its id. The caller must not change its steps.
func (b *Book) Find(id string) (Trace, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.traces[id]
	return t, ok
}

// Append adds steps to a trace and returns it; ok is false if there is no such
// trace, or it has as many steps as it may.
func (b *Book) Append(id string, steps ...Step) (Trace, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.traces[id]
	if !ok || len(t.Steps)+len(steps) > maxSteps {
		return t, false
	}
	// A fresh array: readers may hold the old one.
	t.Steps = append(slices.Clone(t.Steps), steps...)
	for _, s := range steps {
		if vid := s.vid(); vid != "" {
			t.VID = vid
		}
		if t.First != nil && s.Entry != nil && s.Entry.VID == t.First.VID {
			ended := *t.First // readers may hold the old one
			ended.Ended = s.Entry.At
			t.First = &ended
		}
	}
	b.traces[id] = t
	return t, true
}
