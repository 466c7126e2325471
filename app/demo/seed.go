package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"postern/app/errs"
	"postern/app/seal"
	"postern/app/store"
	"postern/models"
)

// seeding is what a first start puts into the database.
type seeding struct {
	store  *store.Store
	places places
	keys   map[string]partnerKeys
	now    time.Time
}

// seed writes the service, the partners and their grants once. On a second
// start it leaves all that as staff may have changed it, and only moves the
// addresses to where the demo listens now.
func seed(ctx context.Context, s seeding) error {
	if err := s.service(ctx); err != nil {
		return err
	}
	for _, r := range cast {
		if err := s.partner(ctx, r); err != nil {
			return fmt.Errorf("partner %s: %w", r.short, err)
		}
	}
	return nil
}

// service writes the service, and on every start where it is to be found.
func (s seeding) service(ctx context.Context) error {
	known, err := s.store.ServiceProfile(ctx, serviceID)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return fmt.Errorf("read service: %w", err)
	}
	service, first := known.Service, err != nil
	if first {
		service = newService(s.now)
	}
	service.H5URL, service.UpdatedAt = s.places.h5+pagePath, s.now.UnixMilli()
	return s.store.Write(ctx, func(tx *store.Tx) error {
		at := s.now.UnixMilli()
		if err := tx.SaveService(service); err != nil {
			return err
		}
		if err := tx.SetOrigins(serviceID, []string{s.places.h5}, at); err != nil {
			return err
		}
		if err := tx.SaveUpstream(newUpstream(s.places.bank), at); err != nil {
			return err
		}
		if !first {
			return nil
		}
		return writeLoanService(tx, at)
	})
}

// writeLoanService writes the routes and scopes of seed_loan.go.
func writeLoanService(tx *store.Tx, at int64) error {
	for _, route := range loanRoutes() {
		if err := tx.SaveRoute(route, at); err != nil {
			return fmt.Errorf("route %s: %w", route.ID, err)
		}
	}
	for _, s := range loanScopes {
		scope, permissions, fields := s.rows()
		err := tx.SaveScope(scope, at)
		if err == nil {
			err = tx.SetScopePermissions(scope, permissions, at)
		}
		if err == nil {
			err = tx.SetScopeFields(scope, fields, at)
		}
		if err != nil {
			return fmt.Errorf("scope %s: %w", scope.ID, err)
		}
	}
	return nil
}

// partner writes a partner with its application, unless it is there.
func (s seeding) partner(ctx context.Context, r role) error {
	_, err := s.store.ApplicationProfile(ctx, r.clientID)
	if err == nil {
		return nil
	}
	if errs.KindOf(err) != errs.NotFound {
		return fmt.Errorf("read application: %w", err)
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		at := s.now.UnixMilli()
		if err := tx.SavePartner(models.Partner{ID: r.partnerID, Name: r.legal, Status: r.status, CreatedAt: at, UpdatedAt: at}); err != nil {
			return err
		}
		if err := s.application(tx, r, r.clientID, 0); err != nil {
			return err
		}
		if r.short != "lianhe" {
			return nil
		}
		return s.application(tx, r, kioskID, 1)
	})
}

// application writes an application whose ATs live lifetime seconds; 0 means
// the default.
func (s seeding) application(tx *store.Tx, r role, id string, lifetime int64) error {
	at := s.now.UnixMilli()
	err := tx.SaveApplication(models.Application{
		ID: id, PartnerID: r.partnerID, Name: r.legal, Environment: models.Production, Suite: string(seal.A256),
		AuthMethod: models.PrivateKeyJWT, Status: models.Active, AddressMode: models.AddressOff,
		ATLifetime: lifetime, CreatedAt: at, UpdatedAt: at,
	})
	if err != nil {
		return err
	}
	if err := tx.SetReturnAddresses(id, []string{r.returnTo}, at); err != nil {
		return err
	}
	if err := s.credentials(tx, id); err != nil {
		return err
	}
	for _, scope := range r.scopes {
		err := tx.SaveGrant(models.Grant{
			ID: id + ":" + scope, ApplicationID: id, ScopeID: scope, Purpose: "Loan offers inside the partner's app",
			ApprovedBy: "demo", StartsAt: at, CreatedAt: at,
		}, at)
		if err != nil {
			return fmt.Errorf("grant %s: %w", scope, err)
		}
	}
	return nil
}

// credentials registers the public halves of an application's keys.
func (s seeding) credentials(tx *store.Tx, id string) error {
	keys, known := s.keys[id]
	if !known {
		return errors.New("no keys for " + id)
	}
	at := s.now.UnixMilli()
	for use, key := range map[models.CredentialUse]*seal.PrivateKey{
		models.SignatureKey: keys.Signing, models.EncryptionKey: keys.Encryption,
	} {
		public, err := json.Marshal(key.Public())
		if err != nil {
			return fmt.Errorf("write public key: %w", err)
		}
		credential := models.Credential{
			ID: key.Public().KID(), ApplicationID: id, Use: use, KID: key.Public().KID(),
			PublicJWK: string(public), NotBefore: at, CreatedAt: at,
		}
		if err := tx.SaveCredential(credential, at); err != nil {
			return fmt.Errorf("credential %s: %w", credential.ID, err)
		}
	}
	return nil
}
