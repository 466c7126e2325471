package keyring

import (
	"context"
	"fmt"
	"time"

	"postern/app/store"
	"postern/models"
)

// How old the newest key of a kind may grow before Tend makes its successor.
// Ticket keys rotate at least daily (protocol section 5); the four hours less
// leave room for the time between two visits of Tend and for PublishBefore.
// No protocol sets the other two; they bound what a stolen key is worth.
const (
	maxTicketAge  = 20 * time.Hour
	maxAKAge      = 30 * 24 * time.Hour
	maxSigningAge = 90 * 24 * time.Hour
)

// ages lists the uses that rotate. The subject key does not: see ErrSubjectKey.
var ages = map[models.KeyUse]time.Duration{
	models.TicketKey:      maxTicketAge,
	models.ApplicationKey: maxAKAge,
	models.SigningKey:     maxSigningAge,
}

// outlives is how long a key still opens or verifies what was made with it.
func outlives(use models.KeyUse) time.Duration {
	if use == models.TicketKey {
		return TicketOutlives
	}
	return PublishAfter
}

// Tend rotates each kind whose newest key has grown too old, and retires the
// keys that open and verify nothing any more: their private parts are deleted.
// Call it at least every three hours on every node; of nodes that come at once
// one rotates. A fault may leave part of the work for the next time.
func (r *Ring) Tend(ctx context.Context) error {
	rows, err := r.o.Store.LiveKeys(ctx)
	if err != nil {
		return fmt.Errorf("tend keys: %w", err)
	}
	now := r.o.Now()
	moved := false
	for _, k := range kinds() {
		age, rotates := ages[k.use]
		if !rotates || hasYoungerThan(rows, k, now.Add(-age).UnixMilli()) {
			continue
		}
		if err := r.rotateOld(ctx, k, now.Add(-age).UnixMilli()); err != nil {
			return fmt.Errorf("tend keys: %w", err)
		}
		moved = true
	}
	if anyOver(rows, now.UnixMilli()) {
		if err := r.retire(ctx, now); err != nil {
			return fmt.Errorf("tend keys: %w", err)
		}
		moved = true
	}
	if !moved {
		return nil
	}
	return r.Reload(ctx)
}

// rotateOld draws the key before the transaction, which looks again whether
// another node has been here.
func (r *Ring) rotateOld(ctx context.Context, k kind, limit int64) error {
	row, err := r.draw(k)
	if err != nil {
		return err
	}
	row.ActiveFrom = activeFrom(r.o.Now(), false)
	return r.o.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.RotateKeyIfOlder(row, limit, r.o.Now().UnixMilli())
		return err
	})
}

func (r *Ring) retire(ctx context.Context, now time.Time) error {
	return r.o.Store.Write(ctx, func(tx *store.Tx) error {
		for use := range ages {
			if err := tx.RetireKeys(use, now.Add(-outlives(use)).UnixMilli(), now.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
}

func hasYoungerThan(rows []models.Key, k kind, limit int64) bool {
	for _, row := range rows {
		if k.covers(row) && row.CreatedAt > limit {
			return true
		}
	}
	return false
}

// anyOver reports whether a key is due to be retired.
func anyOver(rows []models.Key, now int64) bool {
	for _, row := range rows {
		if row.Use != models.SubjectKey && row.ActiveUntil > 0 && row.ActiveUntil+outlives(row.Use).Milliseconds() <= now {
			return true
		}
	}
	return false
}
