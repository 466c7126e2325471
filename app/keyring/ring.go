package keyring

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"postern/app/config"
	"postern/app/errs"
	"postern/app/seal"
	"postern/app/store"
	"postern/app/token"
	"postern/models"
)

// Options are a ring's surroundings.
type Options struct {
	Store  *store.Store
	Master *Master
	Other  *Master     // opens what Master did not seal, while one replaces the other; nil for none
	Lives  config.Keys // how long keys are used; zero means config's defaults
	Now    func() time.Time
	Rand   io.Reader

	// Event makes the ledger's line about a change to keys and says who made it;
	// the ring writes it in the change's own transaction.
	Event func(kind, reason string, detail map[string]string) (models.Event, error)
}

func (o Options) withDefaults() Options {
	if o.Lives == (config.Keys{}) {
		o.Lives = config.Default().Keys
	}
	return o
}

// Ring holds the live keys. It is safe for concurrent use; readers never wait.
type Ring struct {
	o       Options
	reading sync.Mutex // one Reload at a time: an older picture must not replace a newer one
	live    atomic.Pointer[keys]
}

// Open loads the keys and makes the ones that every gateway needs and the
// database does not have. It fails with ErrMasterKey on a foreign master key.
func Open(ctx context.Context, o Options) (*Ring, error) {
	if err := seal.SelfTest(); err != nil { // before any key is used (GB/T 37092)
		return nil, err
	}
	r := &Ring{o: o.withDefaults()}
	if err := r.makeMissing(ctx); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	return r, r.Reload(ctx)
}

// ErrNoKeys says that no gateway was ever started on the database.
var ErrNoKeys = errors.New("there are no keys in this database: a gateway makes its first ones when it starts")

// Load loads the keys that are there and makes none: for who changes keys beside
// a gateway. It fails with ErrMasterKey on a foreign master key, with ErrNoKeys
// on a database that no gateway was started on.
func Load(ctx context.Context, o Options) (*Ring, error) {
	if err := seal.SelfTest(); err != nil {
		return nil, err
	}
	r := &Ring{o: o.withDefaults()}
	if err := r.Reload(ctx); err != nil {
		return nil, err
	}
	if r.Subjects() == nil {
		return nil, ErrNoKeys
	}
	return r, nil
}

// Reload reads the keys again; called when the feed says that keys moved.
func (r *Ring) Reload(ctx context.Context) error {
	r.reading.Lock()
	defer r.reading.Unlock()
	rows, err := r.o.Store.LiveKeys(ctx)
	if err != nil {
		return fmt.Errorf("load keys: %w", err)
	}
	k, err := r.unseal(rows)
	if err != nil {
		return fmt.Errorf("load keys: %w", err)
	}
	r.live.Store(k)
	return nil
}

// AK returns the private part of the AK named kid, and the environment it
// serves, if an AT that carries it may still be spent.
func (r *Ring) AK(kid string) (*seal.PrivateKey, models.Environment, bool) {
	k := r.live.Load().byID[kid]
	if k == nil || k.row.Use != models.ApplicationKey || !k.opens(r.o.Now().UnixMilli()) {
		return nil, "", false
	}
	return k.private, k.row.Environment, true
}

// AKLife tells which environment an AK serves, or served, and when it was retired, Unix
// ms; 0 while it is live. known is false for what is no AK's kid.
func (r *Ring) AKLife(ctx context.Context, kid string) (env models.Environment, retired int64, known bool, err error) {
	if !models.PrintableID(kid) {
		return "", 0, false, nil
	}
	row, found, err := r.o.Store.KeyByID(ctx, kid)
	if err != nil || !found || row.Use != models.ApplicationKey {
		return "", 0, false, err
	}
	return row.Environment, row.RetiredAt, true, nil
}

// AK is the public part of an AK as it stands in ATs.
type AK struct {
	KID string
	JWK []byte // public JWK with kid, use and alg; shared, not to be changed
}

// NewestAK is the AK that new ATs of an environment carry; errs.Unavailable if
// there is none.
func (r *Ring) NewestAK(s seal.Suite, env models.Environment) (AK, error) {
	k, err := r.newest(Kind{models.ApplicationKey, s, env})
	if err != nil {
		return AK{}, err
	}
	return AK{KID: k.row.KID, JWK: k.public}, nil
}

// Signer is the key that signs new ATs and assertions of an environment;
// errs.Unavailable if there is none.
func (r *Ring) Signer(s seal.Suite, env models.Environment) (*seal.PrivateKey, error) {
	k, err := r.newest(Kind{models.SigningKey, s, env})
	if err != nil {
		return nil, err
	}
	return k.private, nil
}

// Sign is a compact JWS of a typ over a payload, by the key that signs new ATs of
// production, whose public half is in the JWKS; errs.Unavailable if there is none. typ must
// be one that is read nowhere else.
func (r *Ring) Sign(typ string, payload []byte) ([]byte, error) {
	key, err := r.Signer(seal.A256, models.Production)
	if err != nil {
		return nil, err
	}
	return seal.Sign(key, typ, payload, r.o.Rand)
}

// Verify reads back what Sign made: its payload, where the compact JWS has this typ and is
// signed by a key for that, retired ones included; holds is false for anything else.
func (r *Ring) Verify(ctx context.Context, typ, compact string) (payload []byte, holds bool, err error) {
	signed, bad := seal.ParseSigned([]byte(compact), len(compact))
	if bad != nil || signed.Header().Typ != typ || !models.PrintableID(signed.Header().KID) {
		return nil, false, nil
	}
	row, found, err := r.o.Store.KeyByID(ctx, signed.Header().KID)
	if err != nil || !found || row.Use != models.SigningKey || row.Environment != models.Production {
		return nil, false, err
	}
	key, err := seal.ParsePublicJWK([]byte(row.PublicJWK))
	if err != nil {
		return nil, false, fmt.Errorf("read public key %s: %w", row.KID, err)
	}
	return signed.Payload(), signed.Verify(key) == nil, nil
}

func (r *Ring) newest(of Kind) (*key, error) {
	k := r.live.Load().newest(of, r.o.Now().UnixMilli())
	if k == nil {
		return nil, errs.New(errs.Unavailable, "unavailable", "No key is ready.").Because("no_" + string(of.Use) + "_key")
	}
	return k, nil
}

// Ticket is the key that seals new VTs; nil if there is none.
func (r *Ring) Ticket() *token.TicketKey {
	if k := r.live.Load().newest(Kind{Use: models.TicketKey}, r.o.Now().UnixMilli()); k != nil {
		return k.ticket
	}
	return nil
}

// TicketByID is the key that opens the VTs that name it; nil once it is gone.
func (r *Ring) TicketByID(kid string) *token.TicketKey {
	if k := r.live.Load().byID[kid]; k != nil && k.opens(r.o.Now().UnixMilli()) {
		return k.ticket
	}
	return nil
}

// JWKS returns the published keys as an RFC 7517 set: every live signing key
// and AK of the suite, public parts with kid, use and alg.
func (r *Ring) JWKS(suite string) ([]byte, error) {
	now := r.o.Now().UnixMilli()
	set := struct {
		Keys []json.RawMessage `json:"keys"`
	}{Keys: []json.RawMessage{}}
	for _, k := range r.live.Load().ordered {
		if k.public != nil && k.row.Suite == suite && k.opens(now) {
			set.Keys = append(set.Keys, k.public)
		}
	}
	return json.Marshal(set)
}

// Subjects seals and hashes the partners' user ids.
func (r *Ring) Subjects() *Subjects { return r.live.Load().subjects }

// newKID draws an opaque key id of 8 octets. None begins like a flag, as people
// type them into commands.
func newKID(rand io.Reader) (string, error) {
	b := make([]byte, token.TicketKIDSize)
	for {
		if _, err := io.ReadFull(rand, b); err != nil {
			return "", fmt.Errorf("draw key id: %w", err)
		}
		if kid := base64.RawURLEncoding.EncodeToString(b); kid[0] != '-' {
			return kid, nil
		}
	}
}
