package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/app/errs"
)

var errOutage = errors.New("outage")

// counted is a cache over a map, and how often the map was asked.
type counted struct {
	*cache[int]
	rows   map[string]int
	loads  int
	during func(context.Context) error // called once inside the next load
}

func newCounted() *counted {
	c := &counted{rows: map[string]int{"known": 1}}
	c.cache = newCache(func(ctx context.Context, id string) (int, error) {
		c.loads++
		v, ok := c.rows[id]
		if f := c.during; f != nil {
			c.during = nil
			if err := f(ctx); err != nil {
				return 0, err
			}
		}
		if !ok {
			return 0, errs.New(errs.NotFound, "", "none")
		}
		return v, nil
	})
	return c
}

func (c *counted) want(t *testing.T, id string, found bool, loads int) {
	t.Helper()
	_, err := c.get(t.Context(), id)
	if (err == nil) != found || (!found && errs.KindOf(err) != errs.NotFound) {
		t.Errorf("get %q: %v, want found = %v", id, err, found)
	}
	if c.loads != loads {
		t.Errorf("get %q: %d loads so far, want %d", id, c.loads, loads)
	}
}

func TestCacheAsksOnceForKnownAndForUnknownNames(t *testing.T) {
	t.Parallel()
	c := newCounted()
	c.want(t, "known", true, 1)
	c.want(t, "known", true, 1)
	c.want(t, "unknown", false, 2)
	c.want(t, "unknown", false, 2)

	c.rows["unknown"] = 2
	c.drop("another")
	c.want(t, "unknown", false, 2)
	c.drop("unknown")
	c.want(t, "unknown", true, 3)
	delete(c.rows, "known")
	c.drop("known")
	c.want(t, "known", false, 4)
}

func TestCacheReadsAgainWhatMovedDuringALoad(t *testing.T) {
	t.Parallel()
	c := newCounted()
	c.during = func(context.Context) error {
		c.rows["new"] = 1
		c.drop("new")
		return nil
	}
	c.want(t, "new", true, 2)
	c.during = func(context.Context) error {
		delete(c.rows, "known")
		c.dropIf(func(int) bool { return true })
		return nil
	}
	c.want(t, "known", false, 4)
	c.want(t, "known", false, 4)
}

func TestCacheKeepsNoFaultAndNoEndlessLoad(t *testing.T) {
	t.Parallel()
	c := newCounted()
	c.during = func(ctx context.Context) error {
		end, ok := ctx.Deadline()
		if !ok || time.Until(end) > loadTimeout || ctx.Err() != nil {
			t.Errorf("a load may take until %v (%v), and its context says %v", end, ok, ctx.Err())
		}
		return errOutage
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel() // whoever asked has left; others may wait for the same load
	if _, err := c.get(gone, "unknown"); errs.KindOf(err) != errs.Unavailable || !errors.Is(err, errOutage) {
		t.Errorf("got %v, want Unavailable for the outage", err)
	}
	c.want(t, "unknown", false, 2)
}

func TestCacheIsBoundedInNamesAndLoadsNoneThatIsNotOne(t *testing.T) {
	t.Parallel()
	c := newCounted()
	for _, id := range []string{strings.Repeat("n", maxName+1), "a\x00b", "\xff"} {
		c.want(t, id, false, 0)
	}
	for n := range maxAbsent + 1000 {
		if _, err := c.get(t.Context(), fmt.Sprint("guess-", n)); errs.KindOf(err) != errs.NotFound {
			t.Fatal(err)
		}
	}
	c.absent.CleanUp()
	if n := c.absent.EstimatedSize(); n > maxAbsent {
		t.Errorf("%d absent names are kept, want at most %d", n, maxAbsent)
	}
}
