-- +goose Up

-- What waits is found by the webhook that it waits for, in its order.
DROP INDEX webhook_deliveries_due;
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, id) WHERE due_at > 0;
