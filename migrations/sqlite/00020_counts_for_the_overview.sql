-- +goose Up

-- Rows are kept as they are: the table is written anew, because SQLite changes no
-- CHECK, and what is new in a row begins with nothing. That nothing was counted
-- before is said by counts_begun. While this runs nobody writes: about a second
-- for each million rows.

-- When the counts begin that were not made before: Unix ms of the first whole hour
-- of them; 0 where there were no counts of any kind.
CREATE TABLE counts_begun (
    what  TEXT PRIMARY KEY,
    since BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO counts_begun (what, since)
    SELECT 'statement', coalesce(max(start) + 3600000, 0) FROM rollups WHERE span = 'hour';

-- 'vt' counted visits that were opened and answers that were given again; the
-- latter are 'again' now. 'renew' and 'close' are what pages do with a visit.
-- took_ms counts calls that took up to so many milliseconds and more than the
-- column before; disclosed are replies of which something left, and fields how
-- many kinds of fields left in them.
CREATE TABLE rollups_next (
    span           TEXT   NOT NULL CHECK (span IN ('hour', 'day')),
    start          BIGINT NOT NULL, -- Unix ms
    kind           TEXT   NOT NULL CHECK (kind IN ('at', 'vt', 'again', 'renew', 'close', 'call')),
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
    took_5         BIGINT NOT NULL DEFAULT 0,
    took_10        BIGINT NOT NULL DEFAULT 0,
    took_20        BIGINT NOT NULL DEFAULT 0,
    took_35        BIGINT NOT NULL DEFAULT 0,
    took_50        BIGINT NOT NULL DEFAULT 0,
    took_75        BIGINT NOT NULL DEFAULT 0,
    took_100       BIGINT NOT NULL DEFAULT 0,
    took_200       BIGINT NOT NULL DEFAULT 0,
    took_500       BIGINT NOT NULL DEFAULT 0,
    took_1000      BIGINT NOT NULL DEFAULT 0,
    took_3000      BIGINT NOT NULL DEFAULT 0,
    took_more      BIGINT NOT NULL DEFAULT 0,
    disclosed      BIGINT NOT NULL DEFAULT 0,
    fields         BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (span, start, kind, application_id, service_id, route_id, outcome, node)
) WITHOUT ROWID;
INSERT INTO rollups_next (span, start, kind, application_id, service_id, route_id, outcome, node,
        count, duration_sum, duration_max, upstream_sum, upstream_max)
    SELECT span, start, kind, application_id, service_id, route_id, outcome, node,
        count, duration_sum, duration_max, upstream_sum, upstream_max FROM rollups;
DROP TABLE rollups;
ALTER TABLE rollups_next RENAME TO rollups;
CREATE INDEX rollups_by_application ON rollups (application_id, span, start);
CREATE INDEX rollups_of_nodes ON rollups (start) WHERE node <> '';

-- How many visits are live is counted along this index alone.
CREATE INDEX visits_live ON visits (dead_after, application_id, epoch) WHERE ended_at = 0;

-- What ends next.
CREATE INDEX grants_by_end ON grants (ends_at) WHERE ended_at = 0 AND ends_at > 0;
