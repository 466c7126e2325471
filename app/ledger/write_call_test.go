package ledger_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

func TestOfManyWritesWithOneJTIOneIsFirst(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		var firsts atomic.Int32
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				first, state, err := l.BeginWrite(context.Background(), models.WriteCall{VID: "v", JTI: "j"}, time.Minute)
				if err != nil || state != models.WriteRunning {
					t.Errorf("begin: state %q, %v", state, err)
				}
				if first {
					firsts.Add(1)
				}
			})
		}
		all.Wait()
		if firsts.Load() != 1 {
			t.Errorf("%d were first, want one", firsts.Load())
		}
	})
}

func TestWriteCallTellsWhatBecameOfTheFirst(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var now atomic.Int64
		now.Store(testTime.UnixMilli())
		clock := func(o *ledger.Options) { o.Now = func() time.Time { return time.UnixMilli(now.Load()) } }
		l := open(t, s, clock)
		begin := func(l *ledger.Ledger, jti string) (bool, models.WriteState) {
			t.Helper()
			first, state, err := l.BeginWrite(t.Context(), models.WriteCall{VID: "v", JTI: jti}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			return first, state
		}
		want := func(l *ledger.Ledger, jti string, state models.WriteState) {
			t.Helper()
			if first, got := begin(l, jti); first || got != state {
				t.Errorf("%s: got first %v, %q, want %q", jti, first, got, state)
			}
		}

		for _, jti := range []string{"slow", "done"} {
			if first, _ := begin(l, jti); !first {
				t.Fatalf("%s was not first", jti)
			}
		}
		want(l, "slow", models.WriteRunning)
		if err := l.EndWrite(models.WriteCall{VID: "v", JTI: "done"}, models.WriteDone); err != nil {
			t.Fatal(err)
		}
		flush(t, l)
		want(l, "done", models.WriteDone)

		other := open(t, s, clock, func(o *ledger.Options) { o.Node = "b" })
		want(other, "slow", models.WriteRunning)
		restarted := open(t, s, clock)
		want(restarted, "slow", models.WriteUnknown)
		want(restarted, "done", models.WriteDone)

		now.Add(time.Minute.Milliseconds())
		want(l, "slow", models.WriteRunning)
		now.Add(1)
		want(l, "slow", models.WriteUnknown)
		want(other, "slow", models.WriteUnknown)
	})
}

// flush returns when all that was queued before is on disk: records travel with
// callers, oldest first.
func flush(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	for queued := 1; queued > 0; queued, _ = l.Depth() {
		if err := l.Append(t.Context(), ledger.Event{Kind: "flush", Outcome: "ok"}); err != nil {
			t.Fatal(err)
		}
	}
}
