package bench

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"postern/app/ledger"
	"postern/app/seal"
	"postern/app/store"
	"postern/models"
)

// What the server's side can measure by itself.
const (
	bareB        = "cryptography of B" // ES256 verify and sign, seal to a recipient with a reused ephemeral key
	bareD        = "cryptography of D" // P-256 ECDH with point parsing
	bareG        = "cryptography of G" // AES-256-GCM, open and seal 1 KiB
	bareRow      = "row a commit"      // one event a transaction
	bareGrouped  = "grouped rows"      // what an AT leaves on record, in groups
	bareSingle   = "single rows"       // the same, a transaction each
	bareClientID = "bench-bare"
)

// bare does what the gateway is compared with. It belongs to the server's side,
// so that it runs on the same cores and under the same limits as the gateway.
type bare struct {
	store           *store.Store // not the gateway's on SQLite: a file beside it
	single, grouped *ledger.Ledger
	now             func() time.Time
	rand            io.Reader
}

func openBare(ctx context.Context, c store.Config, now func() time.Time, rand io.Reader) (*bare, error) {
	if c.Driver == string(store.SQLite) {
		c.Path += ".bare"
	}
	b := &bare{now: now, rand: rand}
	var err error
	if b.store, err = store.Open(ctx, c); err != nil {
		return nil, fmt.Errorf("open store for comparison: %w", err)
	}
	o := ledger.Options{Node: bareClientID + "-1", Now: now, Rand: rand, Log: slog.New(slog.DiscardHandler), MaxGroup: 1}
	if b.single, err = ledger.Open(ctx, b.store, o); err == nil {
		o.Node, o.MaxGroup = bareClientID+"-2", 0
		b.grouped, err = ledger.Open(ctx, b.store, o)
	}
	if err != nil {
		return nil, errors.Join(err, b.close(ctx))
	}
	return b, nil
}

func (b *bare) close(ctx context.Context) error {
	var faults []error
	for _, l := range []*ledger.Ledger{b.single, b.grouped} {
		if l != nil {
			faults = append(faults, l.Close(ctx))
		}
	}
	return errors.Join(append(faults, b.store.Close())...)
}

// measured is how often something was done, and in what time.
type measured struct {
	Done int64         `json:"done"`
	Took time.Duration `json:"took"`
}

// measure repeats an operation until the time is over. Cryptography runs on as
// many goroutines as there are processors, commits with callers.
func (b *bare) measure(ctx context.Context, what string, callers int, limit time.Duration) (measured, error) {
	switch what {
	case bareRow:
		return b.loop(callers, limit, func() error { return b.single.Append(ctx, b.event()) })
	case bareGrouped:
		return b.loop(callers, limit, func() error { return b.issue(ctx, b.grouped) })
	case bareSingle:
		return b.loop(callers, limit, func() error { return b.issue(ctx, b.single) })
	}
	operation, err := b.cryptography(what)
	if err != nil {
		return measured{}, err
	}
	return b.loop(runtime.GOMAXPROCS(0), limit, operation)
}

// loop counts what callers get done until the time is over.
func (b *bare) loop(callers int, limit time.Duration, operation func() error) (measured, error) {
	var done atomic.Int64
	var group sync.WaitGroup
	faults := make([]error, callers)
	start := b.now()
	end := start.Add(limit)
	for i := range callers {
		group.Go(func() {
			for b.now().Before(end) {
				if faults[i] = operation(); faults[i] != nil {
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	return measured{Done: done.Load(), Took: b.now().Sub(start)}, errors.Join(faults...)
}

func (b *bare) event() ledger.Event {
	return ledger.Event{Kind: "at.issued", Outcome: "ok", ApplicationID: bareClientID, PartnerID: seedPartner, ServiceID: seedService}
}

// issue puts on record what a real AT does: its row, the assertion, the event.
func (b *bare) issue(ctx context.Context, l *ledger.Ledger) error {
	var random [48]byte
	if _, err := io.ReadFull(b.rand, random[:]); err != nil {
		return fmt.Errorf("draw ids: %w", err)
	}
	jti, hash := base64.RawURLEncoding.EncodeToString(random[:16]), base64.RawURLEncoding.EncodeToString(random[16:])
	now := b.now()
	return l.Issue(ctx, ledger.Issue{
		AssertionJTI: jti, AssertionExpires: now.Add(time.Minute), Event: b.event(),
		Row: models.ATRow{
			ATHash: hash, JTI: jti, PartnerID: seedPartner, ApplicationID: bareClientID, ServiceID: seedService,
			Environment: models.Production, Suite: string(seal.A256), Scope: seedScope, AKKID: jti,
			IssuedAt: now.UnixMilli(), ExpiresAt: now.Add(time.Minute).UnixMilli(),
		},
	})
}

// kilobyte is the plaintext that sealing is measured with.
var kilobyte = bytes.Repeat([]byte("0123456789abcdef"), 64)

func (b *bare) cryptography(what string) (func() error, error) {
	switch what {
	case bareB:
		return b.signAndSeal()
	case bareD:
		return b.agree()
	case bareG:
		return b.openAndSeal()
	}
	return nil, fmt.Errorf("nothing to measure under %q", what)
}

// reuse is how many ATs share an ephemeral key pair at the gateway, too.
const reuse = 64

func (b *bare) signAndSeal() (func() error, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), b.rand)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	digest := sha256.Sum256(kilobyte)
	signature, err := ecdsa.SignASN1(b.rand, key, digest[:])
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	own, err := seal.Generate(seal.A256, seal.Encryption, "bare", b.rand)
	if err != nil {
		return nil, err
	}
	to, err := seal.NewRecipient(own.Public())
	if err != nil {
		return nil, err
	}
	to.Reuse(reuse)
	return func() error {
		if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
			return errors.New("a signature did not verify")
		}
		if _, err := ecdsa.SignASN1(b.rand, key, digest[:]); err != nil {
			return err
		}
		_, err := to.Seal(seal.SealHeader{Typ: "at+jwe"}, nil, kilobyte, b.rand)
		return err
	}, nil
}

func (b *bare) agree() (func() error, error) {
	private, err := ecdh.P256().GenerateKey(b.rand)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	peer, err := ecdh.P256().GenerateKey(b.rand)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	point := peer.PublicKey().Bytes()
	return func() error {
		public, err := ecdh.P256().NewPublicKey(point)
		if err == nil {
			_, err = private.ECDH(public)
		}
		return err
	}, nil
}

func (b *bare) openAndSeal() (func() error, error) {
	block, err := aes.NewCipher(kilobyte[:32])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	iv := make([]byte, aead.NonceSize())
	sealed := aead.Seal(nil, iv, kilobyte, nil)
	return func() error {
		var space [1100]byte // each caller's own
		plain, err := aead.Open(space[:0], iv, sealed, nil)
		if err != nil {
			return err
		}
		_ = aead.Seal(make([]byte, 0, len(sealed)), iv, plain, nil)
		return nil
	}, nil
}
