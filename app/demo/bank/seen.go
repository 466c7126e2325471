package bank

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Seen is one request that reached the bank, and what the bank answered,
// before the gateway took away what may not leave.
type Seen struct {
	At             time.Time
	Method, Path   string
	Query          string
	By             Assertion
	IdempotencyKey string
	Status         int
	Reply          []byte // JSON
}

// seen remembers the newest requests.
type seen struct {
	mu    sync.Mutex
	calls []Seen
}

// maxSeen is how many requests are remembered.
const maxSeen = 512

func (s *seen) add(r *http.Request, by Assertion, document []byte, status int, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == maxSeen {
		s.calls = slices.Delete(s.calls, 0, maxSeen/4)
	}
	s.calls = append(s.calls, Seen{
		At: now, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		By: by, IdempotencyKey: r.Header.Get("Idempotency-Key"), Status: status, Reply: document,
	})
}

// Seen returns the remembered requests of a visit, oldest first.
func (b *Bank) Seen(vid string) []Seen {
	b.seen.mu.Lock()
	defer b.seen.mu.Unlock()
	var of []Seen
	for _, call := range b.seen.calls {
		if call.By.VID == vid {
			of = append(of, call)
		}
	}
	return of
}
