package keyring

import (
	"context"
	"fmt"
	"time"

	"postern/app/store"
	"postern/models"
)

// Tend rotates each kind whose newest key comes to the end of its life, and
// retires the keys that open and verify nothing any more: their private parts
// are deleted. Call it every TendEvery on every node; of nodes that come at once
// one rotates. A fault may leave part of the work for the next time.
func (r *Ring) Tend(ctx context.Context) error {
	rows, err := r.o.Store.LiveKeys(ctx)
	if err != nil {
		return fmt.Errorf("tend keys: %w", err)
	}
	now, moved := r.o.Now(), false
	for _, k := range kinds() {
		limit, old := r.tooOld(rows, k, now)
		if !old {
			continue
		}
		moved = true
		if err := r.rotateOld(ctx, k, limit); err != nil {
			return fmt.Errorf("tend keys: %w", err)
		}
	}
	if over := spent(rows, now); len(over) > 0 {
		moved = true
		if err := r.retireAll(ctx, over); err != nil {
			return fmt.Errorf("tend keys: %w", err)
		}
	}
	if !moved {
		return nil
	}
	return r.Reload(ctx)
}

// tooOld reports whether a kind needs a successor: it has no key without an end
// that came into use after limit (Unix ms).
func (r *Ring) tooOld(rows []models.Key, k Kind, now time.Time) (limit int64, old bool) {
	life := lifetime(r.o.Lives, k.Use)
	if life == 0 {
		return 0, false
	}
	limit = now.Add(lead - life).UnixMilli()
	for _, row := range rows {
		if kindOf(row) == k && row.ActiveUntil == 0 && row.ActiveFrom > limit {
			return limit, false
		}
	}
	return limit, true
}

// rotateOld draws the key before the transaction, which looks again whether
// another node has been here.
func (r *Ring) rotateOld(ctx context.Context, k Kind, limit int64) error {
	row, err := r.draw(k)
	if err != nil {
		return err
	}
	row.ActiveFrom = activeFrom(r.o.Now(), false)
	return r.o.Store.Write(ctx, func(tx *store.Tx) error {
		rotated, err := tx.RotateKeyIfOlder(row, limit, r.o.Now().UnixMilli())
		if err != nil || !rotated {
			return err
		}
		return r.record(tx, "key.rotated", "age", row, nil)
	})
}

// spent lists the keys that open and verify nothing any more.
func spent(rows []models.Key, now time.Time) []models.Key {
	var list []models.Key
	for _, row := range rows {
		if row.Use != models.SubjectKey && row.ActiveUntil > 0 && row.ActiveUntil+outlives(row.Use).Milliseconds() <= now.UnixMilli() {
			list = append(list, row)
		}
	}
	return list
}

func (r *Ring) retireAll(ctx context.Context, rows []models.Key) error {
	return r.o.Store.Write(ctx, func(tx *store.Tx) error {
		for _, row := range rows {
			retired, err := tx.RetireKey(row.KID, r.o.Now().UnixMilli())
			if err != nil {
				return err
			}
			if !retired { // another node was here
				continue
			}
			if err := r.record(tx, "key.retired", "age", row, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
