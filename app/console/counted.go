package console

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"postern/app/recordview"
	"postern/app/store"
	"postern/models"
)

// counted keeps the sums of counts that are settled, for the hour that goes on and
// the next: who opens the overview has only the last two hours added up anew.
type counted struct {
	mu   sync.Mutex
	sums map[sumKey][]store.Traffic
}

// sumKey says which sum, and for pages of which hour (its begin, Unix ms).
type sumKey struct {
	hour int64
	what string
}

// maxSums is how many sums are kept; the largest has a line for each application,
// kind and outcome.
const maxSums = 64

// adder is one of the store's ways to add counts up. Lines about the same thing
// may be added to one another.
type adder func(context.Context, store.TrafficSpan) ([]store.Traffic, error)

// settling is how late an hour's counts may come.
const settling = 30 * time.Minute

// settled is before when nothing is counted any more, now and in the settling
// before this hour began. A day's count takes in its hours during the day that
// follows, so until these are settled too both days are added up anew.
func settled(span string, now time.Time) time.Time {
	edge := recordview.HourOf(now).Add(-time.Hour)
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
		if list, err = k.past(ctx, name, add, past, recordview.HourOf(now).UnixMilli()); err != nil {
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
	key := sumKey{hour, fmt.Sprintf("%s %#v", name, t)} // which tells no applications from any
	k.mu.Lock()
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
	maps.DeleteFunc(k.sums, func(old sumKey, _ []store.Traffic) bool { return old.hour < hour-time.Hour.Milliseconds() })
	if k.sums == nil || len(k.sums) >= maxSums {
		k.sums = map[sumKey][]store.Traffic{}
	}
	k.sums[key] = list
	return list, nil
}

// live keeps how many visits are live, for everybody who asks within seconds.
type live struct {
	mu    sync.Mutex
	at    time.Time
	kinds []store.LiveKind
	more  bool
}

// liveFor is for how long it is kept.
const liveFor = 3 * time.Second

// liveNow counts the live visits by application and service; 100,000 in all at
// most, and then more is true. Whoever asks while it is counted waits for that.
func (s *Console) liveNow(ctx context.Context) (kinds []store.LiveKind, more bool, err error) {
	l, now := &s.live, s.o.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if age := now.Sub(l.at); age >= 0 && age < liveFor {
		return l.kinds, l.more, nil
	}
	if kinds, more, err = s.o.Store.LiveKinds(ctx, now.UnixMilli()); err == nil {
		l.at, l.kinds, l.more = now, kinds, more
	}
	return kinds, more, err
}

// forget has them counted anew by whoever asks next: some were ended here.
func (l *live) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = time.Time{}
}

// Prepare adds up for the overview what is settled, before anybody asks: for this
// hour, and for the next one as soon as its sums are settled, too.
func (s *Console) Prepare(ctx context.Context) error {
	now := s.o.Now().In(s.o.Zone)
	for _, at := range []time.Time{now, now.Add(settling)} {
		for _, r := range recordview.Spans {
			if err := s.prepare(ctx, r.Name, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Console) prepare(ctx context.Context, span string, at time.Time) (err error) {
	o := overview{ctx: ctx}
	if o.span, err = recordview.SpanOf(span, at); err != nil {
		return err
	}
	now, before := o.span.Counts(nil)
	for _, ask := range []func() ([]store.Traffic, error){
		func() ([]store.Traffic, error) { return s.trafficByTime(o, now) },
		func() ([]store.Traffic, error) { return s.trafficByTime(o, before) },
		func() ([]store.Traffic, error) { return s.trafficByParty(o, now) },
	} {
		if _, err := ask(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Console) trafficByTime(o overview, t store.TrafficSpan) ([]store.Traffic, error) {
	return s.counted.traffic(o.ctx, "time", s.o.Store.TrafficByTime, t, o.span.Now)
}

func (s *Console) trafficByParty(o overview, t store.TrafficSpan) ([]store.Traffic, error) {
	return s.counted.traffic(o.ctx, "party", s.o.Store.TrafficByParty, t, o.span.Now)
}

func (s *Console) trafficByService(o overview, t store.TrafficSpan) ([]store.Traffic, error) {
	return s.counted.traffic(o.ctx, "service", s.o.Store.TrafficByService, t, o.span.Now)
}
