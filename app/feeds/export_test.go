package feeds

import "context"

// Number gives numbers to what waits, once.
func (r *Runner) Number(ctx context.Context) error { return r.numbers.all(ctx) }

// Step lets each feed deliver what waits, once, as Run does again and again.
func (r *Runner) Step(ctx context.Context) {
	for _, f := range r.feeds {
		f.step(ctx)
	}
	r.look(ctx)
}

// End is what Run does at its end.
func (r *Runner) End(ctx context.Context) {
	for _, f := range r.feeds {
		f.end(ctx)
	}
}

// Kill leaves everything as a process does that is killed.
func (r *Runner) Kill() {
	for _, f := range r.feeds {
		f.target.close()
	}
}
