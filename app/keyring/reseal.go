package keyring

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"postern/app/store"
	"postern/models"
)

// ErrStillSealing says that a node goes on to seal keys under another master key.
var ErrStillSealing = errors.New("a node has just sealed a key under another master key: give every node the new one first, and try again")

// Reseal seals the private parts of all keys under Master, those that Other
// sealed too, in one transaction, and returns how many it sealed anew. What the
// keys are stays as it is: nobody outside notices. Nodes that know only the old
// master key can't read the keys from then on, and say so within a second. It
// fails with ErrStillSealing if such a node made a key meanwhile.
func (r *Ring) Reseal(ctx context.Context) (int, error) {
	rows, err := r.o.Store.LiveKeys(ctx)
	if err != nil {
		return 0, fmt.Errorf("reseal keys: %w", err)
	}
	var changed []models.Key
	for _, row := range rows {
		if row.MasterKeyID == r.o.Master.ID() {
			continue
		}
		secret, err := r.masters().secret(row)
		if err != nil {
			return 0, fmt.Errorf("reseal key %s: %w", row.KID, err)
		}
		if row.SealedPrivate, err = r.o.Master.seal(secret, rowName(row), r.o.Rand); err != nil {
			return 0, fmt.Errorf("reseal key %s: %w", row.KID, err)
		}
		changed = append(changed, row)
	}
	if len(changed) == 0 {
		return 0, nil
	}
	err = r.o.Store.Write(ctx, func(tx *store.Tx) error { return r.writeResealed(tx, changed) })
	if err != nil {
		return 0, fmt.Errorf("reseal keys: %w", err)
	}
	return len(changed), r.Reload(ctx)
}

func (r *Ring) writeResealed(tx *store.Tx, changed []models.Key) error {
	others, err := tx.ResealKeys(changed, r.o.Master.ID(), r.o.Now().UnixMilli())
	if err != nil {
		return err
	}
	if others > 0 {
		return ErrStillSealing
	}
	e, err := r.o.Event("key.resealed", askedFor, map[string]string{
		"keys": strconv.Itoa(len(changed)), "from": changed[0].MasterKeyID, "to": r.o.Master.ID(),
	})
	if err != nil {
		return err
	}
	return tx.AppendEvent(e)
}
