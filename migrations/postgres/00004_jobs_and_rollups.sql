-- +goose Up

-- The last runs of each background job; the runner keeps the table short.
--
-- Safe beside a gateway of the release before: the tables are new and empty, and
-- who does not know them never asks.
CREATE TABLE jobs (
    name     TEXT   NOT NULL,
    began_at BIGINT NOT NULL,
    node     TEXT   NOT NULL,
    ended_at BIGINT NOT NULL DEFAULT 0,
    result   TEXT   NOT NULL CHECK (result IN ('running', 'ok', 'failed', 'cancelled', 'lost')),
    note     TEXT   NOT NULL DEFAULT '',
    error    TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (name, began_at, node)
);

-- What one process of several does alone, until when it may (Unix ms).
CREATE TABLE leases (
    name   TEXT PRIMARY KEY,
    holder TEXT   NOT NULL,
    until  BIGINT NOT NULL
);
