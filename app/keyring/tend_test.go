package keyring_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"postern/app/config"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// node is a ring whose clock the test sets.
type node struct {
	*keyring.Ring
	options keyring.Options
	store   *store.Store
	now     time.Time
}

var start = time.UnixMilli(1_790_000_000_000)

func open(t testing.TB, s *store.Store) *node {
	t.Helper()
	return openWith(t, s, config.Keys{})
}

func openWith(t testing.TB, s *store.Store, lives config.Keys) *node {
	t.Helper()
	n := &node{store: s, now: start}
	master, err := keyring.NewMaster([]byte("0123456789abcdef0123456789ABCDEF"))
	if err != nil {
		t.Fatal(err)
	}
	n.options = keyring.Options{
		Store: s, Master: master, Lives: lives, Now: func() time.Time { return n.now }, Rand: rand.Reader, Event: n.event,
	}
	n.Ring, err = keyring.Open(t.Context(), n.options)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// event is the ledger's line of a change.
func (n *node) event(kind, reason string, detail map[string]string) (models.Event, error) {
	return ledger.Make(ledger.Event{Kind: kind, Outcome: "ok", Reason: reason, Detail: detail}, n.now, rand.Reader)
}

// tendAt sets the clock to so long after the start and tends.
func (n *node) tendAt(t *testing.T, after time.Duration) {
	t.Helper()
	n.now = start.Add(after)
	if err := n.Tend(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// live counts the keys of a use that are not retired.
func (n *node) live(t *testing.T, use models.KeyUse) int {
	t.Helper()
	rows, err := n.store.LiveKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, row := range rows {
		if row.Use == use {
			count++
		}
	}
	return count
}

// ticketKID is the kid of the key that seals new tickets.
func (n *node) ticketKID(t *testing.T) string {
	t.Helper()
	return n.row(t, func(k models.Key) bool { return k.Use == models.TicketKey && n.TicketByID(k.KID) == n.Ticket() }).KID
}

// row is the first live key for which is holds.
func (n *node) row(t *testing.T, is func(models.Key) bool) models.Key {
	t.Helper()
	rows, err := n.store.LiveKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(rows, is)
	if i < 0 {
		t.Fatal("there is no such key")
	}
	return rows[i]
}

// scan reads one row by SQL of the test's own.
func (n *node) scan(t *testing.T, query string, to ...any) {
	t.Helper()
	stmt, err := n.store.ReadStmt(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	if err := stmt.QueryRowContext(t.Context()).Scan(to...); err != nil {
		t.Fatal(err)
	}
}

const (
	day  = 24 * time.Hour
	lead = keyring.PublishBefore + keyring.TendEvery
	// ticketAge is how old a ticket key becomes before its successor is made.
	ticketAge = day - lead
)

func TestTicketKeysRotateDailyAndOutliveTheirVisits(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		n := open(t, s)
		first := n.ticketKID(t)

		n.tendAt(t, ticketAge-time.Millisecond)
		if n.live(t, models.TicketKey) != 1 {
			t.Fatal("a ticket key was rotated before its time")
		}
		n.tendAt(t, ticketAge)
		if n.live(t, models.TicketKey) != 2 || n.ticketKID(t) != first {
			t.Fatal("shortly before a day: want a second key, and not in use yet")
		}
		n.tendAt(t, ticketAge+time.Minute)
		if n.live(t, models.TicketKey) != 2 {
			t.Fatal("a key that waits for its first use was rotated")
		}
		lastUse := ticketAge + keyring.PublishBefore
		n.tendAt(t, lastUse)
		if n.ticketKID(t) == first {
			t.Fatal("the new key is not in use when its time has come")
		}

		n.tendAt(t, lastUse+keyring.TicketOutlives-time.Millisecond)
		if n.TicketByID(first) == nil {
			t.Error("the old key is gone while its tickets may come")
		}
		n.tendAt(t, lastUse+keyring.TicketOutlives)
		if n.TicketByID(first) != nil || n.live(t, models.TicketKey) != 1 {
			t.Error("the old key outlives its tickets")
		}
		var retired, sealed int64
		n.scan(t, "SELECT count(*), sum(length(sealed_private)) FROM keys WHERE retired_at > 0", &retired, &sealed)
		if retired != 1 || sealed != 0 {
			t.Errorf("retired keys: %d with %d characters of private parts; want 1 with none", retired, sealed)
		}
	})
}

func TestEachKindHasItsOwnAge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		after        time.Duration
		aks, signers int
	}{
		{"an AK stays while a successor needs not be made", 30*day - lead - time.Millisecond, 2, 2},
		{"an AK gets a successor that can take over after 30 days", 30*day - lead, 4, 2},
		{"a signing key stays while a successor needs not be made", 90*day - lead - time.Millisecond, 4, 2},
		{"a signing key gets a successor that can take over after 90 days", 90*day - lead, 4, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := open(t, storetest.SQLite(t))
			n.tendAt(t, c.after)
			if aks, signers := n.live(t, models.ApplicationKey), n.live(t, models.SigningKey); aks != c.aks || signers != c.signers {
				t.Errorf("keys of both environments: %d AKs and %d signing keys, want %d and %d", aks, signers, c.aks, c.signers)
			}
			if n.live(t, models.SubjectKey) != 1 {
				t.Error("the subject key was rotated")
			}
		})
	}
}

func TestAnAKIsRetiredWhenItsLastATsAreGone(t *testing.T) {
	t.Parallel()
	n := open(t, storetest.SQLite(t))
	if _, err := n.Rotate(t.Context(), keyring.KindOf(models.ApplicationKey, models.Production)); err != nil {
		t.Fatal(err)
	}
	n.tendAt(t, keyring.PublishBefore+keyring.PublishAfter-time.Millisecond)
	if got := n.live(t, models.ApplicationKey); got != 3 {
		t.Errorf("before: %d AKs, want 3", got)
	}
	n.tendAt(t, keyring.PublishBefore+keyring.PublishAfter)
	if got := n.live(t, models.ApplicationKey); got != 2 {
		t.Errorf("after: %d AKs, want 2", got)
	}
	// The rows that are left open still: nothing of them was touched.
	if err := n.Reload(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNodesThatTendTogetherRotateOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var all sync.WaitGroup
		nodes := []*node{open(t, s), open(t, s), open(t, s)}
		for _, n := range nodes {
			n.now = start.Add(ticketAge)
			all.Go(func() {
				if err := n.Tend(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := nodes[0].live(t, models.TicketKey); got != 2 {
			t.Errorf("%d ticket keys, want the old one and one new", got)
		}
	})
}

func TestRotatingTwiceByAgeIsRefusedInsideTheTransaction(t *testing.T) {
	t.Parallel()
	n := open(t, storetest.SQLite(t))
	limit := start.UnixMilli()
	for i, want := range []bool{true, false} {
		row := models.Key{KID: string(rune('a' + i)), Use: models.TicketKey, CreatedAt: limit + 1, ActiveFrom: limit + 1, MasterKeyID: "m"}
		err := n.store.Write(t.Context(), func(tx *store.Tx) error {
			rotated, err := tx.RotateKeyIfOlder(row, limit, limit+1)
			if rotated != want {
				t.Errorf("try %d: rotated %v, want %v", i, rotated, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheSubjectKeyDoesNotRotate(t *testing.T) {
	t.Parallel()
	n := open(t, storetest.SQLite(t))
	if _, err := n.Rotate(t.Context(), keyring.KindOf(models.SubjectKey, "")); !errors.Is(err, keyring.ErrSubjectKey) {
		t.Errorf("got %v, want ErrSubjectKey", err)
	}
	if n.live(t, models.SubjectKey) != 1 {
		t.Error("a refused rotation left a key")
	}
}

func TestOfTwoSubjectKeysTheNewestCounts(t *testing.T) {
	t.Parallel()
	n, other := open(t, storetest.SQLite(t)), open(t, storetest.SQLite(t))
	younger := other.row(t, func(k models.Key) bool { return k.Use == models.SubjectKey })
	younger.ActiveFrom++
	err := n.store.Write(t.Context(), func(tx *store.Tx) error { return tx.RotateKey(younger, younger.ActiveFrom) })
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n.live(t, models.SubjectKey) != 2 {
		t.Fatal("there are not two subject keys")
	}
	if n.Subjects().MAC("app", "user") != other.Subjects().MAC("app", "user") {
		t.Error("an older subject key is in use")
	}
}
