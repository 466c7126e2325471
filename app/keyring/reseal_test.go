package keyring_test

import (
	"crypto/rand"
	"errors"
	"testing"

	"postern/app/keyring"
	"postern/app/seal"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// replacing is what a ring is opened with that has a new master key and knows
// the old one.
func (n *node) replacing(t *testing.T) keyring.Options {
	t.Helper()
	fresh, err := keyring.NewMaster([]byte("another master key of 32 octets."))
	if err != nil {
		t.Fatal(err)
	}
	o := n.options
	o.Master, o.Other = fresh, n.options.Master
	return o
}

func load(t *testing.T, o keyring.Options) *keyring.Ring {
	t.Helper()
	r, err := keyring.Load(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKeysAreSealedAnewUnderAnotherMasterKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		n := open(t, s)
		ak, _ := n.NewestAK(seal.A256, models.Production)
		old, _, _ := n.AK(ak.KID)
		hash := n.Subjects().MAC("app", "user")

		both := n.replacing(t)
		r := load(t, both)
		// Meanwhile a node that has not been restarted yet makes a key, and one that has makes another.
		oldNode := n.options
		oldNode.Other = both.Master
		if _, err := load(t, oldNode).Rotate(t.Context(), keyring.KindOf(models.TicketKey, "")); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Rotate(t.Context(), keyring.KindOf(models.SigningKey, models.Sandbox)); err != nil {
			t.Fatal(err)
		}
		if count, err := r.Reseal(t.Context()); err != nil || count != 8 {
			t.Fatalf("sealed anew: %d, %v; want all but the newest", count, err)
		}
		if count, err := r.Reseal(t.Context()); err != nil || count != 0 {
			t.Errorf("once more: %d, %v", count, err)
		}

		alone := both
		alone.Other = nil
		after := load(t, alone)
		if private, _, ok := after.AK(ak.KID); !ok || private.Public().Thumbprint() != old.Public().Thumbprint() {
			t.Error("the AK is another one")
		}
		if after.Subjects().MAC("app", "user") != hash {
			t.Error("the subject key is another one")
		}
		if err := load(t, oldNode).Reload(t.Context()); err != nil {
			t.Errorf("a node that knows both: %v", err)
		}
		if err := n.Reload(t.Context()); !errors.Is(err, keyring.ErrMasterKey) {
			t.Errorf("a node that knows the old one alone: %v", err)
		}
		if got := n.events(t); got["key.resealed asked_for"] != 1 {
			t.Errorf("on record: %v", got)
		}
	})
}

// between calls a function at the first draw of randomness.
type between struct{ do func() }

// Read draws after calling.
func (b *between) Read(p []byte) (int, error) {
	if do := b.do; do != nil {
		b.do = nil
		do()
	}
	return rand.Read(p)
}

func TestNothingIsSealedAnewWhileANodeStillSealsUnderTheOldMasterKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		n := open(t, s)
		o := n.replacing(t)
		o.Rand = &between{func() {
			if _, err := n.Rotate(t.Context(), keyring.KindOf(models.TicketKey, "")); err != nil {
				t.Error(err)
			}
		}}
		if _, err := load(t, o).Reseal(t.Context()); !errors.Is(err, keyring.ErrStillSealing) {
			t.Errorf("got %v, want ErrStillSealing", err)
		}
		if err := n.Reload(t.Context()); err != nil {
			t.Errorf("half of the keys were sealed anew: %v", err)
		}
	})
}
