package selfservice

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/partners"
	"postern/app/store"
	"postern/models"
)

// The bounds of what one partner can have.
const (
	MaxCredentials = 10 // of an application, that are not over
	MaxSandbox     = 20 // applications in the sandbox that are not closed
	MaxRequests    = 20 // requests that wait
)

// Refusals.
var (
	ErrNoRequest   = errs.New(errs.NotFound, "no_request", "There is no such request.")
	ErrOver        = errs.New(errs.Conflict, "request_over", "This request has been decided or withdrawn.")
	ErrProposed    = errs.New(errs.Conflict, "proposed", "A change request was made of this, and waits to be decided.")
	ErrCredentials = errs.New(errs.Conflict, "credentials_full", "The application has as many credentials as it can have: end one first.")
	ErrSandbox     = errs.New(errs.Conflict, "sandbox_full", "There are as many applications in the sandbox as there can be: close one first.")
	ErrWaiting     = errs.New(errs.Conflict, "requests_waiting", "As many requests wait as can wait: withdraw one first.")
	ErrLast        = errs.New(errs.Conflict, "last_credential", "It is the last with which the application works: without it, it asks for nothing any more.")
	ErrTaken       = errs.New(errs.Conflict, "id_taken", "There is such an application already.") // two draws alike: nobody has seen it
)

// What the gateway notes as the reason of what a partner's users do without giving one.
// views/i18n has them in every language, by these sentences.
const (
	ReasonApplication = "New application in the sandbox."
	ReasonChanged     = "Changed by the partner."
	ReasonClosed      = "Closed by the partner."
	ReasonCredential  = "New credential in the sandbox."
	ReasonFurther     = "Further credential, registered by the partner."
	ReasonEnded       = "Ended by the partner."
	ReasonKept        = "Kept by the partner."
	ReasonFrozen      = "Frozen by the partner."
	ReasonThawed      = "Thawed by the partner."
	ReasonTaken       = "Taken by the partner in its sandbox."
	ReasonGivenBack   = "Given back by the partner."
)

// Teller writes down, in w's transaction, who is to be told what of a partner's request.
type Teller interface {
	TellOfPartnerRequest(w change.Writer, r models.PartnerRequest, news models.News) error
	TellOfEnd(w change.Writer, partner string, c models.Credential) error
}

// Options are what SelfService works with.
type Options struct {
	Store     *store.Store
	Approvals *approval.Approvals
	Tell      Teller
	Now       func() time.Time
	Rand      io.Reader
}

// SelfService may be used by any number of goroutines.
type SelfService struct{ o Options }

// New returns what partners' users change by.
func New(o Options) *SelfService { return &SelfService{o} }

// User is somebody of a partner.
type User struct {
	approval.By
	Partner string
}

// idLetters are what a client_id is made of behind its prefix: nothing that reads
// like something else. 31^10 of them are 49 bits.
const idLetters = "23456789abcdefghjkmnpqrstuvwxyz"

// Prefix is how a client_id of an environment begins, so that nobody takes one for
// one of the other.
func Prefix(e models.Environment) string {
	if e == models.Production {
		return "app_live_"
	}
	return "app_test_"
}

// NewClientID draws a client_id.
func (s *SelfService) NewClientID(e models.Environment) (string, error) {
	var id strings.Builder
	id.WriteString(Prefix(e))
	for octet := make([]byte, 1); id.Len() < len(Prefix(e))+10; {
		if _, err := io.ReadFull(s.o.Rand, octet); err != nil {
			return "", fmt.Errorf("draw client_id: %w", err)
		}
		if int(octet[0]) < 256/len(idLetters)*len(idLetters) { // no letter is likelier than another
			id.WriteByte(idLetters[int(octet[0])%len(idLetters)])
		}
	}
	return id.String(), nil
}

// Create makes an application in the sandbox, at once. Faults come back as
// bankfile.Refusal. ErrSandbox.
func (s *SelfService) Create(ctx context.Context, u User, a partners.Application) error {
	return s.Change(ctx, u, a, ReasonApplication, func(b store.Business) error {
		if err := unknown(b, a.ID); err != nil {
			return err
		}
		rows, err := b.ApplicationsOf([]string{u.Partner})
		if err != nil {
			return err
		}
		n := 0
		for _, row := range rows {
			if row.Environment == models.Sandbox && row.Status != models.Closed {
				n++
			}
		}
		if n >= MaxSandbox {
			return ErrSandbox
		}
		return nil
	})
}

func unknown(b store.Business, application string) error {
	rows, err := b.Applications([]string{application})
	if err == nil && len(rows) > 0 {
		return ErrTaken
	}
	return err
}

// Change changes one of the applications in the sandbox, at once; unless refuses
// what is not any more as it was shown.
func (s *SelfService) Change(ctx context.Context, u User, a partners.Application, reason string, unless func(store.Business) error) error {
	return s.change(ctx, u, a, approval.Ask{Reason: reason, Unless: unless})
}

// change submits a change of an application, or a credential, on the partner's word.
func (s *SelfService) change(ctx context.Context, u User, thing any, ask approval.Ask) error {
	content, err := bankfile.Compose(thing)
	if err != nil {
		return err
	}
	ask.Kind, ask.Subject, ask.Content, ask.Partner = bankfile.Kind, subject(u.Partner), content, u.Partner
	_, err = s.o.Approvals.Submit(ctx, u.By, ask)
	return err
}

func subject(partner string) string { return "partner " + partner }

// Ask asks the bank for an application as it shall be. Faults come back as
// bankfile.Refusal, that of the reason as one of the field "reason"; where it would
// change nothing, approval.ErrNothing. ErrWaiting; unless refuses what is not any
// more as it was shown.
func (s *SelfService) Ask(ctx context.Context, u User, a partners.Application, reason string, unless func(store.Business) error) (r models.PartnerRequest, err error) {
	if err := approval.CheckReason("reason", reason); err != nil {
		return r, err
	}
	return s.ask(ctx, u, asking{thing: a, application: a.ID, reason: reason, unless: unless})
}

// asking is what a partner's user asks for.
type asking struct {
	thing       any // a partners.Application, a partners.Credential or a partners.Grant
	application string
	reason      string
	inside      bool // a second member decides it, not the bank
	unless      func(store.Business) error
}

// ask puts a request on record that waits.
func (s *SelfService) ask(ctx context.Context, u User, a asking) (r models.PartnerRequest, err error) {
	content, err := bankfile.Compose(a.thing)
	if err != nil {
		return r, err
	}
	r = models.PartnerRequest{
		PartnerID: u.Partner, ApplicationID: a.application, Content: content, Reason: a.reason, Inside: a.inside,
		State: models.PartnerSubmitted, Maker: u.Account, MakerPerson: u.Person,
	}
	err = s.write(ctx, u.Account, func(w change.Writer, b store.Business) error {
		if _, _, err := w.Accounts().Partner(u.Partner); err != nil { // locked: nobody else counts meanwhile
			return err
		}
		if a.unless != nil {
			if err := a.unless(b); err != nil {
				return err
			}
		}
		switch plan, err := (bankfile.Applier{}).Describe(b, content, w.Now); {
		case err != nil:
			return err
		case len(plan.Things) == 0:
			return approval.ErrNothing
		}
		n, err := w.OpenPartnerRequests(u.Partner, MaxRequests)
		if err != nil {
			return err
		}
		if n >= MaxRequests {
			return ErrWaiting
		}
		r.ID, r.MadeAt = 0, w.At()
		if !r.Inside {
			r.WaitsSince = w.At()
		}
		if err := w.CreatePartnerRequest(&r); err != nil {
			return err
		}
		return s.told(w, "partner_request.made", r)
	})
	return r, err
}

// Unknown is the unless of an application that nobody has yet.
func Unknown(id string) func(store.Business) error {
	return func(b store.Business) error { return unknown(b, id) }
}

// news is what people are told of, by the event.
var news = map[string]models.News{
	"partner_request.made": models.NewsAsked, "partner_request.answered": models.NewsReplied,
	"partner_request.asked_back": models.NewsQuestion, "partner_request.declined": models.NewsDeclined,
}

// told writes the event about a partner's request, and who is to be told of it.
func (s *SelfService) told(w change.Writer, event string, r models.PartnerRequest) error {
	detail := map[string]string{"request": strconv.FormatInt(r.ID, 10)}
	if err := w.Event(ledger.Event{Kind: event, PartnerID: r.PartnerID, ApplicationID: r.ApplicationID}, detail); err != nil {
		return err
	}
	if about, tells := news[event]; tells {
		if r.Inside && about == models.NewsAsked {
			about = models.NewsConfirm
		}
		return s.o.Tell.TellOfPartnerRequest(w, r, about)
	}
	return nil
}

func (s *SelfService) write(ctx context.Context, actor string, f func(change.Writer, store.Business) error) error {
	return s.o.Store.Write(ctx, func(tx *store.Tx) error {
		b, err := tx.Business()
		if err != nil {
			return err
		}
		return f(change.NewWriter(ctx, tx, actor, s.o.Now(), s.o.Rand), b)
	})
}
