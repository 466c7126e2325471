package partners

import (
	"time"

	"postern/app/change"
	"postern/models"
)

// Own says how far what was staged is a partner's to decide, as of now: its applications
// in the sandbox and their credentials, within the gateway's limits, and of credentials
// in production what narrows. A further credential there, and what brings one back that
// the partner itself has ended or frozen, is change.Ruled; the first of its kind, and
// everything else, is the bank's.
func (r *Registry) Own(partner string, now time.Time) change.Own {
	if len(r.Partners.Staged())+len(r.Grants.Staged()) > 0 {
		return change.NotOwn
	}
	own := change.Alone
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

func (r *Registry) ownCredential(a Application, x change.Change[Credential], now time.Time) change.Own {
	row, live := r.credentials[x.After.ID], a.Environment == models.Production
	switch {
	case !x.New && x.Before.Frozen && !x.After.Frozen && row.Frozen == models.BankSide:
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
	return before.Frozen && !after.Frozen || laterThan(after.NotAfter, before.NotAfter)
}

// laterThan compares ends, of which zero is never.
func laterThan(end, other time.Time) bool {
	return !other.IsZero() && (end.IsZero() || end.After(other))
}

// follows reports whether a new credential begins now and stands beside one of its use
// that the application can work with: then somebody at the bank has approved one.
func (r *Registry) follows(c Credential, now time.Time) bool {
	if !c.NotBefore.IsZero() || c.Revoked || c.Frozen {
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
