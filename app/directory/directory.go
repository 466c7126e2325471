package directory

import (
	"context"
	"fmt"
	"sync/atomic"

	"postern/app/seal"
	"postern/app/store"
	"postern/models"
	"postern/policies"
)

// Directory answers who and what, from memory where it can.
type Directory struct {
	store        *store.Store
	compiler     *policies.Compiler
	applications *cache[*Application]
	services     *cache[*Service]
	keys         map[models.Environment]*cache[[]*seal.PublicKey] // of partners
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
	d.keys = map[models.Environment]*cache[[]*seal.PublicKey]{}
	for _, e := range []models.Environment{models.Sandbox, models.Production} {
		d.keys[e] = newCache(func(ctx context.Context, partner string) ([]*seal.PublicKey, error) {
			rows, err := s.SignatureKeys(ctx, partner, e)
			if err != nil {
				return nil, err
			}
			return newKeys(rows)
		})
	}
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

// SignatureKeys lists the keys by which a partner's applications in an environment
// prove who they are, the newest first. They are read when they are first asked for,
// and again only once an application has changed: nobody's requests need them who
// comes with the right key.
func (d *Directory) SignatureKeys(ctx context.Context, partner string, e models.Environment) ([]*seal.PublicKey, error) {
	of, known := d.keys[e]
	if !known {
		return nil, nil
	}
	return of.get(ctx, partner)
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
	set := originSet(list)
	d.origins.Store(&set)
	return nil
}

// Heard drops what a change is about. It never reads: the next request does.
func (d *Directory) Heard(c models.Change) {
	switch c.Kind {
	case models.ChangeApplication:
		d.applications.drop(c.Subject)
		for _, of := range d.keys { // of which partner it is may not be known yet
			of.dropIf(func([]*seal.PublicKey) bool { return true })
		}
	case models.ChangePartner:
		d.applications.dropIf(func(a *Application) bool { return a.PartnerID == c.Subject })
	case models.ChangeService:
		d.services.drop(c.Subject)
	}
}
