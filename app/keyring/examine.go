package keyring

import (
	"fmt"
	"strings"
	"time"

	"postern/app/config"
	"postern/models"
)

// Opens fails with ErrMasterKey unless the master keys open every one of the
// keys, which are live ones.
func (ms Masters) Opens(rows []models.Key) error {
	for _, row := range rows {
		if _, err := ms.secret(row); err != nil {
			return fmt.Errorf("key %s: %w", row.KID, err)
		}
	}
	return nil
}

// String names a kind for people: "ak A256 production", "ticket".
func (k Kind) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", k.Use, k.Suite, k.Environment))
}

// Lacking lists, for people, the kinds of key of which no live one is in use at
// now; "" if none.
func Lacking(rows []models.Key, now time.Time) string {
	var names []string
	for _, k := range kinds() {
		found := false
		for _, row := range rows {
			found = found || kindOf(row) == k && stateOf(row, now) == InUse
		}
		if !found {
			names = append(names, k.String())
		}
	}
	return strings.Join(names, ", ")
}

// tendLate is how much later than due Tend may come before somebody should look.
const tendLate = 10 * TendEvery

// Overdue lists, for people, the live keys that Tend should have rotated or
// retired long before now; "" if none.
func Overdue(rows []models.Key, lives config.Keys, now time.Time) string {
	var names []string
	for _, row := range rows {
		s := StatusOf(row, lives, now)
		for _, due := range []time.Time{s.RotatesAt, s.RetiresAt} {
			if !due.IsZero() && now.Sub(due) > tendLate {
				names = append(names, fmt.Sprintf("%s (%s)", row.KID, s.Kind))
				break
			}
		}
	}
	return strings.Join(names, ", ")
}
