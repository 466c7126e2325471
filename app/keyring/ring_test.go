package keyring_test

import (
	"crypto/rand"
	"database/sql"
	"testing"
	"time"

	"postern/app/keyring"
	"postern/app/seal"
	"postern/app/store/storetest"
	"postern/models"
)

func TestAnAKOpensFromItsMakingUntilItsLastATsAreGone(t *testing.T) {
	t.Parallel()
	n := open(t, storetest.SQLite(t))
	old := n.row(t, func(k models.Key) bool {
		return k.Use == models.ApplicationKey && k.Environment == models.Production
	}).KID
	young, err := n.Rotate(t.Context(), keyring.KindOf(models.ApplicationKey, models.Production))
	if err != nil {
		t.Fatal(err)
	}
	lastUse := keyring.PublishBefore
	for _, c := range []struct {
		name       string
		at         time.Duration
		old, young bool
	}{
		{"on a node whose clock is behind the one that made the key", -time.Second, true, true},
		{"while the new key is listed only", lastUse - time.Second, true, true},
		{"to the end of what the old key was used for", lastUse + keyring.PublishAfter - time.Millisecond, true, true},
		{"after that", lastUse + keyring.PublishAfter, false, true},
	} {
		n.now = start.Add(c.at)
		for kid, want := range map[string]bool{old: c.old, young.KID: c.young} {
			if _, env, ok := n.AK(kid); ok != want || (ok && env != models.Production) {
				t.Errorf("%s: AK(%s) = %v in %q, want %v", c.name, kid, ok, env, want)
			}
		}
	}
}

func TestWhatIsPublishedIsMadeOfTheSealedKeyAndNotOfTheTable(t *testing.T) {
	t.Parallel()
	n := open(t, storetest.SQLite(t))
	foreign, err := seal.Generate(seal.A256, seal.Encryption, "foreign", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	planted, err := foreign.Public().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	err = n.store.WriteGroup(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE keys SET public_jwk = ?", string(planted))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}

	ak, err := n.NewestAK(seal.A256, models.Production)
	if err != nil {
		t.Fatal(err)
	}
	public, err := seal.ParsePublicJWK(ak.JWK)
	if err != nil || public.KID() != ak.KID {
		t.Fatalf("the AK for ATs: %v, %v, want the key %s", public, err, ak.KID)
	}
	private, _, ok := n.AK(ak.KID)
	if !ok || private.Public().Thumbprint() != public.Thumbprint() {
		t.Error("the AK for ATs is not the one that opens")
	}
	set, err := n.JWKS(string(seal.A256))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.ParsePublicJWKSet(set)
	if err != nil || len(keys) != 4 {
		t.Fatalf("JWKS: %d keys, %v, want an AK and a signing key of each environment", len(keys), err)
	}
	for _, k := range keys {
		if k.Thumbprint() == foreign.Public().Thumbprint() {
			t.Error("a key that somebody put into the table is published")
		}
	}
}

func TestAKeyThatASuccessorOfTheSameMomentEndedIsNotUsed(t *testing.T) {
	t.Parallel()
	n := open(t, storetest.SQLite(t))
	var last models.Key
	for range 8 { // each ends the one before it, and all begin together
		var err error
		if last, err = n.Rotate(t.Context(), keyring.KindOf(models.SigningKey, models.Production)); err != nil {
			t.Fatal(err)
		}
	}
	n.now = start.Add(keyring.PublishBefore)
	signer, err := n.Signer(seal.A256, models.Production)
	if err != nil {
		t.Fatal(err)
	}
	if signer.Public().KID() != last.KID {
		t.Errorf("signer %s, want the last made, %s", signer.Public().KID(), last.KID)
	}
}
