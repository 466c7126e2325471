package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// load is a closed loop of kept connections to one server: each sends its next
// request when its last was answered.
type load struct {
	clients []*client
	now     func() time.Time
}

func newLoad(s server, connections int, now func() time.Time) *load {
	l := &load{now: now}
	for range connections {
		l.clients = append(l.clients, &client{server: s})
	}
	return l
}

func (l *load) close() {
	for _, c := range l.clients {
		c.close()
	}
}

// volley is what came of some requests.
type volley struct {
	latencies []time.Duration // of the successes
	failed    int
	failure   string // the first
	took      time.Duration
	answers   [][]byte // by request, nil for failures; only if kept
}

func (v volley) succeeded() int { return len(v.latencies) }

func (v volley) rate() float64 {
	if v.took <= 0 {
		return 0
	}
	return float64(len(v.latencies)) / v.took.Seconds()
}

// add joins another slice of the same load.
func (v *volley) add(w volley) {
	v.latencies = append(v.latencies, w.latencies...)
	v.failed += w.failed
	v.took += w.took
	if v.failure == "" {
		v.failure = w.failure
	}
}

// magazine holds requests ready to be sent, each once.
type magazine struct {
	requests [][]byte
	next     atomic.Int64
	endless  bool // the same requests again and again
}

func (m *magazine) take() (index int, request []byte) {
	i := int(m.next.Add(1) - 1)
	if m.endless {
		return i, m.requests[i%len(m.requests)]
	}
	if i >= len(m.requests) {
		return i, nil
	}
	return i, m.requests[i]
}

// fire sends requests until the magazine is empty or the time is over; what is
// under way then is waited for and counts.
func (l *load) fire(ctx context.Context, m *magazine, limit time.Duration) volley {
	return l.run(ctx, m, l.now().Add(limit), nil)
}

// collect sends the whole magazine and keeps the answers.
func (l *load) collect(ctx context.Context, m *magazine) volley {
	return l.run(ctx, m, l.now().Add(maxDuration), make([][]byte, len(m.requests)))
}

func (l *load) run(ctx context.Context, m *magazine, end time.Time, keep [][]byte) volley {
	parts := make([]volley, len(l.clients))
	var group sync.WaitGroup
	start := l.now()
	for i, c := range l.clients {
		group.Go(func() { parts[i] = l.drive(ctx, c, m, end, keep) })
	}
	group.Wait()
	whole := volley{answers: keep}
	for _, p := range parts {
		whole.add(p)
	}
	whole.took = l.now().Sub(start)
	return whole
}

// drive is one connection's loop.
func (l *load) drive(ctx context.Context, c *client, m *magazine, end time.Time, keep [][]byte) (v volley) {
	for started := l.now(); started.Before(end) && ctx.Err() == nil; {
		index, request := m.take()
		if request == nil {
			break
		}
		status, err := c.do(ctx, request, started)
		answered := l.now()
		switch {
		case err != nil:
			v.fail(err.Error())
		case status != http.StatusOK:
			v.fail(fmt.Sprintf("status %d: %.200s", status, c.body))
		default:
			v.latencies = append(v.latencies, answered.Sub(started))
			if keep != nil {
				keep[index] = bytes.Clone(c.body)
			}
		}
		started = answered
	}
	return v
}

func (v *volley) fail(reason string) {
	v.failed++
	if v.failure == "" {
		v.failure = reason
	}
}

// percentile returns the latency that part of the successes stayed under.
func percentile(sorted []time.Duration, part float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}
