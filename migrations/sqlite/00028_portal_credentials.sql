-- +goose Up

-- SQLite has one process that writes: no gateway of the release before is beside.

-- A partner may choose that a second member confirms what widens its production;
-- second_off_by is the member who has asked to do without, until another agrees.
ALTER TABLE partners ADD COLUMN second_member BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE partners ADD COLUMN second_off_by TEXT NOT NULL DEFAULT '';

-- bank_end is the end that the bank has set, which no partner moves; 0 for none. Ends
-- from before are the bank's: nobody can tell any more.
-- frozen says on whose word a credential rests; a partner thaws its own alone.
-- warned_at is when its partner was last told that it ends; Unix ms.
ALTER TABLE credentials ADD COLUMN bank_end BIGINT NOT NULL DEFAULT 0;
UPDATE credentials SET bank_end = not_after
    WHERE application_id IN (SELECT id FROM applications WHERE environment = 'production');
ALTER TABLE credentials ADD COLUMN frozen TEXT NOT NULL DEFAULT '' CHECK (frozen IN ('', 'partner', 'bank'));
ALTER TABLE credentials ADD COLUMN warned_at BIGINT NOT NULL DEFAULT 0;

-- What a second member of the partner decides, and not the bank.
ALTER TABLE partner_requests ADD COLUMN inside BOOLEAN NOT NULL DEFAULT FALSE;

-- Which credential was used how often, in ten minutes, from which address; kept for
-- some days. An IPv6 address is its /64, and "" is any that there was no room for.
CREATE TABLE credential_uses (
    credential_id TEXT   NOT NULL,
    since         BIGINT NOT NULL, -- Unix ms, a whole ten minutes
    address       TEXT   NOT NULL,
    uses          BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    PRIMARY KEY (credential_id, since, address)
) WITHOUT ROWID;
CREATE INDEX credential_uses_by_time ON credential_uses (since);

-- When and from where each was last used; there is one row a credential.
CREATE TABLE credential_last_uses (
    credential_id TEXT   PRIMARY KEY,
    at            BIGINT NOT NULL,
    address       TEXT   NOT NULL
) WITHOUT ROWID;

-- The outbox takes news of credentials, too. The table is made anew, for the check
-- says more; it holds a month of news at most.
CREATE TABLE deliveries_new (
    id         TEXT PRIMARY KEY, -- UUIDv7: the order in which they go
    alert_id   TEXT   NOT NULL DEFAULT '',
    request_id BIGINT NOT NULL DEFAULT 0,
    partner_request_id BIGINT NOT NULL DEFAULT 0,
    account_id TEXT   NOT NULL DEFAULT '',
    credential_id TEXT NOT NULL DEFAULT '',
    receiver   TEXT   NOT NULL,
    news       TEXT   NOT NULL CHECK (news IN ('raised', 'worse', 'reminder', 'resolved',
        'asked', 'approved', 'sent_back', 'rejected', 'outdated', 'expired', 'expiring', 'recovered',
        'replied', 'question', 'declined', 'prepared', 'decided', 'confirm', 'ending')),
    due_at     BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    last_error TEXT   NOT NULL DEFAULT '',
    sent_at    BIGINT NOT NULL DEFAULT 0,
    gave_up_at BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO deliveries_new (id, alert_id, request_id, partner_request_id, account_id, receiver, news, due_at, attempts, last_error, sent_at, gave_up_at)
    SELECT id, alert_id, request_id, partner_request_id, account_id, receiver, news, due_at, attempts, last_error, sent_at, gave_up_at FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_new RENAME TO deliveries;
CREATE INDEX deliveries_waiting ON deliveries (receiver, id) WHERE sent_at = 0 AND gave_up_at = 0;
CREATE INDEX deliveries_of_request ON deliveries (request_id, id) WHERE request_id > 0;
