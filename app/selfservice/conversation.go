package selfservice

import (
	"cmp"
	"context"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/ledger"
	"postern/app/partners"
	"postern/app/store"
	"postern/models"
)

// Withdraw takes a request of one's partner back. ErrOver.
func (s *SelfService) Withdraw(ctx context.Context, u User, id int64) error {
	return s.move(ctx, u.Account, id, func(w change.Writer, r *models.PartnerRequest) (string, error) {
		if r.PartnerID != u.Partner {
			return "", ErrNoRequest
		}
		r.State, r.DecidedAt, r.WaitsSince = models.PartnerWithdrawn, w.At(), 0
		return "partner_request.withdrawn", nil
	})
}

// Reply says something about a request of one's partner, which answers the bank's
// question where it asked one. A fault comes back as "text"; ErrOver.
func (s *SelfService) Reply(ctx context.Context, u User, id int64, text string) error {
	if err := approval.CheckReason("text", text); err != nil {
		return err
	}
	return s.move(ctx, u.Account, id, func(w change.Writer, r *models.PartnerRequest) (string, error) {
		if r.PartnerID != u.Partner || r.Inside {
			return "", ErrNoRequest
		}
		if r.State == models.PartnerQuestion {
			r.State = models.PartnerInReview
		}
		if r.WaitsSince == 0 {
			r.WaitsSince = w.At()
		}
		return "partner_request.answered", say(w, *r, false, text)
	})
}

// Take has an officer take a request up. ErrOver; approval.ErrOwn for whoever made
// it, by whichever account.
func (s *SelfService) Take(ctx context.Context, by approval.By, id int64) error {
	return s.officer(ctx, by, id, func(_ change.Writer, r *models.PartnerRequest) (string, error) {
		if r.State == models.PartnerSubmitted {
			r.State = models.PartnerInReview
		}
		return "partner_request.taken", nil
	})
}

// Question asks the partner something. A fault comes back as "text".
func (s *SelfService) Question(ctx context.Context, by approval.By, id int64, text string) error {
	if err := approval.CheckReason("text", text); err != nil {
		return err
	}
	return s.officer(ctx, by, id, func(w change.Writer, r *models.PartnerRequest) (string, error) {
		r.State = models.PartnerQuestion
		return "partner_request.asked_back", say(w, *r, true, text)
	})
}

// Decline refuses a request for good; the partner reads why. A fault comes back as
// "text".
func (s *SelfService) Decline(ctx context.Context, by approval.By, id int64, text string) error {
	if err := approval.CheckReason("text", text); err != nil {
		return err
	}
	return s.officer(ctx, by, id, func(w change.Writer, r *models.PartnerRequest) (string, error) {
		r.State, r.DecidedAt = models.PartnerDeclined, w.At()
		return "partner_request.declined", say(w, *r, true, text)
	})
}

// Propose makes a change request of what the partner asked for, in the officer's
// own name and with the officer's reason: another person of the bank decides it.
// Faults of what the partner asked come back as bankfile.Refusal: since then
// something else may have changed. ErrProposed while one waits to be decided.
func (s *SelfService) Propose(ctx context.Context, by approval.By, id int64, reason string) (out approval.Outcome, err error) {
	if err := approval.CheckReason("reason", reason); err != nil {
		return out, err
	}
	r, found, err := s.o.Store.PartnerRequestByID(ctx, id)
	if err != nil || !found || r.Inside {
		return out, cmp.Or[error](err, ErrNoRequest)
	}
	var content string
	if err := s.o.Store.Business(ctx, func(b store.Business) (err error) {
		content, err = Wanted(b, r)
		return err
	}); err != nil {
		return out, err
	}
	if err := s.Take(ctx, by, id); err != nil {
		return out, err
	}
	return s.o.Approvals.Submit(ctx, by, approval.Ask{
		Kind: bankfile.Kind, Subject: subject(r.PartnerID), Content: content, Reason: reason, Waits: true, Answers: r.ID,
		Unless: func(b store.Business) error {
			if answer, found, err := b.Answer(r.ID); err != nil || found && answer.State == models.RequestSubmitted {
				return cmp.Or[error](err, ErrProposed)
			}
			if now, err := Wanted(b, r); err != nil || now != content {
				return cmp.Or[error](err, change.ErrMoved)
			}
			return nil
		},
	})
}

// Wanted is what a request comes to as of now, as a bank file: what a partner
// decides lies over the application that is there, and what the bank has changed
// since it was asked for stays.
func Wanted(b store.Business, r models.PartnerRequest) (content string, err error) {
	wanted, err := bankfile.AskedIn(r.Content)
	if err != nil || wanted.Application.ID == "" {
		return r.Content, err
	}
	asked := wanted.Application
	a, found, err := partners.ReadApplication(b, r.ApplicationID)
	if err != nil {
		return "", err
	}
	if !found {
		return bankfile.Compose(asked)
	}
	a.Name, a.AuthMethod, a.AddressMode, a.Addresses, a.ReturnAddresses = asked.Name, asked.AuthMethod, asked.AddressMode, asked.Addresses, asked.ReturnAddresses
	return bankfile.Compose(a)
}

// officer moves a request on an officer's word, whose it is from then on.
func (s *SelfService) officer(ctx context.Context, by approval.By, id int64, f func(change.Writer, *models.PartnerRequest) (string, error)) error {
	return s.move(ctx, by.Account, id, func(w change.Writer, r *models.PartnerRequest) (string, error) {
		if r.Inside {
			return "", ErrNoRequest
		}
		if by.Person == "" || by.Person == r.MakerPerson {
			return "", approval.ErrOwn
		}
		r.Officer, r.WaitsSince = by.Account, 0
		return f(w, r)
	})
}

// move changes an open request by f, which names the event.
func (s *SelfService) move(ctx context.Context, actor string, id int64, f func(change.Writer, *models.PartnerRequest) (string, error)) error {
	return s.write(ctx, actor, func(w change.Writer, _ store.Business) error {
		r, found, err := w.Tx.PartnerRequest(id)
		if err != nil || !found {
			return cmp.Or[error](err, ErrNoRequest)
		}
		open := r.State.Open()
		event, err := f(w, &r)
		if err != nil {
			return err
		}
		if !open {
			return ErrOver
		}
		ok, err := w.MovePartnerRequest(r)
		if err != nil || !ok {
			return cmp.Or[error](err, ErrOver)
		}
		return s.told(w, event, r)
	})
}

func say(w change.Writer, r models.PartnerRequest, bank bool, text string) error {
	id, err := ledger.NewID(w.Now, w.Rand)
	if err != nil {
		return err
	}
	return w.AddPartnerNote(models.PartnerRequestNote{ID: id, RequestID: r.ID, AccountID: w.Actor, Bank: bank, At: w.At(), Text: text})
}
