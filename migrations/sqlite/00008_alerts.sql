-- +goose Up

-- All of this is safe on a live database, beside gateways of the release before:
-- the tables are new and empty, and the two indexes hold few rows.

-- What a person of the bank should look at. While a condition lasts there is one
-- row of it; once it is over, resolved_at says when, and it stays listed until
-- somebody has acknowledged it.
CREATE TABLE alerts (
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
) WITHOUT ROWID;
CREATE UNIQUE INDEX alerts_lasting ON alerts (rule, subject_kind, subject_id) WHERE resolved_at = 0;
CREATE INDEX alerts_unacknowledged ON alerts (reminded_at) WHERE acked_at = 0;
CREATE INDEX alerts_by_end ON alerts (resolved_at) WHERE resolved_at > 0;

-- What is to be told to a receiver; written together with what it is about.
CREATE TABLE deliveries (
    id         TEXT PRIMARY KEY, -- UUIDv7: the order in which they go
    alert_id   TEXT   NOT NULL,
    receiver   TEXT   NOT NULL,
    news       TEXT   NOT NULL CHECK (news IN ('raised', 'worse', 'reminder', 'resolved')),
    due_at     BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    last_error TEXT   NOT NULL DEFAULT '',
    sent_at    BIGINT NOT NULL DEFAULT 0,
    gave_up_at BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX deliveries_waiting ON deliveries (receiver, id) WHERE sent_at = 0 AND gave_up_at = 0;

-- From where an application has asked for ATs: an address, of IPv6 its /64.
CREATE TABLE application_sources (
    application_id TEXT   NOT NULL,
    prefix         TEXT   NOT NULL,
    first_at       BIGINT NOT NULL,
    last_at        BIGINT NOT NULL, -- up to a day before the last time
    PRIMARY KEY (application_id, prefix)
) WITHOUT ROWID;
CREATE INDEX application_sources_by_first ON application_sources (first_at);
CREATE INDEX application_sources_by_last ON application_sources (last_at);

CREATE INDEX events_alarms ON events (at) WHERE alarm;
CREATE INDEX credentials_by_end ON credentials (not_after) WHERE revoked_at = 0 AND not_after > 0;
