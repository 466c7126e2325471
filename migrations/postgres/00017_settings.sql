-- +goose Up

-- All of this is safe beside gateways of the release before: the table is new,
-- and nothing of theirs reads by the indexes.

-- What two persons have set in the console, by key. A node takes it where
-- neither its file nor its environment nor its flags say anything.
CREATE TABLE settings (
    key        TEXT PRIMARY KEY CHECK (key <> ''),
    value      TEXT   NOT NULL,
    changed_by TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);

-- A gateway that has run for years has thousands of retired keys and a dozen
-- live ones.
CREATE INDEX keys_live ON keys (active_from) WHERE retired_at = 0;
CREATE INDEX keys_by_end ON keys (retired_at, kid) WHERE retired_at > 0;
