package bank

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"postern/app/play/keyset"
)

// Options says which gateway the bank believes.
type Options struct {
	Issuer  string // the gateway's issuer and address
	Service string // the URN that must stand in aud
	Now     func() time.Time
	Log     *slog.Logger
	Client  *http.Client // fetches the gateway's keys; nil means one with a 5 s timeout
}

// Bank is the loan system. It is safe for concurrent use.
type Bank struct {
	assertions   *verifier
	now          func() time.Time
	log          *slog.Logger
	seen         seen
	applications applications
}

// New returns a bank that has not been asked anything yet.
func New(o Options) *Bank {
	client := o.Client
	if client == nil {
		client = &http.Client{Timeout: 5 * time.Second}
	}
	return &Bank{
		assertions: &verifier{issuer: o.Issuer, audience: o.Service, now: o.Now, keys: keyset.New(o.Issuer, client, o.Now)},
		now:        o.Now,
		log:        o.Log,
	}
}

// maxBody bounds what a caller may send, in octets.
const maxBody = 64 << 10

// call is one verified request.
type call struct {
	request *http.Request
	by      Assertion
	body    []byte
}

// reply is the answer to one: a JSON document and, of the sign-in, the customer.
type reply struct {
	status   int
	document any
	customer string
}

func refusal(status int, code, message string) reply {
	return reply{status: status, document: map[string]string{"code": code, "message": message}}
}

// Handler is the loan system's HTTP interface. Every request without an
// assertion that holds is 401.
func (b *Bank) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(call) reply{
		"GET /loans/offers":          b.offer,
		"POST /loans/applications":   b.apply,
		"GET /accounts/{id}/balance": b.balance,
		"POST /session/sign-in":      b.signIn,
		"GET /me/accounts":           b.accounts,
	} {
		mux.Handle(pattern, b.guarded(answer))
	}
	return mux
}

func (b *Bank) guarded(answer func(call) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by, err := b.assertions.verify(r.Context(), r.Header.Get("Postern-Assertion"))
		if errors.Is(err, errAssertion) {
			b.respond(w, r, refusal(http.StatusUnauthorized, "no_assertion", "Only the gateway may call."))
			return
		}
		if err != nil {
			b.log.ErrorContext(r.Context(), "assertion not checked", slog.Any("err", err))
			b.respond(w, r, refusal(http.StatusServiceUnavailable, "no_keys", "The gateway's keys are not to be had."))
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			b.respond(w, r, refusal(http.StatusRequestEntityTooLarge, "too_large", "The request is too large."))
			return
		}
		made := answer(call{request: r, by: by, body: body})
		b.seen.add(r, by, b.respond(w, r, made), made.status, b.now())
	})
}

// respond writes the answer and returns the document's octets.
func (b *Bank) respond(w http.ResponseWriter, r *http.Request, made reply) []byte {
	document, err := json.Marshal(made.document)
	if err != nil {
		b.log.ErrorContext(r.Context(), "reply not written", slog.Any("err", err))
		w.WriteHeader(http.StatusInternalServerError)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	if made.customer != "" {
		w.Header().Set("Postern-Customer", made.customer)
	}
	w.WriteHeader(made.status)
	if _, err := w.Write(document); err != nil {
		b.log.DebugContext(r.Context(), "reply not sent", slog.Any("err", err))
	}
	return document
}
