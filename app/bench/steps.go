package bench

import (
	"context"
	"slices"
	"time"
)

// drive is one step to be driven.
type drive struct {
	step     string
	prepare  func(ctx context.Context, n int) ([][]byte, error) // untimed
	rows     string
	rowsIn   func(rows) int64
	compared []contestant
}

// contestant is something bare that a step is compared with.
type contestant struct {
	name string
	what string    // measured by the server's side, or
	shot *magazine // sent to the reverse proxy
}

func (r *run) drives() []drive {
	row := contestant{name: "one row a commit", what: bareRow}
	single := contestant{name: "an AT's rows, one AT a commit", what: bareSingle}
	grouped := contestant{name: "an AT's rows, in groups", what: bareGrouped}
	post := contestant{name: "net/http/httputil reverse proxy, POST", shot: r.posts}
	get := contestant{name: "net/http/httputil reverse proxy, GET", shot: r.gets}
	return []drive{
		{StepB, r.prepareB, "at_rows", func(x rows) int64 { return x.ATs },
			[]contestant{{name: "ES256 verify + sign + seal", what: bareB}, grouped, single, row, post}},
		{StepD, r.prepareD, "at_rows spent", func(x rows) int64 { return x.Spent },
			[]contestant{{name: "P-256 ECDH", what: bareD}, grouped, row, post}},
		{StepG, r.prepareG, "calls", func(x rows) int64 { return x.Calls },
			[]contestant{{name: "AES-256-GCM open + seal 1 KiB", what: bareG}, row, post, get}},
	}
}

func (r *run) prepareB(_ context.Context, n int) ([][]byte, error) { return r.party.tokenRequests(n) }

func (r *run) prepareD(ctx context.Context, n int) ([][]byte, error) {
	ats, err := r.party.obtain(ctx, r.gateway, n)
	if err != nil {
		return nil, err
	}
	sealed, err := r.party.exchanges(ats)
	return requestsOf(sealed), err
}

func (r *run) prepareG(ctx context.Context, n int) ([][]byte, error) {
	visits, err := r.party.visits(ctx, r.gateway, r.Concurrency)
	if err != nil {
		return nil, err
	}
	return r.party.callRequests(visits, n)
}

// The rounds of a step: everything takes a slice of each in turn.
const (
	minRounds    = 5
	longestSlice = 2 * time.Second
	warmUp       = 8 // requests of each connection
)

// plan is how long a step's slices are and how many.
func (r *run) plan() (rounds int, slice time.Duration) {
	if r.Profile != "" {
		return 1, r.Duration
	}
	rounds = max(minRounds, int((r.Duration+longestSlice-1)/longestSlice))
	return rounds, r.Duration / time.Duration(rounds)
}

// tally is what a step has gathered so far.
type tally struct {
	drive
	whole   volley
	warm    int // successes of the warm-up
	cpu     time.Duration
	last    pace // of the last slice
	sent    int
	rounds  map[string][]round
	atStart int64
}

// pace is how fast something went, and what it cost the server's process.
type pace struct {
	rate float64 // per second
	cpu  float64 // microseconds each
}

func paceOf(done int64, took, cpu time.Duration) pace {
	if done == 0 || took <= 0 {
		return pace{}
	}
	return pace{rate: float64(done) / took.Seconds(), cpu: float64(cpu.Nanoseconds()) / 1e3 / float64(done)}
}

// round is a contestant's slice beside the step's.
type round struct{ its, step pace }

func (r *run) driveStep(ctx context.Context, d drive) (Step, error) {
	t := &tally{drive: d, rounds: map[string][]round{}}
	var err error
	if t.atStart, err = r.countOf(ctx, d); err != nil {
		return Step{}, err
	}
	if err := r.warm(ctx, t); err != nil {
		return Step{}, err
	}
	rounds, slice := r.plan()
	for range rounds {
		if err := r.slice(ctx, t, slice); err != nil {
			return Step{}, err
		}
		for _, c := range d.compared {
			if err := r.compare(ctx, t, c, slice); err != nil {
				return Step{}, err
			}
		}
	}
	return r.conclude(ctx, t)
}

// warm fills caches and connections, and finds out how many requests a slice needs.
func (r *run) warm(ctx context.Context, t *tally) error {
	requests, err := t.prepare(ctx, warmUp*r.Concurrency)
	if err != nil {
		return err
	}
	v := r.gateway.fire(ctx, &magazine{requests: requests}, maxDuration)
	t.warm, t.last.rate = v.succeeded(), 2*v.rate() // it gets faster
	t.whole.failed, t.whole.failure = v.failed, v.failure
	return context.Cause(ctx)
}

// slice drives the step for a while, with requests made just before.
func (r *run) slice(ctx context.Context, t *tally, length time.Duration) error {
	n := int(t.last.rate*length.Seconds()*1.3) + 2*r.Concurrency
	if r.Target != nil {
		n = min(n, r.Target.MaxRequests-t.sent)
	}
	if n <= 0 {
		return nil
	}
	requests, err := t.prepare(ctx, n)
	if err != nil {
		return err
	}
	before, err := r.startSlice(ctx, t.step)
	if err != nil {
		return err
	}
	v := r.gateway.fire(ctx, &magazine{requests: requests}, length)
	after, err := r.order(ctx, order{Do: doUsage})
	if err != nil {
		return err
	}
	cpu := after.Usage.CPU - before.Usage.CPU
	t.cpu += cpu
	t.sent += v.succeeded() + v.failed
	if v.succeeded() > 0 {
		t.last = paceOf(int64(v.succeeded()), v.took, cpu)
	}
	t.whole.add(v)
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if r.Profile != "" {
		_, err = r.order(ctx, order{Do: doRest})
	}
	return err
}

func (r *run) startSlice(ctx context.Context, step string) (report, error) {
	if r.Profile != "" {
		if _, err := r.order(ctx, order{Do: doProfile, What: r.Profile + "." + step}); err != nil {
			return report{}, err
		}
	}
	return r.order(ctx, order{Do: doUsage})
}

// order asks the server's side; of a target nothing is known.
func (r *run) order(ctx context.Context, o order) (report, error) {
	if r.host == nil {
		return report{}, nil
	}
	return r.host.do(ctx, o)
}

// compare gives a contestant its slice of the round.
func (r *run) compare(ctx context.Context, t *tally, c contestant, length time.Duration) error {
	if r.proxy == nil {
		return nil
	}
	before, err := r.order(ctx, order{Do: doUsage})
	if err != nil {
		return err
	}
	m, err := r.measure(ctx, c, length)
	if err != nil {
		return err
	}
	after, err := r.order(ctx, order{Do: doUsage})
	if err != nil {
		return err
	}
	if m.Done > 0 {
		its := paceOf(m.Done, m.Took, after.Usage.CPU-before.Usage.CPU)
		t.rounds[c.name] = append(t.rounds[c.name], round{its: its, step: t.last})
	}
	return context.Cause(ctx)
}

func (r *run) measure(ctx context.Context, c contestant, length time.Duration) (measured, error) {
	if c.shot != nil {
		v := r.proxy.fire(ctx, c.shot, length)
		return measured{Done: int64(v.succeeded()), Took: v.took}, nil
	}
	answer, err := r.host.do(ctx, order{Do: doMeasure, What: c.what, Callers: r.Concurrency, For: length})
	return answer.Measured, err
}

// comparison takes the medians of a contestant's rounds.
func (t *tally) comparison(name string) (Comparison, bool) {
	var rates, ratios, cpus, cpuRatios []float64
	for _, x := range t.rounds[name] {
		if x.its.rate <= 0 || x.step.cpu <= 0 {
			continue
		}
		rates, ratios = append(rates, x.its.rate), append(ratios, x.step.rate/x.its.rate)
		cpus, cpuRatios = append(cpus, x.its.cpu), append(cpuRatios, x.its.cpu/x.step.cpu)
	}
	return Comparison{Name: name, PerSecond: median(rates), Ratio: median(ratios), CPU: median(cpus), CPURatio: median(cpuRatios)}, len(rates) > 0
}

// countOf is how many rows of the step's sort the ledger holds; 0 of a target.
func (r *run) countOf(ctx context.Context, d drive) (int64, error) {
	answer, err := r.order(ctx, order{Do: doRows})
	return d.rowsIn(answer.Rows), err
}

// queued is how long records of calls may take to be on disk, with reserve.
const queued = 2 * time.Second

// settle counts the step's rows once all that were queued are on disk.
func (r *run) settle(ctx context.Context, d drive, atStart int64, expected int) (*Rows, error) {
	if r.host == nil {
		return nil, nil
	}
	limited, cancel := context.WithTimeout(ctx, queued)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		n, err := r.countOf(ctx, d)
		if err != nil {
			return nil, err
		}
		found := &Rows{Of: d.rows, Expected: expected, Found: int(n - atStart)}
		if found.Found >= expected {
			return found, nil
		}
		select {
		case <-limited.Done():
			return found, context.Cause(ctx)
		case <-poll.C:
		}
	}
}

func (r *run) conclude(ctx context.Context, t *tally) (Step, error) {
	v := t.whole
	found, err := r.settle(ctx, t.drive, t.atStart, t.warm+v.succeeded())
	if err != nil {
		return Step{}, err
	}
	slices.Sort(v.latencies)
	s := Step{
		Step: t.step, Requests: v.succeeded() + v.failed, PerSecond: v.rate(), Errors: v.failed, FirstError: v.failure, Rows: found,
		P50: milliseconds(percentile(v.latencies, .50)), P95: milliseconds(percentile(v.latencies, .95)),
		P99: milliseconds(percentile(v.latencies, .99)),
	}
	if v.succeeded() > 0 {
		s.CPU = float64(t.cpu.Microseconds()) / float64(v.succeeded())
	}
	for _, c := range t.compared {
		if found, ok := t.comparison(c.name); ok {
			s.Compared = append(s.Compared, found)
		}
	}
	return s, nil
}
