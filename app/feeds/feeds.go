package feeds

import (
	"cmp"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"sync"
	"time"

	"postern/app/config"
	"postern/app/store"
	"postern/models"
)

const (
	// poll is how often somebody looks for new events, be it to number or to deliver
	// them: both together take less than a second.
	poll = 400 * time.Millisecond
	// lagEvery is how often a node looks how far the feeds are behind.
	lagEvery = 5 * time.Second
	// A feed that fails is tried again after a second, and then ever more rarely.
	firstRetry = time.Second
	lastRetry  = time.Minute
	// endTimeout bounds each of what is done last: to deliver what happened while
	// the node stopped, and to let it be confirmed.
	endTimeout = time.Second
)

// Options are the arguments of New; all but Log are required.
type Options struct {
	Store *store.Store
	Node  string // this node's name, unique among the nodes of one database
	Feeds []config.Feed
	Now   func() time.Time
	Rand  io.Reader
	Log   *slog.Logger // nil discards

	// Slack overrides how much may be sent to a syslog receiver before the receiver
	// must have confirmed it; zero means 10,000 events or 30 s.
	Slack Slack
}

// Slack is how much may be sent and not yet confirmed.
type Slack struct {
	Events int64
	Age    time.Duration
}

// Runner runs a node's feeds. Run may be called once; Lags is safe for
// concurrent use.
type Runner struct {
	o       Options
	numbers numberer
	feeds   []*feed

	mu   sync.Mutex
	lags []models.FeedLag
}

// New makes a runner, and looks how far the feeds are; Run starts it.
func New(ctx context.Context, o Options) *Runner {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Slack = cmp.Or(o.Slack, Slack{10_000, 30 * time.Second})
	r := &Runner{o: o, numbers: numberer{store: o.Store, node: o.Node, now: o.Now}}
	for _, c := range o.Feeds {
		r.feeds = append(r.feeds, newFeed(c, o))
	}
	if len(r.feeds) > 0 {
		r.look(ctx)
	}
	return r
}

// Run numbers events and delivers them until ctx ends, which it should after the
// ledger has: then it delivers what is left and gives the feeds to other nodes,
// for two seconds at most. Without feeds it returns at once: who has none pays
// nothing.
func (r *Runner) Run(ctx context.Context) {
	if len(r.feeds) == 0 {
		return
	}
	var all sync.WaitGroup
	all.Go(func() { r.number(ctx) })
	all.Go(func() { r.watch(ctx) })
	for _, f := range r.feeds {
		all.Go(func() { f.run(ctx) })
	}
	all.Wait()
	r.finish(context.WithoutCancel(ctx))
}

// finish does what can be done in a moment; the rest is done by the next node.
func (r *Runner) finish(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	_ = r.numbers.all(limited) // a fault was logged before, or comes again
	var all sync.WaitGroup
	for _, f := range r.feeds {
		all.Go(func() {
			if f.told == "" {
				f.step(limited)
			}
			last, cancel := context.WithTimeout(ctx, endTimeout)
			defer cancel()
			f.end(last)
		})
	}
	all.Wait()
}

// number gives numbers whenever there is something without; a fault is logged
// once, until it is over.
func (r *Runner) number(ctx context.Context) {
	failing := false
	for wait := poll; sleep(ctx, wait); {
		err := r.numbers.all(ctx)
		switch wait = poll; {
		case ctx.Err() != nil:
			return
		case err == nil && failing:
			r.o.Log.InfoContext(ctx, "events are numbered again")
		case err != nil && !failing:
			r.o.Log.ErrorContext(ctx, "events could not be numbered", slog.Any("err", err))
		}
		if failing = err != nil; failing {
			wait = firstRetry
		}
	}
}

// watch looks now and then how far all feeds are behind, whichever node has them.
func (r *Runner) watch(ctx context.Context) {
	for sleep(ctx, lagEvery) {
		r.look(ctx)
	}
}

// look leaves a fault to whoever delivers: what was known stays.
func (r *Runner) look(ctx context.Context) {
	lags, err := r.o.Store.FeedLags(ctx)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lags = lags
}

// Lags tells how far each feed of the database was behind some seconds ago.
func (r *Runner) Lags() []models.FeedLag {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lags // never changed, only replaced
}

// backoff is how long to wait after so many failures in a row: twice as long as
// the time before, and a quarter more or less, so that nodes do not march in step.
func backoff(failures int, random io.Reader) time.Duration {
	wait := firstRetry << min(failures-1, 6)
	wait = min(wait, lastRetry)
	var octets [2]byte
	if _, err := io.ReadFull(random, octets[:]); err != nil {
		return wait
	}
	return wait*3/4 + wait/2*time.Duration(binary.BigEndian.Uint16(octets[:]))/(1<<16)
}

// sleep reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
