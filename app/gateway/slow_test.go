package gateway

import (
	"sync"
	"testing"
	"time"
)

// However many calls are to be slow, so many are at once, and the others are not held up.
func TestFewCallsAreSlowAtOnce(t *testing.T) {
	t.Parallel()
	asleep, wake := make(chan struct{}), make(chan struct{})
	g := New(Options{Sleep: func(time.Duration) { asleep <- struct{}{}; <-wake }})
	g.wait(0)
	var all sync.WaitGroup
	for range slowAtOnce {
		all.Go(func() { g.wait(time.Second) })
		<-asleep
	}
	g.wait(time.Second) // or it would never return
	close(wake)
	all.Wait()
	all.Go(func() { g.wait(time.Second) })
	<-asleep // there is room again
	all.Wait()
}
