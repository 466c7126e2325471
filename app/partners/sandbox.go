package partners

import "postern/models"

// InSandbox reports whether what was staged is a partner's own to decide: nothing
// but its applications in the sandbox and their credentials, within the gateway's
// limits. A partner closes an application; it does not put back into service what
// the bank has stopped, or out of a draft what the bank has begun.
func (r *Registry) InSandbox(partner string) bool {
	if len(r.Partners.Staged())+len(r.Grants.Staged()) > 0 {
		return false
	}
	for _, x := range r.Applications.Staged() {
		if !x.After.ofSandbox(partner) || !x.New && !x.Before.ofSandbox(partner) || !ownStep(x.New, x.Before, x.After) {
			return false
		}
	}
	for _, x := range r.Credentials.Staged() {
		a, ok := r.Applications.Find(x.After.Application)
		if !ok || !a.ofSandbox(partner) {
			return false
		}
	}
	return true
}

func (a Application) ofSandbox(partner string) bool {
	return a.Partner == partner && a.Environment == models.Sandbox
}

func ownStep(isNew bool, before, after Application) bool {
	if isNew {
		before = Application{Status: models.Active}
	}
	limits := func(a Application) [5]int64 {
		return [5]int64{a.ATLifetime, a.DailyQuota, a.ATRate, a.VTRate, a.CallRate}
	}
	return limits(after) == limits(before) && (after.Status == before.Status || after.Status == models.Closed)
}
