package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"postern/app/config"
	"postern/app/feeds"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Options are a keeper's surroundings; all but Log are required.
type Options struct {
	Store  *store.Store
	Ring   *keyring.Ring
	Issuer string
	Node   string
	Config config.Evidence
	Now    func() time.Time
	Rand   io.Reader
	Log    *slog.Logger // nil discards
}

// Keeper keeps the evidence of one node. It is safe for concurrent use.
type Keeper struct {
	o      Options
	origin string
	anchor *anchor // nil where none is configured

	mu   sync.Mutex
	told models.Anchor // what was last found

	beganAt time.Time // since when this node looks
}

// New makes a keeper; whoever runs the node calls its jobs.
func New(o Options) *Keeper {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	k := &Keeper{o: o, origin: Origin(o.Issuer), beganAt: o.Now()}
	k.told = models.Anchor{Node: o.Node, State: models.AnchorNone}
	if o.Config.Anchor != "" {
		k.anchor = &anchor{o.Config.Anchor}
	}
	return k
}

// Every is how often the tree grows and a checkpoint is signed: an event waits that long
// for one, or little more.
func (k *Keeper) Every() time.Duration { return k.o.Config.Every }

// growBudget is how long one run goes on over old events. A database that had no tree
// gets its first checkpoint once all of them are in.
const growBudget = 40 * time.Second

// Grow numbers what has no number, adds it to the tree, and signs a checkpoint once
// nothing waits. One node does it for all; should two come at once, one does nothing.
func (k *Keeper) Grow(ctx context.Context) (string, error) {
	began := k.o.Now()
	if err := feeds.Number(ctx, k.o.Store, k.o.Node, k.o.Now); err != nil {
		return "", err
	}
	added, rest := 0, false
	for {
		start := k.o.Now()
		n, err := grow(ctx, k.o.Store)
		if err != nil {
			return "", err
		}
		if added += n; n < batch {
			break
		}
		if rest = k.o.Now().Sub(began) > growBudget; rest {
			break
		}
		if err := pause(ctx, k.o.Now().Sub(start)); err != nil {
			return "", err
		}
	}
	if rest {
		return fmt.Sprintf("added %d events, and more wait", added), nil
	}
	size, made, err := k.sign(ctx)
	if err != nil || !made {
		return fmt.Sprintf("added %d events", added), err
	}
	return fmt.Sprintf("added %d events; signed a checkpoint of %d", added, size), nil
}

// pause leaves the database to others for as long as a step took.
func pause(ctx context.Context, took time.Duration) error {
	timer := time.NewTimer(max(5*time.Millisecond, took))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// sign makes a checkpoint of what is in the tree, unless there is one.
func (k *Keeper) sign(ctx context.Context) (size int64, made bool, err error) {
	if size, err = k.o.Store.TreeSize(ctx); err != nil || size == 0 {
		return 0, false, err
	}
	newest, _, err := k.o.Store.NewestCheckpoint(ctx)
	if err != nil || newest.Size >= size {
		return 0, false, err
	}
	root, err := rootOf(ctx, k.o.Store, size)
	if err != nil {
		return 0, false, err
	}
	epoch, err := k.o.Store.RestoredAt(ctx)
	if err != nil {
		return 0, false, err
	}
	key, err := k.o.Ring.EvidenceSigner()
	if err != nil {
		return 0, false, err
	}
	c := Checkpoint{Origin: k.origin, Size: size, Root: root, Epoch: epoch, At: k.o.Now()}
	signed, err := sign(c, key)
	if err != nil {
		return 0, false, err
	}
	row := models.Checkpoint{Size: size, Epoch: epoch, MadeAt: c.At.UnixMilli(), Root: root.String(), KeyID: key.KID(), Note: signed}
	return size, true, k.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.AddCheckpoint(row) })
}

// open looks at a checkpoint's signature, by the gateway's own keys.
func (k *Keeper) open(ctx context.Context, keyID, signed string) (Checkpoint, error) {
	public, known, err := k.o.Ring.EvidencePublic(ctx, keyID)
	if err != nil {
		return Checkpoint{}, err
	}
	if !known {
		return Checkpoint{}, ErrUnknownKey
	}
	return KeysOf(public).Open(signed)
}

// event writes what was found into the ledger.
func (k *Keeper) event(ctx context.Context, kind string, detail map[string]string, also func(*store.Tx) error) error {
	detail["node"] = k.o.Node
	e, err := ledger.Make(ledger.Event{Kind: kind, Outcome: "ok", Alarm: true, Detail: detail}, k.o.Now(), k.o.Rand)
	if err != nil {
		return err
	}
	return k.o.Store.Write(ctx, func(tx *store.Tx) error { return errors.Join(also(tx), tx.AppendEvent(e)) })
}
