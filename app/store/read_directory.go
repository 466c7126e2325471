package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"postern/app/errs"
	"postern/models"
)

// ApplicationProfile is an application with all that belongs to it.
type ApplicationProfile struct {
	Application     models.Application
	Partner         models.Partner
	Credentials     []models.Credential
	Addresses       []string // CIDR
	ReturnAddresses []string
	Grants          []models.Grant
	Weather         []models.WeatherSpell
}

// ServiceProfile is a service with all that belongs to it.
type ServiceProfile struct {
	Service     models.Service
	Origins     []string
	Hours       []models.ServiceHours
	Stops       []models.ServiceStop
	Upstreams   []models.Upstream
	Routes      []models.Route
	Scopes      []models.Scope
	Permissions []models.ScopePermission
	Fields      []models.ScopeField
	Consents    []models.ConsentText // the version that each scope demands
}

// ApplicationProfile reads an application by its client_id; errs.NotFound if
// there is none.
func (s *Store) ApplicationProfile(ctx context.Context, id string) (ApplicationProfile, error) {
	var p ApplicationProfile
	err := s.snapshot(ctx,
		func(db *gorm.DB) *gorm.DB { return db.Take(&p.Application, "id = ?", id) },
		func(db *gorm.DB) *gorm.DB { return db.Take(&p.Partner, "id = ?", p.Application.PartnerID) },
		func(db *gorm.DB) *gorm.DB {
			return db.Order("id").Find(&p.Credentials, "application_id = ? AND revoked_at = 0", id)
		},
		func(db *gorm.DB) *gorm.DB {
			return db.Model(&models.ApplicationAddress{}).Where("application_id = ?", id).Order("prefix").Pluck("prefix", &p.Addresses)
		},
		func(db *gorm.DB) *gorm.DB {
			return db.Model(&models.ReturnAddress{}).Where("application_id = ?", id).Order("address").Pluck("address", &p.ReturnAddresses)
		},
		func(db *gorm.DB) *gorm.DB { return db.Order("id").Find(&p.Grants, "application_id = ?", id) },
		func(db *gorm.DB) *gorm.DB { return weatherOf(db, &p.Weather, id) },
	)
	if err != nil {
		return ApplicationProfile{}, notFound(err, "read application")
	}
	return p, nil
}

// maxPartnerKeys bounds the keys that are read of one partner: far more than anybody has.
const maxPartnerKeys = 500

// SignatureKeys lists the keys by which the applications of a partner in an
// environment prove who they are, the newest first; none that was revoked.
func (s *Store) SignatureKeys(ctx context.Context, partner string, e models.Environment) ([]models.Credential, error) {
	var list []models.Credential
	err := s.read(ctx).
		Where("application_id IN (SELECT id FROM applications WHERE partner_id = ? AND environment = ?)", partner, e).
		Order("created_at DESC, id DESC").Limit(maxPartnerKeys).Find(&list, "use = ? AND revoked_at = 0", models.SignatureKey).Error
	if err != nil {
		return nil, fmt.Errorf("read keys of partner: %w", err)
	}
	return list, nil
}

// ServiceProfile reads a service by its URN; errs.NotFound if there is none.
func (s *Store) ServiceProfile(ctx context.Context, id string) (ServiceProfile, error) {
	var p ServiceProfile
	err := s.snapshot(ctx, serviceReads(&p, id)...)
	if err != nil {
		return ServiceProfile{}, notFound(err, "read service")
	}
	return p, nil
}

// readService reads a service in a picture that is open already.
func readService(db *gorm.DB, p *ServiceProfile, id string) error {
	for _, read := range serviceReads(p, id) {
		if err := read(db).Error; err != nil {
			return err
		}
	}
	return nil
}

func serviceReads(p *ServiceProfile, id string) []func(*gorm.DB) *gorm.DB {
	inScopes := "scope_id IN (SELECT id FROM scopes WHERE service_id = ?)"
	return []func(*gorm.DB) *gorm.DB{
		func(db *gorm.DB) *gorm.DB { return db.Take(&p.Service, "id = ?", id) },
		func(db *gorm.DB) *gorm.DB {
			return db.Model(&models.ServiceOrigin{}).Where("service_id = ?", id).Order("origin").Pluck("origin", &p.Origins)
		},
		func(db *gorm.DB) *gorm.DB {
			return db.Order("days, opens, closes").Find(&p.Hours, "service_id = ?", id)
		},
		func(db *gorm.DB) *gorm.DB { return db.Order("starts_at").Find(&p.Stops, "service_id = ?", id) },
		func(db *gorm.DB) *gorm.DB { return db.Order("environment").Find(&p.Upstreams, "service_id = ?", id) },
		func(db *gorm.DB) *gorm.DB { return db.Order("id").Find(&p.Routes, "service_id = ?", id) },
		func(db *gorm.DB) *gorm.DB { return db.Order("id").Find(&p.Scopes, "service_id = ?", id) },
		func(db *gorm.DB) *gorm.DB {
			return db.Order("scope_id, resource, action").Find(&p.Permissions, inScopes, id)
		},
		func(db *gorm.DB) *gorm.DB {
			return db.Order("scope_id, resource, action, path").Find(&p.Fields, inScopes, id)
		},
		func(db *gorm.DB) *gorm.DB {
			demanded := "(scope_id, version) IN (SELECT id, consent_version FROM scopes WHERE service_id = ?)"
			return db.Order("scope_id").Find(&p.Consents, demanded, id)
		},
	}
}

// ActiveOrigins lists the origins of all active services.
func (s *Store) ActiveOrigins(ctx context.Context) ([]string, error) {
	var list []string
	err := s.read(ctx).Model(&models.ServiceOrigin{}).
		Joins("JOIN services ON services.id = service_origins.service_id").
		Where("services.status = ?", models.Active).Distinct().Pluck("origin", &list).Error
	if err != nil {
		return nil, fmt.Errorf("read origins: %w", err)
	}
	return list, nil
}

// snapshot runs several reads on one picture of the database, so that a change
// in between is seen whole or not at all. It ends with the first that fails:
// the entry itself comes first, so that an unknown name costs one query, and
// what is read after a fault would only hide it.
func (s *Store) snapshot(ctx context.Context, reads ...func(*gorm.DB) *gorm.DB) error {
	tx := s.read(ctx).Begin(s.snapshotOptions())
	if tx.Error != nil {
		return tx.Error
	}
	defer tx.Rollback()
	for _, read := range reads {
		if err := read(tx).Error; err != nil {
			return err
		}
	}
	return nil
}

func notFound(err error, doing string) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return errs.New(errs.NotFound, "", "There is no such entry.").Wrap(fmt.Errorf("%s: %w", doing, err))
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// ServiceIDs lists the URNs of all services.
func (s *Store) ServiceIDs(ctx context.Context) ([]string, error) {
	var list []string
	if err := s.read(ctx).Model(&models.Service{}).Order("id").Pluck("id", &list).Error; err != nil {
		return nil, fmt.Errorf("read services: %w", err)
	}
	return list, nil
}
