-- +goose Up

-- Whose portal an account opens, and as what. An account is of one partner. A
-- gateway of the release before has no portal and does not look at it.
CREATE TABLE members (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    partner_id TEXT    NOT NULL REFERENCES partners (id),
    role       TEXT    NOT NULL CHECK (role IN ('owner', 'developer', 'viewer')),
    production BOOLEAN NOT NULL DEFAULT FALSE,
    given_by   TEXT    NOT NULL,
    given_at   BIGINT  NOT NULL
);
CREATE INDEX members_by_partner ON members (partner_id, account_id);
