package keyring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// Why keys were rotated or retired, as events tell it.
const (
	askedFor    = "asked_for"
	compromised = "compromised"
)

// Rotate makes a new key of a kind. It is published at once and used after
// PublishBefore; the one before it falls out of use at that moment. It fails
// with ErrSubjectKey for that key, which has no successor.
func (r *Ring) Rotate(ctx context.Context, k Kind) (models.Key, error) {
	return r.succeed(ctx, k, activeFrom(r.o.Now(), false), func(tx *store.Tx, row models.Key) error {
		if err := tx.RotateKey(row, r.o.Now().UnixMilli()); err != nil {
			return err
		}
		return r.record(tx, "key.rotated", askedFor, row, nil)
	})
}

// Replace makes a new key of a kind that is used at once, and retires the one in
// use and those that wait, whatever they would still open: for a compromised
// key. It fails with ErrSubjectKey for that key, which has no successor.
func (r *Ring) Replace(ctx context.Context, k Kind) (models.Key, error) {
	return r.succeed(ctx, k, activeFrom(r.o.Now(), true), func(tx *store.Tx, row models.Key) error {
		ended, err := tx.ReplaceKey(row, row.ActiveFrom)
		if err != nil {
			return err
		}
		return r.record(tx, "key.rotated", compromised, row, ended)
	})
}

func (r *Ring) succeed(ctx context.Context, k Kind, from int64, insert func(*store.Tx, models.Key) error) (models.Key, error) {
	if k.Use == models.SubjectKey {
		return models.Key{}, fmt.Errorf("rotate key: %w", ErrSubjectKey)
	}
	row, err := r.draw(k)
	if err != nil {
		return models.Key{}, fmt.Errorf("rotate key: %w", err)
	}
	row.ActiveFrom = from
	if err := r.o.Store.Write(ctx, func(tx *store.Tx) error { return insert(tx, row) }); err != nil {
		return models.Key{}, fmt.Errorf("rotate key: %w", err)
	}
	return row, r.Reload(ctx)
}

// Why a key may not be retired. Compare with errors.Is.
var (
	ErrNewest     = errors.New("the key is the newest of its kind, or in use: it needs a successor first")
	ErrStillOpens = errors.New("the key still opens what was made with it")
	ErrRetired    = errors.New("the key is retired already")
)

// Retire ends a superseded key that opens nothing any more; its private part is
// deleted. It fails with errs.NotFound, ErrNewest, ErrStillOpens or ErrRetired.
func (r *Ring) Retire(ctx context.Context, kid string) error {
	row, err := r.superseded(ctx, kid)
	if err != nil {
		return fmt.Errorf("retire key %s: %w", kid, err)
	}
	if r.o.Now().UnixMilli() < row.ActiveUntil+outlives(row.Use).Milliseconds() {
		return fmt.Errorf("retire key %s: %w", kid, ErrStillOpens)
	}
	return r.retire(ctx, row, askedFor)
}

// RetireNow ends a superseded key whatever it still opens: for a compromised
// one. It fails as Retire does, but not with ErrStillOpens.
func (r *Ring) RetireNow(ctx context.Context, kid string) error {
	row, err := r.superseded(ctx, kid)
	if err != nil {
		return fmt.Errorf("retire key %s: %w", kid, err)
	}
	return r.retire(ctx, row, compromised)
}

// superseded finds a key that makes nothing new. It stays so: a key that has
// fallen out of use does not come back.
func (r *Ring) superseded(ctx context.Context, kid string) (models.Key, error) {
	rows, err := r.o.Store.Keys(ctx)
	if err != nil {
		return models.Key{}, err
	}
	i := slices.IndexFunc(rows, func(k models.Key) bool { return k.KID == kid })
	if i < 0 {
		return models.Key{}, errs.New(errs.NotFound, "no_key", "There is no such key.")
	}
	switch stateOf(rows[i], r.o.Now()) {
	case Retired:
		return models.Key{}, ErrRetired
	case Superseded:
		return rows[i], nil
	}
	return models.Key{}, ErrNewest
}

func (r *Ring) retire(ctx context.Context, row models.Key, why string) error {
	err := r.o.Store.Write(ctx, func(tx *store.Tx) error {
		retired, err := tx.RetireKey(row.KID, r.o.Now().UnixMilli())
		if err == nil && !retired {
			err = ErrRetired
		}
		if err != nil {
			return err
		}
		return r.record(tx, "key.retired", why, row, nil)
	})
	if err != nil {
		return fmt.Errorf("retire key %s: %w", row.KID, err)
	}
	return r.Reload(ctx)
}

// record writes what was done to a key into the ledger, in the transaction that
// does it.
func (r *Ring) record(tx *store.Tx, kind, reason string, k models.Key, ended []string) error {
	e, err := r.o.Event(kind, reason, eventDetail(kind, k, ended))
	if err != nil {
		return err
	}
	return tx.AppendEvent(e)
}

// eventDetail is what an event says of a key.
func eventDetail(kind string, k models.Key, ended []string) map[string]string {
	detail := map[string]string{"kid": k.KID, "use": string(k.Use)}
	if k.Environment != "" {
		detail["environment"] = string(k.Environment)
	}
	if kind == "key.rotated" {
		detail["first_use"] = time.UnixMilli(k.ActiveFrom).UTC().Format(time.RFC3339)
	}
	if len(ended) > 0 {
		detail["retired"] = strings.Join(ended, " ")
	}
	return detail
}
