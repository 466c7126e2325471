package approval

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Verdict is what somebody decides about a request as it was shown: by its
// content's hash and by the plan's.
type Verdict struct {
	Request               int64
	ContentHash, PlanHash string
	Reason                string
	Seen                  string // what was admitted of its effects, for the record; may be empty
}

// Approve applies a request, in the transaction that marks it approved, if it is
// exactly what was shown and still changes exactly that: ErrOther and
// ErrOutdated if not, ErrOwn for its maker, ErrDecided when it is not open.
func (a *Approvals) Approve(ctx context.Context, by By, v Verdict) error {
	if err := CheckReason("reason", v.Reason); err != nil {
		return err
	}
	apply, err := a.prepare(ctx, by, v)
	if err != nil {
		return err
	}
	var outdated error
	err = a.write(ctx, by.Account, func(w change.Writer, b store.Business) error {
		outdated = nil
		r, err := a.open(w, v.Request)
		if err != nil {
			return err
		}
		if err := mayDecide(by, r); err != nil {
			return err
		}
		if v.ContentHash != r.ContentHash || v.PlanHash != r.PlanHash || hash(r.Content) != r.ContentHash {
			return ErrOther
		}
		plan, same, err := a.stillSame(w, b, r)
		if err != nil {
			return err
		}
		if !same {
			outdated = ErrOutdated
			return a.decide(w, By{}, r, models.RequestOutdated, "", "change.outdated")
		}
		if err := a.owns(b, by, r.Kind, plan); err != nil {
			return err
		}
		w.Request, w.Maker, w.Because = r.ID, r.Maker, r.Reason
		if _, err := apply(b, r.Content, w); err != nil {
			return err
		}
		if err := a.answer(w, by, r.Answers); err != nil {
			return err
		}
		return a.decideSeeing(w, by, r, v)
	})
	if err != nil {
		return err
	}
	if outdated == nil {
		a.applied(ctx)
	}
	return outdated
}

// prepare makes what the request's change needs before its transaction, and
// returns what applies it. It looks only at what cannot become otherwise: the
// content, and who asked. Whether the request may be decided the transaction finds.
func (a *Approvals) prepare(ctx context.Context, by By, v Verdict) (func(store.Business, string, change.Writer) (change.Plan, error), error) {
	r, found, err := a.o.Store.RequestByID(ctx, v.Request)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNoRequest
	}
	kind, known := a.o.Kinds[r.Kind]
	if !known {
		return nil, fmt.Errorf("no changes of kind %q", r.Kind)
	}
	prepares, ok := kind.Applier.(Preparer)
	if !ok || r.State != models.RequestSubmitted || mayDecide(by, r) != nil || v.ContentHash != r.ContentHash {
		return kind.Applier.Apply, nil
	}
	return prepares.Prepare(r.Content)
}

// stillSame reports whether a request would change now what it would have
// changed when it was made. A content that breaks a rule by now is not the same.
func (a *Approvals) stillSame(w change.Writer, b store.Business, r models.ChangeRequest) (plan change.Plan, same bool, err error) {
	kind, known := a.o.Kinds[r.Kind]
	if !known {
		return plan, false, fmt.Errorf("no changes of kind %q", r.Kind)
	}
	plan, err = kind.Applier.Describe(b, r.Content, w.Now)
	if errs.KindOf(err) == errs.Invalid {
		return plan, false, nil
	}
	if err != nil {
		return plan, false, err
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return plan, false, fmt.Errorf("write plan: %w", err)
	}
	return plan, hash(string(text)) == r.PlanHash, nil
}

// open reads a request that can be decided. One whose time is over is put away
// by Expire and refused here already.
func (a *Approvals) open(w change.Writer, id int64) (models.ChangeRequest, error) {
	r, found, err := w.Tx.Request(id)
	switch {
	case err != nil:
		return r, err
	case !found:
		return r, ErrNoRequest
	case r.State != models.RequestSubmitted || w.At() >= r.ExpiresAt:
		return r, ErrDecided
	}
	return r, nil
}

// mayDecide holds maker and checker apart; the database does, too.
func mayDecide(by By, r models.ChangeRequest) error {
	if by.Person == "" || by.Person == r.MakerPerson || by.Account == r.Maker {
		return ErrOwn
	}
	return nil
}

func (a *Approvals) decide(w change.Writer, by By, r models.ChangeRequest, state models.RequestState, reason, event string) error {
	return a.record(w, by, r, state, event, map[string]string{"reason": reason})
}

// record writes a decision with its event.
func (a *Approvals) record(w change.Writer, by By, r models.ChangeRequest, state models.RequestState, event string, detail map[string]string) error {
	r.State, r.Checker, r.CheckerPerson, r.Decision, r.DecidedAt = state, by.Account, by.Person, detail["reason"], w.At()
	ok, err := w.DecideRequest(r)
	if err != nil {
		return err
	}
	if !ok {
		return ErrDecided
	}
	if err := told(w, event, r, detail); err != nil {
		return err
	}
	if news, known := newsOf[state]; known {
		return a.tell(w, r, news)
	}
	return nil
}

// newsOf is what the maker is told; who withdraws a request knows.
var newsOf = map[models.RequestState]models.News{
	models.RequestApproved: models.NewsApproved, models.RequestSentBack: models.NewsSentBack,
	models.RequestRejected: models.NewsRejected, models.RequestOutdated: models.NewsOutdated,
}

// decideSeeing approves, with what was seen on record.
func (a *Approvals) decideSeeing(w change.Writer, by By, r models.ChangeRequest, v Verdict) error {
	detail := map[string]string{"reason": v.Reason}
	if v.Seen != "" {
		detail["seen"] = v.Seen
	}
	return a.record(w, by, r, models.RequestApproved, "change.approved", detail)
}

// SendBack gives a request back to its maker, who asks for something else.
func (a *Approvals) SendBack(ctx context.Context, by By, v Verdict) error {
	return a.refuse(ctx, by, v, models.RequestSentBack, "change.sent_back")
}

// Reject refuses a request for good.
func (a *Approvals) Reject(ctx context.Context, by By, v Verdict) error {
	return a.refuse(ctx, by, v, models.RequestRejected, "change.rejected")
}

func (a *Approvals) refuse(ctx context.Context, by By, v Verdict, state models.RequestState, event string) error {
	if err := CheckReason("reason", v.Reason); err != nil {
		return err
	}
	return a.write(ctx, by.Account, func(w change.Writer, _ store.Business) error {
		r, err := a.open(w, v.Request)
		if err != nil {
			return err
		}
		if err := mayDecide(by, r); err != nil {
			return err
		}
		return a.decide(w, by, r, state, v.Reason, event)
	})
}

// Withdraw takes back one's own request.
func (a *Approvals) Withdraw(ctx context.Context, by By, id int64) error {
	return a.write(ctx, by.Account, func(w change.Writer, _ store.Business) error {
		r, err := a.open(w, id)
		if err != nil {
			return err
		}
		if r.Maker != by.Account {
			return ErrNoRequest
		}
		// Nobody has checked it, so no checker stands in the row.
		return a.decide(w, By{}, r, models.RequestWithdrawn, "", "change.withdrawn")
	})
}

// Comment says something about a request, whatever its state.
func (a *Approvals) Comment(ctx context.Context, by By, id int64, text string) error {
	if err := CheckReason("comment", text); err != nil {
		return err
	}
	return a.write(ctx, by.Account, func(w change.Writer, _ store.Business) error {
		r, found, err := w.Tx.Request(id)
		if err != nil || !found {
			return cmp.Or[error](err, ErrNoRequest)
		}
		name, err := ledger.NewID(w.Now, w.Rand)
		if err != nil {
			return err
		}
		if err := w.AddComment(models.ChangeComment{ID: name, RequestID: r.ID, AccountID: by.Account, At: w.At(), Text: text}); err != nil {
			return err
		}
		return told(w, "change.commented", r, map[string]string{})
	})
}

// expireAtOnce bounds how many requests one transaction puts away.
const expireAtOnce = 100

// Expire puts away requests whose time is over, and returns how many.
func (a *Approvals) Expire(ctx context.Context) (n int, err error) {
	err = a.write(ctx, "", func(w change.Writer, _ store.Business) error {
		ids, err := w.ExpireRequests(w.At(), expireAtOnce)
		n = len(ids)
		for _, id := range ids {
			if err := told(w, "change.expired", models.ChangeRequest{ID: id}, map[string]string{}); err != nil {
				return err
			}
			r, _, err := w.Tx.Request(id)
			if err != nil {
				return err
			}
			if err := a.tell(w, r, models.NewsExpired); err != nil {
				return err
			}
		}
		return err
	})
	return n, err
}

// warnBefore is how long before a request's end its maker is told of it.
const warnBefore = 24 * time.Hour

// Warn tells the makers of requests whose time is nearly over, once, and returns
// of how many.
func (a *Approvals) Warn(ctx context.Context) (n int, err error) {
	err = a.write(ctx, "", func(w change.Writer, _ store.Business) error {
		list, err := w.EndingRequests(w.Now.Add(warnBefore).UnixMilli(), w.At(), expireAtOnce)
		n = len(list)
		for _, r := range list {
			if err := a.tell(w, r, models.NewsExpiring); err != nil {
				return err
			}
		}
		return err
	})
	return n, err
}
