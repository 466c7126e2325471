-- +goose Up

-- Safe beside gateways of the release before, which have no announcements.

-- What the bank tells partners, as plain text; kept for good, as it was said.
CREATE TABLE IF NOT EXISTS announcements (
    id           TEXT PRIMARY KEY, -- UUIDv7: the order in which they were made
    kind         TEXT   NOT NULL CHECK (kind IN ('information', 'maintenance', 'change', 'incident')),
    service_id   TEXT   NOT NULL DEFAULT '', -- for partners that hold scopes of it; empty for all
    title_en     TEXT   NOT NULL DEFAULT '',
    title_zh     TEXT   NOT NULL DEFAULT '',
    text_en      TEXT   NOT NULL DEFAULT '',
    text_zh      TEXT   NOT NULL DEFAULT '',
    starts_at    BIGINT NOT NULL, -- Unix ms
    ends_at      BIGINT NOT NULL,
    withdrawn_at BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    created_by   TEXT   NOT NULL,
    updated_at   BIGINT NOT NULL,
    updated_by   TEXT   NOT NULL
);

-- What is in force or to come is found without what is over.
CREATE INDEX IF NOT EXISTS announcements_open ON announcements (ends_at) WHERE withdrawn_at = 0;
