-- +goose Up

-- Safe beside gateways of the release before: what is added has defaults. One of them
-- lets a frozen credential pass until it is replaced; partners freeze in the portal,
-- which it does not have, so nothing is frozen before the first new one is up.

-- A partner may choose that a second member confirms what widens its production;
-- second_off_by is the member who has asked to do without, until another agrees.
ALTER TABLE partners
    ADD COLUMN IF NOT EXISTS second_member BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN IF NOT EXISTS second_off_by TEXT NOT NULL DEFAULT '';

-- bank_end is the end that the bank has set, which no partner moves; 0 for none. Ends
-- from before are the bank's: nobody can tell any more.
-- frozen says on whose word a credential rests; a partner thaws its own alone.
-- warned_at is when its partner was last told that it ends; Unix ms.
ALTER TABLE credentials
    ADD COLUMN IF NOT EXISTS bank_end BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS frozen TEXT NOT NULL DEFAULT '' CHECK (frozen IN ('', 'partner', 'bank')),
    ADD COLUMN IF NOT EXISTS warned_at BIGINT NOT NULL DEFAULT 0;
UPDATE credentials SET bank_end = not_after
    WHERE application_id IN (SELECT id FROM applications WHERE environment = 'production');

-- What a second member of the partner decides, and not the bank.
ALTER TABLE partner_requests ADD COLUMN IF NOT EXISTS inside BOOLEAN NOT NULL DEFAULT FALSE;

-- Which credential was used how often, in ten minutes, from which address; kept for
-- some days. An IPv6 address is its /64, and "" is any that there was no room for.
CREATE TABLE IF NOT EXISTS credential_uses (
    credential_id TEXT   NOT NULL,
    since         BIGINT NOT NULL, -- Unix ms, a whole ten minutes
    address       TEXT   NOT NULL,
    uses          BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    PRIMARY KEY (credential_id, since, address)
);
CREATE INDEX IF NOT EXISTS credential_uses_by_time ON credential_uses (since);

-- When and from where each was last used; there is one row a credential.
CREATE TABLE IF NOT EXISTS credential_last_uses (
    credential_id TEXT   PRIMARY KEY,
    at            BIGINT NOT NULL,
    address       TEXT   NOT NULL
);

-- The outbox takes news of credentials, too.
ALTER TABLE deliveries
    ADD COLUMN IF NOT EXISTS credential_id TEXT NOT NULL DEFAULT '',
    DROP CONSTRAINT IF EXISTS deliveries_news_check,
    ADD CONSTRAINT deliveries_news_check CHECK (news IN ('raised', 'worse', 'reminder', 'resolved',
        'asked', 'approved', 'sent_back', 'rejected', 'outdated', 'expired', 'expiring', 'recovered',
        'replied', 'question', 'declined', 'prepared', 'decided', 'confirm', 'ending'));
