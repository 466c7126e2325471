package feeds

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"postern/app/config"
	"postern/app/store"
	"postern/models"
)

const (
	// batch is how many events are sent at once.
	batch = 500
	// A node has a feed for leaseFor after it last said so; nodes' clocks differ.
	leaseFor   = time.Minute
	leaseRenew = 15 * time.Second
	// leaseAsk is how often a node asks for a feed that another one has.
	leaseAsk = 5 * time.Second
	// maxError is how much of an error is kept, octets.
	maxError = 500
)

// target is where a feed goes. It is used by one goroutine.
type target interface {
	// send hands over records, whole and in order. After an error it is not known
	// which of them have arrived.
	send(ctx context.Context, records []record) error
	// confirm returns once everything that was sent has arrived.
	confirm(ctx context.Context) error
	// lost tells what has happened since to records that were sent and not confirmed.
	lost() error
	// slack is how much may be sent before it is confirmed.
	slack() Slack
	// close gives up what was not confirmed.
	close()
}

// errAgain says that records have to be sent again, and that nothing is wrong.
var errAgain = errors.New("to be sent again")

// feed carries events to one target. Only its own goroutine touches it.
type feed struct {
	name   string
	target target
	o      Options

	held      bool      // this node may send
	heldAt    time.Time // when it last said so
	refusedAt time.Time // when another node last had it
	confirmed int64     // the position, as it is in the database
	sent      int64     // the last event that was sent; from there it goes on
	sentAt    time.Time // when the first one was sent that is not confirmed

	failures int
	told     string // the failure that is on record
}

func newFeed(c config.Feed, o Options) *feed {
	f := &feed{name: c.Name, o: o, target: &file{path: c.File.Path}}
	if c.Syslog.Address != "" {
		f.target = &syslog{c: c.Syslog, node: o.Node, now: o.Now, most: o.Slack}
	}
	return f
}

func (f *feed) lease() string { return Lease(f.name) }

// Lease names the lease of who delivers a feed.
func Lease(name string) string { return "feed " + name }

// run delivers until ctx ends.
func (f *feed) run(ctx context.Context) {
	for wait := time.Duration(0); sleep(ctx, wait); {
		wait = f.step(ctx)
	}
}

// step delivers what waits, and returns when to look again.
func (f *feed) step(ctx context.Context) (wait time.Duration) {
	err := f.turn(ctx)
	switch {
	case err == nil:
		f.recovered(ctx)
	case errors.Is(err, errAgain):
		f.rewind()
	case ctx.Err() != nil: // what was sent before may be confirmed still
	default:
		f.failed(ctx, err)
		return backoff(f.failures, f.o.Rand)
	}
	return poll
}

// turn delivers what waits, if this node is the one who may.
func (f *feed) turn(ctx context.Context) error {
	mine, err := f.hold(ctx)
	if err != nil || !mine {
		return err
	}
	if err := f.target.lost(); err != nil {
		return err
	}
	for n := batch; n == batch; {
		if n, err = f.deliver(ctx); err != nil {
			return err
		}
		if !f.due() {
			continue
		}
		if err := f.confirm(ctx); err != nil {
			return err
		}
	}
	return nil
}

// hold says now and then that the feed is this node's; when it becomes so, it
// goes on from the position that is in the database.
func (f *feed) hold(ctx context.Context) (mine bool, err error) {
	now := f.o.Now()
	switch {
	case f.held && within(now, f.heldAt, leaseRenew):
		return true, nil
	case !f.held && within(now, f.refusedAt, leaseAsk):
		return false, nil
	}
	err = f.o.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if mine, err = f.takeLease(tx, now); err != nil || !mine {
			return err
		}
		return tx.BeginFeed(f.name)
	})
	if err != nil {
		return false, err
	}
	if !mine {
		f.rewind()
		f.refusedAt = now
		return false, nil
	}
	f.heldAt = now
	if f.held {
		return true, nil
	}
	position, err := f.o.Store.FeedPosition(ctx, f.name)
	if err != nil {
		return false, err
	}
	f.held, f.confirmed, f.sent = true, position, position
	return true, nil
}

// within reports whether a time is so short ago; a clock that was set back says no.
func within(now, then time.Time, d time.Duration) bool {
	since := now.Sub(then)
	return since >= 0 && since < d
}

func (f *feed) takeLease(tx *store.Tx, now time.Time) (bool, error) {
	return tx.TakeLease(f.lease(), f.o.Node, now.UnixMilli(), now.Add(leaseFor).UnixMilli())
}

// deliver sends the next events and returns how many.
func (f *feed) deliver(ctx context.Context) (int, error) {
	events, err := f.o.Store.EventsAfter(ctx, f.sent, batch)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	epoch, err := f.o.Store.RestoredAt(ctx)
	if err != nil {
		return 0, err
	}
	records := make([]record, len(events))
	for i, e := range events {
		records[i] = record{e, epoch}
	}
	if err := f.target.send(ctx, records); err != nil {
		return 0, err
	}
	if f.sent == f.confirmed {
		f.sentAt = f.o.Now()
	}
	f.sent = *events[len(events)-1].Seq
	return len(events), nil
}

// due reports whether what was sent must be confirmed before more is sent.
func (f *feed) due() bool {
	waiting, slack := f.sent-f.confirmed, f.target.slack()
	return waiting > 0 && (waiting >= slack.Events || !within(f.o.Now(), f.sentAt, slack.Age))
}

// confirm moves the position over what has arrived, unless another node has the
// feed by now, or somebody has put the position elsewhere.
func (f *feed) confirm(ctx context.Context) error {
	if err := f.target.confirm(ctx); err != nil {
		return err
	}
	now := f.o.Now()
	err := f.o.Store.Write(ctx, func(tx *store.Tx) error {
		mine, err := f.takeLease(tx, now)
		if err == nil && mine {
			mine, err = tx.MoveFeed(f.name, f.confirmed, f.sent, now.UnixMilli())
		}
		if err == nil && !mine {
			err = errAgain
		}
		return err
	})
	if err != nil {
		return err
	}
	f.confirmed, f.heldAt, f.failures = f.sent, now, 0
	return nil
}

// rewind goes back to the position in the database: what is not confirmed is
// sent again.
func (f *feed) rewind() {
	f.target.close()
	f.held = false
}

// failed gives the feed to whichever node can deliver it, and logs and puts on
// record what went wrong, once for each fault: a receiver may be away for days.
func (f *feed) failed(ctx context.Context, err error) {
	f.rewind()
	f.failures++
	text := storable(err.Error())
	news := text != f.told
	if news {
		f.o.Log.ErrorContext(ctx, "feed failed", slog.String("feed", f.name), slog.String("err", text))
	}
	noted := f.o.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.ReleaseLease(f.lease(), f.o.Node); err != nil || !news {
			return err
		}
		return tx.FailFeed(f.name, text, f.o.Now().UnixMilli())
	})
	if noted == nil {
		f.told = text
	}
}

// recovered says that all is well again, once nothing is left unconfirmed.
func (f *feed) recovered(ctx context.Context) {
	if f.told == "" || !f.held || f.sent > f.confirmed {
		return
	}
	f.o.Log.InfoContext(ctx, "feed delivers again", slog.String("feed", f.name), slog.Int64("position", f.confirmed))
	f.told, f.failures = "", 0
}

// end lets what was sent be confirmed, and gives the feed to other nodes.
func (f *feed) end(ctx context.Context) {
	defer f.target.close()
	if !f.held {
		return
	}
	if f.sent > f.confirmed {
		if err := f.confirm(ctx); err != nil && !errors.Is(err, errAgain) {
			f.o.Log.WarnContext(ctx, "last events of a feed were not confirmed and will be sent again",
				slog.String("feed", f.name), slog.Any("err", err))
		}
	}
	err := f.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseLease(f.lease(), f.o.Node) })
	if err != nil {
		f.o.Log.WarnContext(ctx, "feed was not given back", slog.String("feed", f.name), slog.Any("err", err))
	}
}

// storable is an error's text as a text column takes it.
func storable(text string) string {
	text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	return strings.ToValidUTF8(text[:min(len(text), maxError)], "\uFFFD")
}

// record is one event on its way.
type record struct {
	models.Event
	epoch int64 // when the database was last restored, Unix ms; 0 for never
}
