package limit_test

import (
	"fmt"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"postern/app/limit"
)

// noon is an arbitrary start; nothing here reads a clock.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTake(t *testing.T) {
	t.Parallel()
	type step struct {
		after  time.Duration // since the start
		wantOK bool
		wait   time.Duration
	}
	for _, tc := range []struct {
		name  string
		rate  limit.Rate
		steps []step
	}{
		{"burst passes at once and the next must wait for one token", limit.Rate{PerSecond: 2, Burst: 2}, []step{
			{0, true, 0}, {0, true, 0}, {0, false, 500 * time.Millisecond},
		}},
		{"a token comes back exactly when it was announced", limit.Rate{PerSecond: 2, Burst: 1}, []step{
			{0, true, 0},
			{500*time.Millisecond - 1, false, 1},
			{500 * time.Millisecond, true, 0},
		}},
		{"a long rest fills the bucket to its burst and no further", limit.Rate{PerSecond: 1, Burst: 2}, []step{
			{0, true, 0},
			{time.Hour, true, 0}, {time.Hour, true, 0}, {time.Hour, false, time.Second},
		}},
		{"a burst below one counts as one", limit.Rate{PerSecond: 1}, []step{
			{0, true, 0}, {0, false, time.Second},
		}},
		{"a refusal costs nothing", limit.Rate{PerSecond: 1, Burst: 1}, []step{
			{0, true, 0}, {0, false, time.Second}, {0, false, time.Second}, {time.Second, true, 0},
		}},
		{"a clock set back empties a bucket but does not lock it", limit.Rate{PerSecond: 1, Burst: 2}, []step{
			{0, true, 0}, {0, true, 0},
			{-time.Hour, false, time.Second},
			{-time.Hour + time.Second, true, 0},
		}},
		{"the zero rate is unlimited", limit.Rate{}, []step{{0, true, 0}, {0, true, 0}, {0, true, 0}}},
		{"a negative rate allows nothing", limit.Rate{PerSecond: -1, Burst: 5}, []step{{0, false, time.Hour}}},
		{"a burst without a rate allows nothing", limit.Rate{Burst: 5}, []step{{0, false, time.Hour}}},
		{"a rate that is not a number allows nothing", limit.Rate{PerSecond: math.NaN(), Burst: 5}, []step{{0, false, time.Hour}}},
		{"a bucket that needs centuries to fill allows nothing", limit.Rate{PerSecond: 1e-10, Burst: 1}, []step{{0, false, time.Hour}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := limit.NewBuckets(10)
			for i, s := range tc.steps {
				ok, wait := b.Take("key", tc.rate, noon.Add(s.after))
				if ok != s.wantOK || wait != s.wait {
					t.Fatalf("step %d: Take = %v, %v; want %v, %v", i, ok, wait, s.wantOK, s.wait)
				}
			}
		})
	}
}

func TestTakeKeepsKeysApart(t *testing.T) {
	t.Parallel()
	b, rate := limit.NewBuckets(4096), limit.Rate{PerSecond: 1, Burst: 1}
	for i := range 1000 {
		if ok, _ := b.Take(strconv.Itoa(i), rate, noon); !ok {
			t.Fatalf("key %d was refused its first token", i)
		}
	}
	for i := range 1000 {
		if ok, _ := b.Take(strconv.Itoa(i), rate, noon); ok {
			t.Fatalf("key %d got a second token", i)
		}
	}
}

// model is the textbook token bucket: credit in nanoseconds, every key kept
// for ever.
type model struct {
	step, depth int64
	credit      map[string]int64
	seen        map[string]time.Time
}

func newModel(step, burst int64) *model {
	return &model{step: step, depth: step * burst, credit: map[string]int64{}, seen: map[string]time.Time{}}
}

func (m *model) take(key string, now time.Time) (bool, time.Duration) {
	credit := m.depth
	if last, known := m.seen[key]; known {
		credit = min(m.depth, m.credit[key]+int64(now.Sub(last)))
	}
	ok := credit >= m.step
	left := time.Duration(max(0, m.step-credit))
	if ok {
		credit -= m.step
	}
	m.credit[key], m.seen[key] = credit, now

	return ok, left
}

func TestBucketsAgreeWithTheTextbook(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tokens := rapid.SampledFrom([]int64{1, 2, 5, 10, 1000}).Draw(rt, "tokens a second")
		burst := rapid.Int64Range(1, 6).Draw(rt, "burst")
		rate := limit.Rate{PerSecond: float64(tokens), Burst: int(burst)}
		table := limit.NewBuckets(64)
		textbook := newModel(int64(time.Second)/tokens, burst)

		now := noon
		for range rapid.IntRange(1, 200).Draw(rt, "calls") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(rt, "pause")))
			key := fmt.Sprint("key ", rapid.IntRange(0, 9).Draw(rt, "key"))

			ok, wait := table.Take(key, rate, now)
			wantOK, wantWait := textbook.take(key, now)
			if ok != wantOK || wait != wantWait {
				rt.Fatalf("Take(%q) = %v, %v; the textbook says %v, %v", key, ok, wait, wantOK, wantWait)
			}
		}
	})
}

// A full table may refuse more than the textbook, never allow more: over any
// span a key gets at most its burst and what came back meanwhile.
func TestAFullTableNeverLiftsALimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const burst = 3
		rate := limit.Rate{PerSecond: 1, Burst: burst}
		table := limit.NewBuckets(rapid.IntRange(1, 4).Draw(rt, "size"))
		granted := map[string][]time.Time{}

		now := noon
		for range rapid.IntRange(1, 300).Draw(rt, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(rt, "pause in ms")) * time.Millisecond)
			key := fmt.Sprint("key ", rapid.IntRange(0, 7).Draw(rt, "key"))
			if ok, _ := table.Take(key, rate, now); !ok {
				continue
			}
			granted[key] = append(granted[key], now)
			for i, from := range granted[key] {
				got := len(granted[key]) - i
				if most := burst + int(now.Sub(from)/time.Second); got > most {
					rt.Fatalf("%q got %d tokens in %v; at most %d are allowed", key, got, now.Sub(from), most)
				}
			}
		}
	})
}

func TestAFullTable(t *testing.T) {
	t.Parallel()
	rate := limit.Rate{PerSecond: 1, Burst: 2}

	t.Run("newcomers share one bucket while every place is busy", func(t *testing.T) {
		t.Parallel()
		b := limit.NewBuckets(2)
		b.Take("a", rate, noon)
		b.Take("b", rate, noon)
		got := 0
		for i := range 10 {
			if ok, _ := b.Take(fmt.Sprint("newcomer ", i), rate, noon); ok {
				got++
			}
		}
		if got != rate.Burst {
			t.Errorf("ten newcomers got %d tokens together, want %d", got, rate.Burst)
		}
		if ok, _ := b.Take("a", rate, noon); !ok {
			t.Error("a known key lost its token to newcomers")
		}
	})

	t.Run("a newcomer takes the place of an idle key", func(t *testing.T) {
		t.Parallel()
		b, later := limit.NewBuckets(2), noon.Add(time.Minute)
		b.Take("a", rate, noon)
		b.Take("b", rate, noon)
		for _, key := range []string{"c", "d"} {
			b.Take(key, rate, later)
			b.Take(key, rate, later)
			if ok, _ := b.Take(key, rate, later); ok {
				t.Errorf("%q got three tokens of two", key)
			}
		}
	})

	t.Run("a flood of keys does not make the table grow", func(t *testing.T) {
		t.Parallel()
		b := limit.NewBuckets(2048)
		for i := range 20_000 {
			b.Take(strconv.Itoa(i), rate, noon.Add(time.Duration(i)*time.Millisecond))
		}
		if b.Len() > 2048 {
			t.Errorf("table for 2048 keys holds %d", b.Len())
		}
	})
}

func TestConcurrentTakesShareOneBurst(t *testing.T) {
	t.Parallel()
	const burst = 100
	b := limit.NewBuckets(2048)
	var granted atomic.Int64
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 500 {
				if ok, _ := b.Take("shared", limit.Rate{PerSecond: 1, Burst: burst}, noon); ok {
					granted.Add(1)
				}
				b.Take(fmt.Sprint(worker, i), limit.Rate{PerSecond: 1, Burst: 1}, noon)
			}
		})
	}
	group.Wait()
	if granted.Load() != burst {
		t.Errorf("eight workers got %d tokens of a bucket of %d", granted.Load(), burst)
	}
}

func BenchmarkTake(b *testing.B) {
	for _, keys := range []int{1, 100_000} {
		b.Run(fmt.Sprint("keys=", keys), func(b *testing.B) {
			names := make([]string, keys)
			for i := range names {
				names[i] = "client-" + strconv.Itoa(i)
			}
			buckets := limit.NewBuckets(keys)
			rate := limit.Rate{PerSecond: 1e6, Burst: 1000}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					buckets.Take(names[i%keys], rate, noon.Add(time.Duration(i)))
				}
			})
		})
	}
}

func BenchmarkTakeByNewcomersToAFullTable(b *testing.B) {
	buckets, rate := limit.NewBuckets(10_000), limit.Rate{PerSecond: 1, Burst: 1}
	names := make([]string, 1<<17)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		buckets.Take(names[i%len(names)], rate, noon)
	}
}
