package directory

import (
	"context"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"postern/app/errs"
)

// Bounds of what is kept in memory, entries of each cache.
const (
	maxEntries = 20_000
	maxAbsent  = 10_000
)

// maxName is the longest name that is looked up, octets: no entry has a longer
// one, and names that callers make up are kept in memory.
const maxName = 255

// loadTimeout bounds a load, which outlives the request that started it and
// which others wait for.
const loadTimeout = 3 * time.Second

var errNoEntry = errs.New(errs.NotFound, "", "There is no such entry.")

// cache keeps loaded entries, and which names have none, until they are
// dropped. A drop during a load makes the load start again, so what is kept was
// read after the last drop. Absence is kept so that an unknown name costs what
// a known one does: neither tells the two apart by time, nor asks the database
// each time somebody guesses.
type cache[V any] struct {
	entries *otter.Cache[string, V]
	absent  *otter.Cache[string, struct{}]
	load    func(ctx context.Context, id string) (V, error)
	flight  singleflight.Group
	drops   atomic.Int64
}

func newCache[V any](load func(ctx context.Context, id string) (V, error)) *cache[V] {
	return &cache[V]{
		entries: otter.Must(&otter.Options[string, V]{MaximumSize: maxEntries}),
		absent:  otter.Must(&otter.Options[string, struct{}]{MaximumSize: maxAbsent}),
		load:    load,
	}
}

func (c *cache[V]) get(ctx context.Context, id string) (V, error) {
	if v, ok := c.entries.GetIfPresent(id); ok {
		return v, nil
	}
	var zero V
	// Names come from callers; PostgreSQL would call some of them a fault of ours.
	if len(id) > maxName || !utf8.ValidString(id) || strings.ContainsRune(id, 0) {
		return zero, errNoEntry.Because("not_a_name")
	}
	if _, ok := c.absent.GetIfPresent(id); ok {
		return zero, errNoEntry
	}
	// The load must not die with the request that happened to start it.
	v, err, _ := c.flight.Do(id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		return c.fill(ctx, id)
	})
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return zero, err
		}
		return zero, errs.New(errs.Unavailable, "unavailable", "The directory can't be read.").Wrap(err)
	}
	return v.(V), nil
}

func (c *cache[V]) fill(ctx context.Context, id string) (V, error) {
	for {
		before := c.drops.Load()
		v, err := c.load(ctx, id)
		switch {
		case err == nil:
			c.entries.Set(id, v)
		case errs.KindOf(err) == errs.NotFound:
			c.absent.Set(id, struct{}{})
		default:
			return v, err
		}
		if c.drops.Load() == before {
			return v, err
		}
		c.forget(id)
	}
}

func (c *cache[V]) drop(id string) {
	c.drops.Add(1)
	c.forget(id)
}

func (c *cache[V]) forget(id string) {
	c.entries.Invalidate(id)
	c.absent.Invalidate(id)
}

func (c *cache[V]) dropIf(match func(V) bool) {
	c.drops.Add(1)
	for id, v := range c.entries.All() {
		if match(v) {
			c.entries.Invalidate(id)
		}
	}
}
