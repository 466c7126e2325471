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
}

// ServiceProfile is a service with all that belongs to it.
type ServiceProfile struct {
	Service     models.Service
	Origins     []string
	Upstreams   []models.Upstream
	Routes      []models.Route
	Scopes      []models.Scope
	Permissions []models.ScopePermission
	Fields      []models.ScopeField
}

// ApplicationProfile reads an application by its client_id; errs.NotFound if
// there is none.
func (s *Store) ApplicationProfile(ctx context.Context, id string) (ApplicationProfile, error) {
	var p ApplicationProfile
	err := s.snapshot(ctx, func(db *gorm.DB) error {
		return errors.Join(
			db.Take(&p.Application, "id = ?", id).Error,
			db.Take(&p.Partner, "id = ?", p.Application.PartnerID).Error,
			db.Order("id").Find(&p.Credentials, "application_id = ? AND revoked_at = 0", id).Error,
			db.Model(&models.ApplicationAddress{}).Where("application_id = ?", id).Order("prefix").Pluck("prefix", &p.Addresses).Error,
			db.Model(&models.ReturnAddress{}).Where("application_id = ?", id).Order("address").Pluck("address", &p.ReturnAddresses).Error,
			db.Order("id").Find(&p.Grants, "application_id = ?", id).Error,
		)
	})
	if err != nil {
		return ApplicationProfile{}, notFound(err, "read application")
	}
	return p, nil
}

// ServiceProfile reads a service by its URN; errs.NotFound if there is none.
func (s *Store) ServiceProfile(ctx context.Context, id string) (ServiceProfile, error) {
	var p ServiceProfile
	inScopes := "scope_id IN (SELECT id FROM scopes WHERE service_id = ?)"
	err := s.snapshot(ctx, func(db *gorm.DB) error {
		return errors.Join(
			db.Take(&p.Service, "id = ?", id).Error,
			db.Model(&models.ServiceOrigin{}).Where("service_id = ?", id).Order("origin").Pluck("origin", &p.Origins).Error,
			db.Order("environment").Find(&p.Upstreams, "service_id = ?", id).Error,
			db.Order("id").Find(&p.Routes, "service_id = ?", id).Error,
			db.Order("id").Find(&p.Scopes, "service_id = ?", id).Error,
			db.Order("scope_id, resource, action").Find(&p.Permissions, inScopes, id).Error,
			db.Order("scope_id, resource, action, path").Find(&p.Fields, inScopes, id).Error,
		)
	})
	if err != nil {
		return ServiceProfile{}, notFound(err, "read service")
	}
	return p, nil
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
// in between is seen whole or not at all.
func (s *Store) snapshot(ctx context.Context, f func(*gorm.DB) error) error {
	db := s.read(ctx)
	tx := db.Begin(s.snapshotOptions())
	if tx.Error != nil {
		return tx.Error
	}
	defer tx.Rollback()
	return f(tx)
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
