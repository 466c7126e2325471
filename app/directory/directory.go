package directory

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"postern/app/errs"
	"postern/app/store"
	"postern/models"
	"postern/policies"
)

// maxApplications bounds how many applications are kept in memory at a time.
const maxApplications = 20_000

// Directory answers who and what, from memory where it can.
type Directory struct {
	store        *store.Store
	compiler     *policies.Compiler
	applications *cache[*Application]
	services     *cache[*Service]
	origins      atomic.Pointer[map[string]bool]
}

// Open reads what every request needs and returns a directory.
func Open(ctx context.Context, s *store.Store, c *policies.Compiler) (*Directory, error) {
	d := &Directory{store: s, compiler: c}
	d.applications = newCache(func(ctx context.Context, id string) (*Application, error) {
		p, err := s.ApplicationProfile(ctx, id)
		if err != nil {
			return nil, err
		}
		return newApplication(p)
	})
	d.services = newCache(func(ctx context.Context, id string) (*Service, error) {
		p, err := s.ServiceProfile(ctx, id)
		if err != nil {
			return nil, err
		}
		return newService(p)
	})
	return d, d.ReloadOrigins(ctx)
}

// Application returns an application by its client_id; errs.NotFound if there is none.
func (d *Directory) Application(ctx context.Context, clientID string) (*Application, error) {
	return d.applications.get(ctx, clientID)
}

// Service returns a service by its URN; errs.NotFound if there is none.
func (d *Directory) Service(ctx context.Context, id string) (*Service, error) {
	return d.services.get(ctx, id)
}

// OriginListed reports whether any active service lists the origin; what CORS
// may answer (protocol section 8).
func (d *Directory) OriginListed(origin string) bool { return (*d.origins.Load())[origin] }

// ReloadOrigins reads the origins of all active services again.
func (d *Directory) ReloadOrigins(ctx context.Context) error {
	list, err := d.store.ActiveOrigins(ctx)
	if err != nil {
		return fmt.Errorf("read origins: %w", err)
	}
	set := make(map[string]bool, len(list))
	for _, o := range list {
		set[o] = true
	}
	d.origins.Store(&set)
	return nil
}

// Heard drops what a change is about. It never reads: the next request does.
func (d *Directory) Heard(c models.Change) {
	switch c.Kind {
	case models.ChangeApplication:
		d.applications.drop(c.Subject)
	case models.ChangePartner:
		d.applications.dropIf(func(a *Application) bool { return a.PartnerID == c.Subject })
	case models.ChangeService:
		d.services.drop(c.Subject)
	}
}

// cache keeps loaded entries until they are dropped. A drop during a load
// makes the load start again, so what is kept was read after the last drop.
type cache[V any] struct {
	entries *otter.Cache[string, V]
	load    func(ctx context.Context, id string) (V, error)
	flight  singleflight.Group
	drops   atomic.Int64
}

func newCache[V any](load func(ctx context.Context, id string) (V, error)) *cache[V] {
	return &cache[V]{
		entries: otter.Must(&otter.Options[string, V]{MaximumSize: maxApplications}),
		load:    load,
	}
}

func (c *cache[V]) get(ctx context.Context, id string) (V, error) {
	if v, ok := c.entries.GetIfPresent(id); ok {
		return v, nil
	}
	// Names come from callers; PostgreSQL would call such a one a fault of ours.
	if !utf8.ValidString(id) || strings.ContainsRune(id, 0) {
		var zero V
		return zero, errs.New(errs.NotFound, "", "There is no such entry.").Because("not_a_name")
	}
	// The load must not die with the request that happened to start it.
	v, err, _ := c.flight.Do(id, func() (any, error) { return c.fill(context.WithoutCancel(ctx), id) })
	if err != nil {
		var zero V
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
		if err != nil {
			return v, err
		}
		c.entries.Set(id, v)
		if c.drops.Load() == before {
			return v, nil
		}
		c.entries.Invalidate(id)
	}
}

func (c *cache[V]) drop(id string) {
	c.drops.Add(1)
	c.entries.Invalidate(id)
}

func (c *cache[V]) dropIf(match func(V) bool) {
	c.drops.Add(1)
	for id, v := range c.entries.All() {
		if match(v) {
			c.entries.Invalidate(id)
		}
	}
}
