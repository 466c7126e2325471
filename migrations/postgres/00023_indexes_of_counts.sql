-- +goose Up

-- Safe beside gateways of the release before, which read by these as well. While
-- an index is made nobody writes: of live visits there are few, of days' counts
-- it takes about a second for each million.

-- The live visits are counted by application and service along this index alone.
DROP INDEX visits_live;
CREATE INDEX visits_live ON visits (dead_after, application_id, service_id, epoch, opened_at) WHERE ended_at = 0;

-- What a partner's visits of months were is read along this index alone.
CREATE INDEX rollups_opened ON rollups (application_id, start, count) WHERE span = 'day' AND kind = 'vt' AND outcome = 'ok';
