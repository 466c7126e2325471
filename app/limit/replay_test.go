package limit_test

import (
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"postern/app/limit"
)

const keep = 2 * time.Minute

func key(n int) (k [32]byte) {
	binary.BigEndian.PutUint64(k[24:], uint64(n))

	return k
}

func TestFirst(t *testing.T) {
	t.Parallel()
	type ask struct {
		key       int
		after     time.Duration
		wantFirst bool
	}
	for _, tc := range []struct {
		name string
		asks []ask
	}{
		{"a second sight is recognised", []ask{{1, 0, true}, {1, 0, false}}},
		{"other keys do not matter", []ask{{1, 0, true}, {2, 0, true}, {2, 0, false}, {1, 0, false}}},
		{"a key is remembered for all of its time", []ask{{1, 0, true}, {1, keep - 1, false}, {1, keep, false}}},
		{"a key taken late in a generation outlives its end", []ask{{1, 0, true}, {2, keep - 1, true}, {3, keep, true}, {2, 2*keep - 2, false}}},
		{"a key is forgotten after twice its time", []ask{{1, 0, true}, {1, 2 * keep, true}}},
		{"a clock set back forgets nothing", []ask{{1, 0, true}, {2, -time.Hour, true}, {1, -time.Hour, false}, {2, keep - 1, false}}},
		{"asking does not prolong it", []ask{{1, 0, true}, {1, keep, false}, {1, 2 * keep, true}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := limit.NewReplayWindow(100, keep)
			for i, a := range tc.asks {
				first, err := w.First(key(a.key), noon.Add(a.after))
				if err != nil || first != a.wantFirst {
					t.Fatalf("ask %d: First = %v, %v; want %v", i, first, err, a.wantFirst)
				}
			}
		})
	}
}

func TestAFullWindow(t *testing.T) {
	t.Parallel()
	w := limit.NewReplayWindow(3, keep)
	for i := range 3 {
		if _, err := w.First(key(i), noon); err != nil {
			t.Fatal(err)
		}
	}
	if first, err := w.First(key(3), noon); first || !errors.Is(err, limit.ErrFull) {
		t.Errorf("First of a fourth key = %v, %v; want ErrFull", first, err)
	}
	if first, err := w.First(key(0), noon); first || err != nil {
		t.Errorf("First of a known key = %v, %v; want it recognised", first, err)
	}
	if first, err := w.First(key(3), noon.Add(keep)); first || !errors.Is(err, limit.ErrFull) {
		t.Errorf("First while the old generation is still owed = %v, %v; want ErrFull", first, err)
	}
	if first, err := w.First(key(3), noon.Add(2*keep)); !first || err != nil {
		t.Errorf("First after the window emptied = %v, %v; want true", first, err)
	}
	if w.Len() != 1 {
		t.Errorf("Len = %d, want 1", w.Len())
	}
}

func TestWindowNeverForgetsEarlyAndNeverGrows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(1, 40).Draw(rt, "size")
		w := limit.NewReplayWindow(size, keep)
		taken := map[int]time.Time{} // the naive model: nothing is ever forgotten

		now := noon
		for range rapid.IntRange(1, 200).Draw(rt, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 60).Draw(rt, "pause in s")) * time.Second)
			n := rapid.IntRange(0, 30).Draw(rt, "key")

			first, err := w.First(key(n), now)
			at, seen := taken[n]
			switch age := now.Sub(at); {
			case first && seen && age < keep:
				rt.Fatalf("key %d was new again after %v", n, age)
			case !first && err == nil && (!seen || age >= 2*keep):
				rt.Fatalf("key %d was called a replay; first taken: %v, age %v", n, seen, age)
			case err != nil && size > 31:
				rt.Fatalf("First = %v with room left", err)
			}
			if first {
				taken[n] = now
			}
			if w.Len() > size {
				rt.Fatalf("window for %d holds %d", size, w.Len())
			}
		}
	})
}

func TestConcurrentFirstsHaveOneWinner(t *testing.T) {
	t.Parallel()
	w := limit.NewReplayWindow(1000, keep)
	for n := range 50 {
		var winners atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if first, err := w.First(key(n), noon); err == nil && first {
					winners.Add(1)
				}
			})
		}
		group.Wait()
		if winners.Load() != 1 {
			t.Fatalf("key %d had %d winners", n, winners.Load())
		}
	}
}

func BenchmarkFirst(b *testing.B) {
	w := limit.NewReplayWindow(1<<20, keep)
	var n atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			// 2,000 messages a second: generations turn as they would in service.
			if _, err := w.First(key(int(i)), noon.Add(time.Duration(i)*500*time.Microsecond)); err != nil {
				b.Error(err)
			}
		}
	})
}
