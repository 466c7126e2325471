-- +goose Up

-- Events that have no number yet (docs/decisions/0020). It is made while nobody
-- else has the file open, in some seconds for each million of events.
CREATE INDEX events_unnumbered ON events (id) WHERE seq IS NULL;

-- How far each feed of events has come. A row outlives its feed's configuration
-- until it is forgotten.
CREATE TABLE feeds (
    name         TEXT PRIMARY KEY,
    position     BIGINT NOT NULL DEFAULT 0, -- every event up to this seq was delivered
    delivered    BIGINT NOT NULL DEFAULT 0, -- how many in all, repeats not counted
    delivered_at BIGINT NOT NULL DEFAULT 0, -- of the last success, Unix ms
    failed_at    BIGINT NOT NULL DEFAULT 0, -- of the last failure, Unix ms
    error        TEXT   NOT NULL DEFAULT '' -- why it failed; empty once it has delivered again
) WITHOUT ROWID;
