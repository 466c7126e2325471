package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"postern/app/seal"
	"postern/app/store"
	"postern/models"
)

// kind is what keys stand in for each other: the newest of a kind is used.
type kind struct {
	use   models.KeyUse
	suite seal.Suite
	env   models.Environment
}

func (k kind) covers(row models.Key) bool {
	return row.Use == k.use && row.Suite == string(k.suite) && row.Environment == k.env
}

// kinds are the keys that every gateway needs. AKs and signing keys are per
// environment, so that nothing of the sandbox is worth anything in production.
func kinds() []kind {
	list := []kind{{use: models.TicketKey}, {use: models.SubjectKey}}
	for _, env := range []models.Environment{models.Sandbox, models.Production} {
		list = append(list,
			kind{models.ApplicationKey, seal.A256, env},
			kind{models.SigningKey, seal.A256, env})
	}
	return list
}

// makeMissing draws candidates before the transaction and inserts those whose
// kind has none yet; two nodes that start together take turns by the lock.
func (r *Ring) makeMissing(ctx context.Context) error {
	rows, err := r.o.Store.LiveKeys(ctx)
	if err != nil {
		return err
	}
	var candidates []models.Key
	for _, k := range kinds() {
		if hasKind(rows, k) {
			continue
		}
		row, err := r.draw(k)
		if err != nil {
			return err
		}
		row.ActiveFrom = activeFrom(r.o.Now(), true)
		candidates = append(candidates, row)
	}
	if len(candidates) == 0 {
		return nil
	}
	return r.o.Store.Write(ctx, func(tx *store.Tx) error {
		return tx.AddMissingKeys(candidates, r.o.Now().UnixMilli())
	})
}

// ErrSubjectKey refuses to rotate the subject key.
var ErrSubjectKey = errors.New("the subject key does not rotate: what it hashed would be found no more")

// Rotate makes a new key of the kind of use, suite and environment (both empty
// for symmetric keys). It is published at once and used after PublishBefore;
// the one before it falls out of use at that moment. It fails with
// ErrSubjectKey for that key, which has no successor.
func (r *Ring) Rotate(ctx context.Context, use models.KeyUse, suite seal.Suite, env models.Environment) (models.Key, error) {
	if use == models.SubjectKey {
		return models.Key{}, fmt.Errorf("rotate key: %w", ErrSubjectKey)
	}
	row, err := r.draw(kind{use, suite, env})
	if err != nil {
		return models.Key{}, fmt.Errorf("rotate key: %w", err)
	}
	row.ActiveFrom = activeFrom(r.o.Now(), false)
	err = r.o.Store.Write(ctx, func(tx *store.Tx) error {
		return tx.RotateKey(row, r.o.Now().UnixMilli())
	})
	if err != nil {
		return models.Key{}, fmt.Errorf("rotate key: %w", err)
	}
	return row, r.Reload(ctx)
}

func hasKind(rows []models.Key, k kind) bool {
	for _, row := range rows {
		if k.covers(row) {
			return true
		}
	}
	return false
}

// draw makes a key and seals its private part.
func (r *Ring) draw(k kind) (models.Key, error) {
	kid, err := newKID(r.o.Rand)
	if err != nil {
		return models.Key{}, err
	}
	row := models.Key{
		KID: kid, Use: k.use, Suite: string(k.suite), Environment: k.env,
		MasterKeyID: r.o.Master.ID(), CreatedAt: r.o.Now().UnixMilli(),
	}
	secret, public, err := r.material(k, kid)
	if err != nil {
		return models.Key{}, err
	}
	row.PublicJWK = string(public)
	row.SealedPrivate, err = r.o.Master.seal(secret, rowName(row), r.o.Rand)
	return row, err
}

func (r *Ring) material(k kind, kid string) (secret, public []byte, err error) {
	if k.use == models.TicketKey || k.use == models.SubjectKey {
		secret = make([]byte, 32)
		if _, err := io.ReadFull(r.o.Rand, secret); err != nil {
			return nil, nil, fmt.Errorf("draw key: %w", err)
		}
		return secret, nil, nil
	}
	use := seal.Encryption
	if k.use == models.SigningKey {
		use = seal.Signing
	}
	key, err := seal.Generate(k.suite, use, kid, r.o.Rand)
	if err != nil {
		return nil, nil, fmt.Errorf("draw key: %w", err)
	}
	if secret, err = json.Marshal(key); err != nil {
		return nil, nil, fmt.Errorf("draw key: %w", err)
	}
	public, err = json.Marshal(key.Public())
	return secret, public, err
}
