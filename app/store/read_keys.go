package store

import (
	"context"
	"fmt"

	"postern/models"
)

// LiveKeys lists the gateway's keys that are not retired, newest first. In a
// change's transaction they stay as they are until it ends.
func (b Business) LiveKeys() ([]models.Key, error) {
	var list []models.Key
	if err := b.db.Order("active_from DESC, kid").Find(&list, "retired_at = 0").Error; err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return list, nil
}

// RetiredKeys lists keys that were retired, the last first, at most limit; those
// below a place (Unix ms and kid) of a list, 0 and "" for its beginning.
func (s *Store) RetiredKeys(ctx context.Context, belowAt int64, belowKID string, limit int) ([]models.Key, error) {
	query := s.read(ctx).Where("retired_at > 0").Order("retired_at DESC, kid DESC").Limit(limit)
	if belowAt > 0 {
		query = query.Where("(retired_at, kid) < (?, ?)", belowAt, belowKID)
	}
	var list []models.Key
	if err := query.Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read retired keys: %w", err)
	}
	return list, nil
}

// Carriers is how many ATs of an application carry an AK: all, and those that can
// still open a visit.
type Carriers struct {
	AKKID         string `gorm:"column:ak_kid"`
	ApplicationID string
	Total, Open   int64
}

// carriersSample is how many of the ATs that have not ended are looked at.
const carriersSample = 20_000

// carriersSQL looks at the newest of the ATs that have not ended: none lives
// longer than ten minutes, and the index is that of their ends.
const carriersSQL = `SELECT ak_kid, application_id, count(*) AS total,
	sum(CASE WHEN spent_at = 0 AND revoked_at = 0 THEN 1 ELSE 0 END) AS open
	FROM (SELECT ak_kid, application_id, spent_at, revoked_at FROM at_rows WHERE expires_at > ? ORDER BY expires_at DESC LIMIT ?) living
	GROUP BY ak_kid, application_id ORDER BY open DESC, ak_kid, application_id LIMIT ?`

// ATCarriers says which AKs the ATs carry that have not ended at now (Unix ms), by
// application, at most limit. whole is false when there are more than were looked at.
func (s *Store) ATCarriers(ctx context.Context, now int64, limit int) (list []Carriers, whole bool, err error) {
	if err := s.read(ctx).Raw(carriersSQL, now, carriersSample, limit).Scan(&list).Error; err != nil {
		return nil, false, fmt.Errorf("read carriers of keys: %w", err)
	}
	seen := int64(0)
	for _, c := range list {
		seen += c.Total
	}
	return list, seen < carriersSample && len(list) < limit, nil
}

// KeyByID reads one of the gateway's keys, retired or not.
func (s *Store) KeyByID(ctx context.Context, kid string) (models.Key, bool, error) {
	return one[models.Key](s.read(ctx), "kid = ?", kid)
}
