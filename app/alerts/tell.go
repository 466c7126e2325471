package alerts

import (
	"maps"
	"slices"
	"time"

	"postern/app/config"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// tell puts news of an alert into the outbox of every receiver that is told of
// such alerts.
func (w *Watch) tell(tx *store.Tx, a models.Alert, news models.News, now time.Time) error {
	tellings := w.o.Config.Tellings()
	for _, receiver := range slices.Sorted(maps.Keys(tellings)) {
		if !wants(tellings[receiver], a) {
			continue
		}
		id, err := w.id(now)
		if err != nil {
			return err
		}
		d := models.Delivery{ID: id, AlertID: a.ID, Receiver: receiver, News: news, DueAt: now.UnixMilli()}
		if err := tx.AppendDelivery(d); err != nil {
			return err
		}
	}
	return nil
}

// wants reports whether a receiver is told of an alert.
func wants(t config.Telling, a models.Alert) bool {
	return a.Severity.AtLeast(models.Severity(t.Severity)) && (len(t.Rules) == 0 || slices.Contains(t.Rules, a.Rule))
}

func (w *Watch) id(now time.Time) (string, error) { return ledger.NewID(now, w.o.Rand) }
