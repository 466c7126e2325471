package bench

import (
	"context"
	"slices"
)

// batch bounds the requests that wait in memory at a time.
const batch = 5_000

// issueMany issues exactly as many ATs as were asked for, with all connections
// under way all the time but between batches.
func (r *run) issueMany(ctx context.Context) error {
	b := r.drives()[0]
	atStart, err := r.countOf(ctx, b)
	if err != nil {
		return err
	}
	before, err := r.order(ctx, order{Do: doUsage})
	if err != nil {
		return err
	}
	result := &Issuances{Asked: r.Issuances, ResidentBefore: before.Usage.Resident}
	var whole volley
	for left := r.Issuances; left > 0; left -= batch {
		requests, err := b.prepare(ctx, min(left, batch))
		if err != nil {
			return err
		}
		whole.add(r.gateway.fire(ctx, &magazine{requests: requests}, maxDuration))
		if err := context.Cause(ctx); err != nil {
			return err
		}
		after, err := r.order(ctx, order{Do: doUsage})
		if err != nil {
			return err
		}
		result.ResidentAfter = after.Usage.Resident
		result.ResidentMost = max(result.ResidentMost, after.Usage.Resident)
	}
	if result.Rows, err = r.settle(ctx, b, atStart, whole.succeeded()); err != nil {
		return err
	}
	slices.Sort(whole.latencies)
	result.Errors, result.FirstError = whole.failed, whole.failure
	result.P50 = milliseconds(percentile(whole.latencies, .50))
	result.P99 = milliseconds(percentile(whole.latencies, .99))
	r.result.Issuances = result
	return nil
}
