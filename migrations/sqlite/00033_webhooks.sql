-- +goose Up

-- Where partners' own programs are told of what becomes of what is theirs.
CREATE TABLE webhooks (
    id         TEXT PRIMARY KEY, -- UUIDv7
    partner_id TEXT    NOT NULL,
    url        TEXT    NOT NULL,
    topics     TEXT    NOT NULL, -- JSON
    paused     BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
) WITHOUT ROWID;
CREATE INDEX webhooks_of_partner ON webhooks (partner_id, id);

-- One message for one of them: its body is made once, and stays.
CREATE TABLE webhook_deliveries (
    id         TEXT PRIMARY KEY, -- UUIDv7: the order in which they go
    webhook_id TEXT   NOT NULL,
    topic      TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    due_at     BIGINT NOT NULL, -- Unix ms; 0 once it was taken or given up
    attempts   BIGINT NOT NULL DEFAULT 0,
    status     BIGINT NOT NULL DEFAULT 0, -- of the last answer; 0 for none
    answer     TEXT   NOT NULL DEFAULT '',
    sent_at    BIGINT NOT NULL DEFAULT 0,
    gave_up_at BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at, id) WHERE due_at > 0;
CREATE INDEX webhook_deliveries_of ON webhook_deliveries (webhook_id, id);

-- Up to which event the messages have been made; one row.
CREATE TABLE webhook_places (
    id  BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
) WITHOUT ROWID;
