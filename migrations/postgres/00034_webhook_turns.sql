-- +goose Up

-- What waits is found by the webhook that it waits for, in its order.
DROP INDEX IF EXISTS webhook_deliveries_due;
CREATE INDEX IF NOT EXISTS webhook_deliveries_waiting ON webhook_deliveries (webhook_id, id) WHERE due_at > 0;
