package directory

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"postern/app/disclosure"
	"postern/policies"
)

// maxPlans bounds the disclosure plans kept for one application and service;
// a page that asks for ever new sets of scopes gets them compiled each time.
const maxPlans = 256

// plans are the disclosure plans of an application and a service. Finding one
// takes no lock and makes no key: the hash only leads to the few that are
// compared in full.
type plans struct {
	ready   atomic.Pointer[map[uint64][]keptPlan] // replaced whole; nil is empty
	writing sync.Mutex
	count   int // guarded by writing
}

type keptPlan struct {
	permission policies.Permission
	scopes     []string
	plan       *disclosure.Plan
}

// planSeed keeps callers from choosing scopes that fall together.
var planSeed = maphash.MakeSeed()

// planHash depends on the order of scopes, as the plan does.
func planHash(p policies.Permission, scopes []string) uint64 {
	const odd = 0x9E3779B97F4A7C15 // 2^64 over the golden ratio spreads what is added
	h := maphash.String(planSeed, p.Resource)*odd + maphash.String(planSeed, p.Action)
	for _, s := range scopes {
		h = h*odd + maphash.String(planSeed, s)
	}
	return h
}

func (x *plans) find(hash uint64, p policies.Permission, scopes []string) *disclosure.Plan {
	all := x.ready.Load()
	if all == nil {
		return nil
	}
	for _, k := range (*all)[hash] {
		if k.permission == p && slices.Equal(k.scopes, scopes) {
			return k.plan
		}
	}
	return nil
}

// keep puts a plan in while there is room. Two callers may have compiled the
// same one; the second changes nothing.
func (x *plans) keep(hash uint64, k keptPlan) {
	x.writing.Lock()
	defer x.writing.Unlock()
	if x.count >= maxPlans || x.find(hash, k.permission, k.scopes) != nil {
		return
	}
	next := map[uint64][]keptPlan{}
	if all := x.ready.Load(); all != nil {
		maps.Copy(next, *all)
	}
	next[hash] = append(slices.Clip(next[hash]), k) // a copy: others read the old one
	x.ready.Store(&next)
	x.count++
}

// Plan is how a reply under permission p is reduced for the given scopes,
// which must be ones that Allowing named.
func (x *Access) Plan(p policies.Permission, scopes []string) (*disclosure.Plan, error) {
	hash := planHash(p, scopes)
	if plan := x.plans.find(hash, p, scopes); plan != nil {
		return plan, nil
	}
	var sets [][]disclosure.Field
	for _, s := range scopes {
		sets = append(sets, x.Service.Scopes[s].Fields[p])
	}
	plan, err := disclosure.Compile(sets...)
	if err != nil {
		return nil, fmt.Errorf("compile disclosure of %s:%s: %w", p.Resource, p.Action, err)
	}
	x.plans.keep(hash, keptPlan{permission: p, scopes: slices.Clone(scopes), plan: plan})
	return plan, nil
}
