-- +goose Up

-- Safe beside gateways of the release before: the tables are new, and calls that
-- such a gateway records are counted by the job of a newer one.

-- What was asked alike, each once: who called which route with which scopes, how
-- it ended, and what became of the reply's fields. A draft is held against these
-- and not against the calls (docs/decisions/0030).
CREATE TABLE call_tuples (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    service_id     TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    route_id       TEXT   NOT NULL,
    scope_set      TEXT   NOT NULL, -- names the scopes, for the key: they may be longer than an index takes
    scopes         TEXT   NOT NULL, -- of the visit, sorted; empty where the visit is gone
    customer       BOOLEAN NOT NULL,
    outcome        TEXT   NOT NULL,
    shape_id       TEXT   NOT NULL,
    last_at        BIGINT NOT NULL,
    UNIQUE (service_id, application_id, route_id, scope_set, customer, outcome, shape_id)
);
CREATE INDEX call_tuples_by_service ON call_tuples (service_id, application_id, id);
CREATE INDEX call_tuples_by_last ON call_tuples (last_at);

-- How many calls of a day of the bank's zone were like that.
CREATE TABLE call_tuple_days (
    tuple_id BIGINT NOT NULL,
    day      BIGINT NOT NULL, -- Unix ms
    count    BIGINT NOT NULL,
    PRIMARY KEY (tuple_id, day)
) WITHOUT ROWID;
CREATE INDEX call_tuple_days_by_day ON call_tuple_days (day);

-- The id of the last call that was counted; the calls behind it are not yet.
CREATE TABLE call_fold (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    position TEXT   NOT NULL
);
INSERT INTO call_fold (id, position) VALUES (1, '');
