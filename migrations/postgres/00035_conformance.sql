-- +goose Up

-- Safe beside gateways of the release before, which play no such runs: the weather of one that is
-- on ends by itself.

-- Runs in which all bad weather is played to an application in the sandbox, one kind after the
-- other, with what was observed of its partner's own servers.
CREATE TABLE IF NOT EXISTS conformance_runs (
    id             TEXT PRIMARY KEY, -- UUIDv7
    partner_id     TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    account_id     TEXT   NOT NULL, -- who began it
    began_at       BIGINT NOT NULL,
    stage          TEXT   NOT NULL, -- the weather that is on; empty once it has ended
    stage_at       BIGINT NOT NULL, -- since when
    observed       TEXT   NOT NULL, -- JSON, what was observed so far
    ended_at       BIGINT NOT NULL DEFAULT 0,
    ended          TEXT   NOT NULL DEFAULT '' CHECK (ended IN ('', 'finished', 'stopped', 'closed')),
    result         TEXT   NOT NULL DEFAULT '' -- compact JWS; empty while it goes on
);
CREATE INDEX IF NOT EXISTS conformance_runs_of ON conformance_runs (application_id, id);
-- One at a time.
CREATE UNIQUE INDEX IF NOT EXISTS conformance_runs_on ON conformance_runs (application_id) WHERE ended_at = 0;
-- Those that go on, each in its turn.
CREATE INDEX IF NOT EXISTS conformance_runs_due ON conformance_runs (stage_at, id) WHERE ended_at = 0;
