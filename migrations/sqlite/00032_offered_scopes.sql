-- +goose Up

-- offered: partners find the scope in their catalogue, and may take it for their own
-- applications in the sandbox. Nothing is offered that the bank has not said so of.
ALTER TABLE scopes ADD COLUMN offered BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX scopes_offered ON scopes (service_id, id) WHERE offered;

-- ended_by says on whose word a grant ended before its time: what the bank has ended, no
-- partner takes again. Those from before are the bank's.
ALTER TABLE grants ADD COLUMN ended_by TEXT NOT NULL DEFAULT '' CHECK (ended_by IN ('', 'partner', 'bank'));
UPDATE grants SET ended_by = 'bank' WHERE ended_at > 0;
