package store

import (
	"cmp"
	"fmt"

	"gorm.io/gorm/clause"

	"postern/models"
)

// The Save methods insert a row or replace all its columns, and tell the other
// nodes; at is the time of the change in Unix ms. They check no rule beyond
// the database's: the use cases above do.

// SavePartner saves a partner, and by what it is found.
func (tx *Tx) SavePartner(p models.Partner) error {
	p.NameKey, p.Risk = fold(p.Name), cmp.Or(p.Risk, models.RiskMedium)
	if err := tx.saved(&p, models.ChangePartner, p.ID, p.UpdatedAt); err != nil {
		return err
	}
	return replace(tx, partnerTerms(p), "partner_id = ?", p.ID, models.Change{At: p.UpdatedAt, Kind: models.ChangePartner, Subject: p.ID})
}

// SetContacts replaces whom the bank calls about a partner.
func (tx *Tx) SetContacts(partnerID string, list []models.Contact, at int64) error {
	return replace(tx, list, "partner_id = ?", partnerID, models.Change{At: at, Kind: models.ChangePartner, Subject: partnerID})
}

// SaveApplication saves an application.
func (tx *Tx) SaveApplication(a models.Application) error {
	return tx.saved(&a, models.ChangeApplication, a.ID, a.UpdatedAt)
}

// SaveCredential saves a credential of an application.
func (tx *Tx) SaveCredential(c models.Credential, at int64) error {
	return tx.saved(&c, models.ChangeApplication, c.ApplicationID, at)
}

// SaveGrant saves a grant.
func (tx *Tx) SaveGrant(g models.Grant, at int64) error {
	return tx.saved(&g, models.ChangeApplication, g.ApplicationID, at)
}

// SaveService saves a service.
func (tx *Tx) SaveService(s models.Service) error {
	return tx.saved(&s, models.ChangeService, s.ID, s.UpdatedAt)
}

// SaveUpstream saves where a service's calls go in one environment.
func (tx *Tx) SaveUpstream(u models.Upstream, at int64) error {
	return tx.saved(&u, models.ChangeService, u.ServiceID, at)
}

// SaveRoute saves a route.
func (tx *Tx) SaveRoute(r models.Route, at int64) error {
	// gorm's serializer writes nil as NULL; an empty list is a fact.
	for _, list := range []*[]string{&r.QueryNames, &r.ReplyTypes, &r.ErrorFields} {
		if *list == nil {
			*list = []string{}
		}
	}
	if r.Bindings == nil {
		r.Bindings = map[string]string{}
	}
	return tx.saved(&r, models.ChangeService, r.ServiceID, at)
}

// DeleteRoutes deletes routes of a service.
func (tx *Tx) DeleteRoutes(serviceID string, ids []string, at int64) error {
	if err := tx.db.Delete(&models.Route{}, "service_id = ? AND id IN ?", serviceID, ids).Error; err != nil {
		return fmt.Errorf("delete routes: %w", err)
	}
	return tx.AppendChange(models.Change{At: at, Kind: models.ChangeService, Subject: serviceID})
}

// SetUpstreams replaces where a service's calls go.
func (tx *Tx) SetUpstreams(serviceID string, list []models.Upstream, at int64) error {
	return replace(tx, list, "service_id = ?", serviceID, models.Change{At: at, Kind: models.ChangeService, Subject: serviceID})
}

// SaveScope saves a scope without its permissions and fields.
func (tx *Tx) SaveScope(s models.Scope, at int64) error {
	return tx.saved(&s, models.ChangeService, s.ServiceID, at)
}

// SetAddresses replaces an application's address list (CIDR).
func (tx *Tx) SetAddresses(applicationID string, prefixes []string, at int64) error {
	rows := make([]models.ApplicationAddress, len(prefixes))
	for i, p := range prefixes {
		rows[i] = models.ApplicationAddress{ApplicationID: applicationID, Prefix: p}
	}
	return replace(tx, rows, "application_id = ?", applicationID, models.Change{At: at, Kind: models.ChangeApplication, Subject: applicationID})
}

// SetReturnAddresses replaces the addresses an application may ask the page to
// return to.
func (tx *Tx) SetReturnAddresses(applicationID string, addresses []string, at int64) error {
	rows := make([]models.ReturnAddress, len(addresses))
	for i, a := range addresses {
		rows[i] = models.ReturnAddress{ApplicationID: applicationID, Address: a}
	}
	return replace(tx, rows, "application_id = ?", applicationID, models.Change{At: at, Kind: models.ChangeApplication, Subject: applicationID})
}

// SetOrigins replaces the origins of a service's pages.
func (tx *Tx) SetOrigins(serviceID string, origins []string, at int64) error {
	rows := make([]models.ServiceOrigin, len(origins))
	for i, o := range origins {
		rows[i] = models.ServiceOrigin{ServiceID: serviceID, Origin: o}
	}
	return replace(tx, rows, "service_id = ?", serviceID, models.Change{At: at, Kind: models.ChangeService, Subject: serviceID})
}

// SetHours replaces a service's weekly plan; none is always open.
func (tx *Tx) SetHours(serviceID string, list []models.ServiceHours, at int64) error {
	return replace(tx, list, "service_id = ?", serviceID, models.Change{At: at, Kind: models.ChangeService, Subject: serviceID})
}

// SetStops replaces a service's planned stops.
func (tx *Tx) SetStops(serviceID string, list []models.ServiceStop, at int64) error {
	return replace(tx, list, "service_id = ?", serviceID, models.Change{At: at, Kind: models.ChangeService, Subject: serviceID})
}

// KeepConsentText keeps a version of what a scope asks people to agree to; one
// that is there already stays as it is.
func (tx *Tx) KeepConsentText(t models.ConsentText) error {
	if err := tx.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&t).Error; err != nil {
		return fmt.Errorf("keep consent text: %w", err)
	}
	return nil
}

// SetScopePermissions replaces what a scope allows and denies.
func (tx *Tx) SetScopePermissions(s models.Scope, list []models.ScopePermission, at int64) error {
	return replace(tx, list, "scope_id = ?", s.ID, models.Change{At: at, Kind: models.ChangeService, Subject: s.ServiceID})
}

// SetScopeFields replaces which fields a scope reveals, and how.
func (tx *Tx) SetScopeFields(s models.Scope, list []models.ScopeField, at int64) error {
	return replace(tx, list, "scope_id = ?", s.ID, models.Change{At: at, Kind: models.ChangeService, Subject: s.ServiceID})
}

func (tx *Tx) saved(row any, kind models.ChangeKind, subject string, at int64) error {
	if err := tx.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(row).Error; err != nil {
		return fmt.Errorf("save %s: %w", kind, err)
	}
	return tx.AppendChange(models.Change{At: at, Kind: kind, Subject: subject})
}

// rowsAtOnce bounds the rows of one insert: both databases limit its parameters.
const rowsAtOnce = 500

// replace deletes the rows of one owner and inserts the given ones.
func replace[T any](tx *Tx, rows []T, where, owner string, c models.Change) error {
	var row T
	if err := tx.db.Delete(&row, where, owner).Error; err != nil {
		return fmt.Errorf("replace %s: %w", c.Kind, err)
	}
	if len(rows) > 0 {
		if err := tx.db.CreateInBatches(&rows, rowsAtOnce).Error; err != nil {
			return fmt.Errorf("replace %s: %w", c.Kind, err)
		}
	}
	return tx.AppendChange(c)
}
