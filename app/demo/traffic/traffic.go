package traffic

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"postern/app/play/partner"
	"postern/app/play/visitor"
)

// Options says who takes part.
type Options struct {
	Service   string
	Wide      *partner.Backend // may show most
	Narrow    *partner.Backend // may show less
	Suspended *partner.Backend
	Late      *partner.Backend // its ATs live one second
	Impostor  *partner.Backend // signs as Wide with a key of its own
	Page      *visitor.Page
	Rand      io.Reader
	Log       *slog.Logger
	Pause     time.Duration // between visits, on average; 0 means 700 ms
	Out       io.Writer     // takes a line that sums up, every Every; nil for none
	Every     time.Duration // 0 means DefaultEvery
}

// DefaultEvery is how often traffic is summed up.
const DefaultEvery = 10 * time.Second

// Traffic is a running trickle.
type Traffic struct {
	o     Options
	stop  context.CancelFunc
	done  sync.WaitGroup
	tally tally
}

// maxRunning bounds the visits that are under way at one time.
const maxRunning = 8

// Start begins; Stop ends it.
func Start(ctx context.Context, o Options) *Traffic {
	if o.Pause == 0 {
		o.Pause = 700 * time.Millisecond
	}
	if o.Every == 0 {
		o.Every = DefaultEvery
	}
	ctx, stop := context.WithCancel(ctx)
	t := &Traffic{o: o, stop: stop}
	t.done.Go(func() { t.run(ctx) })
	if o.Out != nil {
		t.done.Go(func() { t.report(ctx) })
	}
	return t
}

// Stop ends the trickle and waits for the visits under way.
func (t *Traffic) Stop() {
	t.stop()
	t.done.Wait()
}

func (t *Traffic) run(ctx context.Context) {
	running := make(chan struct{}, maxRunning)
	for {
		if !wait(ctx, t.o.Pause/2+t.draw(t.o.Pause)) {
			return
		}
		select {
		case running <- struct{}{}:
			t.done.Go(func() {
				defer func() { <-running }()
				t.one(ctx, t.pick())
			})
		case <-ctx.Done():
			return
		}
	}
}

// one plays a case and says so when it ends otherwise than it should.
func (t *Traffic) one(ctx context.Context, c Case) {
	if err := t.Play(ctx, c); err != nil && ctx.Err() == nil {
		t.o.Log.WarnContext(ctx, "demo visit ended otherwise than it should", slog.String("case", c.Name), slog.Any("err", err))
	}
}

// Play plays one case; its error says how the end differs from what the case
// wants.
func (t *Traffic) Play(ctx context.Context, c Case) error {
	err := c.play(ctx, t.o)
	if ctx.Err() == nil { // a visit that Stop cut short did not end
		t.tally.add(codeOf(err), err)
	}
	if code := codeOf(err); code != c.Want || (code == "" && err != nil) {
		return fmt.Errorf("%s: ended with %q, want %q: %w", c.Name, code, c.Want, err)
	}
	return nil
}

// New returns traffic that does not run, for playing single cases.
func New(o Options) *Traffic { return &Traffic{o: o, stop: func() {}} }

// codeOf is the wire code of a refusal; "" for none and for what is no refusal.
func codeOf(err error) string {
	var refusal *partner.Refusal
	var problem *visitor.Problem
	switch {
	case errors.As(err, &refusal):
		return refusal.Code
	case errors.As(err, &problem):
		return problem.Code
	}
	return ""
}

// pick draws a case by weight.
func (t *Traffic) pick() Case {
	total := 0
	for _, c := range Cases {
		total += c.weight
	}
	n := int(t.number() % uint64(total))
	for _, c := range Cases {
		if n -= c.weight; n < 0 {
			return c
		}
	}
	return Cases[0]
}

func (t *Traffic) draw(below time.Duration) time.Duration {
	return time.Duration(t.number() % uint64(below))
}

// number is a random number; without randomness every choice is the first,
// which keeps a demo going.
func (t *Traffic) number() uint64 {
	var octets [8]byte
	if _, err := io.ReadFull(t.o.Rand, octets[:]); err != nil {
		return 0
	}
	return binary.BigEndian.Uint64(octets[:])
}

// wait waits for d; false when ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
