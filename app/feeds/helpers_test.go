package feeds_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"sync"
	"testing"
	"time"

	"postern/app/config"
	"postern/app/feeds"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

var testTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: testTime} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logged is a log that tests read.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.b.Bytes(), []byte(text))
}

func newRunner(s *store.Store, c *clock, change func(*feeds.Options)) *feeds.Runner {
	o := feeds.Options{Store: s, Node: "node-1", Now: c.Now, Rand: rand.Reader}
	change(&o)
	return feeds.New(context.Background(), o)
}

func toFile(path string) func(*feeds.Options) {
	return func(o *feeds.Options) { o.Feeds = []config.Feed{{Name: "archive", File: config.FeedFile{Path: path}}} }
}

// openLedger starts a node's ledger; it is closed with the test.
func openLedger(t testing.TB, s *store.Store, c *clock, node string, beforeCommit func()) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), s, ledger.Options{
		Node: node, Now: c.Now, Rand: rand.Reader, CallDelay: time.Millisecond, BeforeCommit: beforeCommit,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

// happen writes events.
func happen(t testing.TB, l *ledger.Ledger, n int) {
	t.Helper()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if err := l.Append(context.Background(), ledger.Event{Kind: "test.happened", Outcome: "ok", Reason: rand.Text()}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// plant writes events past the ledger, as they were before there were numbers.
func plant(t testing.TB, s *store.Store, n int) {
	t.Helper()
	for done := 0; done < n; {
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			for range min(500, n-done) {
				e, err := ledger.Make(ledger.Event{Kind: "test.planted", Outcome: "ok"}, testTime.Add(time.Duration(done)*time.Millisecond), rand.Reader)
				if err != nil {
					return err
				}
				if err := tx.AppendEvent(e); err != nil {
					return err
				}
				done++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// parsed is a line as a reader takes it.
type parsed struct {
	Seq      int64           `json:"seq"`
	Epoch    int64           `json:"epoch"`
	LeafHash string          `json:"leaf_hash"`
	Event    json.RawMessage `json:"event"`
}

// seen gathers what arrived, and holds repeats against what came before.
type seen map[int64]parsed

func (s seen) add(t testing.TB, line []byte) {
	t.Helper()
	var p parsed
	if err := json.Unmarshal(line, &p); err != nil {
		t.Errorf("%v in %q", err, line)
		return
	}
	hash := sha256.Sum256(append([]byte{0}, p.Event...))
	if p.LeafHash != base64.RawURLEncoding.EncodeToString(hash[:]) {
		t.Errorf("the leaf hash is not the event's: %s", line)
	}
	if before, ok := s[p.Seq]; ok && (before.LeafHash != p.LeafHash || before.Epoch != p.Epoch) {
		t.Errorf("two events have the number %d:\n%s\n%s", p.Seq, before.Event, p.Event)
	}
	s[p.Seq] = p
}

// addFile adds a file's whole lines: a file may end in half a one when it was
// renamed after a crash.
func (s seen) addFile(t testing.TB, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if whole, ok := bytes.CutSuffix(line, []byte("\n")); ok {
			s.add(t, whole)
		}
	}
}

// wantAll wants the numbers from 1 to n, and no others.
func (s seen) wantAll(t testing.TB, n int) {
	t.Helper()
	for seq := int64(1); seq <= int64(n); seq++ {
		if _, ok := s[seq]; !ok {
			t.Errorf("event %d of %d is missing", seq, n)
		}
	}
	if len(s) != n {
		t.Errorf("%d events arrived, %d happened", len(s), n)
	}
}

// lagOf is what the database says of a feed.
func lagOf(t testing.TB, s *store.Store, name string) models.FeedLag {
	t.Helper()
	list, err := s.FeedLags(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("there is no feed %s", name)
	return models.FeedLag{}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
