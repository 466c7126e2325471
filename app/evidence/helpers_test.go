package evidence_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"postern/app/config"
	"postern/app/evidence"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

var testTime = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)

// world is a database with events, and the keepers of its nodes.
type world struct {
	*testing.T
	store  *store.Store
	ring   *keyring.Ring
	keeper *evidence.Keeper
	anchor string

	mu  sync.Mutex
	now time.Time
}

func each(t *testing.T, test func(w *world)) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := &world{T: t, store: s, now: testTime, anchor: filepath.Join(t.TempDir(), "anchor.jsonl")}
		master, err := keyring.NewMaster(append(bytes.Repeat([]byte{1}, 31), 2))
		if err != nil {
			t.Fatal(err)
		}
		w.ring, err = keyring.Open(t.Context(), keyring.Options{
			Store: s, Master: master, Now: w.clock, Rand: rand.Reader,
			Event: func(kind, reason string, detail map[string]string) (models.Event, error) {
				return ledger.Make(ledger.Event{Kind: kind, Outcome: "ok", Reason: reason, Detail: detail}, w.clock(), rand.Reader)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		w.keeper = w.node("node-1", w.anchor)
		test(w)
	})
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) node(name, anchor string) *evidence.Keeper {
	return evidence.New(evidence.Options{
		Store: w.store, Ring: w.ring, Issuer: "https://gateway.bank.example", Node: name,
		Config: config.Evidence{Every: time.Minute, Anchor: anchor}, Now: w.clock, Rand: rand.Reader,
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// events writes n events.
func (w *world) events(n int) {
	w.Helper()
	for from := 0; from < n; from += 100 {
		w.must(w.store.Write(w.Context(), func(tx *store.Tx) error {
			for i := from; i < min(n, from+100); i++ {
				e, err := ledger.Make(ledger.Event{
					Kind: "at.issued", Outcome: "ok", PartnerID: "p", Actor: "somebody \"x\"\n", Detail: map[string]string{"i": fmt.Sprint(i)},
				}, w.clock(), rand.Reader)
				if err == nil {
					err = tx.AppendEvent(e)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// grow is a minute of the keeper's.
func (w *world) grow() {
	w.Helper()
	w.later(time.Minute)
	_, err := w.keeper.Grow(w.Context())
	w.must(err)
	_, err = w.keeper.Look(w.Context())
	w.must(err)
}

func (w *world) newest() models.Checkpoint {
	w.Helper()
	c, found, err := w.store.NewestCheckpoint(w.Context())
	if err != nil || !found {
		w.Fatalf("no checkpoint: %v", err)
	}
	return c
}

func (w *world) exec(statement string, args ...any) {
	w.Helper()
	w.must(w.store.WriteGroup(w.Context(), execute(w.store, statement, args)))
}

func (w *world) keys() evidence.Keys {
	w.Helper()
	k, err := w.ring.EvidenceSigner()
	w.must(err)
	return evidence.KeysOf(k.Public())
}

// verify is what an auditor does.
func (w *world) verify(keys evidence.Keys) (evidence.Verified, error) {
	w.Helper()
	v := evidence.Verification{Store: w.store, Keys: keys}
	if text, err := os.ReadFile(w.anchor); err == nil {
		v.Anchor = bytes.NewReader(text)
	}
	return v.Verify(context.WithoutCancel(w.Context()))
}

// finds demands that a verification finds something wrong at a seq.
func (w *world) finds(what evidence.Finding, seq int64) {
	w.Helper()
	_, err := w.verify(w.keys())
	var fault *evidence.Fault
	if !errors.As(err, &fault) || fault.What != what || fault.Seq != seq {
		w.Fatalf("got %v, want %s at %d", err, what, seq)
	}
}
