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

// Kind is what keys stand in for each other: of each kind one is used. Suite
// and Environment are empty for symmetric keys and for that of the evidence.
type Kind struct {
	Use         models.KeyUse
	Suite       seal.Suite
	Environment models.Environment
}

// KindOf is the kind of a use in an environment, which ticket, subject and evidence
// keys do not have: they serve all.
func KindOf(use models.KeyUse, env models.Environment) Kind {
	if use == models.TicketKey || use == models.SubjectKey || use == models.EvidenceKey {
		return Kind{Use: use}
	}
	return Kind{Use: use, Suite: seal.A256, Environment: env}
}

func kindOf(row models.Key) Kind { return Kind{row.Use, seal.Suite(row.Suite), row.Environment} }

// kinds are the keys that every gateway needs. AKs and signing keys are per
// environment, so that nothing of the sandbox is worth anything in production.
func kinds() []Kind {
	list := []Kind{KindOf(models.TicketKey, ""), KindOf(models.SubjectKey, ""), KindOf(models.EvidenceKey, "")}
	for _, env := range []models.Environment{models.Sandbox, models.Production} {
		list = append(list, KindOf(models.ApplicationKey, env), KindOf(models.SigningKey, env))
	}
	return list
}

// Kinds lists the kinds of key that every gateway has.
func Kinds() []Kind { return kinds() }

// makeMissing draws candidates before the transaction and inserts those whose
// kind has none yet; two nodes that start together take turns by the lock. A
// foreign master key is found before it seals anything.
func (r *Ring) makeMissing(ctx context.Context) error {
	rows, err := r.o.Store.LiveKeys(ctx)
	if err != nil {
		return err
	}
	if _, err := r.unseal(rows); err != nil {
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

func hasKind(rows []models.Key, k Kind) bool {
	for _, row := range rows {
		if kindOf(row) == k {
			return true
		}
	}
	return false
}

// ErrSubjectKey refuses to rotate the subject key.
var ErrSubjectKey = errors.New("the subject key does not rotate: what it hashed would be found no more")

// draw makes a key and seals its private part.
func (r *Ring) draw(k Kind) (models.Key, error) {
	kid, err := newKID(r.o.Rand)
	if err != nil {
		return models.Key{}, err
	}
	row := models.Key{
		KID: kid, Use: k.Use, Suite: string(k.Suite), Environment: k.Environment,
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

func (r *Ring) material(k Kind, kid string) (secret, public []byte, err error) {
	if k.Use == models.TicketKey || k.Use == models.SubjectKey {
		secret = make([]byte, 32)
		if _, err := io.ReadFull(r.o.Rand, secret); err != nil {
			return nil, nil, fmt.Errorf("draw key: %w", err)
		}
		return secret, nil, nil
	}
	if k.Use == models.EvidenceKey {
		return drawEvidence(kid, r.o.Rand)
	}
	use := seal.Encryption
	if k.Use == models.SigningKey {
		use = seal.Signing
	}
	key, err := seal.Generate(k.Suite, use, kid, r.o.Rand)
	if err != nil {
		return nil, nil, fmt.Errorf("draw key: %w", err)
	}
	if secret, err = json.Marshal(key); err != nil {
		return nil, nil, fmt.Errorf("draw key: %w", err)
	}
	public, err = json.Marshal(key.Public())
	return secret, public, err
}
