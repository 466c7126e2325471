package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"postern/models"
)

// MaxAlerts bounds lists of alerts.
const MaxAlerts = 500

// lastingAlert is what the unique index alerts_lasting holds.
const lastingAlert = "rule = ? AND subject_kind = ? AND subject_id = ? AND resolved_at = 0"

// LastingAlert finds the alert of a rule and subject whose condition lasts, and
// keeps others from changing it until the transaction ends; found is false where
// there is none.
func (tx *Tx) LastingAlert(rule, kind, id string) (a models.Alert, found bool, err error) {
	db := tx.db
	if db.Name() == string(Postgres) {
		db = db.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	var list []models.Alert
	if err := db.Limit(1).Find(&list, lastingAlert, rule, kind, id).Error; err != nil {
		return a, false, fmt.Errorf("find alert: %w", err)
	}
	if len(list) == 0 {
		return a, false, nil
	}
	return list[0], true, nil
}

// RaiseAlert writes a new alert; raised is false where another node has just
// raised one of the same rule and subject.
func (tx *Tx) RaiseAlert(a models.Alert) (raised bool, err error) {
	result := tx.db.Clauses(clause.OnConflict{
		Columns:     []clause.Column{{Name: "rule"}, {Name: "subject_kind"}, {Name: "subject_id"}},
		TargetWhere: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "resolved_at = 0"}}},
		DoNothing:   true,
	}).Create(&a)
	if result.Error != nil {
		return false, fmt.Errorf("raise alert: %w", result.Error)
	}
	return result.RowsAffected == 1, nil
}

// SaveAlert writes what has changed of an alert that is there.
func (tx *Tx) SaveAlert(a models.Alert) error {
	err := tx.db.Model(&a).Select("SubjectName", "Severity", "LastAt", "Count", "Numbers", "RemindedAt",
		"AckedAt", "AckedBy", "AckNote", "ResolvedAt").Updates(&a).Error
	if err != nil {
		return fmt.Errorf("save alert: %w", err)
	}
	return nil
}

// LastingAlerts lists up to MaxAlerts alerts of a rule whose condition was last
// seen before a time (Unix ms) and is not known to be over, locked.
func (tx *Tx) LastingAlerts(rule string, seenBefore int64) ([]models.Alert, error) {
	var list []models.Alert
	if err := tx.db.Raw(lastingAlertsSQL+tx.forUpdate(), rule, seenBefore, MaxAlerts).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("find lasting alerts: %w", err)
	}
	return list, nil
}

const lastingAlertsSQL = `SELECT * FROM alerts WHERE rule = ? AND resolved_at = 0 AND last_at < ?
	ORDER BY rule, subject_kind, subject_id LIMIT ?`

// AlertsToRemind lists up to MaxAlerts alerts that nobody has acknowledged and
// that receivers were last told of before a time (Unix ms), locked.
func (tx *Tx) AlertsToRemind(toldBefore int64) ([]models.Alert, error) {
	var list []models.Alert
	if err := tx.db.Raw(remindSQL+tx.forUpdate(), toldBefore, MaxAlerts).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("find alerts to remind of: %w", err)
	}
	return list, nil
}

const remindSQL = "SELECT * FROM alerts WHERE acked_at = 0 AND reminded_at < ? ORDER BY reminded_at LIMIT ?"

// forUpdate locks the rows that a query finds, where rows can be locked.
func (tx *Tx) forUpdate() string {
	if tx.db.Name() == string(Postgres) {
		return " FOR UPDATE"
	}
	return ""
}

// Alert finds an alert by its id, locked; errs.NotFound if there is none.
func (tx *Tx) Alert(id string) (a models.Alert, err error) {
	db := tx.db
	if db.Name() == string(Postgres) {
		db = db.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	if err := db.Take(&a, "id = ?", id).Error; err != nil {
		return a, notFound(err, "read alert")
	}
	return a, nil
}

// Alerts lists up to MaxAlerts alerts, the newest first: with all those that are
// over and acknowledged, too.
func (s *Store) Alerts(ctx context.Context, all bool) ([]models.Alert, error) {
	query := listedAlertsSQL
	if all {
		query = allAlertsSQL
	}
	var list []models.Alert
	if err := s.read(ctx).Raw(query, MaxAlerts).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("list alerts: %w", err)
	}
	return list, nil
}

// Two parts, as each has an index of its own.
const (
	listedAlertsSQL = `SELECT * FROM alerts WHERE id IN (
		SELECT id FROM alerts WHERE acked_at = 0 UNION ALL SELECT id FROM alerts WHERE resolved_at = 0) ORDER BY id DESC LIMIT ?`
	// From the end of the primary key, as far as the limit.
	allAlertsSQL = "SELECT * FROM alerts ORDER BY id DESC LIMIT ?"
)

// AlertsByID reads alerts by their ids; those that are gone are not in it.
func (s *Store) AlertsByID(ctx context.Context, ids []string) (map[string]models.Alert, error) {
	var list []models.Alert
	if err := s.read(ctx).Find(&list, "id IN ?", ids).Error; err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	found := make(map[string]models.Alert, len(list))
	for _, a := range list {
		found[a.ID] = a
	}
	return found, nil
}

// AlertCount is how many alerts of a rule and severity last.
type AlertCount struct {
	Rule     string
	Severity models.Severity
	Count    int64
	FirstAt  int64 // of the oldest, Unix ms
}

const lastingCountsSQL = `SELECT rule, severity, count(*) AS count, min(first_at) AS first_at
	FROM alerts WHERE resolved_at = 0 GROUP BY rule, severity`

// LastingAlertCounts counts the alerts whose condition lasts.
func (s *Store) LastingAlertCounts(ctx context.Context) ([]AlertCount, error) {
	var list []AlertCount
	if err := s.read(ctx).Raw(lastingCountsSQL).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("count alerts: %w", err)
	}
	return list, nil
}

// OldestUnacknowledged is when the alert was first seen that has waited the
// longest for somebody to acknowledge it, Unix ms, and how many wait; 0 when none
// does.
func (s *Store) OldestUnacknowledged(ctx context.Context) (at, waiting int64, err error) {
	var row struct{ At, Waiting int64 }
	if err := s.read(ctx).Raw(unacknowledgedSQL).Scan(&row).Error; err != nil {
		return 0, 0, fmt.Errorf("find unacknowledged alerts: %w", err)
	}
	return row.At, row.Waiting, nil
}

const unacknowledgedSQL = "SELECT coalesce(min(first_at), 0) AS at, count(*) AS waiting FROM alerts WHERE acked_at = 0"

// AppendDelivery puts news into the outbox, in the transaction of what it is about.
func (tx *Tx) AppendDelivery(d models.Delivery) error {
	if err := tx.db.Create(&d).Error; err != nil {
		return fmt.Errorf("append delivery: %w", err)
	}
	return nil
}

// WaitingDeliveries lists up to limit deliveries of a receiver that were neither
// sent nor given up, the oldest first.
func (s *Store) WaitingDeliveries(ctx context.Context, receiver string, limit int) ([]models.Delivery, error) {
	var list []models.Delivery
	if err := s.read(ctx).Raw(waitingDeliveriesSQL, receiver, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return list, nil
}

const waitingDeliveriesSQL = "SELECT * FROM deliveries WHERE receiver = ? AND sent_at = 0 AND gave_up_at = 0 ORDER BY id LIMIT ?"

// WaitingReceivers lists the receivers for which something waits, with how many
// attempts the first of it has had and what came of the last one.
func (s *Store) WaitingReceivers(ctx context.Context) ([]models.Delivery, error) {
	var list []models.Delivery
	if err := s.read(ctx).Raw(waitingReceiversSQL).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read receivers: %w", err)
	}
	return list, nil
}

const waitingReceiversSQL = `SELECT * FROM deliveries WHERE id IN (
	SELECT min(id) FROM deliveries WHERE sent_at = 0 AND gave_up_at = 0 GROUP BY receiver) ORDER BY receiver`

// DeliveriesOf lists the news of a change request, the oldest first, at most limit.
func (s *Store) DeliveriesOf(ctx context.Context, request int64, limit int) ([]models.Delivery, error) {
	var list []models.Delivery
	if err := s.read(ctx).Raw(deliveriesOfSQL, request, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return list, nil
}

const deliveriesOfSQL = "SELECT * FROM deliveries WHERE request_id = ? AND request_id > 0 ORDER BY id LIMIT ?"

// MarkDeliveries writes what came of sending deliveries together: of each the
// same, but for the attempts, of which each has had one more.
func (tx *Tx) MarkDeliveries(ids []string, d models.Delivery) error {
	err := tx.db.Model(&models.Delivery{}).Where("id IN ? AND sent_at = 0", ids).Updates(map[string]any{
		"due_at": d.DueAt, "attempts": gorm.Expr("attempts + 1"), "last_error": d.LastError,
		"sent_at": d.SentAt, "gave_up_at": d.GaveUpAt,
	}).Error
	if err != nil {
		return fmt.Errorf("mark deliveries: %w", err)
	}
	return nil
}
