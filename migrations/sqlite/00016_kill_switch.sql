-- +goose Up

-- Everything can be frozen as well, and a drill freezes nothing. SQLite changes
-- no check: the table is made anew around its rows. A gateway of the release
-- before, which knows neither, goes on by the rows it knows.
CREATE TABLE freezes_now (
    id          TEXT PRIMARY KEY,
    target_kind TEXT   NOT NULL CHECK (target_kind IN ('partner', 'application', 'service', 'scope', 'everything')),
    target_id   TEXT   NOT NULL, -- empty for everything
    stops       TEXT   NOT NULL CHECK (stops IN ('at', 'vt', 'call', 'all', 'nothing')),
    reason      TEXT   NOT NULL DEFAULT '',
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL DEFAULT 0,
    started_by  TEXT   NOT NULL DEFAULT '', -- the account; empty for those from before
    ended_by    TEXT   NOT NULL DEFAULT '',
    visits      BIGINT NOT NULL DEFAULT 0   -- how many ended with it
);
INSERT INTO freezes_now (id, target_kind, target_id, stops, reason, started_at, ended_at)
    SELECT id, target_kind, target_id, stops, reason, started_at, ended_at FROM freezes;
DROP TABLE freezes;
ALTER TABLE freezes_now RENAME TO freezes;
CREATE INDEX freezes_live ON freezes (target_kind, target_id) WHERE ended_at = 0;
CREATE INDEX freezes_by_time ON freezes (started_at);

-- When each node obeyed, by its own clock: it lets nothing through from then on.
CREATE TABLE freeze_nodes (
    freeze_id  TEXT   NOT NULL,
    node       TEXT   NOT NULL,
    obeyed_at  BIGINT NOT NULL,
    in_flight  BIGINT NOT NULL, -- calls that were on their way through it then
    PRIMARY KEY (freeze_id, node)
) WITHOUT ROWID;

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
) WITHOUT ROWID;
