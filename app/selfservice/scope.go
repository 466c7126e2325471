package selfservice

import (
	"cmp"
	"context"
	"slices"

	"postern/app/approval"
	"postern/app/change"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
	"postern/models"
)

// Refusals about scopes.
var (
	ErrHeld       = errs.New(errs.Conflict, "scope_held", "The application may use this scope already.")
	ErrNotOffered = errs.New(errs.NotFound, "no_scope", "There is no such scope.")
	ErrTakenOften = errs.New(errs.Conflict, "scope_taken_often", "The application has had this scope too often.")
)

// maxTaken is how often an application takes one scope: each time leaves a grant behind.
const maxTaken = 20

// TakeScope lets an application in the sandbox use a scope that the bank offers, at once.
// Faults come back as bankfile.Refusal. ErrHeld, ErrTakenOften; approval.ErrNotOwn for what the bank does
// not offer, or has ended there.
func (s *SelfService) TakeScope(ctx context.Context, u User, g partners.Grant) error {
	return s.change(ctx, u, g, approval.Ask{Reason: ReasonTaken, Unless: both(s.notHeld(g), notOften(g))})
}

// AskScope asks the bank for a scope of an application in production, as Ask does for an
// application. ErrHeld, ErrNotOffered.
func (s *SelfService) AskScope(ctx context.Context, u User, g partners.Grant, reason string) (models.PartnerRequest, error) {
	if err := approval.CheckReason("reason", reason); err != nil {
		return models.PartnerRequest{}, err
	}
	return s.ask(ctx, u, asking{thing: g, application: g.Application, reason: reason, unless: func(b store.Business) error {
		a, found, err := partners.ReadApplication(b, g.Application)
		if err != nil || !found || a.Partner != u.Partner || a.Environment != models.Production {
			return cmp.Or[error](err, approval.ErrNotOwn)
		}
		scopes, err := b.Scopes([]string{g.Scope})
		if err != nil || len(scopes) != 1 || !scopes[0].Offered {
			return cmp.Or[error](err, ErrNotOffered)
		}
		return s.notHeld(g)(b)
	}})
}

// GiveBack ends a grant of the partner's, at once and for good. Faults as of TakeScope.
func (s *SelfService) GiveBack(ctx context.Context, u User, g partners.Grant) error {
	unless := func(b store.Business) error {
		rows, err := b.Grants([]string{g.ID})
		if err == nil && (len(rows) != 1 || rows[0].EndedAt != 0) {
			err = change.ErrMoved
		}
		return err
	}
	g.Ended = true
	return s.change(ctx, u, g, approval.Ask{Reason: ReasonGivenBack, Unless: unless})
}

// notHeld refuses a grant of what the application may use, or will.
func (s *SelfService) notHeld(g partners.Grant) func(store.Business) error {
	return func(b store.Business) error {
		rows, err := b.GrantsOf([]string{g.Application})
		if err != nil {
			return err
		}
		for _, row := range rows {
			until := row.Until()
			if row.ScopeID == g.Scope && (until == 0 || until > s.o.Now().UnixMilli()) {
				return ErrHeld
			}
		}
		return nil
	}
}

// notOften refuses a scope that the application has had maxTaken times.
func notOften(g partners.Grant) func(store.Business) error {
	return func(b store.Business) error {
		rows, err := b.GrantsOf([]string{g.Application})
		rows = slices.DeleteFunc(rows, func(row models.Grant) bool { return row.ScopeID != g.Scope })
		if err == nil && len(rows) >= maxTaken {
			err = ErrTakenOften
		}
		return err
	}
}
