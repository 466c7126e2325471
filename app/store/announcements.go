package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"postern/models"
)

// CreateAnnouncement writes a new one.
func (tx *Tx) CreateAnnouncement(a models.Announcement) error {
	if err := tx.db.Create(&a).Error; err != nil {
		return fmt.Errorf("create announcement: %w", err)
	}
	return nil
}

// UpdateAnnouncement writes one over what is there, if that stands and is as it was seen
// (its UpdatedAt then); false if it is not. Whom it is for stays.
func (tx *Tx) UpdateAnnouncement(a models.Announcement, seen int64) (bool, error) {
	return tx.claimed(tx.db.Model(&models.Announcement{}).Where("id = ? AND updated_at = ? AND withdrawn_at = 0", a.ID, seen).
		Select("kind", "title_en", "title_zh", "text_en", "text_zh", "starts_at", "ends_at", "withdrawn_at", "updated_at", "updated_by").Updates(&a))
}

// Announcement reads one.
func (s *Store) Announcement(ctx context.Context, id string) (models.Announcement, bool, error) {
	return one[models.Announcement](s.read(ctx), "id = ?", id)
}

// announcementsIn is how announcements of a state at now are found.
func announcementsIn(query *gorm.DB, state models.AnnouncementState, now int64) *gorm.DB {
	switch state {
	case models.AnnouncementNow:
		return query.Where("withdrawn_at = 0 AND ends_at > ? AND starts_at <= ?", now, now)
	case models.AnnouncementPlanned:
		return query.Where("withdrawn_at = 0 AND ends_at > ? AND starts_at > ?", now, now)
	case models.AnnouncementPast:
		return query.Where("(withdrawn_at > 0 OR ends_at <= ?)", now)
	}
	return query
}

// Announcements lists those of a state at now (Unix ms), or of any, the newest first,
// those below an id; "" is from the newest.
func (s *Store) Announcements(ctx context.Context, state models.AnnouncementState, now int64, below string, limit int) ([]models.Announcement, error) {
	return announcements(announcementsIn(s.read(ctx), state, now), below, limit)
}

// AnnouncementsFor lists those that stand and are for everybody or for who has one of the
// services, as Announcements does.
func (s *Store) AnnouncementsFor(ctx context.Context, services []string, below string, limit int) ([]models.Announcement, error) {
	return announcements(s.read(ctx).Where("withdrawn_at = 0 AND service_id IN ?", append([]string{""}, services...)), below, limit)
}

func announcements(query *gorm.DB, below string, limit int) (list []models.Announcement, err error) {
	if unstorable(below) {
		return nil, nil
	}
	if below != "" {
		query = query.Where("id < ?", below)
	}
	if err := query.Order("id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read announcements: %w", err)
	}
	return list, nil
}

// NextAnnouncements lists those for everybody or for who has one of the services that are
// not over at now (Unix ms) and in force by then, the newest first, at most limit.
func (s *Store) NextAnnouncements(ctx context.Context, services []string, now, then int64, limit int) (list []models.Announcement, err error) {
	query := s.read(ctx).Where("withdrawn_at = 0 AND ends_at > ? AND starts_at <= ? AND service_id IN ?", now, then, append([]string{""}, services...))
	if err := query.Order("id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read announcements: %w", err)
	}
	return list, nil
}

// Held is a scope that a partner's applications hold.
type Held struct{ PartnerID, ServiceID, ScopeID string }

const heldSQL = `SELECT DISTINCT a.partner_id, s.service_id, s.id AS scope_id FROM applications a JOIN grants g ON g.application_id = a.id JOIN scopes s ON s.id = g.scope_id
	WHERE a.partner_id IN ? AND a.status <> 'closed' AND g.ended_at = 0 AND (g.ends_at = 0 OR g.ends_at > ?)`

func held(db *gorm.DB, partners []string, now int64) (list []Held, err error) {
	if err := db.Raw(heldSQL, partners, now).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read what partners hold: %w", err)
	}
	return list, nil
}

// Held lists what partners hold by grants that are not over at now (Unix ms).
func (s *Store) Held(ctx context.Context, partners []string, now int64) ([]Held, error) {
	return held(s.read(ctx), partners, now)
}

// Held is Store.Held in the transaction.
func (tx *Tx) Held(partners []string, now int64) ([]Held, error) { return held(tx.db, partners, now) }
