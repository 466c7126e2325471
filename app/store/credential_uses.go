package store

import (
	"context"
	"fmt"

	"postern/models"
)

const (
	addUsesSQL = `INSERT INTO credential_uses (credential_id, since, address, uses, last_at) VALUES (?, ?, ?, ?, ?)
	ON CONFLICT (credential_id, since, address) DO UPDATE SET uses = credential_uses.uses + excluded.uses,
	last_at = CASE WHEN excluded.last_at > credential_uses.last_at THEN excluded.last_at ELSE credential_uses.last_at END`
	lastUseSQL = `INSERT INTO credential_last_uses (credential_id, at, address) VALUES (?, ?, ?)
	ON CONFLICT (credential_id) DO UPDATE SET at = excluded.at, address = excluded.address WHERE credential_last_uses.at < excluded.at`
	usesOverTimeSQL  = `SELECT since, sum(uses) AS uses FROM credential_uses WHERE credential_id = ? AND since >= ? GROUP BY since ORDER BY since LIMIT ?`
	usesByAddressSQL = `SELECT address, sum(uses) AS uses, max(last_at) AS last_at FROM credential_uses WHERE credential_id = ? AND since >= ?
	GROUP BY address ORDER BY uses DESC, address LIMIT ?`
)

// AddCredentialUses adds uses of a credential to those that were counted.
func (tx *Tx) AddCredentialUses(u models.CredentialUses) error {
	if err := tx.db.Exec(addUsesSQL, u.CredentialID, u.Since, u.Address, u.Uses, u.LastAt).Error; err != nil {
		return fmt.Errorf("save uses of credential: %w", err)
	}
	if err := tx.db.Exec(lastUseSQL, u.CredentialID, u.LastAt, u.Address).Error; err != nil {
		return fmt.Errorf("save last use of credential: %w", err)
	}
	return nil
}

// LastUses reads when and from where credentials were last used; those that never were
// are not in it.
func (b Business) LastUses(credentials []string) (map[string]models.CredentialLastUse, error) {
	rows, err := find[models.CredentialLastUse](b, "credential_id", "credential_id", append([]string{}, credentials...))
	found := map[string]models.CredentialLastUse{}
	for _, row := range rows {
		found[row.CredentialID] = row
	}
	return found, err
}

// UsesOverTime lists how often a credential was used in each span since a time (Unix
// ms), the oldest first, at most limit; spans in which it was not are not in it.
func (s *Store) UsesOverTime(ctx context.Context, credential string, since int64, limit int) (list []models.CredentialUses, err error) {
	if err := s.read(ctx).Raw(usesOverTimeSQL, credential, since, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read uses of credential: %w", err)
	}
	return list, nil
}

const sourcesOfSQL = `SELECT * FROM application_sources WHERE application_id = ? AND last_at >= ? ORDER BY last_at DESC, prefix LIMIT ?`

// SourcesOf lists from where an application has asked for ATs since a time (Unix ms), the
// latest first, at most limit.
func (s *Store) SourcesOf(ctx context.Context, application string, since int64, limit int) (list []models.ApplicationSource, err error) {
	if err := s.read(ctx).Raw(sourcesOfSQL, application, since, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read sources of application: %w", err)
	}
	return list, nil
}

const lastAtSQL = `SELECT address, max(last_at) AS last_at FROM credential_uses WHERE credential_id IN ? AND since >= ? AND address <> ''
	GROUP BY address ORDER BY last_at DESC, address LIMIT ?`

// LastAt lists from where any of some credentials was used since a time (Unix ms), and when
// last, the latest first, at most limit.
func (s *Store) LastAt(ctx context.Context, credentials []string, since int64, limit int) (list []models.CredentialUses, err error) {
	if err := s.read(ctx).Raw(lastAtSQL, credentials, since, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read addresses of credentials: %w", err)
	}
	return list, nil
}

// UsesByAddress lists from where a credential was used since a time (Unix ms), the most
// first, at most limit.
func (s *Store) UsesByAddress(ctx context.Context, credential string, since int64, limit int) (list []models.CredentialUses, err error) {
	if err := s.read(ctx).Raw(usesByAddressSQL, credential, since, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read addresses of credential: %w", err)
	}
	return list, nil
}
