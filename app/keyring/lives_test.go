package keyring_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"postern/app/config"
	"postern/app/keyring"
	"postern/app/seal"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// TestTheOverlapsFitForTheShortestLives tends two nodes at random moments, their
// clocks some seconds apart, with the shortest lives that may be configured, and
// holds every key against protocol sections 3, 5, 6 and 8.
func TestTheOverlapsFitForTheShortestLives(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	lives := config.Keys{AKLifetime: time.Hour, SigningLifetime: time.Hour, TicketLifetime: time.Hour}
	nodes := []*node{openWith(t, s, lives), openWith(t, s, lives)}
	random := rand.New(rand.NewPCG(1, 2))
	for at := time.Duration(0); at < 9*time.Hour; at += keyring.TendEvery/2 + time.Duration(random.Int64N(int64(keyring.TendEvery/2))) {
		n := nodes[random.IntN(2)]
		n.tendAt(t, at+time.Duration(random.Int64N(int64(4*time.Second)))-2*time.Second)
		if _, err := n.NewestAK(seal.A256, models.Sandbox); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[keyring.Kind][]models.Key{}
	for _, k := range rows {
		kind := keyring.StatusOf(k, lives, start).Kind
		kinds[kind] = append(kinds[kind], k) // newest first
	}
	for kind, list := range kinds {
		if len(list) < 9 && kind.Use != models.SubjectKey && kind.Use != models.EvidenceKey {
			t.Errorf("%s: %d keys in nine hours, of one hour each", kind.Use, len(list))
		}
		checkChain(t, kind, list)
	}
}

// checkChain holds the keys of a kind, newest first, against each other.
func checkChain(t *testing.T, kind keyring.Kind, list []models.Key) {
	t.Helper()
	seconds := func(from, to int64) float64 { return float64(to-from) / 1000 }
	after := 660.0
	if kind.Use == models.TicketKey {
		after = 9000 // the longest visit
	}
	for i, k := range list {
		if i < len(list)-1 {
			if before := seconds(k.CreatedAt, k.ActiveFrom); before < 300 {
				t.Errorf("%s: listed %.0f s before its first use", kind.Use, before)
			}
		}
		if i == 0 {
			continue
		}
		if k.ActiveUntil != list[i-1].ActiveFrom {
			t.Errorf("%s: a gap or a lap between two keys", kind.Use)
		}
		if used := seconds(k.ActiveFrom, k.ActiveUntil); used > 3600+5 {
			t.Errorf("%s: used for %.0f s", kind.Use, used)
		}
		if k.RetiredAt != 0 && seconds(k.ActiveUntil, k.RetiredAt) < after {
			t.Errorf("%s: retired %.0f s after its last use", kind.Use, seconds(k.ActiveUntil, k.RetiredAt))
		}
	}
}

func TestAKeySaysWhatItDoes(t *testing.T) {
	t.Parallel()
	n := open(t, storetest.SQLite(t))
	lives := config.Default().Keys
	kind := keyring.KindOf(models.ApplicationKey, models.Production)
	second, err := n.Rotate(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	first := n.row(t, func(k models.Key) bool {
		return k.Use == kind.Use && k.Environment == kind.Environment && k.KID != second.KID
	})
	lastUse := start.Add(keyring.PublishBefore)
	retires := lastUse.Add(keyring.PublishAfter)
	for _, c := range []struct {
		name          string
		at            time.Time
		first, second keyring.State
	}{
		{"when the second is made", start, keyring.InUse, keyring.Published},
		{"before the second is used", lastUse.Add(-time.Millisecond), keyring.InUse, keyring.Published},
		{"from then on", lastUse, keyring.Superseded, keyring.InUse},
	} {
		one, two := keyring.StatusOf(first, lives, c.at), keyring.StatusOf(second, lives, c.at)
		if one.State != c.first || two.State != c.second {
			t.Errorf("%s: %q and %q, want %q and %q", c.name, one.State, two.State, c.first, c.second)
		}
		if !one.LastUse.Equal(lastUse) || !one.RetiresAt.Equal(retires) || !one.RotatesAt.IsZero() {
			t.Errorf("%s: the first: %+v", c.name, one)
		}
		if !two.LastUse.IsZero() || !two.RotatesAt.Equal(lastUse.Add(30*day-lead)) || !two.RetiresAt.Equal(lastUse.Add(30*day+keyring.PublishAfter)) {
			t.Errorf("%s: the second: %+v", c.name, two)
		}
	}
	n.tendAt(t, retires.Sub(start))
	if gone := n.any(t, first.KID); keyring.StatusOf(gone, lives, n.now).State != keyring.Retired {
		t.Errorf("retired: %+v", keyring.StatusOf(gone, lives, n.now))
	}
}

func TestACompromisedKeyIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		n := open(t, s)
		kind := keyring.KindOf(models.ApplicationKey, models.Production)
		older, _ := n.NewestAK(seal.A256, models.Production)
		if _, err := n.Rotate(t.Context(), kind); err != nil {
			t.Fatal(err)
		}
		n.now = start.Add(keyring.PublishBefore + time.Minute)
		bad, _ := n.NewestAK(seal.A256, models.Production)
		waiting, err := n.Rotate(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := n.Replace(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		if ak, err := n.NewestAK(seal.A256, models.Production); err != nil || ak.KID != fresh.KID {
			t.Errorf("in use: %s, %v; want the new one", ak.KID, err)
		}
		for kid, want := range map[string]bool{older.KID: true, bad.KID: false, waiting.KID: false, fresh.KID: true} {
			if _, _, ok := n.AK(kid); ok != want {
				t.Errorf("AK(%s) opens: %v, want %v", kid, ok, want)
			}
		}
		if row := n.any(t, bad.KID); row.SealedPrivate != "" || row.RetiredAt != n.now.UnixMilli() {
			t.Errorf("the compromised key: %+v", row)
		}
		n.now = n.now.Add(-2 * time.Second) // a node whose clock is behind
		if ak, err := n.NewestAK(seal.A256, models.Production); err != nil || ak.KID != fresh.KID {
			t.Errorf("by a clock that is behind: %s, %v; want the new one", ak.KID, err)
		}
		if got := n.events(t); !maps.Equal(got, map[string]int{"key.rotated asked_for": 2, "key.rotated compromised": 1}) {
			t.Errorf("on record: %v", got)
		}
	})
}

func TestOnlyAKeyThatOpensNothingIsRetired(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		n := open(t, s)
		old := n.ticketKID(t)
		retire := func(name, kid string, want error, end func(string) error) {
			t.Helper()
			if err := end(kid); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		gently := func(kid string) error { return n.Retire(t.Context(), kid) }
		now := func(kid string) error { return n.RetireNow(t.Context(), kid) }
		retire("the only one", old, keyring.ErrNewest, gently)
		retire("the only one, compromised", old, keyring.ErrNewest, now)
		young, err := n.Rotate(t.Context(), keyring.KindOf(models.TicketKey, ""))
		if err != nil {
			t.Fatal(err)
		}
		retire("one that waits", young.KID, keyring.ErrNewest, gently)
		retire("one in use that has a successor", old, keyring.ErrNewest, now)
		n.now = start.Add(keyring.PublishBefore + keyring.TicketOutlives - time.Millisecond)
		retire("one that opens", old, keyring.ErrStillOpens, gently)
		n.now = n.now.Add(time.Millisecond)
		retire("one that opens nothing", old, nil, gently)
		retire("a retired one", old, keyring.ErrRetired, gently)
		retire("a retired one, compromised", old, keyring.ErrRetired, now)
		if row := n.any(t, old); row.SealedPrivate != "" || row.RetiredAt == 0 {
			t.Errorf("the row is %+v", row)
		}
	})
}

func TestAKeyIsRetiredOnceByNodesThatTendTogether(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		nodes := []*node{open(t, s), open(t, s), open(t, s)}
		if _, err := nodes[0].Rotate(t.Context(), keyring.KindOf(models.TicketKey, "")); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for _, n := range nodes {
			n.now = start.Add(keyring.PublishBefore + keyring.TicketOutlives)
			all.Go(func() {
				if err := n.Tend(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := nodes[0].events(t); got["key.retired age"] != 1 {
			t.Errorf("on record: %v", got)
		}
	})
}

func TestAForeignMasterKeySealsNothing(t *testing.T) {
	t.Parallel()
	n := open(t, storetest.SQLite(t))
	err := n.store.Write(t.Context(), func(tx *store.Tx) error { // so that one is missing
		_, err := tx.RetireKey(n.ticketKID(t), start.UnixMilli())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := keyring.NewMaster([]byte("another master key of 32 octets."))
	if err != nil {
		t.Fatal(err)
	}
	o := n.options
	o.Master = foreign
	for name, open := range map[string]func() error{
		"a gateway": func() error { _, err := keyring.Open(t.Context(), o); return err },
		"a command": func() error { _, err := keyring.Load(t.Context(), o); return err },
	} {
		if err := open(); !errors.Is(err, keyring.ErrMasterKey) {
			t.Errorf("%s: %v, want ErrMasterKey", name, err)
		}
	}
	if n.live(t, models.TicketKey) != 0 {
		t.Error("a key was sealed under another master key: no node could read the keys any more")
	}
}

func TestACommandMakesNoFirstKeys(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	o := open(t, storetest.SQLite(t)).options
	o.Store = s
	if _, err := keyring.Load(t.Context(), o); !errors.Is(err, keyring.ErrNoKeys) {
		t.Errorf("got %v, want ErrNoKeys", err)
	}
	if rows, err := s.Keys(t.Context()); err != nil || len(rows) != 0 {
		t.Errorf("keys: %d, %v", len(rows), err)
	}
}

// any is a key's row, retired or not.
func (n *node) any(t *testing.T, kid string) models.Key {
	t.Helper()
	rows, err := n.store.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rows[slices.IndexFunc(rows, func(k models.Key) bool { return k.KID == kid })]
}

// events counts the ledger's lines about keys by kind and reason.
func (n *node) events(t *testing.T) map[string]int {
	t.Helper()
	stmt, err := n.store.ReadStmt(t.Context(), "SELECT kind, reason FROM events WHERE kind LIKE 'key.%'")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := stmt.QueryContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]int{}
	for rows.Next() {
		var kind, reason string
		if err := rows.Scan(&kind, &reason); err != nil {
			t.Fatal(err)
		}
		found[kind+" "+reason]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}
