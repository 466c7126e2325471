package alerts

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"postern/app/store"
	"postern/models"
)

// Bounds of what is remembered of where applications ask from.
const (
	maxKnown   = 100_000
	maxPending = 10_000
	maxSources = 500 // new addresses that one look reads
	sourceRows = 200 // written at once
)

// Sources notes from where applications ask for ATs, in memory, and writes it
// down when told to. It is safe for concurrent use.
type Sources struct {
	store *store.Store

	mu      sync.Mutex
	known   map[source]int64 // when it was last noted, Unix ms
	pending []models.ApplicationSource
}

type source struct {
	application string
	prefix      netip.Prefix
}

// NewSources notes into s.
func NewSources(s *store.Store) *Sources { return &Sources{store: s, known: map[source]int64{}} }

// Note notes that an application was issued an AT at an address. It waits for
// nobody: what it finds no room for is noted the next time.
func (s *Sources) Note(application string, from netip.Addr, now time.Time) {
	from = from.Unmap().WithZone("")
	if !from.IsValid() || application == "" {
		return
	}
	bits := from.BitLen()
	if from.Is6() {
		bits = 64 // a network; hosts in it change their own half as they like
	}
	prefix, err := from.Prefix(bits)
	if err != nil {
		return
	}
	key, at := source{application, prefix}, now.UnixMilli()
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, known := s.known[key]; known && at-last < day.Milliseconds() || len(s.pending) >= maxPending {
		return
	}
	if len(s.known) >= maxKnown {
		clear(s.known) // what is noted twice is written once
	}
	s.known[key] = at
	s.pending = append(s.pending, models.ApplicationSource{ApplicationID: application, Prefix: prefix.String(), FirstAt: at, LastAt: at})
}

// Flush writes down what was noted since the last time. What could not be
// written is kept for the next.
func (s *Sources) Flush(ctx context.Context) error {
	for {
		s.mu.Lock()
		batch := s.pending[:min(len(s.pending), sourceRows)]
		s.pending = s.pending[len(batch):]
		s.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		if err := s.write(ctx, batch); err != nil {
			s.mu.Lock()
			s.pending = append(batch[:len(batch):len(batch)], s.pending...)
			s.mu.Unlock()
			return err
		}
	}
}

func (s *Sources) write(ctx context.Context, batch []models.ApplicationSource) error {
	ordered := slices.SortedFunc(slices.Values(batch), func(a, b models.ApplicationSource) int {
		return cmp.Or(cmp.Compare(a.ApplicationID, b.ApplicationID), cmp.Compare(a.Prefix, b.Prefix)) // nodes lock rows in one order
	})
	return s.store.Write(ctx, func(tx *store.Tx) error {
		for _, row := range ordered {
			if err := tx.SaveSource(row); err != nil {
				return err
			}
		}
		return nil
	})
}
