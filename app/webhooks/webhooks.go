package webhooks

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// MaxOf is how many webhooks a partner can have.
const MaxOf = 5

// Refusals.
var (
	ErrFull = errs.New(errs.Conflict, "webhooks_full", "There are as many webhooks as there can be: remove one first.")
	ErrGone = errs.New(errs.NotFound, "no_webhook", "There is no such webhook.")
)

// Options are what Webhooks works with.
type Options struct {
	Store   *store.Store
	Sign    func(typ string, payload []byte) ([]byte, error) // a compact JWS by a key of the gateway's JWKS
	Issuer  string
	Private bool // addresses may lead anywhere, over http as well
	Now     func() time.Time
	Rand    io.Reader
}

// Webhooks may be used by any number of goroutines; Gather and Send by one process at a
// time.
type Webhooks struct {
	o      Options
	client *http.Client
}

// New returns the webhooks of all partners.
func New(o Options) *Webhooks { return &Webhooks{o, newClient(o.Private)} }

// Anywhere tells whether messages may go to this machine and private networks, over http as well.
func (h *Webhooks) Anywhere() bool { return h.o.Private }

// Save makes a webhook of a partner's, or changes one. Faults are errs.Fields. ErrFull, ErrGone.
func (h *Webhooks) Save(ctx context.Context, actor string, w models.Webhook) (models.Webhook, error) {
	faults := CheckURL(w.URL, h.o.Private)
	faults.Check(len(w.Topics) > 0, "topics", "rule.webhook_topics", "choose what it is told of")
	for _, t := range w.Topics {
		faults.Check(slices.Contains(models.Topics, t), "topics", "rule.webhook_topics", "choose what it is told of")
	}
	if err := faults.Invalid(); err != nil {
		return w, err
	}
	event, save := "webhook.changed", h.update
	if w.ID == "" {
		event, save = "webhook.created", h.create
	}
	err := h.write(ctx, actor, func(to change.Writer) error {
		w.UpdatedAt = to.At()
		if err := save(to, &w); err != nil {
			return err
		}
		return to.Event(ledger.Event{Kind: event, PartnerID: w.PartnerID}, map[string]string{"id": w.ID})
	})
	return w, err
}

func (h *Webhooks) create(to change.Writer, w *models.Webhook) (err error) {
	if _, _, err := to.Accounts().Partner(w.PartnerID); err != nil { // locked: nobody else counts meanwhile
		return err
	}
	n, err := to.CountWebhooks(w.PartnerID)
	if err != nil || n >= MaxOf {
		return cmp.Or[error](err, ErrFull)
	}
	w.CreatedAt = to.At()
	if w.ID, err = ledger.NewID(to.Now, to.Rand); err != nil {
		return err
	}
	return to.CreateWebhook(*w)
}

func (h *Webhooks) update(to change.Writer, w *models.Webhook) error {
	there, err := to.UpdateWebhook(*w)
	if err == nil && !there {
		err = ErrGone // somebody has removed it meanwhile
	}
	return err
}

// Remove removes a webhook and what waits for it.
func (h *Webhooks) Remove(ctx context.Context, actor string, w models.Webhook) error {
	return h.write(ctx, actor, func(to change.Writer) error {
		if err := to.RemoveWebhook(w.ID); err != nil {
			return err
		}
		return to.Event(ledger.Event{Kind: "webhook.removed", PartnerID: w.PartnerID}, map[string]string{"id": w.ID})
	})
}

// Test puts a message into the queue that says that it is a test, unless one waits there.
func (h *Webhooks) Test(ctx context.Context, w models.Webhook) error {
	return h.o.Store.Write(ctx, func(tx *store.Tx) error {
		if waits, err := tx.TestWaits(w.ID); err != nil || waits {
			return err
		}
		d, err := h.message(w, models.TopicTest, "", h.o.Now(), nil)
		if err != nil {
			return err
		}
		return tx.AddWebhookDeliveries([]models.WebhookDelivery{d})
	})
}

// Again sends a message once more, as it was.
func (h *Webhooks) Again(ctx context.Context, d models.WebhookDelivery) error {
	d.DueAt, d.GaveUpAt, d.Attempts = h.o.Now().UnixMilli(), 0, 0
	return h.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.MarkWebhookDelivery(d) })
}

// body is a message as it is sent. Its id is the same when it is sent again.
type body struct {
	ID      string            `json:"id"`
	Issuer  string            `json:"iss"`
	Webhook string            `json:"webhook"` // so that a message for one is none for another
	Topic   models.Topic      `json:"topic"`
	Event   string            `json:"event,omitempty"` // id of the event; empty for a test
	At      int64             `json:"at"`              // Unix seconds, when it happened
	Data    map[string]string `json:"data"`
}

// message is one of a topic for a webhook, due at once.
func (h *Webhooks) message(w models.Webhook, topic models.Topic, event string, at time.Time, data map[string]string) (d models.WebhookDelivery, err error) {
	now := h.o.Now()
	d = models.WebhookDelivery{WebhookID: w.ID, Topic: topic, DueAt: now.UnixMilli()}
	if d.ID, err = ledger.NewID(now, h.o.Rand); err != nil {
		return d, err
	}
	if data == nil {
		data = map[string]string{}
	}
	text, err := json.Marshal(body{d.ID, h.o.Issuer, w.ID, topic, event, at.Unix(), data})
	d.Body = string(text)
	return d, err
}

func (h *Webhooks) write(ctx context.Context, actor string, f func(change.Writer) error) error {
	return h.o.Store.Write(ctx, func(tx *store.Tx) error {
		return f(change.NewWriter(ctx, tx, actor, h.o.Now(), h.o.Rand))
	})
}
