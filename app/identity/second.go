package identity

import (
	"cmp"
	"context"

	"postern/app/change"
	"postern/app/errs"
	"postern/models"
)

// Refusals of a choice whether two members are needed.
var (
	ErrTooFew = errs.New(errs.Conflict, "too_few", "Two members who are in and may change production are needed first.")
	ErrAgreed = errs.New(errs.Conflict, "agreed", "This has been decided meanwhile.")
)

// MayConfirm reports whether a member may confirm what another one has asked.
func (m TeamMember) MayConfirm() bool {
	return m.Production && m.Member.Role != models.PortalViewer && m.Account.Status == models.AccountActive
}

// SetSecond has a second member of one's team confirm what opens more in production, on
// an owner's word: at once. To do without is asked by one member and agreed to by
// another: whoever asks has it put on record, and DropSecond decides. ErrTooFew where
// nobody could confirm; ErrAgreed where it is so already.
func (i *Identity) SetSecond(ctx context.Context, by Who, on bool) error {
	return i.second(ctx, by, func(w change.Writer, p models.Partner) (models.Partner, string, error) {
		if !on {
			if !p.SecondMember {
				return p, "", ErrAgreed
			}
			p.SecondOffBy = by.Account.ID
			return p, "second_member.off_asked", nil
		}
		if p.SecondMember {
			if p.SecondOffBy == "" {
				return p, "", ErrAgreed
			}
			p.SecondOffBy = ""
			return p, "second_member.stays", nil
		}
		team, err := teamOf(w.Accounts(), p.ID)
		if err != nil {
			return p, "", err
		}
		people := map[string]bool{}
		for _, m := range team {
			if m.MayConfirm() {
				people[m.Account.PersonID] = true
			}
		}
		if len(people) < 2 {
			return p, "", ErrTooFew
		}
		p.SecondMember, p.SecondOffBy = true, ""
		return p, "second_member.on", nil
	})
}

// DropSecond agrees to what another member has asked, to do without a second one. ErrOwn
// for whoever asked, by whichever account.
func (i *Identity) DropSecond(ctx context.Context, by Who) error {
	return i.second(ctx, by, func(w change.Writer, p models.Partner) (models.Partner, string, error) {
		if !p.SecondMember || p.SecondOffBy == "" {
			return p, "", ErrAgreed
		}
		asker, found, err := w.Accounts().Account(p.SecondOffBy)
		if err != nil {
			return p, "", err
		}
		if !found || asker.ID == by.Account.ID || asker.PersonID == by.Account.PersonID {
			return p, "", ErrOwn
		}
		p.SecondMember, p.SecondOffBy = false, ""
		return p, "second_member.off", nil
	})
}

// second changes what a partner has chosen by f, which names the event, on the word of
// who has lately proved to be there.
func (i *Identity) second(ctx context.Context, by Who, f func(change.Writer, models.Partner) (models.Partner, string, error)) error {
	if err := i.proved(by); err != nil {
		return err
	}
	return i.write(ctx, by.Account.ID, func(w change.Writer) error {
		p, found, err := w.Accounts().Partner(by.Member.PartnerID)
		if err != nil || !found {
			return cmp.Or[error](err, ErrNoMember)
		}
		p, event, err := f(w, p)
		if err != nil {
			return err
		}
		if err := w.SetSecondMember(p); err != nil {
			return err
		}
		return told(w, event, by.Account, map[string]string{"partner": p.ID})
	})
}
