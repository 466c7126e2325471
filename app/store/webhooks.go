package store

import (
	"context"
	"fmt"

	"postern/models"
)

// Webhooks lists a partner's webhooks, the oldest first, at most limit.
func (s *Store) Webhooks(ctx context.Context, partner string, limit int) ([]models.Webhook, error) {
	if unstorable(partner) {
		return nil, nil
	}
	var list []models.Webhook
	if err := s.read(ctx).Where("partner_id = ?", partner).Order("id").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	return list, nil
}

// WebhooksAfter lists webhooks by id, those behind one, that do not rest and whose partners
// are neither suspended nor closed, at most limit; of partners where some are named.
func (tx *Tx) WebhooksAfter(partners []string, id string, limit int) (list []models.Webhook, err error) {
	query := tx.db.Select("webhooks.*").Joins("JOIN partners ON partners.id = webhooks.partner_id AND partners.status NOT IN ?", []models.Status{models.Suspended, models.Closed}).
		Where("webhooks.id > ? AND NOT webhooks.paused", id)
	if partners != nil {
		query = query.Where("webhooks.partner_id IN ?", partners)
	}
	if err := query.Order("webhooks.id").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	return list, nil
}

// Webhook reads one.
func (s *Store) Webhook(ctx context.Context, id string) (models.Webhook, bool, error) {
	return one[models.Webhook](s.read(ctx), "id = ?", id)
}

// CreateWebhook writes a new one.
func (tx *Tx) CreateWebhook(w models.Webhook) error {
	if err := tx.db.Create(&w).Error; err != nil {
		return fmt.Errorf("create webhook: %w", err)
	}
	return nil
}

// UpdateWebhook writes one over what is there; false if nothing is.
func (tx *Tx) UpdateWebhook(w models.Webhook) (bool, error) {
	return tx.claimed(tx.db.Model(&models.Webhook{ID: w.ID}).Select("url", "topics", "paused", "updated_at").Updates(&w))
}

// RemoveWebhook deletes one, and what waits for it.
func (tx *Tx) RemoveWebhook(id string) error {
	err := tx.db.Where("webhook_id = ?", id).Delete(&models.WebhookDelivery{}).Error
	if err == nil {
		err = tx.db.Where("id = ?", id).Delete(&models.Webhook{}).Error
	}
	if err != nil {
		return fmt.Errorf("remove webhook: %w", err)
	}
	return nil
}

// CountWebhooks counts a partner's webhooks in the transaction.
func (tx *Tx) CountWebhooks(partner string) (n int64, err error) {
	if err := tx.db.Model(&models.Webhook{}).Where("partner_id = ?", partner).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count webhooks: %w", err)
	}
	return n, nil
}

// AddWebhookDeliveries puts messages into the queue.
func (tx *Tx) AddWebhookDeliveries(list []models.WebhookDelivery) error {
	if len(list) == 0 {
		return nil
	}
	if err := tx.db.CreateInBatches(&list, 200).Error; err != nil {
		return fmt.Errorf("add webhook deliveries: %w", err)
	}
	return nil
}

// WebhookPlace is up to which event messages have been made; found is false where none has
// been looked at yet.
func (s *Store) WebhookPlace(ctx context.Context) (seq int64, found bool, err error) {
	var rows []int64
	if err := s.read(ctx).Raw("SELECT seq FROM webhook_places WHERE id = 1").Scan(&rows).Error; err != nil {
		return 0, false, fmt.Errorf("read place of webhooks: %w", err)
	}
	if len(rows) == 0 {
		return 0, false, nil
	}
	return rows[0], true, nil
}

// NewestSeq is the highest number that an event has; 0 for none.
func (s *Store) NewestSeq(ctx context.Context) (seq int64, err error) {
	if err := s.read(ctx).Raw("SELECT coalesce(max(seq), 0) FROM events").Scan(&seq).Error; err != nil {
		return 0, fmt.Errorf("read newest seq: %w", err)
	}
	return seq, nil
}

// SetWebhookPlace moves it.
func (tx *Tx) SetWebhookPlace(seq int64) error {
	if err := tx.db.Exec("INSERT INTO webhook_places (id, seq) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq", seq).Error; err != nil {
		return fmt.Errorf("move place of webhooks: %w", err)
	}
	return nil
}

// The message that has waited longest says when its webhook has its turn: those behind it
// wait for it, and nobody else's do.
const dueWebhooksSQL = `SELECT w.* FROM webhooks w JOIN partners p ON p.id = w.partner_id
	WHERE p.status NOT IN ('suspended', 'closed') AND NOT w.paused AND (SELECT d.due_at FROM webhook_deliveries d
		WHERE d.webhook_id = w.id AND d.due_at > 0 ORDER BY d.id LIMIT 1) <= ? ORDER BY w.id LIMIT ?`

// DueWebhooks lists webhooks that have their turn as of now (Unix ms), at most limit: none
// that rests, and none of a partner that is suspended or closed.
func (s *Store) DueWebhooks(ctx context.Context, now int64, limit int) ([]models.Webhook, error) {
	var list []models.Webhook
	if err := s.read(ctx).Raw(dueWebhooksSQL, now, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read due webhooks: %w", err)
	}
	return list, nil
}

// WaitingForWebhook lists messages that wait for a webhook's turn, in their order, at most
// limit.
func (s *Store) WaitingForWebhook(ctx context.Context, webhook string, limit int) ([]models.WebhookDelivery, error) {
	var list []models.WebhookDelivery
	if err := s.read(ctx).Where("webhook_id = ? AND due_at > 0", webhook).Order("id").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read waiting webhook deliveries: %w", err)
	}
	return list, nil
}

// TestWaits reports whether a message that is a test waits for a webhook's turn.
func (tx *Tx) TestWaits(webhook string) (bool, error) {
	var n int64
	if err := tx.db.Model(&models.WebhookDelivery{}).Where("webhook_id = ? AND due_at > 0 AND topic = ?", webhook, models.TopicTest).Count(&n).Error; err != nil {
		return false, fmt.Errorf("count waiting tests: %w", err)
	}
	return n > 0, nil
}

// WebhookDeliveries lists messages of a webhook, the newest first, those below an id; "" is
// from the newest.
func (s *Store) WebhookDeliveries(ctx context.Context, webhook, below string, limit int) ([]models.WebhookDelivery, error) {
	query := s.read(ctx).Where("webhook_id = ?", webhook)
	if below != "" {
		query = query.Where("id < ?", below)
	}
	var list []models.WebhookDelivery
	if err := query.Order("id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read webhook deliveries: %w", err)
	}
	return list, nil
}

// WebhookDelivery reads one of a webhook's.
func (s *Store) WebhookDelivery(ctx context.Context, webhook, id string) (models.WebhookDelivery, bool, error) {
	return one[models.WebhookDelivery](s.read(ctx), "id = ? AND webhook_id = ?", id, webhook)
}

// MarkWebhookDelivery writes what came of sending one, if it is still there.
func (tx *Tx) MarkWebhookDelivery(d models.WebhookDelivery) error {
	err := tx.db.Model(&models.WebhookDelivery{}).Where("id = ?", d.ID).Select("due_at", "attempts", "status", "answer", "sent_at", "gave_up_at").Updates(&d).Error
	if err != nil {
		return fmt.Errorf("mark webhook delivery: %w", err)
	}
	return nil
}
