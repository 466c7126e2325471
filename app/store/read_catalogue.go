package store

import (
	"context"
	"fmt"

	"postern/models"
)

// ServicesAfter reads services by id, those behind one, at most limit; "" begins
// with the first.
func (b Business) ServicesAfter(id string, limit int) ([]models.Service, error) {
	var list []models.Service
	if err := b.db.Order("id").Limit(limit).Find(&list, "id > ?", id).Error; err != nil {
		return nil, fmt.Errorf("read services: %w", err)
	}
	return list, nil
}

// ScopesAfter reads scopes by id, those behind one, at most limit; of one service
// where one is named.
func (b Business) ScopesAfter(service, id string, limit int) ([]models.Scope, error) {
	if unstorable(service) {
		return nil, nil
	}
	query := b.db.Order("id").Limit(limit).Where("id > ?", id)
	if service != "" {
		query = query.Where("service_id = ?", service)
	}
	var list []models.Scope
	if err := query.Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read scopes: %w", err)
	}
	return list, nil
}

// OfferedScopes reads the scopes that partners find in their catalogue, by their services,
// at most limit.
func (b Business) OfferedScopes(limit int) ([]models.Scope, error) {
	var list []models.Scope
	if err := b.db.Order("service_id, id").Limit(limit).Find(&list, "offered").Error; err != nil {
		return nil, fmt.Errorf("read offered scopes: %w", err)
	}
	return list, nil
}

// ScopesOf reads the scopes of services.
func (b Business) ScopesOf(services []string) ([]models.Scope, error) {
	return find[models.Scope](b, "service_id", "id", services)
}

// CountRoutes counts the routes of each service.
func (b Business) CountRoutes(services []string) (map[string]int, error) {
	return b.countBy(&models.Route{}, "service_id", services)
}

// CountScopes counts the scopes of each service.
func (b Business) CountScopes(services []string) (map[string]int, error) {
	return b.countBy(&models.Scope{}, "service_id", services)
}

func (b Business) countBy(model any, column string, values []string) (map[string]int, error) {
	var rows []struct {
		Value string
		N     int
	}
	err := b.db.Model(model).Select(column+" AS value, count(*) AS n").Where(column+" IN ?", values).Group(column).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count %T: %w", model, err)
	}
	counts := make(map[string]int, len(rows))
	for _, r := range rows {
		counts[r.Value] = r.N
	}
	return counts, nil
}

// liveGrant is a grant that holds at a moment, which is given three times.
const liveGrant = "starts_at <= ? AND (ends_at = 0 OR ends_at > ?) AND (ended_at = 0 OR ended_at > ?)"

// CountHolders counts the applications that hold a scope at a moment (Unix ms),
// at most limit.
func (b Business) CountHolders(scope string, at int64, limit int) (int, error) {
	inner := b.db.Model(&models.Grant{}).Distinct("application_id").
		Where("scope_id = ? AND "+liveGrant, scope, at, at, at).Limit(limit)
	var n int64
	if err := b.db.Table("(?) AS counted", inner).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count holders: %w", err)
	}
	return int(n), nil
}

// Holding is a grant with the names of who holds it.
type Holding struct {
	models.Grant
	Application, Partner string // names
	Environment          models.Environment
}

// Holdings lists the grants of a scope by application and id, those behind one, at
// most limit; two empty ids begin with the first.
func (s *Store) Holdings(ctx context.Context, scope, application, id string, limit int) ([]Holding, error) {
	var list []Holding
	err := s.read(ctx).Model(&models.Grant{}).
		Select("grants.*, applications.name AS application, applications.environment AS environment, partners.name AS partner").
		Joins("JOIN applications ON applications.id = grants.application_id JOIN partners ON partners.id = applications.partner_id").
		Where("grants.scope_id = ? AND (grants.application_id, grants.id) > (?, ?)", scope, application, id).
		Order("grants.application_id, grants.id").Limit(limit).Scan(&list).Error
	if err != nil {
		return nil, fmt.Errorf("read grants of scope: %w", err)
	}
	return list, nil
}

// HoldersOf lists applications that hold one of the scopes at a moment (Unix ms)
// by id, those behind one, at most limit.
func (s *Store) HoldersOf(ctx context.Context, scopes []string, at int64, after string, limit int) ([]string, error) {
	var all []string
	if len(scopes) == 0 {
		return nil, nil
	}
	err := s.read(ctx).Model(&models.Grant{}).
		Where("scope_id IN ? AND application_id > ? AND "+liveGrant, scopes, after, at, at, at).
		Distinct("application_id").Order("application_id").Limit(limit).Pluck("application_id", &all).Error
	if err != nil {
		return nil, fmt.Errorf("read holders of scopes: %w", err)
	}
	return all, nil
}

// ApplicationNames reads the first applications by id, for a list to choose from.
func (s *Store) ApplicationNames(ctx context.Context, limit int) ([]models.Application, error) {
	var list []models.Application
	if err := s.read(ctx).Order("id").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read applications: %w", err)
	}
	return list, nil
}

// ServiceHistory lists what persons did to a service and its scopes, newest first,
// at most limit.
func (s *Store) ServiceHistory(ctx context.Context, service string, limit int) ([]models.Event, error) {
	var list []models.Event
	err := s.read(ctx).Order("id DESC").Limit(limit).
		Find(&list, "service_id = ? AND actor <> '' AND service_id <> ''", service).Error
	if err != nil {
		return nil, fmt.Errorf("read history of service: %w", err)
	}
	return list, nil
}
