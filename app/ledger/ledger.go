package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// What a caller of the ledger may be told. Compare with errors.Is.
var (
	// ErrAssertionReplayed: the client assertion's jti was used before (RFC 7523 section 3).
	ErrAssertionReplayed = errs.New(errs.Unauthenticated, "invalid_client",
		"Client authentication failed.").Because("assertion_replayed")
	// ErrQuota: the application has had its ATs of the day; Help.RetryAfter is the time to midnight.
	ErrQuota = errs.New(errs.RateLimited, "rate_limited",
		"The application's daily quota of access tokens is used up.").Because("daily_quota")
	// ErrUnavailable: nothing may be answered as done. Where the commit was lost
	// rather than refused, rows may be there all the same; nobody holds what they stand for.
	ErrUnavailable = errs.New(errs.Unavailable, "unavailable",
		"The service cannot put this on record now.").Because("ledger_unavailable")
)

// The defaults and bounds of Options.
const (
	defaultMaxGroup  = 256
	defaultQueue     = 8192
	defaultCallDelay = 100 * time.Millisecond
	maxCallDelay     = 200 * time.Millisecond // what a crash may lose of call records
)

// groupTimeout bounds one group on PostgreSQL; SQLite is bounded by its busy timeout.
const groupTimeout = 5 * time.Second

// MaxClockLag is how far the clock may stand behind the newest event before
// issuing stops: a clock set back would revive expired tokens.
const MaxClockLag = 60 * time.Second

// Options are the arguments of Open.
type Options struct {
	Node      string           // this node's name, unique among the nodes of one database
	Now       func() time.Time // required
	Zone      *time.Location   // the bank's, in which days and hours begin; nil means UTC
	Rand      io.Reader        // required; safe for concurrent use
	Log       *slog.Logger     // nil discards
	MaxGroup  int              // entries in one transaction; 0 means 256
	Queue     int              // entries that may wait in each lane; 0 means 8,192
	CallDelay time.Duration    // longest wait of a queued record; 0 means 100 ms, at most 200 ms

	// BeforeCommit, if set, runs inside each group's transaction just before it
	// commits. Benchmarks put a slow disk there.
	BeforeCommit func()
}

// Ledger is the one writer of a node. It is safe for concurrent use.
type Ledger struct {
	store   *store.Store
	options Options
	process string // node and a random word: tells this process from its predecessors
	log     *slog.Logger
	queue   *queue
	sql     statements
	stopped chan struct{}

	newest  atomic.Int64 // time of the newest event known, Unix ms
	failing atomic.Bool  // the last group could not be written
	recent  recent

	// Only the writer goroutine touches these.
	seenShapes  map[string]int64 // when they were last said to be in use, Unix ms
	refreshedAt time.Time
}

// Open starts the writer of this node on s. Close it before the store.
func Open(ctx context.Context, s *store.Store, o Options) (*Ledger, error) {
	if o.Node == "" || o.Now == nil || o.Rand == nil {
		return nil, errors.New("open ledger: Node, Now and Rand are required")
	}
	if o.CallDelay > maxCallDelay {
		return nil, fmt.Errorf("open ledger: CallDelay is over %v", maxCallDelay)
	}
	o = withDefaults(o)
	l := &Ledger{
		store:      s,
		options:    o,
		log:        o.Log,
		queue:      newQueue(o.Queue, o.MaxGroup, o.CallDelay),
		sql:        newStatements(s),
		stopped:    make(chan struct{}),
		recent:     recent{rows: map[string]models.ATRow{}},
		seenShapes: map[string]int64{},
	}
	id, err := NewID(o.Now(), o.Rand)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l.process = o.Node + "#" + id
	if err := l.refreshClock(ctx); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	go l.run()
	return l, nil
}

func withDefaults(o Options) Options {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxGroup == 0 {
		o.MaxGroup = defaultMaxGroup
	}
	if o.Queue == 0 {
		o.Queue = defaultQueue
	}
	if o.CallDelay == 0 {
		o.CallDelay = defaultCallDelay
	}
	return o
}

// Close takes nothing new, commits what waits and stops the writer. If ctx ends
// first, queued records that a failing store did not take are given up, and the
// error says how many. Close may be called once.
func (l *Ledger) Close(ctx context.Context) error {
	l.queue.close()
	select {
	case <-l.stopped:
	case <-ctx.Done():
		l.queue.abandon()
		<-l.stopped
	}
	if queued := l.queue.lost(); queued > 0 {
		return fmt.Errorf("close ledger: %d queued records were not written: %w", queued, context.Cause(ctx))
	}
	return nil
}

// Depth tells how many entries wait and how many may, for the fuller of the two
// lanes: of callers who wait, and of queued records.
func (l *Ledger) Depth() (queued, capacity int) {
	return l.queue.depth(), l.options.Queue
}

// Failing reports whether the last write failed for the store's sake: a full
// disk, a database that is gone. The next that succeeds ends it.
func (l *Ledger) Failing() bool { return l.failing.Load() }

// Probe tries to write while the ledger is failing: a node that nobody sends
// requests to would not notice that its disk has room again. While nothing is
// wrong it writes nothing. Its error is what Append's is.
func (l *Ledger) Probe(ctx context.Context) error {
	if !l.Failing() {
		return nil
	}
	return l.Append(ctx, Event{Kind: "ledger.probed", Outcome: "ok"})
}

// await queues e and returns its result once it is on disk, or ErrUnavailable.
func (l *Ledger) await(ctx context.Context, e entry) error {
	if err := l.store.Nested(); err != nil {
		return fmt.Errorf("append to ledger: %w", err)
	}
	w := e.state()
	w.done = make(chan struct{})
	if !l.queue.push(e) {
		return ErrUnavailable.Because("ledger_queue_full")
	}
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return ErrUnavailable.Wrap(context.Cause(ctx))
	}
}

// later queues e, to be committed within CallDelay.
func (l *Ledger) later(e entry) error {
	if err := l.store.Nested(); err != nil {
		return fmt.Errorf("append to ledger: %w", err)
	}
	if !l.queue.pushLater(e) {
		return ErrUnavailable.Because("ledger_queue_full")
	}
	return nil
}

// Append writes an event and returns once it is on disk.
func (l *Ledger) Append(ctx context.Context, e Event) error {
	made, err := l.Make(e)
	if err != nil {
		return fmt.Errorf("append event: %w", err)
	}
	return l.await(ctx, &eventEntry{event: made})
}

// Refuse queues the event of a refusal. ErrUnavailable means that the queue is full.
func (l *Ledger) Refuse(e Event) error {
	made, err := l.Make(e)
	if err != nil {
		return fmt.Errorf("record refusal: %w", err)
	}
	return l.later(&eventEntry{event: made})
}

// ClockBehind reports whether the clock stands so far behind the newest event
// that nothing may be issued or decided: a clock set back revives what expired.
func (l *Ledger) ClockBehind() bool { return l.clockBehind(l.options.Now()) }

func (l *Ledger) clockBehind(now time.Time) bool {
	return now.UnixMilli() < l.newest.Load()-MaxClockLag.Milliseconds()
}

// refreshClock learns of events that other nodes have written.
func (l *Ledger) refreshClock(ctx context.Context) error {
	l.refreshedAt = l.options.Now() // also when it fails: a dead store is not asked after each group
	stmt, err := l.store.ReadStmt(ctx, "SELECT coalesce(max(at), 0) FROM events")
	if err != nil {
		return err
	}
	var at int64
	if err := stmt.QueryRowContext(ctx).Scan(&at); err != nil {
		return fmt.Errorf("read newest event: %w", err)
	}
	l.sawEvent(at)
	return nil
}

func (l *Ledger) sawEvent(at int64) {
	if at > l.newest.Load() { // only the writer and Open store
		l.newest.Store(at)
	}
}
