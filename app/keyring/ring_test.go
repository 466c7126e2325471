package keyring_test

import (
	"testing"
	"time"

	"postern/app/keyring"
	"postern/app/seal"
	"postern/app/store/storetest"
	"postern/models"
)

func TestAnAKOpensFromItsMakingTo660SecondsAfterItsLastUse(t *testing.T) {
	t.Parallel()
	n := open(t, storetest.SQLite(t))
	old := n.row(t, func(k models.Key) bool {
		return k.Use == models.ApplicationKey && k.Environment == models.Production
	}).KID
	young, err := n.Rotate(t.Context(), models.ApplicationKey, seal.A256, models.Production)
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
