package keyring

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"postern/app/errs"
	"postern/app/seal"
	"postern/app/store"
	"postern/app/token"
	"postern/models"
)

// The times of protocol section 8, and how long a ticket key outlives its last
// use: longer than the oldest visit may grow.
const (
	PublishBefore  = 300 * time.Second
	PublishAfter   = 660 * time.Second
	TicketOutlives = 3 * time.Hour
)

// Options are a ring's surroundings.
type Options struct {
	Store  *store.Store
	Master *Master
	Now    func() time.Time
	Rand   io.Reader
}

// Ring holds the live keys. It is safe for concurrent use; readers never wait.
type Ring struct {
	o    Options
	live atomic.Pointer[keys]
}

// Open loads the keys and makes the ones that every gateway needs and the
// database does not have. It fails with ErrMasterKey on a foreign master key.
func Open(ctx context.Context, o Options) (*Ring, error) {
	if err := seal.SelfTest(); err != nil { // before any key is used (GB/T 37092)
		return nil, err
	}
	r := &Ring{o: o}
	if err := r.makeMissing(ctx); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	return r, r.Reload(ctx)
}

// Reload reads the keys again; called when the feed says that keys moved.
func (r *Ring) Reload(ctx context.Context) error {
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
	e, ok := r.live.Load().pairs[kid]
	now := r.o.Now().UnixMilli()
	if !ok || e.row.Use != models.ApplicationKey || !e.serves(now) {
		return nil, "", false
	}
	return e.private, e.row.Environment, true
}

// AK is the public part of an AK as it stands in ATs.
type AK struct {
	KID string
	JWK []byte // public JWK with kid, use and alg; shared, not to be changed
}

// NewestAK is the AK that new ATs of an environment carry; errs.Unavailable if
// there is none.
func (r *Ring) NewestAK(s seal.Suite, env models.Environment) (AK, error) {
	p, err := r.newest(models.ApplicationKey, s, env)
	if err != nil {
		return AK{}, err
	}
	return AK{KID: p.row.KID, JWK: p.public}, nil
}

// Signer is the key that signs new ATs and assertions of an environment;
// errs.Unavailable if there is none.
func (r *Ring) Signer(s seal.Suite, env models.Environment) (*seal.PrivateKey, error) {
	p, err := r.newest(models.SigningKey, s, env)
	if err != nil {
		return nil, err
	}
	return p.private, nil
}

func (r *Ring) newest(use models.KeyUse, s seal.Suite, env models.Environment) (*pair, error) {
	now := r.o.Now().UnixMilli()
	for _, p := range r.live.Load().ordered { // newest first
		if p.row.Use == use && p.row.Suite == string(s) && p.row.Environment == env && inUse(p.row, now) {
			return p, nil
		}
	}
	return nil, errs.New(errs.Unavailable, "unavailable", "No key is ready.").Because("no_" + string(use) + "_key")
}

// Ticket is the key that seals new VTs.
func (r *Ring) Ticket() *token.TicketKey {
	k := r.live.Load()
	now := r.o.Now().UnixMilli()
	for _, t := range k.tickets { // newest first
		if inUse(t.row, now) {
			return t.key
		}
	}
	return nil
}

// TicketByID is the key that opens the VTs that name it; nil once it is gone.
func (r *Ring) TicketByID(kid string) *token.TicketKey {
	now := r.o.Now().UnixMilli()
	for _, t := range r.live.Load().tickets {
		if t.row.KID == kid && (t.row.ActiveUntil == 0 || now < t.row.ActiveUntil+TicketOutlives.Milliseconds()) {
			return t.key
		}
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
	for _, e := range r.live.Load().ordered {
		if e.row.Suite == suite && e.serves(now) {
			set.Keys = append(set.Keys, e.public)
		}
	}
	return json.Marshal(set)
}

// Subjects seals and hashes the partners' user ids.
func (r *Ring) Subjects() *Subjects { return r.live.Load().subjects }

// newKID draws an opaque key id of 8 octets.
func newKID(rand io.Reader) (string, error) {
	b := make([]byte, token.TicketKIDSize)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("draw key id: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}
