package ledger_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
)

// callers is how many clients of a closed loop issue at once.
const callers = 32

// BenchmarkIssue compares grouped commits with one-row commits of the same rows
// through the same code: only MaxGroup differs. "1ms" is a disk whose commit
// takes a millisecond longer. Only ratios within one run mean anything.
func BenchmarkIssue(b *testing.B) {
	for _, database := range []struct {
		name string
		open func(testing.TB) *store.Store
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.Postgres}} {
		for _, disk := range []struct {
			name  string
			delay time.Duration
		}{{"disk", 0}, {"disk+1ms", time.Millisecond}} {
			for _, group := range []struct {
				name string
				size int
			}{{"single", 1}, {"grouped", 256}} {
				b.Run(database.name+"/"+disk.name+"/"+group.name, func(b *testing.B) {
					var commits atomic.Int64
					l := open(b, database.open(b), func(o *ledger.Options) {
						o.MaxGroup = group.size
						o.BeforeCommit = func() {
							commits.Add(1)
							time.Sleep(disk.delay)
						}
					})
					closedLoop(b, func() error { return l.Issue(context.Background(), newIssue()) })
					b.ReportMetric(float64(b.N)/float64(commits.Load()), "rows/commit")
				})
			}
		}
	}
}

// BenchmarkSpend spends fresh ATs; making them is not timed.
func BenchmarkSpend(b *testing.B) {
	for _, database := range []struct {
		name string
		open func(testing.TB) *store.Store
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.Postgres}} {
		b.Run(database.name, func(b *testing.B) {
			l := open(b, database.open(b))
			ats := make(chan string, b.N)
			fill(b, b.N, func() error {
				i := newIssue()
				err := l.Issue(context.Background(), i)
				ats <- i.Row.ATHash
				return err
			})
			b.ResetTimer()
			closedLoop(b, func() error {
				_, err := l.Spend(context.Background(), newSpend(<-ats))
				return err
			})
		})
	}
}

func closedLoop(b *testing.B, step func() error) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	fill(b, b.N, step)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// fill runs step n times from as many goroutines as there are callers.
func fill(b *testing.B, n int, step func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	done := make(chan error, callers)
	for range callers {
		go func() {
			for left.Add(-1) >= 0 {
				if err := step(); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range callers {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}
