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
	without    []string
	plan       *disclosure.Plan
}

// planSeed keeps callers from choosing scopes that fall together.
var planSeed = maphash.MakeSeed()

// planHash depends on the order of scopes, as the plan does.
func planHash(p policies.Permission, scopes, without []string) uint64 {
	const odd = 0x9E3779B97F4A7C15 // 2^64 over the golden ratio spreads what is added
	h := maphash.String(planSeed, p.Resource)*odd + maphash.String(planSeed, p.Action)
	for _, s := range scopes {
		h = h*odd + maphash.String(planSeed, s)
	}
	for _, s := range without {
		h = h*odd + ^maphash.String(planSeed, s)
	}
	return h
}

func (x *plans) find(hash uint64, p policies.Permission, scopes, without []string) *disclosure.Plan {
	all := x.ready.Load()
	if all == nil {
		return nil
	}
	for _, k := range (*all)[hash] {
		if k.permission == p && slices.Equal(k.scopes, scopes) && slices.Equal(k.without, without) {
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
	if x.count >= maxPlans || x.find(hash, k.permission, k.scopes, k.without) != nil {
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
// which must be ones that Allowing named. Those of them in without lack a consent
// that they demand: what they show of class C2 and C3 counts as not named.
func (x *Access) Plan(p policies.Permission, scopes, without []string) (*disclosure.Plan, error) {
	hash := planHash(p, scopes, without)
	if plan := x.plans.find(hash, p, scopes, without); plan != nil {
		return plan, nil
	}
	plan, err := disclosure.Compile(x.shown(p, scopes, without)...)
	if err != nil {
		return nil, fmt.Errorf("compile disclosure of %s:%s: %w", p.Resource, p.Action, err)
	}
	x.plans.keep(hash, keptPlan{permission: p, scopes: slices.Clone(scopes), without: slices.Clone(without), plan: plan})
	return plan, nil
}

// shown is what each scope names. A mask that waits for consent stays over what
// another scope masks, too: of two masks the one that shows less wins, and
// without a consent nothing may be seen that would not be seen with it.
func (x *Access) shown(p policies.Permission, scopes, without []string) [][]disclosure.Field {
	var sets [][]disclosure.Field
	var waiting []disclosure.Field
	masked := map[string]bool{}
	for _, s := range scopes {
		fields := x.Service.Scopes[s].Fields[p]
		if slices.Contains(without, s) {
			waiting = append(waiting, slices.DeleteFunc(slices.Clone(fields), func(f disclosure.Field) bool { return f.Class == disclosure.C1 })...)
			fields = slices.DeleteFunc(slices.Clone(fields), func(f disclosure.Field) bool { return f.Class != disclosure.C1 })
		}
		for _, f := range fields {
			masked[f.Path] = masked[f.Path] || f.Treatment == disclosure.Masked
		}
		sets = append(sets, fields)
	}
	waiting = slices.DeleteFunc(waiting, func(f disclosure.Field) bool { return f.Treatment != disclosure.Masked || !masked[f.Path] })
	return append(sets, waiting)
}
