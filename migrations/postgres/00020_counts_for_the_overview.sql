-- +goose Up

-- All of this is safe on a live database, beside gateways of the release before:
-- columns that are added have defaults, and such a gateway counts as it did. What
-- it counts has none of the new numbers, and what it adds up loses them; until the
-- last of them is gone statements are short of renewals, closings and disclosed
-- fields. While an index is made nobody writes: about a second for each million
-- visits.

-- When the counts begin that were not made before: Unix ms of the first whole hour
-- of them; 0 where there were no counts of any kind.
CREATE TABLE counts_begun (
    what  TEXT PRIMARY KEY,
    since BIGINT NOT NULL
);
INSERT INTO counts_begun (what, since)
    SELECT 'statement', coalesce(max(start) + 3600000, 0) FROM rollups WHERE span = 'hour';

-- 'vt' counted visits that were opened and answers that were given again; the
-- latter are 'again' now. 'renew' and 'close' are what pages do with a visit.
ALTER TABLE rollups DROP CONSTRAINT rollups_kind_check;
ALTER TABLE rollups ADD CONSTRAINT rollups_kind_check CHECK (kind IN ('at', 'vt', 'again', 'renew', 'close', 'call'));

-- took_ms counts calls that took up to so many milliseconds and more than the
-- column before; disclosed are replies of which something left, and fields how
-- many kinds of fields left in them.
ALTER TABLE rollups
    ADD COLUMN took_5    BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_10   BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_20   BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_35   BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_50   BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_75   BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_100  BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_200  BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_500  BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_1000 BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_3000 BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN took_more BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN disclosed BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN fields    BIGINT NOT NULL DEFAULT 0;

-- How many visits are live is counted along this index alone.
CREATE INDEX visits_live ON visits (dead_after, application_id, epoch) WHERE ended_at = 0;

-- What ends next.
CREATE INDEX grants_by_end ON grants (ends_at) WHERE ended_at = 0 AND ends_at > 0;
