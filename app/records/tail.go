package records

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"postern/app/store"
	"postern/models"
)

// Bounds of following the log.
const (
	followEvery   = time.Second
	lookBack      = 5 * time.Second // lines are committed up to so long after they were made, on other nodes
	maxPoll       = 2000            // lines of one look
	maxBatch      = 50              // of which one follower is shown
	maxFollowers  = 64
	maxOfPartners = 48 // of them; the others are kept for the bank
	maxOfPartner  = 6  // of one partner
)

// Tail follows the ledger for everybody on this node who looks at the log live:
// one query a second, whoever and how many they are, and none while nobody does.
type Tail struct {
	records *Records
	log     *slog.Logger

	mu        sync.Mutex
	followers map[*Follower]bool
	seen      map[string]bool // ids of the last look, within lookBack
	ended     bool
}

// Follower is one who follows. Batches is closed when following ends.
type Follower struct {
	Batches <-chan Batch

	out   chan Batch
	row   store.LogFilter
	of    string // the partner whose user it is; "" is the bank's
	after string // newest line that it had when it began
	begun bool   // it has had its first look
	tail  *Tail
}

// Batch is what came in a second.
type Batch struct {
	Rows    []models.Event // newest first, 50 at most
	Matched int            // how many came that match; more than len(Rows) in a rush
}

// NewTail returns a Tail that looks when Run runs.
func (r *Records) NewTail(log *slog.Logger) *Tail {
	return &Tail{records: r, log: log, followers: map[*Follower]bool{}, seen: map[string]bool{}}
}

// Follow begins to follow what a filter lets through, behind a line that is shown
// already. ErrFollower when too many follow, or following has ended.
func (t *Tail) Follow(ctx context.Context, f Filter, after string) (*Follower, error) {
	row, err := t.records.row(ctx, f)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	partner := ""
	if f.own != nil {
		partner = f.own.Partner
	}
	if t.ended || !t.room(partner) {
		return nil, ErrFollower
	}
	// Room for one that is on its way to be sent; who is slower than that misses some.
	out := make(chan Batch, 4)
	follower := &Follower{Batches: out, out: out, row: row, of: partner, after: after, tail: t}
	t.followers[follower] = true
	return follower, nil
}

// room reports whether one more of a partner's may follow, or of the bank's for "";
// t.mu is held.
func (t *Tail) room(partner string) bool {
	same, partners := 0, 0
	for f := range t.followers {
		if f.of != "" {
			partners++
		}
		if f.of == partner {
			same++
		}
	}
	return len(t.followers) < maxFollowers && (partner == "" || same < maxOfPartner && partners < maxOfPartners)
}

// Stop ends following; more than once is fine.
func (f *Follower) Stop() {
	f.tail.mu.Lock()
	defer f.tail.mu.Unlock()
	f.tail.drop(f)
}

// drop takes a follower out; t.mu is held.
func (t *Tail) drop(f *Follower) {
	if t.followers[f] {
		delete(t.followers, f)
		close(f.out)
	}
}

// Run looks once a second until ctx ends, and then ends all following.
func (t *Tail) Run(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := t.Poll(ctx); err != nil && ctx.Err() == nil {
				t.log.WarnContext(ctx, "log not followed", slog.Any("err", err))
			}
		case <-ctx.Done():
			t.end()
			return
		}
	}
}

func (t *Tail) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	for f := range t.followers {
		t.drop(f)
	}
}

// Poll looks once.
func (t *Tail) Poll(ctx context.Context) error {
	t.mu.Lock()
	nobody := len(t.followers) == 0
	if nobody {
		clear(t.seen)
	}
	t.mu.Unlock()
	if nobody {
		return nil
	}
	from := store.FirstEventID(t.records.o.Now().Add(-lookBack).UnixMilli())
	lines, err := t.records.o.Store.NewestSince(ctx, from, allKinds, maxPoll)
	if err != nil {
		return err
	}
	t.hand(lines)
	return nil
}

// hand gives the lines that nobody had to all, and to who is new what came since
// the page was made.
func (t *Tail) hand(lines []models.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for f := range t.followers {
		var b Batch
		for _, e := range lines {
			news := !t.seen[e.ID]
			if !f.begun { // what came between the page and the first look
				news = e.ID > f.after
			}
			if !news || !matches(f.row, e) {
				continue
			}
			b.Matched++
			if len(b.Rows) < maxBatch {
				b.Rows = append(b.Rows, e)
			}
		}
		f.begun = true
		select {
		case f.out <- b:
		default:
		}
	}
	clear(t.seen)
	for _, e := range lines {
		t.seen[e.ID] = true
	}
}

// Following is how many follow now.
func (t *Tail) Following() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.followers)
}
