package keyring

import (
	"fmt"

	"postern/models"
)

// Opens fails with ErrMasterKey unless the master key opens every one of the
// keys, which are live ones.
func (m *Master) Opens(rows []models.Key) error {
	for _, row := range rows {
		if row.MasterKeyID != m.ID() {
			return ErrMasterKey
		}
		if _, err := m.open(row.SealedPrivate, rowName(row)); err != nil {
			return fmt.Errorf("key %s: %w", row.KID, err)
		}
	}
	return nil
}
