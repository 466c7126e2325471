package partners

import (
	"time"

	"postern/app/change"
	"postern/models"
)

// Own says how far what was staged is a partner's to decide, as of now: its applications
// in the sandbox and their credentials, within the gateway's limits, the scopes there that
// the bank offers, and of credentials and grants in production what narrows. A further
// credential there, and what brings one back that the partner itself has ended or frozen,
// is change.Ruled; the first of its kind, and everything else, is the bank's.
func (r *Registry) Own(partner string, scopes Scopes, now time.Time) change.Own {
	if len(r.Partners.Staged()) > 0 {
		return change.NotOwn
	}
	own := change.Alone
	for _, x := range r.Grants.Staged() {
		a, ok := r.Applications.Find(x.After.Application)
		if !ok || a.Partner != partner || !x.New && !x.After.narrows(x.Before) || x.New && !r.takes(a, x.After, scopes, now) {
			return change.NotOwn
		}
	}
	for _, x := range r.Applications.Staged() {
		if !x.After.ofSandbox(partner) || !x.New && !x.Before.ofSandbox(partner) || !ownStep(x.New, x.Before, x.After) {
			return change.NotOwn
		}
	}
	for _, x := range r.Credentials.Staged() {
		a, ok := r.Applications.Find(x.After.Application)
		if !ok || a.Partner != partner {
			return change.NotOwn
		}
		own = min(own, r.ownCredential(a, x, now))
	}
	return own
}

func (a Application) ofSandbox(partner string) bool {
	return a.Partner == partner && a.Environment == models.Sandbox
}

// ownStep reports whether a partner takes an application one step on: it closes one,
// and does not put back into service what the bank has stopped, or out of a draft what
// the bank has begun.
func ownStep(isNew bool, before, after Application) bool {
	if isNew {
		before = Application{Status: models.Active}
	}
	limits := func(a Application) [5]int64 {
		return [5]int64{a.ATLifetime, a.DailyQuota, a.ATRate, a.VTRate, a.CallRate}
	}
	return limits(after) == limits(before) && (after.Status == before.Status || after.Status == models.Closed)
}

// narrows reports whether a grant lets through less than before, which is all that it
// may become otherwise than by the bank.
func (g Grant) narrows(before Grant) bool {
	return !laterThan(g.EndsAt, before.EndsAt) && (g.Ended || !before.Ended)
}

// takes reports whether a new grant is one of those that a partner gives itself: from now
// on, in the sandbox, of a scope that the bank offers and has not ended there before.
func (r *Registry) takes(a Application, g Grant, scopes Scopes, now time.Time) bool {
	if a.Environment != models.Sandbox || a.Status != models.Active || !scopes.Offered(g.Scope) {
		return false
	}
	if g.Ended || g.ApprovedBy != "" || g.StartsAt.After(now) {
		return false
	}
	for _, row := range r.grants {
		if row.ApplicationID == g.Application && row.ScopeID == g.Scope && row.EndedBy == models.BankSide {
			return false
		}
	}
	return true
}

func (r *Registry) ownCredential(a Application, x change.Change[Credential], now time.Time) change.Own {
	row, live := r.credentials[x.After.ID], a.Environment == models.Production
	switch {
	case x.After.Frozen != x.Before.Frozen && (x.Before.Frozen == models.BankSide || x.After.Frozen == models.BankSide):
		return change.NotOwn // the bank's ice
	case !x.New && laterThan(x.After.NotAfter, x.Before.NotAfter) && laterThan(x.After.NotAfter, change.MomentOf(row.BankEnd)):
		return change.NotOwn // the bank's end
	case !live, !x.New && !widens(x.Before, x.After):
		return change.Alone
	case a.Status != models.Active, x.New && !r.follows(x.After, now):
		return change.NotOwn
	}
	return change.Ruled
}

// widens reports whether a credential may be used after where it may not before.
func widens(before, after Credential) bool {
	return before.Frozen != "" && after.Frozen == "" || laterThan(after.NotAfter, before.NotAfter)
}

// laterThan compares ends, of which zero is never.
func laterThan(end, other time.Time) bool {
	return !other.IsZero() && (end.IsZero() || end.After(other))
}

// follows reports whether a new credential begins now and stands beside one of its use
// that the application can work with: then somebody at the bank has approved one.
func (r *Registry) follows(c Credential, now time.Time) bool {
	if !c.NotBefore.IsZero() || c.Revoked || c.Frozen != "" {
		return false
	}
	rows, err := r.read.CredentialsOf([]string{c.Application})
	if err != nil {
		return false // nothing is the partner's own that cannot be looked at
	}
	for _, row := range rows {
		if row.Use == c.Use() && row.LiveAt(now.UnixMilli()) {
			return true
		}
	}
	return false
}
