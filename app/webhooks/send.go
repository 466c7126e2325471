package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

const (
	patience   = 10 * time.Second // that one message takes at most, and the turn of a webhook that takes its time
	atOnce     = 8                // webhooks that are told at the same time
	sendAtOnce = 200              // webhooks of one run
	inTurn     = 50               // messages that one of them gets in it
	firstWait  = 30 * time.Second
	maxWait    = time.Hour
	// maxAttempts are tried over a little more than a day.
	maxAttempts = 30
	maxAnswer   = 1 << 10 // octets that are read of what is said
)

// Typ is the typ of the header of a signature: no other JWS of the gateway has it.
const Typ = "webhook+json"

// Header is where the signature stands: a JWS with its payload left out (RFC 7515
// appendix F), which is the body.
const Header = "Postern-Signature"

// Send brings what is due, and returns how much was taken. Each webhook has a turn of its
// own, so none waits for another's that takes nothing, or too long.
func (h *Webhooks) Send(ctx context.Context) (sent int, err error) {
	due, err := h.o.Store.DueWebhooks(ctx, h.o.Now().UnixMilli(), sendAtOnce)
	if err != nil {
		return 0, err
	}
	// Where a run is too short for all of them, it is not always for the same.
	rand.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	var all sync.WaitGroup
	var mu sync.Mutex
	var faults []error
	free := make(chan struct{}, atOnce)
	for _, w := range due {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			n, err := h.sendTo(ctx, w)
			mu.Lock()
			defer mu.Unlock()
			sent, faults = sent+n, append(faults, err)
		})
	}
	all.Wait()
	return sent, errors.Join(faults...)
}

// sendTo brings a webhook its messages in their order; one that it does not take keeps
// those behind it waiting until it has its next turn.
func (h *Webhooks) sendTo(ctx context.Context, w models.Webhook) (sent int, err error) {
	queue, err := h.o.Store.WaitingForWebhook(ctx, w.ID, inTurn)
	if err != nil && ctx.Err() != nil {
		return 0, nil // the run is over
	}
	for began := time.Now(); sent < len(queue) && time.Since(began) < patience; sent++ {
		d := queue[sent]
		if d.DueAt > h.o.Now().UnixMilli() {
			break // it was tried before one that was sent again by hand
		}
		status, answer, failed := h.bring(ctx, w, d)
		if failed != nil && ctx.Err() != nil {
			return sent, nil // this node stops: the partner is not to blame
		}
		if err := h.mark(ctx, d, status, answer); err != nil {
			return sent, err
		}
		if failed != nil || status < 200 || status > 299 {
			return sent, nil
		}
	}
	return sent, err
}

// bring sends one message once.
func (h *Webhooks) bring(ctx context.Context, w models.Webhook, d models.WebhookDelivery) (status int, answer string, err error) {
	signature, err := h.sign([]byte(d.Body))
	if err != nil {
		return 0, "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, strings.NewReader(d.Body))
	if err != nil {
		return 0, Unreachable, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Postern-Webhook/1")
	r.Header.Set(Header, signature)
	res, err := h.client.Do(r)
	if err != nil {
		return 0, failure(err), err
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return res.StatusCode, errs.Said(string(text)), nil
}

// What stands in the place of an answer where there was none: why, in a word of ours, as
// what is said on the way may hold the address, which may be a secret of the partner's, or
// what is the bank's own, such as who answers for names.
const (
	// Private is of an address elsewhere than on the public internet, and of a name that
	// there is not: which names there are inside is the bank's.
	Private     = "private_address"
	Late        = "no_answer"
	Refused     = "connection_refused"
	Untrusted   = "tls_failed"
	Unreachable = "not_reached" // or the connection broke off
)

func failure(err error) string {
	var name *net.DNSError
	var connection *net.OpError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errPrivate), errors.As(err, &name):
		return Private
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return Late
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.As(err, &certificate), errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return Untrusted
	case errors.As(err, &connection) && strings.HasSuffix(connection.Op, " error"): // crypto/tls: "remote error", "local error"
		return Untrusted
	}
	return Unreachable
}

// sign is the JWS over a body with its payload left out.
func (h *Webhooks) sign(text []byte) (string, error) {
	whole, err := h.o.Sign(Typ, text)
	if err != nil {
		return "", err
	}
	first, last := bytes.IndexByte(whole, '.'), bytes.LastIndexByte(whole, '.')
	return string(whole[:first]) + "." + string(whole[last:]), nil
}

// mark writes down what came of a message.
func (h *Webhooks) mark(ctx context.Context, d models.WebhookDelivery, status int, answer string) error {
	now := h.o.Now()
	d.Attempts, d.Status, d.Answer = d.Attempts+1, int64(status), answer
	switch {
	case status >= 200 && status <= 299:
		d.DueAt, d.SentAt = 0, now.UnixMilli()
	case d.Attempts >= maxAttempts:
		d.DueAt, d.GaveUpAt = 0, now.UnixMilli()
	default:
		d.DueAt = now.Add(wait(d.Attempts)).UnixMilli()
	}
	// What was sent must be marked even while this node is told to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return h.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.MarkWebhookDelivery(d) })
}

// wait is how long after an attempt, from 1, the next one is made.
func wait(attempts int64) time.Duration {
	d := firstWait
	for ; attempts > 1 && d < maxWait; attempts-- {
		d *= 2
	}
	return min(d, maxWait)
}

// Run makes messages and brings them, once.
func (h *Webhooks) Run(ctx context.Context) (string, error) {
	made, err := h.Gather(ctx)
	sent, failed := h.Send(ctx)
	return fmt.Sprintf("made %d messages, brought %d", made, sent), errors.Join(err, failed)
}
