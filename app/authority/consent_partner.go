package authority

import (
	"context"

	"postern/app/consents"
	"postern/app/store"
	"postern/models"
)

// ConsentQuery is what a partner asks about one of its users.
type ConsentQuery struct {
	Subject string // as the partner gave it at step B
	Scope   string // empty is all
	After   string // the id of the last one of the page before; empty is the first page
}

// MaxConsentPage is how many consents a page of an answer has at most.
const MaxConsentPage = 100

// ConsentsOf lists the consents that a subject gave the calling application,
// those that ended too, the oldest first, also where a customer had signed in.
// more says that others follow. It fails with errs.Unavailable.
func (a *Authority) ConsentsOf(ctx context.Context, c Caller, q ConsentQuery, requestID string) (list []models.Consent, more bool, err error) {
	if err := a.useOnce(ctx, c, requestID); err != nil {
		return nil, false, err
	}
	list, err = a.Consents.Store.Consents(ctx, store.ConsentFilter{
		ApplicationID: c.Application.ID, ScopeID: q.Scope, SubjectMAC: a.Ring.Subjects().MAC(c.Application.ID, q.Subject), After: q.After,
	}, MaxConsentPage+1)
	if err != nil {
		return nil, false, errUnavailable.Because("consents").Wrap(err)
	}
	if len(list) > MaxConsentPage {
		return list[:MaxConsentPage], true, nil
	}
	return list, false, nil
}

// ConsentChoice is what a partner withdraws: one consent by its id, or all of a
// subject to a scope.
type ConsentChoice struct{ ID, Subject, Scope string }

// WithdrawFor withdraws consents to the calling application in the name of its
// user. What is not there, another application's included, is answered alike.
func (a *Authority) WithdrawFor(ctx context.Context, c Caller, what ConsentChoice, requestID string) error {
	if err := a.useOnce(ctx, c, requestID); err != nil {
		return err
	}
	err := a.withdraw(ctx, consents.Withdrawal{
		Consents: store.ConsentFilter{
			ID: what.ID, ApplicationID: c.Application.ID, ScopeID: what.Scope,
			SubjectMAC: a.Ring.Subjects().MAC(c.Application.ID, what.Subject),
		},
		By: models.ByPartner, Event: trail{requestID: requestID}.event("", nil),
	})
	if err != nil {
		return errUnavailable.Because("consents").Wrap(err)
	}
	return nil
}

// useOnce uses up the assertion of a caller that came with one.
func (a *Authority) useOnce(ctx context.Context, c Caller, requestID string) error {
	if c.AssertionJTI == "" {
		return nil
	}
	return a.useAssertion(ctx, c, trail{requestID: requestID}.ofCaller(c).event("assertion.used", nil))
}
