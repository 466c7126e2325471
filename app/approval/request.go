package approval

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Life is for how long a change request waits for somebody.
const Life = 14 * 24 * time.Hour

// Refusals.
var (
	ErrNothing   = errs.New(errs.Conflict, "nothing_to_change", "This would change nothing.")
	ErrOwn       = errs.New(errs.Forbidden, "own_request", "Whoever asked for a change cannot decide it, by whichever account.")
	ErrDecided   = errs.New(errs.Conflict, "request_decided", "This request is not open any more.")
	ErrOther     = errs.New(errs.Conflict, "request_differs", "This is not what was shown: look at it again.")
	ErrOutdated  = errs.New(errs.Conflict, "request_outdated", "What this was made on has changed since: it must be asked for anew.")
	ErrWidens    = errs.New(errs.Forbidden, "widens", "This would let a partner reach more: whoever only stops things cannot ask for it.")
	ErrNotOwn    = errs.New(errs.Forbidden, "not_own", "A partner does not decide this by itself; the bank does.")
	ErrSecond    = errs.New(errs.Forbidden, "second_member", "A second member of the partner's team must confirm this.")
	ErrAnswered  = errs.New(errs.Conflict, "answered", "The partner's request is not open any more.")
	ErrNoRequest = errs.New(errs.NotFound, "no_request", "There is no such change request.")
)

// Applier makes the changes of one kind. Both methods look at the same content:
// Describe says what it would change now, Apply changes it in w's transaction
// and says the same of what it did. A content that breaks a rule is an error.
type Applier interface {
	Describe(b store.Business, content string, now time.Time) (change.Plan, error)
	Apply(b store.Business, content string, w change.Writer) (change.Plan, error)
}

// Preparer is an Applier whose changes need something that must not be made
// inside a transaction, such as a key (docs/decisions/0029). Prepare makes it
// before the transaction that approves a request with the content, and what it
// returns is called there in the place of Apply.
type Preparer interface {
	Applier
	Prepare(content string) (func(store.Business, string, change.Writer) (change.Plan, error), error)
}

// Owning is an Applier that knows what is partners' own. Own says how far a partner
// decides by itself what a content changes.
type Owning interface {
	Own(b store.Business, content, partner string, now time.Time) (change.Own, error)
}

// Teller writes down, in w's transaction, who is to be told what of a request, and
// of the partner's request that it answers.
type Teller interface {
	TellOfRequest(w change.Writer, r models.ChangeRequest, news models.News) error
	TellOfPartnerRequest(w change.Writer, r models.PartnerRequest, news models.News) error
}

// Kind is a use case with changes to approve.
type Kind struct {
	Applier Applier
	// Alone is for kinds of which nothing may be done by one person.
	Alone bool
}

// Options are what Approvals work with.
type Options struct {
	Store *store.Store
	Kinds map[string]Kind
	Tell  Teller // nil: nobody is told
	// Own, if set, refuses by its error what a plan of a kind takes away from a
	// partner that is not the account's: of who may stop their own only.
	Own func(b store.Business, account, kind string, p change.Plan) error
	// Asks, if set, says of which plans they only ask: another person decides.
	Asks func(p change.Plan) bool
	Now  func() time.Time
	Rand io.Reader
	// Applied, if set, is called once a change is on disk: this node need not wait
	// to hear of it.
	Applied func(context.Context)
}

// Approvals are the change requests. It may be used by any number of goroutines.
type Approvals struct{ o Options }

// New returns the change requests of o's store.
func New(o Options) *Approvals { return &Approvals{o: o} }

// By is who asks or decides.
type By struct {
	Account, Person string
	// OwnOnly is for whoever may stop the partners that they look after, and no
	// others: on their word alone nothing of another's stops.
	OwnOnly bool
}

// owns refuses what by may not let take effect.
func (a *Approvals) owns(b store.Business, by By, kind string, p change.Plan) error {
	if !by.OwnOnly || a.o.Own == nil {
		return nil
	}
	return a.o.Own(b, by.Account, kind, p)
}

// onlyAsks reports whether by may only ask for what a plan does.
func (a *Approvals) onlyAsks(by By, p change.Plan) bool {
	return by.OwnOnly && a.o.Asks != nil && a.o.Asks(p)
}

// Ask is what somebody wants to change.
type Ask struct {
	Kind    string
	Subject string // what it is mainly about, for lists
	Content string
	Reason  string
	// Narrows is for whoever may only stop things: what widens is ErrWidens.
	Narrows bool
	// Waits is for whoever may only ask: another person decides, whatever it does.
	Waits bool
	// Partner, if set, is whose user asks: what is that partner's own to decide takes
	// effect at once, and anything else is ErrNotOwn. Where the partner has chosen so,
	// what is ruled is ErrSecond unless it answers what another member asked.
	Partner string
	// Answers is the partner's request that this is made for; 0 for none. It is
	// approved in the transaction in which the change takes effect; ErrAnswered
	// where it is not open any more.
	Answers int64
	// Unless, if set, refuses by its error, in the transaction of the change: for
	// what must still be as it was shown.
	Unless func(store.Business) error
	// Also, if set, writes what belongs to it in the transaction in which it takes
	// effect at once.
	Also func(change.Writer) error
}

// Outcome says what became of an Ask.
type Outcome struct {
	Plan    change.Plan
	Applied bool  // it took effect at once
	Request int64 // else the number under which it waits
}

// The bounds of a reason and a comment, characters.
const (
	minReason = 5
	maxReason = 1000
)

// CheckReason refuses a reason that is too short or too long, as a fault of the field.
func CheckReason(field, reason string) error {
	var f errs.Fields
	n := utf8.RuneCountInString(reason)
	id, sentence := "approval.reason", "Say why, in 5 to 1,000 characters."
	if field != "reason" {
		id, sentence = "approval.text", "Write 5 to 1,000 characters."
	}
	f.Check(n >= minReason && n <= maxReason && utf8.ValidString(reason), field, id, sentence)
	return f.Invalid()
}

// Submit makes a change. What narrows takes effect at once; what widens waits
// for another person (design: four eyes): Request is its number. Faults of the content come back as the applier
// made them; a missing reason is one of the field "reason".
func (a *Approvals) Submit(ctx context.Context, by By, ask Ask) (out Outcome, err error) {
	kind, known := a.o.Kinds[ask.Kind]
	if !known {
		return out, fmt.Errorf("no changes of kind %q", ask.Kind)
	}
	if err := CheckReason("reason", ask.Reason); err != nil {
		return out, err
	}
	err = a.write(ctx, by.Account, func(w change.Writer, b store.Business) error {
		out = Outcome{}
		if ask.Unless != nil {
			if err := ask.Unless(b); err != nil {
				return err
			}
		}
		plan, err := kind.Applier.Describe(b, ask.Content, w.Now)
		out.Plan = plan
		if err != nil {
			return err
		}
		if len(plan.Things) == 0 {
			return ErrNothing
		}
		if ask.Narrows && plan.Widening() > 0 {
			return ErrWidens
		}
		w.Partner = ask.Partner
		if err := mayOwn(kind.Applier, b, ask, w.Now); err != nil {
			return err
		}
		_, err = Directly(b, ask.Partner == "" && (kind.Alone || ask.Waits || plan.Widening() > 0 || a.onlyAsks(by, plan)))
		if errors.Is(err, ErrSecondPerson) {
			out.Request, err = a.file(w, by, ask, plan)
			return err
		}
		if err != nil {
			return err
		}
		if err := a.owns(b, by, ask.Kind, plan); err != nil {
			return err
		}
		out.Applied = true
		w.Because = ask.Reason
		if _, err = kind.Applier.Apply(b, ask.Content, w); err != nil {
			return err
		}
		if err := a.answer(w, by, ask.Answers); err != nil || ask.Also == nil {
			return err
		}
		return ask.Also(w)
	})
	if err == nil && out.Applied {
		a.applied(ctx)
	}
	return out, err
}

// mayOwn refuses what a partner's user asks for and the partner does not decide, or not
// on one member's word.
func mayOwn(applier Applier, b store.Business, ask Ask, now time.Time) error {
	if ask.Partner == "" {
		return nil
	}
	owning, ok := applier.(Owning)
	if !ok {
		return ErrNotOwn
	}
	own, err := owning.Own(b, ask.Content, ask.Partner, now)
	switch {
	case err != nil:
		return err
	case own == change.NotOwn:
		return ErrNotOwn
	case own == change.Alone || ask.Answers != 0:
		return nil // whoever answers is another person: see answer
	}
	rows, err := b.Partners([]string{ask.Partner})
	if err != nil {
		return err
	}
	if len(rows) != 1 || rows[0].SecondMember {
		return ErrSecond
	}
	return nil
}

// answer approves the partner's request that a change was made for, on the word of
// somebody who has not made it, by whichever account.
func (a *Approvals) answer(w change.Writer, by By, request int64) error {
	if request == 0 {
		return nil
	}
	r, found, err := w.Tx.PartnerRequest(request)
	if err != nil || !found {
		return cmp.Or[error](err, ErrAnswered)
	}
	if by.Person == "" || by.Person == r.MakerPerson {
		return ErrOwn
	}
	if r.Inside != (w.Partner != "") || r.Inside && r.PartnerID != w.Partner {
		return ErrAnswered // each side answers what it is asked
	}
	r.State, r.DecidedAt, r.WaitsSince = models.PartnerApproved, w.At(), 0
	event := "partner_request.approved"
	if r.Inside {
		r.Officer, event = by.Account, "partner_request.confirmed"
	}
	ok, err := w.MovePartnerRequest(r)
	if err != nil || !ok {
		return cmp.Or[error](err, ErrAnswered)
	}
	w.Request = 0 // "request" is the partner's in events about it
	err = w.Event(ledger.Event{Kind: event, PartnerID: r.PartnerID, ApplicationID: r.ApplicationID},
		map[string]string{"request": strconv.FormatInt(r.ID, 10)})
	if err != nil || a.o.Tell == nil {
		return err
	}
	if err := a.o.Tell.TellOfPartnerRequest(w, r, models.NewsApproved); err != nil || !r.Inside {
		return err
	}
	return a.o.Tell.TellOfPartnerRequest(w, r, models.NewsDecided)
}

// tellPartner tells whoever asked for it that a change request was made of a
// partner's; 0 for none.
func (a *Approvals) tellPartner(w change.Writer, request int64) error {
	if a.o.Tell == nil || request == 0 {
		return nil
	}
	r, found, err := w.Tx.PartnerRequest(request)
	if err != nil || !found {
		return cmp.Or[error](err, ErrAnswered)
	}
	return a.o.Tell.TellOfPartnerRequest(w, r, models.NewsPrepared)
}

func (a *Approvals) applied(ctx context.Context) {
	if a.o.Applied != nil {
		a.o.Applied(ctx)
	}
}

// file puts a request on record.
func (a *Approvals) file(w change.Writer, by By, ask Ask, plan change.Plan) (int64, error) {
	text, err := json.Marshal(plan)
	if err != nil {
		return 0, fmt.Errorf("write plan: %w", err)
	}
	r := models.ChangeRequest{
		Kind: ask.Kind, Subject: ask.Subject, Content: ask.Content, ContentHash: hash(ask.Content), Plan: string(text), PlanHash: hash(string(text)),
		Reason: ask.Reason, State: models.RequestSubmitted, Maker: by.Account, MakerPerson: by.Person,
		MadeAt: w.At(), ExpiresAt: w.Now.Add(Life).UnixMilli(), Answers: ask.Answers,
	}
	if err := w.CreateRequest(&r); err != nil {
		return 0, err
	}
	if err := told(w, "change.requested", r, map[string]string{"reason": r.Reason}); err != nil {
		return 0, err
	}
	if err := a.tellPartner(w, r.Answers); err != nil {
		return 0, err
	}
	return r.ID, a.tell(w, r, models.NewsAsked)
}

func (a *Approvals) tell(w change.Writer, r models.ChangeRequest, news models.News) error {
	if a.o.Tell == nil {
		return nil
	}
	return a.o.Tell.TellOfRequest(w, r, news)
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// told is an event about a request.
func told(w change.Writer, kind string, r models.ChangeRequest, detail map[string]string) error {
	detail["request"], detail["subject"] = strconv.FormatInt(r.ID, 10), r.Subject
	detail["content_sha256"], detail["maker"] = r.ContentHash, r.Maker
	return w.Event(ledger.Event{Kind: kind}, detail)
}

// write runs f in one transaction behind the turn that changes of the business take.
func (a *Approvals) write(ctx context.Context, actor string, f func(change.Writer, store.Business) error) error {
	return a.o.Store.Write(ctx, func(tx *store.Tx) error {
		b, err := tx.Business()
		if err != nil {
			return err
		}
		return f(change.NewWriter(ctx, tx, actor, a.o.Now(), a.o.Rand), b)
	})
}
