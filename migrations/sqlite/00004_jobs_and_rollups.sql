-- +goose Up

-- All of this is safe on a live database, beside gateways of the release before:
-- the tables are new and empty, and who does not know them never asks; the one
-- column that is added has a default; the indexes are on two small tables. What
-- such a gateway writes is not counted in rollups, and shapes that it makes are
-- kept by their first_seen.

-- The last runs of each background job; the runner keeps the table short.
CREATE TABLE jobs (
    name     TEXT   NOT NULL,
    began_at BIGINT NOT NULL,
    node     TEXT   NOT NULL,
    ended_at BIGINT NOT NULL DEFAULT 0,
    result   TEXT   NOT NULL CHECK (result IN ('running', 'ok', 'failed', 'cancelled', 'lost')),
    note     TEXT   NOT NULL DEFAULT '',
    error    TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (name, began_at, node)
) WITHOUT ROWID;

-- What one process of several does alone, until when it may (Unix ms).
CREATE TABLE leases (
    name   TEXT PRIMARY KEY,
    holder TEXT   NOT NULL,
    until  BIGINT NOT NULL
) WITHOUT ROWID;

-- How often what was answered with what, by hour and by day of the bank's zone.
-- Each node counts into rows of its own, so that nodes never wait for each other;
-- those of past days are added up under no name (docs/decisions/0017).
CREATE TABLE rollups (
    span           TEXT   NOT NULL CHECK (span IN ('hour', 'day')),
    start          BIGINT NOT NULL, -- Unix ms
    kind           TEXT   NOT NULL CHECK (kind IN ('at', 'vt', 'call')),
    application_id TEXT   NOT NULL,
    service_id     TEXT   NOT NULL,
    route_id       TEXT   NOT NULL,
    outcome        TEXT   NOT NULL,
    node           TEXT   NOT NULL,
    count          BIGINT NOT NULL,
    duration_sum   BIGINT NOT NULL,
    duration_max   BIGINT NOT NULL,
    upstream_sum   BIGINT NOT NULL,
    upstream_max   BIGINT NOT NULL,
    PRIMARY KEY (span, start, kind, application_id, service_id, route_id, outcome, node)
) WITHOUT ROWID;
CREATE INDEX rollups_by_application ON rollups (application_id, span, start);
CREATE INDEX rollups_of_nodes ON rollups (start) WHERE node <> '';

-- Retention finds shapes that no call has had for long without looking at calls.
-- Those that are there may be in use: they count as seen now.
ALTER TABLE shapes ADD COLUMN last_seen BIGINT NOT NULL DEFAULT 0;
UPDATE shapes SET last_seen = CAST(strftime('%s', 'now') AS INTEGER) * 1000;
CREATE INDEX shapes_by_last_seen ON shapes (last_seen);

CREATE INDEX quota_counts_by_day ON quota_counts (day);
