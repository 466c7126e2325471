package console

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"postern/app/store"
	"postern/models"
)

// counted keeps, for the hour that goes on, the sums of counts that are settled:
// who opens the overview again has only the last two hours added up anew.
type counted struct {
	mu   sync.Mutex
	hour int64
	sums map[string][]store.Traffic
}

// maxSums is how many sums are kept; the largest has a line for each application,
// kind and outcome.
const maxSums = 64

// adder is one of the store's ways to add counts up. Lines about the same thing
// may be added to one another.
type adder func(context.Context, store.TrafficSpan) ([]store.Traffic, error)

// settled is before when nothing is counted any more: an hour's counts may come
// late, but not by an hour. A day's count takes in its hours during the day that
// follows, so until these are settled too both days are added up anew.
func settled(span string, now time.Time) time.Time {
	edge := hourOf(now).Add(-time.Hour)
	if day := store.DayOf(now); span == models.SpanDay && edge.Before(day) {
		return day.AddDate(0, 0, -1)
	}
	return edge
}

// traffic is what add finds of a span, in two parts. name tells it from the other
// ways of adding up.
func (k *counted) traffic(ctx context.Context, name string, add adder, t store.TrafficSpan, now time.Time) ([]store.Traffic, error) {
	past, rest := t, t
	past.Until = min(t.Until, max(t.From, settled(t.Span, now).UnixMilli()))
	rest.From = past.Until
	var list []store.Traffic
	if past.From < past.Until {
		var err error
		if list, err = k.past(ctx, name, add, past, hourOf(now).UnixMilli()); err != nil {
			return nil, err
		}
	}
	if rest.From == rest.Until {
		return list, nil
	}
	last, err := add(ctx, rest)
	return slices.Concat(list, last), err
}

func (k *counted) past(ctx context.Context, name string, add adder, t store.TrafficSpan, hour int64) ([]store.Traffic, error) {
	key := fmt.Sprintf("%s %#v", name, t) // which tells no applications from any
	k.mu.Lock()
	if k.hour != hour || len(k.sums) >= maxSums {
		k.hour, k.sums = hour, map[string][]store.Traffic{}
	}
	list, known := k.sums[key]
	k.mu.Unlock()
	if known {
		return list, nil
	}
	list, err := add(ctx, t)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.hour == hour {
		k.sums[key] = list
	}
	return list, nil
}

// live keeps how many visits are live, for everybody who asks within seconds.
type live struct {
	mu     sync.Mutex
	at     time.Time
	counts map[string]int64
	more   bool
}

// liveFor is for how long it is kept.
const liveFor = 3 * time.Second

// liveNow counts the live visits by application; 100,000 in all at most, and then
// more is true. Whoever asks while it is counted waits for that.
func (s *Console) liveNow(ctx context.Context) (counts map[string]int64, more bool, err error) {
	l, now := &s.live, s.o.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if age := now.Sub(l.at); age > 0 && age < liveFor {
		return l.counts, l.more, nil
	}
	if counts, more, err = s.o.Store.LiveByApplication(ctx, s.liveSince(), now.UnixMilli()); err == nil {
		l.at, l.counts, l.more = now, counts, more
	}
	return counts, more, err
}

func (s *Console) trafficByTime(o overview, t store.TrafficSpan) ([]store.Traffic, error) {
	return s.counted.traffic(o.ctx, "time", s.o.Store.TrafficByTime, t, o.span.now)
}

func (s *Console) trafficByParty(o overview, t store.TrafficSpan) ([]store.Traffic, error) {
	return s.counted.traffic(o.ctx, "party", s.o.Store.TrafficByParty, t, o.span.now)
}

func (s *Console) trafficByService(o overview, t store.TrafficSpan) ([]store.Traffic, error) {
	return s.counted.traffic(o.ctx, "service", s.o.Store.TrafficByService, t, o.span.now)
}
