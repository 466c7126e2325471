package clients

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

// Bounds of what is noted of uses between two writes.
const (
	maxUses  = 20_000 // rows; what comes from further addresses is noted under none
	useBatch = 200    // written at once
)

// Uses notes which credential was used from where, in memory, and writes it down when
// told to: nobody waits for a disk to be counted. It is safe for concurrent use.
type Uses struct {
	store *store.Store

	mu      sync.Mutex
	pending map[use]count
}

type use struct {
	credential, address string
	since               int64
}

type count struct{ uses, last int64 }

// NewUses notes into s.
func NewUses(s *store.Store) *Uses { return &Uses{store: s, pending: map[use]count{}} }

// Note notes that a credential was used, from an address.
func (u *Uses) Note(credential string, from netip.Addr, now time.Time) {
	if credential == "" {
		return
	}
	key := use{credential, UseAddress(from), now.Truncate(models.UseSpan).UnixMilli()}
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, known := u.pending[key]; !known && len(u.pending) >= maxUses {
		key.address = ""
	}
	c := u.pending[key]
	u.pending[key] = count{c.uses + 1, max(c.last, now.UnixMilli())}
}

// UseAddress is an address as uses are counted by it: of IPv6 its /64, in which a host
// changes its own half as it likes; empty for none.
func UseAddress(from netip.Addr) string {
	from = from.Unmap().WithZone("")
	if !from.Is6() {
		if !from.IsValid() {
			return ""
		}
		return from.String()
	}
	prefix, err := from.Prefix(64)
	if err != nil {
		return ""
	}
	return prefix.String()
}

// Flush writes down what was noted since the last time. What could not be written is
// kept for the next.
func (u *Uses) Flush(ctx context.Context) error {
	u.mu.Lock()
	taken := u.pending
	u.pending = map[use]count{}
	u.mu.Unlock()
	rows := make([]models.CredentialUses, 0, len(taken))
	for key, c := range taken {
		rows = append(rows, models.CredentialUses{CredentialID: key.credential, Since: key.since, Address: key.address, Uses: c.uses, LastAt: c.last})
	}
	slices.SortFunc(rows, func(a, b models.CredentialUses) int { // nodes lock rows in one order
		return cmp.Or(cmp.Compare(a.CredentialID, b.CredentialID), cmp.Compare(a.Since, b.Since), cmp.Compare(a.Address, b.Address))
	})
	for batch := range slices.Chunk(rows, useBatch) {
		err := u.store.Write(ctx, func(tx *store.Tx) error {
			for _, row := range batch {
				if err := tx.AddCredentialUses(row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			u.restore(taken)
			return err
		}
		for _, row := range batch {
			delete(taken, use{row.CredentialID, row.Address, row.Since})
		}
	}
	return nil
}

func (u *Uses) restore(taken map[use]count) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for key, c := range taken {
		now := u.pending[key]
		u.pending[key] = count{now.uses + c.uses, max(now.last, c.last)}
	}
}
