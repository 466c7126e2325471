package alerts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"postern/app/alerts/post"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
)

const (
	// sendPatience is how long one receiver may take.
	sendPatience = 15 * time.Second
	// maxPersons is to how many persons is written at once: a mail server that hangs
	// must not be besieged.
	maxPersons = 8
	// maxTogether is how much news one message is about at most.
	maxTogether = 200
	// A receiver that does not take a message is tried again after firstWait, then
	// after twice as long each time, up to maxWait: a day in all.
	firstWait   = 30 * time.Second
	maxWait     = 30 * time.Minute
	maxAttempts = 50
)

// Outbox sends what is to be told. One process at a time may run Send.
type Outbox struct {
	watch   *Watch
	senders map[string]post.Sender
}

// NewOutbox sends what w has written down, by post's senders.
func NewOutbox(w *Watch, senders map[string]post.Sender) *Outbox { return &Outbox{w, senders} }

// Send sends each receiver what waits for it, in one message, all receivers at
// once and persons a few at a time. Whom it could not reach waits longer and
// longer, and what comes after waits behind. It returns what it did in a line for
// people.
func (o *Outbox) Send(ctx context.Context) (string, error) {
	due, err := o.due(ctx)
	if err != nil {
		return "", err
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var sent int
	var faults []error
	persons := make(chan struct{}, maxPersons)
	for _, queue := range due {
		all.Go(func() {
			if _, account := Reader(queue); account != "" {
				persons <- struct{}{}
				defer func() { <-persons }()
			}
			n, err := o.sendTo(ctx, queue)
			mu.Lock()
			defer mu.Unlock()
			sent += n
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", queue, err))
			}
		})
	}
	all.Wait()
	return fmt.Sprintf("told %d pieces of news", sent), errors.Join(faults...)
}

// due are the queues whose first news is due and whose receiver is there.
func (o *Outbox) due(ctx context.Context) (queues []string, err error) {
	firsts, err := o.watch.o.Store.WaitingReceivers(ctx)
	now := o.watch.o.Now().UnixMilli()
	for _, first := range firsts {
		receiver, _ := Reader(first.Receiver)
		if _, there := o.senders[receiver]; there && first.DueAt <= now {
			queues = append(queues, first.Receiver)
		}
	}
	return queues, err
}

// sendTo sends what waits in one queue; n is how much was taken.
func (o *Outbox) sendTo(ctx context.Context, queue string) (n int, err error) {
	waiting, err := o.watch.o.Store.WaitingDeliveries(ctx, queue, maxTogether)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	receiver, _ := Reader(queue)
	m, ok := post.Message{}, true
	if receiver == queue {
		m, err = o.compose(ctx, receiver, waiting)
	} else {
		m, ok, err = o.composeNotices(ctx, queue, waiting)
	}
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, o.drop(ctx, waiting)
	}
	return o.send(ctx, receiver, waiting, m)
}

// NotNeeded stands where another delivery has an error: nobody needed to be told.
const NotNeeded = "not needed any more"

// drop marks what nobody needs to be told any more.
func (o *Outbox) drop(ctx context.Context, waiting []models.Delivery) error {
	ids := make([]string, len(waiting))
	for i, d := range waiting {
		ids[i] = d.ID
	}
	return o.watch.o.Store.Write(ctx, func(tx *store.Tx) error {
		return tx.MarkDeliveries(ids, models.Delivery{DueAt: waiting[0].DueAt, GaveUpAt: o.watch.o.Now().UnixMilli(), LastError: NotNeeded})
	})
}

func (o *Outbox) send(ctx context.Context, receiver string, waiting []models.Delivery, m post.Message) (n int, err error) {
	limited, cancel := context.WithTimeout(ctx, sendPatience)
	failed := o.senders[receiver].Send(limited, m)
	cancel()
	if failed != nil && ctx.Err() != nil {
		return 0, ctx.Err() // this node stops: the receiver is not to blame
	}
	var partly post.Partly
	got := failed == nil || errors.As(failed, &partly)
	if err := o.mark(ctx, waiting, failed, got); err != nil {
		return 0, err
	}
	if !got {
		return 0, failed
	}
	return len(waiting), failed
}

// mark writes down what came of a message about deliveries: what failed, and
// whether somebody has got it all the same. The first decides when it is tried
// again; only what has had its attempts is given up.
func (o *Outbox) mark(ctx context.Context, waiting []models.Delivery, failed error, got bool) error {
	now := o.watch.o.Now()
	d := models.Delivery{DueAt: waiting[0].DueAt, SentAt: now.UnixMilli()}
	var tried, last []string
	for _, w := range waiting {
		if !got && w.Attempts+1 >= maxAttempts {
			last = append(last, w.ID)
			continue
		}
		tried = append(tried, w.ID)
	}
	if failed != nil {
		d.LastError = failed.Error()
	}
	if !got {
		d.SentAt, d.DueAt = 0, now.Add(wait(waiting[0].Attempts)).UnixMilli()
	}
	// What was sent must be marked even while this node is told to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendPatience)
	defer cancel()
	return o.watch.o.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.MarkDeliveries(tried, d); err != nil || len(last) == 0 {
			return err
		}
		d.GaveUpAt = now.UnixMilli()
		return tx.MarkDeliveries(last, d)
	})
}

// wait is how long after a failed attempt the next one is made.
func wait(attempts int64) time.Duration {
	d := firstWait
	for ; attempts > 0 && d < maxWait; attempts-- {
		d *= 2
	}
	return min(d, maxWait)
}

// Test sends a receiver a message that says that it is a test.
func (o *Outbox) Test(ctx context.Context, receiver string) error {
	lang := o.language(receiver)
	id, err := o.watch.id(o.watch.o.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	return o.senders[receiver].Send(ctx, post.Message{
		ID: id, At: o.watch.o.Now(), Title: i18n.AlertTest.In(lang), Text: i18n.AlertTest.In(lang) + "\n",
	})
}

// Receivers lists the names of the receivers that are there.
func (o *Outbox) Receivers() []string { return slices.Sorted(maps.Keys(o.senders)) }

func (o *Outbox) language(receiver string) i18n.Lang {
	lang, _ := i18n.Parse(o.watch.o.Config.Tellings()[receiver].Language) // the configuration was checked
	return lang
}
