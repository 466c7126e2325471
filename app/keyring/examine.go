package keyring

import (
	"fmt"
	"strings"
	"time"

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

// String names a kind for people: "ak A256 production", "ticket".
func (k kind) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", k.use, k.suite, k.env))
}

// Lacking lists, for people, the kinds of key of which no live one is in use at
// now; "" if none.
func Lacking(rows []models.Key, now time.Time) string {
	var names []string
	for _, k := range kinds() {
		found := false
		for _, row := range rows {
			found = found || k.covers(row) && inUse(row, now.UnixMilli())
		}
		if !found {
			names = append(names, k.String())
		}
	}
	return strings.Join(names, ", ")
}

// tendLate is how much later than due Tend may come.
const tendLate = 3 * time.Hour

// Overdue lists, for people, what Tend should have done long before now: kinds
// whose newest key is too old, and keys that open nothing any more and are not
// retired; "" if nothing.
func Overdue(rows []models.Key, now time.Time) string {
	var names []string
	for _, k := range kinds() {
		age, rotates := ages[k.use]
		if rotates && !hasYoungerThan(rows, k, now.Add(-age-tendLate).UnixMilli()) {
			names = append(names, k.String())
		}
	}
	for _, row := range rows {
		if anyOver([]models.Key{row}, now.Add(-tendLate).UnixMilli()) {
			names = append(names, "key "+row.KID)
		}
	}
	return strings.Join(names, ", ")
}
