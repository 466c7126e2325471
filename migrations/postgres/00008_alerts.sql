-- +goose NO TRANSACTION
-- +goose Up

-- All of this is safe on a live database, beside gateways of the release before:
-- the tables are new and empty, and the two indexes hold few rows. events may be
-- large: its index is made while others write, which no transaction may do. So
-- each statement stands alone, and may be repeated after one that failed.

-- What a person of the bank should look at. While a condition lasts there is one
-- row of it; once it is over, resolved_at says when, and it stays listed until
-- somebody has acknowledged it.
CREATE TABLE IF NOT EXISTS alerts (
    id           TEXT PRIMARY KEY, -- UUIDv7
    rule         TEXT   NOT NULL,
    subject_kind TEXT   NOT NULL,
    subject_id   TEXT   NOT NULL,
    subject_name TEXT   NOT NULL DEFAULT '',
    severity     TEXT   NOT NULL CHECK (severity IN ('warning', 'critical')),
    first_at     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    count        BIGINT NOT NULL,
    numbers      TEXT   NOT NULL, -- JSON object of texts: what was seen, what is allowed
    reminded_at  BIGINT NOT NULL, -- when people were last told of it
    acked_at     BIGINT NOT NULL DEFAULT 0,
    acked_by     TEXT   NOT NULL DEFAULT '',
    ack_note     TEXT   NOT NULL DEFAULT '',
    resolved_at  BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS alerts_lasting ON alerts (rule, subject_kind, subject_id) WHERE resolved_at = 0;
CREATE INDEX IF NOT EXISTS alerts_unacknowledged ON alerts (reminded_at) WHERE acked_at = 0;
CREATE INDEX IF NOT EXISTS alerts_by_end ON alerts (resolved_at) WHERE resolved_at > 0;

-- What is to be told to a receiver; written together with what it is about.
CREATE TABLE IF NOT EXISTS deliveries (
    id         TEXT PRIMARY KEY, -- UUIDv7: the order in which they go
    alert_id   TEXT   NOT NULL,
    receiver   TEXT   NOT NULL,
    news       TEXT   NOT NULL CHECK (news IN ('raised', 'worse', 'reminder', 'resolved')),
    due_at     BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    last_error TEXT   NOT NULL DEFAULT '',
    sent_at    BIGINT NOT NULL DEFAULT 0,
    gave_up_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (receiver, id) WHERE sent_at = 0 AND gave_up_at = 0;

-- From where an application has asked for ATs: an address, of IPv6 its /64.
CREATE TABLE IF NOT EXISTS application_sources (
    application_id TEXT   NOT NULL,
    prefix         TEXT   NOT NULL,
    first_at       BIGINT NOT NULL,
    last_at        BIGINT NOT NULL, -- up to a day before the last time
    PRIMARY KEY (application_id, prefix)
);
CREATE INDEX IF NOT EXISTS application_sources_by_first ON application_sources (first_at);
CREATE INDEX IF NOT EXISTS application_sources_by_last ON application_sources (last_at);

DROP INDEX IF EXISTS events_alarms; -- half of one, if making it was cut short
CREATE INDEX CONCURRENTLY events_alarms ON events (at) WHERE alarm;
CREATE INDEX IF NOT EXISTS credentials_by_end ON credentials (not_after) WHERE revoked_at = 0 AND not_after > 0;
