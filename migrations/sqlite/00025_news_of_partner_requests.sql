-- +goose Up

-- Since when a partner's request waits for an officer; Unix ms, 0 while it does not.
-- The few that wait are found by an index.
ALTER TABLE partner_requests ADD COLUMN waits_since BIGINT NOT NULL DEFAULT 0;
UPDATE partner_requests SET waits_since = made_at WHERE state = 'submitted';
CREATE INDEX partner_requests_waiting ON partner_requests (waits_since, id) WHERE waits_since > 0;

-- The outbox takes news of partners' requests, too. The table is made anew, for the
-- check says more; it holds a month of news at most.
CREATE TABLE deliveries_new (
    id         TEXT PRIMARY KEY, -- UUIDv7: the order in which they go
    alert_id   TEXT   NOT NULL DEFAULT '',
    request_id BIGINT NOT NULL DEFAULT 0,
    partner_request_id BIGINT NOT NULL DEFAULT 0,
    account_id TEXT   NOT NULL DEFAULT '',
    receiver   TEXT   NOT NULL,
    news       TEXT   NOT NULL CHECK (news IN ('raised', 'worse', 'reminder', 'resolved',
        'asked', 'approved', 'sent_back', 'rejected', 'outdated', 'expired', 'expiring', 'recovered',
        'replied', 'question', 'declined', 'prepared')),
    due_at     BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    last_error TEXT   NOT NULL DEFAULT '',
    sent_at    BIGINT NOT NULL DEFAULT 0,
    gave_up_at BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO deliveries_new (id, alert_id, request_id, account_id, receiver, news, due_at, attempts, last_error, sent_at, gave_up_at)
    SELECT id, alert_id, request_id, account_id, receiver, news, due_at, attempts, last_error, sent_at, gave_up_at FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_new RENAME TO deliveries;
CREATE INDEX deliveries_waiting ON deliveries (receiver, id) WHERE sent_at = 0 AND gave_up_at = 0;
CREATE INDEX deliveries_of_request ON deliveries (request_id, id) WHERE request_id > 0;
