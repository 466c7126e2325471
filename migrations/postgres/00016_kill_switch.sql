-- +goose Up

-- Everything can be frozen as well, and a drill freezes nothing. A gateway of the
-- release before, which knows neither, goes on by the rows it knows.
ALTER TABLE freezes DROP CONSTRAINT freezes_target_kind_check;
ALTER TABLE freezes ADD CONSTRAINT freezes_target_kind_check
    CHECK (target_kind IN ('partner', 'application', 'service', 'scope', 'everything'));
ALTER TABLE freezes DROP CONSTRAINT freezes_stops_check;
ALTER TABLE freezes ADD CONSTRAINT freezes_stops_check CHECK (stops IN ('at', 'vt', 'call', 'all', 'nothing'));
ALTER TABLE freezes ADD COLUMN started_by TEXT NOT NULL DEFAULT ''; -- the account; empty for those from before
ALTER TABLE freezes ADD COLUMN ended_by TEXT NOT NULL DEFAULT '';
ALTER TABLE freezes ADD COLUMN visits BIGINT NOT NULL DEFAULT 0; -- how many ended with it
CREATE INDEX freezes_by_time ON freezes (started_at);

-- When each node obeyed, by its own clock: it lets nothing through from then on.
CREATE TABLE freeze_nodes (
    freeze_id  TEXT   NOT NULL,
    node       TEXT   NOT NULL,
    obeyed_at  BIGINT NOT NULL,
    in_flight  BIGINT NOT NULL, -- calls that were on their way through it then
    PRIMARY KEY (freeze_id, node)
);

-- The gateways that serve this database, each by its last word.
CREATE TABLE nodes (
    name       TEXT PRIMARY KEY,
    version    TEXT    NOT NULL,
    started_at BIGINT  NOT NULL,
    seen_at    BIGINT  NOT NULL,
    stopped_at BIGINT  NOT NULL DEFAULT 0,
    ready      BOOLEAN NOT NULL,
    feed_age   BIGINT  NOT NULL, -- of what it knows of changes, ms
    in_flight  BIGINT  NOT NULL  -- calls on their way through it
);
