-- +goose Up

-- Safe beside gateways of the release before: the columns that are added have
-- defaults, and who does not know them leaves them as they are; the other tables
-- are new. A name that such a gateway changes is found under the old one until the
-- partner is saved again.

ALTER TABLE partners ADD COLUMN name_key      TEXT NOT NULL DEFAULT '';
ALTER TABLE partners ADD COLUMN legal_name    TEXT NOT NULL DEFAULT '';
ALTER TABLE partners ADD COLUMN credit_code   TEXT NOT NULL DEFAULT '';
ALTER TABLE partners ADD COLUMN contract      TEXT NOT NULL DEFAULT '';
-- A day, YYYY-MM-DD: it is the contract's, not a moment in a zone.
ALTER TABLE partners ADD COLUMN contract_ends TEXT NOT NULL DEFAULT '';
ALTER TABLE partners ADD COLUMN risk          TEXT NOT NULL DEFAULT 'medium' CHECK (risk IN ('low', 'medium', 'high'));
UPDATE partners SET name_key = lower(name);
CREATE INDEX partners_by_name ON partners (name_key, id);
CREATE INDEX partners_by_creation ON partners (created_at, id);
CREATE INDEX partners_by_contract ON partners (contract_ends, id);

-- Whom the bank calls about a partner: personal data.
CREATE TABLE partner_contacts (
    partner_id TEXT   NOT NULL REFERENCES partners (id),
    position   BIGINT NOT NULL,
    kind       TEXT   NOT NULL CHECK (kind IN ('business', 'technical', 'security', 'manager')),
    name       TEXT   NOT NULL,
    phone      TEXT   NOT NULL DEFAULT '',
    email      TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (partner_id, position)
);

-- By what partners are found: folded texts, compared octet by octet, so that a
-- beginning is a range of the key.
CREATE TABLE partner_terms (
    term       TEXT NOT NULL,
    partner_id TEXT NOT NULL REFERENCES partners (id),
    PRIMARY KEY (term, partner_id)
) WITHOUT ROWID;
CREATE INDEX partner_terms_by_partner ON partner_terms (partner_id);
INSERT INTO partner_terms (term, partner_id) SELECT lower(id), id FROM partners UNION SELECT lower(name), id FROM partners;

CREATE TABLE partner_notes (
    id         TEXT PRIMARY KEY,
    partner_id TEXT   NOT NULL REFERENCES partners (id),
    account_id TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    text       TEXT   NOT NULL
);
CREATE INDEX partner_notes_by_partner ON partner_notes (partner_id, id);

-- What is left on record of a partner that was closed.
CREATE TABLE partner_removals (
    partner_id   TEXT PRIMARY KEY REFERENCES partners (id),
    at           BIGINT NOT NULL,
    actor        TEXT   NOT NULL,
    request_id   BIGINT NOT NULL DEFAULT 0,
    reason       TEXT   NOT NULL DEFAULT '',
    applications BIGINT NOT NULL,
    grants       BIGINT NOT NULL,
    credentials  BIGINT NOT NULL,
    visits       BIGINT NOT NULL
);

-- Registrations that were begun. partner_id is what was typed: there need be no
-- such partner yet.
CREATE TABLE onboarding_drafts (
    id         TEXT PRIMARY KEY,
    account_id TEXT   NOT NULL,
    partner_id TEXT   NOT NULL DEFAULT '',
    name       TEXT   NOT NULL DEFAULT '',
    step       TEXT   NOT NULL,
    content    TEXT   NOT NULL,
    request_id BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX onboarding_drafts_by_account ON onboarding_drafts (account_id, id);

-- What persons did to a partner and to what is its own; what traffic does is not
-- in it, so tokens cost nothing more.
CREATE INDEX events_of_partners ON events (partner_id, at, id) WHERE partner_id <> '' AND actor <> '';
