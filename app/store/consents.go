package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"postern/models"
)

// ConsentFilter says which consents are meant; what is empty does not matter.
type ConsentFilter struct {
	ID            string
	ApplicationID string
	ScopeID       string
	// Visitor is exactly this one: whoever gives a customer does not mean consents of
	// a subject who had not signed in.
	Visitor models.Visitor
	// OneSubject narrows a customer's consents to those given under Visitor's
	// subject, empty for under none.
	OneSubject bool
	// SubjectMAC is also of consents that a customer gave under this subject.
	SubjectMAC string
	LiveAt     int64  // Unix ms; those that hold then
	After      string // ids behind this one
	Newest     bool   // first, in the place of the oldest
}

func (f ConsentFilter) apply(db *gorm.DB) *gorm.DB {
	if unstorable(f.ID + f.ScopeID + f.After) { // as partners may write them
		return db.Where("1 = 0")
	}
	for _, c := range []struct{ column, value string }{
		{"id", f.ID}, {"application_id", f.ApplicationID}, {"scope_id", f.ScopeID},
	} {
		if c.value != "" {
			db = db.Where(c.column+" = ?", c.value)
		}
	}
	// The conditions that hold anyway let SQLite use the partial indexes.
	switch p := f.Visitor; {
	case p.CustomerMAC != "":
		db = db.Where("customer_mac = ? AND customer_mac <> ''", p.CustomerMAC)
		if f.OneSubject {
			db = db.Where("subject_mac = ?", p.SubjectMAC)
		}
	case p.SubjectMAC != "":
		db = db.Where("subject_mac = ? AND subject_mac <> '' AND customer_mac = ''", p.SubjectMAC)
	case p.VID != "":
		db = db.Where("vid = ? AND customer_mac = '' AND subject_mac = ''", p.VID)
	}
	if f.SubjectMAC != "" {
		db = db.Where("subject_mac = ? AND subject_mac <> ''", f.SubjectMAC)
	}
	if f.LiveAt != 0 {
		db = db.Where("(ends_at = 0 OR ends_at > ?)", f.LiveAt)
	}
	if f.After != "" {
		db = db.Where("id > ?", f.After)
	}
	return db
}

func (f ConsentFilter) order() string {
	if f.Newest {
		return "id DESC"
	}
	return "id"
}

func (f ConsentFilter) list(db *gorm.DB, limit int) ([]models.Consent, error) {
	var list []models.Consent
	if err := f.apply(db).Order(f.order()).Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	return list, nil
}

// Consents lists up to limit consents, the oldest first unless the filter says
// otherwise.
func (s *Store) Consents(ctx context.Context, f ConsentFilter, limit int) ([]models.Consent, error) {
	return f.list(s.read(ctx), limit)
}

// Consents lists consents as Store.Consents does, and keeps others from ending
// them until the transaction ends.
func (tx *Tx) Consents(f ConsentFilter, limit int) ([]models.Consent, error) {
	db := tx.db
	if db.Name() == string(Postgres) {
		db = db.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	return f.list(db, limit)
}

// GiveConsent writes a consent.
func (tx *Tx) GiveConsent(c models.Consent) error {
	if err := tx.db.Create(&c).Error; err != nil {
		return fmt.Errorf("give consent: %w", err)
	}
	return nil
}

// Withdrawal is how a consent ended before its time.
type Withdrawal struct {
	At     int64 // Unix ms
	By     models.Withdrawer
	Reason string
	Until  int64 // Unix ms; no ticket names the consent any longer
}

// EndConsent ends a consent and tells the nodes.
func (tx *Tx) EndConsent(id string, w Withdrawal) error {
	err := tx.db.Model(&models.Consent{}).Where("id = ? AND withdrawn_at = 0", id).
		Updates(map[string]any{"ends_at": w.At, "withdrawn_at": w.At, "withdrawn_by": w.By, "reason": w.Reason}).Error
	if err != nil {
		return fmt.Errorf("end consent: %w", err)
	}
	return tx.AppendChange(models.Change{At: w.At, Kind: models.ChangeConsent, Subject: id, Until: w.Until})
}

// ConsentText reads a version of what a scope asks people to agree to;
// errs.NotFound if there is none.
func (tx *Tx) ConsentText(scope string, version int64) (models.ConsentText, error) {
	var t models.ConsentText
	if err := tx.db.Take(&t, "scope_id = ? AND version = ?", scope, version).Error; err != nil {
		return models.ConsentText{}, notFound(err, "read consent text")
	}
	return t, nil
}
