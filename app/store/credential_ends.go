package store

import (
	"context"
	"fmt"
	"time"

	"postern/models"
)

// warnedSQL holds while nobody was told since the last of the moments that are 60, 30, 7
// and 1 days before the end.
const warnedSQL = `c.warned_at < c.not_after - CASE WHEN c.not_after - ? <= 86400000 THEN 86400000 WHEN c.not_after - ? <= 604800000 THEN 604800000
	WHEN c.not_after - ? <= 2592000000 THEN 2592000000 ELSE 5184000000 END`

// warnFirst is when the first warning comes before an end.
const warnFirst = 60 * 24 * time.Hour

// lastingSQL holds for what was not made to be over within the hour.
const lastingSQL = `substr(c.id, 1, 7) <> '` + models.TrialPrefix + `'`

const credentialsToWarnSQL = `SELECT c.* FROM credentials c JOIN applications a ON a.id = c.application_id
	WHERE c.revoked_at = 0 AND c.not_after > 0 AND c.not_after > ? AND c.not_after <= ? AND a.status = 'active'
	AND ` + lastingSQL + ` AND ` + warnedSQL + ` ORDER BY c.not_after LIMIT ?`

const endingOfPartnerSQL = `SELECT c.* FROM credentials c JOIN applications a ON a.id = c.application_id
	WHERE a.partner_id = ? AND a.status = 'active' AND ` + lastingSQL + ` AND c.revoked_at = 0 AND c.not_after > 0 AND c.not_after > ? AND c.not_after <= ? ORDER BY c.not_after LIMIT ?`

// CredentialsToWarn lists up to limit credentials of active applications whose end comes
// in 60, 30, 7 or 1 days and of which their partners were not told since then, and notes
// that they are. now is Unix ms.
func (tx *Tx) CredentialsToWarn(now int64, limit int) (list []models.Credential, err error) {
	if err := tx.db.Raw(credentialsToWarnSQL, now, now+warnFirst.Milliseconds(), now, now, now, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("find credentials that end: %w", err)
	}
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if err := tx.db.Model(&models.Credential{}).Where("id IN ?", ids).UpdateColumn("warned_at", now).Error; err != nil {
		return nil, fmt.Errorf("note credentials that end: %w", err)
	}
	return list, nil
}

// EndingOf lists the credentials of a partner's active applications that end within 60
// days from now on (Unix ms), those that end first, at most limit.
func (s *Store) EndingOf(ctx context.Context, partner string, now int64, limit int) (list []models.Credential, err error) {
	if err := s.read(ctx).Raw(endingOfPartnerSQL, partner, now, now+warnFirst.Milliseconds(), limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read credentials that end: %w", err)
	}
	return list, nil
}
