package store

import (
	"context"
	"fmt"

	"postern/models"
)

// What rules of alerts ask. Each asks a bounded part of a table by an index, and
// answers with the worst first, up to a limit.

// Share is how many of something there were of an application, and how many of
// them went another way.
type Share struct {
	ApplicationID string // empty: callers who proved to be none
	Total, Part   int64
}

// refusedOutcome is an outcome that is neither good nor a fault of the bank's
// own side nor a page's usual way to a visitor's sign-in.
const refusedOutcome = "outcome NOT IN ('ok', 'unavailable', 'upstream_unavailable', 'upstream_timeout', 'customer_required')"

const refusalsSQL = `SELECT application_id, sum(count) AS total, sum(CASE WHEN ` + refusedOutcome + ` THEN count ELSE 0 END) AS part
	FROM rollups WHERE span = 'hour' AND start > ? AND kind IN ('at', 'vt', 'again', 'call') AND ` + calm + ` GROUP BY application_id
	HAVING sum(CASE WHEN ` + refusedOutcome + ` THEN count ELSE 0 END) >= ?
	AND 100 * sum(CASE WHEN ` + refusedOutcome + ` THEN count ELSE 0 END) >= ? * sum(count)
	ORDER BY part DESC, application_id LIMIT ?`

// Refusals lists the applications that were refused at least so many times, and
// so many percent of what was answered, in hours that began after a time (Unix ms).
func (s *Store) Refusals(ctx context.Context, after int64, least, percent, limit int) ([]Share, error) {
	return s.shares(ctx, "refusals", refusalsSQL, after, after, least, percent, limit)
}

// unredeemedSQL looks at the newest of the ATs that ended: at no more, however
// many there were.
const unredeemedSQL = `SELECT application_id, count(*) AS total, sum(CASE WHEN spent_at = 0 AND revoked_at = 0 THEN 1 ELSE 0 END) AS part
	FROM (SELECT application_id, spent_at, revoked_at FROM at_rows WHERE expires_at > ? AND expires_at <= ?
		ORDER BY expires_at DESC LIMIT ?) ended WHERE ` + calm + ` GROUP BY application_id
	HAVING sum(CASE WHEN spent_at = 0 AND revoked_at = 0 THEN 1 ELSE 0 END) >= ?
	AND 100 * sum(CASE WHEN spent_at = 0 AND revoked_at = 0 THEN 1 ELSE 0 END) >= ? * count(*)
	ORDER BY part DESC, application_id LIMIT ?`

// unredeemedSample is how many ATs are looked at.
const unredeemedSample = 20_000

// UnredeemedATs lists the applications of whose ATs at least so many, and so many
// percent, ended in (after, until], Unix ms, without having been spent or revoked:
// of the newest 20,000 that ended. An application over which its partner had put bad
// weather since then is left out, here as there.
func (s *Store) UnredeemedATs(ctx context.Context, after, until int64, least, percent, limit int) ([]Share, error) {
	return s.shares(ctx, "unredeemed ATs", unredeemedSQL, after, until, unredeemedSample, after, least, percent, limit)
}

func (s *Store) shares(ctx context.Context, what, query string, args ...any) ([]Share, error) {
	var list []Share
	if err := s.read(ctx).Raw(query, args...).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return list, nil
}

const newSourcesSQL = `SELECT n.* FROM application_sources n WHERE n.first_at > ?
	AND EXISTS (SELECT 1 FROM application_sources o WHERE o.application_id = n.application_id AND o.first_at <= ?)
	ORDER BY n.first_at DESC LIMIT ?`

// NewSources lists the addresses that applications asked from for the first time
// after a time, of applications that have been known since another; Unix ms.
func (s *Store) NewSources(ctx context.Context, after, knownSince int64, limit int) ([]models.ApplicationSource, error) {
	var list []models.ApplicationSource
	if err := s.read(ctx).Raw(newSourcesSQL, after, knownSince, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read new sources: %w", err)
	}
	return list, nil
}

const alarmsSQL = `SELECT application_id, count(*) AS total, count(*) AS part FROM events
	WHERE alarm AND at > ? AND kind = ? GROUP BY application_id HAVING count(*) >= ? ORDER BY part DESC, application_id LIMIT ?`

// Alarms lists the applications of which the ledger has at least so many alarms
// of a kind since a time, Unix ms.
func (s *Store) Alarms(ctx context.Context, kind string, after int64, least, limit int) ([]Share, error) {
	return s.shares(ctx, "alarms", alarmsSQL, after, kind, least, limit)
}

// EndingCredential is a credential that ends and has no successor.
type EndingCredential struct {
	ID, ApplicationID, Use string
	NotAfter               int64 // Unix ms
}

// A successor may be used at the end of the one before, and lasts longer.
const endingCredentialsSQL = `SELECT c.id, c.application_id, c.use, c.not_after FROM credentials c
	JOIN applications a ON a.id = c.application_id
	WHERE c.revoked_at = 0 AND c.not_after > 0 AND c.not_after > ? AND c.not_after <= ? AND a.status = 'active' AND (? = '' OR a.partner_id = ?) AND ` + lastingSQL + `
	AND NOT EXISTS (SELECT 1 FROM credentials n WHERE n.application_id = c.application_id AND n.use = c.use AND n.id <> c.id
		AND n.revoked_at = 0 AND n.frozen = '' AND n.not_before <= c.not_after AND (n.not_after = 0 OR n.not_after > c.not_after))
	ORDER BY c.not_after LIMIT ?`

// EndingCredentials lists the credentials of active applications that end with
// none of the same use to go on with.
func (s *Store) EndingCredentials(ctx context.Context, e Ending) ([]EndingCredential, error) {
	var list []EndingCredential
	if err := s.read(ctx).Raw(endingCredentialsSQL, e.args()...).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read ending credentials: %w", err)
	}
	return list, nil
}

// sourceSQL says at most once a day that an address is in use.
const sourceSQL = `INSERT INTO application_sources (application_id, prefix, first_at, last_at) VALUES (?, ?, ?, ?)
	ON CONFLICT (application_id, prefix) DO UPDATE SET last_at = excluded.last_at
	WHERE application_sources.last_at < excluded.last_at - 86400000`

// SaveSource notes that an application has asked from an address.
func (tx *Tx) SaveSource(s models.ApplicationSource) error {
	if err := tx.db.Exec(sourceSQL, s.ApplicationID, s.Prefix, s.FirstAt, s.LastAt).Error; err != nil {
		return fmt.Errorf("save source: %w", err)
	}
	return nil
}
