package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"postern/models"
)

// Business reads the rows that staff maintain, many at a time, from one picture
// of the database. Each method takes the ids to look for, leaves out those that
// are not there, and orders by primary key; nil ids mean all rows.
type Business struct {
	db *gorm.DB
}

// Business lets f read on one picture of the database; f must not keep it.
func (s *Store) Business(ctx context.Context, f func(Business) error) error {
	tx := s.read(ctx).Begin(s.snapshotOptions())
	if tx.Error != nil {
		return fmt.Errorf("begin read: %w", tx.Error)
	}
	defer tx.Rollback()
	return f(Business{db: tx})
}

// businessLock is the number of PostgreSQL's advisory lock behind which changes
// of the bank's business take turns.
const businessLock = 0x706f7374

// Business reads the rows that a change compares with, and keeps others from
// changing them until the transaction ends: they take turns from here on. On
// SQLite they do so anyway.
func (tx *Tx) Business() (Business, error) {
	if tx.db.Name() != "postgres" {
		return Business{db: tx.db}, nil
	}
	if err := tx.db.Exec("SELECT pg_advisory_xact_lock(?)", businessLock).Error; err != nil {
		return Business{}, fmt.Errorf("lock business rows: %w", err)
	}
	// Not everybody who writes takes that turn: a row that is compared and saved
	// whole must not move in between.
	return Business{db: tx.db.Clauses(clause.Locking{Strength: "UPDATE"}).Session(&gorm.Session{})}, nil
}

// StaffExist reports whether anybody of the bank's staff has got in; whoever was
// only invited cannot approve anything yet.
func (b Business) StaffExist() (bool, error) { return activeStaff(b.db) }

// Accounts reads accounts in the same picture.
func (b Business) Accounts() Accounts { return Accounts(b) }

// Partners reads partners.
func (b Business) Partners(ids []string) ([]models.Partner, error) {
	return find[models.Partner](b, "id", "id", ids)
}

// PartnersByCreditCode reads the partners that have one of the codes.
func (b Business) PartnersByCreditCode(codes []string) ([]models.Partner, error) {
	return find[models.Partner](b, "credit_code", "id", codes)
}

// Contacts reads whom the bank calls about partners.
func (b Business) Contacts(partners []string) ([]models.Contact, error) {
	return find[models.Contact](b, "partner_id", "partner_id, position", partners)
}

// ApplicationsOf reads the applications of partners.
func (b Business) ApplicationsOf(partners []string) ([]models.Application, error) {
	return find[models.Application](b, "partner_id", "id", partners)
}

// Applications reads applications.
func (b Business) Applications(ids []string) ([]models.Application, error) {
	return find[models.Application](b, "id", "id", ids)
}

// Addresses reads the address lists of applications.
func (b Business) Addresses(applications []string) ([]models.ApplicationAddress, error) {
	return find[models.ApplicationAddress](b, "application_id", "application_id, prefix", applications)
}

// ReturnAddresses reads the return addresses of applications.
func (b Business) ReturnAddresses(applications []string) ([]models.ReturnAddress, error) {
	return find[models.ReturnAddress](b, "application_id", "application_id, address", applications)
}

// Credentials reads credentials.
func (b Business) Credentials(ids []string) ([]models.Credential, error) {
	return find[models.Credential](b, "id", "id", ids)
}

// CredentialsOf reads the credentials of applications.
func (b Business) CredentialsOf(applications []string) ([]models.Credential, error) {
	return find[models.Credential](b, "application_id", "id", applications)
}

// CredentialsByKey reads the credentials with one of the keys, by thumbprint.
func (b Business) CredentialsByKey(thumbprints []string) ([]models.Credential, error) {
	if b.db == nil {
		return nil, nil
	}
	// The condition that holds anyway lets SQLite use the index.
	b.db = b.db.Where("thumbprint <> ''").Session(&gorm.Session{})
	return find[models.Credential](b, "thumbprint", "id", thumbprints)
}

// Grants reads grants.
func (b Business) Grants(ids []string) ([]models.Grant, error) {
	return find[models.Grant](b, "id", "id", ids)
}

// GrantsOf reads the grants of applications.
func (b Business) GrantsOf(applications []string) ([]models.Grant, error) {
	return find[models.Grant](b, "application_id", "id", applications)
}

// SecretGrants reads the grants that were not ended of services' scopes to
// applications that prove themselves by a secret.
func (b Business) SecretGrants(services []string) ([]models.Grant, error) {
	if b.db == nil || len(services) == 0 {
		return nil, nil
	}
	var all []models.Grant
	for some := range slices.Chunk(slices.DeleteFunc(slices.Clone(services), unstorable), findAtOnce) {
		var found []models.Grant
		err := b.db.Order("id").Find(&found, `ended_at = 0 AND scope_id IN (SELECT id FROM scopes WHERE service_id IN ?)
			AND application_id IN (SELECT id FROM applications WHERE auth_method = ?)`, some, models.ClientSecretBasic).Error
		if err != nil {
			return nil, fmt.Errorf("read grants: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// Services reads services.
func (b Business) Services(ids []string) ([]models.Service, error) {
	return find[models.Service](b, "id", "id", ids)
}

// Origins reads the origins of services.
func (b Business) Origins(services []string) ([]models.ServiceOrigin, error) {
	return find[models.ServiceOrigin](b, "service_id", "service_id, origin", services)
}

// Hours reads the weekly plans of services.
func (b Business) Hours(services []string) ([]models.ServiceHours, error) {
	return find[models.ServiceHours](b, "service_id", "service_id, days, opens, closes", services)
}

// Stops reads the planned stops of services.
func (b Business) Stops(services []string) ([]models.ServiceStop, error) {
	return find[models.ServiceStop](b, "service_id", "service_id, starts_at", services)
}

// OriginOwners reads which services have the origins.
func (b Business) OriginOwners(origins []string) ([]models.ServiceOrigin, error) {
	return find[models.ServiceOrigin](b, "origin", "service_id, origin", origins)
}

// Upstreams reads the upstreams of services.
func (b Business) Upstreams(services []string) ([]models.Upstream, error) {
	return find[models.Upstream](b, "service_id", "service_id, environment", services)
}

// Routes reads the routes of services.
func (b Business) Routes(services []string) ([]models.Route, error) {
	return find[models.Route](b, "service_id", "service_id, id", services)
}

// RoutesByID reads routes.
func (b Business) RoutesByID(ids []string) ([]models.Route, error) {
	return find[models.Route](b, "id", "id", ids)
}

// Scopes reads scopes.
func (b Business) Scopes(ids []string) ([]models.Scope, error) {
	return find[models.Scope](b, "id", "id", ids)
}

// Permissions reads the permissions of scopes.
func (b Business) Permissions(scopes []string) ([]models.ScopePermission, error) {
	return find[models.ScopePermission](b, "scope_id", "scope_id, resource, action", scopes)
}

// Fields reads the fields of scopes.
func (b Business) Fields(scopes []string) ([]models.ScopeField, error) {
	return find[models.ScopeField](b, "scope_id", "scope_id, resource, action, path", scopes)
}

// ConsentTexts reads all versions of what scopes ask people to agree to.
func (b Business) ConsentTexts(scopes []string) ([]models.ConsentText, error) {
	return find[models.ConsentText](b, "scope_id", "scope_id, version", scopes)
}

// findAtOnce bounds the ids of one query.
const findAtOnce = 500

// find reads the rows whose column holds one of the values, ordered; an id is
// looked for once.
func find[T any](b Business, column, order string, values []string) ([]T, error) {
	var all []T
	if b.db == nil {
		return nil, nil
	}
	if values == nil {
		if err := b.db.Order(order).Find(&all).Error; err != nil {
			return nil, fmt.Errorf("read %T: %w", all, err)
		}
		return all, nil
	}
	values = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(values))), unstorable)
	for some := range slices.Chunk(values, findAtOnce) {
		var found []T
		if err := b.db.Where(column+" IN ?", some).Order(order).Find(&found).Error; err != nil {
			return nil, fmt.Errorf("read %T: %w", all, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// unstorable reports what no text column holds: PostgreSQL would call asking for
// it a fault.
func unstorable(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsRune(text, 0)
}
