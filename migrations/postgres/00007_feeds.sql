-- +goose NO TRANSACTION
-- +goose Up

-- How far each feed of events has come. A row outlives its feed's configuration
-- until it is forgotten. Safe beside a gateway of the release before: the table
-- is new, and who does not know it never asks.
CREATE TABLE IF NOT EXISTS feeds (
    name         TEXT PRIMARY KEY,
    position     BIGINT NOT NULL DEFAULT 0, -- every event up to this seq was delivered
    delivered    BIGINT NOT NULL DEFAULT 0, -- how many in all, repeats not counted
    delivered_at BIGINT NOT NULL DEFAULT 0, -- of the last success, Unix ms
    failed_at    BIGINT NOT NULL DEFAULT 0, -- of the last failure, Unix ms
    error        TEXT   NOT NULL DEFAULT '' -- why it failed; empty once it has delivered again
);

-- Events that have no number yet (docs/decisions/0020). Millions of old ones are
-- among them, so it is made concurrently: gateways of the release before write on
-- meanwhile. That cannot be in a transaction; what a process that was killed has
-- left of it is dropped first.
DROP INDEX CONCURRENTLY IF EXISTS events_unnumbered;
CREATE INDEX CONCURRENTLY events_unnumbered ON events (id) WHERE seq IS NULL;
