-- +goose Up

-- Bad weather that a partner has put over an application in its sandbox, and until when
-- (Unix ms). The gateway itself looks that the application is one of the sandbox.
CREATE TABLE weather (
    application_id TEXT   NOT NULL,
    kind           TEXT   NOT NULL CHECK (kind IN ('expired_at', 'clock_ahead', 'retired_ak', 'spent_at',
        'rate_limit', 'slow_upstream', 'upstream_down', 'wrong_origin')),
    until          BIGINT NOT NULL,
    PRIMARY KEY (application_id, kind)
) WITHOUT ROWID;
CREATE INDEX weather_by_end ON weather (until);

-- A visit that the portal plays for somebody of a partner, with one of its applications
-- in the sandbox. State is sealed under the gateway's subject key: it holds private keys,
-- tokens and messages. Turn counts steps, so that of two tabs one takes the next.
CREATE TABLE trials (
    account_id     TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    turn           BIGINT NOT NULL,
    ends_at        BIGINT NOT NULL, -- Unix ms
    PRIMARY KEY (account_id, application_id)
) WITHOUT ROWID;
CREATE INDEX trials_by_end ON trials (ends_at);

-- The credentials of trials go some time after their end.
CREATE INDEX credentials_of_trials ON credentials (not_after) WHERE substr(id, 1, 7) = 'try-it-';
